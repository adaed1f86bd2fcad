#include "store/inside.h"

#include <time.h>

bool run_prepare(struct store *s)
{
    struct run *r = &s->run;
    r->find = db_prepare(s->db, "run_find");
    r->add = db_prepare(s->db, "run_add");
    r->batch = db_prepare(s->db, "run_batch");
    r->link_find = db_prepare(s->db, "link_find");
    r->link_add = db_prepare(s->db, "link_add");
    r->link_seen = db_prepare(s->db, "link_seen");
    r->minute_add = db_prepare(s->db, "minute_add");
    r->go_on = db_prepare(s->db, "go_on");
    r->go_on_list = db_prepare(s->db, "go_on_list");
    r->end = db_prepare(s->db, "go_on_end");
    r->orphan_list = db_prepare(s->db, "orphan_list");
    r->orphan_end = db_prepare(s->db, "orphan_end");
    return r->find && r->add && r->batch && r->link_find && r->link_add && r->link_seen && r->minute_add && r->go_on &&
           r->go_on_list && r->end && r->orphan_list && r->orphan_end;
}

void run_close(struct run *r)
{
    sqlite3_stmt *all[] = { r->find, r->add, r->batch, r->link_find, r->link_add, r->link_seen, r->minute_add, r->go_on,
                            r->go_on_list, r->end, r->orphan_list, r->orphan_end };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        sqlite3_finalize(all[i]);
    orphans_free(&r->orphans);
}

/* What is in memory may be ahead of the database. */
void run_rolled_back(struct store *s) { s->run.loaded = false; }

/* --- which run it is --- */

static int find_run(struct store *s, uint64_t identity, int64_t *id, int64_t *batch)
{
    struct run *r = &s->run;
    *id = *batch = 0;
    sqlite3_bind_int64(r->find, 1, (int64_t)identity);
    int rc = sqlite3_step(r->find);
    if (rc == SQLITE_ROW) {
        *id = sqlite3_column_int64(r->find, 0);
        *batch = sqlite3_column_int64(r->find, 1);
    }
    sqlite3_reset(r->find);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s);
}

static int add_run(struct store *s, uint64_t identity, int64_t *id)
{
    struct binder b = binder_of(s->run.add);
    bind_int(&b, s->sensor_id);
    bind_int(&b, OWN_DATABASE);
    bind_int(&b, (int64_t)identity);
    bind_int(&b, (int64_t)time(NULL));
    if (bound_run(&b) != SQLITE_OK)
        return store_fail(s);
    *id = sqlite3_last_insert_rowid(s->db);
    return 0;
}

static int add_link(struct store *s, const char *name, int64_t *id)
{
    struct binder b = binder_of(s->run.link_add);
    bind_int(&b, s->sensor_id);
    bind_int(&b, OWN_DATABASE);
    bind_text(&b, name);
    bind_int(&b, (int64_t)time(NULL));
    bind_text(&b, MAILSEAL_VERSION);
    bind_int(&b, s->run.id);
    if (bound_run(&b) != SQLITE_OK)
        return store_fail(s);
    *id = sqlite3_last_insert_rowid(s->db);
    return 0;
}

/* The sources of its links; link 0 stands for none. */
static int find_links(struct store *s, const struct store_run *run)
{
    struct run *r = &s->run;
    int code = 0;
    r->nlinks = run->nlinks < STORE_LINKS ? run->nlinks : STORE_LINKS;
    for (unsigned i = 0; i < r->nlinks && !code; i++) {
        struct binder b = binder_of(r->link_find);
        bind_int(&b, r->id);
        bind_text(&b, run->link[i]);
        int rc = bound_value(&b, &r->source[i + 1]);
        if (rc == SQLITE_DONE)
            code = add_link(s, run->link[i], &r->source[i + 1]);
        else if (rc != SQLITE_ROW)
            code = store_fail(s);
    }
    r->source[0] = r->source[1];
    return code;
}

/* --- what goes on --- */

