#include "app/evidence.h"

#include "base/pages.h"
#include "base/threads.h"

enum {
    BARE_PACKETS = 4, BARE_BYTES = 128, /* of each connection without payload */
    HEAD_MOST = 512,                    /* bytes of IP and TCP headers */
    PAYLOAD_MOST = 32 * 1024,           /* of one packet: larger ones (offload) are cut */
    SESSION_FULL = 128 * 1024,          /* bytes of packets from which on payload without a word is left out */
    SESSION_MOST = 256 * 1024,          /* and all of it */
    LOOK_BACK = 128                     /* packets in which bytes are looked for */
};
_Static_assert((int)SESSION_MOST + (int)PAYLOAD_MOST + 4096 < (int)EVIDENCE_ENTRY_MOST, "an entry finds room");

struct kept_packet {
    struct kept_packet *before, *next;
    uint64_t ts_ns;
    uint32_t seq;                       /* of its first payload byte */
    uint32_t wire;                      /* from the IP header on */
    uint16_t head, n;                   /* bytes of headers, and of payload behind them */
    uint16_t tcp;                       /* where its header begins */
    uint8_t dir;
    bool summed;                        /* its checksum says something */
    uint8_t bytes[];
};

struct kept {
    struct keeper *of;
    struct kept **owner;
    struct kept *older, *newer;
    struct kept_packet *first, *last;
    struct showing showing;
    uint32_t packets, bytes;
    uint32_t high[2];                   /* behind the highest payload byte of a direction */
    bool any[2];                        /* there was one */
    bool full;                          /* no more packets are kept */
    bool cut;                           /* not all bytes are here */
    uint8_t client_side;
};

/* The first packets of a connection that has sent no payload. The place is that of its hash: others may take it. */
struct bare {
    uint64_t hash;
    uint8_t n;
    struct bare_packet {
        uint64_t ts_ns;
        uint32_t seq, wire;
        uint8_t side, n, tcp;
        bool syn;
        uint8_t bytes[BARE_BYTES];
    } packet[BARE_PACKETS];
};

struct keeper {
    struct evidence_ring ring;
    struct pool *pool;
    struct kept *oldest, *newest;
    struct bare *bare;
    uint64_t bares;                     /* a power of two */
};

struct keeper *evidence_new(size_t memory, const struct evidence_ring *ring)
{
    struct keeper *e = pages_get(sizeof *e);
    if (!e)
        return NULL;
    e->ring = *ring;
    for (e->bares = 16; e->bares * 2 * sizeof *e->bare <= memory / 8;)
        e->bares *= 2;
    e->bare = pages_get(e->bares * sizeof *e->bare);
    e->pool = pool_new(memory - memory / 8);
    if (e->bare && e->pool)
        return e;
    evidence_free(e);
    return NULL;
}

void evidence_free(struct keeper *e)
{
    if (!e)
        return;
    pages_put(e->bare);
    pool_free(e->pool);
    pages_put(e);
}

/* --- checksums --- */

/* What is added to a sum (RFC 1624) when bytes at this place behind the TCP header change. */
static uint32_t sum_change(size_t at, uint8_t was, uint8_t is)
{
    uint32_t shift = at % 2 ? 0 : 8;
    return 0xffff - ((uint32_t)was << shift) + ((uint32_t)is << shift);
}

static void change_sum(struct kept_packet *p, uint64_t change)
{
    uint8_t *field = p->bytes + p->tcp + 16;
    uint64_t sum = (uint64_t)(uint16_t)~load_be16(field) + change;
    if (!p->summed || p->tcp + 18u > p->head)
        return;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    sum = sum == 0xffff ? 0xffff : (uint16_t)~sum;      /* a field of zero would mean none */
    field[0] = (uint8_t)(sum >> 8);
    field[1] = (uint8_t)sum;
}

/* --- what is kept of sessions --- */

static size_t size_of(const struct kept_packet *p) { return sizeof *p + p->head + p->n; }

static void drop_packets(struct kept *k)
{
    for (struct kept_packet *p = k->first, *next; p; p = next) {
        next = p->next;
        pool_put(k->of->pool, p, size_of(p));
    }
    k->first = k->last = NULL;
}

void evidence_drop(struct kept *k)
{
    if (!k)
        return;
    struct keeper *e = k->of;
    drop_packets(k);
    *(k->older ? &k->older->newer : &e->oldest) = k->newer;
    *(k->newer ? &k->newer->older : &e->newest) = k->older;
    *k->owner = NULL;
    pool_put(e->pool, k, sizeof *k);
}

