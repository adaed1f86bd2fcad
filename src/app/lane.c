#include "app/lane.h"

#include <stdlib.h>

#include "app/talk.h"
#include "dpi/dpi.h"

enum {
    DPI_FLOWS = 4096,                   /* connections under inspection at once */
    DPI_PACKETS = 8,                    /* asked about of one connection */
    CANDIDATE_PAYLOADS = 24             /* after which it is not mail */
};

struct lane {
    const struct port_table *ports;
    struct lane_sink sink;
    struct pool *pool;
    struct flow_table *flows;
    struct dpi *dpi;                    /* made when first needed */
    uint64_t odd_flows;                 /* in the table */
    struct fragments *fragments;        /* made when first needed */
    uint64_t held;                      /* fragments of this source that no whole packet was made of */
    uint64_t clock_ns;                  /* packet time */
    bool ending;                        /* the input has ended */
    uint32_t source;
    struct span trace;                  /* of the session being reported */
    struct lane_counts counts;
};

static void flow_has_ended(void *ctx, struct flow *, bool evicted);

struct lane *lane_new(const struct port_table *ports, size_t memory, const struct lane_sink *sink)
{
    struct lane *l = calloc(1, sizeof *l);
    if (!l || !(l->pool = pool_new(memory)) || !(l->flows = flow_table_new(l->pool, flow_has_ended, l))) {
        lane_free(l);
        return NULL;
    }
    l->ports = ports;
    l->sink = *sink;
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
    fragments_free(l->fragments);
    pool_free(l->pool);
    free(l);
}

struct span lane_trace(const struct lane *l) { return l->trace; }

const struct lane_counts *lane_counts(const struct lane *l) { return &l->counts; }

/* --- the end of a connection --- */

static bool is_mail_flow(const struct lane *l, const struct flow *f)
{
    return port_is_mail(l->ports, f->key.a.port) || port_is_mail(l->ports, f->key.b.port);
}

static unsigned server_of_attempt(const struct lane *l, const struct flow *f)
{
    if (f->syn)
        return f->syn & 1 ? 1 : 0;
    if (f->synack)
        return f->synack & 1 ? 0 : 1;
    return port_is_mail(l->ports, f->key.a.port) ? 0 : 1;
}

static enum attempt_outcome outcome_of(const struct flow *f, unsigned server)
{
    if (!f->syn && !f->synack)
        return ATTEMPT_TAIL;
    if (!f->synack)
        return flow_bit(f->rst, server) ? ATTEMPT_REFUSED : ATTEMPT_UNANSWERED;
    return flow_bit(f->acked, !server) ? ATTEMPT_EMPTY : ATTEMPT_HALF_OPEN;
}

static void report_attempt(struct lane *l, const struct flow *f)
{
    unsigned server = server_of_attempt(l, f);
    struct attempt a = {
        .first_ns = f->first_ns,
        .server_port = flow_endpoint(f, server)->port,
        .outcome = (uint8_t)outcome_of(f, server),
    };
    if (l->sink.attempt)
        l->sink.attempt(l->sink.ctx, &a);
}

static void report_session(struct lane *l, struct flow *f, struct talk *t, bool evicted)
{
    bool input_ended = evicted || (l->ending && !flow_is_closed(f));
    dpi_drop(l->dpi, &t->dpi);
    talk_end(t, l->pool, f, l->clock_ns, input_ended);
    t->session.ntunnel = f->ntunnel;
    memcpy(t->session.tunnel, f->tunnel, sizeof t->session.tunnel);
    l->counts.discarded += t->discarded;
    t->candidate = t->candidate && !t->confirmed;
    /* A mail port used by the client for something that turned out to be no mail. */
    if (t->candidate && t->mail_port)
        t->session.facts |= FACT_NOT_MAIL;
    l->trace = span_of(t->trace.bytes, t->trace.bytes ? t->trace.n : 0);
    if (l->sink.session && (!t->candidate || t->mail_port))
        l->sink.session(l->sink.ctx, &t->session);
    l->trace = (struct span){ NULL, 0 };
}

static void flow_has_ended(void *ctx, struct flow *f, bool evicted)
{
    struct lane *l = ctx;
    struct talk *t = f->state;

    l->counts.evicted += evicted;
    if (t) {
        report_session(l, f, t, evicted);
        talk_free(t, l->pool);
        f->state = NULL;
    } else if (!f->payload && is_mail_flow(l, f)) {
        report_attempt(l, f);
    }
    if (!is_mail_flow(l, f))
        l->odd_flows--;
}

/* --- mail on odd ports --- */

/* RFC 7301's registry of protocol names. */
static enum protocol protocol_of_alpn(const struct session *s)
{
    struct span rest = span_of(s->tls.alpn, strlen(s->tls.alpn)), name;
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
    talk_free(t, l->pool);
    f->state = NULL;
    f->dull = true;
    f->unwatched = true;
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
    dpi_drop(l->dpi, &t->dpi);
    if (t->session.protocol == PROTOCOL_UNKNOWN)
        t->session.protocol = (uint8_t)named;
    if (t->work && t->work->dialogue.port_protocol == PROTOCOL_UNKNOWN)
        t->work->dialogue.port_protocol = named;
}

