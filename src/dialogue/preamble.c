/* The PROXY header of a balancer, in front of the client's first bytes. It is taken off before anything
 * else looks at them, so what follows is judged as if it had not been there. */
#include "dialogue/dialogue.h"

#include "proto/proxy.h"

static void take(struct dialogue *d, const struct proxy_header *h)
{
    trace_note(d, TRACE_PROXY, TO_SERVER, 0, 0);
    const struct endpoint ends[2] = { h->source, h->destination };
    d->s->proxied = h->addresses && names_set(d->names, d->pool, NAME_PROXY, span_of(ends, sizeof ends));
    d->preambled = true;
    d->preamble_left = (uint16_t)h->rest;
    d->preamble = h->rest ? PREAMBLE_SKIPPED : PREAMBLE_OVER;
}

static size_t skip(struct dialogue *d, size_t n)
{
    n = n < d->preamble_left ? n : d->preamble_left;
    d->preamble_left = (uint16_t)(d->preamble_left - n);
    if (!d->preamble_left)
        d->preamble = PREAMBLE_OVER;
    return n;
}

/* A server that was told to expect a header says nothing before it. */
static long look(struct dialogue *d, struct span in, bool force)
{
    struct proxy_header h;
    long used = d->in[TO_SERVER].begun || d->in[TO_CLIENT].begun ? PARSE_BAD : proxy_parse(in, &h);

    if (used > 0) {
        show(d, span_first(in, (size_t)used));
        take(d, &h);
    } else if (used == PARSE_MORE && !force) {
        d->preamble = PREAMBLE_BEGUN;
    } else if (used == PARSE_MORE && proxy_could_begin(in)) {   /* cut: the rest will not come */
        d->preambled = true;
        d->preamble = PREAMBLE_OVER;
        return (long)in.n;
    } else {
        d->preamble = PREAMBLE_OVER;
        return PARSE_BAD;
    }
    return used;
}

long preamble_read(struct dialogue *d, unsigned dir, struct span in, bool force)
{
    if (dir != TO_SERVER || d->preamble == PREAMBLE_OVER)
        return PARSE_BAD;
    return d->preamble == PREAMBLE_SKIPPED ? (long)skip(d, in.n) : look(d, in, force);
}

bool preamble_gap(struct dialogue *d, uint32_t n)
{
    if (d->preamble == PREAMBLE_SKIPPED && n <= d->preamble_left) {
        skip(d, n);
        return true;
    }
    d->preamble = PREAMBLE_OVER;
    return false;
}

void preamble_answered(struct dialogue *d, struct span in)
{
    static const char *const greetings[] = { "220", "* OK", "* PREAUTH", "* BYE", "+OK", "\"", "OK" };
    for (size_t i = 0; i < sizeof greetings / sizeof *greetings; i++)
        d->preamble_greeted = d->preamble_greeted || span_starts_nocase(in, greetings[i]);
}

void preamble_end(struct dialogue *d)
{
    if (d->midstream && !d->preamble_greeted && !has_fact(d, FACT_TLS_FIRST))
        d->s->proxied = false;
}
