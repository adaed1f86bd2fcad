#include "report/series.h"

#include <math.h>
#include <sysexits.h>

#include "report/reading.h"
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

int series_of_database(struct series_table *t, const char *path, const char *hop, char error[REPORT_ERROR])
{
    struct reading r;

    memset(t, 0, sizeof *t);
    if (hop && !word_check("hop", hop, error))
        return EX_USAGE;
    int code = reading_open(&r, path, error);
    if (code)
        return code;
    sqlite3_stmt *stmt = reading_prepare(&r, "statements/curve.sql");
    code = stmt && sqlite3_bind_text(stmt, 1, hop, -1, SQLITE_STATIC) == SQLITE_OK ? take_rows(t, stmt, path, error)
                                                                                   : -1;
    if (code < 0)
        code = reading_failure(&r, error);
    sqlite3_finalize(stmt);
    reading_close(&r);
    t->n = 1;
    t->series[0] = (struct series){ .chosen = true, .n = t->samples, .counted = true };
    return code;
}
