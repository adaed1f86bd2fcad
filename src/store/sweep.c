#include "store/sweep.h"

#include "base/threads.h"
#include "store/inside.h"

enum { ROWS = 2000, ADDRESSES = 500 };
static const uint64_t hour_ns = UINT64_C(3600000000000);

/* What was looked at stays known, but the last part may have to be looked at again. */
void sweep_rolled_back(struct store *s) { s->retention.sweep.at = 0; }

static bool has(const struct sweep *w, int64_t id)
{
    int64_t i = id - w->base;
    return i < 0 || i >= SWEEP_ENDPOINTS || w->used[i / 8] >> i % 8 & 1;
}

static void mark(struct sweep *w, int64_t id)
{
    int64_t i = id - w->base;
    if (i >= 0 && i < SWEEP_ENDPOINTS)
        w->used[i / 8] |= (uint8_t)(1 << i % 8);
}

/* The next sessions; *n: how many. */
static int mark_some(struct store *s, int *n)
{
    struct sweep *w = &s->retention.sweep;
    sqlite3_stmt *stmt = db_prepare(s->db, "session_clients");
    int rc = stmt ? SQLITE_ROW : SQLITE_ERROR;
    if (stmt) {
        sqlite3_bind_int64(stmt, 1, w->session);
        sqlite3_bind_int64(stmt, 2, ROWS);
    }
    for (*n = 0; rc == SQLITE_ROW && (rc = sqlite3_step(stmt)) == SQLITE_ROW; ++*n) {
        w->session = sqlite3_column_int64(stmt, 0);
        mark(w, sqlite3_column_int64(stmt, 1));
        mark(w, sqlite3_column_int64(stmt, 2));
    }
    int code = rc == SQLITE_DONE ? 0 : store_fail(s);
    sqlite3_finalize(stmt);
    return code;
}

/* A network is named by the sums, too. */
static bool is_host(sqlite3_stmt *stmt, int column)
{
    uint8_t whole[16], network[16];
    if (sqlite3_column_bytes(stmt, column) != (int)sizeof whole)
        return false;
    memcpy(whole, sqlite3_column_blob(stmt, column), sizeof whole);
    memcpy(network, whole, sizeof network);
    address_truncate(network);
    return memcmp(whole, network, sizeof whole) != 0;
}

/* Those of the next that nobody has; *n: how many were looked at. */
static int find_some(struct store *s, int64_t gone[ADDRESSES], int *ngone, int *n)
{
    struct sweep *w = &s->retention.sweep;
    sqlite3_stmt *stmt = db_prepare(s->db, "endpoint_clients");
    int rc = stmt ? SQLITE_ROW : SQLITE_ERROR;
    if (stmt) {
        sqlite3_bind_int64(stmt, 1, w->at);
        sqlite3_bind_int64(stmt, 2, w->top);
        sqlite3_bind_int64(stmt, 3, ADDRESSES);
    }
    *ngone = 0;
    for (*n = 0; rc == SQLITE_ROW && *n < ADDRESSES && (rc = sqlite3_step(stmt)) == SQLITE_ROW; ++*n) {
        w->at = sqlite3_column_int64(stmt, 0);
        if (!has(w, w->at) && is_host(stmt, 1))
            gone[(*ngone)++] = w->at;
    }
    int code = rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : store_fail(s);
    sqlite3_finalize(stmt);
    return code;
}

static int delete_some(struct store *s, const int64_t *gone, int n)
{
    sqlite3_stmt *stmt = db_prepare(s->db, "endpoint_drop");
    int rc = stmt ? SQLITE_OK : SQLITE_ERROR;
    for (int i = 0; i < n && rc == SQLITE_OK; i++) {
        struct binder b = binder_of(stmt);
        bind_int(&b, gone[i]);
        rc = bound_run(&b);
    }
    int code = rc == SQLITE_OK ? 0 : store_fail(s);
    sqlite3_finalize(stmt);
    if (n)
        dictionary_forget(&s->dictionary);
    return code;
}

static void next_window(struct store *s)
{
    struct sweep *w = &s->retention.sweep;
    w->base += SWEEP_ENDPOINTS;
    w->session = 0;
    w->marked = false;
    w->at = w->base - 1;
    w->on = w->base <= w->top;
    memset(w->used, 0, sizeof w->used);
}

/* Sessions that came since then may have an address again that nobody had: they are gone through first. */
static int sweep_some(struct store *s, uint64_t *addresses)
{
    struct sweep *w = &s->retention.sweep;
    int64_t gone[ADDRESSES];
    int n, ngone = 0, code = 0;
    do
        code = mark_some(s, &n);
    while (!code && n == ROWS);
    if (!code)
        code = find_some(s, gone, &ngone, &n);
    if (!code)
        code = delete_some(s, gone, ngone);
    if (code)
        return code;
    *addresses += (uint64_t)ngone;
    if (n < ADDRESSES || w->at >= w->base + SWEEP_ENDPOINTS - 1)
        next_window(s);
    return 0;
}

static int begin(struct store *s)
{
    struct sweep *w = &s->retention.sweep;
    sqlite3_stmt *stmt = db_prepare(s->db, "endpoint_last");
    struct binder b = binder_of(stmt);
    memset(w, 0, sizeof *w);
    w->begun_ns = wall_clock_ns();
    int rc = stmt ? bound_value(&b, &w->top) : SQLITE_ERROR;
    sqlite3_finalize(stmt);
    s->retention.dropped = 0;
    w->on = rc == SQLITE_ROW;
    if (rc != SQLITE_ROW)
        return rc == SQLITE_DONE ? 0 : store_fail(s);
    struct binder none = binder_of(stmt = db_prepare(s->db, "let_go_going_on"));
    rc = stmt ? bound_run(&none) : SQLITE_ERROR;
    sqlite3_finalize(stmt);
    return rc == SQLITE_OK ? 0 : store_fail(s);
}

int sweep_step(struct store *s, uint64_t *addresses, bool *more)
{
    struct sweep *w = &s->retention.sweep;
    int code = 0, n = 0;
    if (!w->on && (!s->retention.dropped || (w->begun_ns && wall_clock_ns() - w->begun_ns < hour_ns)))
        return 0;
    if (!w->on)
        code = begin(s);
    if (code || !w->on)
        return code;
    if (!w->marked) {
        code = mark_some(s, &n);
        w->marked = n < ROWS;
    } else {
        code = sweep_some(s, addresses);
    }
    *more = *more || w->on;
    return code;
}
