#include "flow/reorder.h"

enum {
    ACK_AHEAD = 1 << 20,                /* bytes behind what was given out that an end may have seen already */
    HELD_PIECE = 32768,                 /* larger segments (offload) are held in pieces */
    LATE_PACKETS = 48                   /* of the connection, after which a lost segment is not late */
};
static const uint64_t second_ns = 1000000000;
static const uint64_t resend_ns = 60 * second_ns;       /* a retransmission may take its time */

/* A segment, or a piece of one, that had to wait. */
struct held {
    struct held *next;
    uint64_t ts_ns;
    uint32_t seq, ack, n, cut;
    bool has_ack, comparable;
    uint8_t bytes[];
};

/* What a held one and the one being pushed have in common. */
struct part {
    struct span bytes;
    uint64_t ts_ns;
    uint32_t seq, ack, cut;
    bool has_ack, comparable;
};

void reorder_init(struct reorder *r, struct pool *pool)
{
    memset(r, 0, sizeof *r);
    r->pool = pool;
}

static void drop_held(struct reorder *r, struct held *h)
{
    if (h)
        pool_put(r->pool, h, sizeof *h + h->n);
}

static void drop_past(struct reorder *r, struct stream *s)
{
    pool_put(r->pool, s->past, s->past_room);
    s->past = NULL;
    s->past_n = s->past_room = 0;
}

void reorder_end(struct reorder *r)
{
    for (unsigned side = 0; side < 2; side++) {
        struct stream *s = &r->side[side];
        for (struct held *h = s->held, *next; h; h = next) {
            next = h->next;
            drop_held(r, h);
        }
        s->held = NULL;
        drop_past(r, s);
    }
    drop_held(r, r->given);
    r->given = NULL;
}

void reorder_keep_past(struct reorder *r, unsigned side, bool keep)
{
    struct stream *s = &r->side[side];
    if (s->past_kept != keep) {
        s->past_kept = keep;
        drop_past(r, s);
    }
}

/* Most dialogues are short: room for what is to be remembered, or as much as there is. */
static size_t past_room(struct reorder *r, struct stream *s, size_t need)
{
    if (need > REORDER_PAST)
        need = REORDER_PAST;
    if (need <= s->past_room)
        return s->past_room;
    size_t room = pool_room(need);
    if (room > REORDER_PAST)
        room = REORDER_PAST;
    uint8_t *bigger = pool_get(r->pool, room);
    if (bigger) {
        if (s->past_n)
            memcpy(bigger, s->past, s->past_n);
        pool_put(r->pool, s->past, s->past_room);
        s->past = bigger;
        s->past_room = (uint16_t)room;
    }
    return s->past_room;
}

static void remember(struct reorder *r, struct stream *s, struct span bytes)
{
    size_t room = s->past_kept ? past_room(r, s, s->past_n + bytes.n) : 0;
    if (!room)
        return;
    if (bytes.n > room)
        bytes = span_skip(bytes, bytes.n - room);
    if (s->past_n + bytes.n > room) {
        size_t keep = room - bytes.n;
        memmove(s->past, s->past + s->past_n - keep, keep);
        s->past_n = (uint16_t)keep;
    }
    memcpy(s->past + s->past_n, bytes.p, bytes.n);
    s->past_n = (uint16_t)(s->past_n + bytes.n);
}

/* --- taking segments --- */

static void anchor(struct stream *s, const struct segment *seg)
{
    if (seg->flags & TCP_SYN) {
        if (!s->anchored)
            s->next = seg->seq + 1;
    } else if (!s->anchored) {
        int32_t ahead = seq_diff(seg->seq, s->first_ack);
        s->next = s->acked_known && ahead > 0 && ahead < 65536 ? s->first_ack : seg->seq;
    }
    s->anchored = true;
    s->seen = true;
}

/* What cannot have been sent yet cannot have been received: an acknowledgement far ahead is a
 * mistake or a trick (RFC 9293 section 3.10.7.4). */
static bool is_plausible(const struct stream *other, uint32_t ack)
{
    return !other->seen || seq_diff(ack, other->next) <= ACK_AHEAD;
}

static bool is_far(uint32_t a, uint32_t b)
{
    int32_t d = seq_diff(a, b);
    return d > ACK_AHEAD || d < -ACK_AHEAD;
}

