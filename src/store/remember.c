/* What is known of servers and clients from one run to the next. */
#include "store/inside.h"

enum { TRIM_BEHIND = 16384 };           /* entries written: so many more than are wanted may be in the table */

/* As many as find room in memory. */
static const uint32_t most[MEMORY_KINDS] = {
    [MEMORY_SERVER] = HISTORY_SERVERS, [MEMORY_RUN] = HISTORY_RUNS, [MEMORY_PAIR] = RETRY_PAIRS,
    [MEMORY_CLIENT] = RETRY_CLIENTS, [MEMORY_TLS] = RETRY_SERVERS,
};

bool remember_prepare(struct store *s)
{
    s->memory_put = db_prepare(s->db, "memory_put");
    return s->memory_put != NULL;
}

int64_t store_others(const struct store *s) { return store_remembers(s) ? s->data_version : 1; }

static struct span column(sqlite3_stmt *stmt, int i)
{
    const void *bytes = sqlite3_column_blob(stmt, i);
    return span_of(bytes, bytes ? (size_t)sqlite3_column_bytes(stmt, i) : 0);
}

int store_memory(struct store *s, enum memory_kind kind, void (*each)(void *ctx, const struct memory_entry *), void *ctx)
{
    if (!store_remembers(s))
        return 0;
    sqlite3_stmt *stmt = db_prepare(s->db, "memory_get");
    int rc = stmt ? SQLITE_OK : SQLITE_ERROR;

    if (stmt) {
        sqlite3_bind_int64(stmt, 1, memory_number(kind));
        sqlite3_bind_int64(stmt, 2, most[kind]);
        sqlite3_bind_int64(stmt, 3, MEMORY_BYTES);
        while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
            each(ctx, &(struct memory_entry){ .kind = kind, .key = column(stmt, 0), .bytes = column(stmt, 1) });
    }
    int code = rc == SQLITE_DONE ? 0 : store_fail(s);
    sqlite3_finalize(stmt);
    return code;
}

int store_remember(struct store *s, const struct memory_entry *e)
{
    if (!store_remembers(s))
        return 0;
    int code = store_touch(s);
    if (code)
        return code;
    struct binder b = binder_of(s->memory_put);
    bind_int(&b, memory_number(e->kind));
    bind_blob(&b, e->key.p, e->key.n);
    bind_int(&b, (int64_t)(e->last_ns / 1000));
    bind_blob(&b, e->bytes.p, e->bytes.n);
    s->remembered++;
    return bound_run(&b) == SQLITE_OK ? 0 : store_fail(s);
}

int remember_trim(struct store *s)
{
    if (s->remembered < TRIM_BEHIND)
        return SQLITE_OK;
    sqlite3_stmt *stmt = db_prepare(s->db, "memory_trim");
    int rc = stmt ? SQLITE_OK : SQLITE_ERROR;

    for (enum memory_kind kind = 0; kind < MEMORY_KINDS && rc == SQLITE_OK; kind++) {
        struct binder b = binder_of(stmt);
        bind_int(&b, memory_number(kind));
        bind_int(&b, most[kind]);
        rc = bound_run(&b);
    }
    sqlite3_finalize(stmt);
    s->remembered = 0;
    return rc;
}
