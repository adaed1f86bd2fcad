#include "store/inside.h"

#include "store/database.h"
#include "store/schema.h"
#include "store/session_row.h"
#include "store/stored_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>

_Static_assert((int)STORE_ERROR == (int)DB_ERROR, "sentences are as long everywhere");
_Static_assert(DECODE_RESULTS_N == 8, "a result more needs a migration of source");

bool sensor_name_valid(const char *name)
{
    size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    return n >= 1 && n <= SENSOR_NAME && !name[n];
}

const char *store_error(const struct store *s) { return s->error; }

int store_fail(struct store *s)
{
    s->failed = db_failure(s->db, s->path, s->error);
    return s->failed;
}

int store_misuse(struct store *s, const char *sentence)
{
    snprintf(s->error, sizeof s->error, "%.600s: %s", s->path, sentence);
    s->failed = EX_SOFTWARE;
    return EX_SOFTWARE;
}

static bool prepare(struct store *s)
{
    /* Both are opened whatever becomes of the first: both are closed later. */
    bool parts = dictionary_open(&s->dictionary, s->db);
    parts = counts_open(&s->counts, s->db, OWN_DATABASE) && parts;
    s->session_add = db_prepare(s->db, "session_add");
    s->session_next = db_prepare(s->db, "session_next");
    s->session_grow = db_prepare(s->db, "session_grow");
    s->source_add = db_prepare(s->db, "source_add");
    s->source_end = db_prepare(s->db, "source_end");
    s->source_find = db_prepare(s->db, "source_find");
    s->database_get = db_prepare(s->db, "database_get");
    s->database_move = db_prepare(s->db, "database_move");
    s->trace_add = db_prepare(s->db, "trace_add");
    sqlite3_prepare_v2(s->db, "PRAGMA data_version", -1, &s->version_get, NULL);
    return run_prepare(s) && revise_prepare(s) && remember_prepare(s) && parts
        && s->session_add && s->session_next && s->session_grow && s->source_add && s->source_end && s->source_find
        && s->database_get && s->database_move && s->trace_add && s->version_get;
}

/* What other programs may have moved since the last transaction. */
static int look(struct store *s)
{
    struct binder version = binder_of(s->version_get);
    int64_t seen = 0;

    if (bound_value(&version, &seen) != SQLITE_ROW || sqlite3_step(s->database_get) != SQLITE_ROW) {
        int code = store_fail(s);
        sqlite3_reset(s->database_get);
        return code;
    }
    const char *addresses = (const char *)sqlite3_column_text(s->database_get, 0);
    enum address_mode mode = addresses ? address_mode_parse(addresses) : ADDRESSES_DEFAULT;
    if (!s->disguise.mode)              /* opened as it is, without a key: no address can be written */
        s->disguise.mode = mode;
    s->revision = sqlite3_column_int64(s->database_get, 1);
    s->last_session = s->told = sqlite3_column_int64(s->database_get, 2);
    sqlite3_reset(s->database_get);
    if (!mode || mode != s->disguise.mode || !database_number_valid(s->revision) || !database_number_valid(s->last_session)) {
        s->failed = db_failure_of(SQLITE_OK, "", s->path, s->error);
        return s->failed;
    }
    if (seen != s->data_version) {
        dictionary_forget(&s->dictionary);
        counts_forget(&s->counts);
    }
    s->data_version = seen;
    return 0;
}

static int open_file(struct store *s, const struct store_options *o)
{
    uint8_t mark[ADDRESS_KEY_MARK];
    struct address_choice choice = { o->addresses, o->address_key ? mark : NULL };
    int code = EX_SOFTWARE;

    if (o->there && o->as_is) {         /* reading refuses an older one */
        code = database_open_read(s->path, &s->db, s->error);
        sqlite3_close(s->db);
        s->db = NULL;
        if (code)
            return code;
    }
    if (o->there)
        return database_open_own(s->path, &s->db, s->error);
    if (o->address_key && !disguise_mark(o->address_key, mark)) {
        snprintf(s->error, STORE_ERROR, "libcrypto has no AES for the addresses");
        return code;
    }
    if ((code = database_open(s->path, &choice, o->live, &s->db, s->error)))
        return code;
    /* What a statement of many rows changes, to undo it alone, would be written to a temporary file. */
    if (sqlite3_exec(s->db, "PRAGMA temp_store = MEMORY", NULL, NULL, NULL) != SQLITE_OK)
        return store_fail(s);
    if (disguise_open(&s->disguise, choice.mode, o->address_key))
        return 0;
    snprintf(s->error, STORE_ERROR, "libcrypto has no AES for the addresses");
    return EX_SOFTWARE;
}

