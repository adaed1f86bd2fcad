/* links: store/store.o store/run.o store/remember.o store/revise.o store/orphans.o store/settled.o store/waiting.o store/rows.o store/stored_session.o store/session_row.o store/dictionary.o store/counts.o
 *        store/gathered.o store/tally.o store/known.o store/sums.o store/database.o store/schema.o store/db.o store/sql.o sql_texts.o verdict/verdict.o
 *        store/retention.o store/sweep.o base/threads.o
 *        facts/session.o facts/vocabulary.o facts/mechanism.o facts/names.o
 *        base/disguise.o base/endpoint.o base/hash.o base/digest.o base/bytes.o
 * What is let go of: old sessions, and the oldest when there is no room; never the sums. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_kit.h"

#include "store/retention.h"

#define DAY (86400 * (uint64_t)SECOND)
enum { MANY = 2000 };

static struct store *open_live(const char *path)
{
    struct store_options options = { .live = true };
    char error[STORE_ERROR];
    int code;
    struct store *s = store_open(path, &options, &code, error);
    if (!s)
        fail_msg("%s", error);
    return s;
}

static void begin(struct store *s)
{
    const struct store_run run = { .identity = 7, .nlinks = 1, .link = { "eth7" } };
    uint64_t batch;
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_run(s, &run, &batch), 0);
}

static void add(struct store *s, unsigned client, uint64_t first_ns, bool marked)
{
    static const uint8_t bytes[] = { 1, 2, 3 };
    struct session x = kit_session(client, 9, 25);
    x.source = 1;
    x.first_ns = first_ns;
    x.last_ns = first_ns + SECOND;
    x.facts |= FACT_LIST_WHOLE;
    if (marked) {
        x.incidents = 1u << INCIDENT_PREAUTH;
        store_trace(s, span_of(bytes, sizeof bytes));
    }
    assert_int_equal(kit_add(s, x, VERDICT_CLEAR, DIRECTION_INBOUND), 0);
}

static void clock_shows(struct store *s, uint64_t ns)
{
    const struct store_seen seen = { .link = 1, .linktype = 1, .first_ns = ns, .last_ns = ns, .clock_ns = ns, .packets = 1 };
    assert_int_equal(store_seen(s, &seen), 0);
}

static void commit(struct store *s) { assert_int_equal(store_commit(s), 0); }

static void time_is(struct store *s, uint64_t ns)
{
    begin(s);
    clock_shows(s, ns);
    commit(s);
}

static struct store_let_go let_go(struct store *s, struct store_keep keep)
{
    struct store_let_go gone = { 0 };
    bool more = true;
    for (int i = 0; more; i++) {
        assert_true(i < 1000);
        if (store_let_go(s, &keep, &gone, &more))
            fail_msg("%s", store_error(s));
    }
    return gone;
}

/* MANY sessions in 40 days, each 20th with an incident, each of a client of its own. */
static struct store *fill(const char *path)
{
    struct store *s = open_live(path);
    begin(s);
    for (unsigned i = 0; i < MANY; i++)
        add(s, 256 + i, T0 + i * (40 * DAY / MANY), i % 20 == 0);
    clock_shows(s, T0 + 40 * DAY);
    commit(s);
    return s;
}

static void old_sessions_go_and_sums_stay(void **state)
{
    (void)state;
    const char *path = kit_path("old.db");
    struct store *s = fill(path);
    long long bytes = kit_number(path, "SELECT sum(bytes) FROM rate");
    struct store_let_go gone = let_go(s, (struct store_keep){ 30, 400, 0, 0 });
    assert_int_equal(gone.sessions, MANY / 4 - MANY / 4 / 20);
    assert_int_equal(gone.marked + gone.for_room, 0);
    assert_int_equal(gone.addresses, gone.sessions - (MANY / 4 / 256));        /* 10.0.x.0 may be a network */
    assert_int_equal(gone.before_us, (T0 + 10 * DAY) / 1000);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM session"), MANY - (long long)gone.sessions);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM trace"), MANY / 20);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM rate"), MANY);
    assert_int_equal(kit_number(path, "SELECT sum(bytes) FROM rate"), bytes);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM peers"), MANY);
    assert_int_equal(kit_number(path, "SELECT sum(lists) FROM history"), MANY);
    assert_int_equal(kit_number(path, "SELECT sessions - addresses FROM retention"), (long long)(gone.sessions - gone.addresses));
    assert_int_equal(kit_number(path, "SELECT count(*) FROM pragma_foreign_key_check"), 0);

    gone = let_go(s, (struct store_keep){ 30, 35, 0, 0 });
    assert_int_equal(gone.sessions, MANY / 8 / 20 + 1);
    assert_int_equal(gone.marked, gone.sessions);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM trace"), MANY / 20 - (long long)gone.marked);
    assert_int_equal(let_go(s, (struct store_keep){ 0, 0, 0, 0 }).sessions, 0);
    store_close(s);
}

