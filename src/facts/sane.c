#include "facts/sane.h"

#include <stddef.h>
#include <string.h>

static bool time_is_sane(uint64_t ns) { return ns <= INT64_MAX; }

/* Read as bytes: a bool that holds anything else must not be read as one. */
static bool is_bool(const bool *b)
{
    unsigned char byte;
    memcpy(&byte, b, 1);
    return byte <= 1;
}

/* Ended within its room, and of printable ASCII. */
static bool is_text(const char *text, size_t room)
{
    size_t n = strnlen(text, room);
    for (size_t i = 0; i < n; i++)
        if (text[i] < 0x20 || text[i] > 0x7e)
            return false;
    return n < room;
}

static bool bools_are_sane(const struct session *s)
{
    const bool *const all[] = {
        &s->odd_port, &s->port_is_tls, &s->proxied, &s->auth.list_seen, &s->tls.client_hello, &s->tls.server_hello,
        &s->tls.pq_offered, &s->tls.pq, &s->tls.resumed, &s->tls.downgraded, &s->tls.alpn_chosen,
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!is_bool(all[i]))
            return false;
    return true;
}

static bool words_are_sane(const struct session *s)
{
    return s->protocol < PROTOCOL_N && s->stage < STAGE_N && s->starttls_reply < STARTTLS_REPLY_N &&
           s->auth.command < AUTH_COMMAND_N && s->auth.mechanism < MECHANISM_N && s->auth.exposure < EXPOSURE_N &&
           s->client_name < CLIENT_NAME_N;
}

static bool bits_are_sane(const struct session *s)
{
    _Static_assert(2 * EVIDENCE_N < 32 && MECHANISM_N < 32, "bits of a word");
    return s->facts >> FACT_N == 0 && s->evidence >> 2 * EVIDENCE_N == 0 && s->incidents >> INCIDENT_N == 0 &&
           s->marks >> MARK_N == 0 && s->auth.offered >> MECHANISM_N == 0;
}

static bool texts_are_sane(const struct session *s)
{
    const struct session_names *n = &s->names;
    return is_text(n->sni, sizeof n->sni) && is_text(n->alpn, sizeof n->alpn) && is_text(n->ja4, sizeof n->ja4) &&
           is_text(n->mechanism, sizeof n->mechanism) && is_text(n->offered_others, sizeof n->offered_others);
}

static bool tags_are_sane(const struct session *s)
{
    if (s->nvlan > SESSION_VLANS || s->ntunnel > SESSION_TUNNELS)
        return false;
    for (unsigned i = 0; i < s->ntunnel; i++)
        if (s->tunnel[i] >= TUNNEL_N)
            return false;
    return true;
}

/* Sums of these must stay far from the end of a signed number. */
static bool counters_are_sane(const uint64_t n[2]) { return n[0] >> 56 == 0 && n[1] >> 56 == 0; }

bool session_is_sane(const struct session *s)
{
    return time_is_sane(s->first_ns) && time_is_sane(s->last_ns) && bools_are_sane(s) && words_are_sane(s) &&
           bits_are_sane(s) && texts_are_sane(s) && tags_are_sane(s) && counters_are_sane(s->packets) &&
           counters_are_sane(s->bytes);
}

bool session_counts_are_sane(const struct session_counts *c)
{
    return time_is_sane(c->last_ns) && counters_are_sane(c->packets) && counters_are_sane(c->bytes) &&
           (c->marks & ~(uint32_t)SESSION_COUNTED_MARKS) == 0 && is_bool(&c->unchanged);
}

bool attempt_is_sane(const struct attempt *a) { return time_is_sane(a->first_ns) && a->outcome < ATTEMPT_N; }

bool certificate_is_sane(const struct certificate *c)
{
    return is_bool(&c->self_signed) && is_text(c->subject, sizeof c->subject) && is_text(c->issuer, sizeof c->issuer);
}

bool server_name_is_sane(const struct server_name *n)
{
    char same[SERVER_NAME_TEXT];
    size_t length = strnlen(n->text, sizeof n->text);
    return n->source < NAME_SOURCE_N && length < sizeof n->text && host_name_read(span_of(n->text, length), same) &&
           strcmp(same, n->text) == 0;
}
