#include "flow/table.h"

#include <stdlib.h>
#include <sys/random.h>

enum { SLAB_BYTES = 49152, SLAB = SLAB_BYTES / sizeof(struct flow), FIRST_BUCKETS = 1 << 12 };
_Static_assert((int)SLAB_BYTES <= (int)POOL_LARGEST, "a slab is a block of the pool");
_Static_assert((int)WHEELS * (int)WHEEL_SLOTS <= UINT16_MAX, "a slot of any wheel has a number");
enum { BACK_SECONDS = 60 };             /* a step back of the clock that the wheels follow */

static const uint64_t second_ns = 1000000000, ms_ns = 1000000;

/* doc/measurement.md section 1: an hour of silence, five minutes after one FIN; packets of a
 * finished connection belong to it for a minute. */
static const unsigned silence_s[FLOW_AGES] = {
    [FLOW_OPEN] = 3600, [FLOW_HALF_CLOSED] = 300, [FLOW_CLOSED] = 60,
};

struct flow_table *flow_table_new(struct pool *pool, flow_ended *ended, void *ctx)
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
    if (getrandom(&t->key, sizeof t->key, 0) != (ssize_t)sizeof t->key)
        t->key = (struct hash_key){ { (uint64_t)(uintptr_t)t, (uint64_t)(uintptr_t)&t } };
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

static struct flow *flow_at(const struct flow_table *t, uint32_t number)
{
    return &t->slab[(number - 1) / SLAB][(number - 1) % SLAB];
}

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
static uint64_t hash_of(const struct flow_table *t, const struct flow_key *key)
{
    uint32_t v4[3];

    if (!endpoint_is_v4(&key->a) || !endpoint_is_v4(&key->b))
        return hash_bytes(&t->key, key, sizeof *key);
    memcpy(&v4[0], key->a.addr + 12, sizeof v4[0]);
    memcpy(&v4[1], key->b.addr + 12, sizeof v4[1]);
    v4[2] = (uint32_t)key->a.port << 16 | key->b.port;
    return hash_bytes(&t->key, v4, sizeof v4);
}

void flow_place(const struct flow_table *t, const struct segment *seg, struct flow_place *at)
{
    at->side = endpoint_cmp(&seg->src, &seg->dst) > 0;
    at->key.a = at->side ? seg->dst : seg->src;
    at->key.b = at->side ? seg->src : seg->dst;
    at->hash = hash_of(t, &at->key);
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
            uint32_t *b = bucket_of(t, hash_of(t, &f->key));
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
    uint32_t *at = bucket_of(t, hash_of(t, &f->key)), number;
    while (flow_at(t, *at) != f)
        at = &flow_at(t, *at)->chain;
    number = *at;
    *at = f->chain;
    return number;
}

/* --- the wheels --- */

static bool evict(struct flow_table *, unsigned wheel, const struct flow *keep);

/* Since when it is silent, or closed. */
static uint64_t age_ms(const struct flow *f)
{
    uint64_t last = f->last_ns / ms_ns;
    return last - (uint16_t)(last - f->heard_ms);
}

bool flow_is_silent(const struct flow *f, uint64_t now)
{
    uint64_t since = age_ms(f) * ms_ns;
    return now > since && now - since > silence_s[f->age] * second_ns;
}

static unsigned wheel_of(const struct flow *f)
{
    if (f->state)
        return WHEEL_STATE;
    return f->age != FLOW_CLOSED && flow_saw_any(f, FLOW_PAYLOAD) ? WHEEL_OPEN : WHEEL_BARE;
}

static unsigned slot_of(const struct flow *f)
{
    uint64_t second = age_ms(f) / 1000 + silence_s[f->age];
    return wheel_of(f) * WHEEL_SLOTS + (unsigned)(second % WHEEL_SLOTS);
}

static struct wheel_slot *slot_at(struct flow_table *t, unsigned slot)
{
    return &t->wheel[slot / WHEEL_SLOTS].slot[slot % WHEEL_SLOTS];
}

static void mark_slot(struct flow_table *t, unsigned slot)
{
    uint64_t *word = &t->wheel[slot / WHEEL_SLOTS].filled[slot % WHEEL_SLOTS / 64];
    uint64_t bit = UINT64_C(1) << slot % 64;
    *word = slot_at(t, slot)->oldest ? *word | bit : *word & ~bit;
}

static uint32_t number_of(struct flow_table *t, const struct flow *f)
{
    return f->newer ? flow_at(t, f->newer)->older : slot_at(t, f->slot)->newest;
}

static void unplace(struct flow_table *t, const struct flow *f)
{
    struct wheel_slot *s = slot_at(t, f->slot);
    *(f->newer ? &flow_at(t, f->newer)->older : &s->newest) = f->older;
    *(f->older ? &flow_at(t, f->older)->newer : &s->oldest) = f->newer;
    mark_slot(t, f->slot);
}

static void place(struct flow_table *t, struct flow *f, uint32_t number)
{
    unsigned slot = slot_of(f);
    struct wheel_slot *s = slot_at(t, slot);
    f->slot = (uint16_t)slot;
    f->newer = 0;
    f->older = s->newest;
    *(s->newest ? &flow_at(t, s->newest)->newer : &s->oldest) = number;
    s->newest = number;
    mark_slot(t, slot);
}

