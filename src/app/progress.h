/* A line on a terminal's standard error: how far the reading is. Elsewhere it is silent. */
#ifndef MAILSEAL_APP_PROGRESS_H
#define MAILSEAL_APP_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool shown;                         /* there is a terminal, and it may be written to */
    bool dirty;                         /* a line stands on it */
    uint64_t total, before;             /* bytes of all captures; of those that are done */
    uint64_t started_ns, last_ns;       /* of the monotonic clock */
};

void progress_begin(struct progress *, uint64_t total_bytes, bool quiet);
/* At most five lines a second are drawn, whoever often it is called. */
void progress_step(struct progress *, uint64_t bytes_of_present, uint64_t packets);
void progress_file_done(struct progress *, uint64_t bytes);
void progress_clear(struct progress *);         /* before anything else is written */

#endif
