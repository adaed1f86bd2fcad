/* All goldens at once. Each one's addresses are moved into networks of its own, and its time so that
 * all of them end at the same moment: the end of the input, and what has been silent for how long by
 * then, are facts of each session. */
#include "metamorphic.h"

#include <stdlib.h>

static const uint64_t end_ns = 2000000000 * UINT64_C(1000000000);

enum { MINE = 64 };                     /* sessions of one golden */

struct thread {
    const struct golden *g;
    size_t next;
    uint64_t shift, key;                /* key: of its next packet; never falls */
};

static void move_address(uint8_t *a, bool v4, size_t number)
{
    size_t at = v4 ? 0 : 4;
    a[at] ^= (uint8_t)(number >> 8);
    a[at + 1] ^= (uint8_t)number;
}

static void move_endpoint(struct endpoint *e, size_t number)
{
    bool v4 = endpoint_is_v4(e);
    move_address(e->addr + (v4 ? 12 : 0), v4, number);
}

/* RFC 1624: a sum stays as right or wrong as it was; zero stays zero. */
static void mend_sum(uint8_t *at, const uint8_t *was, const uint8_t *is, size_t n)
{
    uint32_t sum = 0xffff ^ load_be16(at);
    if (!load_be16(at))
        return;
    for (size_t i = 0; i < n; i += 2)
        sum += (0xffffu ^ load_be16(was + i)) + load_be16(is + i);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    sum ^= 0xffff;
    store_be16(at, sum ? sum : 0xffff);
}

static void add_moved(struct packets *out, const struct pkt *p, uint64_t shift, size_t number)
{
    struct packet *q = packets_add(out, &p->raw);
    q->ts_ns += shift;
    if (!p->tcp)
        return;
    uint8_t *at = packets_own(out, q, p->raw.data.n), *ip = at + p->ip, was[32];
    bool v4 = ip[0] >> 4 == 4;
    uint8_t *addresses = ip + (v4 ? 12 : 8);
    size_t n = v4 ? 8 : 32;

    memcpy(was, addresses, n);
    move_address(addresses, v4, number);
    move_address(addresses + n / 2, v4, number);
    if (v4)
        mend_sum(ip + 10, was, addresses, n);
    if (p->sum == CHECKSUM_UNKNOWN && load_be16(at + p->tcp_at + 16))
        store_be16(at + p->tcp_at + 16, 0);
    mend_sum(at + p->tcp_at + 16, was, addresses, n);
}

static uint64_t highest_time(const struct golden *g)
{
    uint64_t highest = 0;
    for (size_t i = 0; i < g->n; i++)
        highest = g->pkt[i].raw.ts_ns > highest ? g->pkt[i].raw.ts_ns : highest;
    return highest;
}

static void advance(struct thread *t, uint64_t *random)
{
    if (random) {
        *random = *random * 6364136223846793005u + 1442695040888963407u;
        t->key += *random >> 40;
    } else if (t->next < t->g->n && t->g->pkt[t->next].raw.ts_ns + t->shift > t->key) {
        t->key = t->g->pkt[t->next].raw.ts_ns + t->shift;
    }
}

/* which 0: by time. 1: by chance, of those goldens that last less than ten seconds. */
static size_t weave(struct thread *t, size_t n, unsigned which, struct packets *out)
{
    uint64_t random = 42, *chance = which ? &random : NULL;

    for (size_t i = 0; i < n; i++)
        advance(&t[i], chance);
    for (;;) {
        struct thread *first = NULL;
        for (size_t i = 0; i < n; i++)
            if (t[i].next < t[i].g->n && (!first || t[i].key < first->key))
                first = &t[i];
        if (!first)
            return out->n;
        add_moved(out, &first->g->pkt[first->next++], first->shift, (size_t)(first - t) + 1);
        advance(first, chance);
    }
}

/* The sessions of golden number `number`, with its own addresses again. */
static void pick(const struct result *all, size_t number, const struct golden *g, struct result *mine)
{
    mine->n = 0;
    memcpy(mine->attempts, g->base.attempts, sizeof mine->attempts);
    for (size_t i = 0; i < g->base.n; i++) {
        const struct session *b = &g->base.s[i];
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again |= session_same_ends(&g->base.s[k], b);
        for (size_t k = 0; k < all->n && !again; k++) {
            struct session s = all->s[k];
            move_endpoint(&s.client, number);
            move_endpoint(&s.server, number);
            if (mine->n < MINE && session_same_ends(&s, b)) {
                mine->s[mine->n] = s;
                mine->j[mine->n++] = all->j[k];
            }
        }
    }
}

void interleave(const struct golden *golden, size_t n, unsigned which,
                void (*told)(void *ctx, const struct golden *, const struct result *), void *ctx)
{
    struct thread *t = calloc(n, sizeof *t);
    struct session s[MINE];
    struct judgement j[MINE];
    struct result all, mine = { .s = s, .j = j };
    struct packets out;
    size_t used = 0;

    if (!t)
        abort();
    for (size_t i = 0; i < n; i++)
        if (golden[i].default_ports && golden[i].n && !golden[i].fragments && (!which || golden[i].longest_wait_ns < 1000000000))
            t[used++] = (struct thread){ .g = &golden[i], .shift = end_ns - highest_time(&golden[i]) };
    packets_init(&out);
    result_init(&all);
    weave(t, used, which, &out);
    run_lane(golden[0].ports, out.p, out.n, &all);
    for (size_t i = 0; i < used; i++) {
        pick(&all, i + 1, t[i].g, &mine);
        told(ctx, t[i].g, &mine);
    }
    result_free(&all);
    packets_free(&out);
    free(t);
}
