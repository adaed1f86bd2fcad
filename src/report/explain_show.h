/* What the text and the JSON of an explanation share. For the files explain_*.c only. */
#ifndef MAILSEAL_REPORT_EXPLAIN_SHOW_H
#define MAILSEAL_REPORT_EXPLAIN_SHOW_H

#include "facts/references.h"
#include "report/explain.h"
#include "report/explain_lines.h"
#include "verdict/verdict.h"

struct shown {
    const struct explanation *x;
    const struct explain_dialogue *d;
    const struct rule *rule;            /* NULL: of another version */
    struct known_when when;
    FILE *out;
    bool more;                          /* JSON: an item of the present list was written */
};

void explain_text(struct shown *);
void explain_json(struct shown *);

/* A word and its sentence by kind and code; codes out of a database may be any. */
const struct word *explain_word_of(const char *kind, int64_t code);
/* The sentence of a word, as views give it. */
const char *explain_sentence_of(const char *kind, const char *word);
enum protocol explain_protocol_of(const struct explanation *);
unsigned explain_grade_in(int64_t evidence, unsigned kind);
/* The RFCs of the rule, and that of STARTTLS where it is what the rule is about. */
void explain_rfcs_of_rule(const struct shown *, char *out, size_t room);

#endif