void store_hide(const struct store *s, uint8_t addr[16]) { disguise_address(&s->disguise, addr); }
void store_known_as(const struct store *s, uint8_t addr[16])
{
    if (address_mode_keyed(s->disguise.mode))
        store_hide(s, addr);
}

void store_hide_known(const struct store *s, uint8_t addr[16])
{
    if (!address_mode_keyed(s->disguise.mode))
        store_hide(s, addr);
}

void store_hide_text(const struct store *s, char *text) { disguise_text(&s->disguise, text); }

struct store *store_open(const char *path, const struct store_options *options, int *code,
                         char error[STORE_ERROR])
{
    const char *sensor = options->sensor ? options->sensor : "local";

    if (!sensor_name_valid(sensor)) {
        snprintf(error, STORE_ERROR,
                 "the name of a sensor is 1 to 64 letters, digits, dots, dashes and underscores");
        *code = EX_USAGE;
        return NULL;
    }
    struct store *s = calloc(1, sizeof *s);
    if (!s || !(s->path = strdup(path)) || !settled_open(&s->settled)) {
        snprintf(error, STORE_ERROR, "not enough memory");
        *code = EX_OSERR;
        if (s) {
            settled_close(&s->settled);
            free(s->path);
        }
        free(s);
        return NULL;
    }
    memcpy(s->sensor, sensor, strlen(sensor) + 1);
    *code = open_file(s, options);
    if (!*code && !prepare(s))
        *code = store_fail(s);
    if (!*code)
        *code = look(s);
    if (*code) {
        memcpy(error, s->error, STORE_ERROR);
        store_close(s);
        return NULL;
    }
    return s;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    store_rollback(s);
    run_close(&s->run);
    dictionary_close(&s->dictionary);
    counts_close(&s->counts);
    settled_close(&s->settled);
    disguise_close(&s->disguise);
    sqlite3_finalize(s->session_add);
    sqlite3_finalize(s->session_next);
    sqlite3_finalize(s->session_grow);
    sqlite3_finalize(s->source_add);
    sqlite3_finalize(s->source_end);
    sqlite3_finalize(s->source_find);
    sqlite3_finalize(s->database_get);
    sqlite3_finalize(s->database_move);
    sqlite3_finalize(s->trace_add);
    sqlite3_finalize(s->evidence_put);
    sqlite3_finalize(s->evidence_drop);
    sqlite3_finalize(s->rejudged_add);
    sqlite3_finalize(s->session_revise);
    sqlite3_finalize(s->session_path);
    sqlite3_finalize(s->memory_put);
    sqlite3_finalize(s->version_get);
    sqlite3_close(s->db);
    free(s->path);
    free(s);
}

int store_begin(struct store *s)
{
    if (s->open)
        return store_misuse(s, "a transaction is open already");
    s->failed = 0;
    if (sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return store_fail(s);
    s->open = true;
    s->dirty = s->revised = false;
    s->sensor_id = s->group_id = 0;
    int code = look(s);
    if (code)
        store_rollback(s);
    return code;
}

void store_rollback(struct store *s)
{
    if (!s->open)
        return;
    sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    dictionary_forget(&s->dictionary);
    counts_drop(&s->counts);
    settled_forget(&s->settled);
    run_rolled_back(s);
    s->open = s->dirty = false;
    s->failed = 0;
}

/* A row of the sums of which nothing is left goes, as if it had never been. */
static int trim(struct store *s)
{
    static const char *const steps[] = { "rate_trim", "rate_day_trim", "peer_day_trim", "peer_month_trim",
                                         "tls_day_trim", "client_day_trim", "client_name_day_trim", "evidence_hour_trim" };
    int rc = SQLITE_OK;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && s->revised && rc == SQLITE_OK; i++) {
        sqlite3_stmt *stmt = db_prepare(s->db, steps[i]);
        struct binder b = binder_of(stmt);
        rc = stmt ? bound_run(&b) : SQLITE_ERROR;
        sqlite3_finalize(stmt);
    }
    return rc;
}

