/* Memory for what is kept of open connections: blocks of a few sizes, cut from slabs, never
 * more than a budget in all. A slab whose blocks were all given back serves any size, so memory
 * that one kind of connection filled is not lost to the others. Nothing is returned to the system
 * before pool_free(). */
#ifndef MAILSEAL_BASE_POOL_H
#define MAILSEAL_BASE_POOL_H

#include <stddef.h>

struct pool;

enum { POOL_LARGEST = 65536 };          /* bytes; no block is larger */

struct pool *pool_new(size_t budget);   /* bytes; NULL: no memory */
void pool_free(struct pool *);
size_t pool_budget(const struct pool *);        /* as it was made with */
size_t pool_taken(const struct pool *);         /* of it, from the system; blocks given back included */

/* A block of at least n bytes with any content, or NULL when the budget is used up. */
void *pool_get(struct pool *, size_t n);
/* The same n as asked for. The content is wiped: it may have held a secret. NULL is allowed. */
void pool_put(struct pool *, void *block, size_t n);
/* How many bytes a block that was asked for as n really has. */
size_t pool_room(size_t n);

#endif
