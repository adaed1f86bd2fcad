/* The bytes of one direction that were given out but not yet understood. A parser is shown the
 * window, says how much it used, and is shown the rest again with more behind it, so it keeps
 * no half line of its own. While the parser uses all it is shown, nothing is copied. */
#ifndef MAILSEAL_FLOW_WINDOW_H
#define MAILSEAL_FLOW_WINDOW_H

#include "base/bytes.h"
#include "base/pool.h"

struct window {
    uint8_t *kept;                      /* from the pool; NULL while nothing is kept */
    uint32_t n, room;
    struct span fresh;                  /* borrowed from the chunk; empty once kept */
};

enum { WINDOW_LIMIT = 40 * 1024 };      /* two TLS records and a segment */

/* Adds bytes that stay valid until the window is settled. False: no room, the bytes were not
 * taken; the caller treats them as lost. */
bool window_add(struct window *, struct pool *, struct span bytes);
/* All bytes there are, contiguous; valid until the next call on this window. */
struct span window_bytes(const struct window *);
void window_use(struct window *, size_t n);
/* Copies what is left, before the chunk it borrows from goes away. False: no memory, it is lost. */
bool window_settle(struct window *, struct pool *);
void window_drop(struct window *, struct pool *);       /* wiped */

#endif
