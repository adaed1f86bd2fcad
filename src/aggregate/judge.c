#include "aggregate/judge.h"

#include <stdlib.h>

#include "aggregate/history.h"
#include "aggregate/retries.h"
#include "verdict/verdict.h"

_Static_assert(HISTORY_FINDINGS + 1 <= (int)JUDGE_FINDINGS, "all findings find room");

struct judge {
    struct history history;
    struct retries retries;
};

struct judge *judge_new(const struct finding_sink *sink)
{
    struct judge *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    bool history = history_open(&j->history, sink), retries = retries_open(&j->retries, sink);
    if (history && retries)
        return j;
    judge_free(j);
    return NULL;
}

void judge_free(struct judge *j)
{
    if (!j)
        return;
    history_close(&j->history);
    retries_close(&j->retries);
    free(j);
}

void judge_clear(struct judge *j)
{
    history_clear(&j->history);
    retries_clear(&j->retries);
}

unsigned judge_session(struct judge *j, struct session *s, int64_t row, struct finding out[JUDGE_FINDINGS])
{
    if (s->facts & FACT_NOT_MAIL)
        return 0;
    unsigned n = history_take(&j->history, s, row, out);
    for (unsigned i = 0; i < n; i++)
        evidence_add(&s->evidence, out[i].kind, out[i].grade);
    if (retries_take(&j->retries, s, judge(s).verdict, row, &out[n])) {
        evidence_add(&s->evidence, out[n].kind, out[n].grade);
        n++;
    }
    return n;
}

bool judge_changed(struct judge *j, struct memory_entry *out) { return memory_changed(&j->history, &j->retries, out); }

void judge_remember(struct judge *j, const struct memory_entry *e) { memory_read(&j->history, &j->retries, e); }

void judge_remembered(struct judge *j) { memory_settle(&j->history, &j->retries); }
