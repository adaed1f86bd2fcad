/* links: store/gathered.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/gathered.h"

static long long number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt;
    long long n = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
        n = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return n;
}

static void rows_are_those_in_memory(void **state)
{
    static const int64_t cell[] = { 1, 10, INT64_MIN, 2, 20, INT64_MAX };
    struct gathered g = { cell, 2, 3 };
    sqlite3 *db;
    (void)state;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(gathered_register(db, &g), SQLITE_OK);
    assert_int_equal(number(db, "SELECT sum(n0 * n1) FROM gathered"), 50);
    assert_int_equal(number(db, "SELECT n2 = -9223372036854775808 FROM gathered WHERE n0 = 1"), 1);
    assert_int_equal(number(db, "SELECT n2 = 9223372036854775807 FROM gathered WHERE rowid = 1"), 1);
    assert_int_equal(number(db, "SELECT count(n3) FROM gathered"), 0);      /* NULL: there are three */
    assert_int_equal(number(db, "SELECT count(*) FROM gathered AS a, gathered AS b"), 4);
    g = (struct gathered){ cell, 0, 3 };
    assert_int_equal(number(db, "SELECT count(*) FROM gathered"), 0);
    sqlite3_close(db);
}

/* What a file brings must not read it: it would see what another statement left there. */
static void views_do_not_read_it(void **state)
{
    struct gathered g = { NULL, 0, 1 };
    sqlite3 *db;
    (void)state;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(gathered_register(db, &g), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE VIEW v AS SELECT * FROM gathered", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(number(db, "SELECT count(*) FROM v"), -1);
    assert_int_not_equal(sqlite3_exec(db, "CREATE VIRTUAL TABLE t USING gathered", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* A file may have a table of this name, and its rows must not be taken for sums. */
static void another_table_is_not_read(void **state)
{
    struct gathered g = { NULL, 0, 1 };
    sqlite3 *db;
    (void)state;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(gathered_register(db, &g), SQLITE_OK);
    assert_int_equal(number(db, "SELECT count(*) FROM gathered()"), 0);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE gathered (n0)", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(number(db, "SELECT count(*) FROM gathered()"), -1);
    sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_those_in_memory),
        cmocka_unit_test(views_do_not_read_it),
        cmocka_unit_test(another_table_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
