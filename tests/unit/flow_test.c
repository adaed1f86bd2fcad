/* links: flow/flow.o flow/table.o flow/wheel.o flow/tags.o base/hash.o base/pool.o base/endpoint.o base/bytes.o
 * decode/decode.o decode/link.o decode/carrier.o decode/ip.o decode/tunnel.o decode/checksum.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <time.h>

#include "decode/decode.h"
#include "flow/flow.h"
#include "unit/packet_kit.h"

#define COUNT(table) (sizeof table / sizeof *table)

enum { CLIENT, SERVER };                /* in this file; not the sides of a flow */
static const struct who ends[2] = { { 7, 40001 }, { 25, 25 } };

struct world {
    struct pool *pool;
    struct flow_table *t;
    unsigned ended, evicted;
    struct flow last;                   /* as it was when it ended */
    uint64_t first_ns[8];               /* of those that ended, in order */
    struct flow_clock clock;
    uint64_t packets;
};

/* States of flows, which begin with their first times. */
static uint64_t states[4000];

static void has_ended(void *ctx, struct flow *f, bool evicted)
{
    struct world *t = ctx;
    t->last = *f;
    if (t->ended < COUNT(t->first_ns))
        t->first_ns[t->ended] = flow_first_ns(f);
    t->ended++;
    t->evicted += evicted;
}

/* Made in main(). */
static struct flow_secret secret;

static void world_begin(struct world *t, size_t memory)
{
    memset(t, 0, sizeof *t);
    t->pool = pool_new(memory);
    t->t = flow_table_new(t->pool, &secret, has_ended, t);
    assert_non_null(t->t);
}

static void world_end(struct world *t)
{
    flow_table_free(t->t);
    pool_free(t->pool);
}

static struct flow_hit feed(struct world *t, const struct tcp *tcp, bool make)
{
    struct segment seg;
    struct packet p = packet_of(tcp);
    assert_int_equal(decode(&p, &seg), DECODE_TCP);
    struct flow_place at;
    flow_place(&secret, &seg, &at);
    flow_expect(t->t, &at);
    flow_fetch(t->t, &at);
    if (flow_second_begins(&t->clock, ++t->packets, seg.ts_ns))
        flow_tick(t->t, seg.ts_ns);
    struct flow_hit hit = flow_of(t->t, &seg, &at, make);
    packet_free(&p);
    return hit;
}

/* --- ends, as scripts: one letter for each packet of the client (c) or the server (s) --- */

struct step {
    unsigned at_s;                      /* seconds since the beginning */
    unsigned who;
    uint8_t flags;
    uint32_t seq, ack;
    const char *text;
};

