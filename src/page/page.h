/* The report as one page of HTML: no script, nothing from elsewhere, the same for the same database. All its numbers
 * are those of sql/reports; what is made here is pixels. */
#ifndef MAILSEAL_PAGE_PAGE_H
#define MAILSEAL_PAGE_PAGE_H

#include "report/report.h"

/* Of the request count path, since, until, by and direction; without `by` the span of the data chooses. 0, or a
 * status and a sentence, as in report.h. Not reentrant. */
int page_write(const struct report_request *, FILE *out, char error[REPORT_ERROR]);

#endif
