#include "dialogue/tls_dialogue.h"

#include "dialogue/dialogue.h"
#include "dialogue/first.h"
#include "proto/tls.h"

enum {
    FINISHED_LEAST = 45,                /* length field of a 1.3 record with a Finished, CCM_8 */
    ALERT_MOST = 24,                    /* of one with an alert: 19, or 11 with CCM_8 */
    FINISHED_BYTES = 50,                /* client bytes behind the ClientHello, where they are not seen */
    ROW = 3,                            /* records that prove TLS without its handshake */
    MESSAGE_LIMIT = 16384,              /* of a hello put together over records */
    ALERT_UNEXPECTED_MESSAGE = 10, ALERT_ILLEGAL_PARAMETER = 47, ALERT_DECODE_ERROR = 50    /* RFC 8446 6 */
};
static const uint64_t unanswered_limit_ns = 30000000000;

static bool is_1_3(const struct dialogue *d) { return d->s->tls.server_hello && d->s->tls.version == TLS_1_3; }

static void fail(struct dialogue *d)
{
    d->tls->failed = true;
}

void tls_not_answered(struct dialogue *d)
{
    const struct tls_dialogue *x = tls_of(d);
    bool answered = x->server_hello || x->side[TO_CLIENT].begun || (x->v2_hello && d->in[TO_CLIENT].lost);
    if (x->client_hello && !answered && !x->done)
        d->tls->not_answered = true;
}

/* Where the beginning was not seen the port decides, unless mail was heard in clear. */
void tls_note_first(struct dialogue *d)
{
    bool beginning_seen = !d->midstream && !d->in[0].lost && !d->in[1].lost;
    bool clear = beginning_seen ? d->dialect != NULL : !d->s->port_is_tls || d->greeted || d->confirmed;
    if (!tls_of(d)->begun && !clear && d->upgrade != UPGRADE_ACCEPTED && !has_fact(d, FACT_ACCEPTED))
        fact(d, FACT_TLS_FIRST);
}

/* --- handshake messages --- */

static void drop_message(struct dialogue *d, unsigned dir)
{
    struct assembly *a = &d->tls->side[dir].message;
    pool_put(d->pool, a->bytes, a->room);
    *a = (struct assembly){ 0 };
}

void tls_drop(struct dialogue *d)
{
    if (!d->tls)
        return;
    drop_message(d, TO_SERVER);
    drop_message(d, TO_CLIENT);
    pool_put(d->pool, d->tls, sizeof *d->tls);
    d->tls = NULL;
}

const struct tls_dialogue tls_none;

bool tls_make(struct dialogue *d)
{
    if (!d->tls && (d->tls = pool_get(d->pool, sizeof *d->tls)))
        memset(d->tls, 0, sizeof *d->tls);
    return d->tls != NULL;
}

/* Makes room for a message of which `room` bytes are wanted, and which goes on in the next record.
 * False: it is too long, or there is no memory; it is passed over. */
static bool begin_message(struct dialogue *d, unsigned dir, const struct tls_message_header *h, uint32_t room)
{
    struct assembly *a = &d->tls->side[dir].message;
    if (room > MESSAGE_LIMIT || !(a->bytes = pool_get(d->pool, room)))
        return false;
    a->room = room;
    a->len = h->len;
    a->type = h->type;
    return true;
}

/* Adds to the message being put together and gives the bytes behind it. */
static struct span add_to_message(struct dialogue *d, unsigned dir, struct span in, bool whole)
{
    struct assembly *a = &d->tls->side[dir].message;
    struct span part = span_first(in, a->room - a->n);

    show(d, part);
    memcpy(a->bytes + a->n, part.p, part.n);
    a->n += (uint32_t)part.n;
    if (a->n == a->room || !whole) {
        d->tls->side[dir].message_left = a->len - a->n;
        tls_take_message(d, dir, a->type, span_of(a->bytes, a->n), a->len);
        drop_message(d, dir);
    }
    return span_skip(in, part.n);
}

/* A message's header has been read; gives the bytes behind what is there of the message. */
static struct span begin_body(struct dialogue *d, unsigned dir, struct span in, bool whole)
{
    struct tls_side *s = &d->tls->side[dir];
    struct tls_message_header h;

