#include "store/retention.h"

#include "store/database.h"
#include "store/inside.h"

#include <stdio.h>

enum { STEP_SESSIONS = 500, STEP_DAYS = 4, MINUTE_DAYS = 30, STEP_PAGES = 256, SPARE_PAGES = 256, SPARE_PART = 16, INCREMENTAL = 2 };
static const int64_t hour_us = INT64_C(3600000000), day_us = 24 * INT64_C(3600000000);

/* The row of the table, and the file. */
struct state {
    int64_t clock_us, leapt_us, before_us[2];   /* [1]: with evidence or an incident */
    int64_t folded;                     /* seconds */
    int64_t pages, free, page_size, vacuum;
};

static int failed(struct store *s, int rc)
{
    if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW)
        return 0;
    return store_fail(s);
}

/* SQLite's result of a statement that is used seldom. */
static int run_once(struct store *s, const char *name, int64_t a, int64_t b_, int64_t c)
{
    sqlite3_stmt *stmt = db_prepare(s->db, name);
    struct binder b = binder_of(stmt);
    const int64_t values[] = { a, b_, c };
    for (int i = 0; stmt && i < sqlite3_bind_parameter_count(stmt) && i < 3; i++)
        bind_int(&b, values[i]);
    int rc = stmt ? bound_run(&b) : SQLITE_ERROR;
    sqlite3_finalize(stmt);
    return rc;
}

static int value_of(struct store *s, sqlite3_stmt *stmt, int64_t *value)
{
    struct binder b = binder_of(stmt);
    *value = 0;
    int rc = stmt ? bound_value(&b, value) : SQLITE_ERROR;
    sqlite3_finalize(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s);
}

static int pragma(struct store *s, const char *text, int64_t *value)
{
    sqlite3_stmt *stmt = NULL;
    sqlite3_prepare_v2(s->db, text, -1, &stmt, NULL);
    return value_of(s, stmt, value);
}

static int read_file(struct store *s, struct state *t)
{
    int code = pragma(s, "PRAGMA page_count", &t->pages);
    if (!code)
        code = pragma(s, "PRAGMA freelist_count", &t->free);
    if (!code)
        code = pragma(s, "PRAGMA page_size", &t->page_size);
    return code ? code : pragma(s, "PRAGMA auto_vacuum", &t->vacuum);
}

static int read_state(struct store *s, struct state *t)
{
    sqlite3_stmt *stmt = db_prepare(s->db, "retention_get");
    int rc = stmt ? sqlite3_step(stmt) : SQLITE_ERROR;
    if (rc == SQLITE_ROW) {
        t->clock_us = sqlite3_column_int64(stmt, 0);
        t->leapt_us = sqlite3_column_int64(stmt, 1);
        t->before_us[0] = sqlite3_column_int64(stmt, 2);
        t->before_us[1] = sqlite3_column_int64(stmt, 3);
        t->folded = sqlite3_column_int64(stmt, 4);
    }
    int code = rc == SQLITE_ROW ? 0 : store_fail(s);
    sqlite3_finalize(stmt);
    return code ? code : read_file(s, t);
}

/* --- the clock --- */

static int64_t distance(int64_t a, int64_t b) { return a > b ? a - b : b - a; }

static void believe(struct retention *r, struct state *t, int64_t now_us)
{
    if (!t->clock_us || distance(now_us, t->clock_us) <= day_us) {
        t->clock_us = now_us;
        t->leapt_us = 0;
    } else if (!t->leapt_us || !r->shown_us || distance(now_us, r->shown_us) > hour_us) {
        t->leapt_us = now_us;
    } else if (now_us - t->leapt_us >= day_us) {
        t->clock_us = now_us;
        t->leapt_us = 0;
    }
    r->shown_us = now_us;
}

/* Packet time; 0: it is not known yet. */
static int clock_of(struct store *s, int64_t *now_us)
{
    *now_us = s->run.clock_us;
    return s->run.id ? 0 : value_of(s, db_prepare(s->db, "source_newest"), now_us);
}

/* --- sessions --- */

static int oldest(struct store *s, int marked, int64_t *first_us)
{
    sqlite3_stmt *stmt = db_prepare(s->db, "session_oldest");
    if (stmt)
        sqlite3_bind_int64(stmt, 1, marked);
    int rc = stmt ? sqlite3_step(stmt) : SQLITE_ERROR;
    *first_us = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : INT64_MAX;
    int code = failed(s, rc);
    sqlite3_finalize(stmt);
    return code;
}

/* Before which sessions go; 0: none do. */
static int64_t limit_of(const struct state *t, int64_t now_us, uint32_t days)
{
    int64_t from = now_us < t->clock_us ? now_us : t->clock_us, age = (int64_t)days * day_us;
    return days && from > age ? from - age : 0;
}