/* The oldest session gives way, but not this one. */
static void *room_for(struct keeper *e, size_t n, const struct kept *not)
{
    void *room;
    while (!(room = pool_get(e->pool, n))) {
        struct kept *oldest = e->oldest == not ? e->oldest->newer : e->oldest;
        if (!oldest)
            return NULL;
        atomic_fetch_add(&e->ring.shared->lost, 1);
        evidence_drop(oldest);
    }
    return room;
}

static struct kept_packet *new_packet(struct kept *k, size_t head, size_t n)
{
    struct kept_packet *p = NULL;
    k->bytes += (uint32_t)(sizeof *p + head + n);
    if (!k->full && k->bytes <= SESSION_MOST)
        p = room_for(k->of, sizeof *p + head + n, k);
    if (!p) {
        k->full = k->cut = true;
        return NULL;
    }
    *p = (struct kept_packet){ .before = k->last, .head = (uint16_t)head, .n = (uint16_t)n };
    *(k->last ? &k->last->next : &k->first) = p;
    k->last = p;
    k->packets++;
    return p;
}

/* --- what is shown --- */

static int32_t ahead(uint32_t a, uint32_t b) { return (int32_t)(a - b); }

/* Puts bytes of a stream where a packet has them; a byte that was shown stays as it is. */
static bool show_in(struct kept_packet *p, uint32_t seq, struct span bytes, bool anyway)
{
    int64_t begin = ahead(seq, p->seq), from = begin < 0 ? -begin : 0, left = p->n - begin;
    int64_t end = left < (int64_t)bytes.n ? left : (int64_t)bytes.n;
    uint64_t change = 0;
    for (int64_t i = from; i < end; i++) {
        uint8_t *to = p->bytes + p->head + begin + i;
        if (*to == bytes.p[i] || (*to != 'x' && !anyway))
            continue;
        change += sum_change((size_t)(begin + i), *to, bytes.p[i]);
        *to = bytes.p[i];
    }
    if (change)
        change_sum(p, change);
    return from < end;
}

static void take_shown(void *ctx, unsigned dir, uint32_t seq, struct span bytes)
{
    struct kept *k = ctx;
    unsigned n = 0;
    for (struct kept_packet *p = k->last; p && n < LOOK_BACK; p = p->before, n++)
        if (p->dir == dir && p->n)
            show_in(p, seq, bytes, false);
}

static void take_differing(void *ctx, unsigned dir, uint32_t seq, struct span bytes)
{
    struct kept *k = ctx;
    unsigned n = 0;
    for (struct kept_packet *p = k->last; p && n < LOOK_BACK; p = p->before, n++)
        if (p->dir == dir && p->n && show_in(p, seq, bytes, true))
            return;
}

struct showing *evidence_showing(struct kept *k) { return &k->showing; }

/* --- packets --- */

/* What stands for payload until it is shown. */
static uint64_t blank(uint8_t *to, struct span payload, size_t n)
{
    uint64_t change = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = payload.p[i];
        to[i] = c == '\r' || c == '\n' ? c : 'x';
        change += sum_change(i, c, to[i]);
    }
    return change;
}

/* Bytes that were sent before look as they did then; whether they do is found out when they are read. */
static void repeat_shown(struct kept_packet *p)
{
    unsigned n = 0;
    for (const struct kept_packet *o = p->before; o && n < LOOK_BACK; o = o->before, n++) {
        if (o->dir == p->dir && o->n)
            show_in(p, o->seq, span_of(o->bytes + o->head, o->n), false);
    }
}

static size_t headers_of(const struct segment *seg, size_t *tcp)
{
    *tcp = (size_t)(seg->tcp.p - seg->ip.p);
    size_t header = seg->tcp.n > 12 ? (size_t)(seg->tcp.p[12] >> 4) * 4 : seg->tcp.n;
    return *tcp + (header < seg->tcp.n ? header : seg->tcp.n);
}