    tls_message_parse(span_of(s->head, sizeof s->head), &h);
    s->head_n = 0;
    uint32_t part = tls_wants_message(dir, h.type) ? tls_wanted_part(h.type, in, h.len) : 0;
    if (part && in.n < part && whole && begin_message(d, dir, &h, part))
        return in.n ? add_to_message(d, dir, in, true) : in;
    if (part)
        show(d, span_first(in, part));
    if (part && (in.n >= part || !whole))
        tls_take_message(d, dir, h.type, span_first(in, part), h.len);
    s->message_left = h.len;
    return in;
}

/* The handshake messages of one clear record; each, and its header too, may begin in an earlier
 * one (RFC 8446 section 5.1). `whole` is false for a record whose end was cut off: what there is of
 * a hello is read. */
static void take_handshake(struct dialogue *d, unsigned dir, struct span in, bool whole)
{
    struct tls_side *s = &d->tls->side[dir];
    uint64_t cut = whole ? 0 : s->skip;

    while (in.n) {
        if (s->message.bytes) {
            in = add_to_message(d, dir, in, whole);
        } else if (s->message_left) {
            size_t n = in.n < s->message_left ? in.n : s->message_left;
            s->message_left -= (uint32_t)n;
            in = span_skip(in, n);
        } else {
            show(d, span_first(in, 1));
            s->head[s->head_n++] = in.p[0];
            in = span_skip(in, 1);
            if (s->head_n == sizeof s->head)
                in = begin_body(d, dir, in, whole);
        }
    }
    if (!whole) {                       /* more messages may have lain in what was cut off */
        s->head_n = 0;
        s->message_left = s->message_left > cut ? s->message_left - (uint32_t)cut : 0;
    }
}

/* --- records --- */

static bool settles(struct dialogue *d)
{
    return d->tls->done && !d->tls->null_suite && (!is_1_3(d) || d->tls->client_later || d->tls->server_later);
}

static bool acked_server_hello(const struct dialogue *d)
{
    return !d->now_has_ack || (int32_t)(d->now_ack - d->tls->server_hello_end) >= 0;
}

/* TLS 1.3: everything behind the hellos is of type 23 (or a ChangeCipherSpec for old boxes). */
static void client_record_1_3(struct dialogue *d, const struct tls_header *h)
{
    struct tls_dialogue *x = d->tls;

    if (!acked_server_hello(d))
        return;                         /* early data */
    if (!x->client_answered) {
        x->client_answered = true;
        /* EndOfEarlyData is as small as an alert; only the ClientHello tells. What was lost may have been a Finished. */
        bool whole = x->client_hello && x->hello_whole && !x->side[TO_SERVER].lost;
        if (h->len <= ALERT_MOST && whole && !x->early_data) {
            x->client_refused = x->alerted = true;
            fail(d);
        }
    }
    if (h->len >= FINISHED_LEAST && !x->client_refused) {
        if (!x->client_finished) {
            x->client_finished = true;
            x->client_finished_ack = d->now_ack;
        } else if (d->now_has_ack && (int32_t)(d->now_ack - x->client_finished_ack) > 0) {
            x->client_later = true;     /* a later flight: it has read what the server said */
        }
        if (!x->client_later)
            x->client_finished_end = d->now_end;
    } else if (h->len <= ALERT_MOST && x->client_finished) {
        x->client_ended = true;
    }
}

static void server_record_1_3(struct dialogue *d, const struct tls_header *h)
{
    struct tls_dialogue *x = d->tls;
    bool later = x->client_finished &&
                 (!d->now_has_ack || (int32_t)(d->now_ack - x->client_finished_end) >= 0);

    if (h->len >= FINISHED_LEAST)
        x->server_flight = true;
    if (h->len <= ALERT_MOST && !x->client_refused)
        x->alerted = true;
    if (!later)
        return;
    if (h->len > ALERT_MOST)
        x->server_later = true;
    else if (!x->client_ended)
        x->server_small_later = true;
}

/* Where the ServerHello is not seen: early data, known or behind the cut of a hello, is what a client
 * sends before it has received anything. */
