#include "report/listing.h"

#include "report/question.h"

#include <errno.h>
#include <string.h>

const struct column_rule *listing_rules(const char *report)
{
    static const struct listing *const all[] = { &incidents_listing, &locate_listing };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i]->report, report) == 0)
            return all[i]->rules;
    return NULL;
}

static int write_all(const struct listing *l, sqlite3_stmt *stmt, enum report_format format, size_t width, bool *found, FILE *out)
{
    const struct rendering lines = { .format = format, .rules = l->rules };
    int rc = sqlite3_step(stmt);

    *found = rc == SQLITE_ROW;
    sqlite3_reset(stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return rc;
    if (format == REPORT_JSONL)
        return render(stmt, &lines, out);
    if (*found)
        return l->write(stmt, width, out);
    fputs("(nothing)\n", out);
    return SQLITE_OK;
}

int listing_run(const struct listing *l, const struct report_request *q, size_t width, bool *found, FILE *out,
                char error[REPORT_ERROR])
{
    struct report_request named = *q;
    struct reading r;
    sqlite3_stmt *stmt;
    int code = reading_open(&r, q->path, error);

    named.name = l->report;
    *found = false;
    if (code)
        return code;
    code = report_prepare_kept(&r, &named, &stmt, error);
    errno = 0;
    if (!code && write_all(l, stmt, q->format, width, found, out) != SQLITE_OK)
        code = reading_failure(&r, error);
    sqlite3_finalize(stmt);
    if (!code && l->note && q->format == REPORT_TABLE)
        code = l->note(&r, &named, out, error);
    reading_close(&r);
    return code ? code : output_finish(out, error);
}