static int finish(struct store *s)
{
    if (s->failed)
        return s->failed;
    if (s->dirty) {
        struct binder b = binder_of(s->database_move);
        bind_int(&b, s->revision + 1);
        bind_int(&b, s->last_session);
        if (counts_write(&s->counts) != SQLITE_OK || trim(s) != SQLITE_OK || remember_trim(s) != SQLITE_OK
            || bound_run(&b) != SQLITE_OK)
            return store_fail(s);
    }
    return sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK ? 0 : store_fail(s);
}

int store_commit(struct store *s)
{
    if (!s->open)
        return store_misuse(s, "no transaction is open");
    int code = store_write_settled(s);
    if (!code)
        code = finish(s);
    if (code)
        store_rollback(s);
    if (!s->run.id)
        settled_forget(&s->settled);
    s->open = false;
    return code;
}

/* The first writing of a transaction: an empty one leaves no trace. */
int store_touch(struct store *s)
{
    if (!s->open)
        return store_misuse(s, "no transaction is open");
    if (s->failed || s->dirty)
        return s->failed;
    s->sensor_id = dictionary_name(&s->dictionary, s->sensor);
    if (s->sensor_id < 0 || counts_begin(&s->counts, s->sensor_id, s->revision + 1) != SQLITE_OK)
        return store_fail(s);
    s->dirty = true;
    return 0;
}

static void bind_identity(struct binder *b, const struct source_identity *id, bool whole)
{
    bind_int(b, (int64_t)id->size);
    bind_blob(b, id->ends, sizeof id->ends);
    if (whole)
        bind_int(b, (int64_t)id->packets);
    for (int i = 0; whole && i < 2; i++) {
        if (id->packets)
            bind_int(b, (int64_t)((i ? id->last_ns : id->first_ns) / 1000));
        else
            bind_null(b);
    }
}

int store_source_find(struct store *s, const struct source_identity *id, bool whole, uint32_t *number)
{
    struct binder b = binder_of(s->source_find);
    int64_t found = 0;

    *number = 0;
    bind_identity(&b, id, whole);
    while (b.n < 5)
        bind_null(&b);
    int rc = bound_value(&b, &found);
    *number = (uint32_t)found;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s);
}

int store_source_begin(struct store *s, const char *path, unsigned group, uint32_t *number)
{
    int code = store_touch(s);
    if (code)
        return code;
    struct binder b = binder_of(s->source_add);
    bind_int(&b, s->sensor_id);
    bind_int(&b, OWN_DATABASE);
    bind_text(&b, path);
    if (s->group_id && s->group == group)
        bind_int(&b, s->group_id);
    else
        bind_null(&b);
    bind_int(&b, (int64_t)time(NULL));
    bind_text(&b, MAILSEAL_VERSION);
    if (bound_run(&b) != SQLITE_OK)
        return store_fail(s);
    *number = (uint32_t)sqlite3_last_insert_rowid(s->db);
    if (!s->group_id || s->group != group)
        s->group_id = *number;
    s->group = group;
    return 0;
}

int store_source_end(struct store *s, uint32_t number, const struct source_summary *end)
{
    int code = store_touch(s);
    if (code)
        return code;
    struct binder b = binder_of(s->source_end);
    bind_identity(&b, &end->identity, true);
    if (end->linktype >= 0)
        bind_int(&b, end->linktype);
    else
        bind_null(&b);
    for (size_t i = 0; i < DECODE_RESULTS_N; i++)
        bind_int(&b, (int64_t)end->decoded[i]);
    bind_int(&b, (int64_t)end->evicted);
    bind_int(&b, (int64_t)end->discarded);
    bind_text(&b, end->damage);
    bind_int(&b, number);
    int rc = bound_run(&b);
    if ((rc & 0xff) == SQLITE_CONSTRAINT)
        return store_misuse(s, "this capture is in the database already");
    return rc == SQLITE_OK ? 0 : store_fail(s);
}

