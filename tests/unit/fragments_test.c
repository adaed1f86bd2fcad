/* links: decode/fragments.o decode/decode.o decode/link.o decode/carrier.o decode/ip.o decode/tunnel.o
 *        decode/checksum.o base/pool.o base/hash.o base/endpoint.o
 * Fragments of IP packets and what becomes of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "decode/decode.h"
#include "decode/fragments.h"

#define SECOND 1000000000ull
#define START  (1700000000 * SECOND)

enum { LINK_ETHERNET = 1, LINK_RAW = 101 };

/* --- packets and their fragments by hand --- */

static void store16(uint8_t *p, size_t v) { p[0] = (uint8_t)(v >> 8); p[1] = (uint8_t)v; }

enum kind { V4, V6, V6_OPTIONS, KINDS };

struct sent {
    enum kind kind;
    uint32_t id;
    size_t n;                           /* TCP header and payload */
    uint8_t b[70000];
};

static struct sent sent_of(enum kind kind, uint32_t id, size_t payload)
{
    static const uint8_t tcp[20] = { 0x9c, 0x40, 0, 25, 1, 2, 3, 4, 10, 11, 12, 13, 0x50, 0x18, 0x20 };
    struct sent s = { .kind = kind, .id = id, .n = sizeof tcp + payload };

    memcpy(s.b, tcp, sizeof tcp);
    for (size_t i = 0; i < payload; i++)
        s.b[sizeof tcp + i] = (uint8_t)(id * 31 + i * 7 + i / 256);
    return s;
}

static size_t put_v4(uint8_t *p, const struct sent *s, size_t offset, size_t n, bool more)
{
    static const uint8_t head[24] = { 0x46, [8] = 64, 6, [12] = 192, 0, 2, 1, 198, 51, 100, 2, 1, 1, 1, 0 };
    memcpy(p, head, 24);
    store16(p + 2, 24 + n);
    store16(p + 4, s->id);
    store16(p + 6, offset / 8 | (more ? 0x2000u : 0));
    return 24;
}

/* With options: a header of them in front of the fragment header. */
static size_t put_v6(uint8_t *p, const struct sent *s, size_t offset, size_t n, bool more)
{
    size_t options = s->kind == V6_OPTIONS ? 8 : 0;

    memset(p, 0, 56);
    p[0] = 0x60;
    store16(p + 4, options + 8 + n);
    p[6] = options ? 0 : 44;
    p[8] = p[24] = 0x20;
    p[23] = 1;
    p[39] = 2;
    uint8_t *f = p + 40 + options;
    if (options)
        memcpy(p + 40, "\x2c\0\1\4\0\0\0\0", 8);
    f[0] = 6;
    store16(f + 2, offset | more);
    store16(f + 4, s->id >> 16);
    store16(f + 6, s->id);
    return 48 + options;
}

/* --- a table, and what comes out of it --- */

struct bench {
    struct fragments *t;
    struct fragment_counts counts;
    uint64_t now;
    unsigned pieces;                    /* of the last whole */
    uint8_t *copy;                      /* the last fragment */
    struct packet whole;
};

static void begin(struct bench *b)
{
    *b = (struct bench){ .now = START };
    b->t = fragments_new(FRAGMENTS_MEMORY, &b->counts);
    assert_non_null(b->t);
}

static void end(struct bench *b)
{
    fragments_free(b->t);
    free(b->copy);
}

/* Gives the table bytes [from, to) of s, of which `cut` were cut off. True: a whole came out. */
static bool give_cut(struct bench *b, const struct sent *s, size_t from, size_t to, size_t cut)
{
    bool more = to < s->n;
    uint8_t head[64];
    struct segment seg;

    to = to < s->n ? to : s->n;
    size_t n = (s->kind == V4 ? put_v4 : put_v6)(head, s, from, to - from, more);
    free(b->copy);
    b->copy = malloc(n + to - from - cut);
    assert_non_null(b->copy);
    memcpy(b->copy, head, n);
    memcpy(b->copy + n, s->b + from, to - from - cut);
    struct packet p = { .ts_ns = b->now, .data = span_of(b->copy, n + to - from - cut),
                        .wire_len = (uint32_t)(n + to - from), .linktype = LINK_RAW };
    assert_int_equal(decode(&p, &seg), DECODE_FRAGMENT);
    b->pieces = fragments_take(b->t, &seg, &b->whole);
    return b->pieces != 0;
}

