#include "aggregate/retries.h"

#include <stdio.h>

static const uint64_t second_ns = 1000000000, retry_ns = 600 * second_ns, day_ns = 86400 * second_ns,
                      week_ns = 7 * day_ns, ms_ns = 1000000;
enum { LASTED_MOST = INT32_MAX };

bool retries_open(struct retries *r, const struct finding_sink *sink)
{
    r->sink = *sink;
    bool pairs = recent_open(&r->pairs, sizeof(struct retry_key), sizeof(struct retry_pair), RETRY_PAIRS);
    bool clients = recent_open(&r->clients, sizeof ((struct retry_client *)0)->client, sizeof(struct retry_client), RETRY_CLIENTS);
    bool servers = recent_open(&r->servers, offsetof(struct retry_server, done_ns), sizeof(struct retry_server), RETRY_SERVERS);
    return pairs && clients && servers;
}

void retries_close(struct retries *r)
{
    recent_close(&r->pairs);
    recent_close(&r->clients);
    recent_close(&r->servers);
}

void retries_clear(struct retries *r)
{
    recent_clear(&r->pairs);
    recent_clear(&r->clients);
    recent_clear(&r->servers);
}

/* --- what a session was --- */

static uint16_t name_of(const struct session *s)
{
    uint16_t name = (uint16_t)(s->hello_name >> 48);
    return s->hello_name && !name ? 1 : name;
}

/* Names are compared where both show one. */
static bool names_agree(uint16_t a, uint16_t b) { return !a || !b || a == b; }

static bool is_broken(const struct session *s, enum verdict v)
{
    bool tls = (s->facts & FACT_ACCEPTED) || ((s->facts & FACT_TLS_FIRST) && s->port_is_tls);
    return v == VERDICT_TLS_FAILED && tls && !(s->incidents & INCIDENT_COMMAND_INJECTION);
}

static bool went_clear(const struct session *s)
{
    return (s->facts & (FACT_MAIL | FACT_CREDENTIAL)) && !(s->facts & (FACT_TLS_DONE | FACT_NOT_MAIL));
}

/* Where bytes were lost there may have been an alert, or an upgrade. */
static bool has_holes(const struct session *s)
{
    return (s->marks & (MARK_ONE_SIDED | MARK_GAP | MARK_MIDSTREAM | MARK_TRUNCATED)) ||
           (s->facts & (FACT_LOST | FACT_LOST_SINCE));
}

/* --- clients and servers by themselves --- */

/* The cipher suites, which are the same in each hello of one program: the middle part of JA4. */
static uint64_t suites_of(const struct session *s)
{
    uint64_t suites = 0;
    const char *part = strchr(s->names.ja4, '_');
    for (unsigned i = 1; part && i <= 12 && part[i]; i++)
        suites = suites << 5 ^ suites >> 59 ^ (uint8_t)part[i];
    return suites;
}

/* So far that it is no lane's order, but a capture of an earlier time. */
static bool lies_ahead(uint64_t ns, const struct session *s) { return ns > s->last_ns + day_ns; }

static void forget(struct recent *table, void *entry)
{
    memset((uint8_t *)entry + table->key, 0, table->entry - table->key);
    recent_change(table, entry);
}

static uint64_t later(uint64_t a, uint64_t b) { return a > b ? a : b; }

/* Rounded up. */
static uint32_t lasted_ms(const struct session *s)
{
    uint64_t ms = s->last_ns > s->first_ns ? (s->last_ns - s->first_ns + ms_ns - 1) / ms_ns : 0;
    return ms < LASTED_MOST ? (uint32_t)ms : LASTED_MOST;
}

static uint64_t end_of(const struct retry_broken *b) { return b->first_ns + b->lasted_ms * ms_ns; }
static uint32_t up_to_s(uint64_t ns) { return (uint32_t)((ns + second_ns - 1) / second_ns); }

uint64_t retry_pair_last(const struct retry_pair *p) { return later(end_of(&p->broken[0]), p->clear[0].first_ns); }

uint64_t retry_server_last(const struct retry_server *e)
{
    return later(e->done_ns, later(e->blamed[0].at_ns, e->blamed[1].at_ns));
}

static void note_client(struct retries *r, const struct session *s)
{
    uint64_t suites = suites_of(s);
    uint16_t name = name_of(s);

    if (!suites && !name)
        return;
    struct retry_client *c = recent_get(&r->clients, s->client.addr);
    if (lies_ahead(c->last_ns, s))
        forget(&r->clients, c);
    if ((suites && c->suites && suites != c->suites) || !names_agree(name, c->name))
        c->unlike_ns = s->last_ns;
    c->last_ns = s->last_ns > c->last_ns ? s->last_ns : c->last_ns;
    c->suites = suites ? suites : c->suites;
    c->name = name ? name : c->name;
    if ((s->facts & FACT_TLS_DONE) && s->last_ns > c->done_ns) {
        c->done_ns = s->last_ns;
        c->done_name = name;
    }
}