#define CASE_STEPS 9
static const struct {
    const char *name;
    struct step step[CASE_STEPS];       /* up to the first without flags */
    unsigned made, ended;
} lives[] = {
    { "both FINs, 60 s belong to it",
      { { 0, CLIENT, TCP_SYN, 99, 0, "" }, { 0, SERVER, TCP_SYN | TCP_ACK, 499, 100, "" },
        { 1, CLIENT, TCP_ACK | TCP_FIN, 100, 500, "bye" }, { 2, SERVER, TCP_ACK | TCP_FIN, 500, 104, "" },
        { 61, CLIENT, TCP_ACK, 104, 501, "" } }, 1, 0 },
    { "both FINs, 61 s are over",
      { { 0, CLIENT, TCP_SYN, 99, 0, "" }, { 0, SERVER, TCP_SYN | TCP_ACK, 499, 100, "" },
        { 1, CLIENT, TCP_ACK | TCP_FIN, 100, 500, "bye" }, { 2, SERVER, TCP_ACK | TCP_FIN, 500, 104, "" },
        { 30, CLIENT, TCP_ACK, 104, 501, "" }, { 63, CLIENT, TCP_ACK, 104, 501, "" } }, 2, 1 },
    { "RST, 60 s belong to it",
      { { 0, CLIENT, TCP_SYN, 99, 0, "" }, { 1, SERVER, TCP_RST | TCP_ACK, 0, 100, "" },
        { 60, CLIENT, TCP_ACK, 100, 1, "late" } }, 1, 0 },
    { "RST, 61 s are over",
      { { 0, CLIENT, TCP_SYN, 99, 0, "" }, { 1, SERVER, TCP_RST | TCP_ACK, 0, 100, "" },
        { 62, CLIENT, TCP_ACK, 100, 1, "new" } }, 2, 1 },
    { "59 minutes of silence",
      { { 0, CLIENT, TCP_ACK, 100, 500, "a" }, { 3540, SERVER, TCP_ACK, 500, 101, "b" },
        { 7000, CLIENT, TCP_ACK, 101, 501, "c" } }, 1, 0 },
    { "61 minutes of silence",
      { { 0, CLIENT, TCP_ACK, 100, 500, "a" }, { 3661, SERVER, TCP_ACK, 500, 101, "b" } }, 2, 1 },
    { "4 minutes after one FIN",
      { { 0, CLIENT, TCP_ACK | TCP_FIN, 100, 500, "a" }, { 240, SERVER, TCP_ACK, 500, 102, "b" },
        { 480, SERVER, TCP_ACK, 501, 102, "c" } }, 1, 0 },
    { "6 minutes after one FIN",
      { { 0, CLIENT, TCP_ACK | TCP_FIN, 100, 500, "a" }, { 361, SERVER, TCP_ACK, 500, 102, "b" } }, 2, 1 },
    { "the same SYN again",
      { { 0, CLIENT, TCP_SYN, 99, 0, "" }, { 3, CLIENT, TCP_SYN, 99, 0, "" }, { 9, CLIENT, TCP_SYN, 99, 0,
        "" } }, 1, 0 },
    { "another SYN",
      { { 0, CLIENT, TCP_SYN, 99, 0, "" }, { 3, CLIENT, TCP_SYN, 7777, 0, "" } }, 2, 1 },
    { "another SYN within the minute after the end",
      { { 0, CLIENT, TCP_SYN, 99, 0, "" }, { 0, SERVER, TCP_SYN | TCP_ACK, 499, 100, "" },
        { 1, CLIENT, TCP_ACK | TCP_FIN, 100, 500, "" }, { 1, SERVER, TCP_ACK | TCP_FIN, 500, 101, "" },
        { 2, CLIENT, TCP_SYN, 7777, 0, "" } }, 2, 1 },
    { "another SYN-ACK, whose SYN was not seen",
      { { 0, SERVER, TCP_SYN | TCP_ACK, 499, 100, "" }, { 1, SERVER, TCP_ACK, 500, 100, "a" },
        { 3, SERVER, TCP_SYN | TCP_ACK, 8888, 7778, "" } }, 2, 1 },
    { "two answers to the same SYN",
      { { 0, CLIENT, TCP_SYN, 99, 0, "" }, { 0, SERVER, TCP_SYN | TCP_ACK, 499, 100, "" },
        { 1, SERVER, TCP_SYN | TCP_ACK, 8888, 100, "" } }, 1, 0 },
    { "a SYN on a connection whose beginning was not seen",
      { { 0, CLIENT, TCP_ACK, 100, 500, "a" }, { 1, CLIENT, TCP_SYN, 99, 0, "" } }, 2, 1 },
    { "a SYN behind its data",
      { { 0, CLIENT, TCP_ACK, 100, 500, "a" }, { 0, CLIENT, TCP_SYN, 99, 0, "" } }, 1, 0 },
    { "another SYN on a connection whose beginning was not seen",
      { { 0, CLIENT, TCP_ACK, 100, 500, "a" }, { 0, CLIENT, TCP_SYN, 101, 0, "" } }, 2, 1 },
    { "SYN-ACK first: its SYN came the other way round",
      { { 0, SERVER, TCP_SYN | TCP_ACK, 499, 100, "" }, { 0, CLIENT, TCP_SYN, 99, 0, "" },
        { 0, CLIENT, TCP_ACK, 100, 500, "" } }, 1, 0 },
    { "both ends send a SYN",
      { { 0, CLIENT, TCP_SYN, 99, 0, "" }, { 0, SERVER, TCP_SYN, 499, 0, "" },
        { 1, CLIENT, TCP_SYN | TCP_ACK, 99, 500, "" }, { 1, SERVER, TCP_SYN | TCP_ACK, 499, 100, "" } }, 1,
          0 },
    { "a RST far outside the window ends nothing",
      { { 0, CLIENT, TCP_ACK, 100, 500, "a" }, { 1, CLIENT, TCP_RST, 900000000, 0, "" },
        { 120, CLIENT, TCP_ACK, 101, 500, "b" } }, 1, 0 },
    { "a RST within the window does",
      { { 0, CLIENT, TCP_ACK, 100, 500, "a" }, { 1, CLIENT, TCP_RST, 101, 0, "" },
        { 120, CLIENT, TCP_ACK, 101, 500, "b" } }, 2, 1 },
    { "time that goes back a little ends nothing",
      { { 4000, CLIENT, TCP_ACK, 100, 500, "a" }, { 3990, SERVER, TCP_ACK, 500, 101, "b" },
        { 4001, CLIENT, TCP_ACK, 101, 501, "c" } }, 1, 0 },
};

