#include "base/pool.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 64, CLASSES = 21, SLAB = 256 * 1024 };

struct block {
    struct block *next;
};

struct slab {
    struct slab *next;
    max_align_t data[];
};

struct pool {
    size_t left;                        /* bytes of the budget not yet taken from the system */
    struct block *idle[CLASSES];
    struct slab *slabs;
};

/* Sizes are 64, 96, 128, 192, 256, … 65536. */
static unsigned class_of(size_t n, size_t *room)
{
    size_t size = SMALLEST;
    unsigned c = 0;
    for (;; size *= 2, c += 2) {
        if (n <= size) {
            *room = size;
            return c;
        }
        if (n <= size + size / 2) {
            *room = size + size / 2;
            return c + 1;
        }
    }
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
    if (p)
        p->left = budget;
    return p;
}

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
static void add_slab(struct pool *p, unsigned class, size_t room)
{
    size_t bytes = p->left < SLAB ? p->left : SLAB;
    struct slab *slab;

    if (bytes < sizeof *slab + room || !(slab = malloc(bytes)))
        return;
    p->left -= bytes;
    slab->next = p->slabs;
    p->slabs = slab;
    uint8_t *at = (uint8_t *)slab->data, *end = (uint8_t *)slab + bytes;
    for (; (size_t)(end - at) >= room; at += room) {
        struct block *b = (struct block *)(void *)at;
        b->next = p->idle[class];
        p->idle[class] = b;
    }
}

void *pool_get(struct pool *p, size_t n)
{
    size_t room;
    unsigned class = class_of(n, &room);
    assert(n <= POOL_LARGEST);
    if (!p->idle[class])
        add_slab(p, class, room);
    struct block *b = p->idle[class];
    if (b)
        p->idle[class] = b->next;
    return b;
}

void pool_put(struct pool *p, void *block, size_t n)
{
    size_t room;
    unsigned class = class_of(n, &room);
    struct block *b = block;
    if (!b)
        return;
    explicit_bzero(b, n);
    b->next = p->idle[class];
    p->idle[class] = b;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    for (struct slab *s = p->slabs, *next; s; s = next) {
        next = s->next;
        free(s);
    }
    free(p);
}
#endif
