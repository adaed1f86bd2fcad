/* The lines of a dialogue, out of its trace. */
#ifndef MAILSEAL_REPORT_EXPLAIN_LINES_H
#define MAILSEAL_REPORT_EXPLAIN_LINES_H

#include "facts/session.h"
#include "facts/trace.h"

enum { LINE_TEXT = 1024, NOT_SEEN = -1 };

enum line_side { SIDE_CLIENT, SIDE_SERVER, SIDE_BOTH };

struct dialogue_line {
    int64_t ms;                         /* since the session's beginning */
    enum line_side side;
    enum trace_kind kind;
    char text[LINE_TEXT];               /* what does not fit is left out, and told */
    size_t n;
    unsigned others;                    /* words of a list that are not shown */
    bool cut;
    bool placed;                        /* its bytes and segments are being named */
    uint32_t facts, evidence, incidents;        /* that became known by it; evidence with its grade */
};

/* Tells each line in order. `imap`: mechanisms are offered as "AUTH=PLAIN". False: the bytes are no trace,
 * or damaged; what came before was told. */
bool explain_lines(struct span trace, bool imap, void (*line)(void *ctx, const struct dialogue_line *), void *ctx);

/* When it became known, in ms, or NOT_SEEN. */
struct known_when {
    int64_t fact[FACT_N], evidence[EVIDENCE_N], incident[INCIDENT_N];
};
void explain_when(struct span trace, struct known_when *);

#endif
