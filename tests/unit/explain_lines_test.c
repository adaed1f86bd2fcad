/* links: report/explain_lines.o facts/trace.o base/pool.o base/pages.o facts/session.o facts/vocabulary.o facts/mechanism.o facts/names.o
 *        base/bytes.o
 * Lines of a dialogue, out of events as the wire makes them, and as only a hostile database has them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "report/explain_lines.h"

static void keep_text(void *ctx, const struct dialogue_line *l) { strcpy(ctx, l->text); }

/* How a masked word of n letters is shown. */
static const char *shown(uint32_t n, char filler, char last, uint32_t kept)
{
    static char text[LINE_TEXT];
    static uint8_t bytes[256];
    struct trace_event mask = { .kind = TRACE_MASK, .dir = 1, .word = (uint8_t)filler | (uint32_t)(uint8_t)last << 8,
                                .number = n | kept << 8 };
    struct trace t;

    trace_begin(&t, bytes, sizeof bytes, 0);
    trace_add(&t, &mask);
    assert_true(explain_lines(span_of(bytes, t.n), false, keep_text, text));
    return text;
}

static void masks_are_shown_as_they_are(void **state)
{
    (void)state;
    assert_string_equal(shown(8, 'X', 'A', 0), "XXXXXXXA");
    assert_string_equal(shown(8, 'X', 'S', 0x7e), "XTARTTLS");
    assert_string_equal(shown(4, '*', '*', 0), "****");
    assert_string_equal(shown(40, 'X', 'A', 0), "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXA");
}

static void what_is_no_mask_is_a_length(void **state)
{
    (void)state;
    assert_string_equal(shown(40, 'X', 'X', 0xffffff), "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX");
    assert_string_equal(shown(64, 'X', 'X', 0), "<64 bytes>");
    assert_string_equal(shown(2, 'X', 'X', 0), "<2 bytes>");
    assert_string_equal(shown(8, 'a', 'X', 0), "<8 bytes>");
    assert_string_equal(shown(8, 'X', 0, 0), "<8 bytes>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_are_shown_as_they_are),
        cmocka_unit_test(what_is_no_mask_is_a_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
