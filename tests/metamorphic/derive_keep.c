/* Derivations that keep the information: the kinds of A in metamorphic.h. */
#include "derive.h"

static const uint64_t half_second_ns = 500000000;

bool pkt_divisible(const struct pkt *p, uint32_t at_least)
{
    return p->tcp && p->seg.len >= at_least && !segment_is_cut(&p->seg) && !(p->seg.flags & TCP_SYN);
}

static enum rule_class unless(bool lossy) { return lossy ? LOSES : KEEPS; }

void copy_range(const struct golden *g, size_t from, size_t to, struct packets *out)
{
    for (size_t i = from; i < to; i++)
        packets_add(out, &g->pkt[i].raw);
}

static bool same_ends(const struct pkt *p, const struct pkt *q)
{
    return !memcmp(&p->seg.src, p->side == q->side ? &q->seg.src : &q->seg.dst, sizeof p->seg.src) &&
           !memcmp(&p->seg.dst, p->side == q->side ? &q->seg.dst : &q->seg.src, sizeof p->seg.dst);
}

/* Whether the SYN of packet i's sender was captured, so that its first byte is known. */
static bool is_anchored(const struct golden *g, size_t i)
{
    const struct pkt *p = &g->pkt[i];
    for (size_t k = 0; k <= i; k++)
        if (g->pkt[k].tcp && (g->pkt[k].seg.flags & TCP_SYN) && g->pkt[k].side == p->side &&
            same_ends(p, &g->pkt[k]))
            return true;
    return !p->tcp;
}

/* The client's SYN was captured and its answer was not, and the client speaks first: what it says decides
 * whether something of the server's is missing (a PROXY header comes first). */
static bool is_unanswered(const struct golden *g)
{
    size_t i = 0;
    while (i < g->n && !(g->pkt[i].tcp && g->pkt[i].seg.len))
        i++;
    if (i == g->n || !is_anchored(g, i))
        return false;
    for (size_t k = 0; k < i; k++)
        if (g->pkt[k].tcp && (g->pkt[k].seg.flags & TCP_SYN) && g->pkt[k].side != g->pkt[i].side)
            return false;
    return true;
}

/* The made-up byte of a keep-alive (RFC 9293 section 3.8.4) is told by its place only. */
static bool has_keepalive(const struct golden *g)
{
    for (size_t i = 0; i < g->n; i++)
        for (size_t k = 0; g->pkt[i].tcp && g->pkt[i].seg.len == 1 && k < i; k++) {
            const struct pkt *q = &g->pkt[k];
            if (q->tcp && q->side == g->pkt[i].side && q->seg.len && same_ends(&g->pkt[i], q) &&
                q->seg.seq + q->seg.len - 1 == g->pkt[i].seg.seq)
                return true;
        }
    return false;
}

static bool is_odd(const struct golden *g)
{
    for (size_t i = 0; i < g->base.n; i++)
        if (g->base.s[i].odd_port)
            return true;
    return false;
}

enum {
    COULD_BEGIN = 6,                    /* bytes that the first words on an odd port need */
    LATE = 40                           /* packets that may come in between; A6 */
};

/* --- A: cut in two --- */

static size_t count_cuts(const struct golden *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++)
        if (pkt_divisible(&g->pkt[i], 2))
            n += g->pkt[i].seg.len - 1;
    return n;
}

static size_t find_cut(const struct golden *g, size_t at, uint32_t *byte)
{
    size_t i = 0;
    for (;; i++) {
        if (!pkt_divisible(&g->pkt[i], 2))
            continue;
        if (at < g->pkt[i].seg.len - 1)
            break;
        at -= g->pkt[i].seg.len - 1;
    }
    *byte = (uint32_t)at + 1;
    return i;
}

static enum rule_class make_cut(const struct golden *g, size_t at, struct packets *out, char *what)
{
    uint32_t byte;
    size_t i = find_cut(g, at, &byte);
    const struct pkt *p = &g->pkt[i];

    snprintf(what, WHAT, "packet %zu at byte %u", i + 1, byte);
    copy_range(g, 0, i, out);
    packets_add_piece(out, p, 0, byte);
    packets_add_piece(out, p, byte, p->seg.len - byte);
    copy_range(g, i + 1, g->n, out);
    return unless((g->marks & MARK_OVERLAP) || ((is_odd(g) || is_unanswered(g)) && byte < COULD_BEGIN));
}

