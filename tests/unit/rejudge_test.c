/* links: store/rejudge.o store/store.o store/run.o store/remember.o store/revise.o store/orphans.o store/settled.o store/waiting.o store/rows.o store/stored_session.o store/session_row.o store/dictionary.o store/counts.o store/gathered.o store/tally.o
 *        store/known.o store/sums.o store/database.o store/schema.o store/db.o store/sql.o sql_texts.o verdict/verdict.o
 *        facts/session.o facts/vocabulary.o facts/mechanism.o facts/names.o
 *        base/disguise.o base/endpoint.o base/hash.o base/digest.o base/bytes.o
 * What an older table of rules judged is judged anew: then all is as if it had been judged so at once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_kit.h"

#include "store/counts.h"
#include "store/rejudge.h"
#include "verdict/verdict.h"

#include <sysexits.h>

static char error[STORE_ERROR];
static struct rejudge_changes changes;

static uint32_t dice;
static uint32_t roll(uint32_t n)
{
    dice = dice * 1664525 + 1013904223;
    return (dice >> 8) % n;
}

static struct session any_session(void)
{
    static const uint16_t ports[] = { 25, 25, 587, 143, 993, 110, 4190, 24 };
    struct session s = kit_session(1 + roll(700), 1 + roll(5), roll(4) ? ports[roll(8)] : (uint16_t)(6000 + roll(90)));

    s.protocol = (uint8_t)roll(PROTOCOL_N);
    s.first_ns = T0 + (uint64_t)roll(100) * 3600 * SECOND;
    s.last_ns = s.first_ns - SECOND + (uint64_t)roll(90) * SECOND;     /* clocks are put back, too */
    s.facts = roll(1 << 16) & (roll(1 << 16) | roll(1 << 16));
    s.marks = roll(32) & roll(32);
    s.bytes[TO_SERVER] = roll(100000);
    s.messages_clear = roll(3);
    s.auth.exposure = (uint8_t)roll(EXPOSURE_N);
    if (roll(3) == 0)
        evidence_add(&s.evidence, (enum evidence)roll(EVIDENCE_N), (enum grade)roll(GRADE_N));
    if (roll(2))
        s.tls = (struct tls_seen){ .version = (uint16_t)(0x0301 + roll(4)), .cipher = (uint16_t)(0x1301 + roll(3)),
                                   .client_hello = true, .server_hello = roll(4), .pq = roll(2) };
    return s;
}

/* How another table might have judged it: wrong for one in `some`. */
static struct judgement other_judgement(const struct session *s, uint32_t some)
{
    struct judgement j = judge(s);
    if (roll(some) == 0) {
        j.verdict = (enum verdict)roll(VERDICT_N);
        j.rule = roll(verdict_rules_n);
        j.hop = (enum hop)roll(HOP_N);
        j.grade = (enum grade)roll(GRADE_N);
    }
    return j;
}

/* Some hundred sessions of two sensors, in turn. wrong: judged by the other table. */
static void fill(const char *path, uint32_t seed, bool wrong)
{
    static const char *const sensors[] = { "one", "two" };
    dice = seed;
    for (int part = 0; part < 6; part++) {
        struct store_options options = { .sensor = sensors[part % 2] };
        int code;
        struct store *store = store_open(path, &options, &code, error);
        uint32_t source;
        assert_non_null(store);
        assert_int_equal(store_begin(store), 0);
        assert_int_equal(store_source_begin(store, "x", 1, &source), 0);
        for (int i = 0; i < 150; i++) {
            struct session s = any_session();
            struct judgement right = judge(&s), other = other_judgement(&s, 3);
            s.source = source;
            assert_int_equal(store_add(store, &s, wrong ? &other : &right, (enum direction)roll(DIRECTION_N)), 0);
        }
        struct source_summary end = kit_summary(1000 + (uint64_t)part);
        assert_int_equal(store_source_end(store, source, &end), 0);
        assert_int_equal(store_commit(store), 0);
        store_close(store);
    }
}

/* All that does not depend on the order of names, nor on revisions. */
static char *figures(const char *path)
{
    char command[1024];
    snprintf(command, sizeof command,
             "sqlite3 '%s' 'SELECT id, hop, verdict, rule, strip_grade FROM sessions'"
             " '.print rate' 'SELECT sensor, database, hour, direction, hop, protocol, server_port, verdict, strip,"
             " tls_version, pq, exposure, loss, sessions, bytes, messages_clear FROM rates ORDER BY 1,2,3,4,5,6,7,8,9,10,11,12,13'"
             " '.print peers' 'SELECT sensor, day, direction, server, port, network, hop, verdict, exposure, sessions, bytes"
             " FROM peers ORDER BY 1,2,3,4,5,6,7,8,9' '.print tls' 'SELECT * FROM tls_day' '.print server' 'SELECT * FROM server'"
             " '.print odd' 'SELECT * FROM odd_port' '.print source' 'SELECT id, sessions, gap, unfinished FROM source'"
             " | sed '/^tls$/,/^odd$/s/|[0-9]*$//'", path);
    return kit_output(command);
}

