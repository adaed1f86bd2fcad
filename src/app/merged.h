/* Sessions for which there is no room as rows: how many, by what the table `rate` tells apart. Bounded; when it is nearly
 * full, odd ports and TLS versions are no longer told apart. */
#ifndef MAILSEAL_APP_MERGED_H
#define MAILSEAL_APP_MERGED_H

#include "store/store.h"

struct merged;

struct merged *merged_new(void);        /* NULL: no memory */
void merged_free(struct merged *);      /* NULL is allowed */
void merged_add(struct merged *, const struct store_rate *);
/* Takes one kind out of it; false: it is empty. */
bool merged_take(struct merged *, struct store_rate *);
uint64_t merged_lost(const struct merged *);    /* sessions that found no place at all */

#endif