/* What is known of servers and clients goes with the sessions of its time. */
static void memory_ages(void **state)
{
    (void)state;
    const char *path = kit_path("memory.db");
    struct store *s = fill(path);
    begin(s);
    for (uint8_t day = 0; day < 40; day++) {
        struct memory_entry e = { .kind = MEMORY_CLIENT, .key = span_of(&day, 1), .bytes = span_of(&day, 1), .last_ns = T0 + day * DAY };
        assert_int_equal(store_remember(s, &e), 0);
    }
    commit(s);
    let_go(s, (struct store_keep){ 0, 400, 0, 0 });
    assert_int_equal(kit_number(path, "SELECT count(*) FROM memory"), 40);
    let_go(s, (struct store_keep){ 30, 400, 0, 0 });
    assert_int_equal(kit_number(path, "SELECT count(*) FROM memory"), 30);
    store_close(s);
}

static void an_address_that_comes_again_is_there_again(void **state)
{
    (void)state;
    const char *path = kit_path("again.db");
    struct store *s = fill(path);
    assert_true(let_go(s, (struct store_keep){ 30, 400, 0, 0 }).addresses > 0);
    begin(s);
    add(s, 256 + 1, T0 + 40 * DAY, false);      /* its only session has gone */
    commit(s);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    store_close(s);
}

static void a_clock_that_leaps_lets_nothing_go(void **state)
{
    (void)state;
    const struct store_keep keep = { 30, 400, 0, 0 };
    for (int back = 0; back < 2; back++) {
        const char *path = kit_path(back ? "back.db" : "on.db");
        const uint64_t to = back ? T0 - 900 * DAY : T0 + 4000 * DAY;
        struct store *s = fill(path);
        let_go(s, keep);
        long long n = kit_number(path, "SELECT count(*) FROM session");
        for (int hour = 0; hour < 24; hour++) {
            time_is(s, to + (uint64_t)hour * DAY / 24);
            let_go(s, keep);
        }
        assert_int_equal(kit_number(path, "SELECT count(*) FROM session"), n);
        time_is(s, T0 + 40 * DAY);              /* and is put right again */
        let_go(s, keep);
        assert_int_equal(kit_number(path, "SELECT count(*) FROM session"), n);
        time_is(s, T0 + 41 * DAY);
        let_go(s, keep);
        assert_in_range(kit_number(path, "SELECT count(*) FROM session"), n - MANY / 40, n - MANY / 40 + 4);
        n = kit_number(path, "SELECT count(*) FROM session");
        for (int hour = 0; hour < 26; hour++) {
            time_is(s, to + (uint64_t)hour * DAY / 24);
            let_go(s, keep);
        }
        assert_int_equal(kit_number(path, "SELECT count(*) FROM session"), back ? n : 0);
        store_close(s);
    }
}

static void the_oldest_go_when_there_is_no_room(void **state)
{
    (void)state;
    const char *path = kit_path("room.db");
    struct store *s = fill(path);
    long long pages = kit_number(path, "SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count");
    const uint64_t limit = (uint64_t)pages * 4096 * 3 / 4;
    struct store_let_go gone = let_go(s, (struct store_keep){ 0, 0, limit, 0 });
    assert_true(gone.sessions > 0 && gone.sessions < MANY);
    assert_int_equal(gone.for_room, gone.sessions);
    assert_int_equal(gone.marked, 0);
    assert_true(gone.bytes > 0);
    assert_true(kit_number(path, "SELECT page_count FROM pragma_page_count") * 4096 <= (long long)limit);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM session WHERE incidents = 0"),
                     kit_number(path, "SELECT count(*) FROM session WHERE incidents = 0 AND first_us >="
                                      " (SELECT before_us FROM retention)"));
    gone = let_go(s, (struct store_keep){ 0, 0, 4096, 0 });
    assert_true(gone.too_large);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM session"), 0);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM rate"), MANY);
    store_close(s);
}

