/* links: page/number.o page/timeline.o page/scale.o report/when.o base/bytes.o
 * The axes of the page, and numbers as people read them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "page/scale.h"
#include "page/timeline.h"

static void numbers_do_not_say_too_much(void **state)
{
    (void)state;
    char out[NUMBER];
    assert_string_equal(number_percent(0.9424, out), "94.2\xc2\xa0%");
    assert_string_equal(number_percent(1, out), "100.0\xc2\xa0%");
    assert_string_equal(number_percent(0, out), "0.0\xc2\xa0%");
    assert_string_equal(number_percent(0.99996, out), "99.996\xc2\xa0%");
    assert_string_equal(number_percent(0.0004, out), "0.04\xc2\xa0%");
    assert_string_equal(number_percent(1e-12, out), "0.000000\xc2\xa0%");
    assert_string_equal(number_count(0, out), "0");
    assert_string_equal(number_count(999, out), "999");
    assert_string_equal(number_count(1000, out), "1,000");
    assert_string_equal(number_count(-1234567, out), "-1,234,567");
    assert_string_equal(number_count(1e300, out), "1,000,000,000,000,000,000");
    assert_string_equal(number_short(0, out), "0");
    assert_string_equal(number_short(2500, out), "2500");
    assert_string_equal(number_short(40000, out), "40\xc2\xa0k");
    assert_string_equal(number_short(1.5e6, out), "1.5\xc2\xa0M");
}

static int64_t index_of(enum timeline_by by, const char *text)
{
    int64_t index = -999;
    return timeline_index(by, span_of(text, strlen(text)), &index) ? index : -999;
}

static void buckets_have_numbers_and_names(void **state)
{
    (void)state;
    static const struct {
        enum timeline_by by;
        const char *text;
        long long index;
        const char *name;
    } cases[] = {
        { BY_DAY, "1970-01-01", 0, "1 Jan 1970" },
        { BY_DAY, "2024-03-01", 19783, "1 Mar 2024" },
        { BY_HOUR, "1970-01-02T01:00:00Z", 25, "2 Jan 1970, 01:00 UTC" },
        { BY_WEEK, "1970-01-05", 0, "week of 5 Jan 1970" },
        { BY_WEEK, "2024-03-04", 2826, "week of 4 Mar 2024" },
        { BY_MONTH, "1970-01-01", 0, "Jan 1970" },
        { BY_MONTH, "2024-12-01", 659, "Dec 2024" },
        { BY_MONTH, "0001-01-01", -23628, "Jan 1" },
        { BY_MONTH, "9999-12-01", 96359, "Dec 9999" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[TIMELINE_LABEL];
        assert_int_equal(index_of(cases[i].by, cases[i].text), cases[i].index);
        timeline_name(cases[i].by, cases[i].index, name);
        assert_string_equal(name, cases[i].name);
    }
    static const char *const none[] = { "", "all", "2024-13-01", "2024-03", "<b>2024-03-01", "-4713-11-24",
                                        "2024-03-01T10:00:00ZZZZZZZZZZZZZZZZZZZZZZ" };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(index_of(BY_DAY, none[i]), -999);
}

static struct timeline line(enum timeline_by by, int64_t first, int64_t last)
{
    struct timeline t = { .by = by };
    timeline_add(&t, last);
    timeline_add(&t, first);
    return t;
}

static void few_buckets_stand_in_the_middle(void **state)
{
    (void)state;
    struct timeline t = line(BY_DAY, 100, 100);
    assert_float_equal(timeline_at(&t, 100), 50, 1e-9);
    assert_float_equal(timeline_width(&t), 12.5, 1e-9);
    t = line(BY_DAY, 100, 199);
    assert_float_equal(timeline_at(&t, 100), 0.5, 1e-9);
    assert_float_equal(timeline_at(&t, 199), 99.5, 1e-9);
    double at;
    t = line(BY_MONTH, 0, 99);
    assert_true(timeline_day(&t, span_of("1970-02-01", 10), &at));
    assert_float_equal(at, 1, 1e-9);
}

static void check_labels(enum timeline_by by, const char *first, int64_t n, const char *labels)
{
    int64_t at = index_of(by, first);
    struct timeline t = line(by, at, at + n - 1);
    struct timeline_tick tick[TIMELINE_TICKS];
    char have[512] = "";
    size_t ticks = timeline_ticks(&t, tick);
    for (size_t i = 0; i < ticks; i++)
        snprintf(have + strlen(have), sizeof have - strlen(have), "%s%s", i ? "|" : "", tick[i].label);
    assert_string_equal(have, labels);
}

/* At most as many as there is room for, within the axis, in order, whatever its length. */
static void ticks_fit(void **state)
{
    (void)state;
    for (int by = BY_HOUR; by <= BY_MONTH; by++)
        for (int64_t n = 1; n < 100000; n += 1 + n / 7)
            for (int64_t first = -50; first < 50; first += 13) {
                struct timeline t = line((enum timeline_by)by, first, first + n - 1);
                struct timeline_tick tick[TIMELINE_TICKS];
                size_t ticks = timeline_ticks(&t, tick);
                assert_true(ticks < TIMELINE_TICKS || n < TIMELINE_TICKS * 2);
                assert_true(ticks >= 1 || n < 30);
                for (size_t i = 0; i < ticks; i++) {
                    assert_true(tick[i].at >= 0 && tick[i].at <= 100);
                    assert_true(i == 0 || tick[i].at > tick[i - 1].at);
                }
            }
    struct timeline t = line(BY_MONTH, index_of(BY_MONTH, "2021-01-01"), index_of(BY_MONTH, "2025-12-01"));
    struct timeline_tick tick[TIMELINE_TICKS];
    assert_int_equal(timeline_ticks(&t, tick), 5);
    assert_string_equal(tick[0].label, "2021");
    check_labels(BY_DAY, "2021-01-01", 7, "1 Jan 2021|2 Jan|3 Jan|4 Jan|5 Jan|6 Jan|7 Jan");
    check_labels(BY_WEEK, "2021-11-01", 12, "1 Nov 2021|15 Nov|29 Nov|13 Dec|27 Dec|10 Jan 2022");
    check_labels(BY_DAY, "2020-12-30", 6, "30 Dec 2020|31 Dec|1 Jan 2021|2 Jan 2021|3 Jan|4 Jan");
    check_labels(BY_MONTH, "2021-11-01", 4, "Nov 2021|Dec|Jan 2022|Feb 2022");
    check_labels(BY_HOUR, "2021-01-01", 24, "00:00|06:00|12:00|18:00");
    t = line(BY_DAY, 0, 0);
    t.any = false;
    assert_int_equal(timeline_ticks(&t, tick), 0);
}

