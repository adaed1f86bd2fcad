/* links: report/text.o report/when.o base/bytes.o
 * Text and times, on their way out and in. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "report/text.h"
#include "report/when.h"

static void times_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        long long seconds;              /* -1: no time */
    } cases[] = {
        { "1970-01-01", 0 }, { "2024-03-01", 1709251200 }, { "2024-02-29T23:59:59Z", 1709251199 },
        { "2024-03-01T10:00:00+02:00", 1709280000 }, { "2024-03-01t10:00:00.5z", 1709287201 },
        { "2024-03-01 10:00:00.000Z", 1709287200 }, { "2000-01-01T00:00:00-00:30", 946686600 },
        { "9999-12-31", 253402214400 },
        { "2023-02-29", -1 }, { "2024-13-01", -1 }, { "2024-00-01", -1 }, { "2024-01-32", -1 },
        { "24-01-01", -1 },
        { "2024-01-01T", -1 }, { "2024-01-01T10:00:00", -1 }, { "2024-01-01T24:00:00Z", -1 }, { "", -1 },
        { "2024-01-01Tx", -1 }, { "2024-01-01T10:00:00Zx", -1 }, { "2024-01-01T10:00:00.Z", -1 },
        { "2024-01-01T10:00:00+0100", -1 }, { "now", -1 }, { "2024-01-0a", -1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t seconds = -1;
        bool ok = when_parse(cases[i].text, &seconds);
        if (ok != (cases[i].seconds >= 0) || (ok && seconds != cases[i].seconds))
            fail_msg("%s: %d %lld", cases[i].text, ok, (long long)seconds);
    }
}

static char *through(void (*write)(FILE *, struct span), const char *text)
{
    FILE *f = tmpfile();
    write(f, span_of(text, strlen(text)));
    rewind(f);
    char *out = calloc(1, 256);
    size_t n = fread(out, 1, 255, f);
    assert_true(n < 255);
    fclose(f);
    return out;
}

static size_t terminal_width;
static void terminal(FILE *f, struct span s) { terminal_width = text_terminal(f, s); }

static void text_is_made_fit(void **state)
{
    (void)state;
    static const struct {
        const char *in, *json, *csv, *screen;
        size_t width;
    } cases[] = {
        { "", "\"\"", "", "", 0 },
        { "a,b", "\"a,b\"", "\"a,b\"", "a,b", 3 },
        { "\"\\", "\"\\\"\\\\\"", "\"\"\"\\\"", "\"\\", 2 },
        { "\xc3\xa4\xe6\xbc\xa2", "\"\xc3\xa4\xe6\xbc\xa2\"", "\xc3\xa4\xe6\xbc\xa2",
          "\xc3\xa4\xe6\xbc\xa2", 3 },
        { "\x01\n", "\"\\u0001\\n\"", "\"\\x01\n\"", "\\x01\\x0a", 8 },
        { "\xc0\x80", "\"\\ufffd\\ufffd\"", "\xef\xbf\xbd\xef\xbf\xbd", "\\xc0\\x80", 8 },          /* overlong */
        { "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
          "\\xed\\xa0\\x80", 12 },              /* surrogate */
        { "\xe2\x80\xae", "\"\xe2\x80\xae\"", "\xe2\x80\xae", "\\u202e", 6 },       /* right to left */
        { "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
          "\\xf4\\x90\\x80\\x80", 16 },
        { "\xe2\x82", "\"\\ufffd\\ufffd\"", "\xef\xbf\xbd\xef\xbf\xbd", "\\xe2\\x82", 8 },          /* cut */
        { "=1+1", "\"=1+1\"", "\"'=1+1\"", "=1+1", 4 },
        { "\t@x", "\"\\t@x\"", "\"'\t@x\"", "\\x09@x", 6 },
        { "\xef\xbc\x9d" "1", "\"\xef\xbc\x9d" "1\"", "\"'\xef\xbc\x9d" "1\"", "\xef\xbc\x9d" "1", 3 },
        { "a;=b", "\"a;=b\"", "\"a;=b\"", "a;=b", 4 },
        { " x", "\" x\"", "\" x\"", " x", 2 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *json = through(text_json, cases[i].in), *csv = through(text_csv, cases[i].in);
        char *screen = through(terminal, cases[i].in);
        assert_string_equal(json, cases[i].json);
        assert_string_equal(csv, cases[i].csv);
        assert_string_equal(screen, cases[i].screen);
        assert_int_equal(terminal_width, cases[i].width);
        free(json);
        free(csv);
        free(screen);
    }
}

static void html_is_text_only(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "plain \xc3\xa9", "plain \xc3\xa9" }, { "<b>\"'&", "&lt;b&gt;&quot;&#39;&amp;" },
        { "\x1b[31m\n\t", "\\x1b[31m\\x0a\\x09" }, { "\xff\xc0\x80", "\\xff\\xc0\\x80" },
        { "\xe2\x80\xae", "\\u202e" }, { "\xef\xbf\xbf", "\\uffff" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = through(text_html, cases[i][0]);
        assert_string_equal(text, cases[i][1]);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(text_is_made_fit),
        cmocka_unit_test(html_is_text_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
