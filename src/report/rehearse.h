/* What would fail if clear ports, or logins in clear, were closed today: the reports rehearsal, rehearsal_servers and
 * rehearsal_networks as one answer. */
#ifndef MAILSEAL_REPORT_REHEARSE_H
#define MAILSEAL_REPORT_REHEARSE_H

#include "report/report.h"

#define REHEARSAL_PORTS "25,587,2525,143,110"   /* those that the reports have without :ports */

/* In text for a terminal of 80 columns, or as one JSON object. Of the request count path, since, until, hop,
 * direction, ports (numbers joined by commas) and logins.
 * 0, or a status and a sentence, as in report.h. */
int rehearse(const struct report_request *, bool json, FILE *out, char error[REPORT_ERROR]);

#endif