void table_place(struct flow_table *t, struct flow *f)
{
    uint32_t number = number_of(t, f);
    unplace(t, f);
    place(t, f, number);
}

void flow_own(struct flow_table *t, struct flow *f, void *state)
{
    f->state = state;
    table_place(t, f);
}

void flow_settle(struct flow_table *t, struct flow *f, uint64_t number, unsigned client_side)
{
    f->number = number;
    f->owner |= (uint8_t)(FLOW_SETTLED | FLOW_DULL | FLOW_UNWATCHED | (client_side ? FLOW_CLIENT_B : 0));
    flow_own(t, f, NULL);
}

struct flow *table_make(struct flow_table *t, const struct flow_place *at, uint64_t now)
{
    uint32_t number;
    while (!(number = take_number(t)))
        if (!evict(t, WHEEL_BARE, NULL))
            return NULL;
    struct flow *f = flow_at(t, number);
    uint32_t *b = bucket_of(t, at->hash);
    memset(f, 0, sizeof *f);
    f->key = at->key;
    f->first_ns = f->last_ns = now;
    f->heard_ms = (uint16_t)(now / ms_ns);
    f->chain = *b;
    *b = number;
    place(t, f, number);
    t->n++;
    t->made++;
    grow(t);
    return f;
}

void table_end(struct flow_table *t, struct flow *f, bool evicted)
{
    unplace(t, f);
    uint32_t number = unhash(t, f);
    t->n--;
    flow_note_lost(f);
    t->ended(t->ctx, f, evicted);
    f->chain = t->idle;
    t->idle = number;
}

static void sweep_slot(struct flow_table *t, unsigned slot, uint64_t now)
{
    uint32_t last = slot_at(t, slot)->newest, next;
    for (uint32_t number = slot_at(t, slot)->oldest; number; number = next) {
        struct flow *f = flow_at(t, number);
        next = number == last ? 0 : f->newer;
        if (flow_is_silent(f, now))
            table_end(t, f, false);
        else
            table_place(t, f);
    }
}

/* Clocks of captures step backwards. The next step forward may place every flow anew, so the wheels
 * follow only when more packets in a row have come from back there than there are flows. */
static void step_back(struct flow_table *t, uint64_t now)
{
    t->behind = t->second - now > BACK_SECONDS ? t->behind + 1 : 0;
    if (t->behind <= t->n)
        return;
    t->second = now;
    t->behind = 0;
}

void table_sweep(struct flow_table *t, uint64_t now_ns)
{
    uint64_t now = now_ns / second_ns;
    if (now <= t->second) {
        step_back(t, now);
        return;
    }
    t->behind = 0;
    uint64_t from = now - t->second > WHEEL_SLOTS ? now - WHEEL_SLOTS : t->second;
    for (uint64_t s = from; s < now; s++)
        for (unsigned w = 0; w < WHEELS; w++)
            sweep_slot(t, w * WHEEL_SLOTS + s % WHEEL_SLOTS, now_ns);
    t->second = now;
}

/* --- eviction, and the end --- */

/* The next slot with a flow in it, `slot` or behind it, over the end to the beginning; -1: none. */
static int next_filled(const struct wheel *w, unsigned slot)
{
    uint64_t word = w->filled[slot / 64] & ~UINT64_C(0) << slot % 64;
    for (unsigned i = slot / 64, n = 0; n <= WHEEL_SLOTS / 64; n++) {
        if (word)
            return (int)(i * 64 + (unsigned)__builtin_ctzll(word));
        i = (i + 1) % (WHEEL_SLOTS / 64);
        word = w->filled[i];
    }
    return -1;
}

/* The flow of a wheel whose silence ends first, but not `keep`. Those that have spoken since they were
 * placed go to their present slot on the way. */
static struct flow *oldest(struct flow_table *t, unsigned wheel, const struct flow *keep)
{
    unsigned at = (unsigned)(t->second % WHEEL_SLOTS), rounds = 0;
    for (int slot; (slot = next_filled(&t->wheel[wheel], at)) >= 0 && rounds < 2 * WHEEL_SLOTS; rounds++) {
        uint32_t number = t->wheel[wheel].slot[slot].oldest, last = t->wheel[wheel].slot[slot].newest, next;
        for (; number; number = next) {
            struct flow *f = flow_at(t, number);
            next = number == last ? 0 : f->newer;
            if (slot_of(f) != f->slot)
                table_place(t, f);
            else if (f != keep)
                return f;
        }
        at = ((unsigned)slot + 1) % WHEEL_SLOTS;
    }
    return NULL;
}

/* Of this wheel, or of those behind it. */
static bool evict(struct flow_table *t, unsigned wheel, const struct flow *keep)
{
    for (; wheel < WHEELS; wheel++) {
        struct flow *f = oldest(t, wheel, keep);
        if (f) {
            table_end(t, f, true);
            return true;
        }
    }
    return false;
}

bool flow_evict(struct flow_table *t, const struct flow *keep) { return evict(t, WHEEL_STATE, keep); }

void flow_end_all(struct flow_table *t)
{
    for (unsigned w = 0; w < WHEELS; w++) {
        unsigned at = (unsigned)(t->second % WHEEL_SLOTS);
        for (int slot; (slot = next_filled(&t->wheel[w], at)) >= 0; at = (unsigned)slot)
            table_end(t, flow_at(t, t->wheel[w].slot[slot].oldest), false);
    }
}
