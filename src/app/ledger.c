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

bool ledger_open(struct ledger *l, const struct paths *paths)
{
    *l = (struct ledger){ .paths = paths };
    l->judge = judge_new(&(struct finding_sink){ take_finding, l });
    return l->judge != NULL;
}

void ledger_close(struct ledger *l) { judge_free(l->judge); }

void ledger_forget(struct ledger *l)
{
    l->known = 0;
    if (l->wishes)
        evidence_rolled_back(l->wishes);
}

static void tell_entry(void *ctx, const struct memory_entry *e) { judge_remember(ctx, e); }

/* Unless it has happened, and nobody else has written since. */
static int tell_judge(struct ledger *l)
{
    int status = 0;
    if (l->known == store_others(l->store))
        return 0;
    judge_clear(l->judge);
    for (enum memory_kind kind = 0; kind < MEMORY_KINDS && !status; kind++)
        status = store_memory(l->store, kind, tell_entry, l->judge);
    judge_remembered(l->judge);
    l->known = status ? 0 : store_others(l->store);
    return status;
}

int ledger_keep(struct ledger *l)
{
    struct memory_entry e;
    int status = 0;
    while (!status && judge_changed(l->judge, &e))
        status = store_remember(l->store, &e);
    return status;
}

void ledger_judge(const struct paths *paths, struct session *s, struct judgement *j, enum direction *d)
{
    *d = direction_of(&paths->local, &s->client, &s->server);
    s->facts &= ~(uint32_t)FACT_ALLOWED;
    if (path_is_allowed(paths, *d, &s->client, &s->server))
        s->facts |= FACT_ALLOWED;
    *j = judge(s);
}

static void count(struct ledger_figures *f, const struct judgement *j, enum direction d)
{
    bool mail = j->hop == HOP_RELAY || j->hop == HOP_SUBMISSION || j->hop == HOP_RETRIEVAL;
    if (!mail || d == DIRECTION_INTERNAL)
        return;
    f->encrypted += verdict_is_encrypted(j->verdict);
    f->decided += verdict_is_decided(j->verdict);
}

/* The judge knows the ends by what may be remembered of them. */
static unsigned judge_by_known(struct ledger *l, struct session *s, int64_t row, struct finding out[JUDGE_FINDINGS])
{
    const struct endpoint client = s->client, server = s->server;
    store_known_as(l->store, s->client.addr);
    store_known_as(l->store, s->server.addr);
    unsigned n = judge_session(l->judge, s, row, out);
    s->client = client;
    s->server = server;
    return n;
}

int ledger_session(struct ledger *l, const struct session *seen, uint64_t number, struct span trace)
{
    struct session s = *seen;
    struct finding found[JUDGE_FINDINGS];
    struct judgement j;
    enum direction d;
    int64_t row = store_next_session(l->store);
    unsigned n = 0;

    s.facts &= ~(uint32_t)FACT_ALLOWED;         /* that is not for the parser to say */
    l->status = tell_judge(l);
    if (l->status)
        return l->status;
    if (!store_continues(l->store, seen))       /* the rest of one that is known is none of its own */
        n = judge_by_known(l, &s, row, found);
    ledger_judge(l->paths, &s, &j, &d);
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
