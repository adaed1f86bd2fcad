#include "flow/table.h"

#include <stdlib.h>

enum { FIRST_BUCKETS = 1 << 12 };
_Static_assert((int)SLAB_BYTES <= (int)POOL_LARGEST, "a slab is a block of the pool");

struct flow_secret flow_secret_of(struct hash_key seed)
{
    return (struct flow_secret){ seed, hash_words_key(&seed) };
}

struct flow_table *flow_table_new(struct pool *pool, const struct flow_secret *secret, flow_ended *ended, void *ctx)
{
    struct flow_table *t = calloc(1, sizeof *t);
    if (!t || !(t->bucket = calloc(FIRST_BUCKETS, sizeof *t->bucket))) {
        free(t);
        return NULL;
    }
    t->pool = pool;
    t->ended = ended;
    t->ctx = ctx;
    t->mask = FIRST_BUCKETS - 1;
    t->unused = SLAB;
    /* Flows never give memory back, so that states find theirs they get a half at most. */
    t->slabs_most = (uint32_t)(pool_budget(pool) / 2 / SLAB_BYTES);
    t->secret = *secret;
    return t;
}

void flow_table_free(struct flow_table *t)
{
    if (!t)
        return;
    for (uint32_t i = 0; i < t->slabs; i++)
        pool_put(t->pool, t->slab[i], SLAB * sizeof **t->slab);
    free(t->slab);
    free(t->bucket);
    free(t);
}

uint64_t flow_made(const struct flow_table *t) { return t->made; }

size_t flow_index_bytes(const struct flow_table *t)
{
    return (t->mask + 1) * sizeof *t->bucket + t->slabs_room * sizeof *t->slab;
}

const struct flow_tags *flow_tags_of(const struct flow_table *t, const struct flow *f) { return &t->tags.set[f->tags]; }

/* --- memory: flows have numbers from 1 on, which are half as long as pointers --- */

static bool add_slab(struct flow_table *t)
{
    if (t->slabs == t->slabs_most)
        return false;
    if (t->slabs == t->slabs_room) {
        uint32_t room = t->slabs_room ? 2 * t->slabs_room : 64;
        struct flow **bigger = realloc(t->slab, room * sizeof *bigger);
        if (!bigger)
            return false;
        t->slab = bigger;
        t->slabs_room = room;
    }
    if (!(t->slab[t->slabs] = pool_get(t->pool, SLAB * sizeof **t->slab)))
        return false;
    t->slabs++;
    t->unused = 0;
    return true;
}

/* 0: no memory. */
static uint32_t take_number(struct flow_table *t)
{
    uint32_t number = t->idle;
    if (number) {
        t->idle = flow_at(t, number)->chain;
        return number;
    }
    if (t->unused == SLAB && !add_slab(t))
        return 0;
    return (t->slabs - 1) * SLAB + ++t->unused;
}

/* --- the hash table --- */

static uint32_t *bucket_of(const struct flow_table *t, uint64_t hash) { return &t->bucket[hash & t->mask]; }

/* Of IPv4 the 12 bytes that differ from connection to connection: a third of the work. */
static uint64_t hash_of(const struct flow_secret *secret, const struct flow_key *key)
{
    uint32_t word[HASH_WORDS];
    size_t address = endpoint_is_v4(&key->a) && endpoint_is_v4(&key->b) ? 1 : 4;

    memcpy(word, key->a.addr + 16 - 4 * address, 4 * address);
    memcpy(word + address, key->b.addr + 16 - 4 * address, 4 * address);
    word[2 * address] = (uint32_t)key->a.port << 16 | key->b.port;
    return hash_words(&secret->words, word, 2 * address + 1);
}

void flow_place(const struct flow_secret *secret, const struct segment *seg, struct flow_place *at)
{
    at->side = endpoint_cmp(&seg->src, &seg->dst) > 0;
    at->key.a = at->side ? seg->dst : seg->src;
    at->key.b = at->side ? seg->src : seg->dst;
    at->hash = hash_of(secret, &at->key);
}

void flow_expect(const struct flow_table *t, const struct flow_place *at)
{
    __builtin_prefetch(bucket_of(t, at->hash));
}

