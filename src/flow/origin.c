#include "flow/origin.h"

#include "flow/reorder.h"

enum origin_state { ORIGIN_NONE, ORIGIN_ONE_WAY, ORIGIN_ODD, ORIGIN_BACK, ORIGIN_MIXED };

enum {
    ID_STEP = 256,                      /* numbers a host's counter may go on between segments that are near */
    TCP_HEADER = 20, OPTION_END = 0, OPTION_NOP = 1, OPTION_TIMESTAMP = 8, TIMESTAMP_BYTES = 10
};

/* Of the innermost IP header; 0: it was not captured, or is none. */
static uint8_t ttl_of(const struct segment *seg)
{
    struct span ip = seg->ip;
    if (ip.n < 20)
        return 0;
    return ip.p[0] >> 4 == 4 ? ip.p[8] : ip.p[0] >> 4 == 6 ? ip.p[7] : 0;
}

static void read_timestamp(struct stamp *s, struct span tcp)
{
    size_t end = (size_t)(tcp.p[12] >> 4) * 4;

    if (end > tcp.n)
        return;
    for (size_t i = TCP_HEADER; i < end && tcp.p[i] != OPTION_END; ) {
        size_t n = tcp.p[i] == OPTION_NOP ? 1 : i + 1 < end ? tcp.p[i + 1] : 0;
        if (!n || i + n > end)
            return;
        if (tcp.p[i] == OPTION_TIMESTAMP && n == TIMESTAMP_BYTES) {
            s->tsval = load_be32(tcp.p + i + 2);
            s->has_tsval = true;
            return;
        }
        i += n;
    }
}

static struct stamp stamp_of(const struct segment *seg)
{
    struct stamp s = { 0 };
    if (seg->ip.n >= 20 && seg->ip.p[0] >> 4 == 4) {
        s.id = load_be16(seg->ip.p + 4);
        s.has_id = true;
    }
    if (seg->tcp.n >= TCP_HEADER) {
        s.window = load_be16(seg->tcp.p + 14);
        read_timestamp(&s, seg->tcp);
    }
    return s;
}

/* Bytes between two numbers, all of them. */
static bool lies_in(const struct segment *seg, uint32_t begin, uint32_t end)
{
    return seg->len && seq_diff(seg->seq, begin) >= 0 && seq_diff(seg->seq + seg->len, end) <= 0;
}

static void begin_odd(struct origin *o, const struct segment *seg, uint8_t ttl)
{
    if (o->high != seg->seq) {          /* it repeats bytes or comes behind a hole: late, or by another way */
        o->state = ORIGIN_MIXED;
        return;
    }
    o->odd = ttl;
    o->between = stamp_of(seg);
    o->odd_begin = seg->seq;
    o->odd_end = seg->seq + seg->len;
    o->state = ORIGIN_ODD;
}

static void note_odd(struct origin *o, const struct segment *seg, uint8_t ttl)
{
    if (o->state == ORIGIN_ONE_WAY)
        begin_odd(o, seg, ttl);
    else if (o->odd == ttl && lies_in(seg, o->odd_begin, o->odd_end))
        return;                         /* sent again as it was */
    else if (o->state == ORIGIN_ODD && o->odd == ttl && seg->seq == o->odd_end)
        o->odd_end += seg->len;
    else
        o->state = ORIGIN_MIXED;
}

static void note_usual(struct origin *o, const struct segment *seg)
{
    if (o->state >= ORIGIN_ODD && seq_diff(seg->seq, o->odd_end) < 0) {
        /* The same bytes came the usual way, too, or it was overtaken; not if it had been seen before. */
        if (!seg->len || seq_diff(seg->seq + seg->len, o->odd_begin) > 0)
            o->state = ORIGIN_MIXED;
        return;
    }
    o->usual_n = (uint8_t)(o->usual_n + (o->usual_n < ORIGIN_USUAL));
    if (o->state == ORIGIN_ONE_WAY) {
        o->last = stamp_of(seg);
    } else if (o->state == ORIGIN_ODD) {
        o->behind = stamp_of(seg);
        o->state = ORIGIN_BACK;
    }
}

void origin_note(struct origin *o, const struct segment *seg)
{
    bool first = o->state == ORIGIN_NONE;
    uint8_t ttl;

    if (o->state == ORIGIN_MIXED || (seg->flags & (TCP_SYN | TCP_RST)) || !(ttl = ttl_of(seg)))
        return;
    if (first) {
        o->usual = ttl;
        o->state = ORIGIN_ONE_WAY;
    }
    if (ttl == o->usual)
        note_usual(o, seg);
    else
        note_odd(o, seg, ttl);
    if (first || seq_diff(seg->seq + seg->len, o->high) > 0)
        o->high = seg->seq + seg->len;
}

/* --- what it says --- */

enum vote { VOTE_NONE, VOTE_SAME, VOTE_OTHER };

/* A counter of the sender's goes on between the two around it, and its number lies there or does not. */
static enum vote vote_of_id(const struct origin *o)
{
    if (!o->last.has_id || !o->between.has_id || !o->behind.has_id)
        return VOTE_NONE;
    uint16_t step = (uint16_t)(o->behind.id - o->last.id), to_it = (uint16_t)(o->between.id - o->last.id);
    if (!o->last.id && !o->behind.id)   /* it numbers nothing */
        return o->between.id ? VOTE_OTHER : VOTE_NONE;
    if (!step || step > ID_STEP)        /* numbers by chance, or too many connections */
        return VOTE_NONE;
    return to_it && to_it < step ? VOTE_SAME : VOTE_OTHER;
}

static enum vote vote_of_clock(const struct origin *o)
{
    if (!o->last.has_tsval || !o->behind.has_tsval)
        return VOTE_NONE;
    if (!o->between.has_tsval)          /* which RFC 7323 section 3.2 forbids */
        return VOTE_OTHER;
    uint32_t step = o->behind.tsval - o->last.tsval, to_it = o->between.tsval - o->last.tsval;
    if (step >> 31)
        return VOTE_NONE;
    return to_it <= step ? VOTE_SAME : VOTE_OTHER;
}

/* A window that changed for one small segment alone. */
static enum vote vote_of_window(const struct origin *o)
{
    return o->last.window == o->behind.window && o->between.window != o->last.window ? VOTE_OTHER : VOTE_NONE;
}

static enum origin_answer count_votes(const struct origin *o)
{
    enum vote id = vote_of_id(o), clock = vote_of_clock(o);
    if (id == VOTE_OTHER || clock == VOTE_OTHER)
        return ORIGIN_OTHER_SENDER;
    if (id == VOTE_SAME || clock == VOTE_SAME)
        return ORIGIN_SAME;             /* it took another way */
    return vote_of_window(o) == VOTE_OTHER ? ORIGIN_OTHER_SENDER : ORIGIN_OTHER_WAY;
}

enum origin_answer origin_of(const struct origin *o, uint32_t begin, uint32_t end)
{
    if (o->state != ORIGIN_BACK || o->usual_n < ORIGIN_USUAL)
        return ORIGIN_SAME;
    if (seq_diff(begin, o->odd_begin) < 0 || seq_diff(end, o->odd_end) > 0)
        return ORIGIN_SAME;
    return count_votes(o);
}

uint8_t origin_usual(const struct origin *o) { return o->usual; }