/* Texts that the ends chose may name them. */
static void hide_ends(const struct store *s, struct session *copy)
{
    store_hide(s, copy->client.addr);
    store_hide(s, copy->server.addr);
    if (copy->proxied) {
        store_hide(s, copy->names.proxy_client.addr);
        store_hide(s, copy->names.proxy_server.addr);
    }
    store_hide_text(s, copy->names.sni);
    store_hide_text(s, copy->names.alpn);
    store_hide_text(s, copy->names.offered_others);
    store_hide_text(s, copy->names.mechanism);
}

static struct endpoint without_port(const struct endpoint *e)
{
    struct endpoint address = *e;
    address.port = 0;
    return address;
}

/* The ends that a PROXY header named. */
static bool refer_proxy(struct store *s, struct session_row *row)
{
    const struct session *x = row->session;
    struct endpoint client = without_port(&x->names.proxy_client);

    if (!x->proxied)
        return true;
    return (row->proxy_client = dictionary_endpoint(&s->dictionary, &client)) > 0
        && (row->proxy_server = dictionary_endpoint(&s->dictionary, &x->names.proxy_server)) > 0;
}

/* Numbers of what the row refers to. After a failure nothing else is asked, so that SQLite still knows of it. */
static bool refer(struct store *s, struct session_row *row)
{
    const struct session *x = row->session;
    struct dictionary *d = &s->dictionary;
    struct endpoint client = without_port(&x->client), network = client;
    bool named = x->auth.mechanism == MECHANISM_NAMED;

    address_truncate(network.addr);
    return (row->client = dictionary_endpoint(d, &client)) > 0 && (row->server = dictionary_endpoint(d, &x->server)) > 0
        && (row->network = dictionary_endpoint(d, &network)) > 0
        && (row->rule = dictionary_name(d, session_row_rule(row->judgement))) > 0
        && (row->sni = dictionary_name(d, x->names.sni)) >= 0 && (row->profile = dictionary_profile(d, x)) >= 0
        && (row->others = dictionary_name(d, x->names.offered_others)) >= 0
        && (row->mechanism = named ? dictionary_name(d, x->names.mechanism) : 0) >= 0 && refer_proxy(s, row)
        && (row->certificate = dictionary_certificate(d, x->names.certificate)) >= 0
        && (row->fingerprint = dictionary_fingerprint(d, &x->names)) >= 0;
}

void store_trace(struct store *s, struct span bytes) { s->trace = bytes; }

static int write_trace(struct store *s, int64_t id)
{
    struct binder b = binder_of(s->trace_add);
    struct span trace = s->trace;

    s->trace = (struct span){ NULL, 0 };
    if (!trace.n)
        return 0;
    bind_int(&b, id);
    bind_blob(&b, trace.p, trace.n);
    return bound_run(&b) == SQLITE_OK ? 0 : store_fail(s);
}

static int add_row(struct store *s, int64_t id, const struct session *session, const struct judgement *judgement,
                   enum direction direction)
{
    struct session copy;

    if (store_hides(s) || s->run.id) {
        copy = *session;
        session = &copy;
    }
    if (store_hides(s))
        hide_ends(s, &copy);
    if (s->run.id)
        copy.source = (uint32_t)s->run.source[copy.source <= s->run.nlinks ? copy.source : 0];
    struct session_row row = {
        .id = id, .sensor = s->sensor_id, .database = OWN_DATABASE,
        .session = session, .judgement = judgement, .direction = direction, .strip = session_row_strip(judgement),
        .community = !store_hides(s),
    };
    if (!refer(s, &row) || session_row_add(s->session_add, &row) != SQLITE_OK)
        return store_fail(s);
    struct counted counted = { session, judgement, direction, row.strip, row.server, row.network,
                               row.certificate, row.fingerprint };
    return counts_add(&s->counts, &counted) == SQLITE_OK ? write_trace(s, id) : store_fail(s);
}