/* As databases were made before. */
static void a_file_that_cannot_shrink_has_room_again(void **state)
{
    (void)state;
    const char *path = kit_path("plain.db");
    sqlite3 *db;
    store_close(fill(path));
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(kit_number(path, "PRAGMA auto_vacuum"), 0);
    struct store *s = open_live(path);
    long long pages = kit_number(path, "PRAGMA page_count");
    time_is(s, T0 + 80 * DAY - SECOND);
    let_go(s, (struct store_keep){ 30, 30, 0, 0 });
    time_is(s, T0 + 80 * DAY);
    for (int hour = 0; hour < 26; hour++)
        time_is(s, T0 + 80 * DAY + (uint64_t)hour * DAY / 24), let_go(s, (struct store_keep){ 30, 30, 0, 0 });
    assert_int_equal(kit_number(path, "SELECT count(*) FROM session"), 0);
    assert_in_range(kit_number(path, "PRAGMA page_count"), pages, pages + 2);
    assert_true(kit_number(path, "PRAGMA freelist_count") > pages / 2);
    store_close(s);
    s = kit_open(path);
    assert_int_equal(store_pack(s), 0);
    assert_true(store_size(s) < (uint64_t)pages * 4096 / 2);
    store_close(s);
    assert_int_equal(kit_number(path, "PRAGMA auto_vacuum"), 2);
}

static void what_another_program_holds_waits(void **state)
{
    (void)state;
    const char *path = kit_path("held.db");
    const struct store_keep keep = { 30, 400, 0, 0 };
    struct store_let_go gone = { 0 };
    struct store *s = fill(path);
    sqlite3 *db;
    bool more;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(store_let_go(s, &keep, &gone, &more), 0);
    assert_int_equal(gone.sessions, 0);
    sqlite3_close(db);
    assert_true(let_go(s, keep).sessions > 0);
    store_close(s);
}

/* Of a mail port at a time, and an attempt with evidence beside it. */
static void add_evidence(struct store *s, uint64_t first_ns)
{
    struct session x = kit_session(7, 9, 25);
    const struct attempt a = { .first_ns = first_ns, .server_port = 25 };
    x.source = 1;
    x.first_ns = first_ns;
    x.last_ns = first_ns + SECOND;
    evidence_add(&x.evidence, (enum evidence)0, GRADE_LIKELY);
    assert_int_equal(kit_add(s, x, VERDICT_STRIPPED, DIRECTION_INBOUND), 0);
    assert_int_equal(store_attempt(s, &a, 2), 0);
}

static void assert_folded(const char *path, long long n)
{
    assert_int_equal(kit_number(path, "SELECT count(*) FROM rate, retention WHERE hour < folded AND hour % 86400"), 0);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM evidence_hour, retention WHERE hour < folded AND hour % 86400"), 0);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM attempt, retention WHERE hour < folded AND hour % 86400"), 0);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM rate"), n);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM rate_day"), n);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM evidence_hour"), n);
    assert_int_equal(kit_number(path, "SELECT sum(n) FROM attempt"), 2 * n);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM (SELECT hour / 86400 * 86400 AS day, sum(sessions) AS n, sum(bytes) AS b FROM rate GROUP BY 1"
                                      " EXCEPT SELECT day, sum(sessions), sum(bytes) FROM rate_day GROUP BY 1)"), 0);
}