/* As both sides of a box that numbers anew show them, whose segments seem to be of one connection. Such a box lets
 * segments with data through, too; a bare one may be anybody's. */
static bool is_of_another(const struct reorder *r, unsigned side, const struct segment *seg)
{
    const struct stream *s = &r->side[side], *other = &r->side[!side];
    if ((seg->flags & TCP_RST) || !(seg->len || (seg->flags & TCP_SYN)))
        return false;
    bool acks = (seg->flags & TCP_ACK) && other->seen && is_far(seg->ack, other->next);
    return acks || (s->seen && is_far(seg->seq, s->next));
}

static void take_ack(struct stream *other, const struct segment *seg)
{
    if ((seg->flags & TCP_ACK) && is_plausible(other, seg->ack) &&
        (!other->acked_known || seq_diff(seg->ack, other->acked) > 0)) {
        if (!other->acked_known)
            other->first_ack = seg->ack;
        other->acked = seg->ack;
        other->acked_known = true;
    }
}

static struct part part_of(const struct segment *seg, bool comparable)
{
    return (struct part){
        .bytes = seg->payload, .ts_ns = seg->ts_ns, .ack = seg->ack,
        .seq = seg->seq + ((seg->flags & TCP_SYN) != 0),
        .cut = seg->len - (uint32_t)seg->payload.n,
        .has_ack = (seg->flags & TCP_ACK) != 0,
        .comparable = comparable,
    };
}

static bool acks_unseen(const struct reorder *r, unsigned side, bool has_ack, uint32_t ack)
{
    const struct stream *other = &r->side[!side];
    return has_ack && other->seen && seq_diff(ack, other->next) > 0 && is_plausible(other, ack);
}

static bool is_ready(const struct reorder *r, unsigned side, uint32_t seq, bool has_ack, uint32_t ack)
{
    return seq_diff(seq, r->side[side].next) <= 0 && !acks_unseen(r, side, has_ack, ack);
}

static void hold_piece(struct reorder *r, struct stream *s, const struct part *part)
{
    struct held *h = pool_get(r->pool, sizeof *h + part->bytes.n), **at = &s->held;
    if (!h)
        return;                         /* shows as a gap later */
    h->ts_ns = part->ts_ns;
    h->seq = part->seq;
    h->ack = part->ack;
    h->n = (uint32_t)part->bytes.n;
    h->cut = part->cut;
    h->has_ack = part->has_ack;
    h->comparable = part->comparable;
    memcpy(h->bytes, part->bytes.p, part->bytes.n);
    while (*at && seq_diff((*at)->seq, h->seq) <= 0)
        at = &(*at)->next;
    h->next = *at;
    *at = h;
    s->held_n++;
    s->held_bytes += h->n;
}

static void hold(struct reorder *r, unsigned side, struct part part)
{
    struct span rest = part.bytes;
    uint32_t cut = part.cut;
    do {
        part.bytes = span_first(rest, HELD_PIECE);
        rest = span_skip(rest, part.bytes.n);
        part.cut = rest.n ? 0 : cut;
        hold_piece(r, &r->side[side], &part);
        part.seq += (uint32_t)part.bytes.n;
    } while (rest.n);
}

static uint32_t hash_of(struct span bytes)
{
    uint32_t hash = 2166136261u;        /* FNV-1a: whoever makes two alike may as well send the same */
    for (size_t i = 0; i < bytes.n; i++)
        hash = (hash ^ bytes.p[i]) * 16777619u;
    return hash;
}

static void note_odd(struct reorder *r, unsigned side, const struct part *part)
{
    r->odd_n = part->bytes.n <= UINT16_MAX ? (uint16_t)part->bytes.n : 0;
    r->odd_side = (uint8_t)side;
    r->odd_at = part->seq;
    r->odd_hash = hash_of(part->bytes);
}

static void note_moved(struct reorder *r, unsigned side, uint32_t from, uint32_t to)
{
    r->moved_side = (uint8_t)side;
    r->moved_from = from;
    r->moved_by = to - from;
}

static void look_for_moved(struct reorder *r, unsigned side, const struct part *part)
{
    if (part->bytes.n && part->bytes.n == r->odd_n && side == r->odd_side && part->comparable && part->seq != r->odd_at &&
        hash_of(part->bytes) == r->odd_hash)
        note_moved(r, side, r->odd_at, part->seq);
}