static bool give(struct bench *b, const struct sent *s, size_t from, size_t to)
{
    return give_cut(b, s, from, to, 0);
}

/* The whole is the packet that was sent, but for `cut` bytes that end it. */
static void assert_whole(const struct bench *b, const struct sent *s, size_t cut)
{
    struct segment seg = { .nvlan = 1, .vlan = { 7 }, .ntunnel = 1, .tunnel = { TUNNEL_GRE } };

    assert_int_equal(decode_whole(&b->whole, &seg), DECODE_TCP);
    assert_int_equal(seg.ts_ns, b->now);
    assert_int_equal(seg.src.port, 40000);
    assert_int_equal(seg.dst.port, 25);
    assert_int_equal(endpoint_is_v4(&seg.src), s->kind == V4);
    assert_int_equal(seg.src.addr[15], 1);
    assert_int_equal(seg.dst.addr[15], 2);
    assert_int_equal(seg.len, s->n - 20);
    assert_int_equal(seg.tcp.n, s->n - cut);
    assert_memory_equal(seg.tcp.p, s->b, s->n - cut);
    assert_true(seg.ip.p + seg.ip.n == seg.tcp.p + seg.tcp.n);
    assert_true(seg.nvlan == 1 && seg.vlan[0] == 7 && seg.ntunnel == 1 && seg.tunnel[0] == TUNNEL_GRE);
    assert_int_not_equal(segment_checksum(&seg), CHECKSUM_RIGHT);
}

/* --- orders --- */

static void any_order_gives_the_whole(void **state)
{
    (void)state;
    static const uint8_t orders[6][3] = {
        { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 }
    };
    static const size_t edge[4] = { 0, 512, 1024, 2000 };
    struct bench b;

    begin(&b);
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        for (uint32_t o = 0; o < 6; o++) {
            struct sent s = sent_of((enum kind)kind, 100 * kind + o, 1279);
            for (int i = 0; i < 3; i++)
                assert_int_equal(give(&b, &s, edge[orders[o][i]], edge[orders[o][i] + 1]), i == 2);
            assert_int_equal(b.pieces, 3);
            assert_whole(&b, &s, 0);
        }
    }
    assert_int_equal(b.counts.whole, 18);
    assert_int_equal(b.counts.expired + b.counts.evicted + b.counts.refused, 0);
    end(&b);
}

static void packets_do_not_mix(void **state)
{
    (void)state;
    struct bench b;

    begin(&b);
    static struct sent s[20];
    for (uint32_t i = 0; i < 20; i++) {
        s[i] = sent_of(i % 2 ? V4 : V6, 7 + i / 2, 1000 + i);
        assert_false(give(&b, &s[i], 800, 9999));
    }
    for (uint32_t i = 0; i < 20; i++) {
        assert_true(give(&b, &s[i], 0, 800));
        assert_whole(&b, &s[i], 0);
    }
    end(&b);
}

static void smallest_and_largest_are_put_together(void **state)
{
    (void)state;
    struct bench b;

    begin(&b);
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        static struct sent s;
        s = sent_of((enum kind)kind, 10 * kind, 2000);
        for (size_t at = 0; at < s.n; at += 8)
            assert_int_equal(give(&b, &s, at, at + 8), at + 8 >= s.n);
        assert_whole(&b, &s, 0);
        s = sent_of((enum kind)kind, 10 * kind + 1, 65535 - 20 - 56);
        for (size_t at = 0; at < s.n; at += 1448)
            assert_int_equal(give(&b, &s, at, at + 1448), at + 1448 >= s.n);
        assert_whole(&b, &s, 0);
    }
    /* One more than a packet can have in all. */
    static struct sent s;
    s = sent_of(V4, 3, 65535 - 24 - 20 + 1);
    for (size_t at = 0; at < s.n; at += 32768)
        assert_false(give(&b, &s, at, at + 32768));
    assert_int_equal(b.counts.refused, 1);
    end(&b);
}

static void too_many_pieces_are_refused(void **state)
{
    (void)state;
    struct bench b;
    begin(&b);
    static struct sent s;
    s = sent_of(V4, 1, 8 * (FRAGMENTS_PIECES + 2));
    for (size_t at = 0; at < s.n; at += 8)
        assert_false(give(&b, &s, at, at + 8));
    assert_int_equal(b.counts.refused, 1);
    end(&b);
}

/* --- copies and overlaps --- */

