/* A report that is a command of its own: the same rows as text made for people, or as JSON lines. */
#ifndef MAILSEAL_REPORT_LISTING_H
#define MAILSEAL_REPORT_LISTING_H

#include "report/reading.h"
#include "report/report.h"

struct listing {
    const char *report;                 /* its name */
    const struct column_rule *rules;    /* of render.h */
    /* The rows as text, of which there is at least one; the statement is at its beginning. The width is that of
     * layout.h. SQLITE_OK, or the statement's failure. */
    int (*write)(sqlite3_stmt *, size_t width, FILE *out);
    /* What is said behind these, of what was not asked for; NULL: nothing. 0, or a status and a sentence. */
    int (*note)(struct reading *, const struct report_request *q, FILE *out, char error[REPORT_ERROR]);
};
extern const struct listing incidents_listing, locate_listing;
/* How the columns of a report are written that is a listing, too; NULL: it is none. */
const struct column_rule *listing_rules(const char *report);

/* Of *q name, by, ports and logins do not count; its format is REPORT_TABLE or REPORT_JSONL. The width is for people.
 * *found: there is a row. 0, or a status and a sentence, as in report.h. */
int listing_run(const struct listing *, const struct report_request *q, size_t width, bool *found, FILE *out,
                char error[REPORT_ERROR]);

#endif
