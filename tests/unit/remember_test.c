/* links: store/store.o store/run.o store/remember.o store/revise.o store/orphans.o store/settled.o store/waiting.o store/rows.o store/stored_session.o store/session_row.o store/dictionary.o store/counts.o store/gathered.o store/tally.o store/known.o store/sums.o
 *        store/database.o store/schema.o store/db.o store/sql.o sql_texts.o verdict/verdict.o
 *        facts/session.o facts/vocabulary.o facts/mechanism.o facts/names.o
 *        base/disguise.o base/endpoint.o base/hash.o base/digest.o base/bytes.o
 * What is remembered from one run to the next. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "store_kit.h"

enum { MANY = 20000 };

static struct memory_entry entry(enum memory_kind kind, uint32_t *number, uint64_t second)
{
    return (struct memory_entry){ .kind = kind, .key = span_of((const uint8_t *)number, sizeof *number),
                                  .bytes = span_of((const uint8_t *)"abc", 3), .last_ns = T0 + second * SECOND };
}

struct seen {
    unsigned n;
    uint32_t first, last;
};

static void see(void *ctx, const struct memory_entry *e)
{
    struct seen *s = ctx;
    uint32_t number;
    assert_int_equal(e->kind, MEMORY_RUN);
    if (e->key.n != sizeof number)
        return;
    memcpy(&number, e->key.p, sizeof number);
    s->first = s->n++ ? s->first : number;
    s->last = number;
    assert_true(e->bytes.n == 3 && memcmp(e->bytes.p, "abc", 3) == 0);
}

static void count(void *ctx, const struct memory_entry *e)
{
    unsigned *n = ctx;
    *n += e->key.n > 0;
}

static void fill(struct store *s, uint32_t n)
{
    assert_int_equal(store_begin(s), 0);
    for (uint32_t i = 0; i < n; i++) {
        struct memory_entry e = entry(MEMORY_RUN, &i, i);
        assert_int_equal(store_remember(s, &e), 0);
    }
    assert_int_equal(store_commit(s), 0);
}

static void the_newest_stay(void **state)
{
    const char *path = kit_path("many.db");
    struct seen seen = { 0 };
    struct store *s = kit_open(path);
    (void)state;
    assert_non_null(s);
    fill(s, MANY);
    store_close(s);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM memory"), HISTORY_RUNS);
    s = kit_open(path);
    assert_int_equal(store_memory(s, MEMORY_RUN, see, &seen), 0);
    assert_true(seen.n == HISTORY_RUNS && seen.first == MANY - HISTORY_RUNS && seen.last == MANY - 1);
    store_close(s);
}

static void change(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* What an enemy may have put there beside what is good. */
static void strange_rows_are_left_out(void **state)
{
    const char *path = kit_path("strange.db");
    struct seen seen = { 0 };
    struct store *s = kit_open(path);
    (void)state;
    assert_non_null(s);
    fill(s, 3);
    int64_t before = store_others(s);
    change(path, "INSERT INTO memory VALUES (1, x'', 9223372036854775807, x''), (1, x'01', -9223372036854775808, x'616263'),"
                 " (1, zeroblob(100000), 5, zeroblob(900000)), (1, x'02', 6, zeroblob(500)), (-7, x'00', 0, x''), (999, x'00', 0, x'')");
    assert_int_equal(store_begin(s), 0);
    assert_int_not_equal(store_others(s), before);
    assert_int_equal(store_memory(s, MEMORY_RUN, see, &seen), 0);
    assert_int_equal(seen.n, 3);
    assert_int_equal(store_commit(s), 0);
    store_close(s);
    change(path, "DROP TABLE memory");
    struct store_options options = { .sensor = NULL };
    char error[STORE_ERROR] = "";
    int code = 0;
    assert_null(store_open(path, &options, &code, error));
    assert_int_equal(code, 65);
    assert_non_null(strstr(error, "strange.db"));
    assert_null(strchr(error, '\n'));
}

static void nothing_where_addresses_are_truncated(void **state)
{
    const char *path = kit_path("truncated.db");
    struct store_options options = { .addresses = ADDRESSES_TRUNCATE };
    char error[STORE_ERROR];
    int code;
    struct store *s = store_open(path, &options, &code, error);
    struct seen seen = { 0 };
    (void)state;
    assert_non_null(s);
    fill(s, 3);
    int64_t before = store_others(s);
    change(path, "INSERT INTO memory VALUES (1, x'00000000', 0, x'616263')");
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_others(s), before);
    assert_int_equal(store_memory(s, MEMORY_RUN, see, &seen), 0);
    assert_int_equal(seen.n, 0);
    store_close(s);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM memory"), 1);
}

static int no_temporary_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    sqlite3_vfs *usual = vfs->pAppData;
    file->pMethods = NULL;
    return name ? usual->xOpen(usual, name, file, flags, out) : SQLITE_CANTOPEN;
}

/* The writer of a sensor may open no file but in the folder of its database: what needs a temporary one, for sorting or
 * for a journal of a single statement, would fail for ever. */
static void a_sensor_needs_no_temporary_file(void **state)
{
    sqlite3_vfs refusing = *sqlite3_vfs_find(NULL);
    const char *path = kit_path("live.db");
    struct store_options options = { .live = true };
    char error[STORE_ERROR];
    uint8_t text[MEMORY_BYTES - sizeof(uint32_t)] = { 0 };
    int code;
    unsigned seen = 0;
    (void)state;
    refusing.pAppData = sqlite3_vfs_find(NULL);
    refusing.zName = "refusing";
    refusing.xOpen = no_temporary_file;
    assert_int_equal(sqlite3_vfs_register(&refusing, 1), SQLITE_OK);
    struct store *s = store_open(path, &options, &code, error);
    assert_non_null(s);
    assert_int_equal(store_begin(s), 0);
    for (uint32_t i = 0; i < MANY; i++) {
        struct memory_entry e = entry(MEMORY_RUN, &i, i);
        e.bytes = span_of(text, sizeof text);
        assert_int_equal(store_remember(s, &e), 0);
    }
    assert_int_equal(store_commit(s), 0);
    if (store_memory(s, MEMORY_RUN, count, &seen))
        fail_msg("%s", store_error(s));
    assert_int_equal(seen, HISTORY_RUNS);
    store_close(s);
    sqlite3_vfs_unregister(&refusing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_stay),
        cmocka_unit_test(strange_rows_are_left_out),
        cmocka_unit_test(nothing_where_addresses_are_truncated),
        cmocka_unit_test(a_sensor_needs_no_temporary_file),
    };
    return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
