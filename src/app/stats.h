/* What an analysis cost: the table of `analyze --stats`. */
#ifndef MAILSEAL_APP_STATS_H
#define MAILSEAL_APP_STATS_H

#include <stdio.h>

#include "app/pipeline.h"

struct stats {
    uint64_t began_ns;                  /* of wall_clock_ns() */
    uint64_t commit_ns;                 /* in all commits, which bring the database to the disk */
    uint64_t commits;
};

/* Of the whole run, from the caller's thread, when all is done; ends the pipeline's threads. */
void stats_print(const struct stats *, struct pipeline *, FILE *out);

#endif
