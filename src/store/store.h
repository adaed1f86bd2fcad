/* Where sessions are kept: an SQLite file. What is written between store_begin() and
 * store_commit() is kept as a whole or not at all.
 *
 * Functions that return int give 0, or a status of <sysexits.h> (65 the file is no use, 73 it
 * cannot be made or written, 74 the disk failed or is full, 75 another program holds it); then
 * store_error() is one sentence that names the file and what to do. After a failure within a
 * transaction every further call fails with the same, until store_rollback(). */
#ifndef MAILSEAL_STORE_STORE_H
#define MAILSEAL_STORE_STORE_H

#include "aggregate/finding.h"
#include "aggregate/memory.h"
#include "base/disguise.h"
#include "decode/decode.h"
#include "facts/session.h"

enum { STORE_ERROR = 1024, SENSOR_NAME = 64, SOURCE_ENDS = 32 };

struct store_options {
    const char *sensor;                 /* NULL: "local" */
    enum address_mode addresses;
    bool there;                         /* it is not made when it is not there; no key is needed, nor any address written */
    const uint8_t *address_key;         /* ADDRESS_KEY bytes, read by store_open() alone; NULL: none */
    bool as_is;                         /* with there: an older one is refused, and of all others a copy is written to */
    bool live;                          /* a sensor: others read while it writes (WAL) */
};

struct store;

/* 1 to 64 of A-Z a-z 0-9 . _ - */
bool sensor_name_valid(const char *name);

/* Opens or makes a database (mode 0600) and brings it up to date. A newer, foreign, damaged,
 * locked or read-only file, or one with another address mode or key, is refused and left as it is.
 * NULL: *code and error. */
struct store *store_open(const char *path, const struct store_options *, int *code, char error[STORE_ERROR]);
/* Rolls back what was not committed. NULL is allowed. */
void store_close(struct store *);
const char *store_error(const struct store *);          /* owned by the store */

int store_begin(struct store *);
int store_commit(struct store *);       /* after a failure: rolled back, and the failure returned */
void store_rollback(struct store *);

const char *store_library(void);        /* version of SQLite */

/* --- sources, within a transaction --- */

/* Who a capture is: see capture_identify(). */
struct source_identity {
    uint64_t size;
    uint8_t ends[SOURCE_ENDS];
    uint64_t packets;
    uint64_t first_ns, last_ns;         /* mean nothing without packets */
};

/* Number of the source that is this capture, 0: it is new. With whole == false only size and
 * ends are compared: is it worth while to count the packets? Also outside of a transaction. */
int store_source_find(struct store *, const struct source_identity *, bool whole, uint32_t *number);

/* A source begins: its number goes into session.source. group: sources of a
 * transaction that are read as one stream have the same. */
int store_source_begin(struct store *, const char *path, unsigned group, uint32_t *number);

struct source_summary {
    struct source_identity identity;
    int linktype;                       /* of the first packet; -1: none */
    uint64_t decoded[DECODE_RESULTS_N]; /* packets by what they were */
    uint64_t evicted;                   /* connections forgotten for want of memory */
    uint64_t discarded;                 /* bytes that found no place in a reassembly buffer */
    const char *damage;                 /* one sentence; NULL: read to its end */
};
/* Its packets are read; its sessions may still come. A capture that is there already fails. */
int store_source_end(struct store *, uint32_t number, const struct source_summary *);

/* --- what was seen, within a transaction --- */

/* The trace (facts/trace.h) of the session that comes next; the bytes must stay until it has come. Empty: none. */
void store_trace(struct store *, struct span bytes);
int store_add(struct store *, const struct session *, const struct judgement *, enum direction);
/* The same of a session that is settled while its connection goes on, and what it came to, once, in the
 * same transaction. Any number but 0, of one session only. */
int store_settled(struct store *, uint64_t number, const struct session *, const struct judgement *, enum direction);
int store_counts(struct store *, uint64_t number, const struct session_counts *);
/* Evidence that comes from other sessions. The number that the next session will have, and what was found of it: its
 * evidence and judgement have it already. Then what was found of older ones: their evidence, judgement and sums change,
 * and where they were committed before, that is recorded. */
