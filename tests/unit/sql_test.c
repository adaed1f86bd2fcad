/* links: store/schema.o store/gathered.o store/db.o store/sql.o sql_texts.o verdict/verdict.o
 *        facts/session.o facts/vocabulary.o facts/mechanism.o facts/names.o base/bytes.o
 * The files of sql/, in memory: they fit the schema, and the words in them fit C. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "facts/mechanism.h"
#include "facts/names.h"
#include "facts/session.h"
#include "store/database.h"
#include "store/gathered.h"
#include "store/schema.h"
#include "store/sql.h"
#include "verdict/verdict.h"

static sqlite3 *fresh(void)
{
    static struct gathered none;
    sqlite3 *db;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(gathered_register(db, &none), SQLITE_OK);
    assert_int_equal(schema_migrate(db, 0), SQLITE_OK);
    assert_int_equal(schema_refresh(db), SQLITE_OK);
    return db;
}

static long long number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    long long n = -999;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    if (sqlite3_step(stmt) == SQLITE_ROW)
        n = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return n;
}

/* What a program embeds is what stands in the tree. */
static void texts_are_the_files(void **state)
{
    (void)state;
    for (const struct sql_text *t = sql_texts; t->path; t++) {
        char path[256];
        snprintf(path, sizeof path, "sql/%s", t->path);
        FILE *f = fopen(path, "rb");
        if (!f)
            skip();                     /* run somewhere else than in the checkout */
        char *text = calloc(1, 1 << 18);
        size_t n = fread(text, 1, (1 << 18) - 1, f);
        assert_int_equal(n, strlen(t->text));
        assert_string_equal(text, t->text);
        free(text);
        fclose(f);
    }
    assert_non_null(sql_find("reports/share.sql"));
    assert_null(sql_find("reports/none.sql"));
}

static void migrations_are_numbered_in_order(void **state)
{
    (void)state;
    int last = -1;                      /* 0: all in one piece */
    for (const struct sql_text *t = sql_texts; t->path; t++)
        if (strncmp(t->path, "schema/", 7) == 0) {
            assert_int_equal(strtol(t->path + 7, NULL, 10), last + 1);
            last++;
        }
    assert_int_equal(last, database_version());
    sqlite3 *db = fresh();
    assert_int_equal(number(db, "PRAGMA user_version"), last);
    assert_int_equal(number(db, "PRAGMA application_id"), DATABASE_APPLICATION_ID);
    assert_int_equal(number(db, "SELECT count(*) FROM pragma_table_list WHERE type = 'table' AND NOT strict"
                                " AND name NOT LIKE 'sqlite_%'"), 0);
    sqlite3_close(db);
}

/* Everything that is in a database, as one text for the caller to sqlite3_free(). */
static char *dumped(sqlite3 *db)
{
    sqlite3_stmt *stmt, *row;
    sqlite3_str *all = sqlite3_str_new(NULL);
    static const char objects[] = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name";

    assert_int_equal(sqlite3_prepare_v2(db, objects, -1, &stmt, NULL), SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        sqlite3_str_appendf(all, "%s\n", sqlite3_column_text(stmt, 2));
        if (strcmp((const char *)sqlite3_column_text(stmt, 0), "table") != 0)
            continue;
        char *sql = sqlite3_mprintf("SELECT * FROM %Q", sqlite3_column_text(stmt, 1));
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
        while (sqlite3_step(row) == SQLITE_ROW)
            for (int i = 0; i < sqlite3_column_count(row); i++)
                sqlite3_str_appendf(all, "%d %s\n", sqlite3_column_type(row, i), sqlite3_column_text(row, i));
        sqlite3_finalize(row);
        sqlite3_free(sql);
    }
    sqlite3_finalize(stmt);
    return sqlite3_str_finish(all);
}

