#include "report/explain_lines.h"

#include "facts/mechanism.h"
#include "facts/names.h"

#include <stdarg.h>
#include <stdio.h>

struct state {
    struct dialogue_line l;
    bool open;                          /* a line is being put together */
    bool imap;
    void (*tell)(void *ctx, const struct dialogue_line *);
    void *ctx;
};

/* --- words --- */

static const struct {
    unsigned number;
    const char *name;
} alerts[] = {                          /* IANA registry of TLS alerts */
    { 0, "close_notify" }, { 10, "unexpected_message" }, { 20, "bad_record_mac" }, { 21, "decryption_failed" },
    { 22, "record_overflow" }, { 30, "decompression_failure" }, { 40, "handshake_failure" }, { 41, "no_certificate" },
    { 42, "bad_certificate" }, { 43, "unsupported_certificate" }, { 44, "certificate_revoked" },
    { 45, "certificate_expired" }, { 46, "certificate_unknown" }, { 47, "illegal_parameter" }, { 48, "unknown_ca" },
    { 49, "access_denied" }, { 50, "decode_error" }, { 51, "decrypt_error" }, { 52, "too_many_cids_requested" },
    { 60, "export_restriction" }, { 70, "protocol_version" }, { 71, "insufficient_security" }, { 80, "internal_error" },
    { 86, "inappropriate_fallback" }, { 90, "user_canceled" }, { 100, "no_renegotiation" },
    { 109, "missing_extension" }, { 110, "unsupported_extension" }, { 111, "certificate_unobtainable" },
    { 112, "unrecognized_name" }, { 113, "bad_certificate_status_response" }, { 114, "bad_certificate_hash_value" },
    { 115, "unknown_psk_identity" }, { 116, "certificate_required" }, { 117, "general_error" },
    { 120, "no_application_protocol" }, { 121, "ech_required" },
};

static const char *alert_name(unsigned number)
{
    for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
        if (alerts[i].number == number)
            return alerts[i].name;
    return "unknown";
}

static const char *version_name(unsigned number)
{
    for (size_t i = 0; i < tls_version_names_n; i++)
        if (tls_version_names[i].number == number)
            return tls_version_names[i].name;
    return "an unknown version";
}

#define S(id, word) word,
static const char *const statuses[TRACE_STATUS_N] = { TRACE_STATUSES(S) };
#undef S

/* --- the text of a line --- */

__attribute__((format(printf, 2, 3))) static void say(struct dialogue_line *l, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(l->text + l->n, LINE_TEXT - l->n, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= LINE_TEXT - l->n) {
        l->text[l->n] = 0;
        l->cut = true;
        return;
    }
    l->n += (size_t)n;
}

/* Thousands apart: 1,204. */
static void say_number(struct dialogue_line *l, uint32_t n)
{
    if (n >= 1000000000)
        say(l, "%u,%03u,%03u,%03u", n / 1000000000, n / 1000000 % 1000, n / 1000 % 1000, n % 1000);
    else if (n >= 1000000)
        say(l, "%u,%03u,%03u", n / 1000000, n / 1000 % 1000, n % 1000);
    else if (n >= 1000)
        say(l, "%u,%03u", n / 1000, n % 1000);
    else
        say(l, "%u", n);
}

static void say_bytes(struct dialogue_line *l, uint32_t n)
{
    say_number(l, n);
    say(l, n == 1 ? " byte" : " bytes");
}

static void say_length(struct dialogue_line *l, const char *before, uint32_t n)
{
    say(l, "%s<", before);
    say_bytes(l, n);
    say(l, ">");
}

static void say_status(struct dialogue_line *l, uint32_t word)
{
    uint32_t status = word & 15, form = word & ~15u;
    say(l, "%s%s", form == TRACE_UNTAGGED ? "* " : form == TRACE_TAGGED ? "tag " : "",
        status < TRACE_STATUS_N ? statuses[status] : "?");
}

