/* links: base/x509.o base/bytes.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/x509.h"
#include "unit/der_kit.h"

#define COUNT(table) (sizeof table / sizeof *table)

/* Reads a copy of its own exact size, so that a sanitizer sees any read beyond the end. */
static bool read_copy(const uint8_t *p, size_t n, struct x509_words *w)
{
    uint8_t *copy = malloc(n ? n : 1);
    memcpy(copy, p, n);
    bool good = x509_read(span_of(copy, n), w);
    free(copy);
    return good;
}

static bool read_made(const struct der_certificate *d, struct x509_words *w)
{
    static struct bytes der;
    der_certificate(&der, d);
    return read_copy(der.b, der.n, w);
}

static void names_are_printable_and_bounded(void **state)
{
    static const struct {
        const char *cn;
        size_t n;
        const char *text;
    } cases[] = {
        { "mx.example", 0, "CN=mx.example" },
        { "a, b+c \"d\" \\e", 0, "CN=a\\, b\\+c \\\"d\\\" \\\\e" },
        { "#1 ", 0, "CN=\\#1\\ " },
        { "M\xc3\xbcller", 0, "CN=M\\C3\\BCller" },
        { "mx\0.evil", 8, "CN=mx\\00.evil" },
        { "a\x1b[31m\r\nb\x7f", 0, "CN=a\\1B[31m\\0D\\0Ab\\7F" },
        { "\xe2\x80\xae" "elpmaxe", 0, "CN=\\E2\\80\\AEelpmaxe" },  /* right-to-left override */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct x509_words w;
        assert_true(read_made(&(struct der_certificate){ .subject = cases[i].cn, .subject_n = cases[i].n }, &w));
        assert_string_equal(w.subject, cases[i].text);
        assert_string_equal(w.issuer, cases[i].text);
        assert_true(w.self_signed);
    }
}

static void a_name_may_be_empty(void **state)
{
    static struct bytes der;
    struct x509_words w;
    (void)state;
    static const uint8_t bare[] = "\x30\x30\x30\x2b\x02\x01\x07" "\x30\x00" "\x30\x00"
                                  "\x30\x1e\x17\x0d" "250101000000Z" "\x17\x0d" "280101000000Z"
                                  "\x30\x00" "\x30\x00" "\x03\x01\x00";
    put_n(&der, bare, sizeof bare - 1);
    assert_true(read_copy(der.b, der.n, &w));
    assert_string_equal(w.subject, "");
    assert_string_equal(w.issuer, "");
}

static void names_that_are_no_text_are_none(void **state)
{
    static const char *const names[] = { "a\xff", "\xc0\x80", "\xf8\x88\x80\x80\x80" };
    struct x509_words w;
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        assert_false(read_made(&(struct der_certificate){ .subject = names[i] }, &w));
}

static void long_names_are_cut_and_say_so(void **state)
{
    char name[5000];
    struct x509_words w;
    (void)state;
    for (size_t n = 240; n < 270; n++) {
        memset(name, 'x', n);
        assert_true(read_made(&(struct der_certificate){ .subject = name, .subject_n = n }, &w));
        assert_true(strlen(w.subject) < X509_TEXT);
        assert_int_equal(strcmp(w.subject + strlen(w.subject) - 3, "...") == 0, n + 3 >= X509_TEXT);
    }
    for (size_t lead = 0; lead < 9; lead++) {   /* no escape is cut, wherever it stands */
        memset(name, 'x', lead);
        for (size_t i = lead; i + 1 < sizeof name; i += 2)
            memcpy(name + i, "\xc3\xbc", 2);
        assert_true(read_made(&(struct der_certificate){ .subject = name, .subject_n = lead + 2000 }, &w));
        assert_string_equal(w.subject + strlen(w.subject) - 6, w.subject[strlen(w.subject) - 4] == 'C'
                                ? "\\BC..." : "\\C3...");
    }
    memset(name, ',', sizeof name);
    assert_true(read_made(&(struct der_certificate){ .subject = name, .subject_n = sizeof name }, &w));
    assert_string_equal(w.subject + strlen(w.subject) - 5, "\\,...");
}

static void times_are_those_written(void **state)
{
    static const struct {
        const char *before, *after;
        int64_t from, until;
    } cases[] = {
        { "250101000000Z", "280101000000Z", 1735689600, 1830297600 },
        { "500101000000Z", "491231235959Z", -631152000, 2524607999 },    /* RFC 5280 4.1.2.5.1 */
        { "20500101000000Z", "99991231235959Z", 2524608000, 253402300799 },
        { "00000101000000Z", "19700101000000Z", -62167219200, 0 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct x509_words w;
        assert_true(read_made(&(struct der_certificate){ .before = cases[i].before, .after = cases[i].after }, &w));
        assert_int_equal(w.not_before, cases[i].from);
        assert_int_equal(w.not_after, cases[i].until);
    }
    struct x509_words w;
    assert_false(read_made(&(struct der_certificate){ .before = "251301000000Z" }, &w));
    assert_false(read_made(&(struct der_certificate){ .after = "never" }, &w));
}

static void self_signed_is_by_name(void **state)
{
    struct x509_words w;
    (void)state;
    assert_true(read_made(&(struct der_certificate){ .issuer = "Some CA" }, &w));
    assert_false(w.self_signed);
    assert_string_equal(w.subject, "CN=mx.example");
    assert_string_equal(w.issuer, "CN=Some CA");
}

static void check_words(const struct x509_words *w)
{
    const char *names[] = { w->subject, w->issuer };
    for (size_t i = 0; i < 2; i++) {
        const char *end = memchr(names[i], 0, X509_TEXT);
        assert_non_null(end);
        for (const char *p = names[i]; p < end; p++)
            assert_true(*p >= ' ' && *p <= '~');
    }
}

/* Cut at each byte it is none; with each byte changed it is none, or one with clean words. */
static void damaged_ones_are_none(void **state)
{
    static struct bytes der;
    struct x509_words w;
    (void)state;
    der_certificate(&der, &(struct der_certificate){ .issuer = "Some CA", .key = 200 });
    assert_true(read_copy(der.b, der.n, &w));
    for (size_t n = 0; n < der.n; n++)
        assert_false(read_copy(der.b, n, &w));
    put8(&der, 0);
    assert_false(read_copy(der.b, der.n--, &w));
    static const uint8_t flips[] = { 0x01, 0x80, 0xff, 0x20 };
    for (size_t i = 0; i < der.n; i++)
        for (size_t k = 0; k < COUNT(flips); k++) {
            der.b[i] ^= flips[k];
            if (read_copy(der.b, der.n, &w))
                check_words(&w);
            der.b[i] ^= flips[k];
        }
}

static void what_is_too_long_is_not_read(void **state)
{
    struct x509_words w;
    (void)state;
    assert_true(read_made(&(struct der_certificate){ .key = 16000 }, &w));
    assert_false(read_made(&(struct der_certificate){ .key = X509_MOST }, &w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_printable_and_bounded),
        cmocka_unit_test(a_name_may_be_empty),
        cmocka_unit_test(names_that_are_no_text_are_none),
        cmocka_unit_test(long_names_are_cut_and_say_so),
        cmocka_unit_test(times_are_those_written),
        cmocka_unit_test(self_signed_is_by_name),
        cmocka_unit_test(damaged_ones_are_none),
        cmocka_unit_test(what_is_too_long_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
