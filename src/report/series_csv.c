#include "report/series.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sysexits.h>

#include "report/csv.h"
#include "report/when.h"

enum column { DATE, VALUE, NUMERATOR, DENOMINATOR, NAME, DIRECTION, COLUMNS };

static const char *const columns[COLUMNS] = { "date", "value", "numerator", "denominator", "series", "direction" };

struct reader {
    struct series_table *t;
    struct csv *csv;
    const char *path;
    size_t fields;                      /* of the first line */
    size_t at[COLUMNS];                 /* which field; CSV_FIELDS: there is none */
    char *error;
};

static int refuse(const struct reader *r, const char *what)
{
    snprintf(r->error, REPORT_ERROR, "%.300s: line %lu: %s", r->path, r->csv->line, what);
    return EX_DATAERR;
}

static struct span get(const struct reader *r, enum column c)
{
    return r->at[c] < r->csv->n ? r->csv->field[r->at[c]] : span_of("", 0);
}

static int read_header(struct reader *r)
{
    int got = csv_next(r->csv);

    if (got <= 0)
        return refuse(r, got ? r->csv->error : "the file is empty; its first line names the columns");
    r->fields = r->csv->n;
    for (size_t c = 0; c < COLUMNS; c++) {
        r->at[c] = CSV_FIELDS;
        for (size_t i = r->csv->n; i-- > 0;)
            if (span_eq_nocase(r->csv->field[i], columns[c]))
                r->at[c] = i;
    }
    bool counts = r->at[NUMERATOR] < CSV_FIELDS && r->at[DENOMINATOR] < CSV_FIELDS;
    if (r->at[DATE] == CSV_FIELDS || (!counts && r->at[VALUE] == CSV_FIELDS))
        return refuse(r, "no column names; needed are date and either value or numerator and denominator");
    if (!counts)
        r->at[NUMERATOR] = r->at[DENOMINATOR] = CSV_FIELDS;
    return 0;
}

/* The series that this line belongs to; NULL: no room, and a sentence. */
static struct series *series_of(struct reader *r)
{
    struct series_table *t = r->t;
    struct span name = get(r, NAME), direction = get(r, DIRECTION);

    for (size_t i = 0; i < t->n; i++)
        if (span_eq(name, t->series[i].name) && span_eq(direction, t->series[i].direction))
            return &t->series[i];
    struct series *s = &t->series[t->n];
    bool fits = name.n < sizeof s->name && direction.n < sizeof s->direction;
    if (t->n == SERIES || !fits || memchr(name.p, 0, name.n) || memchr(direction.p, 0, direction.n)) {
        refuse(r, !fits ? "the name of the series or direction is longer than 127 or 23 bytes"
                  : t->n == SERIES ? "there are more than 256 series" : "a zero byte in a name");
        return NULL;
    }
    *s = (struct series){ .counted = true };
    memcpy(s->name, name.p, name.n);
    memcpy(s->direction, direction.p, direction.n);
    t->n++;
    return s;
}

static void trouble(const struct reader *r, struct series *s, enum column c, const char *what)
{
    struct span f = get(r, c);
    if (!*s->trouble)
        snprintf(s->trouble, sizeof s->trouble, "line %lu, column %zu (%s): '%.*s' %s", r->csv->line,
                 r->at[c] + 1, columns[c], (int)(f.n < 40 ? f.n : 40), (const char *)f.p, what);
}

/* A decimal number of zero or more; "95 %" is 0.95. */
static bool number(struct span f, double *out)
{
    char text[40], *end;

    if (!f.n || f.n >= sizeof text || !(ascii_digit(f.p[0]) || f.p[0] == '.'))
        return false;
    memcpy(text, f.p, f.n);
    text[f.n] = 0;
    if (strspn(text, "0123456789.eE+-% ") != f.n)
        return false;
    *out = strtod(text, &end);
    end += strspn(end, " ");
    if (*end == '%') {
        *out /= 100;
        end++;
    }
    return !*end && isfinite(*out);
}

static bool date(struct span f, double *day)
{
    char text[48];
    int64_t first, next;

    if (f.n < 7 || f.n >= sizeof text - 4)
        return false;
    memcpy(text, f.p, f.n);
    text[f.n] = 0;
    if (f.n == 7) {
        memcpy(text + 7, "-01", 4);
        if (!when_parse(text, &first))
            return false;
        next = first + 31 * 86400;      /* of December; else the next month's beginning */
        if (memcmp(text + 5, "12", 2) != 0) {
            bool carry = text[6] == '9';
            text[5] = (char)(text[5] + carry);
            text[6] = (char)(carry ? '0' : text[6] + 1);
            when_parse(text, &next);
        }
        *day = (double)(first + next) / 2 / 86400;
        return true;
    }
    if (!when_parse(text, &first))
        return false;
    *day = (double)first / 86400 + (f.n == 10 ? 0.5 : 0);
    return true;
}

