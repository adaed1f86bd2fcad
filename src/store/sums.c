#include "store/sums.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { FEW_SLOTS = 256 };

/* Cells and slots stay untouched, and so take no memory before there is something to put into them.
 * Without a random key an enemy could line places up, which costs time and nothing else. */
void sums_init(struct sums *s, size_t nkey, size_t nvalue)
{
    assert(nkey + nvalue <= SUMS_WIDTH);
    s->nkey = nkey;
    s->width = nkey + nvalue;
    sums_clear(s);
    if (getrandom(&s->hash, sizeof s->hash, GRND_NONBLOCK) != (ssize_t)sizeof s->hash)
        memset(&s->hash, 0, sizeof s->hash);
}

/* The slot a key has, or would get. */
static uint16_t *slot_of(struct sums *s, const int64_t *key)
{
    size_t size = s->nkey * sizeof *key, i = (size_t)hash_bytes(&s->hash, key, size) & (s->slots - 1);

    while (s->slot[i] && memcmp(s->cell + (s->slot[i] - 1u) * s->width, key, size) != 0)
        i = (i + 1) & (s->slots - 1);
    return &s->slot[i];
}

static void grow(struct sums *s)
{
    s->slots *= 2;
    memset(s->slot, 0, s->slots * sizeof *s->slot);
    for (size_t i = 0; i < s->n; i++)
        *slot_of(s, s->cell + i * s->width) = (uint16_t)(i + 1);
}

int64_t *sums_find(struct sums *s, const int64_t *key)
{
    const uint16_t *slot = slot_of(s, key);
    return *slot ? s->cell + (*slot - 1u) * s->width + s->nkey : NULL;
}

int64_t *sums_at(struct sums *s, const int64_t *key, bool *fresh)
{
    uint16_t *slot = slot_of(s, key);

    *fresh = !*slot;
    if (!*slot) {
        if (s->n == SUMS_ROWS)
            return NULL;
        if (s->n == s->slots / 2) {
            grow(s);
            slot = slot_of(s, key);
        }
        int64_t *row = s->cell + s->n * s->width;
        memcpy(row, key, s->nkey * sizeof *key);
        memset(row + s->nkey, 0, (s->width - s->nkey) * sizeof *row);
        *slot = (uint16_t)++s->n;
    }
    return s->cell + (*slot - 1u) * s->width + s->nkey;
}

static int compare(const void *a, const void *b, void *nkey)
{
    const int64_t *x = a, *y = b;
    for (size_t i = 0; i < *(size_t *)nkey; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

void sums_sort(struct sums *s)
{
    qsort_r(s->cell, s->n, s->width * sizeof *s->cell, compare, &s->nkey);
}

size_t sums_count(const struct sums *s) { return s->n; }

const int64_t *sums_row(const struct sums *s, size_t i) { return s->cell + i * s->width; }

void sums_clear(struct sums *s)
{
    s->n = 0;
    s->slots = FEW_SLOTS;
    memset(s->slot, 0, s->slots * sizeof *s->slot);
}
