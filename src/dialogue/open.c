/* Commands that wait for their answers, in the order in which they were sent. */
#include "dialogue/dialogue.h"

static unsigned room_of(const struct dialogue *d) { return d->many ? OPEN_COMMANDS : OPEN_FEW; }

struct open_command *open_at(struct dialogue *d, unsigned i)
{
    return &(d->many ? d->many : d->few)[(d->open_first + i) % room_of(d)];
}

static void drop_oldest(struct dialogue *d, unsigned n)
{
    d->open_first = (uint8_t)((d->open_first + n) % room_of(d));
    d->open_n = (uint8_t)(d->open_n - n);
}

/* False: there is no memory for more than a few. */
static bool make_many(struct dialogue *d)
{
    struct open_command *many = d->many ? NULL : pool_get(d->pool, OPEN_COMMANDS * sizeof *many);

    if (!many)
        return false;
    for (unsigned i = 0; i < d->open_n; i++)
        many[i] = *open_at(d, i);
    d->many = many;
    d->open_first = 0;
    return true;
}

struct open_command *open_push(struct dialogue *d, uint8_t verb, uint8_t flags)
{
    if (d->open_n) {
        struct open_command *last = open_last(d);
        /* A long list of recipients takes one place; a full queue loses its oldest one. */
        if (last->verb == verb && last->flags == flags && !last->tag && !flags && last->times < UINT16_MAX) {
            last->times++;
            last->end = d->now_end;
            return last;
        }
        if (d->open_n == room_of(d) && !make_many(d)) {
            drop_oldest(d, 1);
            d->lost_reply = d->overrun = true;
        }
    }
    struct open_command *c = open_at(d, d->open_n++);
    *c = (struct open_command){ .end = d->now_end, .times = 1, .verb = verb, .flags = flags };
    return c;
}

struct open_command *open_first(struct dialogue *d)
{
    return d->open_n ? open_at(d, 0) : NULL;
}

struct open_command *open_last(struct dialogue *d)
{
    return d->open_n ? open_at(d, d->open_n - 1u) : NULL;
}

void open_pop(struct dialogue *d)
{
    struct open_command *c = open_first(d);
    if (!c || --c->times)
        return;
    drop_oldest(d, 1);
}

void open_clear(struct dialogue *d)
{
    pool_put(d->pool, d->many, OPEN_COMMANDS * sizeof *d->many);
    d->many = NULL;
    d->open_first = d->open_n = 0;
}

void open_resync(struct dialogue *d, unsigned more)
{
    uint32_t answers = 0;

    for (unsigned i = 0; i < d->open_n; i++)
        if (!d->now_has_ack || (int32_t)(open_at(d, i)->end - d->now_ack) <= 0)
            answers += open_at(d, i)->times;
    for (; answers > more + 1; answers--)
        open_pop(d);
    d->lost_reply = false;
}

bool open_seek(struct dialogue *d, uint8_t verb)
{
    unsigned i = 0;
    while (i < d->open_n && open_at(d, i)->verb != verb)
        i++;
    if (i == d->open_n)
        return false;
    drop_oldest(d, i);
    return true;
}
