/* Sessions on their way to rows. They wait for the ends of their connections, most of which come soon, and for
 * company: many rows at a time, in the order of their numbers, cost much less than one now and then. */
#ifndef MAILSEAL_STORE_WAITING_H
#define MAILSEAL_STORE_WAITING_H

#include "facts/session.h"
#include "store/session_row.h"

enum { WAITING_ROOM = 16384, WAITING_AT_ONCE = 1024 };

struct waiting_session {
    struct session_core core;           /* addresses as they are to be stored */
    struct judgement judgement;
    enum direction direction;
    struct session_refs refs;           /* its own ends are missing until its row is written */
    uint64_t number;                    /* by which its end will be told; 0: it has ended */
};

/* Its fields belong to waiting.c, but first and n may be read: those from number `first` on wait, n of them. */
struct waiting {
    struct waiting_session *session;    /* a ring: number modulo WAITING_ROOM */
    int64_t first;
    size_t n;
};

bool waiting_open(struct waiting *);    /* false: no memory */
void waiting_close(struct waiting *);
/* The place of a session; those of a transaction come with numbers that follow each other. There must be room. */
struct waiting_session *waiting_add(struct waiting *, int64_t id);
struct waiting_session *waiting_find(struct waiting *, int64_t id);     /* NULL: it does not wait */
void waiting_written(struct waiting *, size_t n);       /* the first n have become rows */
void waiting_clear(struct waiting *);

#endif
