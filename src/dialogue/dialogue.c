#include "dialogue/dialogue.h"

#include "dialogue/first.h"
#include "dialogue/hello_names.h"
#include "proto/tls.h"

enum {
    LINE_LIMIT = 8192,                  /* bytes; of a longer line only the beginning is looked at */
    MAYBE_LIMIT = 8192,                 /* bytes behind a doubtful end of a body that wait for an answer */
    UNSURE_LIMIT = 4096,                /* client bytes kept while no answer makes sense of them */
    LINE_TAIL = 26                      /* bytes at the end of a long line where a literal may be announced */
};
static const uint64_t unanswered_limit_ns = 30000000000;

void dialogue_init(struct dialogue *d, struct session_core *s, struct names **names, struct pool *pool,
                   enum protocol port_protocol, bool midstream)
{
    static const struct dialogue_others none = { .certificates = NULL };
    memset(d, 0, sizeof *d);
    d->s = s;
    d->names = names;
    d->pool = pool;
    d->others = &none;
    d->port_protocol = port_protocol;
    d->midstream = midstream;
    for (unsigned dir = 0; dir < 2; dir++)
        d->in[dir].unsure = d->in[dir].resume = midstream;
}

void dialogue_begins_late(struct dialogue *d)
{
    d->in[TO_CLIENT].lost = d->in[TO_CLIENT].resume = true;
    d->lost_reply = true;
}

void dialogue_trace(struct dialogue *d, size_t room, uint64_t begin_ns)
{
    trace_drop(&d->tracing.t);
    trace_begin_in(&d->tracing.t, d->pool, room, begin_ns);
    d->tracing.described = true;
}

void dialogue_drop(struct dialogue *d)
{
    tls_drop(d);
    trace_drop(&d->tracing.t);
    open_clear(d);
    list_drop(d);
    explicit_bzero(d, sizeof *d);
}

void reach(struct dialogue *d, enum stage stage)
{
    if (d->s->stage < stage)
        d->s->stage = (uint8_t)stage;
}

/* What was taken for a login of mail was none: it is no exposure to be counted. */
static void forget_login(struct dialogue *d)
{
    struct auth_seen *a = &d->s->auth;
    if (a->exposure == EXPOSURE_UNTRIED)
        return;
    a->command = AUTH_COMMAND_NONE;
    a->mechanism = MECHANISM_UNKNOWN;
    a->exposure = EXPOSURE_UNTRIED;
    d->s->facts &= ~(uint32_t)(FACT_AUTH_TRIED | FACT_CREDENTIAL | FACT_EXPOSED | FACT_MAIL);
    if (d->s->stage >= STAGE_AUTH)
        d->s->stage = d->greeted ? STAGE_GREETING : STAGE_CONNECT;
}

void not_mail(struct dialogue *d)
{
    fact(d, FACT_NOT_MAIL);
    forget_login(d);
    d->settled = true;
    d->in[TO_SERVER].reader = d->in[TO_CLIENT].reader = READ_NOTHING;
}

void mail_on_this_port(struct dialogue *d)
{
    if (d->s->port_is_tls && !tls_of(d)->null_suite)        /* which has an incident of its own */
        incident(d, INCIDENT_PLAINTEXT_ON_TLS_PORT);
}

void spoke_mail(struct dialogue *d)
{
    fact(d, FACT_MAIL | FACT_EXPOSED);
    reach(d, STAGE_MAIL);
}

void handed_over(struct dialogue *d)
{
    spoke_mail(d);
    reach(d, STAGE_DONE);
    d->s->messages_clear++;
}

/* --- reading --- */

static size_t read_counted(struct dialogue *d, unsigned dir, struct span in)
{
    struct direction_state *s = &d->in[dir];
    size_t n = in.n < s->left ? in.n : (size_t)s->left;
    s->left -= n;
    if (!s->left) {
        s->reader = READ_LINES;
        d->dialect->counted_done(d, dir);
    }
    return n;
}