void evidence_packet(struct kept *k, const struct segment *seg, unsigned side, enum checksum sum)
{
    size_t tcp, head = headers_of(seg, &tcp), n = seg->payload.n < PAYLOAD_MOST ? seg->payload.n : PAYLOAD_MOST;
    unsigned dir = side != k->client_side;
    if (head > HEAD_MOST) {
        k->cut = true;
        return;
    }
    if (k->bytes > SESSION_FULL)
        n = 0;
    k->cut = k->cut || n < seg->payload.n;
    struct kept_packet *p = new_packet(k, head, n);
    if (!p)
        return;
    p->ts_ns = seg->ts_ns;
    p->seq = seg->seq + ((seg->flags & TCP_SYN) != 0);
    p->wire = (uint32_t)head + seg->len;
    p->tcp = (uint16_t)tcp;
    p->dir = (uint8_t)dir;
    p->summed = sum != CHECKSUM_UNKNOWN && n == seg->len;
    memcpy(p->bytes, seg->ip.p, head);
    change_sum(p, blank(p->bytes + head, seg->payload, n));
    if (!n)
        return;
    if (k->any[dir] && ahead(p->seq, k->high[dir]) < 0)
        repeat_shown(p);
    if (!k->any[dir] || ahead(p->seq + (uint32_t)n, k->high[dir]) > 0)
        k->high[dir] = p->seq + (uint32_t)n;
    k->any[dir] = true;
}

/* --- before the first payload --- */

void evidence_bare(struct keeper *e, uint64_t hash, const struct segment *seg, unsigned side)
{
    struct bare *b = &e->bare[hash & (e->bares - 1)];
    size_t tcp, head = headers_of(seg, &tcp);
    bool syn = (seg->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
    bool again = syn && b->n && b->packet[0].syn && (b->packet[0].seq != seg->seq || b->packet[0].side != side);

    if (b->hash != hash || again)
        b->n = 0;
    if (head > BARE_BYTES || b->n == BARE_PACKETS)
        return;
    b->hash = hash;
    struct bare_packet *p = &b->packet[b->n++];
    *p = (struct bare_packet){ .ts_ns = seg->ts_ns, .seq = seg->seq, .wire = (uint32_t)head + seg->len, .side = (uint8_t)side,
                               .n = (uint8_t)head, .tcp = (uint8_t)tcp, .syn = syn };
    memcpy(p->bytes, seg->ip.p, head);
}

static void take_bare(struct kept *k, struct bare *b)
{
    for (unsigned i = 0; i < b->n; i++) {
        const struct bare_packet *from = &b->packet[i];
        struct kept_packet *p = new_packet(k, from->n, 0);
        if (!p)
            return;
        p->ts_ns = from->ts_ns;
        p->seq = from->seq;
        p->wire = from->wire;
        p->tcp = from->tcp;
        p->dir = from->side != k->client_side;
        memcpy(p->bytes, from->bytes, from->n);
    }
    b->n = 0;
}

void evidence_begin(struct keeper *e, struct kept **owner, uint64_t hash, unsigned client_side, bool opened)
{
    struct kept *k = room_for(e, sizeof *k, NULL);
    *owner = k;
    if (!k)
        return;
    *k = (struct kept){ .of = e, .owner = owner, .older = e->newest, .client_side = (uint8_t)client_side };
    k->showing = (struct showing){ .show = take_shown, .differ = take_differing, .ctx = k };
    *(e->newest ? &e->newest->newer : &e->oldest) = k;
    e->newest = k;
    struct bare *b = &e->bare[hash & (e->bares - 1)];
    if (b->hash == hash && b->n)
        take_bare(k, b);
    else
        k->cut = opened;
}

/* --- handing over --- */

struct handing {
    struct kept *kept;
    uint64_t place;                     /* 1 + it */
};

static void hand_over(void *ctx)
{
    struct handing *h = ctx;
    struct kept *k = h->kept;
    struct evidence_head head = { .size = sizeof head, .packets = k->packets, .cut = k->cut };
    for (const struct kept_packet *p = k->first; p; p = p->next)
        head.size += (uint32_t)(sizeof(struct evidence_packet) + evidence_padded((size_t)p->head + p->n));
    uint8_t *to = evidence_ring_room(&k->of->ring, head.size, &head.place);
    if (!to)
        return;
    memcpy(to, &head, sizeof head);
    to += sizeof head;
    for (const struct kept_packet *p = k->first; p; p = p->next) {
        const struct evidence_packet packet = { .ts_ns = p->ts_ns, .n = (uint32_t)p->head + p->n, .wire = p->wire };
        memcpy(to, &packet, sizeof packet);
        memcpy(to + sizeof packet, p->bytes, packet.n);
        to += sizeof packet + evidence_padded(packet.n);
    }
    h->place = head.place + 1;
}

uint64_t evidence_hand_over(struct kept *k)
{
    struct handing h = { .kept = k };
    if (k->packets)
        one_at_a_time(hand_over, &h);
    if (!h.place)
        atomic_fetch_add(&k->of->ring.shared->lost, 1);
    evidence_drop(k);
    return h.place;
}