static enum rule_class make_cut_swapped(const struct golden *g, size_t at, struct packets *out, char *what)
{
    uint32_t byte;
    size_t i = find_cut(g, at, &byte);
    const struct pkt *p = &g->pkt[i];

    snprintf(what, WHAT, "packet %zu at byte %u", i + 1, byte);
    copy_range(g, 0, i, out);
    packets_add_piece(out, p, byte, p->seg.len - byte);
    packets_add_piece(out, p, 0, byte);
    copy_range(g, i + 1, g->n, out);
    return unless((g->marks & (MARK_OVERLAP | MARK_MIDSTREAM)) || is_odd(g) || is_unanswered(g) ||
                  !is_anchored(g, i));
}

static size_t count_one_byte(const struct golden *g) { return g->n + 3; }

static enum rule_class make_one_byte(const struct golden *g, size_t at, struct packets *out, char *what)
{
    bool any = false;

    snprintf(what, WHAT, at == 0 ? "all" : at < 3 ? "side %zu" : "packet %zu", at < 3 ? at - 1 : at - 2);
    for (size_t i = 0; i < g->n; i++) {
        const struct pkt *p = &g->pkt[i];
        if (pkt_divisible(p, 2) && (at == 0 || (at < 3 ? p->side == at - 1 : i == at - 3))) {
            any = true;
            for (uint32_t b = 0; b < p->seg.len; b++)
                packets_add_piece(out, p, b, 1);
        } else {
            packets_add(out, &p->raw);
        }
    }
    return any ? unless((g->marks & MARK_OVERLAP) || g->disordered || is_odd(g) || is_unanswered(g)) : SKIP;
}

/* --- A: order --- */

static size_t count_each(const struct golden *g) { return g->n; }
static size_t count_neighbours(const struct golden *g) { return g->n ? g->n - 1 : 0; }

/* From packet i to k the clock runs on, and nowhere half a second. */
static bool soon(const struct golden *g, size_t i, size_t k)
{
    for (; i < k; i++)
        if (g->pkt[i + 1].raw.ts_ns - g->pkt[i].raw.ts_ns >= half_second_ns)
            return false;
    return true;
}

/* Packets i and k > i change places; the times stay where they are, as a mirror would stamp them. */
static enum rule_class exchange(const struct golden *g, size_t i, size_t k, struct packets *out, char *what)
{
    const struct pkt *p = &g->pkt[i], *q = &g->pkt[k];

    snprintf(what, WHAT, "packets %zu and %zu", i + 1, k + 1);
    if (!soon(g, i, k))
        return SKIP;
    copy_range(g, 0, g->n, out);
    out->p[i] = q->raw;
    out->p[k] = p->raw;
    out->p[i].ts_ns = p->raw.ts_ns;
    out->p[k].ts_ns = q->raw.ts_ns;
    if (!p->tcp || !q->tcp)
        return KEEPS;
    bool early = (p->seg.flags & TCP_SYN) && k > i + 1 && !(q->seg.flags & TCP_SYN);
    /* One side closes, and the other has received p. */
    bool ended = p->seg.len && k > i + 1 && (q->seg.flags & TCP_FIN);
    for (size_t j = i + 1; j < k; j++)
        ended |= g->pkt[j].tcp && (g->pkt[j].seg.flags & TCP_FIN) && g->pkt[j].side != p->side && p->seg.len;
    bool wrong = p->sum == CHECKSUM_WRONG || q->sum == CHECKSUM_WRONG;
    bool late = k - i > LATE || has_keepalive(g);
    bool unbegun = is_odd(g) || is_unanswered(g) || !is_anchored(g, i) || !is_anchored(g, k);
    bool marked = g->marks & (MARK_OVERLAP | MARK_MIDSTREAM | MARK_TRUNCATED);
    return unless(early || ended || wrong || late || unbegun || marked);
}

static enum rule_class make_swap(const struct golden *g, size_t i, struct packets *out, char *what)
{
    return exchange(g, i, i + 1, out, what);
}

/* With the next packet of the same direction, though packets of the other come between. */
static enum rule_class make_swap_direction(const struct golden *g, size_t i, struct packets *out, char *what)
{
    size_t k = i + 1;
    const struct pkt *p = &g->pkt[i];
    while (k < g->n && !(g->pkt[k].tcp && p->tcp && g->pkt[k].side == p->side && same_ends(p, &g->pkt[k])))
        k++;
    return k < g->n && k > i + 1 ? exchange(g, i, k, out, what) : SKIP;
}