/* Where it was cut may be within what announces a literal. */
static void begin_line_rest(struct direction_state *s, struct span in)
{
    s->reader = READ_LINE_REST;
    s->tail_n = (uint8_t)(in.n < sizeof s->tail ? in.n : sizeof s->tail);
    memcpy(s->tail, in.p + in.n - s->tail_n, s->tail_n);
}

static size_t read_line_rest(struct dialogue *d, unsigned dir, struct span in)
{
    struct direction_state *s = &d->in[dir];
    const uint8_t *lf = memchr(in.p, '\n', in.n);
    size_t n = lf ? (size_t)(lf - in.p) + 1 : in.n, keep = n < sizeof s->tail ? n : sizeof s->tail;
    size_t old = s->tail_n + keep > sizeof s->tail ? sizeof s->tail - keep : s->tail_n;

    memmove(s->tail, s->tail + s->tail_n - old, old);
    memcpy(s->tail + old, in.p + n - keep, keep);
    s->tail_n = (uint8_t)(old + keep);
    if (d->dialect->line_rest)
        d->dialect->line_rest(d, dir, span_first(in, n));
    if (!lf)
        return n;
    struct span end;
    struct literal literal;
    s->reader = READ_LINES;
    if (line_parse(span_of(s->tail, s->tail_n), &end) > 0 && d->dialect->literal && literal_announced(end, &literal)) {
        show_literal(d, line_parse(span_skip(in, n > LINE_TAIL ? n - LINE_TAIL : 0), &end) > 0 ? end : span_first(in, 0));
        d->dialect->literal(d, dir, &literal);
    }
    explicit_bzero(s->tail, sizeof s->tail);
    s->tail_n = 0;
    return n;
}

static size_t read_body(struct dialogue *d, unsigned dir, struct span in)
{
    struct direction_state *s = &d->in[dir];
    enum body_end end;
    size_t n = body_skip(&s->body, in, &end);
    if (end != BODY_GOES_ON)
        show_dot_line(d, span_first(in, n));
    if (end == BODY_MAY_END && dir == TO_SERVER) {
        s->reader = READ_BODY_MAYBE;
        s->searched = s->strict_end = 0;
        d->maybe_answered = false;
    } else if (end != BODY_GOES_ON) {
        s->reader = READ_LINES;
        if (dir == TO_SERVER)
            d->body_doubtful = false;
        d->dialect->body_done(d, dir);
    }
    return n;
}

/* Behind a doubtful end the server's answers decide (SMTP smuggling, doc/measurement.md section
 * 5). The bytes behind it wait: for a second answer, which shows that the server took the end
 * and what follows were commands; or for the true end with something new behind the first
 * answer, which shows that it did not. */
static size_t read_body_maybe(struct dialogue *d, struct span in, bool force)
{
    struct direction_state *s = &d->in[TO_SERVER];
    enum body_end end = s->strict_end ? BODY_ENDS : BODY_GOES_ON;

    /* What was searched before is not searched again. */
    while (!s->strict_end && s->searched < in.n) {
        size_t n = body_skip(&s->body, span_skip(in, s->searched), &end);
        s->searched += (uint32_t)n;
        if (n && end != BODY_GOES_ON)
            show_dot_line(d, span_first(in, s->searched));
        if (end == BODY_ENDS)
            s->strict_end = s->searched;
        if (!n || end == BODY_GOES_ON)
            break;
    }
    if (!force && in.n < MAYBE_LIMIT && !(s->strict_end && d->maybe_answered && s->strict_end < in.n))
        return 0;
    s->reader = s->strict_end ? READ_LINES : READ_BODY;
    if (s->strict_end && !d->maybe_answered)
        d->dialect->body_done(d, TO_SERVER);
    return s->strict_end ? s->strict_end : s->searched;
}

/* An answer comes while the end of a body is in doubt, or was lost. True: the client's bytes have
 * to be read again before it. */