void reorder_push(struct reorder *r, unsigned side, const struct segment *seg, enum checksum sum)
{
    struct stream *s = &r->side[side];
    struct part part = part_of(seg, sum != CHECKSUM_WRONG && !segment_is_cut(seg));

    r->clock_ns = seg->ts_ns;
    r->far = r->far || is_of_another(r, side, seg);
    anchor(s, seg);
    take_ack(&r->side[!side], seg);
    for (unsigned i = 0; i < 2; i++)
        if (r->side[i].hole_ns && r->side[i].late_packets < UINT16_MAX)
            r->side[i].late_packets++;
    if ((seg->flags & TCP_FIN) && !s->fin) {
        s->fin = true;
        s->fin_seq = part.seq + seg->len;
        s->fin_ack = part.ack;
        s->fin_has_ack = part.has_ack;
    } else if ((seg->flags & TCP_FIN) && !seg->len && part.comparable) {
        note_moved(r, side, s->fin_seq, part.seq);
    }
    if (!seg->len)
        return;
    look_for_moved(r, side, &part);
    /* A keep-alive repeats one byte, or makes one up (RFC 9293 section 3.8.4). */
    if (seg->len == 1 && part.seq == s->next - 1)
        return;
    if (is_ready(r, side, part.seq, part.has_ack, part.ack)) {
        r->now = seg;
        r->now_side = (uint8_t)side;
        r->now_comparable = part.comparable;
    } else if (s->held_n < 2 * REORDER_HELD) {
        hold(r, side, part);
    }
}

/* --- giving chunks --- */

static void give_back(struct reorder *r)
{
    drop_held(r, r->given);
    r->given = NULL;
}

/* The two readings of the lines around a difference, in a block that stands in for a held
 * segment and so goes back with the next call. */
static bool show_conflict(struct reorder *r, struct stream *s, uint32_t from, uint32_t low, uint32_t high,
                          struct span copy, uint32_t copy_from, struct chunk *out)
{
    uint32_t begin = low, end = high;
    while (begin > 0 && s->past[begin - 1] != '\n')
        begin--;
    while (end < s->past_n && s->past[end - 1] != '\n')
        end++;
    uint32_t n = end - begin;
    struct held *both = pool_get(r->pool, sizeof *both + 2 * n);
    if (!both)
        return false;
    both->n = 2 * n;
    memcpy(both->bytes, s->past + begin, n);
    memcpy(both->bytes + n, s->past + begin, n);
    for (uint32_t i = low; i < high; i++)
        both->bytes[n + i - begin] = copy.p[i - copy_from];
    give_back(r);
    r->given = both;
    out->kind = CHUNK_CONFLICT;
    out->end = s->next - s->past_n + begin;
    out->first = span_of(both->bytes, n);
    out->other = span_of(both->bytes + n, n);
    /* A letter may agree by chance; the end of the line that both share does not. */
    out->whole = end > high && copy_from + copy.n >= end && s->past[end - 1] == '\n' && (low > from || low == begin);
    return true;
}

/* Compares what a part repeats with the bytes remembered. Offsets count from the first
 * remembered byte. */
static bool reorder_compare(struct reorder *r, unsigned side, const struct part *part, struct chunk *out)
{
    struct stream *s = &r->side[side];
    int32_t at = seq_diff(part->seq, s->next) + (int32_t)s->past_n;
    uint32_t from = at < 0 ? 0 : (uint32_t)at, to, low = 0, high = 0;
    struct span copy = span_skip(part->bytes, at < 0 ? (size_t)-(int64_t)at : 0);

    if (!part->comparable || from >= s->past_n)
        return false;
    to = copy.n < s->past_n - from ? from + (uint32_t)copy.n : s->past_n;
    copy = span_first(copy, to - from);
    for (uint32_t i = from; i < to; i++) {
        if (s->past[i] == copy.p[i - from])
            continue;
        low = high ? low : i;
        high = i + 1;
    }
    if (!high)
        return false;
    r->overlap = true;
    note_odd(r, side, part);
    out->from = s->next - s->past_n + from;
    out->was = span_of(s->past + from, s->past_n - from);
    out->is = span_skip(part->bytes, at < 0 ? (size_t)-(int64_t)at : 0);
    return show_conflict(r, s, from, low, high, copy, from, out);
}