static void all_is_as_if_judged_so_at_once(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 3; seed++) {
        char old[16], new[16];
        snprintf(old, sizeof old, "old-%u.db", (unsigned)seed);
        snprintf(new, sizeof new, "new-%u.db", (unsigned)seed);
        fill(kit_path(old), seed, true);
        fill(kit_path(new), seed, false);
        char *wrong = figures(kit_path(old)), *want = figures(kit_path(new));
        assert_true(strlen(want) > 10000);
        assert_string_not_equal(wrong, want);

        assert_int_equal(rejudge(kit_path(old), true, NULL, &changes, error), 0);
        uint64_t would = changes.changed;
        char *dry = figures(kit_path(old));
        assert_string_equal(dry, wrong);
        assert_int_equal(rejudge(kit_path(old), false, NULL, &changes, error), 0);
        assert_int_equal(changes.sessions, 900);
        assert_true(would > 100 && changes.changed == would);
        char *have = figures(kit_path(old));
        assert_string_equal(have, want);
        assert_int_equal(kit_number(kit_path(old), "SELECT revision FROM database"), 7);
        assert_true(kit_number(kit_path(old), "SELECT sum(rev = 7) FROM rate") > 50);
        assert_true(kit_number(kit_path(old), "SELECT sum(rev < 7) FROM rate") > 50);

        assert_int_equal(rejudge(kit_path(old), false, NULL, &changes, error), 0);
        assert_int_equal(changes.changed, 0);
        assert_int_equal(kit_number(kit_path(old), "SELECT revision FROM database"), 7);
        free(wrong);
        free(want);
        free(dry);
        free(have);
    }
}

static int run_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    int rc = sqlite3_open(path, &db);
    rc = rc ? rc : sqlite3_exec(db, sql, NULL, NULL, NULL);
    sqlite3_close(db);
    return rc;
}

/* Sums of sessions that are gone stay as they were. */
static void deleted_sessions_stay_in_the_sums(void **state)
{
    (void)state;
    const char *path = kit_path("deleted.db");
    struct store *store = kit_open(path);
    uint32_t source;
    assert_int_equal(store_begin(store), 0);
    assert_int_equal(store_source_begin(store, "x", 1, &source), 0);
    for (unsigned i = 0; i < 3; i++) {
        struct session s = kit_session(1, 9, 25);
        s.source = source;
        s.first_ns += i * (uint64_t)SECOND;
        s.facts = FACT_TLS_DONE;
        s.tls = (struct tls_seen){ .version = (uint16_t)(0x0302 + i), .server_hello = true };
        if (i == 1)
            s.facts = FACT_MAIL;
        assert_int_equal(kit_add(store, s, VERDICT_STARTTLS, DIRECTION_UNKNOWN), 0);
    }
    assert_int_equal(store_commit(store), 0);
    store_close(store);
    assert_int_equal(run_sql(path, "DELETE FROM session WHERE id = 1"), SQLITE_OK);
    assert_int_equal(rejudge(path, false, NULL, &changes, error), 0);
    assert_int_equal(changes.verdict[VERDICT_STARTTLS][VERDICT_CLEAR], 1);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM rate"), 3);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM rates WHERE verdict = 'starttls'"), 2);
    assert_int_equal(kit_number(path, "SELECT upgraded * 100 + clear FROM server"), 201);
    assert_int_equal(kit_number(path, "SELECT tls_low FROM server"), 0x0302);
    assert_int_equal(kit_number(path, "SELECT first_us % 1000000 FROM server"), 123456);
}

