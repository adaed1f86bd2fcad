#include "app/intake.h"

#include "app/talk.h"
#include "base/pages.h"

/* Bytes of packets put together: pages of their own, of which a batch keeps one lot. */
enum { BYTES = 256 * 1024 };
struct batch_bytes {
    struct batch_bytes *before;
    size_t used;
    uint8_t b[BYTES];
};

static const uint64_t one_second_ns = 1000000000;

/* --- batches --- */

static void drop_bytes(struct batch *b)
{
    struct batch_bytes *before = b->bytes->before;
    pages_put(b->bytes);
    b->bytes = before;
}

void batch_clear(struct batch *b)
{
    b->n = b->nticks = 0;
    for (unsigned i = 0; i < b->lanes; i++)
        *(b->end[i] = &b->first[i]) = NULL;
    if (!b->bytes)
        return;
    while (b->bytes->before)
        drop_bytes(b);
    explicit_bzero(b->bytes->b, b->bytes->used);
    b->bytes->used = 0;
}

void batch_free(struct batch *b)
{
    while (b->bytes)
        drop_bytes(b);
}

size_t batch_room(const struct batch *b)
{
    size_t items = b->room - b->n, ticks = b->ticks_room - b->nticks;
    return items < ticks ? items : ticks;
}

/* n bytes that stay until the batch is cleared; NULL: no memory. */
static uint8_t *batch_bytes(struct batch *b, size_t n)
{
    if (!b->bytes || BYTES - b->bytes->used < n) {
        struct batch_bytes *more = pages_get(sizeof *more);
        if (!more)
            return NULL;
        more->before = b->bytes;
        b->bytes = more;
    }
    uint8_t *bytes = b->bytes->b + b->bytes->used;
    b->bytes->used += n;
    return bytes;
}

static void append(struct batch *b, struct item *item, unsigned lane)
{
    item->next = NULL;
    *b->end[lane] = item;
    b->end[lane] = &item->next;
    b->n++;
}

/* --- fragments --- */

static struct span moved(struct span s, const uint8_t *from, const uint8_t *to)
{
    return span_of(to + (s.p - from), s.n);
}

/* The next whole packet overwrites this one, which is needed as long as the batch. */
static bool keep_bytes(struct batch *b, struct span whole, struct segment *seg)
{
    uint8_t *to = batch_bytes(b, whole.n);
    if (!to)
        return false;
    memcpy(to, whole.p, whole.n);
    seg->ip = moved(seg->ip, whole.p, to);
    seg->tcp = moved(seg->tcp, whole.p, to);
    seg->payload = moved(seg->payload, whole.p, to);
    return true;
}

/* Whole packets may be fragments of others again; each was made of two or more, so there is an end. */
static enum decode_result take_fragment(struct intake *in, struct segment *seg, struct batch *b)
{
    enum decode_result r = DECODE_FRAGMENT;
    struct packet whole;
    unsigned n = 0, all = 0;

    if (!in->fragments && !(in->fragments = fragments_new(FRAGMENTS_MEMORY, &in->counts->fragments)))
        return r;
    while (r == DECODE_FRAGMENT && (n = fragments_take(in->fragments, seg, &whole)) > 0) {
        all += n - 1;
        r = decode_whole(&whole, seg);
    }
    if (r == DECODE_TCP && !keep_bytes(b, whole.data, seg))
        r = DECODE_FRAGMENT;
    fragments_used(in->fragments);
    if (r == DECODE_FRAGMENT) {
        in->held++;
        return r;
    }
    uint64_t before = all < in->held ? all : in->held;
    in->held -= before;
    in->counts->decoded[DECODE_FRAGMENT] -= before;
    in->counts->decoded[r] += before;
    return r;
}

/* --- packets --- */

void intake_begin(struct intake *in, const struct port_table *ports, unsigned lanes, const struct flow_secret *secret,
                  struct lane_counts *counts)
{
    *in = (struct intake){ .ports = ports, .lanes = lanes, .secret = *secret, .counts = counts };
}

void intake_free(struct intake *in)
{
    fragments_free(in->fragments);
    in->fragments = NULL;
}

void intake_end(struct intake *in)
{
    fragments_clear(in->fragments);
    in->ordinal++;
}

/* The upper half of the hash picks the lane, the lower one the place in its table. */
static unsigned lane_of(const struct intake *in, uint64_t hash)
{
    return (unsigned)((hash >> 32) * in->lanes >> 32);
}

static void take_segment(struct intake *in, struct item *item, uint16_t link, struct batch *b)
{
    const struct segment *s = &item->seg;
    const struct port_table *ports = in->ports;

    item->mail = port_is_mail(ports, s->src.port) || port_is_mail(ports, s->dst.port);
    if (!item->mail && (port_is_never(ports, s->src.port) || port_is_never(ports, s->dst.port)))
        return;
    item->begins = item->mail || talk_could_begin(s->payload);
    item->placed = item->mail || in->lanes > 1;
    item->ordinal = in->ordinal;
    item->source = in->source + link;
    if (item->placed)
        flow_place(&in->secret, s, &item->at);
    append(b, item, in->lanes > 1 ? lane_of(in, item->at.hash) : 0);
}

static void note_time(struct intake *in, uint64_t now, struct batch *b)
{
    in->clock_ns = now;
    if (now - in->second_ns < one_second_ns)        /* the same second as before */
        return;
    if (!flow_second_begins(&in->clock, in->ordinal, now))
        return;
    in->second_ns = in->clock.second * one_second_ns;
    b->tick[b->nticks++] = (struct tick){ in->ordinal, now };
}

void intake_idle(struct intake *in, uint64_t now_ns, struct batch *b)
{
    in->ordinal++;
    note_time(in, now_ns, b);
    b->ordinal = in->ordinal;
}

static void take_packet(struct intake *in, const struct packet *p, struct batch *b)
{
    struct item *item = &b->item[b->n];
    enum decode_result r = decode(p, &item->seg);

    in->counts->bytes += p->data.n;
    in->ordinal++;
    note_time(in, p->ts_ns, b);
    if (r == DECODE_FRAGMENT)
        r = take_fragment(in, &item->seg, b);
    in->counts->decoded[r]++;
    if (r == DECODE_TCP)
        take_segment(in, item, p->link, b);
}

size_t intake_take(struct intake *in, const struct packet *p, size_t n, uint32_t source, struct batch *b)
{
    size_t done = 0, some;

    in->held = source == in->source ? in->held : 0;
    in->source = source;
    while (done < n && (some = batch_room(b)) > 0)
        for (some = some < n - done ? some : n - done; some; some--)
            take_packet(in, &p[done++], b);
    in->counts->packets += done;
    b->ordinal = in->ordinal;
    return done;
}