static void say_body(struct dialogue_line *l, const struct trace_event *e)
{
    unsigned kind = e->word & 15;
    if (kind == TRACE_BODY_SECRET) {
        say(l, "literal, <secret>");
    } else {
        say(l, kind == TRACE_BODY_LITERAL ? "literal, " : kind == TRACE_BODY_NOISE ? "no mail, " :
               e->dir == TO_SERVER ? "message, " : "lines of the answer, ");
        say_bytes(l, e->number);
    }
    if (e->word & TRACE_BODY_OPEN)
        say(l, ", its end not seen");
}

static void say_hello(struct dialogue_line *l, const struct trace_event *e)
{
    if (e->kind == TRACE_CLIENT_HELLO) {
        say(l, "TLS ClientHello");
        if (e->number)
            say(l, ", up to %s", version_name(e->number));
        say(l, e->word == TRACE_HELLO_SSL2    ? ", in the form of SSLv2"
               : e->word == TRACE_HELLO_EARLY ? ", early data" : "");
    } else if (e->word == TRACE_HELLO_RETRY) {
        say(l, "TLS HelloRetryRequest");
    } else {
        say(l, e->word == TRACE_HELLO_SSL2 ? "SSLv2 SERVER-HELLO" : "TLS ServerHello, ");
        if (e->word != TRACE_HELLO_SSL2)
            say(l, "%s", version_name(e->number));
    }
}

static void say_end(struct dialogue_line *l, uint32_t how)
{
    if (how & TRACE_END_SETTLED)
        say(l, "(settled: what follows was not read)");
    else if ((how & TRACE_END_RST_CLIENT) && (how & TRACE_END_RST_SERVER))
        say(l, "(reset by both ends)");
    else if (how & (TRACE_END_RST_CLIENT | TRACE_END_RST_SERVER))
        say(l, "(reset by the %s)", how & TRACE_END_RST_SERVER ? "server" : "client");
    else if (how & TRACE_END_INPUT)
        say(l, "(the capture ends, the connection was open)");
    else if (how & (TRACE_END_FIN_CLIENT | TRACE_END_FIN_SERVER))
        say(l, "(the connection has ended)");
    else
        say(l, "(nothing more was said)");
}

static void say_mask(struct dialogue_line *l, const struct trace_event *e)
{
    const char *keyword = (e->number & 255) == 4 ? "STLS" : (e->number & 255) == 8 ? "STARTTLS" : NULL;
    uint32_t n = e->number & 255, kept = e->number >> 8;
    char filler = (char)(e->word & 255), last = (char)(e->word >> 8 & 255), text[64];

    /* What the reader of masks takes for one is in these; a database may hold anything. */
    if (n < 3 || n >= sizeof text || !filler || !last || !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ*#.?_-", filler) ||
        !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ*#.?_-", last)) {
        say_length(l, l->n ? " " : "", n);
        return;
    }
    for (uint32_t i = 0; i + 1 < n; i++)
        text[i] = keyword && (kept >> i & 1) ? keyword[i] : filler;
    text[n - 1] = last;
    say(l, "%s%.*s", l->n ? " " : "", (int)n, text);
}

/* --- lines --- */

