/* mailseal incidents: what the report of this name says, for people and for programs. */
#ifndef MAILSEAL_REPORT_INCIDENTS_H
#define MAILSEAL_REPORT_INCIDENTS_H

#include "report/report.h"

#include <stdbool.h>

/* Of *q count path, since, until, hop, direction, grade and format: REPORT_TABLE or REPORT_JSONL. The width is that of
 * layout.h, for a table. *found: there is one. 0, or a status and a sentence, as in report.h. */
int incidents_run(const struct report_request *q, size_t width, bool *found, FILE *out, char error[REPORT_ERROR]);

#endif
