#include "app/ledger.h"

#include "verdict/verdict.h"

/* What a session means for older ones. */
static void take_finding(void *ctx, const struct finding *f)
{
    struct ledger *l = ctx;
    if (!l->status)
        l->status = store_revise(l->store, f);
}

bool ledger_open(struct ledger *l, const struct local_networks *local)
{
    *l = (struct ledger){ .local = local };
    l->judge = judge_new(&(struct finding_sink){ take_finding, l });
    return l->judge != NULL;
}

void ledger_close(struct ledger *l) { judge_free(l->judge); }
void ledger_forget(struct ledger *l) { judge_clear(l->judge); }

void ledger_judge(const struct local_networks *local, const struct session *s, struct judgement *j, enum direction *d)
{
    *j = judge(s);
    *d = direction_of(local, &s->client, &s->server);
}

int ledger_session(struct ledger *l, const struct session *seen, uint64_t number, struct span trace)
{
    struct session s = *seen;
    struct finding found[JUDGE_FINDINGS];
    struct judgement j;
    enum direction d;
    int64_t row = store_next_session(l->store);
    unsigned n = 0;

    l->status = 0;
    if (!store_continues(l->store, seen))       /* the rest of one that is known is none of its own */
        n = judge_session(l->judge, &s, row, found);
    ledger_judge(l->local, &s, &j, &d);
    store_trace(l->store, trace);
    if (!l->status)
        l->status = number ? store_settled(l->store, number, &s, &j, d) : store_add(l->store, &s, &j, d);
    for (unsigned i = 0; i < n && !l->status; i++)
        l->status = store_finding(l->store, row, &found[i]);
    return l->status;
}
