#include "app/talk.h"

#include "dialogue/first.h"
#include "proto/proxy.h"
#include "proto/tls.h"

enum { PENDING_LIMIT = 24 * 1024 };     /* bytes kept of one direction before reading is forced */

bool talk_could_begin(struct span p)
{
    if (p.n < 4)
        return false;
    switch (p.p[0]) {
    case '2':
        return span_starts(p, "220");
    case '*':
        return span_starts_nocase(p, "* OK") || span_starts_nocase(p, "* PREAUTH");
    case '+':
        return span_starts_nocase(p, "+OK");
    case '"':
        return span_starts_nocase(p, "\"IMPLEMENTATION\"");
    case 'P': case '\r':
        return proxy_could_begin(p);
    case 'E': case 'H': case 'L':       /* captured before the greeting that it answers */
        return span_starts(p, "EHLO ") || span_starts(p, "HELO ") || span_starts(p, "LHLO ");
    default:
        return p.n > TLS_HEADER && tls_begins(p) == 1;
    }
}

/* --- who is the client (doc/measurement.md section 1) --- */

static unsigned side_of_bit(unsigned bits)
{
    return bits == 1 ? 0 : bits == 2 ? 1 : SIDE_UNKNOWN;
}

static unsigned client_by_words(const struct segment *seg, unsigned side)
{
    const struct dialect *dialect = NULL;
    if (tls_begins(seg->payload) == 1 || proxy_could_begin(seg->payload))
        return side;
    if (first_words(TO_CLIENT, seg->payload, PROTOCOL_UNKNOWN, &dialect) == FIRST_MAIL)
        return !side;
    dialect = NULL;
    if (first_words(TO_SERVER, seg->payload, PROTOCOL_UNKNOWN, &dialect) == FIRST_MAIL)
        return side;
    return SIDE_UNKNOWN;
}

static unsigned client_by_ports(const struct port_table *ports, const struct flow *f)
{
    bool a = port_is_mail(ports, f->key.a.port), b = port_is_mail(ports, f->key.b.port);
    if (a != b)
        return a ? 1 : 0;
    return f->key.a.port > f->key.b.port ? 0 : 1;       /* servers have the low numbers */
}

/* Bytes that are in no text: a ClientHello, a PROXY header of version 2. */
static bool are_client_bytes(struct span p)
{
    return tls_begins(p) == 1 || (p.n && p.p[0] == '\r' && proxy_could_begin(p));
}

static unsigned find_client(const struct port_table *ports, const struct flow *f, const struct segment *seg,
                            unsigned side)
{
    unsigned client = side_of_bit(flow_sides(f, FLOW_SYN));
    unsigned server = side_of_bit(flow_sides(f, FLOW_SYNACK));
    if (client == SIDE_UNKNOWN && server != SIDE_UNKNOWN)
        client = !server;
    if (client != SIDE_UNKNOWN)
        return client;
    /* In mid-stream any text may look like an answer or a command: a port is surer than words. */
    bool one_mail_port = port_is_mail(ports, f->key.a.port) != port_is_mail(ports, f->key.b.port);
    if (!one_mail_port || are_client_bytes(seg->payload))
        client = client_by_words(seg, side);
    return client != SIDE_UNKNOWN ? client : client_by_ports(ports, f);
}

/* --- beginning --- */

static unsigned dir_of(const struct talk *t, unsigned side)
{
    return side == t->client_side ? TO_SERVER : TO_CLIENT;
}

static void anchor_sides(struct reorder *r, const struct flow *f)
{
    for (unsigned side = 0; side < 2; side++)
        if (flow_saw(f, side, FLOW_SYN | FLOW_SYNACK)) {
            r->side[side].next = f->isn[side] + 1;
            r->side[side].anchored = r->side[side].seen = true;
        } else if (flow_saw(f, !side, FLOW_SYNACK)) {        /* the SYN was lost, its answer tells */
            r->side[side].next = f->isn[side] + 1;
            r->side[side].anchored = true;
            r->side[side].seen = f->packets[side] > 0;
        }
}

/* The SYN was seen and its answer was not: whether the server's first bytes were lost with it. */
static bool server_beginning_lost(const struct talk *t, const struct flow *f, const struct segment *seg,
                                  unsigned side)
{
    unsigned client = t->client_side;
    if (side == client && proxy_could_begin(seg->payload))      /* before it the server says nothing */
        return false;
    if (!flow_saw(f, client, FLOW_SYN) || flow_saw_any(f, FLOW_SYNACK) || (seg->flags & TCP_SYN))
        return false;
    return side == client || !flow_saw(f, client, FLOW_ACKED) || seg->seq != f->acks[client];
}