static void lives_of_connections(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lives); i++) {
        struct world t;
        world_begin(&t, 1 << 20);
        for (const struct step *s = lives[i].step; s < lives[i].step + CASE_STEPS && s->flags; s++) {
            struct tcp tcp = { .from = ends[s->who], .to = ends[!s->who],
                .ts_ns = START + s->at_s * (uint64_t)SECOND,
                               .seq = s->seq, .ack = s->ack, .flags = s->flags, .bytes = s->text,
                               .n = strlen(s->text) };
            feed(&t, &tcp, true);
        }
        if (flow_made(t.t) != lives[i].made || t.ended != lives[i].ended)
            fail_msg("%s: %u made, %u ended", lives[i].name, (unsigned)flow_made(t.t), t.ended);
        flow_end_all(t.t);
        assert_int_equal(t.ended, lives[i].made);
        assert_int_equal(t.evicted, 0);
        world_end(&t);
    }
}

/* A flow that is silent ends at the next packet of any flow, in the order in which they fell silent. */
static void silent_flows_end_by_the_clock_of_others(void **state)
{
    struct world t;
    (void)state;
    world_begin(&t, 1 << 20);
    for (uint32_t i = 0; i < 5; i++) {
        struct tcp tcp = { .from = { 100 + i, 1000 }, .to = ends[SERVER], .ts_ns = START + i * SECOND,
                           .flags = TCP_ACK, .bytes = "a", .n = 1 };
        feed(&t, &tcp, true);
    }
    struct tcp again = { .from = { 100, 1000 }, .to = ends[SERVER], .ts_ns = START + 10ull * SECOND,
        .flags = TCP_ACK,
                         .seq = 1, .bytes = "b", .n = 1 };
    feed(&t, &again, true);
    struct tcp late = { .from = ends[CLIENT], .to = ends[SERVER], .ts_ns = START + 3606ull * SECOND,
        .flags = TCP_ACK };
    feed(&t, &late, true);
    assert_int_equal(t.ended, 4);
    for (uint32_t i = 0; i < 4; i++)
        assert_true(t.first_ns[i] == START + (i + 1) * SECOND);
    world_end(&t);
}

static void feed_at(struct world *t, uint32_t port, uint64_t second)
{
    struct tcp tcp = { .from = { 7, (uint16_t)port }, .to = ends[SERVER], .ts_ns = START + second * SECOND,
                       .flags = TCP_ACK, .bytes = "a", .n = 1 };
    feed(t, &tcp, true);
}

/* Back there it goes on: what falls silent by the earlier time ends by it. */
static void a_clock_that_stays_back_is_followed(void **state)
{
    struct world t;
    (void)state;
    world_begin(&t, 1 << 20);
    feed_at(&t, 1, 9000);
    feed_at(&t, 2, 0);
    for (unsigned i = 0; i < 5; i++)
        feed_at(&t, 3, 200);
    feed_at(&t, 3, 3700);
    assert_int_equal(t.ended, 1);
    assert_true(t.first_ns[0] == START);
    world_end(&t);
}

/* Each step forward may place all flows anew: not at every other packet. */
static void a_clock_that_goes_to_and_fro_costs_little(void **state)
{
    struct world t;
    (void)state;
    world_begin(&t, 64 << 20);
    clock_t before = clock();
    for (uint32_t i = 0; i < 60000; i++)
        feed_at(&t, 1 + i, i % 2 * 3000);
    assert_true((clock() - before) / CLOCKS_PER_SEC < 5);
    assert_int_equal(t.ended, 0);
    world_end(&t);
}

