#include "decode/fragments.h"

#include "base/hash.h"
#include "base/pool.h"

enum { BUCKETS = 1024, WHOLE_MAX = 65535, LINK_RAW = 101 };

static const uint64_t silence_ns = FRAGMENTS_SECONDS * UINT64_C(1000000000);
static const uint64_t echo_ns = 100000000;      /* in which copies of a packet given out may come */

/* No padding: keys are compared and hashed as bytes. */
struct key {
    uint8_t src[16], dst[16];
    uint32_t id;
    uint16_t protocol;                  /* 0 in IPv6 */
    uint16_t version;
};

/* The bytes from offset on: first the head, if offset is 0, then those of n that were captured. */
struct piece {
    struct piece *next;
    uint32_t offset, n;
    uint32_t captured;
    uint16_t head, next_at;
    uint8_t protocol;
    uint8_t bytes[];
};

enum state { WAITING, GIVEN_OUT, REFUSED };

struct datagram {
    struct datagram *chain, *older, *newer;
    struct key key;
    struct piece *pieces;               /* sorted by offset, without overlap */
    uint64_t begun_ns;
    uint64_t given_ns;
    uint32_t got, high;                 /* bytes there; end of the last of them */
    uint32_t total;                     /* 0: the last fragment was not seen yet */
    unsigned npieces, packets;
    enum state state;
};

struct fragments {
    struct pool *pool;                  /* all memory, this too */
    struct fragment_counts *counts;
    struct hash_key key;
    struct datagram *oldest, *newest;
    unsigned n;
    uint8_t *whole;                     /* WHOLE_MAX bytes; made when first needed */
    size_t whole_n;                     /* bytes in it */
    struct datagram *bucket[BUCKETS];
};

struct fragments *fragments_new(size_t memory, struct fragment_counts *counts)
{
    struct pool *pool = pool_new(memory);
    struct fragments *t = pool ? pool_get(pool, sizeof *t) : NULL;

    if (!t) {
        pool_free(pool);
        return NULL;
    }
    memset(t, 0, sizeof *t);
    t->pool = pool;
    t->counts = counts;
    t->key = hash_key_random();
    return t;
}

void fragments_free(struct fragments *t)
{
    if (!t)
        return;
    fragments_clear(t);
    if (t->whole)
        pool_put(t->pool, t->whole, WHOLE_MAX);
    struct pool *pool = t->pool;
    pool_put(pool, t, sizeof *t);
    pool_free(pool);
}

/* --- the table --- */

static struct datagram **slot_of(struct fragments *t, const struct key *key)
{
    return &t->bucket[hash_bytes(&t->key, key, sizeof *key) % BUCKETS];
}

static void drop_pieces(struct fragments *t, struct datagram *d)
{
    while (d->pieces) {
        struct piece *p = d->pieces;
        d->pieces = p->next;
        pool_put(t->pool, p, sizeof *p + p->head + p->captured);
    }
    d->npieces = 0;
}

static void drop(struct fragments *t, struct datagram *d)
{
    struct datagram **at = slot_of(t, &d->key);

    while (*at != d)
        at = &(*at)->chain;
    *at = d->chain;
    *(d->older ? &d->older->newer : &t->oldest) = d->newer;
    *(d->newer ? &d->newer->older : &t->newest) = d->older;
    t->n--;
    drop_pieces(t, d);
    pool_put(t->pool, d, sizeof *d);
}

/* Gives up the oldest. False: there is none but `keep`. */
static bool evict(struct fragments *t, const struct datagram *keep)
{
    struct datagram *d = t->oldest;

    if (d && d == keep)
        d = d->newer;
    if (!d)
        return false;
    t->counts->evicted += d->state == WAITING;
    drop(t, d);
    return true;
}

static void drop_silent(struct fragments *t, uint64_t now)
{
    while (t->oldest && now > t->oldest->begun_ns && now - t->oldest->begun_ns > silence_ns) {
        t->counts->expired += t->oldest->state == WAITING;
        drop(t, t->oldest);
    }
}

void fragments_clear(struct fragments *t)
{
    while (t && t->oldest) {
        t->counts->expired += t->oldest->state == WAITING;
        drop(t, t->oldest);
    }
}

void fragments_used(struct fragments *t)
{
    if (t->whole_n)
        explicit_bzero(t->whole, t->whole_n);
    t->whole_n = 0;
}

static void *take_memory(struct fragments *t, size_t n, const struct datagram *keep)
{
    void *p;

    while (!(p = pool_get(t->pool, n)))
        if (!evict(t, keep))
            return NULL;
    return p;
}

static struct datagram *find(struct fragments *t, const struct key *key, uint64_t now)
{
    struct datagram *d = *slot_of(t, key);

    while (d && memcmp(&d->key, key, sizeof *key) != 0)
        d = d->chain;
    if (!d || d->state != GIVEN_OUT)
        return d;
    uint64_t since = now > d->given_ns ? now - d->given_ns : d->given_ns - now;
    if (since <= echo_ns)
        return d;
    drop(t, d);                         /* the number is in use again */
    return NULL;
}

static struct datagram *make(struct fragments *t, const struct key *key, uint64_t now)
{
    if (t->n == FRAGMENTS_PACKETS)
        evict(t, NULL);
    struct datagram *d = take_memory(t, sizeof *d, NULL);
    if (!d)
        return NULL;
    struct datagram **slot = slot_of(t, key);
    *d = (struct datagram){ .chain = *slot, .older = t->newest, .key = *key, .begun_ns = now };
    *slot = d;
    *(t->newest ? &t->newest->newer : &t->oldest) = d;
    t->newest = d;
    t->n++;
    return d;
}