static int load_going_on(struct store *s)
{
    sqlite3_stmt *list = s->run.go_on_list;
    bool room = true;
    int rc;
    settled_forget(&s->settled);
    sqlite3_bind_int64(list, 1, s->run.id);
    while ((rc = sqlite3_step(list)) == SQLITE_ROW && room)
        room = settled_row(&s->settled, (uint64_t)sqlite3_column_int64(list, 0), sqlite3_column_int64(list, 1));
    sqlite3_reset(list);
    if (!room)
        return store_misuse(s, "there is not enough memory for its sessions");
    return rc == SQLITE_DONE ? 0 : store_fail(s);
}

static bool read_end(sqlite3_stmt *stmt, int column, struct endpoint *out)
{
    if (sqlite3_column_bytes(stmt, column) != (int)sizeof out->addr)
        return false;
    memcpy(out->addr, sqlite3_column_blob(stmt, column), sizeof out->addr);
    out->port = (uint16_t)sqlite3_column_int64(stmt, column + 1);
    return true;
}

/* Of truncated addresses nobody can be known again. */
static int load_orphans(struct store *s)
{
    sqlite3_stmt *list = s->run.orphan_list;
    struct endpoint client, server;
    int rc;
    if (!orphans_clear(&s->run.orphans) || s->disguise.mode == ADDRESSES_TRUNCATE)
        return 0;
    sqlite3_bind_int64(list, 1, s->run.id);
    sqlite3_bind_int64(list, 2, ORPHANS);
    while ((rc = sqlite3_step(list)) == SQLITE_ROW)
        if (read_end(list, 1, &client) && read_end(list, 3, &server))
            orphans_add(&s->run.orphans, &client, &server, sqlite3_column_int64(list, 0));
    sqlite3_reset(list);
    return rc == SQLITE_DONE ? 0 : store_fail(s);
}

int store_run(struct store *s, const struct store_run *run, uint64_t *batch)
{
    struct run *r = &s->run;
    int64_t id, stored;
    int code = store_touch(s);

    if (!code)
        code = find_run(s, run->identity, &id, &stored);
    if (!code && !id)
        code = add_run(s, run->identity, &id);
    if (code)
        return code;
    *batch = (uint64_t)stored;
    if (r->loaded && r->id == id)
        return 0;
    /* Rows that wait are of the run before, and what of them goes on is to be found in this one. */
    if ((code = store_write_waiting(s)))
        return code;
    r->id = id;
    r->loaded = false;
    if ((code = find_links(s, run)) || (code = load_going_on(s)) || (code = load_orphans(s)))
        return code;
    r->loaded = true;
    return 0;
}

/* --- sessions --- */

int run_goes_on(struct store *s, uint64_t number, int64_t id, const struct session_counts *before)
{
    struct binder b = binder_of(s->run.go_on);
    bind_int(&b, s->run.id);
    bind_int(&b, (int64_t)number);
    bind_int(&b, id);
    bind_int(&b, (int64_t)before->packets[TO_SERVER]);
    bind_int(&b, (int64_t)before->packets[TO_CLIENT]);
    bind_int(&b, (int64_t)before->bytes[TO_SERVER]);
    bind_int(&b, (int64_t)before->bytes[TO_CLIENT]);
    return bound_run(&b) == SQLITE_OK ? 0 : store_fail(s);
}

static uint64_t added(uint64_t n, sqlite3_stmt *stmt, int column)
{
    int64_t before = sqlite3_column_int64(stmt, column);
    return before > 0 && before < INT64_C(1) << 60 ? n + (uint64_t)before : n;
}

int run_ends(struct store *s, uint64_t number, struct session_counts *c)
{
    sqlite3_stmt *end = s->run.end;
    sqlite3_bind_int64(end, 1, s->run.id);
    sqlite3_bind_int64(end, 2, (int64_t)number);
    int rc = sqlite3_step(end);
    if (rc == SQLITE_ROW) {
        for (int d = 0; d < 2; d++) {
            c->packets[d] = added(c->packets[d], end, d);
            c->bytes[d] = added(c->bytes[d], end, 2 + d);
        }
        rc = sqlite3_step(end);
    }
    sqlite3_reset(end);
    return rc == SQLITE_DONE ? 0 : store_fail(s);
}

/* Orphans are known by what is stored of their ends. */
static struct endpoint hidden(const struct store *s, const struct endpoint *e)
{
    struct endpoint stored = *e;
    store_hide(s, stored.addr);
    return stored;
}

