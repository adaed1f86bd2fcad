/* links: flow/reorder.o base/pool.o base/bytes.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "flow/reorder.h"
#include "unit/segment_kit.h"

#define COUNT(table) (sizeof table / sizeof *table)

/* --- two directions, and what comes out of them as text --- */

enum { A, B };
enum { BASE_A = 1000, BASE_B = 70000 };     /* sequence number of the first byte of each side */

struct wire {
    struct reorder r;
    struct pool *pool;
    uint64_t now;
    uint32_t base[2];
    char out[16384];                    /* "A:text", "B-3" (a gap), "A." (its end), "A!first|other" */
    size_t n;
    int last;                           /* who said the last text, so that parts of it run together */
};

static void wire_begin(struct wire *w, size_t memory)
{
    memset(w, 0, sizeof *w);
    w->pool = pool_new(memory);
    w->now = 1700000000ull * SECOND;
    w->base[A] = BASE_A;
    w->base[B] = BASE_B;
    w->last = -1;
    reorder_init(&w->r, w->pool);
    for (unsigned side = 0; side < 2; side++)
        reorder_keep_past(&w->r, side, true);
}

static void put(struct wire *w, const void *p, size_t n)
{
    assert_true(w->n + n < sizeof w->out);
    memcpy(w->out + w->n, p, n);
    w->n += n;
}

static void put_chunk(struct wire *w, const struct chunk *c)
{
    char text[32];
    bool goes_on = c->kind == CHUNK_DATA && w->last == c->side;

    if (!goes_on)
        put(w, text, (size_t)snprintf(text, sizeof text, "%s%c", w->n ? " " : "", c->side ? 'B' : 'A'));
    w->last = c->kind == CHUNK_DATA ? c->side : -1;
    switch (c->kind) {
    case CHUNK_DATA:
        assert_true(c->bytes.n > 0);
        if (!goes_on)
            put(w, ":", 1);
        put(w, c->bytes.p, c->bytes.n);
        break;
    case CHUNK_GAP:
        put(w, text, (size_t)snprintf(text, sizeof text, "-%u", c->n));
        break;
    case CHUNK_FIN:
        put(w, ".", 1);
        break;
    case CHUNK_CONFLICT:
        put(w, "!", 1);
        put(w, c->first.p, c->first.n);
        put(w, "|", 1);
        put(w, c->other.p, c->other.n);
        put(w, c->whole ? "" : "?", !c->whole);
        break;
    case CHUNK_MOVED:
        put(w, text, (size_t)snprintf(text, sizeof text, ">%u+%u", c->from, c->n));
        break;
    }
}

static void fetch(struct wire *w)
{
    struct chunk c;
    while (reorder_next(&w->r, &c))
        put_chunk(w, &c);
}

/* A segment of `side` that begins at byte `at` of its stream and acknowledges `acked` bytes of the
 * other; negative: no acknowledgement. */
static void send_with(struct wire *w, unsigned side, long at, const char *text, long acked, uint8_t flags,
                      enum checksum sum)
{
    struct made m = segment_made(w->now, (uint8_t)(flags | (acked >= 0 ? TCP_ACK : 0)),
                                 w->base[side] + (uint32_t)at, w->base[!side] + (uint32_t)acked, text,
                                 strlen(text));
    w->now += SECOND / 1000;
    reorder_push(&w->r, side, &m.seg, sum);
    fetch(w);
    segment_free(&m);
}

static void say(struct wire *w, unsigned side, long at, const char *text, long acked)
{
    send_with(w, side, at, text, acked, TCP_PSH, CHECKSUM_UNKNOWN);
}

/* SYN and SYN-ACK: the number before the first byte. */
static void open_both(struct wire *w)
{
    send_with(w, A, -1, "", -1, TCP_SYN, CHECKSUM_UNKNOWN);
    send_with(w, B, -1, "", 0, TCP_SYN, CHECKSUM_UNKNOWN);
    send_with(w, A, 0, "", 0, 0, CHECKSUM_UNKNOWN);
}

static void wire_end(struct wire *w, const char *want)
{
    struct chunk c;
    while (reorder_flush(&w->r, &c))
        put_chunk(w, &c);
    reorder_end(&w->r);
    pool_free(w->pool);
    w->out[w->n] = 0;
    assert_string_equal(w->out, want);
}

