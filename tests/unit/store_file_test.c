/* links: store/store.o store/run.o store/remember.o store/revise.o store/orphans.o store/settled.o store/waiting.o store/rows.o store/stored_session.o store/session_row.o store/dictionary.o store/counts.o store/gathered.o store/tally.o store/known.o store/sums.o
 *        store/database.o store/schema.o store/db.o store/sql.o sql_texts.o verdict/verdict.o
 *        facts/session.o facts/vocabulary.o facts/mechanism.o facts/names.o
 *        base/disguise.o base/endpoint.o base/hash.o base/digest.o base/bytes.o
 * The file of a database: who may read it, which are refused, what a crash leaves. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_kit.h"

#include "store/database.h"
#include "store/sql.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>

/* Killed in mid-transaction with pages already in the file: a reader finds the old state. */
static void a_crash_leaves_the_state_before(void **state)
{
    (void)state;
    const char *path = kit_path("crash.db");
    struct store *s = kit_open(path);
    assert_int_equal(kit_fill(s), 0);
    store_close(s);
    char *before = kit_dump(path);

    pid_t child = fork();
    if (child == 0) {
        uint32_t source;
        struct session x = kit_session(1, 9, 25);
        s = kit_open(path);
        if (store_begin(s) || store_source_begin(s, "b.pcap", 2, &source))
            _exit(1);
        x.source = source;
        for (int i = 0; i < 250000; i++) {
            x.first_ns += SECOND;
            if (kit_add(s, x, VERDICT_CLEAR, DIRECTION_INBOUND))
                _exit(1);
        }
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    char journal[300];
    snprintf(journal, sizeof journal, "%s-journal", path);
    struct stat st;
    assert_int_equal(stat(journal, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);

    sqlite3 *db;
    char error[DB_ERROR];
    assert_int_equal(database_open_read(path, &db, error), 0);
    sqlite3_close(db);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM session"), 9);
    char *after = kit_dump(path);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void files_have_mode_0600(void **state)
{
    (void)state;
    const char *path = kit_path("mode.db");
    struct stat st;
    mode_t old = umask(0);

    close(open(kit_path("mode-empty.db"), O_CREAT | O_WRONLY, 0666));
    for (int i = 0; i < 2; i++) {
        path = kit_path(i ? "mode-empty.db" : "mode.db");
        struct store *s = kit_open(path);
        assert_non_null(s);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(store_begin(s), 0);
        uint32_t source;
        assert_int_equal(store_source_begin(s, "x", 1, &source), 0);
        char journal[300];
        snprintf(journal, sizeof journal, "%s-journal", path);
        assert_int_equal(stat(journal, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(store_commit(s), 0);
        store_close(s);
    }
    umask(old);
}

static void refuses(const char *path, int want, const char *word)
{
    struct store_options options = { .sensor = NULL };
    char error[STORE_ERROR] = "";
    int code = 0;
    struct store *s = store_open(path, &options, &code, error);

    assert_null(s);
    assert_int_equal(code, want);
    assert_non_null(strstr(error, path));
    assert_non_null(strstr(error, word));

    sqlite3 *db = NULL;
    assert_int_not_equal(database_open_read(path, &db, error), 0);
    assert_null(db);
    assert_non_null(strstr(error, path));
}

static void sql_into(const char *path, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void what_is_not_ours_is_refused(void **state)
{
    (void)state;
    char command[512];
    const char *path = kit_path("foreign.db");
    sql_into(path, "CREATE TABLE t (a)");
    refuses(path, EX_DATAERR, "another program");
    assert_int_equal(kit_number(path, "SELECT count(*) FROM sqlite_schema"), 1);

    path = kit_path("foreign-id.db");
    sql_into(path, "PRAGMA application_id = 7");
    refuses(path, EX_DATAERR, "another program");

    path = kit_path("newer.db");
    store_close(kit_open(path));
    sql_into(path, "PRAGMA user_version = 4000");
    refuses(path, EX_DATAERR, "newer mailseal");

    path = kit_path("text.db");
    snprintf(command, sizeof command, "seq 1 5000 > '%s'", path);
    free(kit_output(command));
    refuses(path, EX_DATAERR, "not a database");

    path = kit_path("cut.db");
    store_close(kit_open(path));
    assert_int_equal(truncate(path, 8192), 0);
    refuses(path, EX_DATAERR, "damaged");

    refuses(kit_path("no/such/folder.db"), EX_CANTCREAT, "cannot be made");
    refuses(kit_dir, EX_CANTCREAT, "");
}

/* A database as the program of that version left it, with a session. */
static void make_old(const char *path, int version)
{
    char sql[64];
    for (const struct sql_text *t = sql_texts; t->path; t++) {
        long number = strncmp(t->path, "schema/", 7) == 0 ? strtol(t->path + 7, NULL, 10) : 0;
        if (number > 0 && number <= version)
            sql_into(path, t->text);
    }
    sql_into(path, "INSERT INTO database (number, identity, created, addresses, last_session)"
                   " VALUES (1, zeroblob(16), 0, 'keep', 1)");
    if (version >= 2)
        sql_into(path, "INSERT INTO session (id, sensor, database, source, first_us, lasted_us, client, client_port,"
                       " server, protocol, hop, direction, verdict, rule, stage, strip, facts, evidence, incidents,"
                       " marks, flags, starttls_reply, auth_command, auth_mechanism, auth_exposure, messages_clear,"
                       " pkts_toserver, pkts_toclient, bytes_toserver, bytes_toclient)"
                       " VALUES (1, 1, 1, 1, 5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1)");
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", version);
    sql_into(path, sql);
}

static void every_older_version_is_brought_up_to_date(void **state)
{
    (void)state;
    assert_true(database_version() >= 4);
    for (int version = 1; version < database_version(); version++) {
        char name[32], error[DB_ERROR];
        snprintf(name, sizeof name, "old-%d.db", version);
        const char *path = kit_path(name);
        sqlite3 *db = NULL;
        make_old(path, version);
        assert_int_equal(database_open_read(path, &db, error), EX_DATAERR);
        assert_non_null(strstr(error, "older mailseal"));
        struct store *s = kit_open(path);
        assert_non_null(s);
        assert_int_equal(kit_fill(s), 0);
        store_close(s);
        assert_int_equal(kit_number(path, "PRAGMA user_version"), database_version());
        assert_int_equal(kit_number(path, "SELECT count(*) FROM sessions"), 9 + (version >= 2));
        assert_int_equal(kit_number(path, "SELECT count(*) FROM sessions WHERE tls_subject = 'CN=imap.example'"), 1);
        assert_int_equal(kit_number(path, "SELECT count(*) FROM sessions WHERE tls_ja4 IS NOT NULL"), 2);
    }
}

/* Each refusal takes the time that DATABASE_WAIT gives the other program. */
static void a_locked_database_is_refused(void **state)
{
    (void)state;
    const char *path = kit_path("locked.db");
    struct store *s = kit_open(path), *t = kit_open(path);
    sqlite3 *db;
    char error[DB_ERROR];

    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_begin(t), EX_TEMPFAIL);
    assert_non_null(strstr(store_error(t), "in use"));
    store_rollback(s);
    assert_int_equal(store_begin(t), 0);
    store_close(t);
    store_close(s);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    sqlite3 *reader = NULL;
    assert_int_equal(database_open_read(path, &reader, error), EX_TEMPFAIL);
    assert_null(reader);
    assert_non_null(strstr(error, "in use"));
    sqlite3_close(db);
}

static void a_read_only_database_is_refused(void **state)
{
    (void)state;
    const char *path = kit_path("readonly.db");
    store_close(kit_open(path));
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(chmod(kit_dir, 0755), 0);
    pid_t child = fork();
    if (child == 0) {
        struct store_options options = { .sensor = NULL };
        char error[STORE_ERROR];
        int code = 0;
        sqlite3 *db;
        if (geteuid() == 0 && seteuid(65534) != 0)
            _exit(1);
        if (store_open(path, &options, &code, error) || code != EX_CANTCREAT
            || !strstr(error, "cannot be written"))
            _exit(2);
        _exit(database_open_read(path, &db, error));
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crash_leaves_the_state_before),
        cmocka_unit_test(files_have_mode_0600),
        cmocka_unit_test(what_is_not_ours_is_refused),
        cmocka_unit_test(every_older_version_is_brought_up_to_date),
        cmocka_unit_test(a_locked_database_is_refused),
        cmocka_unit_test(a_read_only_database_is_refused),
    };
    return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
