/* links: report/series.o report/series_csv.o report/csv.o report/when.o base/bytes.o
 * Series from CSV files, right and wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <sysexits.h>

#include "report/series.h"

static struct series_table t;
static char error[REPORT_ERROR];

static int read_bytes(const char *text, size_t n)
{
    FILE *f = fmemopen((void *)(uintptr_t)text, n ? n : 1, "rb");
    if (!n)
        getc(f);
    int code = series_read(&t, f, "a.csv", error);
    fclose(f);
    return code;
}

static void ok(const char *text)
{
    int code = read_bytes(text, strlen(text));
    if (code)
        fail_msg("%d %s", code, error);
}

static void bad(const char *text, const char *want)
{
    assert_int_equal(read_bytes(text, strlen(text)), EX_DATAERR);
    assert_string_equal(error, want);
}

static void near(double have, double want)
{
    if (fabs(have - want) > 1e-9)
        fail_msg("%.12g, and not %.12g", have, want);
}

static void counts_and_values_are_read(void **state)
{
    (void)state;
    ok("date,numerator,denominator\n1970-01-02,1,4\n1970-01-01,30,40\n");
    assert_int_equal(t.samples, 2);
    assert_true(t.series[0].counted);
    near(t.sample[0].day, 0.5);             /* sorted; a date is its noon */
    near(t.sample[0].share, 0.75);
    near(t.sample[0].count, 40);
    ok("\xef\xbb\xbf" "Value ; note; DATE\r\n\r\n 25 %;\"x;\"\"y\r\n\";1970-01\r\n0.5;;1970-12\r\n.75;z;1970-01-01T12:00:00Z");
    assert_int_equal(t.samples, 3);
    assert_false(t.series[0].counted);
    near(t.sample[0].day, 0.5);
    near(t.sample[0].share, 0.75);
    near(t.sample[1].day, 15.5);            /* a month is its middle */
    near(t.sample[1].share, 0.25);
    near(t.sample[2].day, 334 + 15.5);
    ok("date\tvalue\n2016-02-29\t1\n");
    near(t.sample[0].day, 16860.5);
    ok("date,value\n2016-09,1\n");
    near(t.sample[0].day, 17045 + 15);
    /* 0 of 0 is no share; one point without counts makes the series one without */
    ok("date,value,numerator,denominator\n2016-01-01,,0,0\n2016-01-02,.5,,\n2016-01-03,,1,1\n");
    assert_int_equal(t.samples, 2);
    assert_false(t.series[0].counted);
}

static void series_are_kept_apart(void **state)
{
    (void)state;
    static const char text[] = "series,date,value,direction\nB mail,2016-01-02,0.2,in\na,2016-01-01,0.1,out\n"
                               "B mail,2016-01-01,0.3,in\nB mail,2016-01-05,0.4,out\n";
    ok(text);
    assert_int_equal(t.n, 3);
    assert_string_equal(series_label(&t.series[0]), "B mail, in");
    assert_string_equal(series_label(&t.series[1]), "a");
    near(t.sample[t.series[0].first].share, 0.3);
    near(t.sample[t.series[0].first + 1].share, 0.2);
    near(t.sample[t.series[1].first].share, 0.1);
    near(t.sample[t.series[2].first].share, 0.4);

    static const struct { const char *name; bool chosen[3]; } table[] = {
        { NULL, { 1, 1, 1 } }, { "b MAIL", { 1, 0, 1 } }, { "B mail, out", { 0, 0, 1 } },
        { "b in", { 1, 0, 0 } }, { "A", { 0, 1, 0 } }, { "mail", { 1, 0, 1 } },
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_int_equal(series_choose(&t, table[i].name, error), 0);
        for (size_t j = 0; j < 3; j++)
            assert_int_equal(t.series[j].chosen, table[i].chosen[j]);
    }
    assert_int_equal(series_choose(&t, "c", error), EX_USAGE);
    assert_string_equal(error, "there is no series 'c'; there are: B mail, in; a; B mail, out");
    assert_int_equal(series_choose(&t, "", error), EX_USAGE);
}

static void what_is_no_csv_is_refused(void **state)
{
    (void)state;
    bad("", "a.csv: line 1: the file is empty; its first line names the columns");
    bad("\n\n", "a.csv: line 3: the file is empty; its first line names the columns");
    bad("date\n2016-01-01\n", "a.csv: line 1: no column names; needed are date and either value or numerator and denominator");
    bad("date,numerator\n2016-01-01,1\n", "a.csv: line 1: no column names; needed are date and either value or numerator and denominator");
    bad("date,value\n", "a.csv: line 2: there is no line behind the columns' names");
    bad("date,value\n2016-01-01,1\n2016-01-02\n", "a.csv: line 3: 1 fields, but the first line names 2 columns");
    bad("date,value\n2016-01-01,\"1\n\n", "a.csv: line 2: a quote that opens here is never closed");
    bad("date,value\n2016-01-01,\"1\"2\n", "a.csv: line 2: there is more behind a closing quote");
}

