#include "store/counts.h"

#include "proto/tls.h"
#include "store/schema.h"
#include "store/session_row.h"
#include "store/store.h"

#include <time.h>

enum { HOUR = 3600, DAY = 24 * HOUR, NO_VERSION = 65536 };

/* Keys in the order of the tables in sql/schema/003_sums.sql and 009_days.sql; values, too, without rev. */
static void other_peer(int64_t *key) { key[2] = key[3] = 0; }       /* server, network */
static void other_suite(int64_t *key) { key[4] = key[5] = -1; }     /* cipher, group */
static void other_certificate(int64_t *key) { key[3] = key[4] = 0; }        /* server, certificate */
static void other_history(int64_t *key) { key[1] = key[2] = key[3] = 0; }   /* server, network, list */
static void other_client(int64_t *key) { key[3] = -1; }             /* fingerprint */

static int64_t day_of(int64_t hour) { return hour - hour % DAY; }
static int64_t month_of(int64_t day)
{
    time_t seconds = (time_t)day;
    struct tm t;
    return gmtime_r(&seconds, &t) ? day - (t.tm_mday - 1) * DAY : day;
}

static const struct tally_shape shapes[COUNTS_TABLES] = {
    [COUNTS_RATE]     = { "rate_add", 11, 4, .coarser = day_of },
    [COUNTS_RATE_DAY] = { "rate_day_add", 11, 4 },
    [COUNTS_PEER_DAY] = { "peer_day_add", 7, 4, COUNTS_PEERS_A_DAY, "peer_day_keys", other_peer, month_of },
    [COUNTS_PEER_MONTH] = { "peer_month_add", 7, 4 },
    [COUNTS_TLS_DAY]  = { "tls_day_add", 7, 1, COUNTS_TLS_A_DAY, "tls_day_keys", other_suite, NULL },
    [COUNTS_CERTIFICATE_DAY] = { "certificate_day_add", 5, 2, COUNTS_CERTIFICATES_A_DAY, "certificate_day_keys",
                                 other_certificate, NULL },
    [COUNTS_CLIENT_DAY] = { "client_day_add", 6, 1, COUNTS_CLIENTS_A_DAY, "client_day_keys", other_client, NULL },
    [COUNTS_CLIENT_NAME] = { "client_name_day_add", 5, 1 },
    [COUNTS_EVIDENCE] = { "evidence_hour_add", 6, 1 },
    [COUNTS_SERVER]   = { "server_add", 2, 17 },
    [COUNTS_HISTORY]  = { "history_add", 4, 11, COUNTS_HISTORY_A_MONTH, "history_keys", other_history, NULL },
    [COUNTS_ATTEMPT]  = { "attempt_add", 3, 1 },
    [COUNTS_SOURCE]   = { "source_count", 1, 7 },
};

bool counts_open(struct counts *c, sqlite3 *db, int64_t database)
{
    c->owner = (struct tally_owner){ .database = database, .gathered = &c->gathered };
    if (gathered_register(db, &c->gathered) != SQLITE_OK)
        return false;
    c->odd_list = db_prepare(db, "odd_port_list");
    c->odd_add = db_prepare(db, "odd_port_add");
    c->fold_get = db_prepare(db, "fold_get");
    bool whole = c->odd_list && c->odd_add && c->fold_get;
    for (size_t i = 0; i < COUNTS_TABLES; i++)
        whole = tally_open(&c->table[i], db, &shapes[i], &c->owner) && whole;
    c->table[COUNTS_RATE].coarser = &c->table[COUNTS_RATE_DAY];
    c->table[COUNTS_PEER_DAY].coarser = &c->table[COUNTS_PEER_MONTH];
    return whole;
}

void counts_close(struct counts *c)
{
    for (size_t i = 0; i < COUNTS_TABLES; i++)
        tally_close(&c->table[i]);
    sqlite3_finalize(c->odd_list);
    sqlite3_finalize(c->odd_add);
    sqlite3_finalize(c->fold_get);
}

