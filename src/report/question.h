/* A report as a statement that waits for its first step. */
#ifndef MAILSEAL_REPORT_QUESTION_H
#define MAILSEAL_REPORT_QUESTION_H

#include "report/reading.h"

/* The statement of report q->name with its parameters, to be finalized by the caller, in case of an error, too.
 * 0, or a status and a sentence. Texts of q are borrowed until then. */
int report_prepare(struct reading *, const struct report_request *q, sqlite3_stmt **, char error[REPORT_ERROR]);

/* The same of its rows, kept in memory: they can be gone through again, behind sqlite3_reset(). */
int report_prepare_kept(struct reading *, const struct report_request *q, sqlite3_stmt **, char error[REPORT_ERROR]);

#endif
