#include "store/inside.h"

#include "store/database.h"
#include "store/schema.h"

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

    if (o->there && o->as_is)
        return database_open_copy(s->path, &s->db, s->error);
    if (o->there)
        return database_open_own(s->path, &s->db, s->error);
    if (o->address_key && !disguise_mark(o->address_key, mark)) {
        snprintf(s->error, STORE_ERROR, "libcrypto has no AES for the addresses");
        return code;
    }
    if ((code = database_open(s->path, &choice, o->live, &s->db, s->error)))
        return code;
    /* What a statement of many rows changes, to undo it alone, would be written to a temporary file. Only now: a migration
     * that sorts a large file may need one. */
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

void store_hide_text(const struct store *s, char *text, const struct own_addresses *own) { disguise_text(&s->disguise, text, own); }

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
    if (!s || !(s->path = strdup(path)) || !settled_open(&s->settled) || !waiting_open(&s->waiting)) {
        snprintf(error, STORE_ERROR, "not enough memory");
        *code = EX_OSERR;
        if (s) {
            settled_close(&s->settled);
            waiting_close(&s->waiting);
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
    waiting_close(&s->waiting);
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
    waiting_clear(&s->waiting);
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
    int code = store_write_waiting(s);
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

static struct own_addresses own_of(const struct endpoint *client, const struct endpoint *server)
{
    struct own_addresses own = { .n = 0 };
    own_add(&own, client->addr);
    own_add(&own, server->addr);
    return own;
}

int store_certificate(struct store *s, const struct certificate *c)
{
    int code = store_touch(s);
    struct certificate copy = *c;
    if (code)
        return code;
    struct own_addresses own = own_of(&c->client, &c->server);
    store_hide_text(s, copy.subject, &own);
    store_hide_text(s, copy.issuer, &own);
    return dictionary_certificate_add(&s->dictionary, &copy) > 0 ? 0 : store_fail(s);
}

int store_server_name(struct store *s, const struct server_name *n)
{
    int code = store_touch(s);
    struct server_name copy = *n;
    if (code)
        return code;
    struct own_addresses own = own_of(&n->client, &n->server);
    store_hide(s, copy.server.addr);
    store_hide_text(s, copy.text, &own);
    return dictionary_server_name_add(&s->dictionary, &copy, SERVER_NAMES) == SQLITE_OK ? 0 : store_fail(s);
}

const char *store_library(void) { return sqlite3_libversion(); }