struct talk *talk_new(struct pool *pool, const struct port_table *ports, const struct flow *f,
                      const struct segment *seg, unsigned side)
{
    struct talk *t = pool_get(pool, sizeof *t);
    struct talk_work *w = pool_get(pool, sizeof *w);

    if (!t || !w) {
        pool_put(pool, t, sizeof *t);
        pool_put(pool, w, sizeof *w);
        return NULL;
    }
    memset(t, 0, sizeof *t);
    memset(w, 0, sizeof *w);
    t->work = w;
    t->client_side = (uint8_t)find_client(ports, f, seg, side);
    t->mail_port = port_is_mail(ports, f->key.a.port) || port_is_mail(ports, f->key.b.port);
    struct session_core *s = &t->session;
    s->client = *flow_endpoint(f, t->client_side);
    s->server = *flow_endpoint(f, !t->client_side);
    s->odd_port = !port_is_mail(ports, s->server.port);
    s->port_is_tls = port_is_tls(ports, s->server.port);
    s->source = f->source;
    t->candidate = s->odd_port;
    /* An odd port's connection is remembered from its first words on: they are its beginning. */
    bool begun = flow_saw_any(f, FLOW_SYN | FLOW_SYNACK);
    bool midstream = !begun && !(t->candidate && talk_could_begin(seg->payload));
    s->marks = !begun && t->mail_port ? MARK_MIDSTREAM : 0;
    reorder_init(&w->order, pool);
    anchor_sides(&w->order, f);
    /* Of a greeting on an odd port the client's SYN was not remembered. */
    if (t->candidate && !midstream && side != t->client_side && (seg->flags & TCP_ACK)) {
        struct stream *other = &w->order.side[!side];
        other->next = seg->ack;
        other->anchored = other->seen = true;
    }
    for (unsigned i = 0; i < 2; i++)
        if (w->order.side[i].anchored) {
            w->at[dir_of(t, i)].first = w->order.side[i].next;
            w->at[dir_of(t, i)].placed = true;
        }
    dialogue_init(&w->dialogue, s, &t->names, pool, port_protocol(ports, s->server.port), midstream);
    dialogue_trace(&w->dialogue, TRACE_ROOM, flow_first_ns(f));
    t->beginning_lost = server_beginning_lost(t, f, seg, side);
    if (t->beginning_lost && f->packets[!t->client_side])
        dialogue_begins_late(&w->dialogue);
    /* Where its SYN was not seen, the server's first bytes may come behind others that were lost with it. */
    if (begun && !flow_saw_any(f, FLOW_SYNACK))
        w->dialogue.in[TO_CLIENT].resume = true;
    for (unsigned i = 0; i < 2; i++)
        reorder_keep_past(&w->order, i, true);
    return t;
}

/* --- the trace --- */

void talk_trace(struct talk *t, const struct flow *f, size_t room)
{
    dialogue_trace(&t->work->dialogue, room, flow_first_ns(f));
    t->keep_trace = true;
}

static void take_trace(struct talk *t)
{
    struct trace *trace = &t->work->dialogue.tracing.t;
    if (!t->keep_trace && !t->session.evidence && !t->session.incidents)
        return;
    t->trace = (struct trace_block){ .bytes = trace->bytes, .n = trace->n, .room = trace->room };
    *trace = (struct trace){ .bytes = NULL };
}

/* --- bytes --- */

static bool read_some(struct talk_work *w, unsigned dir, bool force)
{
    struct span bytes = window_bytes(&w->window[dir]);
    if (!bytes.n || w->dialogue.settled)
        return false;
    size_t used = dialogue_read(&w->dialogue, dir, bytes, &w->at[dir], force);
    window_use(&w->window[dir], used);
    return used > 0;
}

/* The client's beginning was not seen: does the server answer its last line? */
static void find_place(struct talk_work *w)
{
    size_t drop = dialogue_sync(&w->dialogue, window_bytes(&w->window[TO_SERVER]), &w->at[TO_SERVER],
                                window_bytes(&w->window[TO_CLIENT]), &w->at[TO_CLIENT]);
    window_use(&w->window[TO_SERVER], drop);
}

/* Each side may wait for what the other says, so both are shown until neither moves. */
static void read_both(struct talk_work *w, unsigned dir, bool force)
{
    bool moved;
    find_place(w);
    if (!w->dialogue.in[TO_SERVER].unsure && dir == TO_CLIENT)
        read_some(w, TO_SERVER, false);
    do {
        moved = read_some(w, dir, force);
        moved = read_some(w, !dir, false) || moved;
    } while (moved);
}