/* The oldest of a kind that began before. */
static int drop(struct store *s, int marked, int64_t before_us, int64_t *n)
{
    static const char *const steps[] = { "let_go_trace", "let_go_evidence", "let_go_rejudged", "let_go_session" };
    int rc = SQLITE_OK;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && rc == SQLITE_OK; i++)
        rc = run_once(s, steps[i], marked, before_us, STEP_SESSIONS);
    *n = rc == SQLITE_OK ? sqlite3_changes64(s->db) : 0;
    return failed(s, rc);
}

static int drop_old(struct store *s, struct state *t, int marked, int64_t before_us, struct store_let_go *gone, bool *more)
{
    int64_t first_us, n;
    int code = oldest(s, marked, &first_us);
    if (code || first_us >= before_us)
        n = 0;
    else
        code = drop(s, marked, before_us, &n);
    gone->sessions += (uint64_t)n;
    gone->marked += marked ? (uint64_t)n : 0;
    *more = *more || n == STEP_SESSIONS;
    if (code || n == STEP_SESSIONS || before_us <= t->before_us[marked])
        return code;
    if (!marked && before_us / day_us > t->before_us[marked] / day_us)
        code = failed(s, run_once(s, "let_go_memory", before_us, 0, 0));
    t->before_us[marked] = before_us;
    return code;
}

static bool has_room(const struct state *t, const struct store_keep *keep)
{
    return !keep->bytes || (t->pages - t->free) <= (int64_t)(keep->bytes / (uint64_t)t->page_size);
}

/* Without regard to age. */
static int drop_for_room(struct store *s, struct state *t, struct store_let_go *gone, bool *more)
{
    int64_t first_us[2], n = 0;
    int code = oldest(s, 0, &first_us[0]);
    if (!code)
        code = oldest(s, 1, &first_us[1]);
    int marked = first_us[0] == INT64_MAX;
    gone->too_large = first_us[marked] == INT64_MAX;
    if (code || gone->too_large || (code = drop(s, marked, INT64_MAX, &n)) || (code = oldest(s, marked, &first_us[marked])))
        return code;
    gone->sessions += (uint64_t)n;
    gone->for_room += (uint64_t)n;
    gone->marked += marked ? (uint64_t)n : 0;
    if (first_us[marked] != INT64_MAX && first_us[marked] > t->before_us[marked])
        t->before_us[marked] = first_us[marked];
    *more = true;
    return 0;
}

/* --- sums --- */

/* One of several tables whose keys begin with an hour: in hours from one day until another. */
static int fold_days(struct store *s, int64_t from, int64_t until)
{
    static const char *const steps[] = { "fold_rate", "folded_rate", "fold_evidence", "folded_evidence", "fold_attempt", "folded_attempt" };
    int rc = SQLITE_OK;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && rc == SQLITE_OK; i++)
        rc = run_once(s, steps[i], from, until, 0);
    return failed(s, rc);
}

/* The first hour in [from, until) of which anything is counted, or until. */
static int first_hour(struct store *s, int64_t from, int64_t until, int64_t *first)
{
    sqlite3_stmt *stmt = db_prepare(s->db, "fold_first");
    if (stmt) {
        sqlite3_bind_int64(stmt, 1, from);
        sqlite3_bind_int64(stmt, 2, until);
    }
    return value_of(s, stmt, first);
}

/* Hours before a time, a few days of them. */
static int fold(struct store *s, struct state *t, int64_t limit_us, struct store_let_go *gone, bool *more)
{
    const int64_t day = day_us / 1000000, until = limit_us / day_us * day;
    if (t->folded > until)              /* by a clock that was wrong, or when hours were kept for less long */
        t->folded = until;
    int64_t from = t->folded < 0 ? 0 : t->folded;
    if (from >= until)
        return 0;
    int code = first_hour(s, from, until, &from);
    from = from > until ? until : from - from % day;
    int64_t to = until - from > STEP_DAYS * day ? from + STEP_DAYS * day : until, changes = sqlite3_total_changes64(s->db);
    if (!code)
        code = fold_days(s, from, to);
    if (!code && sqlite3_total_changes64(s->db) != changes) {
        gone->days_folded += (uint64_t)((to - from) / day);
        code = failed(s, run_once(s, "fold_move", 0, 0, 0));
    }
    t->folded = to;
    *more = *more || to < until;
    return code;
}

/* Once a day of the clock. */
static int fold_minutes(struct store *s, int64_t limit_us)
{
    int64_t until = limit_us / hour_us * (hour_us / 1000000);
    int rc = run_once(s, "fold_seen", until, 0, 0);
    return failed(s, rc == SQLITE_OK ? run_once(s, "folded_seen", until, 0, 0) : rc);
}

/* --- room --- */