static bool may_be_early(const struct dialogue *d)
{
    const struct tls_dialogue *x = d->tls;
    bool received = d->now_has_ack && (int32_t)(d->now_ack - x->hello_ack) > 0;
    return (x->early_data || !x->hello_whole) && !received;
}

static void encrypted_record(struct dialogue *d, unsigned dir, const struct tls_header *h)
{
    struct tls_dialogue *x = d->tls;
    struct tls_side *s = &x->side[dir];

    if (d->tracing.records[dir] < TRACED_RECORDS) {
        d->tracing.records[dir]++;
        trace_note(d, TRACE_RECORD, dir, h->type, h->len);
    }
    if (s->row < ROW && ++s->row == ROW)
        s->row_reached = true;
    bool is_long = h->type == TLS_DATA ? h->len > ALERT_MOST : h->type == TLS_HANDSHAKE;
    if (dir == TO_CLIENT && is_long && d->now_has_ack && x->first_server_ack_known &&
        (int32_t)(d->now_ack - x->first_server_ack) >= FINISHED_BYTES)
        x->server_covered = true;
    if (h->type != TLS_DATA)
        return;
    if (is_1_3(d)) {
        if (dir == TO_SERVER)
            client_record_1_3(d, h);
        else
            server_record_1_3(d, h);
        if (x->client_finished && x->server_flight && !x->failed)
            x->done = true;
    } else if (dir == TO_SERVER && h->len >= FINISHED_LEAST && x->client_hello && !x->server_hello && !may_be_early(d)) {
        x->client_finished = true;      /* counts where the ServerHello was lost */
    }
}

/* Section 5, tls_blocked: how a client answers a ServerHello that was mangled on its way. (Servers answer an alert with
 * one of their own, which says nothing more.) */
static bool tells_mangled(const struct tls_dialogue *x, unsigned dir, struct span body)
{
    bool first = x->side[TO_CLIENT].begun && !x->side[TO_SERVER].ccs && !x->client_answered;
    return dir == TO_SERVER && first && body.n == 2 &&
           (body.p[1] == ALERT_UNEXPECTED_MESSAGE || body.p[1] == ALERT_ILLEGAL_PARAMETER || body.p[1] == ALERT_DECODE_ERROR);
}

static void alert_record(struct dialogue *d, unsigned dir, const struct tls_header *h, struct span body)
{
    struct tls_dialogue *x = d->tls;
    struct tls_side *s = &x->side[dir];

    x->alerted |= !tells_mangled(x, dir, body) && !(dir == TO_CLIENT && x->client_refused);
    if (s->ccs && !is_1_3(d)) {         /* encrypted; behind both Finished it changes nothing */
        encrypted_record(d, dir, h);
        return;
    }
    bool fatal = body.n == 2 && body.p[0] == 2;
    if (body.n == 2)
        show(d, body);
    if (body.n == 2)
        trace_note(d, TRACE_ALERT, dir, body.p[1], body.p[0]);
    if (x->done && !is_1_3(d))
        return;
    if (fatal || (is_1_3(d) && dir == TO_SERVER && !x->client_finished)) {
        if (dir == TO_SERVER)
            x->client_refused = true;
        if (!x->done || (is_1_3(d) && !x->client_later && !x->server_later)) {
            x->done = false;
            fail(d);
        }
    }
}

static void ccs_record(struct dialogue *d, unsigned dir)
{
    trace_note(d, TRACE_CCS, dir, 0, 0);
    d->tls->side[dir].ccs = true;
    d->tls->side[dir].ccs_just = true;
}

/* Up to TLS 1.2: the record behind a ChangeCipherSpec is the encrypted Finished. */
static void finished_record(struct dialogue *d, unsigned dir)
{
    struct tls_dialogue *x = d->tls;
    x->side[dir].finished = true;
    if (x->side[!dir].finished && !x->failed && !x->null_suite && !is_1_3(d))
        x->done = true;
}

/* A hello that fills its record: behind the ChangeCipherSpec that TLS 1.3 sends for old boxes the
 * hellos of a second try are still in clear (RFC 8446 appendix D.4). */
