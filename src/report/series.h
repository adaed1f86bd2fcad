/* Series of shares over time, from a CSV file or a database, as fit/ takes them. */
#ifndef MAILSEAL_REPORT_SERIES_H
#define MAILSEAL_REPORT_SERIES_H

#include "fit/samples.h"
#include "report/report.h"

enum { SERIES = 256, SERIES_NAME = 128, SERIES_TROUBLE = 256 };

struct series {
    char name[SERIES_NAME];             /* as the file has it, or the verdict that was asked for; "": there is none */
    char direction[24];                 /* likewise */
    bool chosen;
    bool mixed;                         /* other series have the same name and another direction */
    size_t first, n;                    /* its samples in the table */
    bool counted;                       /* all of them have a numerator and denominator */
    char trouble[SERIES_TROUBLE];       /* why it is no share: the first of it, with line and column; "": none */
};

/* Large: static, and one at a time. Samples lie series by series, sorted by day. */
struct series_table {
    struct series series[SERIES];
    size_t n;
    struct sample sample[FIT_POINTS];
    uint16_t of[FIT_POINTS];            /* index of its series */
    size_t samples;
    int days;                           /* the width of a bucket of a database; else 0 */
};

/* Reads CSV (RFC 4180; also with ';' or tabs between the fields): the first line names the columns, of which
 * `date` and `value`, or `date`, `numerator` and `denominator`, have to be there, and `series` and `direction` may be.
 * Dates are YYYY-MM-DD, RFC 3339 times, or YYYY-MM (the middle of the month). A line of which 0 of 0 is the share is
 * left out. 0, or a status of <sysexits.h> and a sentence with line and column; what is wrong with one series only
 * is its trouble. */
int series_read(struct series_table *, FILE *, const char *path, char error[REPORT_ERROR]);

/* Chooses the series of this name; else those whose names have all of its words. NULL: all.
 * 0, or 64 and a sentence. */
int series_choose(struct series_table *, const char *name, char error[REPORT_ERROR]);

/* The days, or weeks, of a database; of the request count path, hop, direction, verdict, since and until. 0, or a
 * status and a sentence. */
int series_of_database(struct series_table *, const struct report_request *, char error[REPORT_ERROR]);

/* The same on a connection that is open; of the request count hop, direction, verdict, since and until. */
struct reading;
int series_of_reading(struct series_table *, struct reading *, const struct report_request *, char error[REPORT_ERROR]);

/* Name, and direction where that tells it from others; valid until the next call. */
const char *series_label(const struct series *);

#endif
