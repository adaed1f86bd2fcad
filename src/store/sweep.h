/* Addresses of clients that no session has any more: they are found by going through all sessions, a part at a time. */
#ifndef MAILSEAL_STORE_SWEEP_H
#define MAILSEAL_STORE_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

struct store;

enum { SWEEP_ENDPOINTS = 1 << 23 };     /* looked at in one go through the sessions */

/* Its fields belong to sweep.c. */
struct sweep {
    bool on;
    int64_t base, top;                  /* numbers of endpoints: of the first bit, of the last that is looked at */
    int64_t session;                    /* up to this number their clients are marked */
    int64_t at;                         /* up to this number endpoints were looked at */
    bool marked;                        /* all sessions there were have been gone through */
    uint64_t begun_ns;
    uint8_t used[SWEEP_ENDPOINTS / 8];  /* a bit for each endpoint from base on */
};

/* Within a transaction: a part of it, when sessions have been let go of since it was done last, and that was an hour ago.
 * A status of the store. */
int sweep_step(struct store *, uint64_t *addresses, bool *more);
void sweep_rolled_back(struct store *);

#endif
