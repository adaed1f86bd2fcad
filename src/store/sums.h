/* Sums in memory, on their way to a table of sums: rows of whole numbers, found by their key.
 * Bounded: when it is full, the caller writes it out and goes on. */
#ifndef MAILSEAL_STORE_SUMS_H
#define MAILSEAL_STORE_SUMS_H

#include "base/hash.h"
#include "store/gathered.h"

#include <stdbool.h>

/* As many as a table has for a day at most, with some to spare: with fewer the rows of many peers would be written again and
 * again. */
enum { SUMS_ROWS = 32768, SUMS_WIDTH = GATHERED_COLUMNS, SUMS_SLOTS = 2 * SUMS_ROWS };

/* Its fields belong to sums.c. */
struct sums {
    size_t nkey, width;                 /* numbers of a key, of a row */
    size_t n;
    struct hash_key hash;               /* decides nothing but places: rows go out sorted */
    int64_t cell[SUMS_ROWS * SUMS_WIDTH];
    size_t slots;                       /* of those below, in use */
    uint16_t slot[SUMS_SLOTS];          /* row + 1; 0: free */
};

/* Rows of nkey numbers that say which, and nvalue numbers, SUMS_WIDTH at most. */
void sums_init(struct sums *, size_t nkey, size_t nvalue);

/* The values of a key, until the next sums_at(), sums_sort() or sums_clear(). A new row has
 * zeroes and sets *fresh. NULL: there is no room for a new one. */
int64_t *sums_at(struct sums *, const int64_t *key, bool *fresh);
/* The same of a key that is there; NULL if it is not. */
int64_t *sums_find(struct sums *, const int64_t *key);

/* Puts the rows into the order of their keys, that of the table they go to; only sums_row() and
 * sums_clear() may follow. */
void sums_sort(struct sums *);
size_t sums_count(const struct sums *);
/* Row i: its key, then its values, and behind them the next row. */
const int64_t *sums_row(const struct sums *, size_t i);
void sums_clear(struct sums *);

#endif
