/* Words that were meant.
 * links: app/nearest.o */
#include "app/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const char *meant(const char *wrong)
{
    static const char *const words[] = { "analyze", "monitor", "report", "sessions", "top" };
    struct nearest n = nearest_to(wrong);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        nearest_try(&n, words[i]);
    return nearest_word(&n);
}

static void near_words_are_named(void **state)
{
    (void)state;
    assert_string_equal(meant("analyse"), "analyze");
    assert_string_equal(meant("moniter"), "monitor");
    assert_string_equal(meant("reports"), "report");
    assert_string_equal(meant("sesions"), "sessions");
    assert_string_equal(meant("tp"), "top");
}

static void far_words_are_not(void **state)
{
    (void)state;
    assert_null(meant("capture.pcap"));
    assert_null(meant("xyz"));
    assert_null(meant(""));
    assert_null(meant("a-word-of-more-letters-than-there-is-room-for"));
    struct nearest none = nearest_to("report");
    assert_null(nearest_word(&none));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(near_words_are_named), cmocka_unit_test(far_words_are_not) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
