/* What the process that reads packets tells the process that keeps the database: numbered messages of records over one
 * socket (SOCK_SEQPACKET), which are told again until they are stored.
 *
 * Both are the same program, so records are its own structures; but the one that tells may have been taken over by what
 * it reads, and the one that listens believes nothing. */
#ifndef MAILSEAL_APP_WIRE_H
#define MAILSEAL_APP_WIRE_H

#include <stdatomic.h>

#include "facts/session.h"
#include "store/store.h"

enum { WIRE_MESSAGE = 32 * 1024 };      /* bytes at most */

enum wire_type {
    WIRE_SESSION,                       /* struct session, its trace behind it */
    WIRE_COUNTS,                        /* struct session_counts */
    WIRE_ATTEMPT,                       /* struct wire_attempt */
    WIRE_CERTIFICATE,                   /* struct certificate */
    WIRE_SERVER_NAME,                   /* struct server_name */
    WIRE_SEEN,                          /* struct wire_seen */
    WIRE_RATE,                          /* struct store_rate */
    WIRE_END,                           /* nothing: the run has told everything */
    WIRE_TYPES
};

struct wire_attempt {
    struct attempt attempt;
    uint64_t n;
};

/* complete_ns: packet time before which no session began that is still to come; 0: it is not known. */
struct wire_seen {
    struct store_seen seen;
    uint64_t complete_ns;
};

struct wire_record {
    const void *body;                   /* aligned */
    struct span trace;
    uint64_t number;
    enum wire_type type;
};

/* --- the end that tells --- */

struct wire_out;

enum { WIRE_ROOM = 1024 };              /* messages that are not stored yet, at most */

/* run: a number that no other run has. NULL: no memory. */
struct wire_out *wire_out_new(int fd, uint64_t run);
/* Who tells waits from now on when there is no room, and beats meanwhile; else what finds none is dropped, and counted. */
void wire_out_patient(struct wire_out *, atomic_uint_least64_t *beats);
unsigned wire_out_room(const struct wire_out *);        /* messages that find room at the moment */
void wire_out_free(struct wire_out *);
void wire_out_put(struct wire_out *, const struct wire_record *);
/* All put so far belongs together: what there is goes out, as far as there is room, and answers are read. */
void wire_out_turn(struct wire_out *);
/* The last one. Waits until all is stored; false: nobody listens any more. */
bool wire_out_end(struct wire_out *);
uint64_t wire_out_dropped(const struct wire_out *);

/* --- the end that listens --- */

struct wire_in;

/* links: how many sources there are. NULL: no memory. */
struct wire_in *wire_in_new(int fd, unsigned links);
void wire_in_free(struct wire_in *);

enum wire_step {
    WIRE_NOTHING,                       /* at the moment */
    WIRE_MESSAGE_CAME,                  /* its records can be read, each has been checked */
    WIRE_BAD,                           /* no run of this program says that; nothing more is taken from it */
    WIRE_GONE                           /* nobody is left at the other end */
};
/* Takes the next message off the socket, without waiting. */
enum wire_step wire_in_step(struct wire_in *);
uint64_t wire_in_run(const struct wire_in *);   /* of the last message */
uint64_t wire_in_batch(const struct wire_in *);
const char *wire_in_error(const struct wire_in *);
/* The next record of it, valid until the next step; false: no more. */
bool wire_in_next(struct wire_in *, struct wire_record *);
/* All of a run up to this batch is stored. */
void wire_in_stored(struct wire_in *, uint64_t run, uint64_t batch);

#endif