/* Whether a candidate is mail, by its own dialogue, its ALPN, or what nDPI names it. */
static void examine(struct lane *l, struct flow *f, struct talk *t, const struct segment *seg)
{
    enum protocol alpn = protocol_of_alpn(&t->session);

    t->payloads++;
    if (t->work && t->work->dialogue.confirmed) {
        accept_candidate(l, t, PROTOCOL_UNKNOWN);
        return;
    }
    if (alpn) {
        accept_candidate(l, t, alpn);
        return;
    }
    enum dpi_answer answer = t->preamble ? DPI_MORE : ask_dpi(l, t, seg);      /* which would see nothing else */
    enum protocol named = protocol_of_answer(answer);
    if (named && t->work && (t->work->dialogue.greeted || t->work->dialogue.tls.begun)) {
        accept_candidate(l, t, named);
        return;
    }
    bool is_not = answer == DPI_OTHER || (answer == DPI_TLS && t->session.tls.client_hello) || !t->work ||
                  t->payloads >= CANDIDATE_PAYLOADS;
    if (is_not && !t->mail_port)
        drop_talk(l, f, t);
}

/* --- packets --- */

static bool is_mail_segment(const struct lane *l, const struct segment *s)
{
    return port_is_mail(l->ports, s->src.port) || port_is_mail(l->ports, s->dst.port);
}

static bool may_be_odd(const struct lane *l, const struct segment *s)
{
    return !port_is_never(l->ports, s->src.port) && !port_is_never(l->ports, s->dst.port);
}

static struct talk *begin_talk(struct lane *l, struct flow *f, const struct segment *seg, unsigned side)
{
    struct talk *t;
    while (!(t = talk_new(l->pool, l->ports, f, seg, side)))
        if (!flow_evict(l->flows, f))
            return NULL;
    f->state = t;
    return t;
}

static void take_segment(struct lane *l, const struct segment *seg)
{
    bool mail = is_mail_segment(l, seg), make = mail;

    if (!mail) {
        if (!may_be_odd(l, seg))
            return;
        make = talk_could_begin(seg->payload);
        if (!make && !l->odd_flows)
            return;
    }
    uint64_t before = flow_made(l->flows);
    struct flow_hit hit = flow_of(l->flows, seg, make);
    struct flow *f = hit.flow;
    if (!f)
        return;
    if (flow_made(l->flows) != before) {
        f->source = l->source;
        l->odd_flows += !mail;
    }
    if (hit.ignored || f->dull)
        return;
    struct talk *t = f->state;
    if (!t && (!seg->len || !flow_bit(f->payload, hit.side) || !(t = begin_talk(l, f, seg, hit.side))))
        return;
    talk_segment(t, l->pool, f, seg, hit.side, hit.sum);
    if (t->candidate && seg->payload.n)
        examine(l, f, t, seg);
}

/* Whole packets may be fragments of others again; each was made of two or more, so there is an end. */
static enum decode_result take_fragment(struct lane *l, struct segment *seg)
{
    enum decode_result r = DECODE_FRAGMENT;
    struct packet whole;
    unsigned n = 0, all = 0;

    if (!l->fragments && !(l->fragments = fragments_new(FRAGMENTS_MEMORY, &l->counts.fragments)))
        return r;
    while (r == DECODE_FRAGMENT && (n = fragments_take(l->fragments, seg, &whole)) > 0) {
        all += n - 1;
        r = decode_whole(&whole, seg);
    }
    if (r == DECODE_FRAGMENT) {
        l->held++;
        return r;
    }
    uint64_t before = all < l->held ? all : l->held;
    l->held -= before;
    l->counts.decoded[DECODE_FRAGMENT] -= before;
    l->counts.decoded[r] += before;
    if (r == DECODE_TCP)
        take_segment(l, seg);
    return r;
}

void lane_packets(struct lane *l, const struct packet *p, size_t n, uint32_t source)
{
    struct segment seg;
    l->held = source == l->source ? l->held : 0;
    l->source = source;
    for (size_t i = 0; i < n; i++) {
        enum decode_result r = decode(&p[i], &seg);
        l->counts.packets++;
        l->counts.bytes += p[i].data.n;
        l->clock_ns = p[i].ts_ns;
        if (r == DECODE_TCP)
            take_segment(l, &seg);
        else if (r == DECODE_FRAGMENT)
            r = take_fragment(l, &seg);
        l->counts.decoded[r]++;
    }
}

void lane_end(struct lane *l)
{
    l->ending = true;
    flow_end_all(l->flows);
    fragments_clear(l->fragments);
    l->ending = false;
}