void flow_fetch(const struct flow_table *t, const struct flow_place *at)
{
    uint32_t number = *bucket_of(t, at->hash);
    if (!number)
        return;
    const struct flow *f = flow_at(t, number);
    __builtin_prefetch(f);
    __builtin_prefetch((const uint8_t *)f + 64);
    __builtin_prefetch((const uint8_t *)f + 128);
}

void *flow_state_there(const struct flow_table *t, const struct flow_place *at)
{
    uint32_t number = *bucket_of(t, at->hash);
    return number ? flow_state(flow_at(t, number)) : NULL;
}

static bool key_equal(const struct flow_key *a, const struct flow_key *b)
{
    uint64_t x[4], y[4];
    uint32_t u, v;
    _Static_assert(sizeof *a == sizeof x + sizeof u, "an endpoint has no padding");
    memcpy(x, a, sizeof x);
    memcpy(y, b, sizeof y);
    memcpy(&u, (const uint8_t *)a + sizeof x, sizeof u);
    memcpy(&v, (const uint8_t *)b + sizeof y, sizeof v);
    return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (u ^ v)) == 0;
}

/* Doubling keeps chains short; when there is no memory for it they grow longer. */
static void grow(struct flow_table *t)
{
    size_t old_n = t->mask + 1;
    uint32_t *old = t->bucket, *bigger;

    if (t->n < old_n || !(bigger = calloc(2 * old_n, sizeof *bigger)))
        return;
    t->bucket = bigger;
    t->mask = 2 * old_n - 1;
    for (size_t i = 0; i < old_n; i++)
        for (uint32_t number = old[i], next; number; number = next) {
            struct flow *f = flow_at(t, number);
            uint32_t *b = bucket_of(t, hash_of(&t->secret, &f->key));
            next = f->chain;
            f->chain = *b;
            *b = number;
        }
    free(old);
}

struct flow *table_find(const struct flow_table *t, const struct flow_place *at)
{
    uint32_t number = *bucket_of(t, at->hash);
    while (number) {
        struct flow *f = flow_at(t, number);
        if (key_equal(&f->key, &at->key))
            return f;
        number = f->chain;
    }
    return NULL;
}

/* Takes a flow out of the hash table and gives its number. */
static uint32_t unhash(struct flow_table *t, const struct flow *f)
{
    uint32_t *at = bucket_of(t, hash_of(&t->secret, &f->key)), number;
    while (flow_at(t, *at) != f)
        at = &flow_at(t, *at)->chain;
    number = *at;
    *at = f->chain;
    return number;
}

/* --- flows --- */

void flow_own(struct flow_table *t, struct flow *f, void *state)
{
    uint64_t first = flow_first_ns(f);

    f->owner &= (uint8_t)~FLOW_STATEFUL;
    f->first_ns = first;
    if (state) {
        *(uint64_t *)state = first;
        f->state = state;
        f->owner |= FLOW_STATEFUL;
    }
    wheel_move(t, f);
}

void flow_settle(struct flow_table *t, struct flow *f, uint64_t number, unsigned client_side)
{
    f->number = number;
    f->owner &= (uint8_t)~(FLOW_GREW | FLOW_STATEFUL);
    f->owner |= (uint8_t)(FLOW_SETTLED | FLOW_DULL | FLOW_UNWATCHED | (client_side ? FLOW_CLIENT_B : 0));
    wheel_move(t, f);
}

struct flow *table_make(struct flow_table *t, const struct flow_place *at, uint64_t now)
{
    uint32_t number;
    while (!(number = take_number(t)))
        if (!table_make_room(t))
            return NULL;
    struct flow *f = flow_at(t, number);
    uint32_t *b = bucket_of(t, at->hash);
    memset(f, 0, sizeof *f);
    f->key = at->key;
    f->first_ns = f->last_ns = now;
    f->heard_ms = (uint16_t)(now / FLOW_MS_NS);
    f->chain = *b;
    *b = number;
    wheel_place(t, f, number);
    t->n++;
    t->made++;
    grow(t);
    return f;
}

void table_end(struct flow_table *t, struct flow *f, bool evicted)
{
    wheel_unplace(t, f);
    uint32_t number = unhash(t, f);
    t->n--;
    flow_note_lost(f);
    t->ended(t->ctx, f, evicted);
    f->chain = t->idle;
    t->idle = number;
}
