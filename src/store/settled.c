#include "store/settled.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_PLACES = 1024 };

bool settled_open(struct settled *s)
{
    s->waiting = calloc(SETTLED_WAITING, sizeof *s->waiting);
    s->known = calloc(FIRST_PLACES, sizeof *s->known);
    s->places = FIRST_PLACES;
    return s->waiting && s->known;
}

void settled_close(struct settled *s)
{
    free(s->waiting);
    free(s->known);
}

/* Numbers that follow each other must not lie in a row: whoever looks for one that is not there would
 * walk along all of it. */
static size_t home_of(const struct settled *s, uint64_t number)
{
    return (size_t)(number * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (s->places - 1);
}

static size_t place_of(const struct settled *s, uint64_t number)
{
    size_t i = home_of(s, number);
    while (s->known[i].number && s->known[i].number != number)
        i = (i + 1) & (s->places - 1);
    return i;
}

static bool grow(struct settled *s)
{
    struct settled_number *old = s->known;
    size_t places = s->places;
    struct settled_number *bigger = calloc(2 * places, sizeof *bigger);
    if (!bigger)
        return false;
    s->known = bigger;
    s->places = 2 * places;
    for (size_t i = 0; i < places; i++)
        if (old[i].number)
            s->known[place_of(s, old[i].number)] = old[i];
    free(old);
    return true;
}

struct settled_session *settled_next(struct settled *s)
{
    struct settled_session *w = &s->waiting[s->next];
    s->next = (s->next + 1) % SETTLED_WAITING;
    return w;
}

static bool put(struct settled *s, uint64_t number, int64_t at)
{
    if (2 * (s->n + 1) > s->places && !grow(s))
        return false;
    struct settled_number *place = &s->known[place_of(s, number)];
    s->n += !place->number;
    *place = (struct settled_number){ number, at };
    return true;
}

bool settled_wait(struct settled *s, const struct settled_session *w)
{
    return put(s, w->number, -1 - (int64_t)(w - s->waiting));
}

bool settled_row(struct settled *s, uint64_t number, int64_t id) { return put(s, number, id); }

void settled_written(struct settled *s, struct settled_session *w)
{
    s->known[place_of(s, w->number)].at = w->id;
    w->number = 0;
}

struct settled_session *settled_of_row(struct settled *s, int64_t id)
{
    for (size_t i = 0; i < SETTLED_WAITING; i++)
        if (s->waiting[i].number && s->waiting[i].id == id)
            return &s->waiting[i];
    return NULL;
}

struct settled_session *settled_waiting(struct settled *s, uint64_t number)
{
    int64_t at = s->known[place_of(s, number)].at;
    return at < 0 ? &s->waiting[-1 - at] : NULL;
}

/* Those behind a freed place that were pushed over it move up. */
static void close_gap(struct settled *s, size_t gap)
{
    size_t mask = s->places - 1;
    for (size_t i = (gap + 1) & mask; s->known[i].number; i = (i + 1) & mask) {
        size_t home = home_of(s, s->known[i].number);
        if (((i - home) & mask) < ((i - gap) & mask))
            continue;
        s->known[gap] = s->known[i];
        gap = i;
    }
    s->known[gap] = (struct settled_number){ 0, 0 };
}

int64_t settled_take(struct settled *s, uint64_t number)
{
    size_t i = place_of(s, number);
    int64_t at = s->known[i].at;
    if (at) {
        close_gap(s, i);
        s->n--;
    }
    return at > 0 ? at : 0;
}

void settled_forget(struct settled *s)
{
    for (size_t i = 0; i < SETTLED_WAITING; i++)
        s->waiting[i].number = 0;
    memset(s->known, 0, s->places * sizeof *s->known);
    s->n = 0;
}
