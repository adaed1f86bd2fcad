/* Plays bytes through a dialogue as app/talk.c does: what a reader did not use is shown again.
 * Every time it is shown as a copy of its own exact size, so that a sanitizer sees any read
 * beyond the end. Shared by the unit tests and the fuzz target of the dialogue. */
#ifndef MAILSEAL_TESTS_DIALOGUE_KIT_H
#define MAILSEAL_TESTS_DIALOGUE_KIT_H

#include <stdlib.h>
#include <string.h>

#include "dialogue/dialogue.h"

enum { PLAY_PENDING = 24 * 1024 };      /* as in app/talk.c: then reading is forced */

struct play {
    struct session s;
    struct names *names;        /* until the end, then s.names */
    struct dialogue d;
    struct pool *pool;
    uint8_t *held[2];                   /* shown and not used */
    size_t held_n[2];
    uint32_t end[2];                    /* sequence number behind what was said */
    uint32_t seen[2];                   /* end[other] when this side last acknowledged */
    struct where at[2];
    uint64_t now_ns;
    struct dialogue_end ending;
};

static inline void play_begin(struct play *p, uint16_t port, enum protocol protocol, bool tls, bool midstream)
{
    memset(p, 0, sizeof *p);
    p->pool = pool_new(1 << 20);
    p->now_ns = 1700000000000000000u;
    p->end[TO_SERVER] = p->seen[TO_CLIENT] = 0xffffff00u;       /* sequence numbers wrap on the way */
    p->end[TO_CLIENT] = p->seen[TO_SERVER] = 5000;
    p->s.server.port = port;
    p->s.port_is_tls = tls;
    dialogue_init(&p->d, &p->s.core, &p->names, p->pool, protocol, midstream);
    dialogue_trace(&p->d, 256, p->now_ns);              /* as in app/talk.h */
}

static inline size_t play_read(struct play *p, unsigned dir, bool force)
{
    size_t n = p->held_n[dir];
    if (!n || p->d.settled)
        return 0;
    uint8_t *copy = malloc(n);
    memcpy(copy, p->held[dir], n);
    size_t used = dialogue_read(&p->d, dir, span_of(copy, n), &p->at[dir], force);
    if (used > n)
        abort();
    free(copy);
    p->held_n[dir] = n - used;
    memmove(p->held[dir], p->held[dir] + used, n - used);
    return used;
}

/* The client's beginning was not seen: does the server answer its last line? */
static inline void play_find_place(struct play *p)
{
    size_t used = dialogue_sync(&p->d, span_of(p->held[TO_SERVER], p->held_n[TO_SERVER]), &p->at[TO_SERVER],
                                span_of(p->held[TO_CLIENT], p->held_n[TO_CLIENT]), &p->at[TO_CLIENT]);
    if (used > p->held_n[TO_SERVER])
        abort();
    p->held_n[TO_SERVER] -= used;
    if (used)
        memmove(p->held[TO_SERVER], p->held[TO_SERVER] + used, p->held_n[TO_SERVER]);
}

static inline void play_both(struct play *p, unsigned dir, bool force)
{
    bool moved;
    play_find_place(p);
    if (!p->d.in[TO_SERVER].unsure && dir == TO_CLIENT)
        play_read(p, TO_SERVER, false);
    do {
        moved = play_read(p, dir, force) > 0;
        moved = play_read(p, !dir, false) > 0 || moved;
    } while (moved);
}

static inline void play_give_up(struct play *p, unsigned dir)
{
    uint32_t n = (uint32_t)p->held_n[dir];
    p->held_n[dir] = 0;
    if (!p->d.settled)
        dialogue_gap(&p->d, dir, n);
}

/* One segment's payload. `knew`: its sender had seen all that the other side said so far; else
 * only what it had seen before. */
static inline void play_bytes(struct play *p, unsigned dir, const void *bytes, size_t n, bool knew)
{
    if (!n)
        return;
    p->held[dir] = realloc(p->held[dir], p->held_n[dir] + n);
    memcpy(p->held[dir] + p->held_n[dir], bytes, n);
    p->held_n[dir] += n;
    p->end[dir] += (uint32_t)n;
    if (knew)
        p->seen[dir] = p->end[!dir];
    where_advance(&p->at[dir], p->now_ns, p->end[dir], true, p->seen[dir], n);
    p->ending.seen[dir] = p->ending.payload[dir] = true;
    if (!p->ending.seen[!dir])
        p->d.hear_once = true;
    else if (dir == TO_CLIENT)
        p->d.hear_once = false;
    play_both(p, dir, false);
    for (unsigned i = 0; i < 2; i++) {
        if (p->held_n[i] > PLAY_PENDING)
            play_both(p, i, true);
        if (p->held_n[i] > PLAY_PENDING)
            play_give_up(p, i);
    }
}

static inline void play_gap(struct play *p, unsigned dir, uint32_t n)
{
    p->end[dir] += n;
    play_both(p, dir, true);
    p->held_n[dir] = 0;
    if (p->d.settled)
        return;
    p->ending.seen[dir] = true;         /* the packets of this side are there, but for some */
    dialogue_gap(&p->d, dir, n);
    play_both(p, !dir, false);
}

static inline void play_fin(struct play *p, unsigned dir)
{
    p->ending.fin[dir] = p->ending.seen[dir] = true;
    if (!p->d.settled)
        dialogue_fin(&p->d, dir);
}

/* Whatever was said, the trace is whole, and ends with the end. */
static inline void play_check_trace(const struct trace *t)
{
    struct trace_reader r;
    struct trace_event e = { 0 };
    bool ended = false;
    if (t->n > 256 || !trace_read(&r, span_of(t->bytes, t->n)))
        abort();
    while (trace_next(&r, &e))
        ended = ended || e.kind == TRACE_END;
    if (r.c.bad || !ended)
        abort();
}

static inline void play_end(struct play *p, bool input_ended)
{
    play_both(p, TO_SERVER, true);
    play_both(p, TO_CLIENT, true);
    p->ending.clock_ns = p->now_ns;
    p->ending.input_ended = input_ended;
    dialogue_end(&p->d, &p->ending);
    play_check_trace(&p->d.tracing.t);
    dialogue_drop(&p->d);
    names_copy(p->names, &p->s.names);
    names_drop(&p->names, p->pool);
    pool_free(p->pool);
    free(p->held[0]);
    free(p->held[1]);
}

#endif
