#include "proto/pop3.h"

enum lines { N, A, B };

static const struct {
    const char *word;
    bool mail;
    enum lines lines;
} verbs[POP3_VERB_N] = {
#define V(id, word, mail, lines) [POP3_##id] = { word, mail, lines },
    POP3_VERBS(V)
#undef V
};

void pop3_command_parse(struct span line, struct pop3_command *out)
{
    struct span rest = line;
    out->word = span_word(&rest);
    out->arg = rest.n ? span_skip(rest, 1) : rest;
    out->verb = POP3_UNKNOWN;
    for (unsigned v = POP3_UNKNOWN + 1; v < POP3_VERB_N; v++)
        if (span_eq_nocase(out->word, verbs[v].word))
            out->verb = (enum pop3_verb)v;
}

bool pop3_speaks_mail(enum pop3_verb verb) { return verbs[verb].mail; }

bool pop3_answers_lines(enum pop3_verb verb, bool has_arg)
{
    return verbs[verb].lines == A || (verbs[verb].lines == B && !has_arg);
}

bool pop3_answer_parse(struct span line, struct pop3_answer *out)
{
    static const struct {
        const char *word;
        enum pop3_status status;
    } words[] = { { "+OK", POP3_OK }, { "-ERR", POP3_ERR }, { "+", POP3_CONTINUE } };

    struct span rest = line, word = span_word(&rest);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (word.p == line.p && span_eq_nocase(word, words[i].word)) {
            out->status = words[i].status;
            out->text = rest.n ? span_skip(rest, 1) : rest;
            return true;
        }
    return false;
}