static bool answer_ends_body(struct dialogue *d)
{
    struct direction_state *s = &d->in[TO_SERVER];
    if (s->reader == READ_BODY && d->body_doubtful) {
        const struct open_command *last = open_last(d);
        bool before = last && d->now_has_ack && (int32_t)(d->now_ack - last->end) <= 0;
        d->body_doubtful = false;
        s->reader = READ_LINES;
        if (!before)                    /* else the server has read none of it, and answers what came before */
            d->dialect->body_done(d, TO_SERVER);
    } else if (s->reader == READ_BODY_MAYBE) {
        if (!d->maybe_answered) {
            d->maybe_answered = true;
            d->dialect->body_done(d, TO_SERVER);
        } else {
            s->reader = READ_LINES;
            return true;
        }
    }
    return false;
}

/* What is read now are the first n bytes. */
static void place_line(struct dialogue *d, struct span in, size_t n)
{
    d->now_begin = d->now_end - (uint32_t)in.n;
    d->now_end = d->now_begin + (uint32_t)n;
}

static size_t read_stray(struct dialogue *d, unsigned dir, struct span in, size_t n)
{
    place_line(d, in, n);
    trace_line(d, dir, span_first(in, n));
    upgrade_strayed(d, dir);
    return n;
}

static size_t read_line(struct dialogue *d, unsigned dir, struct span in, bool force)
{
    struct span line;
    long used = line_parse(in, &line);
    bool cut = used == PARSE_MORE && (force || in.n >= LINE_LIMIT);

    if (used == PARSE_MORE && !cut)
        return 0;
    if (cut) {
        begin_line_rest(&d->in[dir], in);
        line = span_first(in, in.p[in.n - 1] == '\r' ? in.n - 1 : in.n);      /* only its LF was lost */
        used = (long)in.n;
    }
    if (dir == TO_CLIENT && answer_ends_body(d))
        return 0;
    place_line(d, in, (size_t)used);
    d->behind = span_skip(in, (size_t)used);
    if (d->showing)
        d->showing->thrown = false;
    trace_line(d, dir, line);
    if (dir == TO_SERVER)
        d->dialect->client_line(d, line, cut);
    else
        d->dialect->server_line(d, line, cut);
    if (d->showing && d->showing->thrown)
        show_thrown(d, line);
    d->behind = (struct span){ NULL, 0 };
    return (size_t)used;
}

/* --- beginnings that were not seen --- */

/* The last line, if the bytes end with it; *before: what comes before it. */
static bool last_line(struct span in, struct span *line, size_t *before)
{
    size_t at = 0;
    long used = 0;
    for (*before = 0; (used = line_parse(span_skip(in, at), line)) > 0; at += (size_t)used)
        *before = at;
    if (!at || at != in.n)
        return false;
    line_parse(span_skip(in, *before), line);
    return true;
}

/* Commands at the end of the bytes that were sent at once, so without an answer in between; gives the
 * bytes before them. The first `old` bytes were sent before. */
static size_t before_group(const struct dialect *dialect, struct span in, size_t old)
{
    struct span line;
    size_t at = 0, begin = 0;
    for (long used; (used = line_parse(span_skip(in, at), &line)) > 0; ) {
        bool earlier = at < old;
        at += (size_t)used;
        if (earlier)
            begin = at;
        else if (!dialect->is_command(line))
            return in.n;
    }
    return begin;
}

/* Lines before a ClientHello where its server speaks TLS: the capture began within the request. */
static size_t find_hello(const struct dialogue *d, struct span client, struct span server)
{
    struct tls_header h;
    bool answered = tls_of(d)->begun || (d->in[TO_CLIENT].reader == READ_LINES && tls_header_parse(server, &h) > 0);
    if (!answered && (!d->hear_once || d->in[TO_CLIENT].begun))
        return 0;
    for (size_t i = 1; i < client.n; i++)
        if (client.p[i - 1] == '\n' && client.p[i] == TLS_HANDSHAKE && tls_begins(span_skip(client, i)) == 1)
            return i;
    return 0;
}