/* What share the line names: 1, 0 when it is to be left out, -1 when there is trouble. */
static int share(const struct reader *r, struct series *s, struct sample *x)
{
    struct span k = get(r, NUMERATOR), n = get(r, DENOMINATOR), v = get(r, VALUE);
    double hits;

    if (k.n && n.n) {
        if (!number(k, &hits))
            return trouble(r, s, NUMERATOR, "is no count"), -1;
        if (!number(n, &x->count) || x->count > 1e15)
            return trouble(r, s, DENOMINATOR, "is no count"), -1;
        if (hits > x->count)
            return trouble(r, s, NUMERATOR, "is more than its denominator"), -1;
        if (!(x->count > 0))
            return 0;
        x->share = hits / x->count;
        return 1;
    }
    if (!v.n && r->at[VALUE] == CSV_FIELDS)
        return trouble(r, s, k.n ? DENOMINATOR : NUMERATOR, "is empty"), -1;
    if (!number(v, &x->share) || x->share > 1)
        return trouble(r, s, VALUE, "is no share from 0 to 1"), -1;
    s->counted = false;
    return 1;
}

static int take(struct reader *r)
{
    struct series_table *t = r->t;
    struct sample x = { 0 };

    if (r->csv->n != r->fields) {
        char what[96];
        snprintf(what, sizeof what, "%zu fields, but the first line names %zu columns", r->csv->n, r->fields);
        return refuse(r, what);
    }
    struct series *s = series_of(r);
    if (!s)
        return EX_DATAERR;
    if (!date(get(r, DATE), &x.day)) {
        trouble(r, s, DATE, "is no date (YYYY-MM-DD or YYYY-MM)");
        return 0;
    }
    if (share(r, s, &x) != 1)
        return 0;
    if (t->samples == FIT_POINTS)
        return refuse(r, "more than 20000 points; leave some out, or join days to months");
    t->sample[t->samples] = x;
    t->of[t->samples++] = (uint16_t)(s - t->series);
    return 0;
}

/* --- order --- */

static const struct series_table *sorted;   /* qsort() hands nothing on */

static int by_series_and_day(const void *a, const void *b)
{
    size_t i = *(const uint16_t *)a, j = *(const uint16_t *)b;
    double d = sorted->sample[i].day - sorted->sample[j].day;

    if (sorted->of[i] != sorted->of[j])
        return sorted->of[i] < sorted->of[j] ? -1 : 1;
    return d < 0 ? -1 : d > 0 ? 1 : i < j ? -1 : i > j;
}

_Static_assert(FIT_POINTS <= UINT16_MAX, "a sample has a number of 16 bits");

static void sort(struct series_table *t)
{
    static uint16_t order[FIT_POINTS];
    static struct sample before[FIT_POINTS];

    for (size_t i = 0; i < t->samples; i++)
        order[i] = (uint16_t)i;
    sorted = t;
    qsort(order, t->samples, sizeof *order, by_series_and_day);
    memcpy(before, t->sample, t->samples * sizeof *before);
    for (size_t i = 0; i < t->n; i++)
        t->series[i].n = 0;
    for (size_t i = 0; i < t->samples; i++)
        t->series[t->of[i]].n++;
    for (size_t i = 1; i < t->n; i++)
        t->series[i].first = t->series[i - 1].first + t->series[i - 1].n;
    for (size_t i = 0; i < t->samples; i++)
        t->sample[i] = before[order[i]];
    for (size_t i = 0, of = 0; i < t->samples; i++) {
        while (i >= t->series[of].first + t->series[of].n)
            of++;
        t->of[i] = (uint16_t)of;
    }
}

static void mark_mixed(struct series_table *t)
{
    for (size_t i = 0; i < t->n; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(t->series[i].name, t->series[j].name) == 0)
                t->series[i].mixed = t->series[j].mixed = true;
}

int series_read(struct series_table *t, FILE *f, const char *path, char error[REPORT_ERROR])
{
    static struct csv csv;
    struct reader r = { .t = t, .csv = &csv, .path = path, .error = error };
    int code, got = 0;

    memset(t, 0, sizeof *t);
    csv = (struct csv){ .file = f };
    errno = 0;
    code = read_header(&r);
    while (!code && (got = csv_next(&csv)) > 0)
        code = take(&r);
    if (ferror(f)) {
        snprintf(error, REPORT_ERROR, "%.300s cannot be read: %s", path, strerror(errno));
        return EX_IOERR;
    }
    if (!code && got < 0)
        code = refuse(&r, csv.error);
    if (!code && !t->n)
        code = refuse(&r, "there is no line behind the columns' names");
    if (code)
        return code;
    sort(t);
    mark_mixed(t);
    return 0;
}
