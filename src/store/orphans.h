/* Sessions that an earlier run of the sensor left open, found by the ends of their connections. Bounded: what finds no
 * place is not found again. */
#ifndef MAILSEAL_STORE_ORPHANS_H
#define MAILSEAL_STORE_ORPHANS_H

#include <stdbool.h>

#include "base/endpoint.h"
#include "base/hash.h"

enum { ORPHANS = 1 << 16, ORPHANS_PLACES = 2 * ORPHANS };

/* Its fields belong to orphans.c. */
struct orphans {
    struct hash_key key;
    struct orphan { uint64_t ends; int64_t session; } *place;     /* open addressing; session 0: free, -1: taken */
    size_t n;
};

bool orphans_clear(struct orphans *);   /* false: no memory; then it stays empty */
void orphans_free(struct orphans *);
void orphans_add(struct orphans *, const struct endpoint *, const struct endpoint *, int64_t session);
bool orphans_has(struct orphans *, const struct endpoint *, const struct endpoint *);
/* The session between these ends, in either order, which is taken; 0: none. */
int64_t orphans_take(struct orphans *, const struct endpoint *, const struct endpoint *);

#endif
