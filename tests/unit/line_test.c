/* links: proto/line.o base/bytes.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/proto_kit.h"

/* --- lines --- */

static const struct {
    const char *in;
    size_t n;
    long used;                          /* 0: PARSE_MORE */
    const char *line;
} lines[] = {
    { TEXT("QUIT\r\n"), 6, "QUIT" },
    { TEXT("QUIT\r\nNOOP\r\n"), 6, "QUIT" },
    { TEXT("QUIT\n"), 5, "QUIT" },          /* a bare LF ends a line too */
    { TEXT("\r\n"), 2, "" },
    { TEXT("\n"), 1, "" },
    { TEXT("a\rb\r\n"), 5, "a\rb" },        /* a CR alone ends nothing */
    { TEXT("a\r\r\n"), 4, "a\r" },
    { TEXT("\0\xff\r\n"), 4, "\0\xff" },
    { TEXT("QUIT\r"), 0, NULL },
    { TEXT("QUIT"), 0, NULL },
    { TEXT(""), 0, NULL },
};

static void line_whole_and_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        for (size_t n = 0; n <= lines[i].n; n++) {
            struct span line = { NULL, 0 };
            uint8_t *copy = copy_of(lines[i].in, n);
            long used = line_parse(span_of(copy, n), &line);
            bool there = lines[i].used && n >= (size_t)lines[i].used;
            assert_int_equal(used, there ? lines[i].used : PARSE_MORE);
            if (there)
                assert_memory_equal(line.p, lines[i].line, line.n);
            if (there)
                assert_int_equal(line.n, (size_t)used - 1 - (lines[i].used > 1 &&
                                 lines[i].in[used - 2] == '\r'));
            free(copy);
        }
    }
}

/* --- literals --- */

static const struct {
    const char *line;
    bool announced, waits;
    uint64_t n;
} literals[] = {
    { "a1 LOGIN {5}", true, true, 5 },
    { "a1 LOGIN {5+}", true, false, 5 },
    { "{0}", true, true, 0 },
    { "{0+}", true, false, 0 },
    { "a APPEND x ~{310}", true, true, 310 },
    { "a APPEND x ~{310+}", true, false, 310 },
    { "{0000000007}", true, true, 7 },
    { "{4294967296}", true, true, 4294967296u },
    { "{9999999999999999999}", true, true, 9999999999999999999u },
    { "{99999999999999999999}", false, false, 0 },      /* twenty digits */
    { "{}", false, false, 0 },
    { "{+}", false, false, 0 },
    { "{5", false, false, 0 },
    { "5}", false, false, 0 },
    { "{5}x", false, false, 0 },
    { "{5} ", false, false, 0 },
    { "{-5}", false, false, 0 },
    { "{5-}", false, false, 0 },
    { "{5++}", false, false, 0 },
    { "{ 5}", false, false, 0 },
    { "{5a}", false, false, 0 },
    { "5+}", false, false, 0 },
    { "}", false, false, 0 },
    { "+}", false, false, 0 },
    { "", false, false, 0 },
};

static void literal_announcements(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(literals); i++) {
        struct literal l = { 0 };
        size_t n = strlen(literals[i].line);
        uint8_t *copy = copy_of(literals[i].line, n);
        bool announced = literal_announced(span_of(copy, n), &l);
        free(copy);
        if (announced != literals[i].announced)
            fail_msg("%s: announced %d", literals[i].line, announced);
        if (!announced)
            continue;
        assert_true(l.n == literals[i].n);
        assert_int_equal(l.waits, literals[i].waits);
    }
}

/* --- bodies --- */

