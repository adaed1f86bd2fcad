#include "app/lane.h"

#include <stdlib.h>

#include "app/evidence.h"
#include "app/talk.h"
#include "dialogue/certificates.h"
#include "dialogue/server_names.h"
#include "dpi/dpi.h"
#include "proto/tls.h"
#include "proto/tls_fingerprint.h"

enum {
    DPI_FLOWS = 4096,                   /* connections under inspection at once */
    DPI_PACKETS = 8,                    /* asked about of one connection */
    CANDIDATE_PAYLOADS = 24,            /* after which it is not mail */
    /* Segments are decoded some steps before they are followed, so that the memory of their flows is there
     * when it is needed. */
    AHEAD = 16
};

struct lane {
    const struct port_table *ports;
    struct flow_secret secret;
    struct lane_sink sink;
    struct pool *pool;
    struct flow_table *flows;
    struct dpi *dpi;                    /* made when first needed */
    uint64_t odd_flows;                 /* in the table */
    uint64_t clock_ns;                  /* packet time */
    struct lane_moment now;
    const struct lane_watch *watch;     /* NULL: everything */
    struct keeper *evidence;          /* NULL: no packets are kept */
    struct span trace;                  /* of the session being reported */
    uint64_t oldest_ns;                 /* when the first session began that is not settled */
    struct lane_counts counts;
    struct certificates certificates;
    struct tls_fingerprints fingerprints;
    struct server_names server_names;
    struct dialogue_others others;      /* these */
    /* of a lane for itself */
    struct intake intake;
    struct batch batch;
    struct item item[AHEAD];
    struct tick tick[AHEAD];
};

static void flow_has_ended(void *ctx, struct flow *, bool evicted);

/* By which a client's name in EHLO is known again, also in another run: no secret, and the same for ever. */
static const struct hash_key hello_names = { { 0x6d61696c7365616c, 0x45484c4f6e616d65 } };

/* What other sessions have shown before. */
static void know_others(struct lane *l, struct talk *t) { t->work->dialogue.others = &l->others; }

struct lane *lane_behind(const struct port_table *ports, size_t memory, const struct lane_sink *sink,
                         const struct flow_secret *secret)
{
    struct lane *l = calloc(1, sizeof *l);
    if (!l || !(l->pool = pool_new(memory)) || !(l->flows = flow_table_new(l->pool, secret, flow_has_ended, l))) {
        lane_free(l);
        return NULL;
    }
    l->ports = ports;
    l->secret = *secret;
    l->sink = *sink;
    l->certificates.met = sink->certificate;
    l->certificates.ctx = sink->ctx;
    l->fingerprints.key = hash_key_random();
    l->server_names.met = sink->server_name;
    l->server_names.ctx = sink->ctx;
    l->server_names.key = hash_key_random();
    l->others = (struct dialogue_others){ &l->certificates, &l->fingerprints, &hello_names, &l->server_names };
    return l;
}

struct lane *lane_new(const struct port_table *ports, size_t memory, const struct lane_sink *sink)
{
    const struct flow_secret secret = flow_secret_of(hash_key_random());
    struct lane *l = lane_behind(ports, memory, sink, &secret);
    if (!l)
        return NULL;
    intake_begin(&l->intake, ports, 1, &secret, &l->counts);
    l->batch = (struct batch){ .item = l->item, .tick = l->tick, .lanes = 1, .room = AHEAD, .ticks_room = AHEAD };
    return l;
}

void lane_free(struct lane *l)
{
    if (!l)
        return;
    l->sink = (struct lane_sink){ 0 };
    if (l->flows)
        flow_end_all(l->flows);
    flow_table_free(l->flows);
    dpi_free(l->dpi);
    evidence_free(l->evidence);
    intake_free(&l->intake);
    batch_free(&l->batch);
    pool_free(l->pool);
    free(l);
}

uint64_t lane_oldest_ns(const struct lane *l) { return l->oldest_ns; }

struct span lane_trace(const struct lane *l) { return l->trace; }

void lane_keep(struct lane *l, struct keeper *evidence) { l->evidence = evidence; }

