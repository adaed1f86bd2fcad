/* What a session adds to the tables of sums: rate, rate_day, peer_day, peer_month, tls_day, certificate_day,
 * client_day, client_name_day, evidence_hour, server, history_month, attempt and the counters of its source. Gathered in
 * memory, written when full and at commit. */
#ifndef MAILSEAL_STORE_COUNTS_H
#define MAILSEAL_STORE_COUNTS_H

#include "facts/session.h"
#include "store/tally.h"

enum {
    COUNTS_PEERS_A_DAY = 20000,         /* rows of peer_day for each sensor and day */
    COUNTS_TLS_A_DAY = 2000,            /* rows of tls_day */
    COUNTS_CERTIFICATES_A_DAY = 2000,   /* rows of certificate_day */
    COUNTS_CLIENTS_A_DAY = 2000,        /* rows of client_day */
    COUNTS_HISTORY_A_MONTH = 20000,     /* rows of history_month for each month */
    COUNTS_ODD_PORTS = 64               /* ports beside the known ones with a place of their own */
};

enum {
    /* a coarser table behind the one it is made of: it is written later */
    COUNTS_RATE, COUNTS_RATE_DAY, COUNTS_PEER_DAY, COUNTS_PEER_MONTH, COUNTS_TLS_DAY, COUNTS_CERTIFICATE_DAY,
    COUNTS_CLIENT_DAY, COUNTS_CLIENT_NAME, COUNTS_EVIDENCE, COUNTS_SERVER, COUNTS_HISTORY, COUNTS_ATTEMPT, COUNTS_SOURCE,
    COUNTS_TABLES
};

struct counts_odd_ports {
    int64_t port[COUNTS_ODD_PORTS];
    size_t n;
};

/* Its fields belong to counts.c. */
struct counts {
    struct tally_owner owner;
    struct gathered gathered;           /* what the statements of the tables read */
    struct counts_odd_ports odd, odd_before;    /* odd_before: as the judgements that are moved away made it */
    sqlite3_stmt *odd_list, *odd_add, *fold_get;
    int64_t folded;                     /* hours before are those of their days: retention.h */
    struct tally table[COUNTS_TABLES];
};

bool counts_open(struct counts *, sqlite3 *, int64_t database);    /* false: see db_failure() */
void counts_close(struct counts *);

/* At the beginning of a transaction: who counts, and the revision that changed rows get. */
int counts_begin(struct counts *, int64_t sensor, int64_t revision);

/* What is counted of one session beside itself. */
struct counted {
    const struct session_core *session;
    const struct judgement *judgement;
    enum direction direction;
    int64_t strip;                      /* grade, or STRIP_ALLOWED */
    int64_t server, network;            /* endpoints */
    int64_t certificate, fingerprint;   /* 0: none */
};
/* SQLite's result codes, all of them. */
int counts_add(struct counts *, const struct counted *);
/* A session of the owner was judged anew: takes away what it added and adds what it adds now; nothing is
 * touched that stays the same. All sessions with odd ports have to be shown, in the order in which they
 * were counted. What is lowest or highest in `server` does not come back: statements/server_extremes.sql. */
int counts_move(struct counts *, const struct counted *was, const struct counted *is);
/* A session of the owner that was added has changed: its counters and marks, or between verdicts without TLS. */
int counts_grow(struct counts *, const struct counted *was, const struct counted *is);
/* Whose rows are moved from now on. */
int counts_owner(struct counts *, int64_t sensor, int64_t database);
bool counts_is_mail_port(uint16_t port);
int counts_attempt(struct counts *, const struct attempt *, uint64_t n);
struct store_rate;
int counts_rate(struct counts *, const struct store_rate *);

int counts_write(struct counts *);                          /* before the commit */
void counts_drop(struct counts *);                          /* after a rollback */
/* Forgets which rows there are: somebody else has written since. Nothing may be gathered. */
void counts_forget(struct counts *);

#endif
