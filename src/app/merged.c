#include "app/merged.h"

#include "base/hash.h"
#include "base/pages.h"
#include "store/counts.h"

enum { PLACES = 1 << 14, MOST = PLACES / 4 * 3, FINE = PLACES / 2 };

struct merged {
    uint64_t lost;
    unsigned n, at;                     /* at: those before have been taken */
    struct hash_key secret;
    struct store_rate place[PLACES];    /* open addressing; sessions 0: free */
};

struct merged *merged_new(void)
{
    struct merged *m = pages_get(sizeof *m);
    if (m)
        m->secret = hash_key_random();
    return m;
}

void merged_free(struct merged *m) { pages_put(m); }
uint64_t merged_lost(const struct merged *m) { return m->lost; }

/* Its place, or a free one. */
static struct store_rate *find(struct merged *m, const int64_t key[RATE_KEYS])
{
    size_t i = (size_t)hash_bytes(&m->secret, key, RATE_KEYS * sizeof *key) % PLACES;
    while (m->place[i].sessions && memcmp(m->place[i].key, key, sizeof m->place[i].key) != 0)
        i = (i + 1) % PLACES;
    return &m->place[i];
}

void merged_add(struct merged *m, const struct store_rate *r)
{
    int64_t key[RATE_KEYS];
    memcpy(key, r->key, sizeof key);
    struct store_rate *place = find(m, key);
    if (!place->sessions && m->n >= FINE) {
        key[RATE_PORT] = counts_is_mail_port((uint16_t)key[RATE_PORT]) ? key[RATE_PORT] : 0;
        key[RATE_VERSION] = 0;
        place = find(m, key);
    }
    if (!place->sessions && m->n >= MOST) {
        m->lost += (uint64_t)r->sessions;
        return;
    }
    m->n += !place->sessions;
    memcpy(place->key, key, sizeof key);
    place->sessions += r->sessions;
    place->bytes += r->bytes;
    place->messages += r->messages;
    place->offered += r->offered;
}

/* What is added while others are taken may get a second place: both are taken in the end. */
bool merged_take(struct merged *m, struct store_rate *out)
{
    if (!m->n)
        return false;
    while (!m->place[m->at].sessions)
        m->at = (m->at + 1) % PLACES;
    *out = m->place[m->at];
    m->place[m->at] = (struct store_rate){ .sessions = 0 };
    m->n--;
    return true;
}
