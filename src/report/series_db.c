#include "report/series.h"

#include <math.h>
#include <sysexits.h>

#include "report/question.h"
#include "report/words.h"

static int take_rows(struct series_table *t, sqlite3_stmt *stmt, const char *path, char error[REPORT_ERROR])
{
    int rc;

    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        double day = sqlite3_column_double(stmt, 0);
        int64_t k = sqlite3_column_int64(stmt, 2), n = sqlite3_column_int64(stmt, 3);
        if (k < 0 || n <= 0 || k > n || t->samples == FIT_POINTS || fabs(day) > 1e6) {
            snprintf(error, REPORT_ERROR, "%.300s: its rates are no counts, or are too many; it was changed by"
                                          " another program", path);
            return EX_DATAERR;
        }
        t->days = sqlite3_column_int(stmt, 1);
        t->sample[t->samples++] = (struct sample){ day, (double)k / (double)n, (double)n };
    }
    return rc == SQLITE_DONE ? 0 : -1;
}

int series_of_reading(struct series_table *t, struct reading *r, const struct report_request *q,
                      char error[REPORT_ERROR])
{
    struct report_request curve = { .name = "curve", .hop = q->hop, .direction = q->direction, .verdict = q->verdict,
                                    .since = q->since, .until = q->until };
    sqlite3_stmt *stmt;

    memset(t, 0, sizeof *t);
    int code = report_prepare(r, &curve, &stmt, error);
    if (!code)
        code = take_rows(t, stmt, r->path, error);
    if (code < 0)
        code = reading_failure(r, error);
    sqlite3_finalize(stmt);
    t->n = 1;
    t->series[0] = (struct series){ .chosen = true, .n = t->samples, .counted = true };
    snprintf(t->series[0].name, SERIES_NAME, "%s", q->verdict ? q->verdict : "");
    return code;
}

int series_of_database(struct series_table *t, const struct report_request *q, char error[REPORT_ERROR])
{
    struct reading r;

    if ((q->hop && !word_check("hop", q->hop, error)) || (q->verdict && !word_check("verdict", q->verdict, error)))
        return EX_USAGE;
    int code = reading_open(&r, q->path, error);
    if (code)
        return code;
    code = series_of_reading(t, &r, q, error);
    reading_close(&r);
    return code;
}
