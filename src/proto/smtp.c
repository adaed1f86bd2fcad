#include "proto/smtp.h"

static const struct {
    const char *word;
    bool mail;
} verbs[SMTP_VERB_N] = {
#define V(id, word, mail) [SMTP_##id] = { word, mail },
    SMTP_VERBS(V)
#undef V
};

static struct span trimmed(struct span s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = span_skip(s, 1);
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

void smtp_command_parse(struct span line, struct smtp_command *out)
{
    struct span rest = line;
    out->word = span_word(&rest);
    out->arg = trimmed(rest);
    out->verb = SMTP_UNKNOWN;
    for (unsigned v = SMTP_UNKNOWN + 1; v < SMTP_VERB_N; v++)
        if (span_eq_nocase(out->word, verbs[v].word))
            out->verb = (enum smtp_verb)v;
    if (out->verb == SMTP_UNKNOWN && span_eq_nocase(out->word, "X-EXPS"))
        out->verb = SMTP_AUTH;
    if (out->verb == SMTP_UNKNOWN && span_eq_nocase(out->word, "X-ANONYMOUSTLS"))
        out->verb = SMTP_STARTTLS;
}

bool smtp_speaks_mail(enum smtp_verb verb) { return verbs[verb].mail; }

bool smtp_bdat_parse(struct span arg, uint64_t *n, bool *last)
{
    struct span size = span_word(&arg), word = span_word(&arg);
    *n = 0;
    *last = span_eq_nocase(word, "LAST");
    if (!size.n || size.n > 18)
        return false;
    for (size_t i = 0; i < size.n; i++) {
        if (!ascii_digit(size.p[i]))
            return false;
        *n = *n * 10 + (uint64_t)(size.p[i] - '0');
    }
    return true;
}

bool smtp_reply_parse(struct span line, struct smtp_reply_line *out)
{
    if (line.n < 3 || line.p[0] < '2' || line.p[0] > '5' || !ascii_digit(line.p[1]) || !ascii_digit(line.p[2]))
        return false;
    if (line.n > 3 && line.p[3] != ' ' && line.p[3] != '-')
        return false;
    out->code = (unsigned)(line.p[0] - '0') * 100 + (unsigned)(line.p[1] - '0') * 10 + (unsigned)(line.p[2] - '0');
    out->last = line.n == 3 || line.p[3] == ' ';
    out->text = span_skip(line, 4);
    return true;
}