/* --- one packet --- */

static unsigned refuse(struct fragments *t, struct datagram *d)
{
    drop_pieces(t, d);
    d->state = REFUSED;
    t->counts->refused++;
    return 0;
}

/* The captured bytes of f between two offsets of the whole. */
static struct span captured_part(const struct fragment *f, uint32_t from, uint32_t to)
{
    return span_first(span_skip(f->data, from - f->offset), to - from);
}

/* Puts the part [from, to) of f in at *at. False: no room for it, ever. */
static bool put_piece(struct fragments *t, struct datagram *d, struct piece **at, const struct fragment *f,
                      uint32_t from, uint32_t to)
{
    struct span data = captured_part(f, from, to), head = span_first(f->head, from ? 0 : f->head.n);
    size_t size = sizeof **at + head.n + data.n;
    struct piece *p;

    if (d->npieces == FRAGMENTS_PIECES || size > POOL_LARGEST || !(p = take_memory(t, size, d)))
        return false;
    *p = (struct piece){
        .next = *at, .offset = from, .n = to - from, .captured = (uint32_t)data.n,
        .head = (uint16_t)head.n, .next_at = f->next_at, .protocol = f->protocol
    };
    memcpy(p->bytes, head.p, head.n);
    memcpy(p->bytes + head.n, data.p, data.n);
    *at = p;
    d->npieces++;
    d->got += to - from;
    return true;
}

static bool is_copy(const struct piece *p, const struct fragment *f)
{
    return p->offset == f->offset && p->n == f->len && p->captured == f->data.n &&
           memcmp(p->bytes + p->head, f->data.p, f->data.n) == 0;
}

/* Puts in what is not there yet. False: the whole packet is to be refused. */
static bool fill(struct fragments *t, struct datagram *d, const struct fragment *f)
{
    uint32_t from = f->offset, end = f->offset + f->len;
    struct piece **at = &d->pieces;

    while (*at && (*at)->offset + (*at)->n <= from)
        at = &(*at)->next;
    if (*at && is_copy(*at, f))
        return true;
    if (*at && (*at)->offset < end && d->key.version == 6)
        return false;
    while (from < end) {
        uint32_t to = *at && (*at)->offset < end ? (*at)->offset : end;
        if (from < to) {
            if (!put_piece(t, d, at, f, from, to))
                return false;
            at = &(*at)->next;
        }
        from = to;
        if (*at && (*at)->offset == from) {
            from += (*at)->n;
            at = &(*at)->next;
        }
    }
    return true;
}

/* Whether the end of f fits those seen before. */
static bool fits(const struct datagram *d, const struct fragment *f)
{
    uint32_t end = f->offset + f->len;

    if (d->total)
        return f->more ? end <= d->total : end == d->total;
    return f->more || end >= d->high;
}

/* --- the whole --- */

static void put16(uint8_t *p, size_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

/* The first fragment's head as it was before: length, and that it is one of several. */
static void mend_head(const struct datagram *d, uint8_t *ip)
{
    const struct piece *first = d->pieces;

    if (d->key.version == 6) {
        put16(ip + 4, first->head - 40u + d->total);
        ip[first->next_at] = first->protocol;
    } else {
        put16(ip + 2, first->head + d->total);
        put16(ip + 6, 0);
    }
}

static unsigned give_out(struct fragments *t, struct datagram *d, uint64_t now, struct packet *whole)
{
    size_t head = d->pieces->head, n = 0;

    if (head + d->total > WHOLE_MAX || (!t->whole && !(t->whole = take_memory(t, WHOLE_MAX, d))))
        return refuse(t, d);
    for (const struct piece *p = d->pieces; p; p = p->next) {
        memcpy(t->whole + n, p->bytes, p->head + p->captured);
        n += p->head + p->captured;
        if (p->captured < p->n)
            break;
    }
    t->whole_n = n > t->whole_n ? n : t->whole_n;
    mend_head(d, t->whole);
    *whole = (struct packet){
        .ts_ns = now, .data = span_of(t->whole, n), .wire_len = (uint32_t)(head + d->total),
        .linktype = LINK_RAW
    };
    drop_pieces(t, d);
    d->state = GIVEN_OUT;
    d->given_ns = now;
    t->counts->whole++;
    return d->packets;
}

unsigned fragments_take(struct fragments *t, const struct segment *seg, struct packet *whole)
{
    const struct fragment *f = &seg->fragment;
    bool v6 = f->head.p[0] >> 4 == 6;
    struct key key = { .id = f->id, .protocol = v6 ? 0 : f->protocol, .version = v6 ? 6 : 4 };

    memcpy(key.src, seg->src.addr, 16);
    memcpy(key.dst, seg->dst.addr, 16);
    drop_silent(t, seg->ts_ns);
    struct datagram *d = find(t, &key, seg->ts_ns);
    if (!d && !(d = make(t, &key, seg->ts_ns)))
        return 0;
    if (d->state != WAITING)
        return 0;
    if (!fits(d, f))
        return v6 ? refuse(t, d) : 0;
    if (!fill(t, d, f))
        return refuse(t, d);
    uint32_t end = f->offset + f->len;
    d->packets++;
    d->high = end > d->high ? end : d->high;
    if (!f->more)
        d->total = end;
    return d->total && d->got == d->total ? give_out(t, d, seg->ts_ns, whole) : 0;
}