int64_t store_next_session(const struct store *s) { return s->last_session + 1; }

/* --- sessions whose connections go on --- */

/* The row of one that waits, as it stands. */
static int write_waiting(struct store *s, struct settled_session *w)
{
    s->trace = span_of(w->trace, w->trace_n);
    int code = add_row(s, w->id, &w->session, &w->judgement, w->direction);
    if (!code)
        settled_written(&s->settled, w);
    return code;
}

/* The same of one whose connection goes on. */
static int write_going_on(struct store *s, struct settled_session *w)
{
    const struct session_counts none = { .packets = { 0 } };
    uint64_t number = w->number;
    int code = write_waiting(s, w);
    return code || !s->run.id ? code : run_goes_on(s, number, w->id, &none);
}

/* What is left when nobody told the end, oldest first. */
int store_write_settled(struct store *s)
{
    int code = 0;
    for (size_t i = 0; i < SETTLED_WAITING && !code; i++) {
        struct settled_session *w = settled_next(&s->settled);
        code = w->number ? write_going_on(s, w) : 0;
    }
    return code;
}

/* What an earlier run began: the row it has grows. number 0: it has ended with that. */
static int take_over(struct store *s, int64_t id, uint64_t number, const struct session *x)
{
    struct session_counts before = { .packets = { 0 } }, all = { .last_ns = x->last_ns };
    if (!store_counted(s, id, &before))
        return 0;
    all.marks = (before.marks | x->marks) & SESSION_COUNTED_MARKS;
    for (unsigned d = 0; d < 2; d++) {
        all.packets[d] = before.packets[d] + x->packets[d];
        all.bytes[d] = before.bytes[d] + x->bytes[d];
    }
    int code = store_grow(s, id, &all);
    if (code || !number)
        return code;
    return settled_row(&s->settled, number, id) ? run_goes_on(s, number, id, &before)
                                                : store_misuse(s, "there is not enough memory for its sessions");
}

int store_add(struct store *s, const struct session *session, const struct judgement *judgement, enum direction direction)
{
    int code = store_touch(s);
    int64_t orphan = code ? 0 : run_orphan(s, session);
    if (orphan)
        s->trace = (struct span){ NULL, 0 };
    return code ? code : orphan ? take_over(s, orphan, 0, session) : add_row(s, ++s->last_session, session, judgement, direction);
}

int store_settled(struct store *s, uint64_t number, const struct session *session, const struct judgement *judgement,
                  enum direction direction)
{
    struct settled_session *w = settled_next(&s->settled);
    struct span trace = s->trace;
    int code = store_touch(s);
    int64_t orphan = code ? 0 : run_orphan(s, session);

    if (orphan) {
        s->trace = (struct span){ NULL, 0 };
        return take_over(s, orphan, number, session);
    }

    if (!code && w->number)
        code = write_going_on(s, w);
    s->trace = (struct span){ NULL, 0 };
    if (code)
        return code;
    *w = (struct settled_session){ .number = number, .id = ++s->last_session, .session = *session, .judgement = *judgement,
                                   .direction = direction };
    if (trace.n && trace.n <= sizeof w->trace) {
        memcpy(w->trace, trace.p, trace.n);
        w->trace_n = (uint16_t)trace.n;
    }
    return settled_wait(&s->settled, w) ? 0 : store_misuse(s, "there is not enough memory for its sessions");
}

int64_t store_network(struct store *s, const struct session *session)
{
    struct endpoint network = { .port = 0 };
    memcpy(network.addr, session->client.addr, sizeof network.addr);
    address_truncate(network.addr);
    return dictionary_endpoint(&s->dictionary, &network);
}

int store_row(struct store *s, int64_t id, struct stored_session *row)
{
    sqlite3_bind_int64(s->session_next, 1, id - 1);
    sqlite3_bind_int64(s->session_next, 2, 1);
    int rc = sqlite3_step(s->session_next);
    if (rc == SQLITE_ROW)
        stored_session_read(s->session_next, row);
    sqlite3_reset(s->session_next);
    return rc == SQLITE_ROW && row->id != id ? SQLITE_DONE : rc;
}