void lane_only(struct lane *l, const struct lane_watch *watch) { l->watch = watch; }

const struct lane_counts *lane_counts(const struct lane *l) { return &l->counts; }

size_t lane_memory(const struct lane *l) { return pool_taken(l->pool) + flow_index_bytes(l->flows); }
uint64_t lane_last_ns(const struct lane *l) { return l->intake.clock_ns; }

/* --- the end of a connection --- */

static bool is_mail_flow(const struct lane *l, const struct flow *f)
{
    return port_is_mail(l->ports, f->key.a.port) || port_is_mail(l->ports, f->key.b.port);
}

static unsigned server_of_attempt(const struct lane *l, const struct flow *f)
{
    if (flow_saw_any(f, FLOW_SYN))
        return flow_saw(f, 0, FLOW_SYN) ? 1 : 0;
    if (flow_saw_any(f, FLOW_SYNACK))
        return flow_saw(f, 0, FLOW_SYNACK) ? 0 : 1;
    return port_is_mail(l->ports, f->key.a.port) ? 0 : 1;
}

static enum attempt_outcome outcome_of(const struct flow *f, unsigned server)
{
    if (!flow_saw_any(f, FLOW_SYN | FLOW_SYNACK))
        return ATTEMPT_TAIL;
    if (!flow_saw_any(f, FLOW_SYNACK))
        return flow_saw(f, server, FLOW_RST) ? ATTEMPT_REFUSED : ATTEMPT_UNANSWERED;
    return flow_saw(f, !server, FLOW_ACKED) ? ATTEMPT_EMPTY : ATTEMPT_HALF_OPEN;
}

static void report_attempt(struct lane *l, const struct flow *f)
{
    unsigned server = server_of_attempt(l, f);
    struct attempt a = {
        .first_ns = flow_first_ns(f),
        .server_port = flow_endpoint(f, server)->port,
        .outcome = (uint8_t)outcome_of(f, server),
    };
    if (l->sink.attempt)
        l->sink.attempt(l->sink.ctx, &a);
}

static void note_tags(struct session_core *s, const struct flow_tags *t)
{
    _Static_assert((int)SESSION_VLANS == (int)FLOW_VLANS && (int)SESSION_TUNNELS == (int)FLOW_TUNNELS, "the same sets");
    s->nvlan = t->nvlan;
    s->ntunnel = t->ntunnel;
    memcpy(s->vlan, t->vlan, sizeof s->vlan);
    memcpy(s->tunnel, t->tunnel, sizeof s->tunnel);
}

/* --- packets that are kept --- */

/* Whether the session, or what others say of it, may be an incident: aggregate/history.h knows servers of 1.3. */
static bool may_be_incident(const struct session_core *s)
{
    if (s->evidence || s->incidents)
        return true;
    return !(s->facts & FACT_NOT_MAIL) && (!(s->facts & FACT_TLS_DONE) || (s->tls.server_hello && s->tls.version < TLS_1_3));
}

static void hand_over(struct talk *t)
{
    if (t->kept && may_be_incident(&t->session))
        t->session.kept = evidence_hand_over(t->kept);
}

/* Before its bytes are read. */
static void keep_packet(const struct lane *l, struct talk *t, const struct segment *seg, unsigned side, enum checksum sum)
{
    if (!l->evidence || !t->work)
        return;
    if (t->kept)
        evidence_packet(t->kept, seg, side, sum);
    t->work->dialogue.showing = t->kept ? evidence_showing(t->kept) : NULL;
}

static void free_talk(struct lane *l, struct talk *t)
{
    evidence_drop(t->kept);
    talk_free(t, l->pool);
}

static void report_session(struct lane *l, const struct flow *f, struct talk *t, uint64_t number)
{
    note_tags(&t->session, flow_tags_of(l->flows, f));
    l->counts.discarded += t->discarded;
    t->candidate = t->candidate && !t->confirmed;
    /* A mail port used by the client for something that turned out to be no mail. */
    if (t->candidate && t->mail_port)
        t->session.facts |= FACT_NOT_MAIL;
    l->trace = span_of(t->trace.bytes, t->trace.bytes ? t->trace.n : 0);
    if (l->sink.session && (!t->candidate || t->mail_port)) {
        hand_over(t);
        struct session whole = talk_session(t);
        l->sink.session(l->sink.ctx, &whole, number);
    }
    l->trace = (struct span){ NULL, 0 };
}