/* --- cases as scripts --- */

struct step {
    unsigned side;
    long at;
    const char *text;
    long acked;
    uint8_t flags;
    unsigned wait_s;                    /* packet time that passes before it */
    enum checksum sum;
};

struct script {
    const char *name;
    bool opened;
    struct step step[10];               /* up to the first without text */
    const char *want;
};

#define SAYS(side, at, text, acked)          { side, at, text, acked, 0, 0, CHECKSUM_UNKNOWN }
#define FLAG(side, at, text, acked, flag)    { side, at, text, acked, flag, 0, CHECKSUM_UNKNOWN }
#define LATER(side, at, text, acked, s)      { side, at, text, acked, 0, s, CHECKSUM_UNKNOWN }
#define WRONG(side, at, text, acked)         { side, at, text, acked, 0, 0, CHECKSUM_WRONG }

static const struct script scripts[] = {
    { "in order", true, { SAYS(A, 0, "one", 0), SAYS(B, 0, "two", 3), SAYS(A, 3, "three", 3) },
      "A:one B:two A:three" },
    { "swapped", true, { SAYS(A, 3, "two", 0), SAYS(A, 0, "one", 0) }, "A:onetwo" },
    { "three turned round", true, { SAYS(A, 6, "ccc", 0), SAYS(A, 3, "bbb", 0), SAYS(A, 0, "aaa", 0) },
      "A:aaabbbccc" },
    { "sent twice", true, { SAYS(A, 0, "one", 0), SAYS(A, 0, "one", 0), SAYS(A, 3, "two", 0) }, "A:onetwo" },
    { "held twice", true, { SAYS(A, 3, "two", 0), SAYS(A, 3, "two", 0), SAYS(A, 0, "one", 0) }, "A:onetwo" },
    { "sent again with more", true, { SAYS(A, 0, "one", 0), SAYS(A, 0, "onetwo", 0) }, "A:onetwo" },
    { "sent again in other pieces", true, { SAYS(A, 0, "onetwo", 0), SAYS(A, 2, "et", 0), SAYS(A, 4,
      "wothree", 0) },
      "A:onetwothree" },
    { "overlap among the held ones", true,
      { SAYS(A, 4, "4567", 0), SAYS(A, 6, "6789", 0), SAYS(A, 2, "2345", 0), SAYS(A, 0, "01", 0) },
        "A:0123456789" },
    { "a piece within another", true, { SAYS(A, 3, "3456", 0), SAYS(A, 4, "4", 0), SAYS(A, 0, "012", 0) },
      "A:0123456" },

    { "other bytes", true, { SAYS(A, 0, "one\n", 0), SAYS(A, 0, "xne\n", 0) }, "A:one\n A!one\n|xne\n" },
    { "other bytes, lines around them", true,
      { SAYS(A, 0, "aa\nSTARTTLS\nbb\n", 0), SAYS(A, 3, "XXXXXXXX\n", 0) },
        "A:aa\nSTARTTLS\nbb\n A!STARTTLS\n|XXXXXXXX\n" },
    { "other bytes in part of a line", true, { SAYS(A, 0, "STARTTLS\n", 0), SAYS(A, 2, "XXX", 0) },
      "A:STARTTLS\n A!STARTTLS\n|STXXXTLS\n?" },
    { "other bytes among the held ones", true,
      { SAYS(B, 6, "250 STARTTLS\n", 0), SAYS(B, 6, "250 XXXXXXXX\n", 0), SAYS(B, 0, "220 a\n", 0) },
      "B:220 a\n250 STARTTLS\n B!250 STARTTLS\n|250 XXXXXXXX\n" },
    { "other bytes with a wrong checksum", true,
      { SAYS(A, 0, "one\n", 0), WRONG(A, 0, "xne\n", 0) }, "A:one\n" },
    { "other bytes, and new ones behind them", true, { SAYS(A, 0, "one\n", 0), SAYS(A, 0, "xne\ntwo\n", 0) },
      "A:one\n A!one\n|xne\n A:two\n" },

    { "a reply before its command", true, { SAYS(B, 0, "250 ok", 4), SAYS(A, 0, "EHLO", 0) },
      "A:EHLO B:250 ok" },
    { "a command before the greeting it answers", true,
      { SAYS(A, 0, "EHLO", 6), SAYS(B, 4, "hi", 0), SAYS(B, 0, "220 ", 0), SAYS(B, 6, "250", 4) },
        "B:220 hi A:EHLO B:250" },
    { "both wait for one another", true,
      { SAYS(B, 3, "b2", 6), SAYS(A, 3, "a2a", 3), SAYS(B, 0, "b1b", 3), SAYS(A, 0, "a1a", 0) },
        "A:a1a B:b1b A:a2a B:b2" },

    { "a hole that nobody acknowledged is waited for", true,
      { SAYS(A, 0, "one", 0), SAYS(A, 6, "three", 0), LATER(A, 3, "two", 0, 59) }, "A:onetwothree" },
    { "but not for ever", true,
      { SAYS(A, 0, "one", 0), SAYS(A, 6, "three", 0), LATER(A, 11, "four", 0, 61), LATER(A, 3, "two", 0, 1) },
      "A:one A-3 A:threefour" },
    { "a hole that was acknowledged", true,
      { SAYS(A, 0, "one", 0), SAYS(A, 6, "three", 0), SAYS(B, 0, "ok", 11), LATER(B, 2, "ok", 11, 2) },
      "A:one A-3 A:three B:okok" },
    { "comes late all the same", true,
      { SAYS(A, 0, "one", 0), SAYS(A, 6, "three", 0), SAYS(B, 0, "ok", 11), SAYS(A, 3, "two", 0) },
        "A:onetwothree B:ok" },
    { "all of a command was lost", true,
      { SAYS(B, 0, "220", 0), SAYS(B, 3, "250", 4), LATER(B, 6, "250", 4, 2) }, "B:220 A-4 B:250250" },
    { "the greeting was lost", true, { SAYS(A, 0, "EHLO", 9), SAYS(B, 9, "250", 4), LATER(A, 4, "MAIL", 12,
      2) },
      "B-9 A:EHLO B:250 A:MAIL" },
    { "the last bytes were lost", true, { SAYS(A, 0, "one", 0), SAYS(B, 0, "ok", 9) }, "A:one A-6 B:ok" },
    { "two holes", true,
      { SAYS(A, 0, "0", 0), SAYS(A, 2, "2", 0), SAYS(A, 4, "4", 0), SAYS(B, 0, "ok", 5) },
        "A:0 A-1 A:2 A-1 A:4 B:ok" },

    { "keep-alive, no byte", true, { SAYS(A, 0, "one", 0), SAYS(A, 2, "", 0), SAYS(A, 3, "two", 0) },
      "A:onetwo" },
    { "keep-alive, its byte again", true, { SAYS(A, 0, "one", 0), SAYS(A, 2, "e", 0), SAYS(A, 3, "two", 0) },
      "A:onetwo" },
    { "keep-alive, a made-up byte", true, { SAYS(A, 0, "one", 0), SAYS(A, 2, "\x01", 0), SAYS(A, 3, "two",
      0) }, "A:onetwo" },
    { "keep-alive before anything was said", true, { SAYS(A, -1, "\x01", 0), SAYS(A, 0, "one", 0) },
      "A:one" },

    { "FIN", true, { FLAG(A, 0, "one", 0, TCP_FIN), FLAG(B, 0, "two", 4, TCP_FIN) }, "A:one A. B:two B." },
    { "FIN before its data", true, { FLAG(A, 3, "two", 0, TCP_FIN), SAYS(A, 0, "one", 0) }, "A:onetwo A." },
    { "FIN alone and early", true, { FLAG(A, 3, "", 0, TCP_FIN), SAYS(A, 0, "one", 0) }, "A:one A." },
    { "FIN twice", true, { FLAG(A, 0, "one", 0, TCP_FIN), FLAG(A, 3, "", 0, TCP_FIN) }, "A:one A." },
    { "FIN behind a hole that stays", true,
      { SAYS(A, 0, "one", 0), FLAG(A, 6, "x", 0, TCP_FIN), SAYS(B, 0, "ok", 8) }, "A:one A-3 A:x A. B:ok" },

    { "data on SYN", false, { FLAG(A, -1, "hello", -1, TCP_SYN), FLAG(B, -1, "", 5, TCP_SYN), SAYS(B, 0, "ok",
      5) },
      "A:hello B:ok" },
    { "data on SYN, sent again", false,
      { FLAG(A, -1, "hello", -1, TCP_SYN), FLAG(A, -1, "hello", -1, TCP_SYN), SAYS(A, 5, "you", 0) },
        "A:helloyou" },

    { "mid-stream", false, { SAYS(A, 500, "one", 700), SAYS(B, 700, "two", 503), SAYS(A, 503, "three", 703) },
      "A:one B:two A:three" },
    { "mid-stream, reply first", false, { SAYS(B, 700, "two", 503), SAYS(A, 500, "one", 700) },
      "B:two A:one" },
    { "one direction only", true, { SAYS(A, 0, "EHLO", 0), SAYS(A, 4, "MAIL", 80), SAYS(A, 8, "RCPT", 160) },
      "A:EHLO B-80 A:MAIL B-80 A:RCPT" },
    { "mid-stream, one direction only", false, { SAYS(A, 5, "EHLO", 10), SAYS(A, 9, "MAIL", 80) },
      "A:EHLOMAIL" },
};