/* What nobody can make sense of is given up. */
static void give_up(struct talk *t, struct pool *pool, unsigned dir)
{
    struct talk_work *w = t->work;
    uint32_t n = (uint32_t)window_bytes(&w->window[dir]).n;
    t->discarded += n;
    window_drop(&w->window[dir], pool);
    if (!w->dialogue.settled)
        dialogue_gap(&w->dialogue, dir, n);
}

static void take_data(struct talk *t, struct pool *pool, const struct chunk *c)
{
    struct talk_work *w = t->work;
    unsigned dir = dir_of(t, c->side);

    if (!window_add(&w->window[dir], pool, c->bytes)) {
        give_up(t, pool, dir);
        window_add(&w->window[dir], pool, c->bytes);
    }
    where_advance(&w->at[dir], c->ts_ns, c->end, c->has_ack, c->ack, c->bytes.n);
    read_both(w, dir, false);
    for (unsigned i = 0; i < 2; i++) {
        if (window_bytes(&w->window[i]).n > PENDING_LIMIT)
            read_both(w, i, true);
        if (window_bytes(&w->window[i]).n > PENDING_LIMIT || !window_settle(&w->window[i], pool))
            give_up(t, pool, i);
    }
}

static void take_gap(struct talk *t, struct pool *pool, const struct chunk *c)
{
    struct talk_work *w = t->work;
    unsigned dir = dir_of(t, c->side);

    read_both(w, dir, true);
    window_drop(&w->window[dir], pool);
    if (w->dialogue.settled)
        return;
    dialogue_gap(&w->dialogue, dir, c->n);
    read_both(w, !dir, false);
}

static void keep_what_can_conflict(struct talk *t)
{
    struct talk_work *w = t->work;
    for (unsigned side = 0; side < 2; side++) {
        struct direction_state *s = &w->dialogue.in[dir_of(t, side)];
        if (s->left_lines)              /* bytes of a body must not be compared as lines */
            reorder_keep_past(&w->order, side, false);
        s->left_lines = false;
        reorder_keep_past(&w->order, side, s->reader == READ_LINES);
    }
}

static void take_chunk(struct talk *t, struct pool *pool, const struct chunk *c)
{
    struct talk_work *w = t->work;
    if (c->kind != CHUNK_CONFLICT)
        w->dialogue.tracing.t.now_ns = c->ts_ns;
    switch (c->kind) {
    case CHUNK_DATA:
        take_data(t, pool, c);
        break;
    case CHUNK_GAP:
        take_gap(t, pool, c);
        break;
    case CHUNK_FIN:
        dialogue_fin(&w->dialogue, dir_of(t, c->side));
        break;
    case CHUNK_CONFLICT:
        t->session.marks |= MARK_OVERLAP;
        show_conflict_of(&w->dialogue, dir_of(t, c->side), c->end, c->first, c->other);
        dialogue_conflict(&w->dialogue, dir_of(t, c->side), c);
        break;
    case CHUNK_MOVED:
        dialogue_moved(&w->dialogue, dir_of(t, c->side), c->from, c->n);
        break;
    }
    if (!w->dialogue.settled)
        keep_what_can_conflict(t);
}

/* --- the end --- */

static struct dialogue_end ending(const struct talk *t, const struct flow *f, uint64_t clock_ns, bool input_ended)
{
    struct dialogue_end e = { .clock_ns = clock_ns, .input_ended = input_ended };
    for (unsigned side = 0; side < 2; side++) {
        unsigned dir = dir_of(t, side);
        e.fin[dir] = flow_saw(f, side, FLOW_FIN);
        e.rst[dir] = flow_saw(f, side, FLOW_RST);
        e.seen[dir] = f->packets[side] > 0;
        e.payload[dir] = flow_saw(f, side, FLOW_PAYLOAD);
        e.acks[dir] = f->acks[side];
    }
    return e;
}

static void finish_work(struct talk *t, struct pool *pool, const struct flow *f, uint64_t clock_ns, bool input_ended)
{
    struct talk_work *w = t->work;
    struct dialogue_end e = ending(t, f, clock_ns, input_ended);
    const struct suspect *suspect = &w->dialogue.suspect;

    t->session.server_ttl = origin_usual(&w->origin);
    if (suspect->why) {
        e.origin = origin_of(&w->origin, suspect->begin, suspect->end);
        e.odd_ttl = w->origin.odd;
    }
    dialogue_end(&w->dialogue, &e);
    take_trace(t);
    t->confirmed = w->dialogue.confirmed;
    if (w->order.gap)
        t->session.marks |= MARK_GAP;
    if (w->order.overlap)
        t->session.marks |= MARK_OVERLAP;
    dialogue_drop(&w->dialogue);
    reorder_end(&w->order);
    window_drop(&w->window[0], pool);
    window_drop(&w->window[1], pool);
    pool_put(pool, w, sizeof *w);
    t->work = NULL;
}

