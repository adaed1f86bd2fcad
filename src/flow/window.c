#include "flow/window.h"

static bool grow(struct window *w, struct pool *pool, size_t need)
{
    if (need <= w->room)
        return true;
    if (need > WINDOW_LIMIT)
        return false;
    size_t room = pool_room(need < 256 ? 256 : need);
    uint8_t *bigger = pool_get(pool, room);
    if (!bigger)
        return false;
    if (w->n)
        memcpy(bigger, w->kept, w->n);
    pool_put(pool, w->kept, w->room);
    w->kept = bigger;
    w->room = (uint32_t)room;
    return true;
}

static bool keep(struct window *w, struct pool *pool, struct span bytes)
{
    if (!bytes.n)
        return true;
    if (!grow(w, pool, w->n + bytes.n))
        return false;
    memcpy(w->kept + w->n, bytes.p, bytes.n);
    w->n += (uint32_t)bytes.n;
    return true;
}

bool window_add(struct window *w, struct pool *pool, struct span bytes)
{
    if (w->n || w->fresh.n)
        return window_settle(w, pool) && keep(w, pool, bytes);
    w->fresh = bytes;
    return true;
}

struct span window_bytes(const struct window *w)
{
    return w->n ? span_of(w->kept, w->n) : w->fresh;
}

void window_use(struct window *w, size_t n)
{
    if (!w->n) {
        w->fresh = span_skip(w->fresh, n);
        return;
    }
    if (n > w->n)
        n = w->n;
    memmove(w->kept, w->kept + n, w->n - n);
    explicit_bzero(w->kept + w->n - n, n);
    w->n -= (uint32_t)n;
}

bool window_settle(struct window *w, struct pool *pool)
{
    struct span fresh = w->fresh;
    w->fresh = (struct span){ NULL, 0 };
    if (fresh.n)
        return keep(w, pool, fresh);
    if (!w->n && w->kept)
        window_drop(w, pool);
    return true;
}

void window_drop(struct window *w, struct pool *pool)
{
    pool_put(pool, w->kept, w->room);
    *w = (struct window){ 0 };
}
