/* Commands that wait for their answers, in the order in which they were sent. */
#include "dialogue/dialogue.h"

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
        if (d->open_n == OPEN_COMMANDS) {
            d->open_first = (uint8_t)((d->open_first + 1) % OPEN_COMMANDS);
            d->open_n--;
            d->lost_reply = d->overrun = true;
        }
    }
    struct open_command *c = &d->open[(d->open_first + d->open_n++) % OPEN_COMMANDS];
    *c = (struct open_command){ .end = d->now_end, .times = 1, .verb = verb, .flags = flags };
    return c;
}

struct open_command *open_first(struct dialogue *d)
{
    return d->open_n ? &d->open[d->open_first] : NULL;
}

struct open_command *open_last(struct dialogue *d)
{
    return d->open_n ? &d->open[(d->open_first + d->open_n - 1) % OPEN_COMMANDS] : NULL;
}

void open_pop(struct dialogue *d)
{
    struct open_command *c = open_first(d);
    if (!c || --c->times)
        return;
    d->open_first = (uint8_t)((d->open_first + 1) % OPEN_COMMANDS);
    d->open_n--;
}

void open_clear(struct dialogue *d)
{
    d->open_n = 0;
}

void open_resync(struct dialogue *d)
{
    while (d->open_n > 1) {
        const struct open_command *next = &d->open[(d->open_first + 1) % OPEN_COMMANDS];
        if (d->now_has_ack && (int32_t)(next->end - d->now_ack) > 0)
            break;
        open_first(d)->times = 1;
        open_pop(d);
    }
    d->lost_reply = false;
}

bool open_seek(struct dialogue *d, uint8_t verb)
{
    unsigned i = 0;
    while (i < d->open_n && d->open[(d->open_first + i) % OPEN_COMMANDS].verb != verb)
        i++;
    if (i == d->open_n)
        return false;
    d->open_first = (uint8_t)((d->open_first + i) % OPEN_COMMANDS);
    d->open_n = (uint8_t)(d->open_n - i);
    return true;
}
