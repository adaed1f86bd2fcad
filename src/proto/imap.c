#include "proto/imap.h"

static const struct {
    const char *word;
    bool mail;
} verbs[IMAP_VERB_N] = {
#define V(id, word, mail) [IMAP_##id] = { word, mail },
    IMAP_VERBS(V)
#undef V
};

enum { TAG_MAX = 64 };

/* tag = 1*<any ASTRING-CHAR except "+">; what ends an atom in this grammar ends a tag. */
static bool is_tag(struct span s)
{
    if (!s.n || s.n > TAG_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] >= 0x7f || strchr("(){%*\"\\+", s.p[i]))
            return false;
    return true;
}

static struct span without_blanks(struct span s)
{
    while (s.n && s.p[0] == ' ')
        s = span_skip(s, 1);
    return s;
}

bool imap_command_parse(struct span line, struct imap_command *out)
{
    struct span rest = line;
    out->tag = span_word(&rest);
    out->word = span_word(&rest);
    out->args = without_blanks(rest);
    out->verb = IMAP_UNKNOWN;
    if (!is_tag(out->tag) || !out->word.n)
        return false;
    for (unsigned v = IMAP_UNKNOWN + 1; v < IMAP_VERB_N; v++)
        if (span_eq_nocase(out->word, verbs[v].word))
            out->verb = (enum imap_verb)v;
    return true;
}

bool imap_speaks_mail(enum imap_verb verb) { return verbs[verb].mail; }

static enum imap_status status_of(struct span word)
{
    static const struct {
        const char *word;
        enum imap_status status;
    } words[] = {
        { "OK", IMAP_OK }, { "NO", IMAP_NO }, { "BAD", IMAP_BAD }, { "PREAUTH", IMAP_PREAUTH }, { "BYE", IMAP_BYE },
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (span_eq_nocase(word, words[i].word))
            return words[i].status;
    return IMAP_NO_STATUS;
}

bool imap_answer_parse(struct span line, struct imap_answer *out)
{
    struct span rest = line;
    *out = (struct imap_answer){ .tag = span_word(&rest) };
    if (span_eq(out->tag, "+")) {
        out->kind = IMAP_CONTINUE;
        out->text = without_blanks(rest);
        return true;
    }
    out->kind = span_eq(out->tag, "*") ? IMAP_UNTAGGED : IMAP_TAGGED;
    out->text = without_blanks(rest);
    struct span behind = rest;
    out->status = status_of(span_word(&behind));
    if (out->status != IMAP_NO_STATUS)
        out->text = without_blanks(behind);
    else if (out->kind == IMAP_TAGGED)
        return false;                   /* response-tagged = tag SP resp-cond-state */
    if (out->kind == IMAP_TAGGED && !is_tag(out->tag))
        return false;
    if (out->status != IMAP_NO_STATUS && out->text.n && out->text.p[0] == '[') {
        const uint8_t *end = memchr(out->text.p, ']', out->text.n);
        if (end)
            out->code = span_of(out->text.p + 1, (size_t)(end - out->text.p) - 1);
    }
    return out->text.n || out->status != IMAP_NO_STATUS;
}

bool imap_is_mailbox_data(struct span text)
{
    static const char *const words[] = { "LIST", "LSUB", "XLIST", "FLAGS", "SEARCH", "ESEARCH", "STATUS", "SORT",
                                         "THREAD", "NAMESPACE", "EXISTS", "RECENT", "EXPUNGE", "FETCH", "VANISHED" };
    struct span word = span_word(&text);
    if (word.n && ascii_digit(word.p[0]))
        word = span_word(&text);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (span_eq_nocase(word, words[i]))
            return true;
    return false;
}

bool imap_is_fetch(struct span text)
{
    span_word(&text);
    return span_eq_nocase(span_word(&text), "FETCH");
}

bool imap_argument(struct span *args, struct span *out, bool *literal)
{
    size_t n = 0;
    struct literal announced;

    *args = without_blanks(*args);
    *literal = false;
    if (!args->n)
        return false;
    if (args->p[0] == '"') {
        for (n = 1; n < args->n && args->p[n] != '"'; n++)
            n += args->p[n] == '\\';
        n = n < args->n ? n + 1 : args->n;
    } else {
        while (n < args->n && args->p[n] != ' ')
            n++;
    }
    *out = span_first(*args, n);
    *args = span_skip(*args, n);
    *literal = literal_announced(*out, &announced);
    return true;
}
