#include "store/session_row.h"

#include "base/digest.h"
#include "store/schema.h"
#include "verdict/verdict.h"

#include <stdio.h>

enum { COMMUNITY_TEXT = 29, VLANS_TEXT = SESSION_VLANS * 6, TUNNELS_TEXT = SESSION_TUNNELS * 8 };

const char *session_row_rule(const struct judgement *j)
{
    return j->rule < verdict_rules_n ? verdict_rules[j->rule].name : "unknown";
}

/* Community ID v1 with seed 0 (github.com/corelight/community-id-spec): SHA-1 over the seed, both
 * addresses, protocol, a zero, both ports, the smaller end first. Without the padding "=". */
static void community_id(const struct session_core *s, char out[COMMUNITY_TEXT])
{
    bool client_first = endpoint_cmp(&s->client, &s->server) < 0;
    const struct endpoint *a = client_first ? &s->client : &s->server;
    const struct endpoint *b = client_first ? &s->server : &s->client;
    size_t skip = endpoint_is_v4(a) && endpoint_is_v4(b) ? 12 : 0;
    uint8_t seed[2] = { 0, 0 }, hash[20];
    uint8_t tail[6] = { 6, 0, (uint8_t)(a->port >> 8), (uint8_t)a->port,
                        (uint8_t)(b->port >> 8), (uint8_t)b->port };
    struct span parts[] = {
        span_of(seed, sizeof seed), span_of(a->addr + skip, 16 - skip), span_of(b->addr + skip, 16 - skip),
        span_of(tail, sizeof tail)
    };

    digest_sha1(parts, sizeof parts / sizeof *parts, hash);
    base64_text(span_of(hash, sizeof hash), out, COMMUNITY_TEXT);
    out[COMMUNITY_TEXT - 2] = 0;
}

static const char *vlans(const struct session_core *s, char out[VLANS_TEXT])
{
    int n = 0;
    out[0] = 0;
    for (unsigned i = 0; i < s->nvlan && i < SESSION_VLANS; i++)
        n += snprintf(out + n, VLANS_TEXT - (size_t)n, n ? " %u" : "%u", (unsigned)s->vlan[i]);
    return out;
}

static const char *tunnels(const struct session_core *s, char out[TUNNELS_TEXT])
{
    int n = 0;
    out[0] = 0;
    for (unsigned i = 0; i < s->ntunnel && i < SESSION_TUNNELS; i++)
        n += snprintf(out + n, TUNNELS_TEXT - (size_t)n, "%s%s", n ? " " : "",
                      tunnel_word((enum tunnel)s->tunnel[i]));
    return out;
}

static int64_t reply_of(const struct session_core *s)
{
    return s->starttls_reply == STARTTLS_REPLY_CODE && s->starttls_code >= 100 ? s->starttls_code
                                                                               : s->starttls_reply;
}

int64_t session_row_strip(const struct judgement *j) { return j->allowed ? STRIP_ALLOWED : (int64_t)j->grade; }

/* 0 is none. */
static void bind_ref(struct binder *b, int64_t n)
{
    if (n)
        bind_int(b, n);
    else
        bind_null(b);
}

static void bind_judged(struct binder *b, const struct session_row *row)
{
    const struct session_core *s = row->session;
    bind_int(b, s->protocol);
    bind_int(b, row->judgement->hop);
    bind_int(b, row->direction);
    bind_int(b, row->judgement->verdict);
    bind_int(b, row->rule);
    bind_int(b, s->stage);
    bind_int(b, row->strip);
    bind_int(b, s->facts);
    bind_int(b, s->evidence);
    bind_int(b, s->incidents);
    bind_int(b, s->marks);
    bind_int(b, (s->odd_port ? 1 : 0) | (s->port_is_tls ? 2 : 0));
}

static void bind_attributes(struct binder *b, const struct session_row *row)
{
    const struct session_core *s = row->session;
    bind_ref(b, row->refs->profile);
    bind_ref(b, row->refs->sni);
    bind_int(b, reply_of(s));
    if (s->auth.list_seen)
        bind_int(b, s->auth.offered);
    else
        bind_null(b);
    bind_ref(b, row->refs->others);
    bind_int(b, s->auth.command);
    bind_int(b, s->auth.mechanism);
    bind_ref(b, row->refs->mechanism);
    bind_int(b, s->auth.exposure);
    bind_int(b, s->messages_clear);
}

/* In the order of the parameters in the file. */
int session_row_add(sqlite3_stmt *stmt, const struct session_row *row)
{
    const struct session_core *s = row->session;
    uint64_t lasted = s->last_ns / 1000 > s->first_ns / 1000 ? s->last_ns / 1000 - s->first_ns / 1000 : 0;
    char community[COMMUNITY_TEXT] = "", vlan[VLANS_TEXT], tunnel[TUNNELS_TEXT];
    struct binder b = binder_of(stmt);

    bind_int(&b, row->id);
    bind_int(&b, row->sensor);
    bind_int(&b, row->database);
    bind_int(&b, s->source);
    bind_int(&b, (int64_t)(s->first_ns / 1000));
    bind_int(&b, (int64_t)lasted);
    bind_int(&b, row->refs->client);
    bind_int(&b, s->client.port);
    bind_int(&b, row->refs->server);
    bind_judged(&b, row);
    bind_attributes(&b, row);
    bind_int(&b, (int64_t)s->packets[TO_SERVER]);
    bind_int(&b, (int64_t)s->packets[TO_CLIENT]);
    bind_int(&b, (int64_t)s->bytes[TO_SERVER]);
    bind_int(&b, (int64_t)s->bytes[TO_CLIENT]);
    bind_text(&b, vlans(s, vlan));
    bind_text(&b, tunnels(s, tunnel));
    if (row->community)
        community_id(s, community);
    bind_text(&b, community);
    bind_ref(&b, row->refs->proxy_client);
    if (s->proxied)
        bind_int(&b, row->refs->proxy_client_port);
    else
        bind_null(&b);
    bind_ref(&b, row->refs->proxy_server);
    bind_ref(&b, row->refs->certificate);
    bind_ref(&b, row->refs->fingerprint);
    bind_ref(&b, s->server_ttl);
    bind_ref(&b, s->forged_ttl);
    bind_ref(&b, s->client_name);
    return bound_run(&b);
}
