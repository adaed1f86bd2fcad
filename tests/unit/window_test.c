/* links: flow/window.o base/pool.o base/bytes.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "flow/window.h"

static struct span text(const char *s) { return span_of(s, strlen(s)); }

static void assert_shown(const struct window *w, const char *want)
{
    struct span s = window_bytes(w);
    if (s.n != strlen(want) || (s.n && memcmp(s.p, want, s.n) != 0))
        fail_msg("\"%.*s\" is not \"%s\"", (int)s.n, (const char *)s.p, want);
}

static void what_is_used_at_once_is_not_copied(void **state)
{
    struct pool *p = pool_new(1 << 20);
    struct window w = { 0 };
    static const char bytes[] = "EHLO a\r\n";
    (void)state;
    assert_true(window_add(&w, p, text(bytes)));
    assert_ptr_equal(window_bytes(&w).p, bytes);
    window_use(&w, 8);
    assert_int_equal(window_bytes(&w).n, 0);
    assert_true(window_settle(&w, p));
    assert_null(w.kept);
    pool_free(p);
}

static void what_is_left_is_shown_again_with_more_behind_it(void **state)
{
    struct pool *p = pool_new(1 << 20);
    struct window w = { 0 };
    char bytes[] = "one two";
    (void)state;
    assert_true(window_add(&w, p, text(bytes)));
    window_use(&w, 4);
    assert_shown(&w, "two");
    assert_true(window_settle(&w, p));
    memset(bytes, '#', sizeof bytes - 1);       /* the chunk is gone */
    assert_shown(&w, "two");
    assert_true(window_add(&w, p, text(" three")));
    assert_shown(&w, "two three");
    window_use(&w, 4);
    assert_shown(&w, "three");
    assert_true(window_settle(&w, p));
    assert_shown(&w, "three");
    window_use(&w, 100);                        /* more than there is */
    assert_shown(&w, "");
    assert_true(window_settle(&w, p));
    assert_null(w.kept);                        /* memory goes back as soon as nothing is kept */
    assert_true(window_settle(&w, p));
    pool_free(p);
}

/* Two chunks without settling between them. */
static void a_second_chunk_keeps_the_first(void **state)
{
    struct pool *p = pool_new(1 << 20);
    struct window w = { 0 };
    (void)state;
    assert_true(window_add(&w, p, text("a")));
    assert_true(window_add(&w, p, text("")));
    assert_true(window_add(&w, p, text("b")));
    assert_shown(&w, "ab");
    window_drop(&w, p);
    assert_shown(&w, "");
    pool_free(p);
}

static void byte_by_byte_up_to_the_limit(void **state)
{
    struct pool *p = pool_new(16 << 20);
    struct window w = { 0 };
    (void)state;
    for (size_t i = 0; i < WINDOW_LIMIT; i++) {
        uint8_t byte = (uint8_t)(i * 7);
        assert_true(window_add(&w, p, span_of(&byte, 1)));
        assert_true(window_settle(&w, p));
    }
    struct span s = window_bytes(&w);
    assert_int_equal(s.n, WINDOW_LIMIT);
    for (size_t i = 0; i < s.n; i++)
        assert_int_equal(s.p[i], (uint8_t)(i * 7));
    window_drop(&w, p);
    pool_free(p);
}

static void more_than_the_limit_is_not_taken(void **state)
{
    struct pool *p = pool_new(1 << 20);
    struct window w = { 0 };
    uint8_t *much = calloc(1, WINDOW_LIMIT + 1);
    (void)state;
    assert_true(window_add(&w, p, span_of(much, WINDOW_LIMIT + 1)));    /* it may be used at once */
    assert_false(window_settle(&w, p));
    window_drop(&w, p);
    assert_true(window_add(&w, p, span_of(much, WINDOW_LIMIT)));
    assert_true(window_settle(&w, p));
    window_drop(&w, p);
    free(much);
    pool_free(p);
}

static void without_memory_it_says_so(void **state)
{
    struct pool *p = pool_new(64);
    struct window w = { 0 };
    (void)state;
    assert_true(window_add(&w, p, text("abc")));
    assert_shown(&w, "abc");                    /* borrowing needs none */
    assert_false(window_settle(&w, p));
    assert_shown(&w, "");
    window_drop(&w, p);
    pool_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_used_at_once_is_not_copied),
        cmocka_unit_test(what_is_left_is_shown_again_with_more_behind_it),
        cmocka_unit_test(a_second_chunk_keeps_the_first),
        cmocka_unit_test(byte_by_byte_up_to_the_limit),
        cmocka_unit_test(more_than_the_limit_is_not_taken),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
