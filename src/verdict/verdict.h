/* From what was seen in a session to its one verdict (doc/measurement.md, sections 1 and 2). */
#ifndef MAILSEAL_VERDICT_VERDICT_H
#define MAILSEAL_VERDICT_VERDICT_H

#include "facts/session.h"

/* Holds when all of `all` and nothing of `none` is among the facts. Tried in order; the last one always
 * holds. */
struct rule {
    enum verdict verdict;
    uint32_t all, none;                 /* enum fact, and RULE_STRIPPED */
    const char *name;                   /* stable; stored with each session */
    const char *sentence;
    const char *section;                /* of doc/measurement.md */
    const char *rfc;                    /* beside that of the protocol's STARTTLS; "": none */
};

/* Stands in the rules for "evidence of grade likely or proven". */
enum { RULE_STRIPPED = 1u << FACT_N };

extern const struct rule verdict_rules[];
extern const unsigned verdict_rules_n;

/* Number of the first rule that holds. */
unsigned verdict_rule(uint32_t facts, enum grade highest);

struct judgement judge(const struct session *);

#endif