/* --- A: sent again --- */

static enum rule_class make_duplicate(const struct golden *g, size_t i, struct packets *out, char *what)
{
    snprintf(what, WHAT, "packet %zu", i + 1);
    copy_range(g, 0, i + 1, out);
    copy_range(g, i, g->n, out);
    return KEEPS;
}

enum { LATER = 3 };

static enum rule_class make_late_duplicate(const struct golden *g, size_t i, struct packets *out, char *what)
{
    bool anew = false;
    uint64_t now;

    snprintf(what, WHAT, "packet %zu behind %d more", i + 1, LATER);
    if (i + LATER >= g->n || !soon(g, i, i + LATER))
        return SKIP;
    copy_range(g, 0, i + 1 + LATER, out);
    now = out->p[out->n - 1].ts_ns;
    packets_add(out, &g->pkt[i].raw)->ts_ns = now;
    copy_range(g, i + 1 + LATER, g->n, out);
    for (size_t k = i + 1; k <= i + LATER; k++)
        anew |= g->pkt[k].tcp && (g->pkt[k].seg.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
    return unless(anew || is_odd(g) || has_keepalive(g) || (g->marks & MARK_OVERLAP));
}

/* The segment before p in its direction, if p goes on where it ends. */
static const struct pkt *before(const struct golden *g, size_t i)
{
    const struct pkt *p = &g->pkt[i];
    while (i-- > 0) {
        const struct pkt *q = &g->pkt[i];
        if (pkt_divisible(q, 1) && q->side == p->side && same_ends(p, q))
            return q->seg.seq + q->seg.len == p->seg.seq ? q : NULL;
    }
    return NULL;
}

/* Bytes [skip, …) of q and the first n of p as one segment of p's flags and acknowledgement. */
static void add_joined(struct packets *out, const struct pkt *q, uint32_t skip, const struct pkt *p,
                       uint32_t n)
{
    uint32_t m = q->seg.len - skip;
    struct packet raw = p->raw;
    size_t head = p->payload;
    uint8_t *at = packets_own(out, &raw, head + m + n);
    struct pkt joined = *p;

    memcpy(at + head, q->seg.payload.p + skip, m);
    memcpy(at + head + m, p->seg.payload.p, n);
    joined.raw = raw;
    joined.seg.seq = p->seg.seq - m;
    joined.seg.len = m + n;
    joined.seg.payload = span_of(at + head, m + n);
    at[joined.tcp_at + 13] &= (uint8_t)~(TCP_SYN | TCP_FIN | TCP_RST);
    joined.seg.flags &= (uint8_t)~(TCP_SYN | TCP_FIN | TCP_RST);
    packets_add_piece(out, &joined, 0, m + n);
}

static size_t count_resent(const struct golden *g) { return 3 * g->n; }

static enum rule_class make_resent(const struct golden *g, size_t at, struct packets *out, char *what)
{
    size_t i = at / 3;
    const struct pkt *p = &g->pkt[i], *q = before(g, i);
    static const char *const how[] = { "first half, then whole", "two halves again", "two whole again" };

    snprintf(what, WHAT, "packet %zu: %s", i + 1, how[at % 3]);
    if (!pkt_divisible(p, 2) || (at % 3 && (!q || q->sum != p->sum || (g->marks & MARK_OVERLAP))))
        return SKIP;
    copy_range(g, 0, i, out);
    if (at % 3 == 0)
        packets_add_piece(out, p, 0, p->seg.len / 2);
    packets_add(out, &p->raw);
    if (at % 3 == 1)
        add_joined(out, q, q->seg.len / 2, p, p->seg.len / 2);
    if (at % 3 == 2)
        add_joined(out, q, 0, p, p->seg.len);
    copy_range(g, i + 1, g->n, out);
    return unless((g->marks & MARK_OVERLAP) || has_keepalive(g));
}

/* --- A: VLAN tags --- */

static size_t count_tags(const struct golden *g) { return g->n && g->pkt[0].raw.linktype == 1 ? 5 : 0; }

static void add_tagged(struct packets *out, const struct packet *p, uint16_t ethertype, uint16_t tag)
{
    struct packet *q = packets_add(out, p);
    uint8_t *at = packets_own(out, q, p->data.n + 4);
    memmove(at + 16, at + 12, p->data.n - 12);
    store_be16(at + 12, ethertype);
    store_be16(at + 14, tag);
    q->wire_len = p->wire_len + 4;
}

static enum rule_class make_tagged(const struct golden *g, size_t how, struct packets *out, char *what)
{
    static const char *const hows[] = { "all", "one side", "unlike tags", "service tag", "in two VLANs" };