/* Brings a row up to date, and the sums with it. */
static int grow_row(struct store *s, struct stored_session *row, const struct session_counts *counts)
{
    struct session grown = row->s;
    int64_t number = store_network(s, &row->s);
    session_count(&grown.core, counts);
    if (grown.last_ns < row->s.last_ns)
        grown.last_ns = row->s.last_ns;
    struct counted was = { &row->s, &row->was, row->direction, row->strip, row->server, number, row->certificate,
                           row->fingerprint };
    struct counted is = { &grown, &row->was, row->direction, row->strip, row->server, number, row->certificate,
                           row->fingerprint };
    struct binder b = binder_of(s->session_grow);
    bind_int(&b, (int64_t)(grown.last_ns / 1000 - row->s.first_ns / 1000));
    bind_int(&b, grown.marks);
    bind_int(&b, (int64_t)grown.packets[TO_SERVER]);
    bind_int(&b, (int64_t)grown.packets[TO_CLIENT]);
    bind_int(&b, (int64_t)grown.bytes[TO_SERVER]);
    bind_int(&b, (int64_t)grown.bytes[TO_CLIENT]);
    bind_int(&b, row->id);
    if (number <= 0 || bound_run(&b) != SQLITE_OK || counts_grow(&s->counts, &was, &is) != SQLITE_OK)
        return store_fail(s);
    return 0;
}

int store_counts(struct store *s, uint64_t number, const struct session_counts *counts)
{
    struct settled_session *w = settled_waiting(&s->settled, number);
    int code = store_touch(s);

    if (!code && w) {
        session_count(&w->session.core, counts);
        code = write_waiting(s, w);
        settled_take(&s->settled, number);
        return code;
    }
    if (code)
        return code;
    int64_t id = settled_take(&s->settled, number);
    if (!id)
        return 0;
    struct session_counts all = *counts;
    code = s->run.id ? run_ends(s, number, &all) : 0;
    return code || counts->unchanged ? code : store_grow(s, id, &all);
}

int store_grow(struct store *s, int64_t id, const struct session_counts *counts)
{
    struct stored_session row;
    int rc = store_row(s, id, &row);
    return rc == SQLITE_ROW ? grow_row(s, &row, counts) : rc == SQLITE_DONE && s->run.id ? 0 : store_fail(s);
}

bool store_counted(struct store *s, int64_t id, struct session_counts *out)
{
    struct stored_session row;
    if (store_row(s, id, &row) != SQLITE_ROW)
        return false;
    *out = (struct session_counts){ .last_ns = row.s.last_ns, .marks = row.s.marks & SESSION_COUNTED_MARKS };
    memcpy(out->packets, row.s.packets, sizeof out->packets);
    memcpy(out->bytes, row.s.bytes, sizeof out->bytes);
    return true;
}

int store_attempt(struct store *s, const struct attempt *a, uint64_t n)
{
    int code = store_touch(s);
    if (code)
        return code;
    return counts_attempt(&s->counts, a, n) == SQLITE_OK ? 0 : store_fail(s);
}

int store_rate(struct store *s, const struct store_rate *r)
{
    int code = store_touch(s);
    if (code)
        return code;
    return counts_rate(&s->counts, r) == SQLITE_OK ? 0 : store_fail(s);
}

int store_certificate(struct store *s, const struct certificate *c)
{
    int code = store_touch(s);
    struct certificate copy = *c;
    if (code)
        return code;
    store_hide_text(s, copy.subject);
    store_hide_text(s, copy.issuer);
    return dictionary_certificate_add(&s->dictionary, &copy) > 0 ? 0 : store_fail(s);
}

int store_server_name(struct store *s, const struct server_name *n)
{
    int code = store_touch(s);
    struct server_name copy = *n;
    if (code)
        return code;
    store_hide(s, copy.server.addr);
    store_hide_text(s, copy.text);
    return dictionary_server_name_add(&s->dictionary, &copy, SERVER_NAMES) == SQLITE_OK ? 0 : store_fail(s);
}

const char *store_library(void) { return sqlite3_libversion(); }
