#include "store/counts.h"

enum { HOUR = 3600, DAY = 24 * HOUR, NO_VERSION = 65536 };

/* Keys in the order of the tables in sql/schema/003_sums.sql. */
static void other_peer(int64_t *key) { key[2] = key[3] = 0; }       /* server, network */
static void other_suite(int64_t *key) { key[4] = key[5] = -1; }     /* cipher, group */

static const struct tally_shape shapes[COUNTS_TABLES] = {
    [COUNTS_RATE]     = { "rate_add", 11, 3, 0, NULL, NULL, NULL },
    [COUNTS_PEER_DAY] = { "peer_day_add", 7, 2, COUNTS_PEERS_A_DAY, "peer_day_known", "peer_day_count",
                         other_peer },
    [COUNTS_TLS_DAY]  = { "tls_day_add", 7, 1, COUNTS_TLS_A_DAY, "tls_day_known", "tls_day_count",
                         other_suite },
    [COUNTS_SERVER]   = { "server_add", 2, 17, 0, NULL, NULL, NULL },
    [COUNTS_ATTEMPT]  = { "attempt_add", 3, 1, 0, NULL, NULL, NULL },
    [COUNTS_SOURCE]   = { "source_count", 1, 7, 0, NULL, NULL, NULL },
};

bool counts_open(struct counts *c, sqlite3 *db, int64_t database)
{
    c->owner.database = database;
    c->odd_list = db_prepare(db, "odd_port_list");
    c->odd_add = db_prepare(db, "odd_port_add");
    bool whole = c->odd_list && c->odd_add;
    for (size_t i = 0; i < COUNTS_TABLES; i++)
        whole = tally_open(&c->table[i], db, &shapes[i], &c->owner) && whole;
    return whole;
}

void counts_close(struct counts *c)
{
    for (size_t i = 0; i < COUNTS_TABLES; i++)
        tally_close(&c->table[i]);
    sqlite3_finalize(c->odd_list);
    sqlite3_finalize(c->odd_add);
}