static void begin_line(struct state *s, const struct trace_event *e)
{
    struct dialogue_line *l = &s->l;

    switch (e->kind) {
    case TRACE_COMMAND:
        say(l, "%s%s", s->imap ? "tag " : "", trace_word(e->word) ? trace_word(e->word) : "<unknown command>");
        if (e->number)
            say_length(l, " ", e->number);
        break;
    case TRACE_LINE:
        say(l, e->dir == TO_SERVER ? "<unknown line, up to " : "<other line, ");
        say_bytes(l, e->number);
        say(l, ">");
        break;
    case TRACE_PROXY:
        say(l, "PROXY header");
        break;
    case TRACE_REST:
        say(l, e->dir == TO_SERVER ? "goes on, <up to " : "goes on, <");
        say_bytes(l, e->number);
        say(l, ">");
        break;
    case TRACE_RESPONSE:
        say(l, e->word == TRACE_RESPONSE_CANCELLED ? "* (cancels)"
               : e->word == TRACE_RESPONSE_EMPTY   ? "<empty response>" : "<secret>");
        break;
    case TRACE_REPLY:
        say(l, "%03u", e->number);
        break;
    case TRACE_STATUS:
        say_status(l, e->word);
        break;
    case TRACE_DATA:
        say(l, "* %s", trace_word(e->word) ? trace_word(e->word) : "<other data>");
        if (e->number)
            say_length(l, " ", e->number);
        break;
    case TRACE_BODY:
        say_body(l, e);
        break;
    case TRACE_CLIENT_HELLO:
    case TRACE_SERVER_HELLO:
        say_hello(l, e);
        break;
    case TRACE_CCS:
        say(l, "TLS ChangeCipherSpec");
        break;
    case TRACE_ALERT:
        say(l, "TLS alert, %s: %s (%u)", e->number == 2 ? "fatal" : "warning", alert_name(e->word), e->word);
        break;
    case TRACE_RECORD:
        if (e->word)
            say(l, "TLS record, encrypted, type %u, ", e->word);
        else
            say(l, "SSLv2 record, ");
        say_bytes(l, e->number);
        break;
    case TRACE_GAP:
        say(l, "(");
        say_bytes(l, e->number);
        say(l, " lost)");
        break;
    case TRACE_WAY:
        say(l, "(what begins at byte %u came with TTL %u, all else with TTL %u", e->number, e->word & 255, e->word >> 8 & 255);
        say(l, e->word >> 16 & 1 ? ", and its IP number, clock or window is not theirs)" : ")");
        break;
    case TRACE_CONFLICT:
        say(l, "(a second copy of what was said here says something else)");
        break;
    case TRACE_FIN:
        say(l, "(closes)");
        break;
    case TRACE_END:
        say_end(l, e->word);
        break;
    default:                            /* the others begin no line */
        break;
    }
}

static void offered(struct state *s, const char *word, const char *before)
{
    if (word)
        say(&s->l, "%s%s", s->l.n ? before : before + 1, word);
    else
        s->l.others++;
}

static void mechanism(struct state *s, const struct trace_event *e)
{
    bool known = e->word < MECHANISM_N && e->word > MECHANISM_NAMED;
    if (e->dir != TO_SERVER) {
        offered(s, known ? mechanisms[e->word].name : NULL, s->imap ? " AUTH=" : " ");
    } else if (known) {
        say(&s->l, " %s", mechanisms[e->word].name);
    } else {
        say(&s->l, " <mechanism, up to ");
        say_bytes(&s->l, e->number);
        say(&s->l, ">");
    }
}

/* Bytes of a direction by their numbers, or the first one's alone. */
static void say_range(struct dialogue_line *l, const struct trace_event *e)
{
    say(l, "%u", e->word);
    if (e->number)
        say(l, "-%u", e->word + e->number - 1);
}

static void add_to_line(struct state *s, const struct trace_event *e)
{
    struct dialogue_line *l = &s->l;
    switch (e->kind) {
    case TRACE_SECRET:
        say(l, " <secret>");
        break;
    case TRACE_MECHANISM:
        mechanism(s, e);
        break;
    case TRACE_ENHANCED:
        say(l, " %u.%u.%u", e->number / 1000000, e->number / 1000 % 1000, e->number % 1000);
        break;
    case TRACE_TEXT:
        say_length(l, " ", e->number);
        break;
    case TRACE_CODE:
        if (trace_word(e->word))
            say(l, " [%s]", trace_word(e->word));
        else
            say_length(l, " ", e->number);
        break;
    case TRACE_OFFER:
        offered(s, trace_word(e->word), " ");
        break;
    case TRACE_MASK:
        if (l->kind == TRACE_LINE)
            l->n = 0;                   /* it is what the line was */
        say_mask(l, e);
        break;
    case TRACE_LINES:
        say(l, ", ");
        say_number(l, e->number);
        say(l, e->number == 1 ? " more line" : " more lines");
        break;
    case TRACE_REPEATED:
        say(l, ", and so ");
        say_number(l, e->number);
        say(l, e->number == 1 ? " time more" : " times more");
        break;
    case TRACE_BYTES:
        say(l, e->number ? " (bytes " : " (from byte ");
        say_range(l, e);
        l->placed = true;
        break;
    case TRACE_SEGMENT:
        say(l, e->number ? "; segment " : "; segment from ");
        say_range(l, e);
        break;
    case TRACE_FACT:
        if (e->word < FACT_N)
            l->facts |= 1u << e->word;
        break;
    case TRACE_EVIDENCE:
        if (e->word < EVIDENCE_N)
            evidence_add(&l->evidence, (enum evidence)e->word, (enum grade)(e->number & 3));
        break;
    case TRACE_INCIDENT:
        if (e->word < INCIDENT_N)
            l->incidents |= 1u << e->word;
        break;
    default:
        break;
    }
}