static void both_directions_are_one_flow(void **state)
{
    struct world t;
    (void)state;
    world_begin(&t, 1 << 20);
    struct tcp there = { .from = ends[CLIENT], .to = ends[SERVER], .ts_ns = START, .flags = TCP_ACK,
        .bytes = "abc", .n = 3 };
    struct tcp back = { .from = ends[SERVER], .to = ends[CLIENT], .ts_ns = START, .flags = TCP_ACK,
        .bytes = "de", .n = 2 };
    struct flow_hit a = feed(&t, &there, true), b = feed(&t, &back, false);
    assert_ptr_equal(a.flow, b.flow);
    assert_int_not_equal(a.side, b.side);
    assert_int_equal(a.flow->bytes[a.side], 3);
    assert_int_equal(a.flow->bytes[b.side], 2);
    assert_int_equal(flow_endpoint(a.flow, a.side)->port, ends[CLIENT].port);
    assert_int_equal(flow_endpoint(a.flow, b.side)->port, ends[SERVER].port);
    struct tcp other = { .from = { 7, 40002 }, .to = ends[SERVER], .ts_ns = START, .flags = TCP_ACK };
    assert_null(feed(&t, &other, false).flow);
    assert_int_equal(flow_made(t.t), 1);
    world_end(&t);
}

/* --- payload, each byte once --- */

struct bytes {
    uint32_t at, n;                     /* from the first byte of the stream */
};
static const struct {
    const char *name;
    struct bytes part[6];
    uint64_t want;
} counts[] = {
    { "in order", { { 0, 10 }, { 10, 5 }, { 15, 1 } }, 16 },
    { "sent twice", { { 0, 10 }, { 0, 10 }, { 10, 5 } }, 15 },
    { "sent again with more", { { 0, 10 }, { 5, 10 } }, 15 },
    { "swapped", { { 0, 10 }, { 15, 5 }, { 10, 5 } }, 20 },
    { "swapped at the beginning", { { 10, 5 }, { 0, 10 } }, 15 },
    { "turned round", { { 20, 5 }, { 10, 10 }, { 0, 10 } }, 25 },
    { "a hole filled in pieces", { { 0, 10 }, { 20, 5 }, { 10, 3 }, { 15, 5 }, { 13, 2 } }, 25 },
    { "a hole filled twice", { { 0, 10 }, { 20, 5 }, { 10, 10 }, { 10, 10 } }, 25 },
    { "a hole that stays", { { 0, 10 }, { 20, 5 }, { 25, 5 } }, 20 },
    { "over the hole and both its ends", { { 0, 10 }, { 20, 5 }, { 5, 30 } }, 35 },
    { "a keep-alive's byte", { { 0, 10 }, { 9, 1 }, { 10, 1 } }, 11 },
    { "nothing", { { 0, 0 } }, 0 },
};

static void each_byte_is_counted_once(void **state)
{
    static const uint32_t bases[] = { 100, 0xfffffff8, 0x7ffffff8 };
    char text[64] = { 0 };
    (void)state;
    for (size_t i = 0; i < COUNT(counts); i++)
        for (size_t b = 0; b < COUNT(bases); b++) {
            struct world t;
            struct flow_hit hit;
            world_begin(&t, 1 << 20);
            struct tcp syn = { .from = ends[CLIENT], .to = ends[SERVER], .ts_ns = START, .flags = TCP_SYN,
                               .seq = bases[b] - 1 };
            hit = feed(&t, &syn, true);
            for (size_t k = 0; k < COUNT(counts[i].part) && counts[i].part[k].n; k++) {
                struct tcp tcp = { .from = ends[CLIENT], .to = ends[SERVER], .ts_ns = START, .flags = TCP_ACK,
                                   .seq = bases[b] + counts[i].part[k].at, .bytes = text,
                                       .n = counts[i].part[k].n };
                hit = feed(&t, &tcp, true);
            }
            if (hit.flow->bytes[hit.side] != counts[i].want)
                fail_msg("%s, base %zu: %u bytes", counts[i].name, b, (unsigned)hit.flow->bytes[hit.side]);
            world_end(&t);
        }
}

static void data_on_syn_counts(void **state)
{
    struct world t;
    (void)state;
    world_begin(&t, 1 << 20);
    struct tcp syn = { .from = ends[CLIENT], .to = ends[SERVER], .ts_ns = START, .flags = TCP_SYN, .seq = 99,
                       .bytes = "hello", .n = 5 };
    feed(&t, &syn, true);
    struct tcp more = { .from = ends[CLIENT], .to = ends[SERVER], .ts_ns = START, .flags = TCP_ACK,
        .seq = 100,
                        .bytes = "hello you", .n = 9 };
    struct flow_hit hit = feed(&t, &more, true);
    assert_int_equal(hit.flow->bytes[hit.side], 9);
    world_end(&t);
}