int counts_begin(struct counts *c, int64_t sensor, int64_t revision)
{
    int rc = SQLITE_ROW;

    counts_drop(c);
    c->owner.sensor = sensor;
    c->owner.revision = revision;
    for (c->nodd = 0; c->nodd < COUNTS_ODD_PORTS && (rc = sqlite3_step(c->odd_list)) == SQLITE_ROW; c->nodd++)
        c->odd_port[c->nodd] = sqlite3_column_int64(c->odd_list, 0);
    sqlite3_reset(c->odd_list);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static bool is_mail_port(uint16_t port)
{
    static const uint16_t ports[] = { 24, 25, 110, 143, 465, 587, 993, 995, 2525, 4190 };
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        if (ports[i] == port)
            return true;
    return false;
}

/* The port itself for the mail ports and the first odd ones, 0 for the rest. */
static int port_of(struct counts *c, uint16_t port, bool may_add, int64_t *out)
{
    *out = port;
    if (is_mail_port(port))
        return SQLITE_OK;
    for (size_t i = 0; i < c->nodd; i++)
        if (c->odd_port[i] == port)
            return SQLITE_OK;
    if (!may_add || c->nodd == COUNTS_ODD_PORTS) {
        *out = 0;
        return SQLITE_OK;
    }
    c->odd_port[c->nodd++] = port;
    struct binder b = binder_of(c->odd_add);
    bind_int(&b, port);
    return bound_run(&b);
}

static int64_t begin_of(uint64_t ns, int64_t width)
{
    int64_t seconds = (int64_t)(ns / 1000000000);
    return seconds - seconds % width;
}

static bool is_encrypted(enum verdict v) { return v == VERDICT_IMPLICIT_TLS || v == VERDICT_STARTTLS; }

static bool is_lossy(const struct session *s)
{
    return (s->marks & (MARK_ONE_SIDED | MARK_GAP | MARK_MIDSTREAM | MARK_TRUNCATED))
        || (s->facts & FACT_CUT_SHORT);
}

/* Sections 1 and 6 of doc/measurement.md: a count that SMTP, LMTP and POP3 show. */
static bool shows_messages(const struct counted *x)
{
    return x->judgement->verdict != VERDICT_OTHER
        && (x->session->protocol == PROTOCOL_SMTP || x->session->protocol == PROTOCOL_LMTP
            || x->session->protocol == PROTOCOL_POP3);
}

static int64_t bytes_of(const struct session *s)
{
    return (int64_t)(s->bytes[TO_SERVER] + s->bytes[TO_CLIENT]);
}

static int add_rate(struct counts *c, const struct counted *x)
{
    const struct session *s = x->session;
    int64_t port;
    int rc = port_of(c, s->server.port, x->judgement->verdict != VERDICT_OTHER, &port);
    bool fresh;

    if (rc != SQLITE_OK)
        return rc;
    int64_t key[11] = {
        begin_of(s->first_ns, HOUR), x->direction, x->judgement->hop, s->protocol, port,
        x->judgement->verdict, x->strip, s->tls.server_hello ? s->tls.version : 0,
        s->tls.server_hello && s->tls.pq, s->auth.exposure, is_lossy(s)
    };
    int64_t *v = tally_at(&c->table[COUNTS_RATE], key, &fresh, &rc);
    if (!v)
        return rc;
    v[0]++;
    v[1] += bytes_of(s);
    v[2] += shows_messages(x) ? s->messages_clear : 0;
    return SQLITE_OK;
}

static int add_peer(struct counts *c, const struct counted *x)
{
    const struct session *s = x->session;
    bool fresh;
    int rc;
    int64_t key[7] = { begin_of(s->first_ns, DAY), x->direction, x->server, x->network, x->judgement->hop,
                       x->judgement->verdict, s->auth.exposure };
    int64_t *v = tally_at(&c->table[COUNTS_PEER_DAY], key, &fresh, &rc);
    if (!v)
        return rc;
    v[0]++;
    v[1] += bytes_of(s);
    return SQLITE_OK;
}

static int add_tls(struct counts *c, const struct counted *x)
{
    const struct session *s = x->session;
    const struct tls_seen *t = &s->tls;
    bool fresh;
    int rc;

    if (!is_encrypted(x->judgement->verdict))
        return SQLITE_OK;
    int64_t key[7] = { begin_of(s->first_ns, DAY), x->direction, x->judgement->hop,
                       t->server_hello ? t->version : 0, t->server_hello ? t->cipher : 0,
                       t->server_hello ? t->group : 0, t->client_hello ? t->pq_offered : 2 };
    int64_t *v = tally_at(&c->table[COUNTS_TLS_DAY], key, &fresh, &rc);
    if (!v)
        return rc;
    v[0]++;
    return SQLITE_OK;
}

static void highest(int64_t *v, int64_t value) { *v = value > *v ? value : *v; }
static void lowest(int64_t *v, int64_t value) { *v = value < *v ? value : *v; }

static int add_server(struct counts *c, const struct counted *x)
{
    const struct session *s = x->session;
    enum verdict verdict = x->judgement->verdict;
    int64_t first = (int64_t)(s->first_ns / 1000), last = (int64_t)(s->last_ns / 1000);
    bool fresh, versed = is_encrypted(verdict) && s->tls.server_hello;
    int rc;

    if (verdict == VERDICT_OTHER)
        return SQLITE_OK;
    int64_t *v = tally_at(&c->table[COUNTS_SERVER], (int64_t[2]){ x->server, s->protocol }, &fresh, &rc);
    if (!v)
        return rc;
    if (fresh) {
        v[0] = first;
        v[15] = NO_VERSION;
    }
    lowest(&v[0], first);
    highest(&v[1], last);
    v[2]++;
    v[3] += (s->facts & FACT_LIST_WHOLE) != 0;
    v[4] += (s->facts & FACT_OFFERED) != 0;
    v[5] += (s->facts & FACT_REQUESTED) != 0;
    v[6] += (s->facts & FACT_ACCEPTED) != 0;
    v[7] += verdict == VERDICT_STARTTLS;
    v[8] += verdict == VERDICT_IMPLICIT_TLS;
    v[9] += verdict == VERDICT_STRIPPED;
    v[10] += verdict == VERDICT_CLEAR || verdict == VERDICT_CLEAR_AUTH;
    v[11] += verdict == VERDICT_TLS_FAILED;
    v[12] += s->auth.exposure >= EXPOSURE_GUESSABLE;
    v[13] += (s->facts & FACT_INVITED) != 0;
    v[14] += versed && s->tls.pq;
    if (versed) {
        lowest(&v[15], s->tls.version);
        highest(&v[16], s->tls.version);
    }
    return SQLITE_OK;
}

static int add_source(struct counts *c, const struct counted *x)
{
    const struct session *s = x->session;
    bool fresh;
    int rc;
    int64_t *v = tally_at(&c->table[COUNTS_SOURCE], (int64_t[1]){ s->source }, &fresh, &rc);
    if (!v)
        return rc;
    v[0]++;
    v[1] += (s->marks & MARK_ONE_SIDED) != 0;
    v[2] += (s->marks & MARK_GAP) != 0;
    v[3] += (s->marks & MARK_MIDSTREAM) != 0;
    v[4] += (s->marks & MARK_TRUNCATED) != 0;
    v[5] += (s->marks & MARK_OVERLAP) != 0;
    v[6] += (s->facts & FACT_CUT_SHORT) != 0;
    return SQLITE_OK;
}

int counts_add(struct counts *c, const struct counted *x)
{
    static int (*const adders[])(struct counts *, const struct counted *) = {
        add_rate, add_peer, add_tls, add_server, add_source
    };
    int rc = SQLITE_OK;
    for (size_t i = 0; i < sizeof adders / sizeof *adders && rc == SQLITE_OK; i++)
        rc = adders[i](c, x);
    return rc;
}

int counts_attempt(struct counts *c, const struct attempt *a, uint64_t n)
{
    int64_t port;
    bool fresh;
    int rc = port_of(c, a->server_port, false, &port);

    if (rc != SQLITE_OK)
        return rc;
    int64_t key[3] = { begin_of(a->first_ns, HOUR), port, a->outcome };
    int64_t *v = tally_at(&c->table[COUNTS_ATTEMPT], key, &fresh, &rc);
    if (!v)
        return rc;
    v[0] += (int64_t)n;
    return SQLITE_OK;
}

int counts_write(struct counts *c)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; i < COUNTS_TABLES && rc == SQLITE_OK; i++)
        rc = tally_write(&c->table[i]);
    return rc;
}

void counts_drop(struct counts *c)
{
    for (size_t i = 0; i < COUNTS_TABLES; i++)
        tally_drop(&c->table[i]);
}