static int read_folded(struct counts *c)
{
    struct binder b = binder_of(c->fold_get);
    int rc = bound_value(&b, &c->folded);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int counts_begin(struct counts *c, int64_t sensor, int64_t revision)
{
    int rc = SQLITE_ROW;

    if (c->owner.sensor != sensor)
        counts_forget(c);
    c->owner.sensor = sensor;
    c->owner.revision = revision;
    for (c->odd.n = 0; c->odd.n < COUNTS_ODD_PORTS && (rc = sqlite3_step(c->odd_list)) == SQLITE_ROW; c->odd.n++)
        c->odd.port[c->odd.n] = sqlite3_column_int64(c->odd_list, 0);
    sqlite3_reset(c->odd_list);
    c->odd_before = c->odd;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? read_folded(c) : rc;
}

int counts_owner(struct counts *c, int64_t sensor, int64_t database)
{
    if (c->owner.sensor == sensor && c->owner.database == database)
        return SQLITE_OK;
    int rc = counts_write(c);
    counts_forget(c);
    c->owner.sensor = sensor;
    c->owner.database = database;
    return rc;
}

bool counts_is_mail_port(uint16_t port)
{
    static const uint16_t ports[] = { 24, 25, 110, 143, 465, 587, 993, 995, 2525, 4190 };
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        if (ports[i] == port)
            return true;
    return false;
}

/* The port itself for the mail ports and the first odd ones, 0 for the rest. */
static int64_t port_of(struct counts_odd_ports *odd, uint16_t port, bool may_add, bool *added)
{
    *added = false;
    if (counts_is_mail_port(port))
        return port;
    for (size_t i = 0; i < odd->n; i++)
        if (odd->port[i] == port)
            return port;
    if (!may_add || odd->n == COUNTS_ODD_PORTS)
        return 0;
    odd->port[odd->n++] = port;
    *added = true;
    return port;
}

static int port_counted(struct counts *c, const struct counted *x, int64_t *out)
{
    uint16_t port = x->session->server.port;
    bool added;

    *out = port_of(&c->odd, port, x->judgement->verdict != VERDICT_OTHER, &added);
    if (!added)
        return SQLITE_OK;
    struct binder b = binder_of(c->odd_add);
    bind_int(&b, port);
    return bound_run(&b);
}

static int64_t begin_of(uint64_t ns, int64_t width)
{
    int64_t seconds = (int64_t)(ns / 1000000000);
    return seconds - seconds % width;
}

static bool is_lossy(const struct session_core *s)
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

static int64_t bytes_of(const struct session_core *s)
{
    return (int64_t)(s->bytes[TO_SERVER] + s->bytes[TO_CLIENT]);
}

/* --- what one session adds to a table --- */

struct share {
    int64_t any;                        /* 0: nothing. No padding: shares are compared as bytes */
    int64_t key[11], value[17];
};

static void share_rate(const struct counted *x, int64_t port, struct share *out)
{
    const struct session_core *s = x->session;
    *out = (struct share){
        .any = true,
        .key = { begin_of(s->first_ns, HOUR), x->direction, x->judgement->hop, s->protocol, port,
                 x->judgement->verdict, x->strip, s->tls.server_hello ? s->tls.version : 0,
                 s->tls.server_hello && s->tls.pq, s->auth.exposure, is_lossy(s) },
        .value = { 1, bytes_of(s), shows_messages(x) ? s->messages_clear : 0, (s->facts & FACT_OFFERED) != 0 },
    };
}

static void share_peer(const struct counted *x, int64_t port, struct share *out)
{
    const struct session_core *s = x->session;
    bool versed = verdict_is_encrypted(x->judgement->verdict) && s->tls.server_hello;
    (void)port;
    *out = (struct share){
        .any = true,
        .key = { begin_of(s->first_ns, DAY), x->direction, x->server, x->network, x->judgement->hop,
                 x->judgement->verdict, s->auth.exposure },
        .value = { 1, bytes_of(s), (s->facts & FACT_OFFERED) != 0, versed && s->tls.version && s->tls.version < TLS_1_2 },
    };
}

static void share_tls(const struct counted *x, int64_t port, struct share *out)
{
    const struct tls_seen *t = &x->session->tls;
    (void)port;
    *out = (struct share){
        .any = verdict_is_encrypted(x->judgement->verdict),
        .key = { begin_of(x->session->first_ns, DAY), x->direction, x->judgement->hop,
                 t->server_hello ? t->version : 0, t->server_hello ? t->cipher : 0,
                 t->server_hello ? t->group : 0, t->client_hello ? t->pq_offered : 2 },
        .value = { 1 },
    };
}

static void share_certificate(const struct counted *x, int64_t port, struct share *out)
{
    const struct session_core *s = x->session;
    (void)port;
    *out = (struct share){
        .any = x->certificate != 0,
        .key = { begin_of(s->first_ns, DAY), x->direction, x->judgement->hop, x->server, x->certificate },
        .value = { 1, (s->incidents & INCIDENT_EXPIRED_CERTIFICATE) != 0 },
    };
}

static void share_client(const struct counted *x, int64_t port, struct share *out)
{
    const struct session_core *s = x->session;
    (void)port;
    *out = (struct share){
        .any = x->judgement->verdict != VERDICT_OTHER,
        .key = { begin_of(s->first_ns, DAY), x->direction, x->judgement->hop, x->fingerprint,
                 s->tls.server_hello ? s->tls.version : 0, x->judgement->verdict },
        .value = { 1 },
    };
}

static void share_client_name(const struct counted *x, int64_t port, struct share *out)
{
    const struct session_core *s = x->session;
    (void)port;
    *out = (struct share){
        .any = x->judgement->verdict != VERDICT_OTHER,
        .key = { begin_of(s->first_ns, DAY), x->direction, x->judgement->hop, s->client_name, x->judgement->verdict },
        .value = { 1 },
    };
}

static void share_evidence(const struct counted *x, enum evidence kind, struct share *out)
{
    enum grade grade = evidence_grade(x->session->evidence, kind);
    *out = (struct share){
        .any = grade != GRADE_NONE,
        .key = { begin_of(x->session->first_ns, HOUR), x->direction, x->judgement->hop, kind,
                 x->strip == STRIP_ALLOWED ? STRIP_ALLOWED : (int64_t)grade,
                 x->judgement->verdict },
        .value = { 1 },
    };
}

static void share_server(const struct counted *x, int64_t port, struct share *out)
{
    const struct session_core *s = x->session;
    enum verdict verdict = x->judgement->verdict;
    uint64_t first = s->first_ns / 1000, last = s->last_ns / 1000;
    bool versed = verdict_is_encrypted(verdict) && s->tls.server_hello;
    (void)port;
    *out = (struct share){
        .any = verdict != VERDICT_OTHER,
        .key = { x->server, s->protocol },
        .value = {
            (int64_t)first, (int64_t)(last > first ? last : first), 1,
            (s->facts & FACT_LIST_WHOLE) != 0, (s->facts & FACT_OFFERED) != 0,
            (s->facts & FACT_REQUESTED) != 0, (s->facts & FACT_ACCEPTED) != 0,
            verdict == VERDICT_STARTTLS, verdict == VERDICT_IMPLICIT_TLS, verdict == VERDICT_STRIPPED,
            verdict == VERDICT_CLEAR || verdict == VERDICT_CLEAR_AUTH, verdict == VERDICT_TLS_FAILED,
            s->auth.exposure >= EXPOSURE_GUESSABLE, (s->facts & FACT_INVITED) != 0, versed && s->tls.pq,
            versed ? s->tls.version : NO_VERSION, versed ? s->tls.version : 0
        },
    };
}

/* Of facts alone, which no judging again changes; the list is not in the row, and nothing of this may depend on what grows. */
static void share_history(const struct counted *x, int64_t port, struct share *out)
{
    const struct session_core *s = x->session;
    bool list = s->facts & FACT_LIST_WHOLE, offered = s->facts & FACT_OFFERED, done = s->facts & FACT_TLS_DONE;
    int64_t began = (int64_t)(s->first_ns / 1000);
    (void)port;
    *out = (struct share){
        .any = !(s->facts & FACT_NOT_MAIL) && (list || offered || done || (s->facts & FACT_ACCEPTED)),
        .key = { month_of(begin_of(s->first_ns, DAY)), x->server, x->network, s->list_print },
        .value = { 1, list, list && offered, (s->facts & FACT_ACCEPTED) != 0, done && !(s->facts & FACT_TLS_FIRST),
                   done && (s->facts & FACT_TLS_FIRST), s->tls.server_hello ? s->tls.version : 0, began, began,
                   offered ? began : 0, list && !offered ? began : 0 },
    };
}

static void share_source(const struct counted *x, int64_t port, struct share *out)
{
    const struct session_core *s = x->session;
    (void)port;
    *out = (struct share){
        .any = true,
        .key = { s->source },
        .value = { 1, (s->marks & MARK_ONE_SIDED) != 0, (s->marks & MARK_GAP) != 0,
                   (s->marks & MARK_MIDSTREAM) != 0, (s->marks & MARK_TRUNCATED) != 0,
                   (s->marks & MARK_OVERLAP) != 0, (s->facts & FACT_CUT_SHORT) != 0 },
    };
}

static int64_t hour_counted(const struct counts *c, int64_t hour) { return hour < c->folded ? day_of(hour) : hour; }

/* Columns that are no sums: a bit for each value. */
static const int lowest[COUNTS_TABLES] = { [COUNTS_SERVER] = 1 << 0 | 1 << 15, [COUNTS_HISTORY] = 1 << 7 };
static const int highest[COUNTS_TABLES] = { [COUNTS_SERVER] = 1 << 1 | 1 << 16,
                                            [COUNTS_HISTORY] = 1 << 6 | 1 << 8 | 1 << 9 | 1 << 10 };

/* Adds a share, or with sign -1 takes it away again; then lowest and highest values stay. Numbers out
 * of a database may be any: they wrap. */
static int apply(struct counts *c, size_t table, struct share *x, int sign)
{
    int low = lowest[table], high = highest[table], rc;
    bool fresh;

    if (!x->any)
        return SQLITE_OK;
    if (table == COUNTS_RATE || table == COUNTS_EVIDENCE)
        x->key[0] = hour_counted(c, x->key[0]);
    int64_t *v = tally_at(&c->table[table], x->key, &fresh, &rc);
    for (size_t i = 0; v && i < shapes[table].nvalue; i++) {
        bool is_low = low >> i & 1, is_high = high >> i & 1;
        if (fresh && is_low)
            v[i] = INT64_MAX;
        if (!is_low && !is_high)
            v[i] = (int64_t)((uint64_t)v[i] + (uint64_t)sign * (uint64_t)x->value[i]);
        else if (sign > 0 && (is_low ? x->value[i] < v[i] : x->value[i] > v[i]))
            v[i] = x->value[i];
    }
    return v ? SQLITE_OK : rc;
}

_Static_assert(sizeof ((struct share *)0)->key == sizeof ((struct store_rate *)0)->key, "both are those of rate");

typedef void share_of(const struct counted *, int64_t port, struct share *);
static share_of *const shares[] = {
    [COUNTS_RATE] = share_rate, [COUNTS_PEER_DAY] = share_peer, [COUNTS_TLS_DAY] = share_tls,
    [COUNTS_CERTIFICATE_DAY] = share_certificate, [COUNTS_CLIENT_DAY] = share_client,
    [COUNTS_CLIENT_NAME] = share_client_name,
    [COUNTS_SERVER] = share_server, [COUNTS_HISTORY] = share_history, [COUNTS_SOURCE] = share_source
};

int counts_add(struct counts *c, const struct counted *x)
{
    int64_t port;
    int rc = port_counted(c, x, &port);

    for (size_t i = 0; i < sizeof shares / sizeof *shares && rc == SQLITE_OK; i++) {
        struct share share;
        if (!shares[i])
            continue;
        shares[i](x, port, &share);
        rc = apply(c, i, &share, 1);
    }
    for (enum evidence e = 0; x->session->evidence && e < EVIDENCE_N && rc == SQLITE_OK; e++) {
        struct share share;
        share_evidence(x, e, &share);
        rc = apply(c, COUNTS_EVIDENCE, &share, 1);
    }
    return rc;
}

/* In one table: nothing is touched that stays the same. */
static int replace(struct counts *c, size_t table, struct share *before, struct share *after)
{
    if (memcmp(before, after, sizeof *before) == 0)
        return SQLITE_OK;
    int rc = apply(c, table, before, -1);
    return rc == SQLITE_OK ? apply(c, table, after, 1) : rc;
}

static int replace_all(struct counts *c, size_t tables, const struct counted *was, int64_t old,
                       const struct counted *is, int64_t port)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; i < tables && rc == SQLITE_OK; i++) {
        struct share before, after;
        if (!shares[i])
            continue;
        shares[i](was, old, &before);
        shares[i](is, port, &after);
        rc = replace(c, i, &before, &after);
    }
    for (enum evidence e = 0; e < EVIDENCE_N && rc == SQLITE_OK; e++) {
        struct share before, after;
        share_evidence(was, e, &before);
        share_evidence(is, e, &after);
        rc = replace(c, COUNTS_EVIDENCE, &before, &after);
    }
    return rc;
}

