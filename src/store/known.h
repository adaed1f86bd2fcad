/* Which keys a table of sums has already: a set of their keyed hashes, so that nobody has to ask the
 * database. Two keys that fall together, one time in 2^64, are taken for the same. */
#ifndef MAILSEAL_STORE_KNOWN_H
#define MAILSEAL_STORE_KNOWN_H

#include "base/hash.h"

#include <stdbool.h>

/* Its fields belong to known.c. */
struct known {
    struct hash_key hash;
    uint64_t *key;                      /* open addressing; 0: free */
    size_t n, places, most;
};

/* Grows with its keys, up to so many. false: no memory. */
bool known_open(struct known *, size_t most);
void known_close(struct known *);
bool known_has(const struct known *, const int64_t *key, size_t nkey);
/* Nothing happens when it is there, when the set is full, or without memory. */
void known_add(struct known *, const int64_t *key, size_t nkey);
void known_clear(struct known *);

#endif
