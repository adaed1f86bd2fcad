/* One table of sums: gathered in memory, added to the database when full and at commit, and
 * where it has a limit, bounded for each day. */
#ifndef MAILSEAL_STORE_TALLY_H
#define MAILSEAL_STORE_TALLY_H

#include "store/db.h"
#include "store/gathered.h"
#include "store/known.h"
#include "store/sums.h"

struct tally_shape {
    const char *add;                    /* statement: ?1 sensor, ?2 database, ?3 revision; gathered: key, values */
    size_t nkey, nvalue;
    /* With a limit, a day (the first number of the key) has at most so many rows for a sensor;
     * `others` makes a key for what comes later. */
    int64_t limit;
    const char *keys;                   /* statement: ?1 sensor, ?2 database, ?3 day, ?4 so many at most;
                                         * the key of each row */
    void (*others)(int64_t *key);
    /* What is written is added to a coarser table, too, of the same shape: the first number of the key there. */
    int64_t (*coarser)(int64_t);
};

struct tally_owner {
    int64_t sensor, database, revision;
    struct gathered *gathered;          /* that of the connection */
};

enum { TALLY_DAYS = 16 };

/* Its fields belong to tally.c. */
struct tally {
    const struct tally_shape *shape;
    const struct tally_owner *owner;
    struct tally *coarser;              /* set by the caller, if the shape has one */
    sqlite3_stmt *add, *keys;
    /* Rows of a day, written or gathered, one place for each day's number; rows -1: free. */
    struct { int64_t day, rows; } days[TALLY_DAYS];
    struct known known;                 /* their keys */
    struct sums sums;
};

/* shape and owner are borrowed until tally_close(). false: see db_failure(). */
bool tally_open(struct tally *, sqlite3 *, const struct tally_shape *shape, const struct tally_owner *owner);
void tally_close(struct tally *);

/* The values to add to, until the next call. key may be changed to that of the others. NULL: *rc
 * is SQLite's failure. *fresh: all values are zero. */
int64_t *tally_at(struct tally *, int64_t *key, bool *fresh, int *rc);

int tally_write(struct tally *);        /* adds what was gathered to the database */
void tally_drop(struct tally *);        /* forgets it, after a rollback */
/* Forgets what the database had: somebody else may have written, or the owner is another. All that was
 * gathered must be there. */
void tally_forget(struct tally *);

#endif