static void play(struct wire *w, const struct script *s)
{
    if (s->opened)
        open_both(w);
    for (size_t i = 0; i < COUNT(s->step) && s->step[i].text; i++) {
        const struct step *t = &s->step[i];
        w->now += (uint64_t)t->wait_s * SECOND;
        send_with(w, t->side, t->at, t->text, t->acked, t->flags, t->sum);
    }
}

/* Each script at three places of the space of sequence numbers: they wrap. */
static void scripts_with_and_without_wrap(void **state)
{
    static const uint32_t bases[][2] = { { BASE_A, BASE_B }, { 0xfffffffe, 3 }, { 0x7ffffffd, 0xfffffffb } };
    (void)state;
    for (size_t i = 0; i < COUNT(scripts); i++)
        for (size_t k = 0; k < COUNT(bases); k++) {
            struct wire w;
            wire_begin(&w, 8 << 20);
            memcpy(w.base, bases[k], sizeof w.base);
            play(&w, &scripts[i]);
            struct chunk c;
            while (reorder_flush(&w.r, &c))
                put_chunk(&w, &c);
            reorder_end(&w.r);
            pool_free(w.pool);
            w.out[w.n] = 0;
            if (strcmp(w.out, scripts[i].want) != 0)
                fail_msg("%s, base %zu:\n%s\nis not\n%s", scripts[i].name, k, w.out, scripts[i].want);
        }
}