/* --- wrong checksums (section 1 of doc/measurement.md) --- */

enum sum { RIGHT, WRONG, NONE, CUT };
static const struct {
    enum sum sum[5];
    unsigned n;
    bool ignored;                       /* the last one */
} sums[] = {
    { { WRONG }, 1, false },            /* offload: that direction has shown no right one */
    { { WRONG, WRONG }, 2, false },
    { { RIGHT, WRONG }, 2, true },
    { { RIGHT, WRONG, WRONG }, 3, true },
    { { RIGHT, WRONG, RIGHT }, 3, false },
    { { WRONG, RIGHT, WRONG }, 3, true },
    { { NONE, WRONG }, 2, false },      /* neither right nor wrong */
    { { RIGHT, NONE }, 2, false },
    { { CUT, WRONG }, 2, false },
    { { RIGHT, CUT }, 2, false },
};

static void wrong_checksums(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sums); i++) {
        struct world t;
        struct flow_hit hit = { 0 };
        uint64_t bytes = 0;
        world_begin(&t, 1 << 20);
        /* The other direction's right one says nothing about this one. */
        struct tcp other = { .from = ends[SERVER], .to = ends[CLIENT], .ts_ns = START, .flags = TCP_ACK,
            .bytes = "x", .n = 1 };
        feed(&t, &other, true);
        for (unsigned k = 0; k < sums[i].n; k++) {
            enum sum s = sums[i].sum[k];
            struct tcp tcp = { .from = ends[CLIENT], .to = ends[SERVER], .ts_ns = START, .flags = TCP_ACK,
                               .seq = 100 + 10 * k, .bytes = "0123456789", .n = 10, .wrong_sum = s == WRONG,
                               .no_sum = s == NONE, .cut = s == CUT ? 4 : 0 };
            bytes = hit.flow ? hit.flow->bytes[hit.side] : 0;
            hit = feed(&t, &tcp, true);
        }
        if (hit.ignored != sums[i].ignored)
            fail_msg("case %zu: ignored %d", i, hit.ignored);
        assert_int_equal(hit.flow->packets[hit.side], sums[i].n);       /* a packet it is all the same */
        assert_int_equal(hit.flow->bytes[hit.side] - bytes, hit.ignored ? 0 : 10);
        world_end(&t);
    }
}

/* A wrong RST or FIN ends nothing once the direction has shown right sums. */
static void an_ignored_segment_ends_nothing(void **state)
{
    struct world t;
    (void)state;
    world_begin(&t, 1 << 20);
    struct tcp tcp = { .from = ends[CLIENT], .to = ends[SERVER], .ts_ns = START, .flags = TCP_ACK, .seq = 100,
                       .bytes = "a", .n = 1 };
    feed(&t, &tcp, true);
    struct tcp rst = { .from = ends[CLIENT], .to = ends[SERVER], .ts_ns = START, .flags = TCP_RST, .seq = 101,
                       .wrong_sum = true };
    assert_false(flow_is_closed(feed(&t, &rst, true).flow));
    rst.wrong_sum = false;
    assert_true(flow_is_closed(feed(&t, &rst, true).flow));
    world_end(&t);
}

/* --- many --- */

static void a_hundred_thousand_flows(void **state)
{
    enum { MANY = 100000 };
    struct world t;
    (void)state;
    world_begin(&t, 256 << 20);
    for (unsigned round = 0; round < 2; round++)
        for (uint32_t i = 0; i < MANY; i++) {
            struct tcp tcp = { .from = { i / 50000, (uint16_t)(10000 + i % 50000) }, .to = ends[SERVER],
                               .ts_ns = START + i, .seq = 100 + round, .flags = TCP_ACK, .bytes = "a",
                                   .n = 1 };
            struct flow_hit hit = feed(&t, &tcp, true);
            assert_non_null(hit.flow);
            assert_int_equal(hit.flow->packets[hit.side], round + 1);
        }
    assert_int_equal(flow_made(t.t), MANY);
    assert_int_equal(t.ended, 0);
    flow_end_all(t.t);
    assert_int_equal(t.ended, MANY);
    assert_int_equal(t.evicted, 0);
    world_end(&t);
}

/* --- the order of ends --- */