/* If this fails after a migration was added: tools/squash-schema > sql/schema/000_new.sql */
static void one_piece_is_what_the_migrations_leave(void **state)
{
    (void)state;
    sqlite3 *db = fresh(), *migrated;

    assert_int_equal(sqlite3_open(":memory:", &migrated), SQLITE_OK);
    for (const struct sql_text *t = sql_texts; t->path; t++)
        if (strncmp(t->path, "schema/", 7) == 0 && strtol(t->path + 7, NULL, 10) > 0)
            assert_int_equal(sqlite3_exec(migrated, t->text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(schema_refresh(migrated), SQLITE_OK);
    char *one = dumped(db), *many = dumped(migrated);
    assert_string_equal(one, many);
    assert_int_equal(number(migrated, "PRAGMA application_id"), DATABASE_APPLICATION_ID);
    sqlite3_free(one);
    sqlite3_free(many);
    sqlite3_close(migrated);
    sqlite3_close(db);
}

static bool is_known_parameter(const char *name)
{
    static const char *const known[] = { ":since", ":until", ":by", ":hop", ":direction", ":verdict", ":grade", ":ports",
                                         ":logins", ":server_from", ":server_to", ":client_from", ":client_to" };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i], name) == 0)
            return true;
    return false;
}

static void check_report(sqlite3 *db, const struct sql_text *t)
{
    sqlite3_stmt *stmt;
    const char *tail;

    if (sqlite3_prepare_v2(db, t->text, -1, &stmt, &tail) != SQLITE_OK)
        fail_msg("%s: %s", t->path, sqlite3_errmsg(db));
    assert_true(sqlite3_stmt_readonly(stmt));
    assert_int_equal(strspn(tail, " \n"), strlen(tail));        /* one statement */
    for (int i = 1; i <= sqlite3_bind_parameter_count(stmt); i++)
        assert_true(is_known_parameter(sqlite3_bind_parameter_name(stmt, i)));
    assert_int_not_equal(sqlite3_bind_parameter_index(stmt, ":since"), 0);
    assert_int_not_equal(sqlite3_bind_parameter_index(stmt, ":until"), 0);
    int rc;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
        ;
    assert_int_equal(rc, SQLITE_DONE);
    sqlite3_finalize(stmt);
    int n;
    const char *sentence = sql_summary(t->text, &n);
    assert_true(strncmp(t->text, "-- ", 3) == 0 && n > 20 && sentence[n - 1] == '.');
}

static void every_report_is_one_query(void **state)
{
    (void)state;
    sqlite3 *db = fresh();
    int n = 0;
    for (const struct sql_text *t = sql_texts; t->path; t++)
        if (strncmp(t->path, "reports/", 8) == 0) {
            check_report(db, t);
            n++;
        }
    assert_true(n >= 7);
    sqlite3_close(db);
}

static void every_statement_can_be_prepared(void **state)
{
    (void)state;
    sqlite3 *db = fresh();
    assert_int_equal(sqlite3_exec(db, sql_find("statements/server_moved_table.sql"), NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql_find("statements/server_domain_table.sql"), NULL, NULL, NULL), SQLITE_OK);
    for (const struct sql_text *t = sql_texts; t->path; t++) {
        sqlite3_stmt *stmt;
        const char *tail;
        if (strncmp(t->path, "statements/", 11) != 0)
            continue;
        if (sqlite3_prepare_v2(db, t->text, -1, &stmt, &tail) != SQLITE_OK)
            fail_msg("%s: %s", t->path, sqlite3_errmsg(db));
        assert_int_equal(strspn(tail, " \n"), strlen(tail));
        sqlite3_finalize(stmt);
    }
    sqlite3_close(db);
}

static void every_view_can_be_read(void **state)
{
    (void)state;
    sqlite3 *db = fresh();
    assert_int_equal(number(db, "SELECT count(*) FROM sessions"), 0);
    assert_int_equal(number(db, "SELECT count(*) FROM rates"), 0);
    assert_int_equal(number(db, "SELECT count(*) FROM peers"), 0);
    assert_int_equal(number(db, "SELECT count(*) FROM tallies"), 0);
    assert_int_equal(number(db, "SELECT count(*) FROM day_tallies"), 0);
    assert_int_equal(number(db, "SELECT count(*) FROM pragma_table_info('sessions')"), 57);
    sqlite3_close(db);
}

static void check_word(sqlite3 *db, const char *kind, size_t code, const char *word, const char *sentence)
{
    sqlite3_stmt *stmt;
    static const char sql[] = "SELECT word IS ?3 AND sentence IS ?4 FROM word WHERE kind = ?1 AND code = ?2";
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    sqlite3_bind_text(stmt, 1, kind, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, (sqlite3_int64)code);
    sqlite3_bind_text(stmt, 3, word, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 4, sentence, -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(stmt, 0), 1);
    sqlite3_finalize(stmt);
}

