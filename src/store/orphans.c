#include "store/orphans.h"

#include <stdlib.h>

bool orphans_clear(struct orphans *o)
{
    if (o->n)
        orphans_free(o);
    if (!o->place)
        o->place = calloc(ORPHANS_PLACES, sizeof *o->place);
    o->key = hash_key_random();
    return o->place != NULL;
}

void orphans_free(struct orphans *o)
{
    free(o->place);
    *o = (struct orphans){ .place = NULL };
}

static uint64_t hash_of(const struct orphans *o, const struct endpoint *a, const struct endpoint *b)
{
    bool turned = endpoint_cmp(a, b) > 0;
    const struct endpoint ends[2] = { turned ? *b : *a, turned ? *a : *b };
    return hash_bytes(&o->key, ends, sizeof ends);
}

static struct orphan *place_of(struct orphans *o, uint64_t ends)
{
    size_t i = (size_t)ends % ORPHANS_PLACES;
    while (o->place[i].session && o->place[i].ends != ends)
        i = (i + 1) % ORPHANS_PLACES;
    return &o->place[i];
}

void orphans_add(struct orphans *o, const struct endpoint *a, const struct endpoint *b, int64_t session)
{
    uint64_t ends = hash_of(o, a, b);
    if (!o->place || o->n == ORPHANS)
        return;
    struct orphan *p = place_of(o, ends);
    o->n += !p->session;
    *p = (struct orphan){ ends, session };
}

bool orphans_has(struct orphans *o, const struct endpoint *a, const struct endpoint *b)
{
    return o->n && place_of(o, hash_of(o, a, b))->session > 0;
}

int64_t orphans_take(struct orphans *o, const struct endpoint *a, const struct endpoint *b)
{
    if (!o->n)
        return 0;
    struct orphan *p = place_of(o, hash_of(o, a, b));
    int64_t session = p->session > 0 ? p->session : 0;
    if (session)
        p->session = -1;
    return session;
}