static void advance(struct stream *s, uint32_t by)
{
    s->next += by;
    s->hole_ns = 0;
    s->late_packets = 0;
}

static bool give_data(struct reorder *r, unsigned side, const struct part *part, struct chunk *out)
{
    struct stream *s = &r->side[side];
    struct span fresh = span_skip(part->bytes, s->next - part->seq);
    out->kind = CHUNK_DATA;
    out->bytes = fresh;
    out->ack = part->ack;
    out->has_ack = part->has_ack;
    out->ts_ns = part->ts_ns;
    advance(s, (uint32_t)fresh.n);
    out->end = s->next;
    remember(r, s, fresh);
    return fresh.n > 0;
}

static bool give_gap(struct reorder *r, unsigned side, uint32_t to, struct chunk *out)
{
    struct stream *s = &r->side[side];
    out->kind = CHUNK_GAP;
    out->side = (uint8_t)side;
    out->n = to - s->next;
    out->ts_ns = r->clock_ns;
    advance(s, out->n);
    out->end = s->next;
    s->past_n = 0;
    return true;
}

/* One chunk of a part that is ready, in three steps: what it repeats and contradicts, what is
 * new, what the snap length cut off. *done when nothing of it is left. */
static bool give_part(struct reorder *r, unsigned side, struct part *part, bool *done, struct chunk *out)
{
    struct stream *s = &r->side[side];
    uint32_t end = part->seq + (uint32_t)part->bytes.n;

    *done = false;
    out->side = (uint8_t)side;
    if (part->comparable && seq_diff(part->seq, s->next) < 0) {
        bool differs = reorder_compare(r, side, part, out);
        part->comparable = false;
        if (differs)
            return true;
    }
    if (seq_diff(end, s->next) > 0)
        return give_data(r, side, part, out);
    *done = true;
    if (part->cut && seq_diff(end + part->cut, s->next) > 0)
        return give_gap(r, side, end + part->cut, out);
    return false;
}

/* The pushed segment passes through uncopied while it is in order. */
static bool give_now(struct reorder *r, struct chunk *out)
{
    struct part part = part_of(r->now, r->now_comparable);
    bool done, gave = give_part(r, r->now_side, &part, &done, out);

    r->now_comparable = part.comparable;
    if (done || (gave && out->kind == CHUNK_DATA && !part.cut))
        r->now = NULL;
    return gave;
}

static bool give_held(struct reorder *r, unsigned side, struct chunk *out)
{
    struct stream *s = &r->side[side];
    struct held *h = s->held;
    struct part part = { span_of(h->bytes, h->n), h->ts_ns, h->seq, h->ack, h->cut, h->has_ack, h->comparable };
    bool done, gave = give_part(r, side, &part, &done, out);

    h->comparable = part.comparable;
    if (done || (gave && out->kind == CHUNK_DATA && !h->cut)) {
        s->held = h->next;
        s->held_n--;
        s->held_bytes -= h->n;
        give_back(r);
        r->given = h;
    }
    return gave;
}

static bool give_fin(struct reorder *r, unsigned side, bool force, struct chunk *out)
{
    struct stream *s = &r->side[side];
    if (!s->fin || s->fin_given || s->next != s->fin_seq)
        return false;
    /* The acknowledgement of the other side's own FIN is one ahead of its bytes. */
    if (!force && acks_unseen(r, side, s->fin_has_ack, s->fin_ack - r->side[!side].fin))
        return false;
    s->fin_given = true;
    s->next++;
    drop_past(r, s);                    /* it ends at next, and the FIN has no byte */
    out->kind = CHUNK_FIN;
    out->side = (uint8_t)side;
    out->ts_ns = r->clock_ns;
    out->end = s->next;
    return true;
}

static bool give_moved(struct reorder *r, struct chunk *out)
{
    if (!r->moved_by)
        return false;
    out->kind = CHUNK_MOVED;
    out->side = r->moved_side;
    out->from = r->moved_from;
    out->n = r->moved_by;
    out->ts_ns = r->clock_ns;
    r->moved_by = 0;
    return true;
}