static struct retry_server server_key(const uint8_t address[16], uint16_t port)
{
    struct retry_server key = { .port = port };
    memcpy(key.server, address, sizeof key.server);
    return key;
}

static void note_server(struct retries *r, const struct session *s)
{
    const struct retry_server key = server_key(s->server.addr, s->server.port);
    if (!(s->facts & FACT_TLS_DONE))
        return;
    struct retry_server *e = recent_get(&r->servers, &key);
    if (lies_ahead(retry_server_last(e), s))
        forget(&r->servers, e);
    e->done_ns = s->last_ns > e->done_ns ? s->last_ns : e->done_ns;
}

/* --- a client and a server --- */

static struct retry_key key_of(const struct session *s)
{
    struct retry_key key = { .protocol = s->protocol };
    memcpy(key.client, s->client.addr, sizeof key.client);
    memcpy(key.server, s->server.addr, sizeof key.server);
    return key;
}

/* That the input ended behind the failure hides nothing: whoever was silent for so long has nothing more to say. */
static void add_broken(struct retry_pair *p, const struct session *s, int64_t row)
{
    struct retry_broken *last = &p->broken[RETRY_BROKEN - 1];
    if (last->row && last->alerted && up_to_s(end_of(last)) > p->alerted_s)
        p->alerted_s = up_to_s(end_of(last));
    memmove(p->broken + 1, p->broken, sizeof p->broken - sizeof *p->broken);
    p->broken[0] = (struct retry_broken){ .first_ns = s->first_ns, .lasted_ms = lasted_ms(s) & LASTED_MOST, .row = row,
                                          .name = name_of(s), .port = s->server.port,
                                          .alerted = (s->facts & FACT_ALERTED) || has_holes(s) };
}

static bool counts_as_clear(const struct retry_clear *c) { return c->row && c->grade < GRADE_LIKELY && !c->stripped; }

static void add_clear(struct retry_pair *p, const struct session *s, int64_t row)
{
    struct retry_clear *last = &p->clear[RETRY_CLEAR - 1];
    if (counts_as_clear(last) && last->first_ns / second_ns > p->clear_s)
        p->clear_s = (uint32_t)(last->first_ns / second_ns);
    memmove(p->clear + 1, p->clear, sizeof p->clear - sizeof *p->clear);
    p->clear[0] = (struct retry_clear){ .first_ns = s->first_ns, .row = row, .name = name_of(s),
                                        .doubtful = has_holes(s) || (s->facts & FACT_CUT_SHORT), .stripped = evidence_highest(s->evidence) >= GRADE_LIKELY,
                                        .declined = (s->facts & FACT_OFFERED) && !(s->facts & FACT_REQUESTED) };
}

/* Whether a session in clear came after a broken one, within ten minutes of its end. */
static bool follows(const struct retry_clear *c, const struct retry_broken *b)
{
    return b->row && b->first_ns < c->first_ns && c->first_ns <= end_of(b) + retry_ns && names_agree(b->name, c->name);
}

/* The broken one that it names: the last of them. */
static const struct retry_broken *broken_before(const struct retry_pair *p, const struct retry_clear *c)
{
    const struct retry_broken *found = NULL;
    for (unsigned i = 0; i < RETRY_BROKEN; i++)
        if (follows(c, &p->broken[i]) && (!found || p->broken[i].first_ns > found->first_ns))
            found = &p->broken[i];
    return found;
}

static bool any_alerted(const struct retry_pair *p, const struct retry_clear *c)
{
    for (unsigned i = 0; i < RETRY_BROKEN; i++)
        if (follows(c, &p->broken[i]) && p->broken[i].alerted)
            return true;
    return p->alerted_s && c->first_ns <= p->alerted_s * second_ns + retry_ns;
}

/* In the day before this, when TLS broke, or since. */
static bool was_clear_before(const struct retry_pair *p, const struct retry_clear *c, uint64_t broke_ns)
{
    uint64_t older_ns = p->clear_s * second_ns;
    for (unsigned i = 0; i < RETRY_CLEAR; i++)
        if (counts_as_clear(&p->clear[i]) && p->clear[i].first_ns < c->first_ns &&
            p->clear[i].first_ns + day_ns >= broke_ns)
            return true;
    return older_ns && older_ns < c->first_ns && older_ns + day_ns >= broke_ns;
}

/* Within a day it went clear though nothing had broken: so it does, or somebody else who has this address. One that has
 * a grade followed a broken session that may have given way by now. */