/* --- cut segments --- */

static void cut_segments_become_gaps(void **state)
{
    struct wire w;
    (void)state;
    wire_begin(&w, 8 << 20);
    open_both(&w);
    struct made m = segment_made(w.now, TCP_ACK, BASE_A, BASE_B, "one", 3);
    m.seg.len = 10;
    reorder_push(&w.r, A, &m.seg, CHECKSUM_UNKNOWN);
    fetch(&w);
    segment_free(&m);
    say(&w, A, 10, "two", 0);
    /* The same in a held one. */
    m = segment_made(w.now, TCP_ACK, BASE_A + 15, BASE_B, "x", 1);
    m.seg.len = 3;
    reorder_push(&w.r, A, &m.seg, CHECKSUM_UNKNOWN);
    fetch(&w);
    segment_free(&m);
    say(&w, A, 13, "ab", 0);
    wire_end(&w, "A:one A-7 A:twoabx A-2");
}

/* --- bounds --- */

static void held_segments_are_bounded(void **state)
{
    struct wire w;
    char text[16], want[4096];
    size_t n = 0;
    (void)state;
    wire_begin(&w, 8 << 20);
    open_both(&w);
    for (int i = 0; i < REORDER_HELD; i++) {
        assert_int_equal(w.n, 0);       /* nothing comes before the bound is reached */
        snprintf(text, sizeof text, "%03d,", i);
        say(&w, A, 10 + 4 * i, text, 0);
    }
    assert_true(w.n > 0);               /* then the hole is a gap, and all of them come */
    n += (size_t)snprintf(want, sizeof want, "A-10 A:");
    for (int i = 0; i < REORDER_HELD; i++)
        n += (size_t)snprintf(want + n, sizeof want - n, "%03d,", i);
    assert_false(reorder_waits(&w.r));
    wire_end(&w, want);
}

