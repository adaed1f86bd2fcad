#include "dialogue/mask.h"

#include "proto/imap.h"
#include "proto/pop3.h"
#include "proto/smtp.h"

/* --- single words --- */

static bool is_filler(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || strchr("*#.?_-", c ? c : 'a');
}

/* A run of one filler that is not a word: three or more, the last letter free. */
static bool is_run(struct span word)
{
    if (word.n < 3 || (word.p[0] != 'X' && word.p[0] != '*'))
        return false;
    for (size_t i = 1; i + 1 < word.n; i++)
        if (word.p[i] != word.p[0])
            return false;
    uint8_t last = word.p[word.n - 1];
    return last == word.p[0] || (last >= 'A' && last <= 'Z');
}

enum mask mask_of(struct span word, const char *keyword)
{
    size_t n = strlen(keyword), masked = 0;
    uint8_t filler = 0;

    if (word.n != n)
        return is_run(word) ? MASK_OTHER_LENGTH : MASK_NONE;
    for (size_t i = 0; i + 1 < n; i++) {
        if (word.p[i] == (uint8_t)keyword[i])
            continue;
        if (!is_filler(word.p[i]) || (filler && word.p[i] != filler))
            return MASK_NONE;
        filler = word.p[i];
        masked++;
    }
    uint8_t last = word.p[n - 1];
    if (!is_filler(last))
        return MASK_NONE;
    /* One odd letter is a mask only if it is one of the fillers that boxes use: no word of a
     * real list may come near by chance. */
    if (masked == 0)
        return last != (uint8_t)keyword[n - 1] && (last == 'X' || last == '*') ? MASK_KEYWORD : MASK_NONE;
    return masked == n - 1 || filler == 'X' || !(filler >= 'A' && filler <= 'Z') ? MASK_KEYWORD : MASK_NONE;
}

/* --- order of the words --- */

/* What each software prints after EHLO, in this order; a word may be missing. `more`: its line
 * can be longer than the word. */
struct known_word {
    const char *word;
    bool more;
};

static const struct known_word postfix[] = {
    { "PIPELINING", 0 }, { "SIZE", 1 }, { "VRFY", 0 }, { "ETRN", 0 }, { "STARTTLS", 0 }, { "AUTH", 1 },
    { "AUTH=", 1 }, { "XCLIENT", 1 }, { "XFORWARD", 1 }, { "ENHANCEDSTATUSCODES", 0 }, { "8BITMIME", 0 },
    { "DSN", 0 }, { "SMTPUTF8", 0 }, { "CHUNKING", 0 }, { NULL, 0 },
};
static const struct known_word microsoft[] = {
    { "TURN", 0 }, { "SIZE", 1 }, { "ETRN", 0 }, { "PIPELINING", 0 }, { "DSN", 0 }, { "ENHANCEDSTATUSCODES", 0 },
    { "8BITMIME", 0 }, { "BINARYMIME", 0 }, { "CHUNKING", 0 }, { "VRFY", 0 }, { "TLS", 0 }, { "STARTTLS", 0 },
    { "X-EXPS", 1 }, { "X-EXPS=LOGIN", 0 }, { "AUTH", 1 }, { "AUTH=LOGIN", 0 }, { "X-LINK2STATE", 0 },
    { "XEXCH50", 0 }, { "OK", 0 }, { NULL, 0 },
};
static const struct known_word *const softwares[] = { postfix, microsoft };

enum { WORD_UNKNOWN = 0, WORD_MASKED = 255, WORDS_MAX = 24 };

/* A word's number in word_order: software * WORDS_MAX + index + 1, of the first software that
 * has it; words common to both are found again by text. */
static const char *text_of(uint8_t number)
{
    return softwares[(number - 1) / WORDS_MAX][(number - 1) % WORDS_MAX].word;
}

