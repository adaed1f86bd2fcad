/* Sessions that are settled while their connections go on. They wait here for a while, since most
 * connections end soon; the row of one that has waited too long is written as it stands, and its number
 * remembered, so that it can be brought up to date. */
#ifndef MAILSEAL_STORE_SETTLED_H
#define MAILSEAL_STORE_SETTLED_H

#include "facts/session.h"

enum { SETTLED_WAITING = 4096, SETTLED_TRACE = 256 };

struct settled_session {
    uint64_t number;                    /* the caller's, that count up from 1; 0: this place is free */
    struct session session;
    struct judgement judgement;
    enum direction direction;
    uint16_t trace_n;
    uint8_t trace[SETTLED_TRACE];       /* a longer one is not kept */
};

/* Its fields belong to settled.c. */
struct settled {
    struct settled_session *waiting;    /* by number, modulo SETTLED_WAITING */
    struct settled_row { uint64_t number; int64_t id; } *row;   /* open addressing */
    size_t rows, places;
};

bool settled_open(struct settled *);    /* false: no memory */
void settled_close(struct settled *);
/* The place of a number; an older one may be in it. */
struct settled_session *settled_place(struct settled *, uint64_t number);
/* Remembers the row of a number. False: no memory. */
bool settled_written(struct settled *, uint64_t number, int64_t id);
/* The row of a number, which is forgotten with that; 0: none. */
int64_t settled_take(struct settled *, uint64_t number);
void settled_forget(struct settled *);  /* all of them */

#endif
