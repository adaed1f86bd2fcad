#include "store/known.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { FIRST_PLACES = 1024 };

bool known_open(struct known *k, size_t most)
{
    *k = (struct known){ .places = FIRST_PLACES, .most = most };
    if (getrandom(&k->hash, sizeof k->hash, GRND_NONBLOCK) != (ssize_t)sizeof k->hash)
        memset(&k->hash, 0, sizeof k->hash);
    k->key = calloc(k->places, sizeof *k->key);
    return k->key != NULL;
}

void known_close(struct known *k) { free(k->key); }

static uint64_t hash_of(const struct known *k, const int64_t *key, size_t nkey)
{
    uint64_t hash = hash_bytes(&k->hash, key, nkey * sizeof *key);
    return hash ? hash : 1;
}

static size_t place_of(const struct known *k, uint64_t hash)
{
    size_t i = (size_t)hash & (k->places - 1);
    while (k->key[i] && k->key[i] != hash)
        i = (i + 1) & (k->places - 1);
    return i;
}

bool known_has(const struct known *k, const int64_t *key, size_t nkey)
{
    return k->key[place_of(k, hash_of(k, key, nkey))] != 0;
}

static bool grow(struct known *k)
{
    const struct known old = *k;
    uint64_t *bigger = calloc(2 * old.places, sizeof *bigger);

    if (!bigger)
        return false;
    k->key = bigger;
    k->places = 2 * old.places;
    for (size_t i = 0; i < old.places; i++)
        if (old.key[i])
            k->key[place_of(k, old.key[i])] = old.key[i];
    free(old.key);
    return true;
}

void known_add(struct known *k, const int64_t *key, size_t nkey)
{
    uint64_t hash = hash_of(k, key, nkey), *place = &k->key[place_of(k, hash)];

    if (*place || k->n >= k->most)
        return;
    if (2 * (k->n + 1) > k->places) {
        if (!grow(k))
            return;
        place = &k->key[place_of(k, hash)];
    }
    *place = hash;
    k->n++;
}

void known_clear(struct known *k)
{
    if (k->n)
        memset(k->key, 0, k->places * sizeof *k->key);
    k->n = 0;
}