bool store_continues(struct store *s, const struct session *x)
{
    if (!s->run.id || !(x->marks & MARK_MIDSTREAM) || !s->run.orphans.n)
        return false;
    struct endpoint client = hidden(s, &x->client), server = hidden(s, &x->server);
    return orphans_has(&s->run.orphans, &client, &server);
}

int64_t run_orphan(struct store *s, const struct session *x)
{
    if (!s->run.id || !(x->marks & MARK_MIDSTREAM) || !s->run.orphans.n)
        return 0;
    struct endpoint client = hidden(s, &x->client), server = hidden(s, &x->server);
    int64_t id = orphans_take(&s->run.orphans, &client, &server);
    if (!id)
        return 0;
    struct binder b = binder_of(s->run.orphan_end);
    bind_int(&b, id);
    bind_int(&b, s->run.id);
    bound_run(&b);
    return id;
}

/* --- what was seen --- */

int store_run_batch(struct store *s, uint64_t batch, uint64_t complete_ns)
{
    int code = store_touch(s);
    struct binder b = binder_of(s->run.batch);
    bind_int(&b, s->run.id);
    bind_int(&b, (int64_t)batch);
    bind_int(&b, (int64_t)(complete_ns / 1000));
    bind_null(&b);
    return code ? code : bound_run(&b) == SQLITE_OK ? 0 : store_fail(s);
}

int store_run_end(struct store *s)
{
    int code = store_touch(s);
    struct binder b = binder_of(s->run.batch);
    bind_int(&b, s->run.id);
    bind_int(&b, 0);
    bind_int(&b, 0);
    bind_int(&b, (int64_t)time(NULL));
    return code ? code : bound_run(&b) == SQLITE_OK ? 0 : store_fail(s);
}

void store_run_over(struct store *s)
{
    sqlite3_busy_timeout(s->db, 0);
    sqlite3_exec(s->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
}

bool store_moved(struct store *s)
{
    int moved = 0;
    return sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved;
}

static void bind_time(struct binder *b, uint64_t ns)
{
    if (ns)
        bind_int(b, (int64_t)(ns / 1000));
    else
        bind_null(b);
}

static int add_to_source(struct store *s, int64_t source, const struct store_seen *x)
{
    struct binder b = binder_of(s->run.link_seen);
    if (x->linktype >= 0)
        bind_int(&b, x->linktype);
    else
        bind_null(&b);
    bind_time(&b, x->first_ns);
    bind_time(&b, x->last_ns);
    bind_int(&b, (int64_t)x->packets);
    for (size_t i = 0; i < DECODE_RESULTS_N; i++)
        bind_int(&b, x->decoded[i]);
    bind_int(&b, (int64_t)x->evicted);
    bind_int(&b, (int64_t)x->discarded);
    bind_int(&b, (int64_t)x->dropped_kernel);
    bind_int(&b, (int64_t)x->dropped_interface);
    bind_int(&b, source);
    return bound_run(&b);
}

static int add_to_minute(struct store *s, int64_t source, const struct store_seen *x)
{
    int64_t second = (int64_t)(x->clock_ns / 1000000000);
    struct binder b = binder_of(s->run.minute_add);
    bind_int(&b, source);
    bind_int(&b, second - second % 60);
    bind_int(&b, (int64_t)x->packets);
    bind_int(&b, (int64_t)x->bytes);
    bind_int(&b, x->decoded[DECODE_TCP]);
    bind_int(&b, (int64_t)x->dropped_kernel);
    bind_int(&b, (int64_t)x->dropped_interface);
    bind_int(&b, (int64_t)x->evicted);
    bind_int(&b, (int64_t)x->discarded);
    bind_int(&b, (int64_t)x->clock_steps);
    bind_int(&b, (int64_t)x->rows_left_out);
    return bound_run(&b);
}

int store_seen(struct store *s, const struct store_seen *x)
{
    int code = store_touch(s);
    int64_t source = s->run.source[x->link <= s->run.nlinks ? x->link : 0];
    if (code)
        return code;
    s->run.clock_us = (int64_t)(x->clock_ns / 1000);
    return add_to_source(s, source, x) == SQLITE_OK && add_to_minute(s, source, x) == SQLITE_OK ? 0 : store_fail(s);
}
