/* Buckets of time as places on an axis. A bucket is the text that a report names it by: "2024-03-01", or
 * "2024-03-01T10:00:00Z" of an hour. */
#ifndef MAILSEAL_PAGE_TIMELINE_H
#define MAILSEAL_PAGE_TIMELINE_H

#include "base/bytes.h"

enum timeline_by { BY_HOUR, BY_DAY, BY_WEEK, BY_MONTH };
enum { TIMELINE_LABEL = 32, TIMELINE_TICKS = 8, TIMELINE_FEWEST = 8 };

/* "hour" …; else days. */
enum timeline_by timeline_by(const char *word);

/* The number of the bucket, counted from 1970. False: the text is no date of years 1 to 9999. */
bool timeline_index(enum timeline_by, struct span bucket, int64_t *index);
/* "Mar 2024", "week of 4 Mar 2024", "4 Mar 2024", "4 Mar 2024, 10:00 UTC" */
void timeline_name(enum timeline_by, int64_t index, char out[TIMELINE_LABEL]);

/* An axis from the first to the last of the buckets added; never of less than TIMELINE_FEWEST places. */
struct timeline {
    enum timeline_by by;
    bool any;
    int64_t first, last;
};
void timeline_add(struct timeline *, int64_t index);
/* The middle of a bucket, and the width of each, in percent of the axis. */
double timeline_at(const struct timeline *, int64_t index);
double timeline_width(const struct timeline *);

/* Where on the axis a day begins, as timeline_at(). False: it is no date. */
bool timeline_day(const struct timeline *, struct span day, double *at);

struct timeline_tick {
    double at;                          /* percent */
    char label[TIMELINE_LABEL];
};
/* Returns how many. Labels with a year have it where it is not that of the tick before, and of the one before that. */
size_t timeline_ticks(const struct timeline *, struct timeline_tick out[TIMELINE_TICKS]);

#endif