static uint8_t number_of(struct span word)
{
    uint8_t first = word.n ? ascii_upper(word.p[0]) : 0;
    for (unsigned s = 0; s < sizeof softwares / sizeof *softwares; s++)
        for (unsigned i = 0; softwares[s][i].word; i++)
            if (first == (uint8_t)softwares[s][i].word[0] && span_eq_nocase(word, softwares[s][i].word))
                return (uint8_t)(s * WORDS_MAX + i + 1);
    return WORD_UNKNOWN;
}

void order_add(struct word_order *o, struct span line)
{
    struct span rest = line, word = span_word(&rest);
    if (o->n == LIST_WORDS) {
        o->overrun = true;
        return;
    }
    bool masked = mask_of(word, "STARTTLS") != MASK_NONE || (line.n == 2 && line.p[0] == 'X');
    const uint8_t *equals = word.n ? memchr(word.p, '=', word.n) : NULL;
    uint8_t number = masked ? WORD_MASKED : number_of(word);
    if (!number && equals && span_starts_nocase(word, "AUTH="))
        number = number_of(span_of("AUTH=", 5));
    o->word[o->n] = number;
    o->len[o->n++] = line.n < 255 ? (uint8_t)line.n : 255;
}

static bool can_be(const struct known_word *w, uint8_t number, uint8_t len)
{
    if (number != WORD_MASKED)
        return number != WORD_UNKNOWN &&
               (strcmp(text_of(number), w->word) == 0 ||
                (strcmp(w->word, "AUTH=") == 0 && strncmp(text_of(number), "AUTH=", 5) == 0));
    size_t n = strlen(w->word);
    return len == n || (w->more && len > n);
}

/* The places in a software's words at which a list read so far can end: behind the nth word,
 * without and with a mask read as STARTTLS. */
struct places {
    bool at[2][WORDS_MAX + 1];
};

static struct places follow(const struct places *from, const struct known_word *words, uint8_t number, uint8_t len)
{
    struct places to = { 0 };
    for (unsigned tls = 0; tls < 2; tls++)
        for (unsigned place = 0; place <= WORDS_MAX; place++)
            for (unsigned i = place; from->at[tls][place] && words[i].word; i++)
                if (can_be(&words[i], number, len)) {
                    bool is_tls = number == WORD_MASKED && strcmp(words[i].word, "STARTTLS") == 0;
                    to.at[tls || is_tls][i + 1] = true;
                }
    return to;
}

/* Whether a list can be a software's own, in its order; *tls: also with a mask for STARTTLS. */
static bool is_list_of(const struct word_order *o, const struct known_word *words, bool *tls)
{
    struct places p = { .at[0][0] = true };
    bool fits = false;
    for (unsigned i = 0; i < o->n; i++)
        p = follow(&p, words, o->word[i], o->len[i]);
    for (unsigned place = 0; place <= WORDS_MAX; place++) {
        fits = fits || p.at[0][place] || p.at[1][place];
        *tls = *tls || p.at[1][place];
    }
    return fits;
}

bool mask_hides_another(const struct word_order *o)
{
    bool fits = false, tls = false;
    if (o->overrun || !o->n)
        return false;
    for (unsigned s = 0; s < sizeof softwares / sizeof *softwares; s++)
        fits = is_list_of(o, softwares[s], &tls) || fits;
    return fits && !tls;
}

bool mask_is_echoed(struct span text, const char *keyword)
{
    size_t n = strlen(keyword);
    for (size_t i = 1; i + n <= text.n; i++) {
        uint8_t behind = i + n < text.n ? text.p[i + n] : ' ', before = text.p[i - 1];
        bool quoted = before == '"' || before == '\'' || before == '<' || before == '`' ||
                      (before == ' ' && i > 1 && text.p[i - 2] == ':');
        if (quoted && strchr("\"' >.", behind ? behind : 'a') &&
            mask_of(span_of(text.p + i, n), keyword) == MASK_KEYWORD)
            return true;
    }
    return false;
}

bool greeting_is_masked(struct span line, bool *asterisk)
{
    for (size_t i = 0; i < line.n; i++) {
        if (!strchr("20 \t*-", line.p[i] ? line.p[i] : 'a'))
            return false;
        *asterisk = *asterisk || line.p[i] == '*';
    }
    return true;
}
