#include "flow/flow.h"

#include <stdlib.h>
#include <sys/random.h>

struct age_list {
    struct flow *oldest, *newest;
};

struct flow_table {
    struct pool *pool;
    flow_ended *ended;
    void *ctx;
    struct hash_key key;
    struct flow **bucket;
    size_t mask;                        /* buckets - 1 */
    uint64_t n, made;
    struct age_list list[FLOW_AGES];
};

static const uint64_t second_ns = 1000000000;

/* doc/measurement.md section 1: an hour of silence, five minutes after one FIN; packets of a
 * finished connection belong to it for a minute. */
static const unsigned silence_s[FLOW_AGES] = {
    [FLOW_OPEN] = 3600, [FLOW_HALF_CLOSED] = 300, [FLOW_CLOSED] = 60,
};

enum { FIRST_BUCKETS = 1 << 12 };

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
    if (getrandom(&t->key, sizeof t->key, 0) != (ssize_t)sizeof t->key)
        t->key = (struct hash_key){ { (uint64_t)(uintptr_t)t, (uint64_t)(uintptr_t)&t } };
    return t;
}

void flow_table_free(struct flow_table *t)
{
    if (!t)
        return;
    for (unsigned age = 0; age < FLOW_AGES; age++)
        for (struct flow *f = t->list[age].oldest, *next; f; f = next) {
            next = f->newer;
            pool_put(t->pool, f, sizeof *f);
        }
    free(t->bucket);
    free(t);
}

uint64_t flow_made(const struct flow_table *t) { return t->made; }

const struct endpoint *flow_endpoint(const struct flow *f, unsigned side)
{
    return side ? &f->key.b : &f->key.a;
}

static struct flow **slot_of(struct flow_table *t, const struct flow_key *key)
{
    return &t->bucket[hash_bytes(&t->key, key, sizeof *key) & t->mask];
}

/* Doubling keeps chains short; when there is no memory for it they grow longer. */
static void grow(struct flow_table *t)
{
    size_t old_n = t->mask + 1;
    struct flow **old = t->bucket, **bigger;

    if (t->n < old_n || !(bigger = calloc(2 * old_n, sizeof *bigger)))
        return;
    t->bucket = bigger;
    t->mask = 2 * old_n - 1;
    for (size_t i = 0; i < old_n; i++)
        for (struct flow *f = old[i], *next; f; f = next) {
            struct flow **slot = slot_of(t, &f->key);
            next = f->chain;
            f->chain = *slot;
            *slot = f;
        }
    free(old);
}

/* --- the age lists --- */

static void list_remove(struct flow_table *t, struct flow *f)
{
    struct age_list *l = &t->list[f->age];
    *(f->older ? &f->older->newer : &l->oldest) = f->newer;
    *(f->newer ? &f->newer->older : &l->newest) = f->older;
}

static void list_append(struct flow_table *t, struct flow *f, enum flow_age age, uint64_t now)
{
    struct age_list *l = &t->list[age];
    f->age = (uint8_t)age;
    f->age_ns = now > f->age_ns ? now : f->age_ns;      /* clocks of captures step backwards */
    f->newer = NULL;
    f->older = l->newest;
    *(l->newest ? &l->newest->newer : &l->oldest) = f;
    l->newest = f;
}

/* Payload that the other side acknowledged and that never came. */
static void note_lost(struct flow *f)
{
    for (unsigned side = 0; side < 2; side++) {
        const struct byte_count *c = &f->bytes[side];
        bool syn = flow_bit(f->syn | f->synack, side);
        uint32_t high = c->begun ? c->high : f->isn[side] + 1;
        if (!flow_bit(f->acked, !side) || (!c->begun && !syn) || !f->packets[side])
            continue;
        bool hole = c->hole != c->hole_end && seq_diff(f->acks[!side], c->hole_end) >= 0;
        bool end = seq_diff(f->acks[!side], high) > 1;         /* 1: a FIN */
        if (hole || end)
            f->lost |= (uint8_t)(1u << side);
    }
}

static void end_flow(struct flow_table *t, struct flow *f, bool evicted)
{
    struct flow **at = slot_of(t, &f->key);
    while (*at != f)
        at = &(*at)->chain;
    *at = f->chain;
    list_remove(t, f);
    t->n--;
    note_lost(f);
    t->ended(t->ctx, f, evicted);
    pool_put(t->pool, f, sizeof *f);
}