/* Hands a session over whose matter is settled, so that nothing is left but counting. */
static void settle(struct lane *l, struct flow *f, struct talk *t)
{
    uint64_t number = l->now.ordinal;
    dpi_drop(l->dpi, &t->dpi);
    talk_count(t, f);
    report_session(l, f, t, number);
    flow_settle(l->flows, f, number, t->client_side);
    free_talk(l, t);
}

static void end_talk(struct lane *l, struct flow *f, struct talk *t, bool evicted)
{
    bool input_ended = evicted || (l->now.phase == LANE_END && !flow_is_closed(f));
    dpi_drop(l->dpi, &t->dpi);
    if (t->work)
        t->work->dialogue.showing = t->kept ? evidence_showing(t->kept) : NULL;
    talk_end(t, l->pool, f, l->clock_ns, input_ended);
    report_session(l, f, t, 0);
    free_talk(l, t);
    f->owner &= (uint8_t)~FLOW_STATEFUL;
}

static void flow_has_ended(void *ctx, struct flow *f, bool evicted)
{
    struct lane *l = ctx;

    if (l->now.phase != LANE_PACKET)
        l->now.turn = flow_turn_of(l->flows, f);
    l->counts.evicted += evicted;
    if (f->owner & FLOW_SETTLED) {
        struct session_counts c = counts_of(f, f->owner & FLOW_CLIENT_B ? 1 : 0);
        c.unchanged = !(f->owner & FLOW_GREW);
        if (l->sink.counts)
            l->sink.counts(l->sink.ctx, f->number, &c);
    } else if (flow_state(f)) {
        end_talk(l, f, flow_state(f), evicted);
    } else if (!flow_saw_any(f, FLOW_PAYLOAD) && is_mail_flow(l, f)) {
        report_attempt(l, f);
    }
    if (!is_mail_flow(l, f))
        l->odd_flows--;
}

/* --- mail on odd ports --- */

/* RFC 7301's registry of protocol names. */
static enum protocol protocol_of_alpn(const struct names *names)
{
    struct span rest = names_get(names, NAME_ALPN), name;
    while ((name = span_word(&rest)).n) {
        if (span_eq(name, "imap"))
            return PROTOCOL_IMAP;
        if (span_eq(name, "pop3"))
            return PROTOCOL_POP3;
        if (span_eq(name, "managesieve"))
            return PROTOCOL_SIEVE;
    }
    return PROTOCOL_UNKNOWN;
}

static void drop_talk(struct lane *l, struct flow *f, struct talk *t)
{
    dpi_drop(l->dpi, &t->dpi);
    flow_own(l->flows, f, NULL);
    free_talk(l, t);
    f->owner |= FLOW_DULL | FLOW_UNWATCHED;
}

static enum protocol protocol_of_answer(enum dpi_answer a)
{
    switch (a) {
    case DPI_SMTP:
        return PROTOCOL_SMTP;
    case DPI_IMAP:
        return PROTOCOL_IMAP;
    case DPI_POP3:
        return PROTOCOL_POP3;
    case DPI_MORE: case DPI_TLS: case DPI_OTHER:
        break;
    }
    return PROTOCOL_UNKNOWN;
}

static enum dpi_answer ask_dpi(struct lane *l, struct talk *t, const struct segment *seg)
{
    if (t->payloads > DPI_PACKETS || (!l->dpi && !(l->dpi = dpi_new(DPI_FLOWS))))
        return DPI_MORE;
    return dpi_ask(l->dpi, &t->dpi, seg->ip, seg->ts_ns);
}

