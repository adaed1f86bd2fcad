#include "store/waiting.h"

#include <stdlib.h>

bool waiting_open(struct waiting *w)
{
    *w = (struct waiting){ .session = calloc(WAITING_ROOM, sizeof *w->session) };
    return w->session != NULL;
}

void waiting_close(struct waiting *w) { free(w->session); }

static struct waiting_session *place_of(struct waiting *w, int64_t id)
{
    return &w->session[(uint64_t)id % WAITING_ROOM];
}

struct waiting_session *waiting_add(struct waiting *w, int64_t id)
{
    if (!w->n++)
        w->first = id;
    return place_of(w, id);
}

struct waiting_session *waiting_find(struct waiting *w, int64_t id)
{
    return id >= w->first && (uint64_t)(id - w->first) < w->n ? place_of(w, id) : NULL;
}

void waiting_written(struct waiting *w, size_t n)
{
    w->first += (int64_t)n;
    w->n -= n;
}

void waiting_clear(struct waiting *w) { w->n = 0; }