static bool is_silent(const struct flow *f, uint64_t now)
{
    return now > f->age_ns && now - f->age_ns > silence_s[f->age] * second_ns;
}

static void end_silent(struct flow_table *t, uint64_t now)
{
    for (unsigned age = 0; age < FLOW_AGES; age++)
        while (t->list[age].oldest && is_silent(t->list[age].oldest, now))
            end_flow(t, t->list[age].oldest, false);
}

bool flow_evict(struct flow_table *t, const struct flow *keep)
{
    for (int age = FLOW_CLOSED; age >= FLOW_OPEN; age--) {
        struct flow *f = t->list[age].oldest;
        if (f == keep && f)
            f = f->newer;
        if (f) {
            end_flow(t, f, true);
            return true;
        }
    }
    return false;
}

void flow_end_all(struct flow_table *t)
{
    for (int age = FLOW_CLOSED; age >= FLOW_OPEN; age--)
        while (t->list[age].oldest)
            end_flow(t, t->list[age].oldest, false);
}

/* --- bringing a flow up to date --- */

/* False: a hole was given up for a newer one. */
static bool count_bytes(struct byte_count *c, uint32_t from, uint32_t n)
{
    uint32_t to = from + n;
    bool kept = true;
    if (!c->begun) {
        c->begun = true;
        c->high = c->hole = c->hole_end = from;
    }
    if (seq_diff(from, c->high) > 0) {
        kept = c->hole == c->hole_end;
        c->hole = c->high;
        c->hole_end = from;
    } else if (c->hole != c->hole_end && seq_diff(from, c->hole_end) < 0 && seq_diff(to, c->hole) > 0) {
        uint32_t low = seq_diff(from, c->hole) > 0 ? from : c->hole;
        uint32_t end = seq_diff(to, c->hole_end) < 0 ? to : c->hole_end;
        c->n += end - low;
        if (low == c->hole)
            c->hole = end;
        else
            c->hole_end = low;
    }
    if (seq_diff(to, c->high) > 0) {
        c->n += to - (seq_diff(from, c->high) > 0 ? from : c->high);
        c->high = to;
    }
    return kept;
}

static void note_vlans(struct flow *f, const struct segment *seg)
{
    for (unsigned i = 0; i < seg->nvlan; i++) {
        unsigned k = 0;
        while (k < f->nvlan && f->vlan[k] != seg->vlan[i])
            k++;
        if (k == f->nvlan && k < FLOW_VLANS)
            f->vlan[f->nvlan++] = seg->vlan[i];
    }
}

static void note_tunnels(struct flow *f, const struct segment *seg)
{
    for (unsigned i = 0; i < seg->ntunnel; i++)
        if (!memchr(f->tunnel, seg->tunnel[i], f->ntunnel) && f->ntunnel < FLOW_TUNNELS)
            f->tunnel[f->ntunnel++] = seg->tunnel[i];
}

static void note_packet(struct flow *f, const struct segment *seg, unsigned side)
{
    f->packets[side]++;
    f->last_ns = seg->ts_ns > f->last_ns ? seg->ts_ns : f->last_ns;
    f->first_ns = seg->ts_ns < f->first_ns ? seg->ts_ns : f->first_ns;
    if (seg->nvlan)
        note_vlans(f, seg);
    if (seg->ntunnel)
        note_tunnels(f, seg);
}

/* A reset ends the connection only from within the window (RFC 5961 section 3); its exact
 * number is not demanded, since the sensor may have missed the last bytes. */
static bool reset_counts(const struct flow *f, const struct segment *seg, unsigned side)
{
    int32_t off = seq_diff(seg->seq, f->bytes[side].high);
    return !f->bytes[side].begun || (off >= -65536 && off < 1 << 20);
}

static void note_ends(struct flow *f, const struct segment *seg, unsigned side)
{
    uint8_t bit = (uint8_t)(1u << side);
    if (seg->flags & TCP_SYN) {
        if (!flow_bit(f->syn | f->synack, side))
            f->isn[side] = seg->seq;
        *(seg->flags & TCP_ACK ? &f->synack : &f->syn) |= bit;
    }
    if ((seg->flags & TCP_ACK) && (!flow_bit(f->acked, side) || seq_diff(seg->ack, f->acks[side]) > 0))
        f->acks[side] = seg->ack;
    if (!(seg->flags & (TCP_SYN | TCP_RST)))
        f->acked |= bit;
    if (seg->flags & TCP_FIN)
        f->fin |= bit;
    if ((seg->flags & TCP_RST) && reset_counts(f, seg, side))
        f->rst |= bit;
}