static const struct {
    const char *in;
    size_t n, used;                     /* up to and with the end, or all that can be used */
    enum body_end end;
} bodies[] = {
    { TEXT(".\r\n"), 3, BODY_ENDS },                        /* an empty message */
    { TEXT("a\r\n.\r\n"), 6, BODY_ENDS },
    { TEXT("a\r\n.\r\nQUIT\r\n"), 6, BODY_ENDS },
    { TEXT("a\r\n\r\n.\r\n"), 8, BODY_ENDS },
    { TEXT("a\r\n..\r\n.\r\n"), 10, BODY_ENDS },            /* a stuffed dot */
    { TEXT("a\r\n. \r\n.\r\n"), 10, BODY_ENDS },
    { TEXT("a\r\n.a\r\n.\r\n"), 10, BODY_ENDS },
    { TEXT("a.\r\n.\r\n"), 7, BODY_ENDS },
    { TEXT("a\r\n.\rb\r\n.\r\n"), 11, BODY_ENDS },
    { TEXT("a\r\r\n.\r\n"), 7, BODY_ENDS },
    { TEXT("a\n.\n"), 4, BODY_MAY_END },
    { TEXT("a\n.\r\n"), 5, BODY_MAY_END },
    { TEXT("a\r\n.\n"), 5, BODY_MAY_END },
    { TEXT("a\r\n\n.\r\n"), 7, BODY_MAY_END },
    { TEXT("STARTTLS\r\n220 go\r\n"), 18, BODY_GOES_ON },
    { TEXT("a\r\n."), 3, BODY_GOES_ON },                    /* may become a dot line */
    { TEXT("a\r\n.\r"), 3, BODY_GOES_ON },
    { TEXT("a.b"), 3, BODY_GOES_ON },
    { TEXT("a\r"), 2, BODY_GOES_ON },
    { TEXT("\0\0\n\0"), 4, BODY_GOES_ON },
    { TEXT(""), 0, BODY_GOES_ON },
};

/* Reads in as parts that end at each of the given places; what was left is shown again. */
static size_t read_parts(struct span in, const size_t *cut, size_t cuts, enum body_end *end)
{
    struct body b = { 0 };
    size_t at = 0;
    *end = BODY_GOES_ON;
    for (size_t i = 0; i <= cuts && *end == BODY_GOES_ON; i++) {
        size_t to = i < cuts ? cut[i] : in.n;
        uint8_t *copy = copy_of(in.p + at, to - at);
        size_t used = body_skip(&b, span_of(copy, to - at), end);
        assert_true(used <= to - at);
        if (*end == BODY_GOES_ON)
            assert_true(to - at - used <= 2);
        at += used;
        free(copy);
    }
    return at;
}

static void body_over_all_splits(void **state)
{
    enum body_end end;
    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct span in = span_of(bodies[i].in, bodies[i].n);
        assert_int_equal(read_parts(in, NULL, 0, &end), bodies[i].used);
        assert_int_equal(end, bodies[i].end);
        for (size_t a = 0; a <= in.n; a++)
            for (size_t b = a; b <= in.n; b++) {
                size_t cut[] = { a, b };
                if (read_parts(in, cut, 2, &end) != bodies[i].used || end != bodies[i].end)
                    fail_msg("body %zu cut at %zu and %zu", i, a, b);
            }
    }
}

static void body_byte_by_byte(void **state)
{
    size_t cut[64];
    enum body_end end;
    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        for (size_t k = 0; k < bodies[i].n; k++)
            cut[k] = k;
        assert_int_equal(read_parts(span_of(bodies[i].in, bodies[i].n), cut, bodies[i].n, &end),
                         bodies[i].used);
        assert_int_equal(end, bodies[i].end);
    }
}

/* After a doubtful end reading can go on, and finds the next one. */
static void body_goes_on_behind_a_doubtful_end(void **state)
{
    static const char in[] = "a\n.\nb\r\n.\r\n";
    struct body b = { 0 };
    enum body_end end;
    (void)state;
    assert_int_equal(body_skip(&b, span_of(in, 10), &end), 4);
    assert_int_equal(end, BODY_MAY_END);
    assert_int_equal(body_skip(&b, span_of(in + 4, 6), &end), 6);
    assert_int_equal(end, BODY_ENDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_whole_and_cut),
        cmocka_unit_test(literal_announcements),
        cmocka_unit_test(body_over_all_splits),
        cmocka_unit_test(body_byte_by_byte),
        cmocka_unit_test(body_goes_on_behind_a_doubtful_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
