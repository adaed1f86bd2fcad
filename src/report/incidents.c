#include "report/incidents.h"

#include "report/layout.h"
#include "report/question.h"

#include <errno.h>

static const struct layout_column columns[] = {
    { "GRADE", "grade", false },   { "WHAT", "what", false }, { "CLIENT", "client", false },
    { "SERVER", "server", false }, { "PORT", "port", false }, { "SESSIONS", "sessions", false },
    { "FIRST", "first", true },    { "LAST", "last", false }, { "EXPOSED", "exposed", false },
    { "", "sentence", false },
};

static const struct column_rule rules[] = { { "evidence", COLUMN_LIST }, { NULL, COLUMN_PLAIN } };

static int write_all(sqlite3_stmt *stmt, const struct report_request *q, size_t width, bool found, FILE *out)
{
    const struct rendering lines = { q->format, rules, 0, false };
    if (q->format == REPORT_JSONL)
        return render(stmt, &lines, out);
    if (!found)
        fputs("(nothing)\n", out);
    return found ? layout_write(stmt, columns, sizeof columns / sizeof *columns, width, out) : SQLITE_OK;
}

static int ask(struct reading *r, const struct report_request *q, size_t width, bool *found, FILE *out, char error[REPORT_ERROR])
{
    sqlite3_stmt *stmt;
    int code = report_prepare_kept(r, q, &stmt, error), rc;

    if (!code) {
        rc = sqlite3_step(stmt);
        *found = rc == SQLITE_ROW;
        sqlite3_reset(stmt);
        errno = 0;
        if ((rc != SQLITE_ROW && rc != SQLITE_DONE) || write_all(stmt, q, width, *found, out) != SQLITE_OK)
            code = reading_failure(r, error);
    }
    sqlite3_finalize(stmt);
    return code ? code : output_finish(out, error);
}

int incidents_run(const struct report_request *q, size_t width, bool *found, FILE *out, char error[REPORT_ERROR])
{
    struct report_request named = *q;
    struct reading r;
    int code = reading_open(&r, q->path, error);

    named.name = "incidents";
    *found = false;
    if (code)
        return code;
    code = ask(&r, &named, width, found, out, error);
    reading_close(&r);
    return code;
}