static void scales_end_at_round_numbers(void **state)
{
    (void)state;
    static const struct {
        enum scale_unit unit;
        double most, top;
    } cases[] = {
        { SCALE_WHOLE, 0.01, 1 }, { SCALE_SHARE, 0, 1 }, { SCALE_SHARE, 0.51, 1 }, { SCALE_SHARE, 0.3, 0.4 }, { SCALE_SHARE, 0.0151, 0.02 },
        { SCALE_SHARE, 0.1, 0.1 }, { SCALE_COUNT, 0, 4 }, { SCALE_COUNT, 3, 4 }, { SCALE_COUNT, 7, 8 },
        { SCALE_COUNT, 39000, 40000 }, { SCALE_COUNT, 100, 100 }, { SCALE_COUNT, 101, 200 },
    };
    char label[NUMBER];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scale s = scale_of(cases[i].unit, cases[i].most, 200);
        assert_float_equal(s.top, cases[i].top, 1e-9);
        assert_float_equal(scale_y(&s, s.top), 0, 1e-9);
        assert_float_equal(scale_y(&s, 0), 200, 1e-9);
        assert_float_equal(scale_y(&s, 9 * s.top), 0, 1e-9);
        assert_float_equal(scale_y(&s, -1), 200, 1e-9);
        assert_true(*scale_label(&s, s.steps, label) != 0);
    }
    struct scale s = scale_of(SCALE_SHARE, 0.0151, 200);
    assert_string_equal(scale_label(&s, 1, label), "0.5\xc2\xa0%");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_do_not_say_too_much), cmocka_unit_test(buckets_have_numbers_and_names),
        cmocka_unit_test(few_buckets_stand_in_the_middle), cmocka_unit_test(ticks_fit),
        cmocka_unit_test(scales_end_at_round_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
