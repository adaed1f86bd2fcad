/* What is let go of, so that a database does not grow for ever: sessions, first those without evidence and incident, and
 * addresses of clients that no session has any more. Never the sums, of which hours become days. */
#ifndef MAILSEAL_STORE_RETENTION_H
#define MAILSEAL_STORE_RETENTION_H

#include "store/store.h"

struct store_keep {
    uint32_t session_days;              /* of packet time; 0: for ever */
    uint32_t incident_days;             /* the same of sessions with evidence or an incident */
    uint64_t bytes;                     /* of the file, without the log beside it; 0: any number */
    uint32_t hourly_days;               /* for which sums are kept by the hour, behind that by the day; 0: for ever */
};

struct store_let_go {
    uint64_t sessions;                  /* how many; those of them with evidence or an incident; */
    uint64_t marked;
    uint64_t for_room;                  /* those of them that were not old, but the oldest */
    uint64_t addresses;
    uint64_t bytes;                     /* given back to the file system */
    uint64_t days_folded;               /* hours of so many days became days */
    int64_t before_us;                  /* sessions without evidence and incident that began before are gone; 0: none */
    bool too_large;                     /* nothing is left that could go, and there is no room */
};

/* Between transactions: lets go of a small part of what is not to be kept, in a transaction of some milliseconds, and
 * adds to *gone. *more: there is more of it. Ages are reckoned from the packet time that was told last (store_seen()), of a store without
 * a sensor from its newest packet. A clock that leaps, forward or back, lets nothing go of what would have stayed: it is
 * believed when it has run for a day from where it leapt to, and never further than it shows.
 * What another program holds is left for the next time. A status of the store. */
int store_let_go(struct store *, const struct store_keep *, struct store_let_go *gone, bool *more);

/* What letting go of everything that is not to be kept would do, of which nothing is done. A status of the store. */
int store_would_let_go(struct store *, const struct store_keep *, struct store_let_go *would);

/* For somebody who may wait: packs the file, so that its size is that of what is in it, and can give room back later. */
int store_pack(struct store *);
uint64_t store_size(struct store *);    /* bytes of the file */

#endif
