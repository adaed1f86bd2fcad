/* Reads one session again from the capture it was seen in. */
#ifndef MAILSEAL_APP_REREAD_H
#define MAILSEAL_APP_REREAD_H

#include "report/explain.h"

enum { REREAD_TRACE = 65536 };

struct reread {
    const char *db, *capture;           /* capture: where it is now; NULL: where it was */
    uint8_t trace[REREAD_TRACE];
    size_t trace_n;                     /* 0: not found; said tells why */
    char said[REPORT_ERROR];            /* what was read, or a sentence's part on why not */
};

/* Fills trace and said. Returns 0, or a status and a sentence when the database failed. */
int reread(struct reread *, const struct explanation *, char error[REPORT_ERROR]);

#endif