/* A full day takes no more rows than before, and loses no session. */
static void a_full_day_stays_within_its_bound(void **state)
{
    enum { MORE = COUNTS_PEERS_A_DAY + 300 };
    (void)state;
    const char *path = kit_path("peers.db");
    struct store *store = kit_open(path);
    uint32_t source;
    assert_int_equal(store_begin(store), 0);
    assert_int_equal(store_source_begin(store, "x", 1, &source), 0);
    for (unsigned i = 0; i < MORE; i++) {
        struct session s = kit_session(65536 + i, 9, 25);
        s.source = source;
        s.facts = i % 2 ? FACT_MAIL : FACT_MAIL | FACT_CREDENTIAL;
        assert_int_equal(kit_add(store, s, VERDICT_CLEAR, DIRECTION_UNKNOWN), 0);
    }
    assert_int_equal(store_commit(store), 0);
    store_close(store);
    assert_int_equal(rejudge(path, false, NULL, &changes, error), 0);
    assert_int_equal(changes.verdict[VERDICT_CLEAR][VERDICT_CLEAR_AUTH], MORE / 2);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM peer_day"), MORE);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM peers WHERE verdict = 'clear_auth'"), MORE / 2);
    assert_true(kit_number(path, "SELECT count(*) FROM peer_day") <= COUNTS_PEERS_A_DAY + 2);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM peer_day WHERE sessions <= 0"), 0);
}

/* Sums that do not agree are left alone, and so is everything else. */
static void sums_that_disagree_are_told(void **state)
{
    (void)state;
    const char *path = kit_path("disagree.db");
    fill(path, 9, false);
    assert_int_equal(run_sql(path, "UPDATE session SET verdict = 1 WHERE verdict = 5"), SQLITE_OK);
    char *before = figures(path);
    assert_int_equal(rejudge(path, false, NULL, &changes, error), EX_DATAERR);
    assert_non_null(strstr(error, "sums"));
    char *after = figures(path);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

/* Numbers that no mailseal writes. */
static void any_number_is_survived(void **state)
{
    static const char *const columns[] = { "first_us", "lasted_us", "verdict", "hop", "strip", "protocol", "facts",
                                           "evidence", "bytes_toserver", "direction", "auth_exposure", "messages_clear" };
    static const char *const values[] = { "9223372036854775807", "-9223372036854775807", "77" };
    (void)state;
    fill(kit_path("kept.db"), 3, true);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
            char sql[128], copy[600];
            const char *path = kit_path("any.db");
            snprintf(copy, sizeof copy, "cp '%s' '%s'", kit_path("kept.db"), path);
            assert_int_equal(system(copy), 0);
            snprintf(sql, sizeof sql, "UPDATE session SET %s = %s WHERE id %% 50 = 7", columns[i], values[k]);
            assert_int_equal(run_sql(path, sql), SQLITE_OK);
            rejudge(path, false, NULL, &changes, error);
            if (kit_number(path, "SELECT min(sessions) FROM rate") < 1)
                fail_msg("%s = %s", columns[i], values[k]);
        }
}

static void a_revision_that_cannot_be_is_told(void **state)
{
    static const char *const changes_of[] = { "revision = 9223372036854775807", "revision = -1",
                                              "last_session = 9223372036854775807" };
    (void)state;
    for (size_t i = 0; i < sizeof changes_of / sizeof *changes_of; i++) {
        const char *path = kit_path("revision.db");
        char sql[128];
        remove(path);
        fill(path, 3, true);
        snprintf(sql, sizeof sql, "UPDATE database SET %s", changes_of[i]);
        assert_int_equal(run_sql(path, sql), SQLITE_OK);
        char *before = figures(path);
        assert_int_equal(rejudge(path, false, NULL, &changes, error), EX_DATAERR);
        assert_non_null(strstr(error, "is damaged"));
        char *after = figures(path);
        assert_string_equal(before, after);
        free(before);
        free(after);
    }
}

static void what_is_no_database_is_told(void **state)
{
    (void)state;
    for (int dry = 0; dry < 2; dry++) {
        const char *none = kit_path("none.db"), *newer = kit_path("newer.db");
        assert_int_equal(rejudge(none, dry, NULL, &changes, error), EX_NOINPUT);
        assert_non_null(strstr(error, "is not there"));
        assert_int_not_equal(access(none, F_OK), 0);
        if (!dry)
            store_close(kit_open(newer));
        assert_int_equal(run_sql(newer, "PRAGMA user_version = 999"), SQLITE_OK);
        assert_int_equal(rejudge(newer, dry, NULL, &changes, error), EX_DATAERR);
        assert_non_null(strstr(error, "newer"));
        fclose(fopen(kit_path("void.db"), "w"));
        assert_int_equal(rejudge(kit_path("void.db"), dry, NULL, &changes, error), EX_NOINPUT);
        assert_non_null(strstr(error, "empty"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_as_if_judged_so_at_once),
        cmocka_unit_test(deleted_sessions_stay_in_the_sums),
        cmocka_unit_test(a_full_day_stays_within_its_bound),
        cmocka_unit_test(sums_that_disagree_are_told),
        cmocka_unit_test(any_number_is_survived),
        cmocka_unit_test(a_revision_that_cannot_be_is_told),
        cmocka_unit_test(what_is_no_database_is_told),
    };
    return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