size_t dialogue_sync(struct dialogue *d, struct span client, const struct where *client_at, struct span server,
                     const struct where *server_at)
{
    struct span line, answer;
    size_t before;

    if (!d->in[TO_SERVER].unsure || d->in[TO_SERVER].reader != READ_LINES)
        return 0;
    if ((before = find_hello(d, client, server)))
        return before;
    if (!d->dialect)
        return 0;
    if (!server_at->has_ack || server_at->ack != client_at->end || line_parse(server, &answer) <= 0)
        return 0;
    if (!last_line(client, &line, &before) || !d->dialect->is_answer(answer, line))
        return 0;
    bool dot = span_eq(line, ".");
    if (!dot && !d->dialect->is_command(line))
        return 0;
    d->in[TO_SERVER].unsure = d->in[TO_CLIENT].unsure = false;
    d->greeted = d->greeted || !span_starts(answer, "220");
    if (dot) {                          /* the end of a body that was under way */
        d->now_end = client_at->end;
        d->dialect->body_done(d, TO_SERVER);
        return client.n;
    }
    /* A group of commands sent at once counts whole; else what comes before was something else. */
    uint32_t new = client_at->end - client_at->since;
    return before_group(d->dialect, span_first(client, before), new < client.n ? client.n - new : 0);
}

/* --- one direction's bytes --- */

/* Whether the next bytes of a direction are TLS records. PARSE_MORE: too few to tell. */
static long tls_next(const struct dialogue *d, unsigned dir, struct span in)
{
    const struct direction_state *s = &d->in[dir];
    struct tls_header h;

    if (s->reader != READ_LINES || (dir == TO_SERVER && d->sasl.asked))
        return PARSE_BAD;
    long begins = tls_begins(in);
    if (begins == 1 && dir == TO_SERVER)    /* sent without waiting for the go-ahead */
        return d->waits && d->upgrade == UPGRADE_ASKED && !d->hear_once ? PARSE_MORE : 1;
    /* A server speaks TLS to a client that does, and where the client's bytes were not seen. */
    bool answers = tls_of(d)->begun || d->upgrade == UPGRADE_ASKED || d->upgrade == UPGRADE_ACCEPTED ||
                   !d->in[TO_SERVER].begun || d->in[TO_SERVER].lost;
    /* And answers clear text on a TLS port with an alert. */
    answers |= d->s->port_is_tls && !s->begun && in.n && in.p[0] == TLS_ALERT;
    /* A ClientHello may be lost with the SYN that carried it (RFC 7413). */
    bool began_unseen = dir == TO_SERVER && !s->begun && d->in[TO_CLIENT].lost;
    if (s->resume || tls_of(d)->begun || began_unseen || (dir == TO_CLIENT && answers))
        begins = tls_header_parse(in, &h);
    else if (dir == TO_CLIENT)
        return PARSE_BAD;
    return begins;
}

/* Without memory for TLS nothing behind is understood. */
static bool can_read_tls(struct dialogue *d)
{
    if (tls_make(d))
        return true;
    fact(d, FACT_LOST);
    d->in[TO_SERVER].lost = d->in[TO_CLIENT].lost = true;
    d->in[TO_SERVER].reader = d->in[TO_CLIENT].reader = READ_NOTHING;
    return false;
}

static void turn_to_tls(struct dialogue *d, unsigned dir, struct span in)
{
    if (d->two_hundred)                 /* an odd go-ahead, but one */
        upgrade_accepted(d);
    if (d->upgrade == UPGRADE_ASKED && dir == TO_CLIENT)
        upgrade_unanswered(d, d->now_end - (uint32_t)in.n);
    /* The go-ahead was lost, or taken for the answer to something else. */
    if (d->upgrade == UPGRADE_ASKED && (dir == TO_CLIENT || d->in[TO_CLIENT].lost)) {
        d->upgrade = UPGRADE_ACCEPTED;
        open_clear(d);
    }
    if (d->upgrade == UPGRADE_ACCEPTED && dir == TO_CLIENT)
        fact(d, FACT_ACCEPTED);
    tls_note_first(d);
    upgrade_turns(d, dir, in);
    d->tls->begun = true;
    d->waits = false;
    d->in[dir].reader = READ_TLS;
    fact(d, FACT_ATTEMPTED);
    reach(d, STAGE_TLS);
}