int counts_move(struct counts *c, const struct counted *was, const struct counted *is)
{
    bool added;
    int64_t port, old = port_of(&c->odd_before, was->session->server.port,
                                was->judgement->verdict != VERDICT_OTHER, &added);
    int rc = port_counted(c, is, &port);
    return rc == SQLITE_OK ? replace_all(c, COUNTS_SOURCE, was, old, is, port) : rc;
}

int counts_grow(struct counts *c, const struct counted *was, const struct counted *is)
{
    bool added;
    int64_t port = port_of(&c->odd, was->session->server.port, false, &added);
    return replace_all(c, sizeof shares / sizeof *shares, was, port, is, port);
}

int counts_attempt(struct counts *c, const struct attempt *a, uint64_t n)
{
    bool fresh, added;
    int rc;
    int64_t key[3] = { hour_counted(c, begin_of(a->first_ns, HOUR)), port_of(&c->odd, a->server_port, false, &added), a->outcome };
    int64_t *v = tally_at(&c->table[COUNTS_ATTEMPT], key, &fresh, &rc);
    if (!v)
        return rc;
    v[0] += (int64_t)n;
    return SQLITE_OK;
}

void store_rate_of(const struct session *s, const struct judgement *j, enum direction d, struct store_rate *out)
{
    const struct counted x = { .session = &s->core, .judgement = j, .direction = d, .strip = session_row_strip(j) };
    struct share share;
    share_rate(&x, s->server.port, &share);
    memcpy(out->key, share.key, sizeof out->key);
    out->sessions = share.value[0];
    out->bytes = share.value[1];
    out->messages = share.value[2];
    out->offered = share.value[3];
}