static void note_payload(struct flow *f, const struct segment *seg, unsigned side)
{
    uint8_t bit = (uint8_t)(1u << side);
    bool syn = flow_bit(f->syn | f->synack, side);
    bool before = syn && !(seg->flags & TCP_SYN) && seq_diff(seg->seq + seg->len, f->isn[side] + 1) <= 0;
    if (seg->len && !before) {          /* a keep-alive may repeat the number of the SYN */
        struct byte_count *c = &f->bytes[side];
        f->payload |= bit;
        if (!c->begun && syn) {
            c->begun = true;
            c->high = c->hole = c->hole_end = f->isn[side] + 1;
        }
        if (!count_bytes(&f->bytes[side], seg->seq + ((seg->flags & TCP_SYN) != 0), seg->len))
            f->lost |= bit;
    }
    if (segment_is_cut(seg))
        f->cut |= bit;
}

static void note_age(struct flow_table *t, struct flow *f, uint64_t now)
{
    enum flow_age age = f->rst || f->fin == 3 ? FLOW_CLOSED : f->fin ? FLOW_HALF_CLOSED : FLOW_OPEN;
    if (age == FLOW_CLOSED && f->age == FLOW_CLOSED)
        return;                         /* the minute counts from the end, not from the last packet */
    list_remove(t, f);
    list_append(t, f, age, now);
}

static struct flow *make_flow(struct flow_table *t, const struct flow_key *key, uint64_t now)
{
    struct flow *f;
    while (!(f = pool_get(t->pool, sizeof *f)))
        if (!flow_evict(t, NULL))
            return NULL;
    memset(f, 0, sizeof *f);
    f->key = *key;
    f->first_ns = f->last_ns = now;
    struct flow **slot = slot_of(t, key);
    f->chain = *slot;
    *slot = f;
    list_append(t, f, FLOW_OPEN, now);
    t->n++;
    t->made++;
    grow(t);
    return f;
}

/* A SYN with another sequence number than this side began with; also a SYN on a connection
 * whose beginning was not seen. */
static bool begins_anew(const struct flow *f, const struct segment *seg, unsigned side)
{
    if ((seg->flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
        return false;
    if (flow_bit(f->syn, side))
        return f->isn[side] != seg->seq;
    return f->acked != 0;
}

static struct flow *find(struct flow_table *t, const struct flow_key *key)
{
    struct flow *f = *slot_of(t, key);
    while (f && memcmp(&f->key, key, sizeof *key) != 0)
        f = f->chain;
    return f;
}

static void take_segment(struct flow_table *t, const struct segment *seg, struct flow_hit *hit)
{
    struct flow *f = hit->flow;
    hit->sum = f->unwatched ? CHECKSUM_UNKNOWN : segment_checksum(seg);
    hit->ignored = hit->sum == CHECKSUM_WRONG && flow_bit(f->checksum_right, hit->side);
    note_packet(f, seg, hit->side);
    if (hit->ignored)
        return;
    if (hit->sum == CHECKSUM_RIGHT)
        f->checksum_right |= (uint8_t)(1u << hit->side);
    note_ends(f, seg, hit->side);
    note_payload(f, seg, hit->side);
    note_age(t, f, seg->ts_ns);
}

struct flow_hit flow_of(struct flow_table *t, const struct segment *seg, bool make)
{
    struct flow_key key;
    struct flow_hit hit = { 0 };
    bool forward = endpoint_cmp(&seg->src, &seg->dst) <= 0;

    key.a = forward ? seg->src : seg->dst;
    key.b = forward ? seg->dst : seg->src;
    hit.side = !forward;
    end_silent(t, seg->ts_ns);
    struct flow *f = find(t, &key);
    if (f && (begins_anew(f, seg, hit.side) || is_silent(f, seg->ts_ns))) {
        end_flow(t, f, false);
        f = NULL;
        make = true;
    }
    if (!f && make)
        f = make_flow(t, &key, seg->ts_ns);
    hit.flow = f;
    if (f)
        take_segment(t, seg, &hit);
    return hit;
}
