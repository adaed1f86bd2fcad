/* Sessions that are settled while their connections go on. They wait here for a while, since most
 * connections end soon; the row of one that has waited too long is written as it stands, and its number
 * remembered, so that it can be brought up to date. */
#ifndef MAILSEAL_STORE_SETTLED_H
#define MAILSEAL_STORE_SETTLED_H

#include "facts/session.h"

enum { SETTLED_WAITING = 4096, SETTLED_TRACE = 256 };

struct settled_session {
    uint64_t number;                    /* the caller's; 0: this place is free */
    int64_t id;                         /* that its row will have */
    struct session session;
    struct judgement judgement;
    enum direction direction;
    uint16_t trace_n;
    uint8_t trace[SETTLED_TRACE];       /* a longer one is not kept */
};

/* Its fields belong to settled.c. */
struct settled {
    struct settled_session *waiting;    /* a ring */
    size_t next;                        /* its oldest place */
    /* By number: open addressing; at is that of the row, or of the place less than 0. */
    struct settled_number { uint64_t number; int64_t at; } *known;
    size_t n, places;
};

bool settled_open(struct settled *);    /* false: no memory */
void settled_close(struct settled *);
/* The place that has waited longest, which becomes the newest. One that is not free has to be written first. */
struct settled_session *settled_next(struct settled *);
/* A session waits from now on. False: no memory. */
bool settled_wait(struct settled *, const struct settled_session *);
/* It waits no longer, since it was written as a row. */
void settled_written(struct settled *, struct settled_session *);
/* Who waits to become this row; NULL: nobody. Looks at each place. */
struct settled_session *settled_of_row(struct settled *, int64_t id);
/* A number has this row already. False: no memory. */
bool settled_row(struct settled *, uint64_t number, int64_t id);
/* Who waits with this number; NULL: nobody. */
struct settled_session *settled_waiting(struct settled *, uint64_t number);
/* The row of a number; 0: none. The number is forgotten with that, whatever it was. */
int64_t settled_take(struct settled *, uint64_t number);
void settled_forget(struct settled *);  /* all of them */

#endif