int64_t store_next_session(const struct store *);
int store_finding(struct store *, int64_t session, const struct finding *);
int store_revise(struct store *, const struct finding *);
/* By what an end is known from one session to the next, and stands in a finding and in what is remembered: its address,
 * or its pseudonym where the store has a key. */
void store_known_as(const struct store *, uint8_t addr[16]);
/* What is known of servers and clients from one run to the next; nothing where networks alone are stored.
 * Of a kind, the newest are given, the oldest of them first; their bytes may be anybody's. */
int store_memory(struct store *, enum memory_kind, void (*each)(void *ctx, const struct memory_entry *), void *ctx);
int store_remember(struct store *, const struct memory_entry *);
/* Another number when another program may have changed what is remembered. */
int64_t store_others(const struct store *);
int store_attempt(struct store *, const struct attempt *, uint64_t n);

/* Sessions that are counted without a row of their own, by what the table `rate` tells apart. */
enum { RATE_HOUR, RATE_DIRECTION, RATE_HOP, RATE_PROTOCOL, RATE_PORT, RATE_VERDICT, RATE_STRIP, RATE_VERSION, RATE_PQ,
       RATE_EXPOSURE, RATE_LOSS, RATE_KEYS };
struct store_rate {
    int64_t key[RATE_KEYS];             /* the port as it is */
    int64_t sessions, bytes, messages, offered;     /* offered: of the sessions */
};
/* One session. */
void store_rate_of(const struct session *, const struct judgement *, enum direction, struct store_rate *out);
int store_rate(struct store *, const struct store_rate *);
/* One that sessions name; before the first of them. One that is there already is left as it is. */
int store_certificate(struct store *, const struct certificate *);
/* The first SERVER_NAMES of a server; more are left out. */
enum { SERVER_NAMES = 8 };
int store_server_name(struct store *, const struct server_name *);

/* --- a sensor, whose transactions follow one another (store/run.c) --- */

enum { STORE_LINKS = 16 };

/* One life of the process that reads packets. */
struct store_run {
    uint64_t identity;                  /* random, not 0, below 2^63 */
    unsigned nlinks;
    const char *link[STORE_LINKS];      /* names of what it reads */
};

/* What follows in this transaction belongs to this run, which is made if it is not there: session.source is the
 * number of a link of it, from 1 on, and settled sessions may go on in later transactions. *batch: the number of
 * its last batch that was stored. Sessions of earlier runs that are still open are over with that, but for those
 * that come again in mid-stream: these go on in the same row. */
int store_run(struct store *, const struct store_run *, uint64_t *batch);
/* Whether a session is the rest of one that an earlier run left open. */
bool store_continues(struct store *, const struct session *);
/* All up to this batch was written. complete_ns: packet time before which no session began that is still to come. */
int store_run_batch(struct store *, uint64_t batch, uint64_t complete_ns);
int store_run_end(struct store *);      /* it has told everything */
/* Between transactions: leaves one plain file behind, if nobody reads it just now. */
void store_run_over(struct store *);
/* Between transactions: another file is at its path now, or none. */
bool store_moved(struct store *);

/* What a link brought since this was told last; adds up by the minute. */
struct store_seen {
    unsigned link;
    int linktype;                       /* -1: none yet */
    uint64_t first_ns, last_ns;         /* packet times; 0: there was no packet */
    uint64_t clock_ns;                  /* the minute */
    uint64_t packets, bytes;
    int64_t decoded[DECODE_RESULTS_N];  /* a fragment that was told of may turn out to be TCP */
    uint64_t evicted, discarded;
    uint64_t dropped_kernel, dropped_interface;
    uint64_t clock_steps;               /* packet time that went back by more than a minute, or on by an hour */
    uint64_t rows_left_out;             /* sessions that were counted, without a row of their own */
};
int store_seen(struct store *, const struct store_seen *);

#endif
