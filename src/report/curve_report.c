#include "report/curve_report.h"

#include <errno.h>
#include <sysexits.h>

#include "report/curve_show.h"
#include "report/reading.h"

static int read_csv(struct series_table *t, const char *path, char error[REPORT_ERROR])
{
    bool standard = strcmp(path, "-") == 0;
    FILE *f = standard ? stdin : fopen(path, "rb");

    if (!f) {
        snprintf(error, REPORT_ERROR, "%.300s cannot be opened: %s", path, strerror(errno));
        return EX_NOINPUT;
    }
    int code = series_read(t, f, standard ? "standard input" : path, error);
    if (!standard)
        fclose(f);
    return code;
}

static void show(const struct series_table *t, const struct series *s, const struct curve_request *q, FILE *out)
{
    struct curve_result r = { .series = s, .samples = { &t->sample[s->first], s->n, s->counted }, .days = t->days };

    r.curve = curve_fit(&r.samples, q->ceiling);
    (q->json ? curve_json : curve_text)(&r, out);
}

/* Whether a series can be shown; else what is wrong with it, once. */
static bool is_share(const struct series *s, const char *path, char error[REPORT_ERROR])
{
    if (*s->trouble && !*error)
        snprintf(error, REPORT_ERROR, "%.300s: %s%s%s%s", path, s->trouble, *s->name ? " (series " : "",
                 series_label(s), *s->name ? "); the others were fitted" : "");
    return !*s->trouble;
}

static int show_all(const struct series_table *t, const struct curve_request *q, FILE *out, char error[REPORT_ERROR])
{
    size_t chosen = 0, shown = 0;

    *error = 0;
    for (size_t i = 0; i < t->n; i++)
        chosen += t->series[i].chosen;
    errno = 0;
    for (size_t i = 0; i < t->n; i++) {
        if (!t->series[i].chosen || !is_share(&t->series[i], q->csv, error))
            continue;
        if (shown++)
            fputs(q->json ? ",\n " : "\n", out);
        else if (q->json && chosen > 1)
            putc('[', out);
        show(t, &t->series[i], q, out);
    }
    if (q->json && shown)
        fputs(chosen > 1 ? "]\n" : "\n", out);
    char ignored[REPORT_ERROR];
    int code = output_finish(out, *error ? ignored : error);
    return code ? code : *error ? EX_DATAERR : 0;
}

int curve_report(const struct curve_request *q, FILE *out, char error[REPORT_ERROR])
{
    static struct series_table t;

    if (!least_squares_available()) {
        snprintf(error, REPORT_ERROR, "this program was built without cminpack, which curves are fitted by");
        return EX_UNAVAILABLE;
    }
    struct report_request of_database = { .path = q->database, .hop = q->hop, .verdict = q->verdict, .since = q->since, .until = q->until };
    int code = q->csv ? read_csv(&t, q->csv, error) : series_of_database(&t, &of_database, error);
    if (!code && q->csv)
        code = series_choose(&t, q->series, error);
    return code ? code : show_all(&t, q, out, error);
}