static void what_is_no_share_is_named_by_line_and_column(void **state)
{
    (void)state;
    static const struct { const char *text, *trouble; } table[] = {
        { "date,value\n2016-01-01,1.5\n", "line 2, column 2 (value): '1.5' is no share from 0 to 1" },
        { "date,value\n2016-01-01,.5\n\n2016-01-01,\n", "line 4, column 2 (value): '' is no share from 0 to 1" },
        { "date,value\n2016-01-01,-0.5\n", "line 2, column 2 (value): '-0.5' is no share from 0 to 1" },
        { "date,value\n2016-01-01,nan\n", "line 2, column 2 (value): 'nan' is no share from 0 to 1" },
        { "date,value\n2016-01-01,0x1\n", "line 2, column 2 (value): '0x1' is no share from 0 to 1" },
        { "date,value\n2016-01-01,1e999\n", "line 2, column 2 (value): '1e999' is no share from 0 to 1" },
        { "value,date\n1,2015-02-29\n", "line 2, column 2 (date): '2015-02-29' is no date (YYYY-MM-DD or YYYY-MM)" },
        { "value,date\n1,2015-13\n", "line 2, column 2 (date): '2015-13' is no date (YYYY-MM-DD or YYYY-MM)" },
        { "value,date\n1,2015\n", "line 2, column 2 (date): '2015' is no date (YYYY-MM-DD or YYYY-MM)" },
        { "date,numerator,denominator\n2016-01,3,2\n", "line 2, column 2 (numerator): '3' is more than its denominator" },
        { "date,numerator,denominator\n2016-01,1,x\n", "line 2, column 3 (denominator): 'x' is no count" },
        { "date,numerator,denominator\n2016-01,,2\n", "line 2, column 2 (numerator): '' is empty" },
        { "date,numerator,denominator\n2016-01,1,\n", "line 2, column 3 (denominator): '' is empty" },
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        ok(table[i].text);
        assert_string_equal(t.series[0].trouble, table[i].trouble);
    }
    ok("series,date,value\na,2016-01-01,7\nb,2016-01-01,0.5\n");     /* the other one is whole */
    assert_int_equal(t.series[1].n, 1);
    assert_string_equal(t.series[1].trouble, "");
}

static char *repeated(const char *head, const char *line, size_t times)
{
    size_t h = strlen(head), n = strlen(line);
    char *text = malloc(h + n * times + 1);
    memcpy(text, head, h);
    for (size_t i = 0; i < times; i++)
        memcpy(text + h + i * n, line, n);
    text[h + n * times] = 0;
    return text;
}

static void room_is_bounded(void **state)
{
    (void)state;
    char *text = repeated("date,value\n", "2016-01-01,1\n", FIT_POINTS + 1);
    bad(text, "a.csv: line 20002: more than 20000 points; leave some out, or join days to months");
    text[strlen(text) - 13] = 0;
    ok(text);
    assert_int_equal(t.samples, FIT_POINTS);
    free(text);
    text = repeated("date,value\n2016-01-01,", "1", 70000);
    bad(text, "a.csv: line 2: a line is longer than 64 KiB");
    free(text);
    text = repeated("date", ",value", 64);
    bad(text, "a.csv: line 1: a line has more than 64 fields");
    free(text);
    text = repeated("series,date,value\n", "x", 128);
    bad(text, "a.csv: line 2: 1 fields, but the first line names 3 columns");
    free(text);
    text = malloc(20 * 300);
    size_t n = (size_t)sprintf(text, "series,date,value\n");
    for (int i = 0; i < 257; i++)
        n += (size_t)sprintf(text + n, "%d,2016-01,1\n", i);
    bad(text, "a.csv: line 258: there are more than 256 series");
    free(text);
    char name[200];
    snprintf(name, sizeof name, "series,date,value\n%0128d,2016-01,1\n", 0);
    bad(name, "a.csv: line 2: the name of the series or direction is longer than 127 or 23 bytes");
    static const char zero[] = "series,date,value\na\0b,2016-01,1\n";
    assert_int_equal(read_bytes(zero, sizeof zero - 1), EX_DATAERR);
    assert_string_equal(error, "a.csv: line 2: a zero byte in a name");
}

/* Bytes changed by chance, from a fixed seed: an answer or a sentence, and shares are shares. */
static void any_bytes_have_an_end(void **state)
{
    (void)state;
    static const char text[] = "series,date,value,numerator,denominator,direction\n\"a \"\"b\",2016-01-01,,3,4,in\n"
                               "c,2016-02,0.5,,,out\r\nc,2016-03-01,50 %,,,out\n";
    static const char often[] = "\",;\n\r\t0123456789.%-\0\xef\xbb\xbf";
    unsigned seed = 1;
    for (int i = 0; i < 20000; i++) {
        char copy[sizeof text];
        memcpy(copy, text, sizeof text);
        size_t n = sizeof text - 1;
        for (int j = 0; j < 1 + i % 7; j++) {
            seed = seed * 1103515245u + 12345u;
            size_t at = (seed >> 8) % n;
            seed = seed * 1103515245u + 12345u;
            copy[at] = (seed >> 8) % 8 ? often[(seed >> 12) % sizeof often] : (char)(seed >> 16);
        }
        seed = seed * 1103515245u + 12345u;
        if (i % 3 == 0)
            n = (seed >> 8) % n;
        int code = read_bytes(copy, n);
        assert_true(code == 0 || code == EX_DATAERR);
        for (size_t k = 0; !code && k < t.samples; k++)
            assert_true(t.sample[k].share >= 0 && t.sample[k].share <= 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_and_values_are_read),
        cmocka_unit_test(series_are_kept_apart),
        cmocka_unit_test(what_is_no_csv_is_refused),
        cmocka_unit_test(what_is_no_share_is_named_by_line_and_column),
        cmocka_unit_test(room_is_bounded),
        cmocka_unit_test(any_bytes_have_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