/* Both ends have closed, each has acknowledged all of the other's bytes and its FIN, and all was read. */
static bool all_was_said(const struct talk *t, const struct flow *f)
{
    for (unsigned side = 0; side < 2; side++) {
        const struct stream *s = &t->work->order.side[side];
        if (!s->fin_given || !flow_saw(f, !side, FLOW_ACKED) || seq_diff(f->acks[!side], s->next) < 0)
            return false;
    }
    return !reorder_waits(&t->work->order);
}

static void read_rest(struct talk_work *w)
{
    read_both(w, TO_SERVER, true);
    read_both(w, TO_CLIENT, true);
}

/* A SYN or SYN-ACK of another number than that of its side, or that answers another one. */
static bool begins_otherwise(const struct flow *f, const struct segment *seg, unsigned side)
{
    bool known = flow_saw(f, !side, FLOW_SYN | FLOW_SYNACK);
    return (seg->flags & TCP_SYN) && (seg->seq != f->isn[side] || ((seg->flags & TCP_ACK) && known && seg->ack - 1 != f->isn[!side]));
}

void talk_segment(struct talk *t, struct pool *pool, struct flow *f, const struct segment *seg, unsigned side,
                  enum checksum sum)
{
    struct chunk c;

    if (!t->work)
        return;
    struct dialogue *d = &t->work->dialogue;
    bool begun = d->preamble == PREAMBLE_OVER;
    if (!f->packets[!side]) {
        d->hear_once = true;
    } else if (d->hear_once && dir_of(t, side) == TO_CLIENT) {
        d->hear_once = false;
        if (t->beginning_lost)
            dialogue_begins_late(d);
    }
    if (dir_of(t, side) == TO_CLIENT)
        origin_note(&t->work->origin, seg);
    reorder_push(&t->work->order, side, seg, sum);
    d->renumbered = d->renumbered || t->work->order.far || begins_otherwise(f, seg, side);
    while (!t->work->dialogue.settled && reorder_next(&t->work->order, &c))
        take_chunk(t, pool, &c);
    t->preamble = !begun && (d->preambled || d->preamble == PREAMBLE_BEGUN);
    if (!t->work->dialogue.settled && !all_was_said(t, f))
        return;
    if (!t->work->dialogue.settled)
        read_rest(t->work);
    finish_work(t, pool, f, seg->ts_ns, false);
    f->owner |= FLOW_UNWATCHED;
}

void talk_fetch(const struct talk *t)
{
    enum { LINE = 64 };
    const uint8_t *work = (const uint8_t *)t->work;
    for (size_t i = 0; work && i < sizeof *t->work; i += LINE)
        __builtin_prefetch(work + i);
}

struct session_counts counts_of(const struct flow *f, unsigned client_side)
{
    struct session_counts c = { .last_ns = f->last_ns };
    for (unsigned side = 0; side < 2; side++) {
        unsigned dir = side == client_side ? TO_SERVER : TO_CLIENT;
        c.packets[dir] = f->packets[side];
        c.bytes[dir] = f->bytes[side];
    }
    c.marks = (f->packets[0] && f->packets[1] ? 0u : MARK_ONE_SIDED) |
              (flow_saw_any(f, FLOW_CUT) ? MARK_TRUNCATED : 0u) | (flow_saw_any(f, FLOW_LOST) ? MARK_GAP : 0u);
    return c;
}

void talk_count(struct talk *t, const struct flow *f)
{
    struct session_counts c = counts_of(f, t->client_side);
    session_count(&t->session, &c);
    if (t->beginning_lost && f->packets[0] && f->packets[1])
        t->session.marks |= MARK_GAP;
}

struct session talk_session(const struct talk *t)
{
    struct session s = { .core = t->session };
    names_copy(t->names, &s.names);
    return s;
}

void talk_end(struct talk *t, struct pool *pool, struct flow *f, uint64_t clock_ns, bool input_ended)
{
    struct chunk c;

    if (t->work) {
        while (!t->work->dialogue.settled && reorder_flush(&t->work->order, &c))
            take_chunk(t, pool, &c);
        read_rest(t->work);
        finish_work(t, pool, f, clock_ns, input_ended);
    }
    talk_count(t, f);
}

void talk_free(struct talk *t, struct pool *pool)
{
    if (t->work) {
        dialogue_drop(&t->work->dialogue);
        reorder_end(&t->work->order);
        window_drop(&t->work->window[0], pool);
        window_drop(&t->work->window[1], pool);
        pool_put(pool, t->work, sizeof *t->work);
    }
    pool_put(pool, t->trace.bytes, t->trace.room);
    names_drop(&t->names, pool);
    pool_put(pool, t, sizeof *t);
}