static void copies_change_nothing(void **state)
{
    (void)state;
    struct bench b;

    begin(&b);
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        struct sent s = sent_of((enum kind)kind, 9, 1279), again = sent_of((enum kind)kind, 9, 1000);
        for (int twice = 0; twice < 2; twice++)
            assert_false(give(&b, &s, 0, 512));
        for (int twice = 0; twice < 2; twice++)
            assert_false(give(&b, &s, 1024, 2000));
        assert_true(give(&b, &s, 512, 1024));
        assert_whole(&b, &s, 0);
        assert_false(give(&b, &s, 512, 1024));
        b.now += SECOND / 20;
        assert_false(give(&b, &s, 0, 512));
        /* Later the number belongs to another packet. */
        b.now += SECOND / 10;
        again.b[30] ^= 1;
        assert_false(give(&b, &again, 512, 2000));
        assert_true(give(&b, &again, 0, 512));
        assert_whole(&b, &again, 0);
        b.now += SECOND;
    }
    assert_int_equal(b.counts.whole, 6);
    assert_int_equal(b.counts.refused, 0);
    end(&b);
}

/* Every overlap of two fragments with a third that lies in the way. */
static void in_ipv4_the_first_copy_wins(void **state)
{
    (void)state;
    struct bench b;
    uint32_t id = 0;

    begin(&b);
    for (size_t from = 0; from < 160; from += 8) {
        for (size_t to = from + 8; to <= 160; to += 8) {
            struct sent s = sent_of(V4, ++id, 200), other = s, want = s;
            for (size_t i = 20; i < other.n; i++)
                other.b[i] ^= 0xff;
            assert_false(give(&b, &s, 32, 64));
            assert_false(give(&b, &s, 96, 128));
            assert_false(give(&b, &other, from, to));
            for (size_t i = from; i < to; i++)
                if (!((i >= 32 && i < 64) || (i >= 96 && i < 128)))
                    want.b[i] = other.b[i];
            bool done = give(&b, &s, 0, 160);
            assert_false(done);
            assert_true(give(&b, &s, 160, 999));
            assert_whole(&b, &want, 0);
        }
    }
    assert_int_equal(b.counts.refused, 0);
    end(&b);
}

static void in_ipv6_an_overlap_spoils_all(void **state)
{
    (void)state;
    struct bench b;

    begin(&b);
    struct sent s = sent_of(V6, 5, 200), other = s;
    other.b[40] ^= 1;
    assert_false(give(&b, &s, 0, 64));
    assert_false(give(&b, &s, 56, 128));
    assert_int_equal(b.counts.refused, 1);
    assert_false(give(&b, &s, 64, 128));        /* nor what comes later */
    assert_false(give(&b, &s, 128, 999));
    assert_false(give(&b, &s, 0, 64));
    other.id = s.id = 6;                        /* the same place, other bytes */
    assert_false(give(&b, &s, 0, 64));
    assert_false(give(&b, &other, 0, 64));
    assert_false(give(&b, &s, 64, 999));
    assert_int_equal(b.counts.refused, 2);
    assert_int_equal(b.counts.whole, 0);
    end(&b);
}

/* Two last fragments, and one behind the last. */
static void ends_that_contradict(void **state)
{
    (void)state;
    struct bench b;

    begin(&b);
    for (uint32_t kind = V4; kind <= V6; kind++) {
        struct sent s = sent_of((enum kind)kind, 5, 300), longer = sent_of((enum kind)kind, 5, 600);
        assert_false(give(&b, &s, 160, 999));
        assert_false(give(&b, &longer, 320, 400));
        assert_false(give(&b, &longer, 400, 999));
        assert_int_equal(give(&b, &s, 0, 160), kind == V4);
        s.id = longer.id = 6;
        assert_false(give(&b, &longer, 400, 480));
        assert_false(give(&b, &s, 160, 999));
        assert_false(give(&b, &s, 0, 160));
    }
    assert_int_equal(b.counts.refused, 2);
    end(&b);
}

/* --- bounds --- */

static void what_is_missing_is_given_up(void **state)
{
    (void)state;
    struct bench b;

    begin(&b);
    struct sent s = sent_of(V4, 1, 200), t = sent_of(V4, 2, 200);
    assert_false(give(&b, &s, 0, 64));
    b.now += 30 * SECOND;
    assert_false(give(&b, &t, 0, 64));
    assert_int_equal(b.counts.expired, 0);
    b.now += 1;
    assert_true(give(&b, &t, 64, 999));
    assert_int_equal(b.counts.expired, 1);
    assert_false(give(&b, &s, 64, 999));
    fragments_clear(b.t);
    assert_int_equal(b.counts.expired, 2);
    assert_false(give(&b, &s, 0, 64));          /* of the input after that */
    b.now = START - 100 * SECOND;               /* a clock that steps back ends nothing */
    assert_true(give(&b, &s, 64, 999));
    assert_whole(&b, &s, 0);
    end(&b);
}