static bool declined_since(const struct retry_pair *p, const struct retry_clear *c)
{
    for (unsigned i = 0; i < RETRY_CLEAR; i++) {
        const struct retry_clear *since = &p->clear[i];
        if (since->row && since->declined && since->first_ns > c->first_ns && since->first_ns <= c->first_ns + day_ns &&
            names_agree(since->name, c->name) && since->grade == GRADE_NONE && !broken_before(p, since))
            return true;
    }
    return false;
}

static bool client_can(struct retries *r, const struct retry_pair *p, const struct retry_clear *c,
                       const struct retry_broken *b)
{
    const struct retry_client *known = recent_find(&r->clients, p->key.client);
    if (!known || !known->done_ns || known->done_ns + week_ns < c->first_ns)
        return false;
    return known->unlike_ns + week_ns < c->first_ns || !known->unlike_ns || (c->name && b->name == c->name && known->done_name == c->name);
}

static bool server_can(const struct retry_server *e, const struct retry_clear *c)
{
    return e && e->done_ns && e->done_ns + week_ns >= c->first_ns;
}

static uint32_t network_of(const struct retry_pair *p)
{
    uint8_t network[16];
    memcpy(network, p->key.client, sizeof network);
    address_truncate(network);
    return finding_network(network);
}

/* The same with clients of another network: then it is the server, or one of those behind its address. */
static bool others_blocked(const struct retry_server *e, uint32_t network, const struct retry_clear *c)
{
    for (unsigned i = 0; i < RETRY_BLAMED; i++)
        if (e->blamed[i].at_ns && e->blamed[i].network != network && e->blamed[i].at_ns + day_ns >= c->first_ns &&
            e->blamed[i].at_ns <= c->first_ns + day_ns)
            return true;
    return false;
}

/* True: it was not known before. */
static bool blame(struct retry_server *e, uint32_t network, uint64_t at_ns)
{
    unsigned oldest = 0;
    for (unsigned i = 0; i < RETRY_BLAMED; i++) {
        if (e->blamed[i].at_ns && e->blamed[i].network == network) {
            e->blamed[i].at_ns = at_ns > e->blamed[i].at_ns ? at_ns : e->blamed[i].at_ns;
            return false;
        }
        if (e->blamed[i].at_ns < e->blamed[oldest].at_ns)
            oldest = i;
    }
    e->blamed[oldest].at_ns = at_ns;
    e->blamed[oldest].network = network;
    return true;
}

/* What the client does when nothing breaks. */
static const char *doubt_of_client(const struct retry_pair *p, const struct retry_clear *c, uint64_t broke_ns)
{
    if (was_clear_before(p, c, broke_ns))
        return "this client went clear before";
    if (declined_since(p, c))
        return "this client went clear later, too, when TLS was offered and none had broken";
    return NULL;
}

/* Why it is no more than possible, or NULL. */
static const char *doubt(struct retries *r, const struct retry_pair *p, const struct retry_clear *c,
                         const struct retry_broken *b)
{
    const struct retry_server key = server_key(p->key.server, b->port);
    const struct retry_server *e = recent_find(&r->servers, &key);

    if (any_alerted(p, c))
        return "an alert was seen, or may have been lost";
    if (c->doubtful)
        return "not all of this session was captured";
    const char *client = doubt_of_client(p, c, b->first_ns);
    if (client)
        return client;
    if (!server_can(e, c))
        return "no handshake with this server is known to have completed in the last seven days";
    if (!client_can(r, p, c, b))
        return "it is not known that this client's own TLS works";
    if (others_blocked(e, network_of(p), c))
        return "clients of other networks had the same, so it may be the server";
    return NULL;
}

static void write_words(struct finding *f, const struct retry_clear *c, const struct retry_broken *b, const char *why_not)
{
    char broke[FINDING_TIME], back[FINDING_TIME];
    finding_time(end_of(b), broke);
    finding_time(c->first_ns, back);
    snprintf(f->words, sizeof f->words,
             "TLS broke in session %lld, on port %u, at %s, and the same client came back in clear in session %lld at %s; %s%s",
             (long long)b->row, (unsigned)b->port, broke, (long long)c->row, back, why_not ? "but " : "",
             why_not ? why_not : "no alert was seen, and handshakes of both this server and this client completed in the last seven days");
}

/* The broken one has given way to newer ones. */
static void write_fewer_words(struct finding *f, const struct retry_clear *c, const char *why_not)
{
    char back[FINDING_TIME];
    finding_time(c->first_ns, back);
    snprintf(f->words, sizeof f->words, "TLS broke, and the same client came back in clear in session %lld at %s; but %s",
             (long long)c->row, back, why_not);
}

