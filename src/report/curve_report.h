/* The adoption curve of a CSV file or of a database, as text or JSON. */
#ifndef MAILSEAL_REPORT_CURVE_REPORT_H
#define MAILSEAL_REPORT_CURVE_REPORT_H

#include "report/report.h"

#include <stdbool.h>

struct curve_request {
    const char *database;               /* used where csv is NULL */
    const char *csv;                    /* "-": standard input */
    const char *series, *hop, *verdict; /* NULL: all, the headline, what is encrypted */
    const char *since, *until;          /* of a database, as in report.h */
    double ceiling;                     /* of the logistic model; 0: to be found */
    bool json;
};

/* One JSON object, or where several series are shown a list of them. Series that are no shares are left out, with a
 * line on standard error each. 0, or a status of <sysexits.h> and a sentence: 69 when the program was built without
 * the library; else as in report.h. Not reentrant. */
int curve_report(const struct curve_request *, FILE *out, char error[REPORT_ERROR]);

#endif