static void accept_candidate(struct lane *l, struct talk *t, enum protocol named)
{
    t->candidate = false;
    if (t->work)
        know_others(l, t);
    dpi_drop(l->dpi, &t->dpi);
    if (t->session.protocol == PROTOCOL_UNKNOWN)
        t->session.protocol = (uint8_t)named;
    if (t->work && t->work->dialogue.port_protocol == PROTOCOL_UNKNOWN)
        t->work->dialogue.port_protocol = named;
}

/* Whether a candidate is mail, by its own dialogue, its ALPN, or what nDPI names it. */
static void examine(struct lane *l, struct flow *f, struct talk *t, const struct segment *seg)
{
    enum protocol alpn = protocol_of_alpn(t->names);

    t->payloads++;
    if (t->confirmed || (t->work && t->work->dialogue.confirmed)) {
        accept_candidate(l, t, PROTOCOL_UNKNOWN);
        return;
    }
    if (alpn) {
        accept_candidate(l, t, alpn);
        return;
    }
    enum dpi_answer answer = t->preamble ? DPI_MORE : ask_dpi(l, t, seg);      /* which would see nothing else */
    enum protocol named = protocol_of_answer(answer);
    /* Of TLS nDPI guesses by the number, and a client may use that of a mail port for anything. */
    bool spoken = t->work && (t->work->dialogue.greeted || (tls_of(&t->work->dialogue)->begun && !t->mail_port));
    if (named && spoken) {
        accept_candidate(l, t, named);
        return;
    }
    bool is_not = answer == DPI_OTHER || (answer == DPI_TLS && t->session.tls.client_hello) || !t->work ||
                  t->payloads >= CANDIDATE_PAYLOADS;
    if (is_not && !t->mail_port)
        drop_talk(l, f, t);
}

/* --- packets --- */

static struct talk *begin_talk(struct lane *l, struct flow *f, const struct segment *seg, unsigned side, uint64_t hash)
{
    struct talk *t;

    while (!(t = talk_new(l->pool, l->ports, f, seg, side)))
        if (!flow_evict(l->flows, f))
            return NULL;
    flow_own(l->flows, f, t);
    if (!t->candidate)                  /* who is no mail server is none of our business */
        know_others(l, t);
    if (l->watch)
        talk_trace(t, f, l->watch->trace_room);
    if (l->evidence)
        evidence_begin(l->evidence, &t->kept, hash, t->client_side, !(seg->flags & TCP_SYN) && flow_saw_any(f, FLOW_SYN | FLOW_SYNACK));
    return t;
}

static bool is_end(const struct network *net, uint16_t port, const struct endpoint *e)
{
    return e->port == port && network_holds(net, e->addr);
}

static bool is_watched(const struct lane_watch *w, const struct endpoint *a, const struct endpoint *b)
{
    return is_end(&w->client, w->client_port, a) && is_end(&w->server, w->server_port, b);
}

static void take_segment(struct lane *l, const struct item *item)
{
    const struct segment *seg = &item->seg;
    const struct flow_place *at = &item->at;
    struct flow_place here;

    if (l->watch && !is_watched(l->watch, &seg->src, &seg->dst) && !is_watched(l->watch, &seg->dst, &seg->src))
        return;
    if (!item->begins && !l->odd_flows)
        return;
    if (!item->placed) {
        flow_place(&l->secret, seg, &here);
        at = &here;
    }
    uint64_t before = flow_made(l->flows);
    struct flow_hit hit = flow_of(l->flows, seg, at, item->begins);
    struct flow *f = hit.flow;
    if (!f)
        return;
    if (flow_made(l->flows) != before) {
        f->source = item->source;
        l->odd_flows += !item->mail;
    }
    if (hit.ignored || (f->owner & FLOW_DULL))
        return;
    struct talk *t = flow_state(f);
    bool begins = !t && seg->len && flow_saw(f, hit.side, FLOW_PAYLOAD);
    if (!t && !begins && l->evidence && !seg->len && !(f->owner & FLOW_SETTLED))
        evidence_bare(l->evidence, at->hash, seg, hit.side);
    if (begins)
        t = begin_talk(l, f, seg, hit.side, at->hash);
    if (!t)
        return;
    keep_packet(l, t, seg, hit.side, hit.sum);
    talk_segment(t, l->pool, f, seg, hit.side, hit.sum);
    if (t->candidate && seg->payload.n)
        examine(l, f, t, seg);
    if (flow_state(f) && !t->work && l->sink.counts && (!t->candidate || t->confirmed || t->mail_port))
        settle(l, f, t);
}