static void judge_one(struct retries *r, struct retry_pair *p, struct retry_clear *c, int64_t now, uint64_t at_ns,
                      struct finding *out)
{
    if (c->row != now && c->first_ns + day_ns < at_ns)  /* of older ones it was known already what was to be known */
        return;
    const struct retry_broken *b = broken_before(p, c);
    const char *why_not = b ? doubt(r, p, c, b) : doubt_of_client(p, c, c->first_ns - retry_ns);
    enum grade grade = why_not ? GRADE_POSSIBLE : GRADE_LIKELY;

    if (grade == c->grade || (!b && grade > c->grade))  /* without what it was judged by it can only become less */
        return;
    c->grade = (uint8_t)grade;
    recent_change(&r->pairs, p);
    struct finding f = { .row = c->row, .kind = EVIDENCE_TLS_BLOCKED, .grade = grade, .other = b ? b->row : 0, .at_ns = at_ns };
    if (b)
        write_words(&f, c, b, why_not);
    else
        write_fewer_words(&f, c, why_not);
    if (c->row == now)
        *out = f;
    else
        r->sink.found(r->sink.ctx, &f);
}

/* Oldest first: whether it went clear before depends on what became of the earlier ones. */
static void judge_pair(struct retries *r, struct retry_pair *p, int64_t now, uint64_t at_ns, struct finding *out)
{
    uint64_t done = 0;
    for (unsigned n = 0; n < RETRY_CLEAR; n++) {
        struct retry_clear *next = NULL;
        for (unsigned i = 0; i < RETRY_CLEAR; i++)
            if (p->clear[i].row && p->clear[i].first_ns > done && (!next || p->clear[i].first_ns < next->first_ns))
                next = &p->clear[i];
        if (!next)
            return;
        done = next->first_ns;
        judge_one(r, p, next, now, at_ns, out);
    }
}

/* The broken session of the last that was blocked without an alert; NULL: none was. */
static const struct retry_broken *blocked(const struct retry_pair *p)
{
    for (unsigned i = 0; i < RETRY_CLEAR; i++) {
        const struct retry_broken *b = p->clear[i].row ? broken_before(p, &p->clear[i]) : NULL;
        if (b && !any_alerted(p, &p->clear[i]))
            return b;
    }
    return NULL;
}

/* A second network is hit: what was thought of the first has to be looked at again. */
static void judge_server(struct retries *r, const struct retry_pair *cause, uint64_t at_ns)
{
    struct finding none;
    for (struct retry_pair *p = recent_next(&r->pairs, NULL); p; p = recent_next(&r->pairs, p))
        if (p != cause && memcmp(p->key.server, cause->key.server, sizeof p->key.server) == 0)
            judge_pair(r, p, 0, at_ns, &none);
}

static void blame_server(struct retries *r, const struct retry_pair *p, const struct session *s)
{
    const struct retry_broken *b = blocked(p);
    if (!b)
        return;
    const struct retry_server key = server_key(p->key.server, b->port);
    struct retry_server *e = recent_get(&r->servers, &key);
    if (blame(e, network_of(p), s->first_ns))
        judge_server(r, p, s->last_ns);
}

void retry_pair_mend(struct retry_pair *p)
{
    for (unsigned i = 0; i < RETRY_BROKEN; i++)
        if (p->broken[i].row < 0)
            p->broken[i].row = 0;
    for (unsigned i = 0; i < RETRY_CLEAR; i++) {
        if (p->clear[i].row < 0)
            p->clear[i].row = 0;
        p->clear[i].grade %= GRADE_N;
    }
}

/* Of those that have failed or gone clear, what is known of client and server from a later time: it would be taken for
 * what was before. */
static void forget_ahead(struct retries *r, const struct session *s)
{
    const struct retry_server key = server_key(s->server.addr, s->server.port);
    struct retry_client *c = recent_find(&r->clients, s->client.addr);
    struct retry_server *e = recent_find(&r->servers, &key);

    if (c && lies_ahead(c->last_ns, s))
        forget(&r->clients, c);
    if (e && lies_ahead(retry_server_last(e), s))
        forget(&r->servers, e);
}

bool retries_take(struct retries *r, const struct session *s, enum verdict v, int64_t row, struct finding *out)
{
    bool broken = is_broken(s, v), clear = went_clear(s);
    const struct retry_key key = key_of(s);

    if (broken || clear)
        forget_ahead(r, s);
    note_client(r, s);
    note_server(r, s);
    out->kind = EVIDENCE_N;
    if (!broken && !clear)
        return false;
    struct retry_pair *p = recent_get(&r->pairs, &key);
    if (lies_ahead(retry_pair_last(p), s))
        forget(&r->pairs, p);
    if (broken)
        add_broken(p, s, row);
    else
        add_clear(p, s, row);
    blame_server(r, p, s);
    judge_pair(r, p, row, s->last_ns, out);
    return out->kind != EVIDENCE_N;
}
