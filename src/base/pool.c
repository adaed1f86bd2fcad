#include "base/pool.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { SMALLEST = 64, CLASSES = 41, SLAB_LEAST = 128 * 1024, SLAB_MOST = 1024 * 1024,
       READY_STEP = 64 * 1024 };

struct block {
    struct block *next;
};

/* Blocks of one size. A slab lies at a multiple of its own size, so a block finds its slab by
 * its address. One without a block in use belongs to no class and can serve any. */
struct slab {
    struct slab *next, *before;         /* of its class, while it has a block to give; or of the empty ones */
    struct slab *all;                   /* chain of all of them */
    struct block *idle;                 /* given back */
    uint32_t fresh;                     /* offset behind which nothing was given out yet */
    uint32_t ready;                     /* offset up to which its pages are there */
    uint32_t live;                      /* blocks in use */
    uint8_t class;
};

struct pool {
    size_t budget;
    size_t left;                        /* bytes of it not yet taken from the system */
    size_t slab_size;                   /* a power of two */
    struct slab *some[CLASSES];         /* slabs with a block to give */
    struct slab *empty, *all;
};

/* Sizes are 64, 80, 96, 112, 128, 160, 192, 224, 256, … 65536. */
static unsigned class_of(size_t n, size_t *room)
{
    size_t size = SMALLEST;
    unsigned c = 0;
    for (; n > 2 * size; size *= 2)
        c += 4;
    for (*room = size; n > *room; *room += size / 4)
        c++;
    return c;
}

size_t pool_room(size_t n)
{
    size_t room;
    class_of(n, &room);
    return room;
}

struct pool *pool_new(size_t budget)
{
    struct pool *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->budget = p->left = budget;
    p->slab_size = SLAB_LEAST;
    while (p->slab_size < SLAB_MOST && p->slab_size < budget / 256)
        p->slab_size *= 2;
    return p;
}

size_t pool_budget(const struct pool *p) { return p->budget; }

size_t pool_taken(const struct pool *p) { return p->budget - p->left; }

#ifdef __SANITIZE_ADDRESS__
/* Blocks of their own, so that the sanitizer sees every overrun and every use after return. */
void *pool_get(struct pool *p, size_t n)
{
    size_t room = pool_room(n);
    assert(n <= POOL_LARGEST);
    if (p->left < room)
        return NULL;
    p->left -= room;
    return malloc(n);
}

void pool_put(struct pool *p, void *block, size_t n)
{
    if (!block)
        return;
    p->left += pool_room(n);
    free(block);
}

void pool_free(struct pool *p)
{
    free(p);
}
#else
enum { SLAB_HEAD = (sizeof(struct slab) + 63) / 64 * 64 };

static void link_slab(struct slab **list, struct slab *s)
{
    s->before = NULL;
    s->next = *list;
    if (*list)
        (*list)->before = s;
    *list = s;
}

static void unlink_slab(struct slab **list, struct slab *s)
{
    *(s->before ? &s->before->next : list) = s->next;
    if (s->next)
        s->next->before = s->before;
}

static struct slab *new_slab(struct pool *p)
{
    struct slab *s;
    if (p->left < p->slab_size || !(s = aligned_alloc(p->slab_size, p->slab_size)))
        return NULL;
    p->left -= p->slab_size;
    s->ready = 0;
    s->all = p->all;
    p->all = s;
    return s;
}

/* An empty slab, of whichever class it was, begins anew. */
static struct slab *begin_slab(struct pool *p, unsigned class)
{
    struct slab *s = p->empty;
    if (s)
        unlink_slab(&p->empty, s);
    else if (!(s = new_slab(p)))
        return NULL;
    s->idle = NULL;
    s->fresh = SLAB_HEAD;
    s->live = 0;
    s->class = (uint8_t)class;
    link_slab(&p->some[class], s);
    return s;
}

/* One call for many pages: a fault for each of them costs twice as much. Where the kernel can't (Linux before 5.14), or
 * has none to give, they come one by one. */
static void make_ready(struct slab *s)
{
#ifdef MADV_POPULATE_WRITE
    madvise((uint8_t *)s + s->ready, READY_STEP, MADV_POPULATE_WRITE);
#endif
    s->ready += READY_STEP;
}
_Static_assert(SLAB_LEAST % READY_STEP == 0, "a slab is ready in whole steps");

static bool has_room(const struct pool *p, const struct slab *s, size_t room)
{
    return s->idle || s->fresh + room <= p->slab_size;
}

void *pool_get(struct pool *p, size_t n)
{
    size_t room;
    unsigned class = class_of(n, &room);
    assert(n <= POOL_LARGEST);
    struct slab *s = p->some[class];
    if (!s && !(s = begin_slab(p, class)))
        return NULL;
    struct block *b = s->idle;
    if (b) {
        s->idle = b->next;
    } else {
        b = (struct block *)(void *)((uint8_t *)s + s->fresh);
        s->fresh += (uint32_t)room;
        while (s->fresh > s->ready)
            make_ready(s);
    }
    s->live++;
    if (!has_room(p, s, room))
        unlink_slab(&p->some[class], s);
    return b;
}

void pool_put(struct pool *p, void *block, size_t n)
{
    if (!block)
        return;
    size_t room;
    unsigned class = class_of(n, &room);
    struct slab *s = (struct slab *)((uintptr_t)block & ~(uintptr_t)(p->slab_size - 1));
    struct block *b = block;

    assert(s->class == class && s->live);
    bool was_full = !has_room(p, s, room);
    explicit_bzero(block, n);
    b->next = s->idle;
    s->idle = b;
    if (was_full)
        link_slab(&p->some[class], s);
    if (--s->live)
        return;
    unlink_slab(&p->some[class], s);
    link_slab(&p->empty, s);
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    for (struct slab *s = p->all, *next; s; s = next) {
        next = s->all;
        free(s);
    }
    free(p);
}
#endif