/* Pages that are free are used again: only many of them are worth the trouble of moving others. */
static int give_back(struct store *s, struct state *t, const struct store_keep *keep, struct store_let_go *gone, bool *more)
{
    int64_t pages = t->pages, most = keep->bytes ? (int64_t)(keep->bytes / (uint64_t)t->page_size) : INT64_MAX, ignored;
    int64_t spare = t->pages / SPARE_PART + SPARE_PAGES;
    if (t->vacuum != INCREMENTAL || !t->free || (t->free <= spare && t->pages <= most))
        return 0;
    char text[64];
    snprintf(text, sizeof text, "PRAGMA incremental_vacuum(%d)", STEP_PAGES);
    if (sqlite3_exec(s->db, text, NULL, NULL, NULL) != SQLITE_OK)
        return store_fail(s);
    int code = pragma(s, "PRAGMA page_count", &t->pages);
    if (!code)
        code = pragma(s, "PRAGMA freelist_count", &ignored);
    gone->bytes += (uint64_t)(pages > t->pages ? (pages - t->pages) * t->page_size : 0);
    *more = *more || (t->pages < pages && (ignored > spare || (t->pages > most && ignored)));
    return code;
}

/* --- a step --- */

static int put(struct store *s, const struct state *t, const struct store_let_go *was, const struct store_let_go *is)
{
    sqlite3_stmt *stmt = db_prepare(s->db, "retention_put");
    struct binder b = binder_of(stmt);
    bind_int(&b, t->clock_us);
    bind_int(&b, t->leapt_us);
    bind_int(&b, t->before_us[0]);
    bind_int(&b, t->before_us[1]);
    bind_int(&b, (int64_t)(is->sessions - was->sessions));
    bind_int(&b, (int64_t)(is->marked - was->marked));
    bind_int(&b, (int64_t)(is->for_room - was->for_room));
    bind_int(&b, (int64_t)(is->addresses - was->addresses));
    bind_int(&b, t->folded);
    int code = failed(s, stmt ? bound_run(&b) : SQLITE_ERROR);
    sqlite3_finalize(stmt);
    return code;
}

static int step(struct store *s, const struct store_keep *keep, struct store_let_go *gone, bool *more)
{
    const struct store_let_go before = *gone;
    const uint32_t days[2] = { keep->session_days, keep->incident_days };
    struct state t = { 0 }, was;
    int64_t now_us;
    int code = read_state(s, &t);
    if (!code)
        code = clock_of(s, &now_us);
    was = t;
    if (!code && now_us > 0)
        believe(&s->retention, &t, now_us);
    for (int marked = 0; marked < 2 && !code && now_us > 0; marked++)
        code = drop_old(s, &t, marked, limit_of(&t, now_us, days[marked]), gone, more);
    gone->too_large = false;
    if (!code && gone->sessions == before.sessions && !has_room(&t, keep))
        code = drop_for_room(s, &t, gone, more);
    s->retention.dropped += gone->sessions - before.sessions;
    if (!code && !*more)
        code = sweep_step(s, &gone->addresses, more);
    if (!code && !*more && now_us > 0)
        code = fold(s, &t, limit_of(&t, now_us, keep->hourly_days), gone, more);
    bool new_day = t.clock_us / day_us != was.clock_us / day_us;
    if (!code && new_day)
        code = fold_minutes(s, limit_of(&t, now_us, MINUTE_DAYS));
    if (!code)
        code = give_back(s, &t, keep, gone, more);
    gone->before_us = t.before_us[0];
    bool moved = new_day || distance(t.clock_us, was.clock_us) >= hour_us || t.leapt_us != was.leapt_us;
    bool went = gone->sessions != before.sessions || gone->addresses != before.addresses || t.folded != was.folded;
    return code || !(moved || went) ? code : put(s, &t, &before, gone);
}

int store_let_go(struct store *s, const struct store_keep *keep, struct store_let_go *gone, bool *more)
{
    const struct store_let_go before = *gone;
    *more = false;
    if (s->open)
        return store_misuse(s, "a transaction is open already");
    s->failed = 0;
    sqlite3_busy_timeout(s->db, s->run.id ? 0 : DATABASE_WAIT);
    int rc = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    sqlite3_busy_timeout(s->db, DATABASE_WAIT);
    if ((rc & 0xff) == SQLITE_BUSY && s->run.id)
        return 0;
    int code = failed(s, rc);
    if (code)
        return code;
    code = step(s, keep, gone, more);
    if (!code && sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        code = store_fail(s);
    if (code) {
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
        *gone = before;
        *more = false;
        sweep_rolled_back(s);
    }
    return code;
}

int store_would_let_go(struct store *s, const struct store_keep *keep, struct store_let_go *would)
{
    bool more = true;
    *would = (struct store_let_go){ 0 };
    s->failed = 0;
    int code = failed(s, sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
    while (!code && more) {
        more = false;
        code = step(s, keep, would, &more);
    }
    sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    sweep_rolled_back(s);
    return code;
}

int store_pack(struct store *s)
{
    s->failed = 0;
    if (sqlite3_exec(s->db, "PRAGMA auto_vacuum = INCREMENTAL; VACUUM", NULL, NULL, NULL) != SQLITE_OK)
        return store_fail(s);
    return 0;
}

uint64_t store_size(struct store *s)
{
    struct state t = { 0 };
    return read_file(s, &t) ? 0 : (uint64_t)(t.pages * t.page_size);
}
