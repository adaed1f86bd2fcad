/* links: flow/origin.o
 * What counts as another sender, on segments by hand: sequence numbers that wrap, headers that are cut or mad. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "flow/origin.h"

static const uint32_t FIRST = 0xffffffe0u;
enum { LINE = 10 };

struct sent {
    uint8_t ip[20], tcp[32];
    struct segment seg;
};

static struct sent sent(uint32_t at, uint8_t ttl, uint16_t id)
{
    struct sent s = { .ip = { 0x45, 0, 0, 0, (uint8_t)(id >> 8), (uint8_t)id, 0, 0, ttl, 6 }, .tcp = { [12] = 0x50 } };
    s.seg = (struct segment){ .seq = FIRST + at, .len = LINE, .flags = TCP_ACK };
    return s;
}

static void note(struct origin *o, struct sent s)
{
    s.seg.ip = span_of(s.ip, sizeof s.ip);
    s.seg.tcp = span_of(s.tcp, sizeof s.tcp);
    origin_note(o, &s.seg);
}

/* Two, one with another TTL, two more; id: the number of the odd one. */
static enum origin_answer around(uint16_t id, unsigned usual)
{
    struct origin o = { 0 };
    for (unsigned i = 0; i < 2; i++)
        note(&o, sent(i * LINE, 57, (uint16_t)(65534 + i)));
    note(&o, sent(2 * LINE, 61, id));
    for (unsigned i = 2; i < usual; i++)
        note(&o, sent((i + 1) * LINE, 57, (uint16_t)(65534 + i + 1)));
    return origin_of(&o, FIRST + 2 * LINE, FIRST + 3 * LINE);
}

static void counters_tell_senders(void **state)
{
    (void)state;
    assert_int_equal(around(0, 4), ORIGIN_SAME);                /* 65535, 0, 1: it goes on */
    assert_int_equal(around(65000, 4), ORIGIN_OTHER_SENDER);
    assert_int_equal(around(0, 3), ORIGIN_SAME);
    assert_int_equal(around(65000, 3), ORIGIN_OTHER_SENDER);
    assert_int_equal(around(65000, 2), ORIGIN_SAME);            /* nothing behind it */
}

static void few_segments_tell_nothing(void **state)
{
    struct origin o = { 0 };
    (void)state;
    note(&o, sent(0, 57, 1));
    note(&o, sent(LINE, 61, 9000));
    note(&o, sent(2 * LINE, 57, 2));
    assert_int_equal(origin_of(&o, FIRST + LINE, FIRST + 2 * LINE), ORIGIN_SAME);
    note(&o, sent(3 * LINE, 57, 3));
    assert_int_equal(origin_of(&o, FIRST + LINE, FIRST + 2 * LINE), ORIGIN_OTHER_SENDER);
    assert_int_equal(origin_of(&o, FIRST + LINE, FIRST + 2 * LINE + 1), ORIGIN_SAME);   /* not all of it */
    assert_int_equal(origin_usual(&o), 57);
    note(&o, sent(LINE, 57, 4));                                /* the usual way, too */
    assert_int_equal(origin_of(&o, FIRST + LINE, FIRST + 2 * LINE), ORIGIN_SAME);
}

static void several_ways_at_once_tell_nothing(void **state)
{
    struct origin o = { 0 };
    (void)state;
    for (unsigned i = 0; i < 8; i++)
        note(&o, sent(i * LINE, i % 3 == 2 ? 58 : 57, (uint16_t)(i * 1000)));
    assert_int_equal(origin_of(&o, FIRST + 2 * LINE, FIRST + 3 * LINE), ORIGIN_SAME);
    assert_int_equal(origin_of(&o, FIRST + 5 * LINE, FIRST + 6 * LINE), ORIGIN_SAME);
}

static enum origin_answer with_options(const uint8_t *it, size_t n)
{
    static const uint8_t usual[12] = { 1, 1, 8, 10, 0xff, 0xff, 0xff, 0xff };
    struct origin o = { 0 };
    for (unsigned i = 0; i < 5; i++) {
        struct sent s = sent(i * LINE, i == 2 ? 61 : 57, (uint16_t)(i * 1000));
        s.tcp[12] = 0x80;
        memcpy(s.tcp + 20, usual, sizeof usual);
        if (i > 2)
            memset(s.tcp + 24, 0, 4);       /* the clock wraps */
        if (i == 2)
            memcpy(s.tcp + 20, it, n);
        note(&o, s);
    }
    return origin_of(&o, FIRST + 2 * LINE, FIRST + 3 * LINE);
}

static void clocks_tell_senders(void **state)
{
    (void)state;
    assert_int_equal(with_options((const uint8_t[]){ 1, 1, 8, 10, 0, 0, 0, 0 }, 8), ORIGIN_SAME);
    assert_int_equal(with_options((const uint8_t[]){ 8, 10, 0, 0, 0, 0 }, 6), ORIGIN_SAME);
    assert_int_equal(with_options((const uint8_t[]){ 1, 1, 8, 10, 0, 0, 0, 9 }, 8), ORIGIN_OTHER_SENDER);
    assert_int_equal(with_options((const uint8_t[]){ 0 }, 1), ORIGIN_OTHER_SENDER);
    assert_int_equal(with_options((const uint8_t[]){ 5, 0 }, 2), ORIGIN_OTHER_SENDER);          /* no length */
    assert_int_equal(with_options((const uint8_t[]){ 8, 200 }, 2), ORIGIN_OTHER_SENDER);        /* beyond the header */
    assert_int_equal(with_options((const uint8_t[]){ 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 8 }, 12), ORIGIN_OTHER_SENDER);
}

static void headers_that_were_not_captured(void **state)
{
    struct origin o = { 0 };
    struct sent s = sent(0, 57, 1);
    (void)state;
    origin_note(&o, &s.seg);
    s.seg.ip = span_of(s.ip, 8);
    origin_note(&o, &s.seg);
    assert_int_equal(origin_usual(&o), 0);
    s.tcp[12] = 0xf0;                       /* options that were cut off */
    note(&o, s);
    assert_int_equal(origin_usual(&o), 57);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_tell_senders),
        cmocka_unit_test(few_segments_tell_nothing),
        cmocka_unit_test(several_ways_at_once_tell_nothing),
        cmocka_unit_test(clocks_tell_senders),
        cmocka_unit_test(headers_that_were_not_captured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