    snprintf(what, WHAT, "%s", hows[how]);
    for (size_t i = 0; i < g->n; i++) {
        const struct pkt *p = &g->pkt[i];
        if ((how == 1 && p->side) || how == 4)
            packets_add(out, &p->raw);
        if (how != 1 || !p->side)
            add_tagged(out, &p->raw, how == 3 ? 0x88a8 : 0x8100, how == 2 && p->side ? 200 : 100);
    }
    return KEEPS;
}

/* --- A: sequence numbers, clock --- */

static size_t count_wraps(const struct golden *g) { return 2 * g->n; }

/* The numbers of one sender moved so that they wrap in the middle of packet i, or at its beginning. */
static enum rule_class make_wrap(const struct golden *g, size_t at, struct packets *out, char *what)
{
    const struct pkt *p = &g->pkt[at / 2];
    uint32_t shift;

    snprintf(what, WHAT, "%s packet %zu", at % 2 ? "before" : "in", at / 2 + 1);
    if (!p->tcp || (!p->seg.len && !(p->seg.flags & (TCP_SYN | TCP_FIN))) ||
        g->fragments)
        return SKIP;
    shift = 0 - p->seg.seq - (at % 2 ? 0 : p->seg.len / 2 + 1);
    for (size_t i = 0; i < g->n; i++) {
        const struct pkt *q = &g->pkt[i];
        struct packet *r = packets_add(out, &q->raw);
        if (!q->tcp || !same_ends(p, q))
            continue;
        uint8_t *tcp = packets_own(out, r, q->raw.data.n) + q->tcp_at;
        if (q->side == p->side)
            store_be32(tcp + 4, q->seg.seq + shift);
        else if (q->seg.flags & TCP_ACK)
            store_be32(tcp + 8, q->seg.ack + shift);
        if (!segment_is_cut(&q->seg)) {
            r->data = span_first(r->data, q->tcp_at + q->seg.tcp.n);        /* padding */
            packet_sum(r, q);
        }
    }
    return KEEPS;
}

static size_t count_steps(const struct golden *g) { return 2 * g->n; }

static enum rule_class make_step(const struct golden *g, size_t at, struct packets *out, char *what)
{
    uint64_t back = (at % 2 ? 3700 : 3) * UINT64_C(1000000000);

    snprintf(what, WHAT, "%s before packet %zu", at % 2 ? "an hour" : "3 s", at / 2 + 1);
    if (!at || g->longest_wait_ns >= 60000000000)      /* what was silence is none any more */
        return SKIP;
    copy_range(g, 0, g->n, out);
    for (size_t i = at / 2; i < g->n; i++)
        out->p[i].ts_ns -= back;
    return unless(g->longest_wait_ns >= 20000000000);
}

static const struct derivation keeping[] = {
    { .name = "cut in two", count_cuts, make_cut, .pieces = true },
    { .name = "halves swapped", count_cuts, make_cut_swapped, .pieces = true },
    { .name = "one-byte segments", count_one_byte, make_one_byte, .pieces = true },
    { .name = "neighbours swapped", count_neighbours, make_swap, .pieces = true, .moves = true },
    { .name = "direction swapped", count_each, make_swap_direction, .pieces = true, .moves = true },
    { .name = "duplicated", count_each, make_duplicate },
    { .name = "duplicated later", count_each, make_late_duplicate, .moves = true },
    { .name = "sent again otherwise", count_resent, make_resent, .pieces = true },
    { .name = "VLAN tags", count_tags, make_tagged, .vlan = true },
    { .name = "numbers wrap", count_wraps, make_wrap },
    { .name = "clock stepped back", count_steps, make_step, .time = true },
};
const struct derivation *const derivations_keeping = keeping;
const size_t derivations_keeping_n = sizeof keeping / sizeof *keeping;