static bool is_hello_record(unsigned dir, const struct tls_header *h, struct span body)
{
    struct tls_message_header m;
    return tls_message_parse(body, &m) > 0 && m.type == (dir == TO_SERVER ? TLS_CLIENT_HELLO : TLS_SERVER_HELLO) &&
           m.len + TLS_MESSAGE_HEADER == h->len;
}

static bool is_clear_handshake(const struct dialogue *d, unsigned dir, const struct tls_header *h, struct span body)
{
    return h->type == TLS_HANDSHAKE && (!d->tls->side[dir].ccs || is_hello_record(dir, h, body));
}

/* Without encryption the dialogue goes on in the records: its whole lines are read until they
 * have shown what the session is. */
static void null_record(struct dialogue *d, unsigned dir, struct span body)
{
    struct span line;
    struct direction_state saved = d->in[dir];
    if (!d->dialect)
        d->dialect = dialect_of(d->port_protocol);
    if (!d->dialect || has_fact(d, FACT_EXPOSED))
        return;
    d->upgrade = UPGRADE_NONE;
    for (long used; (used = line_parse(body, &line)) > 0; body = span_skip(body, (size_t)used)) {
        if (dir == TO_SERVER)
            d->dialect->client_line(d, line, false);
        else
            d->dialect->server_line(d, line, false);
    }
    d->in[dir] = saved;
}

static void take_record(struct dialogue *d, unsigned dir, const struct tls_header *h, struct span body, bool whole)
{
    struct tls_side *s = &d->tls->side[dir];
    bool just = s->ccs_just;

    s->begun = true;
    s->ccs_just = false;
    if (dir == TO_CLIENT)
        d->tls->not_answered = false;
    if (dir == TO_CLIENT && !d->tls->first_server_ack_known && d->now_has_ack) {
        d->tls->first_server_ack = d->now_ack;
        d->tls->first_server_ack_known = true;
    }
    switch (h->type) {
    case TLS_CCS:
        show(d, span_first(body, 1));
        ccs_record(d, dir);
        break;
    case TLS_ALERT:
        alert_record(d, dir, h, body);
        break;
    case TLS_HANDSHAKE:
        if (is_clear_handshake(d, dir, h, body)) {
            s->ccs = false;
            take_handshake(d, dir, body, whole);
            break;
        }
        if (just && d->tls->null_suite)
            d->tls->side[dir].finished = true;
        else if (just)
            finished_record(d, dir);
        encrypted_record(d, dir, h);
        break;
    case TLS_DATA:
        if (d->tls->null_suite)
            null_record(d, dir, body);
        else
            encrypted_record(d, dir, h);
        break;
    default:                            /* heartbeat */
        break;
    }
    if (settles(d)) {
        fact(d, FACT_TLS_DONE);
        d->settled = true;
    }
}

/* --- bytes --- */

long tls_is_ssl2_answer(struct dialogue *d, struct span in)
{
    bool unseen = !d->in[TO_SERVER].begun || d->in[TO_SERVER].lost;
    if ((!tls_of(d)->v2_hello && !unseen) || !in.n || !(in.p[0] & 0x80))
        return PARSE_BAD;
    /* The message type; session-id-hit and certificate-type, which are 0 or 1; the version. */
    static const uint8_t most[] = { SSL2_SERVER_HELLO, 1, 1, SSL_2 >> 8, SSL_2 & 0xff };
    for (size_t i = 0; i < sizeof most; i++) {
        if (in.n <= i + 2)
            return PARSE_MORE;
        if (in.p[i + 2] > most[i] || (in.p[i + 2] != most[i] && i != 1 && i != 2))
            return PARSE_BAD;
    }
    if (!tls_make(d))
        return PARSE_BAD;
    d->tls->ssl2 = true;
    return 1;
}

/* Behind a hello of SSLv2's form whose answer was not seen: CLIENT-MASTER-KEY is none of TLS. */
static long is_ssl2_key(struct dialogue *d, unsigned dir, struct span in)
{
    const struct tls_dialogue *x = d->tls;
    if (dir != TO_SERVER || !x->v2_hello || x->server_hello || x->ssl2 || !in.n || !(in.p[0] & 0x80))
        return PARSE_BAD;
    if (in.n < 3)
        return PARSE_MORE;
    return in.p[2] == SSL2_CLIENT_MASTER_KEY ? 1 : PARSE_BAD;
}

