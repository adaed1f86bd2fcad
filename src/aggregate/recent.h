/* A bounded table of equal entries by their keys: when it is full, the one that was asked for longest ago gives
 * way. All its memory is taken when it is opened; pages that no entry was in cost nothing. */
#ifndef MAILSEAL_AGGREGATE_RECENT_H
#define MAILSEAL_AGGREGATE_RECENT_H

#include "base/hash.h"

#include <stdbool.h>

/* Its fields belong to recent.c. Numbers of entries count from 1; 0 is none. */
struct recent {
    struct hash_key hash;
    size_t key, entry;                  /* bytes; an entry begins with its key */
    uint32_t most, places, n;
    uint32_t newest, oldest, changed;
    uint32_t *place;                    /* the first entry of each */
    struct recent_link { uint32_t next, newer, older, changed; } *link;   /* changed: 0 for one that is not */
    uint8_t *entries;
};

/* Bytes that an entry costs beside itself, where `most` is a power of two. */
enum { RECENT_COST = sizeof(struct recent_link) + sizeof(uint32_t) };

/* Entries of `entry` bytes, of which the first `key` are compared as bytes. False: no memory; recent_close() is
 * allowed then. */
bool recent_open(struct recent *, size_t key, size_t entry, uint32_t most);
void recent_close(struct recent *);
void recent_clear(struct recent *);

/* The entry of a key, until the next recent_get(); NULL: none. */
void *recent_find(struct recent *, const void *key);
/* The same; it is the newest now, counts as changed, and where there was none it is made, zeroes behind its key. */
void *recent_get(struct recent *, const void *key);

/* An entry that was changed in another way. */
void recent_change(struct recent *, const void *entry);
/* Takes one off those that were changed; NULL: no more. */
void *recent_changed(struct recent *);

/* The number of an entry, and the entry of a number that was given; by now another may have its place. */
uint32_t recent_number(const struct recent *, const void *entry);
void *recent_at(struct recent *, uint32_t number);

/* From the newest to the oldest: NULL is behind the last one, and before the first. */
void *recent_next(struct recent *, const void *entry);

#endif