static void held_bytes_are_bounded(void **state)
{
    struct reorder r;
    struct pool *pool = pool_new(8 << 20);
    struct chunk c;
    uint8_t *much = calloc(1, 60000);
    uint64_t given = 0;
    bool gap = false;
    (void)state;
    reorder_init(&r, pool);
    struct made m = segment_made(1, TCP_ACK, 0, 0, "a", 1);
    reorder_push(&r, 0, &m.seg, CHECKSUM_UNKNOWN);
    while (reorder_next(&r, &c))
        given += c.bytes.n;
    segment_free(&m);
    for (uint32_t i = 0; i < 2; i++) {
        m = segment_made(2, TCP_ACK, 1000 + 60000 * i, 0, much, 60000);
        reorder_push(&r, 0, &m.seg, CHECKSUM_UNKNOWN);
        while (reorder_next(&r, &c)) {
            gap = gap || (c.kind == CHUNK_GAP && c.n == 999);
            given += c.kind == CHUNK_DATA ? c.bytes.n : 0;
        }
        segment_free(&m);
    }
    assert_true(gap);
    assert_int_equal(given, 120001);    /* a huge segment is held in pieces and comes out whole */
    reorder_end(&r);
    pool_free(pool);
    free(much);
}

/* Far more than the bound, while nothing is fetched in between. */
static void a_flood_is_bounded(void **state)
{
    struct wire w;
    (void)state;
    wire_begin(&w, 64 << 20);
    open_both(&w);
    for (uint32_t i = 0; i < 5000; i++) {
        struct made m = segment_made(w.now, TCP_ACK, BASE_A + 10 + 2 * i, BASE_B, "x", 1);
        reorder_push(&w.r, A, &m.seg, CHECKSUM_UNKNOWN);
        segment_free(&m);
        assert_true(w.r.side[A].held_n <= 2 * REORDER_HELD);
    }
    struct chunk c;
    while (reorder_next(&w.r, &c))
        ;
    reorder_end(&w.r);
    pool_free(w.pool);
}

static void without_memory_held_ones_become_gaps(void **state)
{
    struct wire w;
    (void)state;
    wire_begin(&w, 32);
    open_both(&w);
    say(&w, A, 0, "one", 0);
    say(&w, A, 6, "three", 0);          /* finds no place */
    say(&w, A, 3, "two", 0);
    say(&w, B, 0, "ok", 6);
    say(&w, B, 2, "ok", 11);            /* nor does this */
    wire_end(&w, "A:onetwo B:ok A-5");
}

/* The copy is only compared where the first one is remembered. */
static void the_past_is_remembered_only_if_asked(void **state)
{
    struct wire w;
    (void)state;
    wire_begin(&w, 8 << 20);
    open_both(&w);
    say(&w, A, 0, "one\n", 0);
    reorder_keep_past(&w.r, A, false);
    say(&w, A, 0, "xne\n", 0);
    assert_false(w.r.overlap);
    reorder_keep_past(&w.r, A, true);
    say(&w, A, 4, "two\n", 0);
    say(&w, A, 4, "xwo\n", 0);
    assert_true(w.r.overlap);
    wire_end(&w, "A:one\ntwo\n A!two\n|xwo\n");
}

/* A box said "nope"; what the server says next is seen on both sides of it. */
static void what_stands_elsewhere_again_has_moved(void **state)
{
    struct wire w;
    (void)state;
    wire_begin(&w, 8 << 20);
    open_both(&w);
    say(&w, B, 0, "nope\n", 0);
    say(&w, B, 0, "yes\n", 0);
    say(&w, B, 5, "yes\n", 0);
    wire_end(&w, "B:nope\n B!nope\n|yes\n\n? B>70000+5 B:yes\n");
}

