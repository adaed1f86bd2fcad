/* Judging the stored sessions again, so that a better table of rules corrects history. */
#ifndef MAILSEAL_STORE_REJUDGE_H
#define MAILSEAL_STORE_REJUDGE_H

#include "facts/session.h"
#include "store/store.h"

enum { REJUDGE_CODES = 16 };            /* the last one: any that is no word of this program */

/* Sessions by what they were and what they are; the diagonal is not counted. */
struct rejudge_changes {
    uint64_t verdict[REJUDGE_CODES][REJUDGE_CODES], hop[REJUDGE_CODES][REJUDGE_CODES];
    uint64_t strip[REJUDGE_CODES][REJUDGE_CODES];
    uint64_t rule_only;                 /* another rule that says the same */
    uint64_t allowed, no_more;          /* on a path that is allowed now and was not; and the other way round, with evidence or without */
    uint64_t changed, sessions;
};

/* Which paths are allowed now, whatever was when the sessions were seen. Whose grade changes by that is recorded, too. */
struct rejudge_paths {
    bool (*allowed)(const void *ctx, enum direction, const struct endpoint *client, const struct endpoint *server);
    const void *ctx;
    bool narrow;                        /* a network is narrower than what truncated addresses leave */
};

/* Judges each session of an own database that is there from what is stored of it. Those that come out
 * otherwise are changed, and their part of the sums is moved, in one transaction with a revision of
 * its own; sums of deleted sessions stay. paths: NULL leaves allowed what was. dry: nothing is written. Returns 0, or a
 * status of <sysexits.h> and one sentence; then the database is as it was. */
int rejudge(const char *path, bool dry, const struct rejudge_paths *paths, struct rejudge_changes *, char error[STORE_ERROR]);

#endif
