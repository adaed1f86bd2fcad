#include "flow/flow.h"

#include "flow/table.h"

static void see(struct flow *f, unsigned side, unsigned what) { f->seen[side] = (uint16_t)(f->seen[side] | what); }

/* --- payload --- */

static void begin_count(struct flow *f, unsigned side, uint32_t at)
{
    f->high[side] = f->hole[side] = f->hole_end[side] = at;
    see(f, side, FLOW_COUNTED);
}

static bool has_hole(const struct flow *f, unsigned side) { return f->hole[side] != f->hole_end[side]; }

/* Bytes that fill the hole, or a part of it. */
static void fill_hole(struct flow *f, unsigned side, uint32_t from, uint32_t to)
{
    uint32_t low = seq_diff(from, f->hole[side]) > 0 ? from : f->hole[side];
    uint32_t end = seq_diff(to, f->hole_end[side]) < 0 ? to : f->hole_end[side];
    f->bytes[side] += end - low;
    *(low == f->hole[side] ? &f->hole[side] : &f->hole_end[side]) = low == f->hole[side] ? end : low;
}

/* False: a hole was given up for a newer one. */
static bool count_bytes(struct flow *f, unsigned side, uint32_t from, uint32_t n)
{
    uint32_t to = from + n, high = f->high[side];
    bool kept = true;
    if (seq_diff(from, high) > 0) {
        kept = !has_hole(f, side);
        f->hole[side] = high;
        f->hole_end[side] = from;
    } else if (has_hole(f, side) && seq_diff(from, f->hole_end[side]) < 0 && seq_diff(to, f->hole[side]) > 0) {
        fill_hole(f, side, from, to);
    }
    if (seq_diff(to, high) > 0) {
        f->bytes[side] += to - (seq_diff(from, high) > 0 ? from : high);
        f->high[side] = to;
    }
    return kept;
}

void flow_note_lost(struct flow *f)
{
    for (unsigned side = 0; side < 2; side++) {
        bool counted = flow_saw(f, side, FLOW_COUNTED), syn = flow_saw(f, side, FLOW_SYN | FLOW_SYNACK);
        uint32_t high = counted ? f->high[side] : f->isn[side] + 1;
        if (!flow_saw(f, !side, FLOW_ACKED) || (!counted && !syn) || !f->packets[side])
            continue;
        bool hole = has_hole(f, side) && seq_diff(f->acks[!side], f->hole_end[side]) >= 0;
        bool end = seq_diff(f->acks[!side], high) > 1;          /* 1: a FIN */
        if ((hole || end) && !flow_saw(f, side, FLOW_LOST)) {
            see(f, side, FLOW_LOST);
            f->owner |= FLOW_GREW;
        }
    }
}

static void note_payload(struct flow *f, const struct segment *seg, unsigned side)
{
    bool syn = flow_saw(f, side, FLOW_SYN | FLOW_SYNACK);
    /* A keep-alive may repeat the number of the SYN. */
    bool before = syn && !(seg->flags & TCP_SYN) && seq_diff(seg->seq + seg->len, f->isn[side] + 1) <= 0;
    if (seg->len && !before) {
        uint32_t from = seg->seq + ((seg->flags & TCP_SYN) != 0);
        see(f, side, FLOW_PAYLOAD);
        if (!flow_saw(f, side, FLOW_COUNTED))
            begin_count(f, side, syn ? f->isn[side] + 1 : from);
        if (!count_bytes(f, side, from, seg->len))
            see(f, side, FLOW_LOST);
    }
    if (segment_is_cut(seg))
        see(f, side, FLOW_CUT);
}

/* --- ends and times --- */

/* A reset ends the connection only from within the window (RFC 5961 section 3); its exact
 * number is not demanded, since the sensor may have missed the last bytes. */
static bool reset_counts(const struct flow *f, const struct segment *seg, unsigned side)
{
    int32_t off = seq_diff(seg->seq, f->high[side]);
    return !flow_saw(f, side, FLOW_COUNTED) || (off >= -65536 && off < 1 << 20);
}

static void note_ends(struct flow *f, const struct segment *seg, unsigned side)
{
    if (seg->flags & TCP_SYN) {
        if (!flow_saw(f, side, FLOW_SYN | FLOW_SYNACK))
            f->isn[side] = seg->seq;
        if ((seg->flags & TCP_ACK) && !flow_saw(f, !side, FLOW_SYN | FLOW_SYNACK))
            f->isn[!side] = seg->ack - 1;       /* until the SYN itself is seen */
        see(f, side, seg->flags & TCP_ACK ? FLOW_SYNACK : FLOW_SYN);
    }
    if ((seg->flags & TCP_ACK) && (!flow_saw(f, side, FLOW_ACKED) || seq_diff(seg->ack, f->acks[side]) > 0))
        f->acks[side] = seg->ack;
    if (!(seg->flags & (TCP_SYN | TCP_RST)))
        see(f, side, FLOW_ACKED);
    if (seg->flags & TCP_FIN)
        see(f, side, FLOW_FIN);
    if ((seg->flags & TCP_RST) && reset_counts(f, seg, side))
        see(f, side, FLOW_RST);
}