/* Who the peers were is not known any more. */
int counts_rate(struct counts *c, const struct store_rate *r)
{
    const int64_t *k = r->key;
    bool below_12 = verdict_is_encrypted((enum verdict)k[RATE_VERDICT]) && k[RATE_VERSION] && k[RATE_VERSION] < TLS_1_2;
    struct share rate = { .any = true, .value = { r->sessions, r->bytes, r->messages, r->offered } };
    struct share peer = { .any = true, .key = { k[RATE_HOUR] - k[RATE_HOUR] % DAY, k[RATE_DIRECTION], 0, 0, k[RATE_HOP],
                                                k[RATE_VERDICT], k[RATE_EXPOSURE] },
                          .value = { r->sessions, r->bytes, r->offered, below_12 ? r->sessions : 0 } };
    bool added;
    memcpy(rate.key, k, sizeof rate.key);
    rate.key[RATE_PORT] = port_of(&c->odd, (uint16_t)k[RATE_PORT], false, &added);
    int rc = apply(c, COUNTS_RATE, &rate, 1);
    return rc == SQLITE_OK ? apply(c, COUNTS_PEER_DAY, &peer, 1) : rc;
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

void counts_forget(struct counts *c)
{
    for (size_t i = 0; i < COUNTS_TABLES; i++)
        tally_forget(&c->table[i]);
}
