/* links: base/bytes.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/bytes.h"

static struct span text(const char *s) { return span_of(s, strlen(s)); }

static void skip_and_first_stay_inside(void **state)
{
    (void)state;
    struct span s = text("abcdef");

    assert_true(span_eq(span_skip(s, 2), "cdef"));
    assert_int_equal(span_skip(s, 6).n, 0);
    assert_int_equal(span_skip(s, 7).n, 0);
    assert_true(span_skip(s, 7).p == s.p + 6);
    assert_true(span_eq(span_first(s, 2), "ab"));
    assert_true(span_eq(span_first(s, 9), "abcdef"));
    assert_null(span_skip((struct span){ NULL, 0 }, 3).p);
}

static void words_are_compared(void **state)
{
    (void)state;
    static const struct {
        const char *in, *word;
        bool eq, eq_nocase, starts, starts_nocase;
    } cases[] = {
        { "EHLO", "EHLO", true, true, true, true },
        { "ehlo", "EHLO", false, true, false, true },
        { "EHLO x", "EHLO", false, false, true, true },
        { "Ehlo x", "EHLO", false, false, false, true },
        { "EHL", "EHLO", false, false, false, false },
        { "", "", true, true, true, true },
        { "", "A", false, false, false, false },
        { "A", "", false, false, true, true },
        { "[", "{", false, false, false, false },      /* differ by the bit that letters do */
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span in = text(cases[i].in);
        assert_int_equal(span_eq(in, cases[i].word), cases[i].eq);
        assert_int_equal(span_eq_nocase(in, cases[i].word), cases[i].eq_nocase);
        assert_int_equal(span_starts(in, cases[i].word), cases[i].starts);
        assert_int_equal(span_starts_nocase(in, cases[i].word), cases[i].starts_nocase);
    }
    assert_int_equal(ascii_upper(0xe4), 0xe4);
    assert_true(ascii_digit('0') && ascii_digit('9') && !ascii_digit('/') && !ascii_digit(':'));
}

static void a_nul_is_a_byte_like_others(void **state)
{
    (void)state;
    struct span in = span_of("A\0B", 3);

    assert_false(span_eq(in, "A"));
    assert_true(span_starts(in, "A"));
    assert_int_equal(span_find_nocase(in, "b"), 2);
}

static void text_is_found(void **state)
{
    (void)state;
    assert_int_equal(span_find_nocase(text("250-STARTTLS"), "starttls"), 4);
    assert_int_equal(span_find_nocase(text("sstarttls"), "STARTTLS"), 1);
    assert_int_equal(span_find_nocase(text("STARTTL"), "STARTTLS"), -1);
    assert_int_equal(span_find_nocase(text(""), "S"), -1);
}

static void words_are_cut_off(void **state)
{
    (void)state;
    struct span rest = text("  AUTH \t PLAIN AGE= ");

    assert_true(span_eq(span_word(&rest), "AUTH"));
    assert_true(span_eq(span_word(&rest), "PLAIN"));
    assert_true(span_eq(span_word(&rest), "AGE="));
    assert_int_equal(span_word(&rest).n, 0);
    assert_int_equal(rest.n, 0);
    assert_int_equal(span_word(&rest).n, 0);
}

static const uint8_t numbers[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0xff, 0xfe, 0xfd, 0xfc };

static void numbers_are_in_network_order(void **state)
{
    (void)state;
    struct cursor c = cursor_of(span_of(numbers, sizeof numbers));

    assert_int_equal(get_u8(&c), 0x01);
    assert_int_equal(get_u16(&c), 0x0203);
    assert_int_equal(get_u24(&c), 0x040506);
    assert_int_equal(get_u32(&c), 0xfffefdfc);
    assert_false(c.bad);
    assert_int_equal(c.rest.n, 0);
    assert_int_equal(load_be16(numbers + 1), 0x0203);
    assert_int_equal(load_be32(numbers + 6), 0xfffefdfc);
    assert_int_equal(load_le32(numbers + 6), 0xfcfdfeff);
}

static void the_first_short_read_is_the_last(void **state)
{
    (void)state;
    for (size_t n = 0; n <= sizeof numbers; n++) {
        struct cursor c = cursor_of(span_of(numbers, n));
        get_u32(&c);
        get_u24(&c);
        get_u16(&c);
        assert_int_equal(c.bad, n < 9);
        struct span before = c.rest;
        uint8_t last = get_u8(&c);
        assert_int_equal(last, n == 10 ? 0xfc : 0);
        if (n < 10) {
            assert_true(c.bad);
            assert_int_equal(c.rest.n, before.n);
            assert_int_equal(get_bytes(&c, 0).n, 0);
        }
    }
}

static void blocks_are_cursors_of_their_own(void **state)
{
    (void)state;
    static const uint8_t in[] = { 2, 0xaa, 0xbb, 0, 1, 0xcc, 0, 0, 1, 0xdd, 3, 0xee };
    struct cursor c = cursor_of(span_of(in, sizeof in));

    struct cursor one = get_block(&c, 1);
    assert_int_equal(get_u16(&one), 0xaabb);
    get_u8(&one);
    assert_true(one.bad);
    assert_false(c.bad);
    struct cursor two = get_block(&c, 2), three = get_block(&c, 3);
    assert_int_equal(get_u8(&two), 0xcc);
    assert_int_equal(get_u8(&three), 0xdd);
    struct cursor cut = get_block(&c, 1);
    assert_true(c.bad && !cut.bad);
    assert_int_equal(cut.rest.n, 1);
    assert_int_equal(cut.rest.p[0], 0xee);
    assert_int_equal(c.rest.n, 0);
}

static void a_block_without_its_length_is_empty(void **state)
{
    (void)state;
    for (unsigned width = 1; width <= 3; width++) {
        struct cursor c = cursor_of(span_of(numbers, width - 1));
        struct cursor inner = get_block(&c, width);
        assert_true(c.bad && inner.bad);
        assert_int_equal(inner.rest.n, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skip_and_first_stay_inside),
        cmocka_unit_test(words_are_compared),
        cmocka_unit_test(a_nul_is_a_byte_like_others),
        cmocka_unit_test(text_is_found),
        cmocka_unit_test(words_are_cut_off),
        cmocka_unit_test(numbers_are_in_network_order),
        cmocka_unit_test(the_first_short_read_is_the_last),
        cmocka_unit_test(blocks_are_cursors_of_their_own),
        cmocka_unit_test(a_block_without_its_length_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
