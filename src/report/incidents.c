#include "report/layout.h"
#include "report/listing.h"
#include "report/question.h"

#include <string.h>

static const struct layout_column columns[] = {
    { "GRADE", "grade", false },   { "WHAT", "what", false }, { "CLIENT", "client", false },
    { "SERVER", "server", false }, { "PORT", "port", false }, { "SESSIONS", "sessions", false },
    { "FIRST", "first", true },    { "LAST", "last", false }, { "EXPOSED", "exposed", false },
    { "", "sentence", false },
};

static const struct column_rule rules[] = { { "evidence", COLUMN_LIST }, { NULL, COLUMN_PLAIN } };

static int write_table(sqlite3_stmt *stmt, size_t width, FILE *out)
{
    return layout_write(stmt, columns, sizeof columns / sizeof *columns, width, out);
}

static bool lists_allowed(const struct report_request *q)
{
    return q->grade && (strcmp(q->grade, "allowed") == 0 || strcmp(q->grade, "none") == 0);
}

/* Paths on which stripping is allowed are not listed, but not forgotten either. */
static int note_allowed(struct reading *r, const struct report_request *q, FILE *out, char error[REPORT_ERROR])
{
    if (lists_allowed(q))
        return 0;
    struct report_request allowed = *q;
    sqlite3_stmt *stmt;
    unsigned long n = 0;
    int rc = SQLITE_DONE;

    allowed.grade = "allowed";
    int code = report_prepare(r, &allowed, &stmt, error);
    while (!code && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
        n++;
    if (!code && rc != SQLITE_DONE)
        code = reading_failure(r, error);
    sqlite3_finalize(stmt);
    if (!code && n)
        fprintf(out, "(%lu path%s more %s allowed: --grade allowed lists %s)\n", n, n == 1 ? "" : "s", n == 1 ? "is" : "are",
                n == 1 ? "it" : "them");
    return code;
}

const struct listing incidents_listing = { "incidents", rules, write_table, note_allowed };
