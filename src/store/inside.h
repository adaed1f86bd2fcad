/* What the files of the store share: its fields belong to store.c, rows.c, run.c and
 * revise.c. */
#ifndef MAILSEAL_STORE_INSIDE_H
#define MAILSEAL_STORE_INSIDE_H

#include "base/disguise.h"
#include "store/counts.h"
#include "store/dictionary.h"
#include "store/orphans.h"
#include "store/settled.h"
#include "store/store.h"
#include "store/stored_session.h"
#include "store/sweep.h"
#include "store/waiting.h"

#ifndef MAILSEAL_VERSION
#define MAILSEAL_VERSION "0"
#endif

enum { OWN_DATABASE = 1 };

/* The run of a sensor that the transactions belong to. */
struct run {
    int64_t id;                         /* 0: none, captures are read */
    uint64_t identity;
    int64_t source[STORE_LINKS + 1];    /* of each link, from 1 on */
    unsigned nlinks;
    int64_t clock_us;                   /* packet time that was told last */
    bool loaded;                        /* `settled` and `orphans` are as the database has them */
    struct orphans orphans;             /* sessions that earlier runs left open */
    sqlite3_stmt *find, *add, *batch, *link_find, *link_add, *link_seen, *minute_add, *go_on, *go_on_list, *end, *orphan_list,
                 *orphan_end;
};

/* See store/retention.h. */
struct retention {
    int64_t shown_us;                   /* what the clock showed last; 0: nothing yet */
    uint64_t dropped;                   /* sessions that went since addresses were looked for */
    struct sweep sweep;
};

struct store {
    sqlite3 *db;
    char *path;
    char sensor[SENSOR_NAME + 1];
    struct disguise disguise;           /* see store_hide() */
    bool open;                          /* a transaction */
    bool dirty;                         /* with something in it */
    bool revised;                       /* sums became less */
    uint32_t remembered;                /* entries written since they were trimmed */
    int failed;                         /* status of the failure that spoilt it */
    int64_t data_version;               /* changes when another program writes */
    int64_t sensor_id, revision, last_session;
    int64_t told;                       /* the last session of the transactions before */
    unsigned group;                     /* the caller's number of the group being read */
    int64_t group_id;                   /* in the database: its first source; 0: none yet */
    struct waiting waiting;             /* within a transaction */
    struct settled settled;
    struct run run;
    sqlite3_stmt *session_add, *session_next, *session_grow, *source_add, *source_end, *source_find, *database_get, *database_move,
                 *trace_add, *evidence_put, *evidence_drop, *rejudged_add, *session_revise, *session_path, *memory_put, *version_get;
    struct span trace;                  /* of the session that comes next; borrowed */
    char error[STORE_ERROR];
    /* Large, and all the memory there is beside SQLite's own: one block from open to close. */
    struct dictionary dictionary;
    struct counts counts;
    struct retention retention;
};

/* --- store.c --- */

int store_fail(struct store *);         /* SQLite's failure, in a sentence */
int store_misuse(struct store *, const char *sentence);
int store_touch(struct store *);        /* before the first writing of a transaction */
/* What is stored in the place of an address, and of a text that may hold one: all that is written goes through these,
 * and what is compared with what is stored. */
void store_hide(const struct store *, uint8_t addr[16]);
void store_hide_text(const struct store *, char *text, const struct own_addresses *);
void store_hide_known(const struct store *, uint8_t addr[16]);      /* of what store_known_as() gave */
static inline bool store_hides(const struct store *s) { return s->disguise.mode != ADDRESSES_KEEP; }
/* Truncated addresses know nobody again. */
static inline bool store_remembers(const struct store *s) { return s->disguise.mode != ADDRESSES_TRUNCATE; }

/* --- rows.c --- */

/* The row with this number grows by what its connection came to since it was written, and the sums with it;
 * counts has it all, from the beginning. A row that is gone is left alone. */
int store_grow(struct store *, int64_t id, const struct session_counts *);
/* Counters and times of a row; false: it is gone. */
bool store_counted(struct store *, int64_t id, struct session_counts *);

int store_write_waiting(struct store *);        /* the rows of all that wait, as they stand */
/* The row of a session, as it is; SQLite's result, SQLITE_DONE: there is none. */
int store_row(struct store *, int64_t id, struct stored_session *);
int64_t store_network(struct store *, const struct session *);  /* number of its client's; <= 0: SQLite's failure */

/* --- revise.c --- */

bool revise_prepare(struct store *);    /* false: see db_failure() */

/* --- remember.c --- */

bool remember_prepare(struct store *);  /* false: see db_failure() */
int remember_trim(struct store *);      /* before a commit, if it is due: SQLite's result */

/* --- run.c --- */

bool run_prepare(struct store *);       /* false: see db_failure() */
void run_close(struct run *);
void run_rolled_back(struct store *);
/* A settled session was written as a row while its connection goes on, or has come to its end. */
int run_goes_on(struct store *, uint64_t number, int64_t id, const struct session_counts *before);
/* Adds to counts what the row had from earlier runs. */
int run_ends(struct store *, uint64_t number, struct session_counts *counts);
/* The row of an earlier run whose connection this session is the rest of; 0: none. It is taken. */
int64_t run_orphan(struct store *, const struct session *);

#endif