static void a_damaged_or_another_copy_has_not_moved(void **state)
{
    struct wire w;
    (void)state;
    wire_begin(&w, 8 << 20);
    open_both(&w);
    say(&w, B, 0, "no\n", 0);
    say(&w, B, 0, "ye\n", 0);
    say(&w, B, 0, "ye\n", 0);
    send_with(&w, B, 3, "ye\n", 0, TCP_PSH, CHECKSUM_WRONG);
    say(&w, B, 6, "YE\n", 0);
    say(&w, A, 0, "ye\n", 0);
    assert_null(strchr(w.out, '>'));
    reorder_end(&w.r);
    pool_free(w.pool);
}

static void an_end_may_move_too(void **state)
{
    struct wire w;
    (void)state;
    wire_begin(&w, 8 << 20);
    open_both(&w);
    say(&w, B, 0, "no\n", 0);
    send_with(&w, B, 0, "", 0, TCP_FIN, CHECKSUM_UNKNOWN);
    send_with(&w, B, 0, "", 0, TCP_FIN, CHECKSUM_UNKNOWN);
    send_with(&w, B, 3, "", 0, TCP_FIN, CHECKSUM_WRONG);
    assert_null(strchr(w.out, '>'));
    send_with(&w, B, 3, "", 0, TCP_FIN, CHECKSUM_UNKNOWN);
    wire_end(&w, "B:no\n B>70000+3");
}

/* Of a connection with other numbers, as behind a firewall that draws its own. */
static void numbers_of_another_connection_are_noticed(void **state)
{
    static const struct { unsigned side; long at, acked; bool far; } cases[] = {
        { A, 0, 0, false }, { A, 1 << 20, 0, false }, { A, (1 << 20) + 100, 0, true }, { A, -(1 << 20) - 100, 0, true },
        { B, 0, 1 << 20, false }, { B, 0, (1 << 20) + 100, true }, { B, 0, 0xffefff00, true },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wire w;
        wire_begin(&w, 8 << 20);
        open_both(&w);
        assert_false(w.r.far);
        send_with(&w, cases[i].side, cases[i].at, "", cases[i].acked, 0, CHECKSUM_UNKNOWN);
        send_with(&w, cases[i].side, cases[i].at, "", cases[i].acked, TCP_RST, CHECKSUM_UNKNOWN);
        assert_false(w.r.far);          /* bare ones may be anybody's */
        say(&w, cases[i].side, cases[i].at, "text", cases[i].acked);
        assert_int_equal(w.r.far, cases[i].far);
        reorder_end(&w.r);
        pool_free(w.pool);
    }
}

static void marks(void **state)
{
    struct wire w;
    (void)state;
    wire_begin(&w, 8 << 20);
    open_both(&w);
    say(&w, A, 0, "one", 0);
    say(&w, A, 0, "one", 0);
    assert_false(w.r.overlap || w.r.gap);
    say(&w, A, 6, "three", 0);
    assert_true(reorder_waits(&w.r));
    wire_end(&w, "A:one A-3 A:three");
    assert_true(w.r.gap);
}

/* --- any order --- */

enum { STREAM = 6000, PARTS = 700, SWAP = 20 };

struct part {
    unsigned side;
    uint32_t at, n, ack;
};