/* The SSLv2 form of a ClientHello: two bytes of length, then the message. */
static size_t read_v2_hello(struct dialogue *d, struct span in, bool force)
{
    struct tls_client_hello h;
    size_t n = in.n >= 2 ? (load_be16(in.p) & 0x7fffu) + 2u : 0;
    if ((!n || in.n < n) && !force)
        return 0;
    if (tls_v2_hello_parse(span_first(in, n), &h)) {
        show(d, span_first(in, n));
        d->tls->side[TO_SERVER].begun = true;
        d->tls->v2_hello = true;
        tls_note_client_hello(d, &h);
    }
    return n && n < in.n ? n : in.n;
}

/* SSLv2 (draft-hickman-netscape-ssl): done with CLIENT-MASTER-KEY and a further record of each
 * side. The type of a message is seen in those that are sent in clear. */
static size_t read_ssl2(struct dialogue *d, unsigned dir, struct span in, bool force)
{
    struct tls_dialogue *x = d->tls;
    struct ssl2_header h;
    long used = ssl2_header_parse(in, &h);

    if (used == PARSE_BAD)
        return in.n;
    if (used == PARSE_MORE || in.n < (size_t)used + 1)
        return force ? in.n : 0;
    uint8_t type = in.p[used];
    show(d, span_first(in, (size_t)used + 1));
    bool hello = dir == TO_CLIENT && !x->server_hello && type == SSL2_SERVER_HELLO;
    if (hello && in.n < (size_t)used + h.len && !force)
        return 0;
    if (hello) {
        show(d, span_first(in, (size_t)used + h.len));
        tls_note_certificate(d, ssl2_certificate(span_first(span_skip(in, (size_t)used), h.len)));
        x->server_hello = d->s->tls.server_hello = true;
        d->s->tls.version = d->s->tls.server_max = SSL_2;
        trace_note(d, TRACE_SERVER_HELLO, dir, TRACE_HELLO_SSL2, SSL_2);
    } else if (dir == TO_SERVER && !x->ssl2_key && type == SSL2_CLIENT_MASTER_KEY) {
        x->ssl2_key = true;
    } else if (x->ssl2_key) {
        x->side[dir].finished = true;
    }
    if (d->tracing.records[dir] < TRACED_RECORDS && type != SSL2_SERVER_HELLO) {
        d->tracing.records[dir]++;
        trace_note(d, TRACE_RECORD, dir, 0, h.len);
    }
    x->side[dir].begun = true;
    x->side[dir].skip = (uint64_t)used + h.len;
    if (x->side[0].finished && x->side[1].finished && x->server_hello) {
        x->done = true;
        fact(d, FACT_TLS_DONE);
        d->settled = true;
    }
    size_t n = in.n < x->side[dir].skip ? in.n : (size_t)x->side[dir].skip;
    x->side[dir].skip -= n;
    return n;
}

/* Offset of the next record header in bytes whose record borders are unknown: a header is
 * believed when the one behind it, as far as there is one, is a header too. */
static size_t find_record(struct span in, bool *found)
{
    struct tls_header h, next;
    for (size_t i = 0; i + TLS_HEADER <= in.n; i++) {
        struct span at = span_skip(in, i);
        if (tls_header_parse(at, &h) <= 0 || h.type == TLS_HEARTBEAT)
            continue;
        if (tls_header_parse(span_skip(at, (size_t)TLS_HEADER + h.len), &next) == PARSE_BAD)
            continue;
        *found = true;
        return i;
    }
    *found = false;
    return in.n < TLS_HEADER ? 0 : in.n - TLS_HEADER + 1;
}

static size_t search_record(struct dialogue *d, unsigned dir, struct span in, bool force)
{
    struct tls_side *s = &d->tls->side[dir];
    bool found;
    size_t n = find_record(in, &found);
    s->row = 0;
    if (!found)
        return force ? in.n : n;
    tls_note_first(d);
    d->tls->begun = true;
    fact(d, FACT_ATTEMPTED);
    reach(d, STAGE_TLS);
    s->resync = false;
    s->lost = true;
    return n ? n : tls_read(d, dir, in, force);
}

