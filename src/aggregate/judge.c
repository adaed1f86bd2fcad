#include "aggregate/judge.h"

#include <stdlib.h>

#include "aggregate/retries.h"
#include "verdict/verdict.h"

struct judge {
    struct retries retries;
};

struct judge *judge_new(const struct finding_sink *sink)
{
    struct judge *j = calloc(1, sizeof *j);
    if (!j || !retries_open(&j->retries, sink)) {
        judge_free(j);
        return NULL;
    }
    return j;
}

void judge_free(struct judge *j)
{
    if (!j)
        return;
    retries_close(&j->retries);
    free(j);
}

void judge_clear(struct judge *j) { retries_clear(&j->retries); }

unsigned judge_session(struct judge *j, struct session *s, int64_t row, struct finding out[JUDGE_FINDINGS])
{
    unsigned n = 0;

    if (s->facts & FACT_NOT_MAIL)
        return 0;
    n += retries_take(&j->retries, s, judge(s).verdict, row, &out[n]);
    for (unsigned i = 0; i < n; i++)
        evidence_add(&s->evidence, out[i].kind, out[i].grade);
    return n;
}