static void a_flood_pushes_the_oldest_out(void **state)
{
    (void)state;
    struct bench b;

    begin(&b);
    for (uint32_t i = 0; i < 20000; i++) {
        struct sent s = sent_of(i % 3 ? V4 : V6, i, i % 7 ? 1400 : 60000);
        assert_false(give(&b, &s, i % 2 ? 0 : 800, i % 5 ? 1400 : 1200));
    }
    assert_true(b.counts.evicted >= 20000 - FRAGMENTS_PACKETS);
    struct sent s = sent_of(V4, 60000, 5000);
    assert_false(give(&b, &s, 0, 1400));
    assert_true(give(&b, &s, 1400, 9999));
    assert_whole(&b, &s, 0);
    end(&b);
}

/* Large ones fill the memory before they are many; then there is room for others. */
static void memory_is_bounded(void **state)
{
    (void)state;
    struct bench b;

    begin(&b);
    for (uint32_t i = 0; i < 300; i++) {
        static struct sent s;
        s = sent_of(V4, i, 64000);
        for (size_t at = 0; at < 56000; at += 1400)
            assert_false(give(&b, &s, at, at + 1400));
    }
    assert_true(b.counts.evicted >= 300 - FRAGMENTS_MEMORY / 56000);
    for (uint32_t i = 0; i < 1000; i++) {
        struct sent s = sent_of(V6, 5000 + i, 100 + i % 1300);
        assert_false(give(&b, &s, 0, 64));
        assert_true(give(&b, &s, 64, 9999));
        assert_whole(&b, &s, 0);
    }
    end(&b);
}

/* --- cut packets --- */

static void what_was_cut_off_ends_the_data(void **state)
{
    (void)state;
    struct bench b;

    begin(&b);
    for (size_t cut = 0; cut <= 100; cut++) {
        struct sent s = sent_of(V6, (uint32_t)cut, 300);
        assert_false(give_cut(&b, &s, 0, 160, cut));
        assert_true(give(&b, &s, 160, 999));
        assert_whole(&b, &s, cut ? 160 + cut : 0);
        s.id = (uint32_t)(1000 + cut);
        assert_false(give(&b, &s, 0, 160));
        assert_true(give_cut(&b, &s, 160, 999, cut));
        assert_whole(&b, &s, cut);
    }
    end(&b);
}

/* --- anything --- */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void chaos_is_survived(void **state)
{
    (void)state;
    uint32_t seed = 1;
    struct bench b;

    begin(&b);
    for (int round = 0; round < 60000; round++) {
        struct sent s = sent_of((enum kind)(next_random(&seed) % KINDS), next_random(&seed) % 6,
                                100 + next_random(&seed) % 3 * 64);
        size_t from = next_random(&seed) % (s.n / 8) * 8, to = from + 8 + next_random(&seed) % 20 * 8;
        to = from || to < s.n ? to : 64;
        size_t there = (to < s.n ? to : s.n) - from;
        b.now += next_random(&seed) % 50 ? 1000 : 40 * SECOND;
        if (give_cut(&b, &s, from, to, next_random(&seed) % 8 ? 0 : next_random(&seed) % there)) {
            struct segment seg = { .nvlan = 0 };
            if (decode_whole(&b.whole, &seg) == DECODE_TCP)
                segment_checksum(&seg);
        }
    }
    assert_true(b.counts.whole > 100 && b.counts.refused > 100 && b.counts.expired > 100);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_gives_the_whole),
        cmocka_unit_test(packets_do_not_mix),
        cmocka_unit_test(smallest_and_largest_are_put_together),
        cmocka_unit_test(too_many_pieces_are_refused),
        cmocka_unit_test(copies_change_nothing),
        cmocka_unit_test(in_ipv4_the_first_copy_wins),
        cmocka_unit_test(in_ipv6_an_overlap_spoils_all),
        cmocka_unit_test(ends_that_contradict),
        cmocka_unit_test(what_is_missing_is_given_up),
        cmocka_unit_test(a_flood_pushes_the_oldest_out),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(what_was_cut_off_ends_the_data),
        cmocka_unit_test(chaos_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
