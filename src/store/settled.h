/* Which row a session has that is settled while its connection goes on, so that the row can be brought up to date. */
#ifndef MAILSEAL_STORE_SETTLED_H
#define MAILSEAL_STORE_SETTLED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Its fields belong to settled.c. */
struct settled {
    struct settled_number { uint64_t number; int64_t id; } *known;      /* open addressing; number 0: free */
    size_t n, places;
};

bool settled_open(struct settled *);    /* false: no memory */
void settled_close(struct settled *);
/* The session of this number, the caller's and not 0, has this row. False: no memory. */
bool settled_row(struct settled *, uint64_t number, int64_t id);
/* The row of a number, which is forgotten with that; 0: none. */
int64_t settled_take(struct settled *, uint64_t number);
void settled_forget(struct settled *);  /* all of them */

#endif
