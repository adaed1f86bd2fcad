#include "app/ledger.h"

#include "verdict/verdict.h"

/* What a session means for older ones. */
static void take_finding(void *ctx, const struct finding *f)
{
    struct ledger *l = ctx;
    if (l->wishes && !f->path)
        evidence_wish_later(l->wishes, f->row, f->kind, f->grade);
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
void ledger_forget(struct ledger *l)
{
    judge_clear(l->judge);
    if (l->wishes)
        evidence_forget(l->wishes);
}

void ledger_judge(const struct local_networks *local, const struct session *s, struct judgement *j, enum direction *d)
{
    *j = judge(s);
    *d = direction_of(local, &s->client, &s->server);
}

static void count(struct ledger_figures *f, const struct judgement *j, enum direction d)
{
    bool mail = j->hop == HOP_RELAY || j->hop == HOP_SUBMISSION || j->hop == HOP_RETRIEVAL;
    bool encrypted = j->verdict == VERDICT_IMPLICIT_TLS || j->verdict == VERDICT_STARTTLS;
    bool in_clear = j->verdict == VERDICT_STRIPPED || j->verdict == VERDICT_CLEAR_AUTH || j->verdict == VERDICT_CLEAR;
    if (!mail || d == DIRECTION_INTERNAL)
        return;
    f->encrypted += encrypted;
    f->decided += encrypted || in_clear;
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
    count(&l->figures, &j, d);
    if (l->wishes)
        evidence_wish(l->wishes, row, &s, &j);
    store_trace(l->store, trace);
    if (!l->status)
        l->status = number ? store_settled(l->store, number, &s, &j, d) : store_add(l->store, &s, &j, d);
    for (unsigned i = 0; i < n && !l->status; i++)
        l->status = store_finding(l->store, row, &found[i]);
    return l->status;
}