static void enter(struct lane *l, enum lane_phase phase, uint64_t ordinal, uint64_t clock_ns)
{
    l->now.ordinal = ordinal;
    l->now.phase = phase;
    l->clock_ns = clock_ns;
}

/* The ticks up to a packet. */
static void run_ticks(struct lane *l, const struct batch *b, size_t *at, uint64_t ordinal)
{
    for (; *at < b->nticks && b->tick[*at].ordinal <= ordinal; ++*at) {
        enter(l, LANE_TICK, b->tick[*at].ordinal, b->tick[*at].now_ns);
        flow_tick(l->flows, l->clock_ns);
        memset(&l->now.turn, 0, sizeof l->now.turn);
    }
}

/* Up to AHEAD items from one on; gives the one behind them. */
static const struct item *look_ahead(const struct lane *l, const struct item *from)
{
    const struct item *i = from;
    for (unsigned n = 0; i && n < AHEAD; i = i->next, n++)
        if (i->placed)
            flow_expect(l->flows, &i->at);
    for (const struct item *j = from; j != i; j = j->next)
        if (j->placed)
            flow_fetch(l->flows, &j->at);
    const struct talk *talks[AHEAD];
    unsigned n = 0;
    for (const struct item *j = from; j != i; j = j->next)
        if (j->placed && (talks[n] = flow_state_there(l->flows, &j->at)))
            talk_expect(talks[n++]);
    for (unsigned k = 0; k < n; k++)
        talk_fetch(talks[k]);
    return i;
}

void lane_take(struct lane *l, const struct batch *b, unsigned lane)
{
    const struct item *i = b->first[lane], *behind;
    size_t tick = 0;

    while (i)
        for (behind = look_ahead(l, i); i != behind; i = i->next) {
            if (tick < b->nticks)
                run_ticks(l, b, &tick, i->ordinal);
            enter(l, LANE_PACKET, i->ordinal, i->seg.ts_ns);
            take_segment(l, i);
        }
    run_ticks(l, b, &tick, b->ordinal);
    if (tick && l->sink.counts)
        l->oldest_ns = flow_oldest_ns(l->flows);
}

void lane_ends(struct lane *l, uint64_t ordinal, uint64_t clock_ns)
{
    enter(l, LANE_END, ordinal, clock_ns);
    flow_end_all(l->flows);
    l->oldest_ns = 0;
    memset(&l->now.turn, 0, sizeof l->now.turn);
    certificates_forget(&l->certificates);      /* what was made of this input may be thrown away */
    server_names_forget(&l->server_names);
}

const struct lane_moment *lane_now(const struct lane *l) { return &l->now; }

int lane_moment_cmp(const struct lane_moment *a, const struct lane_moment *b)
{
    if (a->ordinal != b->ordinal)
        return a->ordinal < b->ordinal ? -1 : 1;
    return a->phase != b->phase ? (int)a->phase - (int)b->phase : flow_turn_cmp(&a->turn, &b->turn);
}

/* --- a lane for itself --- */

void lane_packets(struct lane *l, const struct packet *p, size_t n, uint32_t source)
{
    while (n) {
        batch_clear(&l->batch);
        size_t taken = intake_take(&l->intake, p, n, source, &l->batch);
        lane_take(l, &l->batch, 0);
        p += taken;
        n -= taken;
    }
    batch_clear(&l->batch);
}

void lane_idle(struct lane *l, uint64_t now_ns)
{
    batch_clear(&l->batch);
    intake_idle(&l->intake, now_ns, &l->batch);
    lane_take(l, &l->batch, 0);
}

void lane_end(struct lane *l)
{
    intake_end(&l->intake);
    lane_ends(l, l->intake.ordinal, l->intake.clock_ns);
}
