#include "store/settled.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_PLACES = 1024 };

bool settled_open(struct settled *s)
{
    s->known = calloc(FIRST_PLACES, sizeof *s->known);
    s->places = FIRST_PLACES;
    return s->known != NULL;
}

void settled_close(struct settled *s) { free(s->known); }

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

bool settled_row(struct settled *s, uint64_t number, int64_t id)
{
    if (2 * (s->n + 1) > s->places && !grow(s))
        return false;
    struct settled_number *place = &s->known[place_of(s, number)];
    s->n += !place->number;
    *place = (struct settled_number){ number, id };
    return true;
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
    int64_t id = s->known[i].id;
    if (id) {
        close_gap(s, i);
        s->n--;
    }
    return id;
}

void settled_forget(struct settled *s)
{
    if (s->n)
        memset(s->known, 0, s->places * sizeof *s->known);
    s->n = 0;
}
