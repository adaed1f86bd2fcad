/* What a session means together with those before it: it gets the evidence that only they can give, and older ones
 * may have to be judged again. Sessions come in the order in which the lanes' words are brought (that of packet time),
 * and that order is all that counts. */
#ifndef MAILSEAL_AGGREGATE_JUDGE_H
#define MAILSEAL_AGGREGATE_JUDGE_H

#include "aggregate/finding.h"
#include "aggregate/memory.h"

enum { JUDGE_FINDINGS = 4 };

struct judge;

/* The sink is told of older sessions, within judge_session(). NULL: no memory. */
struct judge *judge_new(const struct finding_sink *);
void judge_free(struct judge *);        /* NULL is allowed */
/* Forgets everything. */
void judge_clear(struct judge *);

/* row: the number by which the session will be known. Its evidence is added to, and out says why: so many findings are
 * returned. The verdict is to be had from the session then. */
unsigned judge_session(struct judge *, struct session *, int64_t row, struct finding out[JUDGE_FINDINGS]);

/* What it knows, to be kept beyond the run: one entry that has changed since, false when there is no more. And back,
 * one kind after the other, the oldest first, before any session; then judge_remembered(). See aggregate/memory.h. */
bool judge_changed(struct judge *, struct memory_entry *out);
void judge_remember(struct judge *, const struct memory_entry *);
void judge_remembered(struct judge *);

#endif
