#include "store/rejudge.h"

#include "store/counts.h"
#include "store/database.h"
#include "store/dictionary.h"
#include "store/session_row.h"
#include "store/stored_session.h"
#include "verdict/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

enum { PAGE = 256, OWN = 1 };

struct rejudging {
    sqlite3 *db;
    const char *path;
    bool dry;
    const struct rejudge_paths *paths;  /* NULL: they stay as they are */
    int64_t revision, last_session, newest_us;
    sqlite3_stmt *next, *change, *moved, *record;
    struct rejudge_changes *changes;
    struct stored_session page[PAGE];
    size_t n;
    struct dictionary dictionary;
    struct counts counts;
};

/* --- reading --- */

static int read_page(struct rejudging *r, int64_t behind)
{
    int rc;
    sqlite3_bind_int64(r->next, 1, behind);
    sqlite3_bind_int64(r->next, 2, PAGE);
    for (r->n = 0; (rc = sqlite3_step(r->next)) == SQLITE_ROW && r->n < PAGE; r->n++)
        stored_session_read(r->next, &r->page[r->n]);
    sqlite3_reset(r->next);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* --- what has changed --- */

static size_t place_of(int64_t code)
{
    return code >= 0 && code < REJUDGE_CODES ? (size_t)code : REJUDGE_CODES - 1;
}

static void note(uint64_t table[REJUDGE_CODES][REJUDGE_CODES], int64_t was, int64_t is)
{
    if (was != is)
        table[place_of(was)][place_of(is)]++;
}

/* The facts of now: what is allowed is the only one that may change. */
static uint32_t facts_now(const struct rejudging *r, const struct stored_session *o)
{
    const struct rejudge_paths *p = r->paths;
    uint32_t rest = o->s.facts & ~(uint32_t)FACT_ALLOWED;
    if (!p)
        return o->s.facts;
    return p->allowed(p->ctx, o->direction, &o->s.client, &o->s.server) ? rest | FACT_ALLOWED : rest;
}

static void note_path(struct rejudge_changes *c, uint32_t was, uint32_t is)
{
    c->allowed += (is & ~was & FACT_ALLOWED) != 0;
    c->no_more += (was & ~is & FACT_ALLOWED) != 0;
}

/* True: the session comes out otherwise. */
static bool differs(struct rejudge_changes *c, const struct stored_session *o, const struct judgement *is, int64_t strip)
{
    bool same = o->was.verdict == is->verdict && o->was.hop == is->hop && o->strip == strip;
    c->sessions++;
    note(c->verdict, o->was.verdict, is->verdict);
    note(c->hop, o->was.hop, is->hop);
    note(c->strip, o->strip, strip);
    if (same && strcmp(o->rule, session_row_rule(is)) == 0)
        return false;
    c->rule_only += same;
    c->changed++;
    return true;
}

/* --- writing --- */

static enum evidence strongest(uint32_t evidence)
{
    enum evidence best = 0;
    for (enum evidence e = 0; e < EVIDENCE_N; e++)
        if (evidence_grade(evidence, e) > evidence_grade(evidence, best))
            best = e;
    return best;
}

/* A grade that changes by what is allowed is not changed in silence. */
static int record(struct rejudging *r, const struct stored_session *o, const struct judgement *is, int64_t strip, uint32_t facts)
{
    struct binder b = binder_of(r->record);
    if (facts == o->s.facts || strip == o->strip)
        return SQLITE_OK;
    bind_int(&b, o->id);
    bind_int(&b, o->was.verdict);
    bind_int(&b, is->verdict);
    bind_int(&b, o->strip);
    bind_int(&b, strip);
    bind_int(&b, strongest(o->s.evidence));
    bind_text(&b, facts & FACT_ALLOWED ? "the path is one of those that are allowed now" : "the path is allowed no more");
    bind_int(&b, r->newest_us);
    return bound_run(&b);
}

static int change_row(struct rejudging *r, const struct stored_session *o, const struct judgement *is, int64_t strip, uint32_t facts)
{
    int64_t rule = dictionary_name(&r->dictionary, session_row_rule(is));
    struct binder b = binder_of(r->change);

    if (rule <= 0)
        return sqlite3_extended_errcode(r->db);
    bind_int(&b, o->id);
    bind_int(&b, is->verdict);
    bind_int(&b, rule);
    bind_int(&b, is->hop);
    bind_int(&b, strip);
    bind_int(&b, facts);
    int rc = bound_run(&b);
    if (rc == SQLITE_OK)
        rc = record(r, o, is, strip, facts);
    if (rc != SQLITE_OK || o->was.verdict == is->verdict)
        return rc;
    b = binder_of(r->moved);
    bind_int(&b, o->sensor);
    bind_int(&b, o->database);
    bind_int(&b, o->server);
    bind_int(&b, o->s.protocol);
    return bound_run(&b);
}

static int move_sums(struct rejudging *r, const struct stored_session *o, const struct session *now, const struct judgement *is, int64_t strip)
{
    struct endpoint network = endpoint_network(&o->s.client);
    int64_t number = dictionary_endpoint(&r->dictionary, &network);
    struct counted before = { &o->s.core, &o->was, o->direction, o->strip, o->server, number, o->certificate, o->fingerprint };
    struct counted after = { &now->core, is, o->direction, strip, o->server, number, o->certificate, o->fingerprint };

    if (number <= 0)
        return sqlite3_extended_errcode(r->db);
    int rc = counts_owner(&r->counts, o->sensor, o->database);
    return rc == SQLITE_OK ? counts_move(&r->counts, &before, &after) : rc;
}

static int judge_again(struct rejudging *r, const struct stored_session *o)
{
    struct session now = o->s;
    now.facts = facts_now(r, o);
    struct judgement is = judge(&now);
    int64_t strip = session_row_strip(&is);
    bool changed = differs(r->changes, o, &is, strip);
    int rc = SQLITE_OK;

    note_path(r->changes, o->s.facts, now.facts);
    if (r->dry)
        return rc;
    if (changed || now.facts != o->s.facts)
        rc = change_row(r, o, &is, strip, now.facts);
    if (rc == SQLITE_OK && (changed || !counts_is_mail_port(o->s.server.port)))
        rc = move_sums(r, o, &now, &is, strip);
    return rc;
}

static int judge_all(struct rejudging *r)
{
    int64_t last = INT64_MIN;
    int rc;
    do {
        rc = read_page(r, last);
        for (size_t i = 0; i < r->n && rc == SQLITE_OK; i++)
            rc = judge_again(r, &r->page[i]);
        if (r->n)
            last = r->page[r->n - 1].id;
    } while (rc == SQLITE_OK && r->n);
    return rc;
}

/* --- the transaction --- */

static int run(sqlite3 *db, const char *name, const int64_t *parameter)
{
    sqlite3_stmt *stmt = db_prepare(db, name);
    if (!stmt)
        return sqlite3_extended_errcode(db);
    struct binder b = binder_of(stmt);
    if (parameter)
        bind_int(&b, *parameter);
    int rc = bound_run(&b);
    sqlite3_finalize(stmt);
    return rc;
}

static int value_of(sqlite3 *db, const char *name, int64_t *out)
{
    sqlite3_stmt *stmt = db_prepare(db, name);
    if (!stmt)
        return sqlite3_extended_errcode(db);
    struct binder b = binder_of(stmt);
    int rc = bound_value(&b, out);
    sqlite3_finalize(stmt);
    return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static int read_newest(struct rejudging *r) { return value_of(r->db, "session_newest", &r->newest_us); }

static int begin(struct rejudging *r)
{
    int rc = run(r->db, "server_moved_table", NULL);
    sqlite3_stmt *get = rc == SQLITE_OK ? db_prepare(r->db, "database_get") : NULL;

    if (!get)
        return rc != SQLITE_OK ? rc : sqlite3_extended_errcode(r->db);
    rc = sqlite3_step(get);
    r->revision = sqlite3_column_int64(get, 1);
    r->last_session = sqlite3_column_int64(get, 2);
    sqlite3_finalize(get);
    if (rc != SQLITE_ROW)
        return rc == SQLITE_DONE ? SQLITE_CORRUPT : rc;
    if (!database_number_valid(r->revision) || !database_number_valid(r->last_session))
        return SQLITE_CORRUPT;
    r->revision++;
    if (!dictionary_open(&r->dictionary, r->db) || !counts_open(&r->counts, r->db, OWN) ||
        !(r->change = db_prepare(r->db, "session_rejudge")) || !(r->moved = db_prepare(r->db, "server_moved")) ||
        !(r->record = db_prepare(r->db, "rejudged_add")))
        return sqlite3_extended_errcode(r->db);
    rc = run(r->db, "odd_port_forget", NULL);
    if (rc == SQLITE_OK && r->paths)
        rc = read_newest(r);
    return rc == SQLITE_OK ? counts_begin(&r->counts, 0, r->revision) : rc;
}

/* What is empty goes, as if it had never been; the rest must be as many as there are. */
static int tidy(struct rejudging *r, bool *broken)
{
    static const char *const steps[] = { "rate_trim", "rate_day_trim", "peer_day_trim", "tls_day_trim",
                                         "certificate_day_trim", "client_day_trim", "client_name_day_trim", "peer_month_trim", "evidence_hour_trim",
                                         "server_trim" };
    int64_t below = 0;
    int rc = run(r->db, "server_extremes", &r->revision);

    for (size_t i = 0; i < sizeof steps / sizeof *steps && rc == SQLITE_OK; i++)
        rc = run(r->db, steps[i], NULL);
    if (rc == SQLITE_OK)
        rc = value_of(r->db, "sums_below_zero", &below);
    *broken = below != 0;
    return rc;
}

static int finish(struct rejudging *r, bool *broken)
{
    int rc = counts_write(&r->counts);
    sqlite3_stmt *move;

    if (rc == SQLITE_OK)
        rc = tidy(r, broken);
    if (rc != SQLITE_OK || *broken || !(r->changes->changed || r->changes->allowed || r->changes->no_more))
        return rc;
    if (!(move = db_prepare(r->db, "database_move")))
        return sqlite3_extended_errcode(r->db);
    struct binder b = binder_of(move);
    bind_int(&b, r->revision);
    bind_int(&b, r->last_session);
    rc = bound_run(&b);
    sqlite3_finalize(move);
    return rc == SQLITE_OK ? sqlite3_exec(r->db, "COMMIT", NULL, NULL, NULL) : rc;
}

static void give_back(struct rejudging *r)
{
    sqlite3_finalize(r->next);
    sqlite3_finalize(r->change);
    sqlite3_finalize(r->moved);
    sqlite3_finalize(r->record);
    dictionary_close(&r->dictionary);
    counts_close(&r->counts);
}

/* Whether the stored addresses tell which sessions are on the paths. */
static int check_addresses(struct rejudging *r, char error[STORE_ERROR])
{
    sqlite3_stmt *get = db_prepare(r->db, "database_get");
    int rc = get ? sqlite3_step(get) : SQLITE_ERROR;
    enum address_mode mode = rc == SQLITE_ROW ? address_mode_parse((const char *)sqlite3_column_text(get, 0)) : ADDRESSES_DEFAULT;
    sqlite3_finalize(get);
    if (rc != SQLITE_ROW)
        return db_failure(r->db, r->path, error);
    if (address_mode_keyed(mode))
        snprintf(error, STORE_ERROR, "%.600s has pseudonyms in the place of addresses (--addresses %s), and nobody knows which of them are on the"
                 " paths that are allowed", r->path, address_mode_word(mode));
    else if (mode == ADDRESSES_TRUNCATE && r->paths->narrow)
        snprintf(error, STORE_ERROR, "%.600s has the /24 or /48 of each address only (--addresses truncate): no network of --allow may be narrower",
                 r->path);
    else
        return 0;
    return EX_USAGE;
}

static int judge_database(struct rejudging *r, char error[STORE_ERROR])
{
    bool broken = false;
    int rc = r->paths ? check_addresses(r, error) : 0;

    if (rc)
        return rc;
    if (sqlite3_exec(r->db, r->dry ? "BEGIN" : "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return db_failure(r->db, r->path, error);
    if (!r->dry)
        rc = begin(r);
    if (rc == SQLITE_OK && !(r->next = db_prepare(r->db, "session_next")))
        rc = sqlite3_extended_errcode(r->db);
    if (rc == SQLITE_OK)
        rc = judge_all(r);
    if (rc == SQLITE_OK && !r->dry)
        rc = finish(r, &broken);
    int code = rc == SQLITE_OK ? 0 : db_failure_of(rc, sqlite3_errmsg(r->db), r->path, error);
    if (broken) {
        snprintf(error, STORE_ERROR, "%.600s is damaged: its sums do not agree with its sessions; nothing was changed",
                 r->path);
        code = EX_DATAERR;
    }
    give_back(r);
    if (!sqlite3_get_autocommit(r->db))
        sqlite3_exec(r->db, "ROLLBACK", NULL, NULL, NULL);
    return code;
}

int rejudge(const char *path, bool dry, const struct rejudge_paths *paths, struct rejudge_changes *changes, char error[STORE_ERROR])
{
    struct rejudging *r = calloc(1, sizeof *r);
    int code;

    memset(changes, 0, sizeof *changes);
    if (!r) {
        snprintf(error, STORE_ERROR, "not enough memory");
        return EX_OSERR;
    }
    r->path = path;
    r->dry = dry;
    r->paths = paths;
    r->changes = changes;
    code = dry ? database_open_read(path, &r->db, error) : database_open_own(path, &r->db, error);
    if (!code)
        code = judge_database(r, error);
    sqlite3_close(r->db);
    free(r);
    return code;
}