static void note_packet(struct flow_table *t, struct flow *f, const struct segment *seg, unsigned side)
{
    f->packets[side] += f->packets[side] < UINT32_MAX;
    f->owner |= FLOW_GREW;
    if (!(f->owner & FLOW_SETTLED) && seg->ts_ns < flow_first_ns(f))
        *(f->owner & FLOW_STATEFUL ? (uint64_t *)f->state : &f->first_ns) = seg->ts_ns;
    if (seg->nvlan || seg->ntunnel)
        f->tags = tags_add(&t->tags, &t->secret.seed, f->tags, seg);
}

/* The minute of a closed one counts from its end, not from its last packet. */
static void note_time(struct flow *f, uint64_t now, bool counts)
{
    const uint64_t ms_ns = 1000000;
    if (now > f->last_ns)               /* clocks of captures step backwards */
        f->last_ns = now;
    if (counts && f->age != FLOW_CLOSED)
        f->heard_ms = (uint16_t)(f->last_ns / ms_ns);
}

static void note_age(struct flow_table *t, struct flow *f)
{
    bool closed = flow_saw_any(f, FLOW_RST) || (flow_saw(f, 0, FLOW_FIN) && flow_saw(f, 1, FLOW_FIN));
    enum flow_age age = closed ? FLOW_CLOSED : flow_saw_any(f, FLOW_FIN) ? FLOW_HALF_CLOSED : FLOW_OPEN;
    if (age == f->age)
        return;
    f->age = (uint8_t)age;
    wheel_move(t, f);
}

/* Where a side's SYN was not seen: whether its numbers so far, of a moment ago, are those of a connection
 * that begins with this one. The next connection of the same ends begins ahead of them (RFC 6528). */
static bool is_late(const struct flow *f, const struct segment *seg, unsigned side)
{
    const uint32_t most = 65536;        /* bytes that it may have come on */
    const uint64_t second_ns = 1000000000;
    uint32_t bytes = f->high[side] - (seg->seq + 1), acks = f->acks[!side] - (seg->seq + 1);
    uint64_t first = flow_first_ns(f), since = seg->ts_ns > first ? seg->ts_ns - first : first - seg->ts_ns;

    return since < second_ns &&
           ((flow_saw(f, side, FLOW_PAYLOAD) && bytes < most) ||
            (flow_saw(f, !side, FLOW_ACKED | FLOW_SYNACK) && acks < most));
}

/* A SYN with another sequence number than this side began with; also a SYN on a connection whose
 * beginning was not seen, unless it is that, and late; and a SYN-ACK with another number that answers
 * another SYN (which was lost, or went unseen with all of its direction). */
static bool begins_anew(const struct flow *f, const struct segment *seg, unsigned side)
{
    if (!(seg->flags & TCP_SYN))
        return false;
    if (seg->flags & TCP_ACK)
        return flow_saw(f, side, FLOW_SYNACK) && f->isn[side] != seg->seq &&
               !(flow_saw(f, !side, FLOW_SYN) && seg->ack == f->isn[!side] + 1);
    if (flow_saw(f, side, FLOW_SYN))
        return f->isn[side] != seg->seq;
    return flow_saw_any(f, FLOW_ACKED) && !is_late(f, seg, side);
}

static void take_segment(struct flow_table *t, const struct segment *seg, struct flow_hit *hit)
{
    struct flow *f = hit->flow;
    hit->sum = f->owner & FLOW_UNWATCHED ? CHECKSUM_UNKNOWN : segment_checksum(seg);
    hit->ignored = hit->sum == CHECKSUM_WRONG && flow_saw(f, hit->side, FLOW_SUM_RIGHT);
    note_packet(t, f, seg, hit->side);
    note_time(f, seg->ts_ns, !hit->ignored);
    if (hit->ignored)
        return;
    if (hit->sum == CHECKSUM_RIGHT)
        see(f, hit->side, FLOW_SUM_RIGHT);
    note_ends(f, seg, hit->side);
    note_payload(f, seg, hit->side);
    note_age(t, f);
}

struct flow_hit flow_of(struct flow_table *t, const struct segment *seg, const struct flow_place *at, bool make)
{
    struct flow_hit hit = { .side = at->side };

    hit.flow = table_find(t, at);
    if (hit.flow && (begins_anew(hit.flow, seg, hit.side) || flow_is_silent(hit.flow, seg->ts_ns))) {
        table_end(t, hit.flow, false);
        hit.flow = NULL;
        make = true;
    }
    if (!hit.flow && make)
        hit.flow = table_make(t, at, seg->ts_ns);
    if (hit.flow)
        take_segment(t, seg, &hit);
    return hit;
}