enum { ORDER_TABLES = 4, ORDER_FLOWS = 3000 };  /* one table has all flows, the others share them */

struct order {
    struct flow_table *t;
    uint64_t ordinal;
    unsigned n;
    struct { uint64_t ordinal; struct flow_turn turn; } end[ORDER_FLOWS * 2];
};

static void note_turn(void *ctx, struct flow *f, bool evicted)
{
    struct order *o = ctx;
    assert_false(evicted);
    assert_true(o->n < COUNT(o->end));
    o->end[o->n].ordinal = o->ordinal;
    o->end[o->n++].turn = flow_turn_of(o->t, f);
}

static int order_cmp(const struct order *o, unsigned i, const struct order *p, unsigned j)
{
    if (o->end[i].ordinal != p->end[j].ordinal)
        return o->end[i].ordinal < p->end[j].ordinal ? -1 : 1;
    return flow_turn_cmp(&o->end[i].turn, &p->end[j].turn);
}

/* What the tables that share the flows said, merged, is what the one with all of them said. */
static void check_order(const struct order *all, const struct order *shared)
{
    unsigned at[ORDER_TABLES] = { 0 };
    for (unsigned n = 0; n < all->n; n++) {
        int next = -1;
        for (int k = 0; k < ORDER_TABLES - 1; k++)
            if (at[k] < shared[k].n && (next < 0 || order_cmp(&shared[k], at[k], &shared[next], at[next]) < 0))
                next = k;
        assert_true(next >= 0);
        assert_int_equal(order_cmp(all, n, &shared[next], at[next]), 0);
        assert_true(n == 0 || order_cmp(all, n - 1, all, n) < 0);
        at[next]++;
    }
    for (unsigned k = 0; k < ORDER_TABLES - 1; k++)
        assert_int_equal(at[k], shared[k].n);
}

static void feed_order(struct order *o, const struct segment *seg, uint64_t ordinal)
{
    struct flow_place at;
    flow_place(&secret, seg, &at);
    struct flow_hit hit = flow_of(o->t, seg, &at, true);
    if (hit.flow && seg->seq % 5 == 0 && !(hit.flow->owner & FLOW_SETTLED))
        flow_settle(o->t, hit.flow, ordinal, 0);
}

/* Flows of a few moments that speak again, close, are settled and fall silent, while the clock jumps. */
static void ends_are_in_one_order(void **state)
{
    static struct order o[ORDER_TABLES];
    struct pool *pool[ORDER_TABLES];
    uint64_t now = START, x = 7;
    struct flow_clock clock = { 0 };
    (void)state;
    for (unsigned k = 0; k < ORDER_TABLES; k++)
        o[k] = (struct order){ .t = flow_table_new(pool[k] = pool_new(16 << 20), &secret, note_turn, &o[k]) };
    for (uint64_t ordinal = 1; ordinal < 40000; ordinal++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        unsigned r = (unsigned)(x >> 33), flow = r % ORDER_FLOWS;
        now += ordinal % 8 ? 0 : ordinal % 1000 == 0 ? 700 * (uint64_t)SECOND : SECOND / 3;
        now -= ordinal % 7001 == 0 ? 90 * (uint64_t)SECOND : 0;
        struct tcp tcp = { .from = { 100 + flow, 40000 }, .to = ends[SERVER], .ts_ns = now, .seq = 5 + r % 64,
                           .flags = r % 11 == 0 ? TCP_RST : TCP_ACK, .bytes = "abc", .n = r % 4 };
        struct packet p = packet_of(&tcp);
        struct segment seg;
        assert_int_equal(decode(&p, &seg), DECODE_TCP);
        bool tick = flow_second_begins(&clock, ordinal, now);
        for (unsigned k = 0; k < ORDER_TABLES; k++) {
            o[k].ordinal = 2 * ordinal;
            if (tick)
                flow_tick(o[k].t, now);
            o[k].ordinal++;
        }
        struct order *mine = &o[1 + flow % (ORDER_TABLES - 1)];
        unsigned before[2] = { o[0].n, mine->n };
        feed_order(&o[0], &seg, ordinal);
        feed_order(mine, &seg, ordinal);
        o[0].n = before[0];             /* what ends at a packet has no turn */
        mine->n = before[1];
        packet_free(&p);
        if (o[0].n > ORDER_FLOWS || ordinal == 39999) {
            check_order(&o[0], &o[1]);
            for (unsigned k = 0; k < ORDER_TABLES; k++)
                o[k].n = 0;
        }
    }
    for (unsigned k = 0; k < ORDER_TABLES; k++)
        flow_end_all(o[k].t);
    assert_true(o[0].n > 100);
    check_order(&o[0], &o[1]);
    for (unsigned k = 0; k < ORDER_TABLES; k++) {
        flow_table_free(o[k].t);
        pool_free(pool[k]);
    }
}

