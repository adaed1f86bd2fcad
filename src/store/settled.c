#include "store/settled.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_PLACES = 1024 };

bool settled_open(struct settled *s)
{
    s->waiting = calloc(SETTLED_WAITING, sizeof *s->waiting);
    s->row = calloc(FIRST_PLACES, sizeof *s->row);
    s->places = FIRST_PLACES;
    return s->waiting && s->row;
}

void settled_close(struct settled *s)
{
    free(s->waiting);
    free(s->row);
}

struct settled_session *settled_place(struct settled *s, uint64_t number)
{
    return &s->waiting[number % SETTLED_WAITING];
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
    while (s->row[i].number && s->row[i].number != number)
        i = (i + 1) & (s->places - 1);
    return i;
}

static bool grow(struct settled *s)
{
    struct settled_row *old = s->row;
    size_t places = s->places;
    struct settled_row *bigger = calloc(2 * places, sizeof *bigger);
    if (!bigger)
        return false;
    s->row = bigger;
    s->places = 2 * places;
    for (size_t i = 0; i < places; i++)
        if (old[i].number)
            s->row[place_of(s, old[i].number)] = old[i];
    free(old);
    return true;
}

bool settled_written(struct settled *s, uint64_t number, int64_t id)
{
    if (2 * (s->rows + 1) > s->places && !grow(s))
        return false;
    s->row[place_of(s, number)] = (struct settled_row){ number, id };
    s->rows++;
    return true;
}

/* Those behind a freed place that were pushed over it move up. */
static void close_gap(struct settled *s, size_t gap)
{
    size_t mask = s->places - 1;
    for (size_t i = (gap + 1) & mask; s->row[i].number; i = (i + 1) & mask) {
        size_t home = home_of(s, s->row[i].number);
        if (((i - home) & mask) < ((i - gap) & mask))
            continue;
        s->row[gap] = s->row[i];
        gap = i;
    }
    s->row[gap].number = 0;
}

int64_t settled_take(struct settled *s, uint64_t number)
{
    size_t i = place_of(s, number);
    int64_t id = s->row[i].number ? s->row[i].id : 0;
    if (id) {
        close_gap(s, i);
        s->rows--;
    }
    return id;
}

void settled_forget(struct settled *s)
{
    for (size_t i = 0; i < SETTLED_WAITING; i++)
        s->waiting[i].number = 0;
    memset(s->row, 0, s->places * sizeof *s->row);
    s->rows = 0;
}