static uint32_t seed;
static uint32_t any(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

static uint8_t byte_of(unsigned side, uint32_t at)
{
    return (uint8_t)((at * 31 + (at >> 8) * 7) ^ (side ? 0x55 : 0));
}

/* A true dialogue: turns of some segments each; every segment acknowledges all that the other side
 * said before its turn. */
static size_t make_parts(struct part *part)
{
    uint32_t said[2] = { 0, 0 };
    size_t n = 0;
    for (unsigned side = 0; n < PARTS - 64 && said[0] < STREAM && said[1] < STREAM; side = !side) {
        uint32_t ack = said[!side];
        for (uint32_t k = 1 + any(6); k; k--) {
            part[n] = (struct part){ side, said[side], 1 + any(40), ack };
            said[side] += part[n].n;
            n++;
        }
    }
    return n;
}

/* Duplicates some, cuts again elsewhere, and moves each by at most SWAP places. */
static size_t disturb(struct part *part, size_t n)
{
    for (size_t i = 0; i < n && n < PARTS; i++)
        if (any(8) == 0) {
            struct part copy = part[i];
            uint32_t skip = any(copy.n);
            copy.at += skip;
            copy.n -= skip;
            part[n++] = copy;
            for (size_t k = n - 1; k > i + 1; k--) {    /* into place, behind its first copy */
                struct part t = part[k];
                part[k] = part[k - 1];
                part[k - 1] = t;
            }
            i++;
        }
    for (size_t block = 0; block + SWAP <= n; block += SWAP)    /* Fisher and Yates, 20 at a time */
        for (size_t i = SWAP - 1; i > 0; i--) {
            size_t k = any((uint32_t)i + 1);
            struct part t = part[block + i];
            part[block + i] = part[block + k];
            part[block + k] = t;
        }
    return n;
}

struct check {
    uint32_t given[2];
    uint32_t total[2];
};

static void check_chunk(struct check *k, const struct chunk *c, const uint32_t base[2])
{
    assert_int_equal(c->kind, CHUNK_DATA);
    for (size_t i = 0; i < c->bytes.n; i++)
        assert_int_equal(c->bytes.p[i], byte_of(c->side, k->given[c->side] + (uint32_t)i));
    k->given[c->side] += (uint32_t)c->bytes.n;
    assert_int_equal(c->end, base[c->side] + k->given[c->side]);
    /* Causal: what its sender had seen has been given out. */
    assert_true(c->has_ack && seq_diff(c->ack, base[!c->side] + k->given[!c->side]) <= 0);
}

static void any_order_gives_the_streams(void **state)
{
    static struct part part[PARTS];
    (void)state;
    for (unsigned round = 0; round < 400; round++) {
        uint32_t base[2];
        struct reorder r;
        struct pool *pool = pool_new(8 << 20);
        struct check k = { 0 };
        struct chunk c;
        seed = round;
        base[0] = 0u - any(5000);
        base[1] = any(10) ? any(1u << 24) << 8 : 0u - any(5000);
        size_t n = make_parts(part);
        for (size_t i = 0; i < n; i++)
            k.total[part[i].side] = part[i].at + part[i].n;
        n = disturb(part, n);
        reorder_init(&r, pool);
        for (unsigned side = 0; side < 2; side++) {
            uint8_t flags = (uint8_t)(TCP_SYN | (side ? TCP_ACK : 0));
            struct made m = segment_made(1, flags, base[side] - 1, base[!side], "", 0);
            reorder_push(&r, side, &m.seg, CHECKSUM_UNKNOWN);
            segment_free(&m);
            reorder_keep_past(&r, side, true);
        }
        for (size_t i = 0; i < n; i++) {
            uint8_t bytes[64];
            for (uint32_t b = 0; b < part[i].n; b++)
                bytes[b] = byte_of(part[i].side, part[i].at + b);
            struct made m = segment_made(1 + i, TCP_ACK, base[part[i].side] + part[i].at,
                                         base[!part[i].side] + part[i].ack, bytes, part[i].n);
            reorder_push(&r, part[i].side, &m.seg, CHECKSUM_RIGHT);
            while (reorder_next(&r, &c))
                check_chunk(&k, &c, base);
            segment_free(&m);
        }
        while (reorder_flush(&r, &c))
            check_chunk(&k, &c, base);
        assert_int_equal(k.given[0], k.total[0]);
        assert_int_equal(k.given[1], k.total[1]);
        assert_false(r.gap || r.overlap);
        reorder_end(&r);
        pool_free(pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scripts_with_and_without_wrap),
        cmocka_unit_test(cut_segments_become_gaps),
        cmocka_unit_test(held_segments_are_bounded),
        cmocka_unit_test(held_bytes_are_bounded),
        cmocka_unit_test(a_flood_is_bounded),
        cmocka_unit_test(without_memory_held_ones_become_gaps),
        cmocka_unit_test(the_past_is_remembered_only_if_asked),
        cmocka_unit_test(what_stands_elsewhere_again_has_moved),
        cmocka_unit_test(a_damaged_or_another_copy_has_not_moved),
        cmocka_unit_test(an_end_may_move_too),
        cmocka_unit_test(numbers_of_another_connection_are_noticed),
        cmocka_unit_test(marks),
        cmocka_unit_test(any_order_gives_the_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