/* Behind a beginning that was not seen, or behind lost bytes, what is no text may be the middle
 * of a TLS record: the next record's place is searched. */
static bool resume_in_record(struct dialogue *d, unsigned dir, struct span in)
{
    if (!d->in[dir].resume || first_is_text(in) || first_names_foreign(in) || !can_read_tls(d))
        return false;
    d->in[dir].reader = READ_TLS;
    d->tls->side[dir].resync = true;
    return true;
}

/* Which dialect is spoken, by the first words. False: not known (yet). */
static bool choose_dialect(struct dialogue *d, unsigned dir, struct span in, bool force)
{
    const struct direction_state *s = &d->in[dir];
    enum first_words first = first_words(dir, in, d->port_protocol, &d->dialect);

    if (first == FIRST_MORE && !force && in.n < LINE_LIMIT)
        return false;
    if (first == FIRST_MAIL)
        return true;
    if (first == FIRST_MORE)            /* cut before it said anything */
        d->dialect = dialect_of(d->port_protocol);
    if (d->dialect)
        return true;
    if (first != FIRST_FOREIGN && s->resume && (d->dialect = dialect_of(d->port_protocol)))
        return true;
    d->in[dir].reader = READ_NOTHING;
    if (tls_of(d)->begun)
        tls_not_answered(d);
    else if (dir == TO_CLIENT || first == FIRST_FOREIGN)
        not_mail(d);
    d->foreign = true;
    return false;
}

/* The greeting overrules what the port and the client's first line suggested. */
static bool hear_greeting(struct dialogue *d, struct span in, bool force)
{
    const struct dialect *heard = d->dialect;
    enum first_words first = first_words(TO_CLIENT, in, d->dialect->protocol, &heard);

    if (first == FIRST_MORE)
        return force;
    if (first != FIRST_MAIL) {
        bool mail = has_fact(d, FACT_MAIL) && !has_fact(d, FACT_AUTH_TRIED);   /* a login may be another's: IRC has USER and PASS */
        if (!mail && !tls_of(d)->begun)
            not_mail(d);
        return !has_fact(d, FACT_NOT_MAIL);
    }
    if (heard->protocol != d->dialect->protocol) {
        memset(&d->u, 0, sizeof d->u);
        open_clear(d);
        d->waits = false;
        d->dialect = heard;
    }
    return true;
}

static bool knows_dialect(struct dialogue *d, unsigned dir, struct span in, bool force)
{
    const struct direction_state *s = &d->in[dir];
    if (!d->dialect)
        return choose_dialect(d, dir, in, force);
    if (s->begun || s->resume)
        return true;
    if (dir == TO_CLIENT)
        return hear_greeting(d, in, force);
    if (first_is_foreign(in)) {
        not_mail(d);
        return false;
    }
    d->foreign = !first_is_text_of_client(in, d->dialect);
    return true;
}

static size_t read_clear(struct dialogue *d, unsigned dir, struct span in, bool force)
{
    size_t n;
    if (d->in[dir].reader == READ_LINES && !knows_dialect(d, dir, in, force))
        return d->in[dir].reader == READ_NOTHING ? in.n : 0;
    switch ((enum reader)d->in[dir].reader) {
    case READ_LINES:
        if (dir == TO_SERVER && d->in[dir].unsure)
            return in.n > UNSURE_LIMIT ? in.n - UNSURE_LIMIT : 0;
        if (dir == TO_SERVER && d->waits && !force && !d->hear_once && in.n < LINE_LIMIT)
            return 0;
        if (dir == TO_SERVER)
            d->waits = false;
        n = upgrade_stray(d, dir, in);
        n = n ? read_stray(d, dir, in, n) : read_line(d, dir, in, force);
        d->in[dir].resume = d->in[dir].resume && !n;
        return n;
    case READ_LINE_REST:
        return read_line_rest(d, dir, in);
    case READ_BODY:
        return read_body(d, dir, in);
    case READ_BODY_MAYBE:
        return read_body_maybe(d, in, force);
    case READ_COUNTED:
        return read_counted(d, dir, in);
    case READ_TLS:
    case READ_NOTHING:
        break;
    }
    return in.n;
}