static bool give_ready(struct reorder *r, struct chunk *out)
{
    if (give_moved(r, out))
        return true;
    while (r->now)
        if (give_now(r, out))
            return true;
    for (unsigned side = 0; side < 2; side++) {
        struct stream *s = &r->side[side];
        while (s->held && is_ready(r, side, s->held->seq, s->held->has_ack, s->held->ack))
            if (give_held(r, side, out))
                return true;
    }
    return give_fin(r, 0, false, out) || give_fin(r, 1, false, out);
}

/* The side whose missing bytes keep others waiting, or -1. A hole that the other end has
 * acknowledged is preferred: it cannot be filled any more. */
static int side_with_hole(const struct reorder *r)
{
    int found = -1;
    for (unsigned side = 0; side < 2; side++) {
        const struct stream *s = &r->side[side];
        if (!s->held)
            continue;
        unsigned hole = seq_diff(s->held->seq, s->next) > 0 ? side : !side;
        const struct stream *h = &r->side[hole];
        if (h->acked_known && seq_diff(h->acked, h->next) > 0)
            return (int)hole;
        found = (int)hole;
    }
    return found;
}

static bool is_acked_hole(const struct stream *s)
{
    return s->acked_known && seq_diff(s->acked, s->next) > 0;
}

/* Where the hole in front of a side ends as far as is known: at the next bytes of that side, at
 * what the other end has acknowledged, or at what the other side's next segment has. */
static uint32_t hole_end(const struct reorder *r, unsigned side)
{
    const struct stream *s = &r->side[side], *other = &r->side[!side];
    uint32_t to = is_acked_hole(s) ? s->acked : s->next;

    if (s->held && seq_diff(s->held->seq, s->next) > 0 && (to == s->next || seq_diff(s->held->seq, to) < 0))
        to = s->held->seq;
    const struct held *h = other->held;
    bool waits = h && h->has_ack && seq_diff(h->seq, other->next) <= 0 && seq_diff(h->ack, s->next) > 0;
    return waits && seq_diff(h->ack, to) < 0 ? h->ack : to;
}

static bool waiting_is_over(struct reorder *r, struct stream *hole)
{
    if (!hole->hole_ns)
        hole->hole_ns = r->clock_ns ? r->clock_ns : 1;
    uint64_t waited = r->clock_ns > hole->hole_ns ? r->clock_ns - hole->hole_ns : 0;
    for (unsigned i = 0; i < 2; i++)
        if (r->side[i].held_n >= REORDER_HELD || r->side[i].held_bytes >= REORDER_HELD_BYTES)
            return true;
    return is_acked_hole(hole) ? waited >= second_ns || hole->late_packets >= LATE_PACKETS : waited >= resend_ns;
}

static bool skip_hole(struct reorder *r, unsigned side, struct chunk *out)
{
    struct stream *s = &r->side[side];
    uint32_t to = hole_end(r, side);
    if (to == s->next) {                /* acknowledgements that cannot be: wait for them no more */
        s->seen = false;
        return false;
    }
    /* An acknowledged FIN that was not captured takes one number and carries no byte. */
    if (!(s->fin && to == s->fin_seq + 1 && s->next == s->fin_seq))
        r->gap = true;
    return give_gap(r, side, to, out);
}

bool reorder_next(struct reorder *r, struct chunk *out)
{
    give_back(r);
    for (;;) {
        if (give_ready(r, out))
            return true;
        int side = side_with_hole(r);
        if (side < 0 || !waiting_is_over(r, &r->side[side]))
            return false;
        if (skip_hole(r, (unsigned)side, out))
            return true;
    }
}

bool reorder_flush(struct reorder *r, struct chunk *out)
{
    give_back(r);
    for (;;) {
        if (give_ready(r, out))
            return true;
        int side = side_with_hole(r);
        if (side < 0)
            break;
        if (skip_hole(r, (unsigned)side, out))
            return true;
    }
    for (unsigned side = 0; side < 2; side++) {
        struct stream *s = &r->side[side];
        if (s->seen && is_acked_hole(s) && s->acked - s->next > 1)
            return skip_hole(r, side, out);
        if (s->seen && s->fin && !s->fin_given && seq_diff(s->fin_seq, s->next) > 0) {
            r->gap = true;
            return give_gap(r, side, s->fin_seq, out);
        }
    }
    return give_fin(r, 0, true, out) || give_fin(r, 1, true, out);
}

bool reorder_waits(const struct reorder *r)
{
    return r->side[0].held || r->side[1].held;
}