/* Hours of old days become days, and the sums stay; what comes late, or is judged anew, goes to its day. */
static void old_hours_become_days(void **state)
{
    (void)state;
    enum { DAYS = 40, A_DAY = 6 };
    const char *path = kit_path("hours.db");
    const struct store_keep keep = { .hourly_days = 10 };
    struct store *s = open_live(path);
    begin(s);
    for (unsigned i = 0; i < DAYS * A_DAY; i++)
        add_evidence(s, T0 + i * (DAY / A_DAY));
    clock_shows(s, T0 + DAYS * DAY);
    commit(s);
    const long long revision = kit_number(path, "SELECT revision FROM database");
    struct store_let_go gone = let_go(s, keep);
    assert_int_equal(gone.days_folded, DAYS - 10);
    assert_true(kit_number(path, "SELECT revision FROM database") > revision);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM rate, retention WHERE hour < folded AND rev <= 1"), 0);
    assert_int_equal(kit_number(path, "SELECT max(rev) FROM (SELECT max(rev) AS rev FROM rate UNION SELECT max(rev) FROM evidence_hour"
                                      " UNION SELECT max(rev) FROM attempt)"), kit_number(path, "SELECT revision FROM database"));
    assert_int_equal(kit_number(path, "SELECT folded FROM retention"), (long long)((T0 + 30 * DAY) / DAY * 86400));
    assert_int_equal(kit_number(path, "SELECT count(*) FROM rate"), kit_number(path, "SELECT count(*) FROM evidence_hour"));
    assert_in_range(kit_number(path, "SELECT count(*) FROM rate"), 30 + 10 * A_DAY, 30 + 11 * A_DAY);
    assert_folded(path, DAYS * A_DAY);
    assert_int_equal(let_go(s, keep).days_folded, 0);

    begin(s);                           /* late */
    add_evidence(s, T0 + 3 * DAY + DAY / 7);
    add_evidence(s, T0 + 39 * DAY + DAY / 7);
    commit(s);
    assert_folded(path, DAYS * A_DAY + 2);
    time_is(s, T0 + 41 * DAY);
    assert_int_equal(let_go(s, keep).days_folded, 1);
    assert_folded(path, DAYS * A_DAY + 2);
    assert_int_equal(let_go(s, (struct store_keep){ .hourly_days = 20 }).days_folded, 0);
    assert_int_equal(kit_number(path, "SELECT folded FROM retention"), (long long)((T0 + 21 * DAY) / DAY * 86400));
    begin(s);                           /* its hour is kept again, as if a clock that was far ahead had gone right */
    add_evidence(s, T0 + 25 * DAY + DAY / 7);
    commit(s);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM rate, retention WHERE hour > folded AND hour % 86400 > 0 AND hour < folded + 8 * 86400"), 1);
    assert_in_range(let_go(s, keep).days_folded, 1, 10);
    assert_folded(path, DAYS * A_DAY + 3);
    assert_int_equal(let_go(s, (struct store_keep){ .hourly_days = 0 }).days_folded, 0);
    store_close(s);
}

static void old_minutes_become_hours(void **state)
{
    (void)state;
    const char *path = kit_path("minutes.db");
    struct store *s = open_live(path);
    begin(s);
    for (unsigned minute = 0; minute < 300; minute++)
        clock_shows(s, T0 + minute * 60 * (uint64_t)SECOND);
    clock_shows(s, T0 + 31 * DAY);
    commit(s);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM seen"), 301);
    let_go(s, (struct store_keep){ 0 });
    assert_int_equal(kit_number(path, "SELECT count(*) FROM seen WHERE width = 60"), 1);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM seen WHERE width = 3600 AND begin % 3600 = 0"), 5);
    assert_int_equal(kit_number(path, "SELECT sum(packets) FROM seen"), 301);
    store_close(s);
}

/* Years of which nothing is known are not gone through day by day. */
static void empty_years_are_skipped(void **state)
{
    (void)state;
    const char *path = kit_path("years.db");
    struct store *s = open_live(path);
    struct store_let_go gone = { 0 };
    bool more = true;
    unsigned steps = 0;
    begin(s);
    add_evidence(s, 7 * 3600 * (uint64_t)SECOND);       /* 1970 */
    add_evidence(s, T0 + DAY / 7);
    clock_shows(s, T0 + 40 * DAY);
    commit(s);
    for (; more; steps++)
        assert_int_equal(store_let_go(s, &(struct store_keep){ .hourly_days = 10 }, &gone, &more), 0);
    assert_in_range(steps, 2, 8);
    assert_folded(path, 2);
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_sessions_go_and_sums_stay),
        cmocka_unit_test(memory_ages),
        cmocka_unit_test(an_address_that_comes_again_is_there_again),
        cmocka_unit_test(a_clock_that_leaps_lets_nothing_go),
        cmocka_unit_test(the_oldest_go_when_there_is_no_room),
        cmocka_unit_test(a_file_that_cannot_shrink_has_room_again),
        cmocka_unit_test(what_another_program_holds_waits),
        cmocka_unit_test(old_hours_become_days),
        cmocka_unit_test(empty_years_are_skipped),
        cmocka_unit_test(old_minutes_become_hours),
    };
    return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