/* With little memory the one that has been silent longest goes first, closed ones before all. */
static void the_oldest_is_pushed_out(void **state)
{
    struct world t;
    uint32_t i = 0;
    (void)state;
    world_begin(&t, 256 * 1024);
    struct tcp closed = { .from = { 1, 1 }, .to = ends[SERVER], .ts_ns = START + 5, .flags = TCP_RST };
    feed(&t, &closed, true);
    for (; !t.ended; i++) {
        struct tcp tcp = { .from = { 2, (uint16_t)(1000 + i) }, .to = ends[SERVER], .ts_ns = START + 10 + i,
                           .flags = TCP_ACK, .bytes = "a", .n = 1 };
        struct flow *f = feed(&t, &tcp, true).flow;
        assert_non_null(f);
        assert_true(i < COUNT(states));
        flow_own(t.t, f, &states[i]);
    }
    assert_true(flow_first_ns(&t.last) == START + 5);
    struct flow *keep = NULL;
    struct tcp first = { .from = { 2, 1000 }, .to = ends[SERVER], .ts_ns = START + 5000, .seq = 1,
        .flags = TCP_ACK };
    keep = feed(&t, &first, false).flow;
    assert_non_null(keep);
    for (uint32_t k = 1; k < i; k++)
        assert_true(flow_evict(t.t, keep));
    assert_false(flow_evict(t.t, keep));
    assert_true(flow_evict(t.t, NULL));
    assert_false(flow_evict(t.t, NULL));
    assert_int_equal(t.evicted, t.ended);
    world_end(&t);
}

/* Undecided ones give way before those that were handed over, which would be counted anew. */
static void settled_flows_stay(void **state)
{
    enum { SETTLED = 100 };
    struct world t;
    (void)state;
    world_begin(&t, 256 * 1024);
    for (uint32_t i = 0; i < SETTLED || !t.ended; i++) {
        struct tcp tcp = { .from = { 2, (uint16_t)(1000 + i) }, .to = ends[SERVER], .ts_ns = START + 10 + i,
                           .flags = TCP_ACK, .bytes = "a", .n = 1 };
        struct flow *f = feed(&t, &tcp, true).flow;
        assert_non_null(f);
        assert_true(i < COUNT(states));
        flow_own(t.t, f, &states[i]);
        if (i < SETTLED)
            flow_settle(t.t, f, i + 1, 0);
    }
    assert_true(flow_first_ns(&t.last) == START + 10 + SETTLED);
    while (flow_evict(t.t, NULL))
        assert_false(t.last.owner & FLOW_SETTLED);
    assert_int_equal(t.evicted, t.ended);
    world_end(&t);
}

static void without_memory_there_is_no_flow(void **state)
{
    struct world t;
    (void)state;
    world_begin(&t, 16);
    struct tcp tcp = { .from = ends[CLIENT], .to = ends[SERVER], .ts_ns = START, .flags = TCP_SYN };
    assert_null(feed(&t, &tcp, true).flow);
    world_end(&t);
}

int main(void)
{
    secret = flow_secret_of((struct hash_key){ { 1, 2 } });
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lives_of_connections),
        cmocka_unit_test(silent_flows_end_by_the_clock_of_others),
        cmocka_unit_test(a_clock_that_stays_back_is_followed),
        cmocka_unit_test(a_clock_that_goes_to_and_fro_costs_little),
        cmocka_unit_test(both_directions_are_one_flow),
        cmocka_unit_test(each_byte_is_counted_once),
        cmocka_unit_test(data_on_syn_counts),
        cmocka_unit_test(wrong_checksums),
        cmocka_unit_test(an_ignored_segment_ends_nothing),
        cmocka_unit_test(a_hundred_thousand_flows),
        cmocka_unit_test(ends_are_in_one_order),
        cmocka_unit_test(the_oldest_is_pushed_out),
        cmocka_unit_test(settled_flows_stay),
        cmocka_unit_test(without_memory_there_is_no_flow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