static bool client_rule(const struct tls_dialogue *x)
{
    return (x->side[TO_SERVER].ccs && x->side[TO_SERVER].finished) || x->client_finished;
}

/* Whether the handshake may have been completed in what was not seen; tls_end() decides. A server may say
 * in clear that it lost a client that has left (Exim's 421). */
static bool may_be_done(const struct dialogue *d)
{
    const struct tls_dialogue *x = d->tls;
    bool unseen = false;
    for (unsigned i = 0; i < 2; i++)
        unseen |= x->side[i].lost || d->in[i].lost || !d->in[i].begun;
    return x->done || (unseen && (x->server_covered || client_rule(x) || x->side[TO_CLIENT].finished));
}

/* What begins like no record where one must begin. */
static size_t not_a_record(struct dialogue *d, unsigned dir, struct span in)
{
    struct tls_side *s = &d->tls->side[dir];
    if (s->lost || d->midstream) {
        s->resync = true;
        s->row = 0;
        return 1;
    }
    if (!may_be_done(d))
        fail(d);
    s->off = true;
    d->in[dir].reader = d->dialect ? READ_LINES : READ_NOTHING;
    return d->dialect ? 0 : in.n;
}

size_t tls_read(struct dialogue *d, unsigned dir, struct span in, bool force)
{
    struct tls_side *s = &d->tls->side[dir];
    struct tls_header h;

    if (s->skip) {
        size_t n = in.n < s->skip ? in.n : (size_t)s->skip;
        s->skip -= n;
        return n;
    }
    long key = is_ssl2_key(d, dir, in);
    if (key == PARSE_MORE && !force)
        return 0;
    d->tls->ssl2 = d->tls->ssl2 || key == 1;
    if (key == 1 || (d->tls->ssl2 && !s->begun))
        s->resync = false;
    if (s->resync)
        return search_record(d, dir, in, force);
    if (d->tls->ssl2)
        return read_ssl2(d, dir, in, force);
    if (dir == TO_SERVER && !s->begun && in.n && in.p[0] & 0x80)
        return read_v2_hello(d, in, force);
    long used = tls_header_parse(in, &h);
    if (used == PARSE_MORE)
        return force ? in.n : 0;
    if (used == PARSE_BAD)
        return not_a_record(d, dir, in);
    struct span body = span_first(span_skip(in, TLS_HEADER), h.len);
    bool needs_body = is_clear_handshake(d, dir, &h, body) || h.type == TLS_ALERT || d->tls->null_suite;
    bool whole = body.n == h.len;
    bool undecided = h.type == TLS_HANDSHAKE && s->ccs && body.n < TLS_MESSAGE_HEADER && !whole;
    if ((needs_body || undecided) && !whole && !force)
        return 0;
    /* Behind the record, whose end may still be to come. */
    d->now_end = d->now_end - (uint32_t)in.n + TLS_HEADER + h.len;
    s->skip = h.len - body.n;
    show(d, span_first(in, TLS_HEADER));
    take_record(d, dir, &h, body, whole);
    return TLS_HEADER + body.n;
}

void tls_gap(struct dialogue *d, unsigned dir, uint32_t n)
{
    struct tls_side *s = &d->tls->side[dir];
    drop_message(d, dir);
    if (n <= s->skip) {                 /* within a record whose length is known */
        s->skip -= n;
        return;
    }
    if (dir == TO_CLIENT && !s->skip && d->tls->client_finished && !d->tls->client_ended) {
        if (n <= TLS_HEADER + ALERT_MOST)
            d->tls->server_small_later = true;   /* too little for anything longer */
        else if (n > 2 * (TLS_HEADER + ALERT_MOST))
            d->tls->server_later = true;         /* too much for an alert */
    }
    s->skip = 0;
    s->message_left = 0;
    s->head_n = 0;
    s->lost = true;
    s->resync = true;
    s->row = 0;
    if (!d->tls->done)
        fact(d, FACT_LOST);
}