static void words_are_those_of_c(void **state)
{
    (void)state;
    sqlite3 *db = fresh();
    size_t n = GRADE_N + 1;             /* kind `strip` */

    for (const struct word_list *l = vocabulary; l->kind; l++)
        for (size_t i = 0; i < l->n; i++, n++)
            check_word(db, l->kind, i, l->word[i].word, l->word[i].sentence);
    for (size_t i = 0; i < MECHANISM_N; i++, n++)
        check_word(db, "mechanism", i, mechanisms[i].name, NULL);
    for (size_t i = 0; i < verdict_rules_n; i++, n++)
        check_word(db, "rule", i, verdict_rules[i].name, verdict_rules[i].sentence);
    for (size_t i = 0; i < tls_version_names_n; i++, n++)
        check_word(db, "tls_version", tls_version_names[i].number, tls_version_names[i].name, NULL);
    for (size_t i = 0; i < tls_cipher_names_n; i++, n++)
        check_word(db, "tls_cipher", tls_cipher_names[i].number, tls_cipher_names[i].name, NULL);
    for (size_t i = 0; i < tls_group_names_n; i++, n++)
        check_word(db, "tls_group", tls_group_names[i].number, tls_group_names[i].name, NULL);
    assert_int_equal(number(db, "SELECT count(*) FROM word"), (long long)n);
    assert_int_equal(number(db, "SELECT code FROM word WHERE kind = 'strip' AND word = 'allowed'"),
                     STRIP_ALLOWED);
    sqlite3_close(db);
}

/* Words that stand as text in views and reports must be in the vocabulary, or a renaming would
 * silently count nothing. */
static void words_in_sql_exist(void **state)
{
    (void)state;
    static const char *const words[] = {
        "verdict implicit_tls", "verdict starttls", "verdict stripped", "verdict clear_auth", "verdict clear",
        "verdict tls_failed", "verdict incomplete", "verdict other", "hop relay", "hop submission",
        "hop retrieval", "direction internal", "direction unknown", "exposure secret", "exposure guessable",
        "exposure none", "exposure untried", "grade none", "grade possible", "fact offered",
        "fact list_whole", "fact requested", "fact tls_first", "fact invited",
        "fact tls_done", "mark midstream", "protocol smtp", "protocol lmtp", "protocol pop3",
    };
    sqlite3 *db = fresh();
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char *sql = sqlite3_mprintf("SELECT count(*) FROM word WHERE kind || ' ' || word = %Q", words[i]);
        if (number(db, sql) != 1)
            fail_msg("no such word: %s", words[i]);
        sqlite3_free(sql);
    }
    sqlite3_close(db);
}

static void refreshing_again_writes_nothing(void **state)
{
    (void)state;
    sqlite3 *db = fresh();
    int before = sqlite3_total_changes(db);
    long long schema = number(db, "PRAGMA schema_version");
    assert_int_equal(schema_refresh(db), SQLITE_OK);
    assert_int_equal(sqlite3_total_changes(db), before);
    assert_int_equal(number(db, "PRAGMA schema_version"), schema);

    assert_int_equal(sqlite3_exec(db, "DROP VIEW rates; CREATE VIEW rates AS SELECT 1;"
                                      " UPDATE word SET word = 'x' WHERE kind = 'hop';"
                                      " INSERT INTO word VALUES ('rule', 4000, 'old', NULL)",
                                  NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(schema_refresh(db), SQLITE_OK);
    assert_int_equal(number(db, "SELECT count(hop) FROM rates"), 0);
    assert_int_equal(number(db, "SELECT count(*) FROM word WHERE word = 'x' OR word = 'old'"), 0);
    sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_the_files),
        cmocka_unit_test(migrations_are_numbered_in_order),
        cmocka_unit_test(one_piece_is_what_the_migrations_leave),
        cmocka_unit_test(every_report_is_one_query),
        cmocka_unit_test(every_statement_can_be_prepared),
        cmocka_unit_test(every_view_can_be_read),
        cmocka_unit_test(words_are_those_of_c),
        cmocka_unit_test(words_in_sql_exist),
        cmocka_unit_test(refreshing_again_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