static size_t read_once(struct dialogue *d, unsigned dir, struct span in, bool force)
{
    long tls = tls_next(d, dir, in);

    if (dir == TO_CLIENT && tls < 0 && d->in[dir].reader == READ_LINES && !d->in[dir].begun) {
        tls = tls_is_ssl2_answer(d, in);
        if (tls == PARSE_MORE && force && !tls_of(d)->v2_hello)     /* a byte or two of anything may begin so */
            tls = PARSE_BAD;
    }

    if (d->in[dir].reader == READ_NOTHING)
        return in.n;
    if (tls == PARSE_MORE && !force)
        return 0;
    if (tls > 0 && dir == TO_CLIENT && d->waits && d->upgrade == UPGRADE_ASKED) {
        d->waits = false;               /* the ClientHello comes first */
        return 0;
    }
    if (tls >= 0) {                     /* a cut beginning is one, too */
        if (!can_read_tls(d))
            return in.n;
        turn_to_tls(d, dir, in);
    }
    if (d->in[dir].reader == READ_TLS || (tls < 0 && resume_in_record(d, dir, in)))
        return tls_read(d, dir, in, force);
    return read_clear(d, dir, in, force);
}

size_t dialogue_read(struct dialogue *d, unsigned dir, struct span window, const struct where *at, bool force)
{
    size_t used = 0, n;
    d->now_dir = dir;
    d->now_at = at;
    d->now_ns = d->tracing.t.now_ns = at->ts_ns;
    d->now_ack = at->ack;
    d->now_has_ack = at->has_ack;
    if (d->showing) {
        d->showing->window = window;
        d->showing->end = at->end;
        d->showing->dir = dir;
    }
    reach(d, STAGE_CONNECT);
    while (used < window.n && !d->settled) {
        bool waited = d->waits;
        uint8_t reader = d->in[dir].reader;
        d->now_end = at->end;
        struct span rest = span_skip(window, used);
        long preamble = preamble_read(d, dir, rest, force);
        n = preamble >= 0 ? (size_t)preamble : read_once(d, dir, rest, force);
        if (preamble < 0)
            trace_step(d, dir, reader, n);
        if (n && preamble < 0) {
            if (dir == TO_CLIENT && !d->in[dir].begun)
                preamble_answered(d, rest);
            d->in[dir].begun = true;
        }
        if (d->in[dir].reader != READ_LINES)
            d->in[dir].left_lines = true;
        used += n;
        /* An answer that the client waited for: its bytes come before the next answer. */
        if (!n || (dir == TO_CLIENT && waited && !d->waits))
            break;
    }
    return used;
}

/* With answers nowhere to be heard, what follows a loss may be a literal of these clients. */
static bool may_send_bodies(const struct dialogue *d)
{
    return d->dialect == &imap_dialect || d->dialect == &sieve_dialect;
}