void tls_fin(struct dialogue *d, unsigned dir)
{
    if (dir == TO_SERVER && d->tls->client_finished)
        d->tls->client_ended = true;
}

/* --- the end --- */

/* One direction only, or a lost ServerHello. */
static bool completed_unseen(const struct dialogue *d, const struct dialogue_end *e)
{
    const struct tls_dialogue *x = d->tls;
    if (x->null_suite || x->failed)
        return false;
    if (!e->payload[TO_CLIENT])
        return client_rule(x);
    if (!e->payload[TO_SERVER])         /* in mid-stream its first record may be any: a row has to prove it */
        return (x->server_hello || !d->midstream) && x->server_covered;
    bool lost = x->side[TO_CLIENT].lost || d->in[TO_CLIENT].lost;
    return !x->server_hello && lost && client_rule(x) && x->server_covered;
}

static bool rows_reached(const struct dialogue *d, const struct dialogue_end *e)
{
    const struct tls_dialogue *x = d->tls;
    bool lost = d->midstream || x->side[0].lost || x->side[1].lost || d->in[0].lost || d->in[1].lost;
    if (!lost || x->failed || x->null_suite)
        return false;
    /* Where the handshake was seen its own rules hold, unless records were lost behind it: the
     * server's flight is a row, too, and proves nothing by itself. */
    if ((x->client_hello || x->server_hello) && !x->side[0].lost && !x->side[1].lost)
        return false;
    if (x->server_hello && !e->payload[TO_SERVER])
        return false;
    for (unsigned dir = 0; dir < 2; dir++)
        if (e->payload[dir] && !x->side[dir].row_reached)
            return false;
    return true;
}

/* A refused client certificate: section 3, TLS 1.3. */
static bool refused_later(const struct tls_dialogue *x, const struct dialogue_end *e)
{
    return !x->server_later && !x->client_later && x->server_small_later && (e->fin[TO_CLIENT] || e->rst[TO_CLIENT]);
}

/* Of a client that was not seen: whether it sent enough for a Finished. */
static bool may_have_finished(const struct tls_dialogue *x, const struct dialogue_end *e)
{
    return !e->payload[TO_SERVER] && x->first_server_ack_known &&
           (int32_t)(e->acks[TO_CLIENT] - x->first_server_ack) >= FINISHED_BYTES;
}

static bool failure_seen(const struct dialogue *d, const struct dialogue_end *e)
{
    const struct tls_dialogue *x = d->tls;
    bool lost = x->side[0].lost || x->side[1].lost || d->in[0].lost || d->in[1].lost;
    bool handshake_seen = !d->midstream || x->client_hello || x->server_hello;
    bool both = e->payload[0] && e->payload[1];

    if (x->failed)
        return true;
    if (lost || !handshake_seen || may_have_finished(x, e))
        return false;
    /* One side's early data, records of SSLv2, or the Finished of a server that resumes, do not tell how it went on. */
    if ((!both && (x->ssl2 || x->early_data || x->side[TO_CLIENT].finished)) || d->in[TO_SERVER].unsure)
        return false;
    if (e->fin[0] || e->fin[1] || e->rst[0] || e->rst[1])
        return true;
    return x->client_hello && !x->side[TO_CLIENT].begun && e->seen[TO_CLIENT] && e->clock_ns > x->hello_ns &&
           e->clock_ns - x->hello_ns >= unanswered_limit_ns;
}

void tls_end(struct dialogue *d, const struct dialogue_end *e)
{
    struct tls_dialogue *x = d->tls;

    if (x->not_answered)
        fail(d);
    if (!x->done && (completed_unseen(d, e) || rows_reached(d, e)))
        x->done = true;
    if (x->done && is_1_3(d) && refused_later(x, e)) {
        x->done = false;
        fail(d);
    }
    if (x->done) {
        fact(d, FACT_TLS_DONE);
        if (d->s->tls.server_hello && d->s->tls.version < TLS_1_2)
            incident(d, INCIDENT_DEPRECATED_TLS);
    } else if (failure_seen(d, e)) {
        fact(d, FACT_FAILED | (x->alerted ? FACT_ALERTED : 0u));
    }
}