static void end_line(struct state *s)
{
    struct dialogue_line *l = &s->l;
    if (!s->open)
        return;
    if (l->placed)
        say(l, ")");
    if (l->others)
        say(l, "%s%u other word%s", l->n ? ", " : "", l->others, l->others == 1 ? "" : "s");
    if (l->cut)
        memcpy(l->text + (l->n < LINE_TEXT - 5 ? l->n : LINE_TEXT - 5), " ...", 5);
    s->tell(s->ctx, l);
    s->open = false;
}

static void open_line(struct state *s, const struct trace_event *e)
{
    end_line(s);
    s->l = (struct dialogue_line){ .ms = e->ms, .kind = (enum trace_kind)e->kind,
                                   .side = e->kind == TRACE_END || e->kind == TRACE_LEFT_OUT ? SIDE_BOTH
                                           : e->dir == TO_SERVER ? SIDE_CLIENT : SIDE_SERVER };
    s->open = true;
}

/* Words of a list may come behind something that the other side said meanwhile. */
static bool needs_own_line(const struct state *s, const struct trace_event *e)
{
    bool word = e->kind == TRACE_OFFER || e->kind == TRACE_MASK || e->kind == TRACE_MECHANISM || e->kind == TRACE_LINES;
    return !s->open || (word && e->dir == TO_CLIENT && s->l.side != SIDE_SERVER);
}

static void take_event(struct state *s, const struct trace_event *e)
{
    if (e->kind == TRACE_LEFT_OUT) {
        open_line(s, e);
        say(&s->l, "(");
        say_number(&s->l, e->number);
        say(&s->l, e->number == 1 ? " line is not in the stored trace)" : " lines are not in the stored trace)");
    } else if (trace_begins_line(e)) {
        open_line(s, e);
        begin_line(s, e);
    } else {
        if (needs_own_line(s, e))
            open_line(s, e);
        add_to_line(s, e);
    }
}

bool explain_lines(struct span trace, bool imap, void (*line)(void *ctx, const struct dialogue_line *), void *ctx)
{
    struct trace_reader r;
    struct trace_event e;
    struct state s = { .imap = imap, .tell = line, .ctx = ctx };

    if (!trace_read(&r, trace))
        return false;
    while (trace_next(&r, &e))
        take_event(&s, &e);
    end_line(&s);
    return !r.c.bad;
}

void explain_when(struct span trace, struct known_when *k)
{
    struct trace_reader r;
    struct trace_event e;

    for (unsigned i = 0; i < FACT_N; i++)
        k->fact[i] = NOT_SEEN;
    for (unsigned i = 0; i < EVIDENCE_N; i++)
        k->evidence[i] = NOT_SEEN;
    for (unsigned i = 0; i < INCIDENT_N; i++)
        k->incident[i] = NOT_SEEN;
    if (!trace_read(&r, trace))
        return;
    while (trace_next(&r, &e)) {
        int64_t ms = e.ms < 0 ? 0 : e.ms;
        if (e.kind == TRACE_FACT && e.word < FACT_N && k->fact[e.word] < 0)
            k->fact[e.word] = ms;
        else if (e.kind == TRACE_EVIDENCE && e.word < EVIDENCE_N)
            k->evidence[e.word] = ms;   /* of its highest grade */
        else if (e.kind == TRACE_INCIDENT && e.word < INCIDENT_N && k->incident[e.word] < 0)
            k->incident[e.word] = ms;
    }
}