void dialogue_gap(struct dialogue *d, unsigned dir, uint32_t n)
{
    struct direction_state *s = &d->in[dir];
    if (dir == TO_SERVER && preamble_gap(d, n))
        return;
    trace_note(d, TRACE_GAP, dir, 0, n);
    s->lost = true;
    d->lost_since_list = d->lost_since_list || dir == TO_CLIENT;
    s->resume = s->reader == READ_LINES || s->reader == READ_LINE_REST;
    if (s->reader == READ_TLS) {
        tls_gap(d, dir, n);
        return;
    }
    if (s->reader == READ_COUNTED && n <= s->left) {
        s->left -= n;
        if (!s->left) {
            s->reader = READ_LINES;
            d->dialect->counted_done(d, dir);
        }
        return;
    }
    if (s->reader == READ_BODY || s->reader == READ_BODY_MAYBE) {
        s->reader = READ_BODY;
        s->body.within_line = true;     /* a dot line is believed only behind a line end that was seen */
        if (dir == TO_CLIENT)
            d->lost_reply = true;
        else
            d->body_doubtful = true;
        return;
    }
    fact(d, FACT_LOST | (has_fact(d, FACT_FAILED) || tls_of(d)->failed || tls_of(d)->not_answered ? FACT_LOST_SINCE : 0u));
    if (dir == TO_SERVER) {
        d->sasl.asked = false;
        if (d->lost_reply)              /* neither commands nor answers can be counted */
            open_clear(d);
    }
    s->tail_n = 0;
    s->left = 0;
    if (s->reader != READ_NOTHING)
        s->reader = READ_LINES;
    d->list_now = false;
    if (d->dialect)
        d->dialect->lost(d, dir);
    if (dir == TO_CLIENT) {
        d->lost_reply = true;
        d->waits = false;
    } else if (!d->hear_once || may_send_bodies(d)) {
        s->unsure = true;
    }
}

void dialogue_fin(struct dialogue *d, unsigned dir)
{
    trace_note(d, TRACE_FIN, dir, 0, 0);
    if (tls_of(d)->begun)
        tls_fin(d, dir);
}

/* --- the end --- */

static void end_of_request(struct dialogue *d, const struct dialogue_end *e)
{
    bool closed = e->fin[0] || e->fin[1] || e->rst[0] || e->rst[1];
    bool lost = d->in[TO_CLIENT].lost || d->in[TO_SERVER].lost;

    if (d->two_hundred && !tls_of(d)->begun && closed && !lost)
        upgrade_refused(d, d->two_hundred_counts ? ASKED_OFFERED : 0, REFUSED_FOR_GOOD);
    if (tls_of(d)->begun)
        return;
    if (d->upgrade == UPGRADE_ASKED) {
        bool waited = d->unanswered_ns && e->clock_ns > d->unanswered_ns &&
                      e->clock_ns - d->unanswered_ns >= unanswered_limit_ns;
        /* Where no answer can be heard, a client that closes has sent no TLS all the same. */
        bool left = e->fin[TO_SERVER] || e->rst[TO_SERVER];
        if (!lost && (e->seen[TO_CLIENT] ? closed || waited : left))
            fact(d, FACT_FAILED);
    } else if (d->upgrade == UPGRADE_ACCEPTED && closed && !lost) {
        fact(d, FACT_FAILED);
    }
}

void dialogue_end(struct dialogue *d, const struct dialogue_end *e)
{
    if (e->input_ended)
        fact(d, FACT_CUT_SHORT);
    preamble_end(d);
    end_of_request(d, e);
    upgrade_end(d, e);
    if (tls_of(d)->begun)
        tls_end(d, e);
    if (d->foreign && !d->confirmed && !has_fact(d, FACT_ACCEPTED | FACT_TLS_DONE)) {
        fact(d, FACT_NOT_MAIL);
        forget_login(d);
    }
    server_leaves(d);
    /* A conflict showed that the mask hides a real offer, so the mask alone says nothing more; nor was it decrypted. */
    if (d->conflict) {
        d->s->evidence &= ~(3u << 2 * EVIDENCE_MASKED_CAPABILITY | 3u << 2 * EVIDENCE_MASKED_COMMAND |
                            3u << 2 * EVIDENCE_CLEAR_AFTER_ACCEPT);
        d->s->incidents &= ~(uint32_t)INCIDENT_DECRYPTED_MIRROR;
    }
    if (has_fact(d, FACT_TLS_DONE) && has_fact(d, FACT_CREDENTIAL))
        incident(d, INCIDENT_CREDENTIAL_BEFORE_TLS);
    if (has_fact(d, FACT_NOT_MAIL))
        d->s->protocol = PROTOCOL_UNKNOWN;
    else if (d->dialect)
        d->s->protocol = (uint8_t)d->dialect->protocol;
    else
        d->s->protocol = (uint8_t)d->port_protocol;
    trace_end(d, e);
}
