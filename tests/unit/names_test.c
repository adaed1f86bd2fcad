/* links: dialogue/names.o base/bytes.o base/pool.o base/pages.o */
#include "dialogue/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct span text(const char *s) { return span_of(s, strlen(s)); }

static void none_is_empty(void **state)
{
    struct session_names out, zero = { .sni = "" };
    (void)state;
    memset(&out, 'x', sizeof out);
    names_copy(NULL, &out);
    assert_memory_equal(out.sni, zero.sni, sizeof zero.sni);
    assert_string_equal(out.alpn, "");
    assert_int_equal(names_get(NULL, NAME_SNI).n, 0);
}

/* Each is set and set again, longer and shorter, in an order by chance; none disturbs another. */
static void any_order(void **state)
{
    struct pool *pool = pool_new(1 << 20);
    struct names *names = NULL;
    const size_t most[NAME_N] = { SNI_TEXT - 1, ALPN_TEXT - 1, MECHANISM_TEXT - 1, MECHANISMS_TEXT - 1, 36, HOST_NAME_TEXT - 1 };
    uint8_t is[NAME_N][SNI_TEXT] = { { 0 } };
    size_t n[NAME_N] = { 0 };
    (void)state;
    srandom(7);
    for (unsigned round = 0; round < 2000; round++) {
        unsigned which = (unsigned)random() % NAME_N;
        uint8_t new[SNI_TEXT + 8];
        size_t length = (size_t)random() % (most[which] + 4);
        for (size_t i = 0; i < length; i++)
            new[i] = (uint8_t)('a' + random() % 26);
        bool fits = length <= most[which];
        assert_int_equal(names_set(&names, pool, (enum name)which, span_of(new, length)), fits);
        if (fits) {
            memcpy(is[which], new, length);
            n[which] = length;
        }
        for (unsigned i = 0; names && i < NAME_N; i++) {
            struct span got = names_get(names, (enum name)i);
            assert_int_equal(got.n, n[i]);
            if (n[i])
                assert_memory_equal(got.p, is[i], n[i]);
        }
    }
    names_drop(&names, pool);
    assert_null(names);
    pool_free(pool);
}

static void words_are_added(void **state)
{
    struct pool *pool = pool_new(1 << 20);
    struct names *names = NULL;
    struct session_names out;
    (void)state;
    names_add(&names, pool, NAME_ALPN, text("imap"));
    names_add(&names, pool, NAME_ALPN, text("h2"));
    for (unsigned i = 0; i < 30; i++)
        names_add(&names, pool, NAME_OTHERS, text("XABCDEFG"));
    names_set(&names, pool, NAME_SNI, text("mx.example"));
    names_copy(names, &out);
    assert_string_equal(out.alpn, "imap h2");
    assert_string_equal(out.sni, "mx.example");
    assert_int_equal(strlen(out.offered_others), 7 * 9 - 1);      /* 63 bytes at most, and no part of a word */
    names_drop(&names, pool);
    pool_free(pool);
}

static void without_memory(void **state)
{
    struct pool *pool = pool_new(0);
    struct names *names = NULL;
    (void)state;
    assert_false(names_set(&names, pool, NAME_SNI, text("mx.example")));
    names_add(&names, pool, NAME_ALPN, text("imap"));
    assert_null(names);
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_is_empty), cmocka_unit_test(any_order), cmocka_unit_test(words_are_added),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
