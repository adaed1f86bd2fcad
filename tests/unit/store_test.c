/* links: store/store.o store/run.o store/remember.o store/revise.o store/orphans.o store/settled.o store/waiting.o store/rows.o store/stored_session.o store/session_row.o store/dictionary.o store/counts.o store/gathered.o store/tally.o store/known.o store/sums.o
 *        store/database.o store/schema.o store/db.o store/sql.o sql_texts.o verdict/verdict.o
 *        facts/session.o facts/vocabulary.o facts/mechanism.o facts/names.o
 *        base/disguise.o base/endpoint.o base/hash.o base/digest.o base/bytes.o
 * What is kept of sessions, and what is counted. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_kit.h"

#include "store/waiting.h"
#include "store/counts.h"

#define COUNT(table) (sizeof table / sizeof *table)

#include <sysexits.h>

static void the_same_sessions_give_the_same_dump(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct store *s = kit_open(kit_path(i ? "same-b.db" : "same-a.db"));
        assert_non_null(s);
        assert_int_equal(kit_fill(s), 0);
        store_close(s);
    }
    char *a = kit_dump(kit_path("same-a.db")), *b = kit_dump(kit_path("same-b.db"));
    assert_true(strlen(a) > 10000);
    assert_string_equal(a, b);
    free(a);
    free(b);
}

static void sums_add_up_to_the_sessions(void **state)
{
    (void)state;
    const char *path = kit_path("sums.db");
    struct store *s = kit_open(path);
    assert_int_equal(kit_fill(s), 0);
    store_close(s);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM session"), 9);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM rate"), 9);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM rates"), 9);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM peer_day"), 9);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM peers"), 9);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM server"), 8);      /* but `other` */
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM tls_day"), 3);
    assert_int_equal(kit_number(path, "SELECT sessions FROM source"), 9);
    assert_int_equal(kit_number(path, "SELECT gap FROM source"), 1);
    assert_int_equal(kit_number(path, "SELECT sum(bytes) FROM rate"), 27000);
    assert_int_equal(kit_number(path, "SELECT sum(messages_clear) FROM rate"), 4);
    assert_int_equal(kit_number(path, "SELECT sum(n) FROM attempt"), 3);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM rate WHERE hour % 3600"), 0);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM rate WHERE rev <> 1"), 0);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM rates WHERE sensor IS NULL OR direction IS NULL"
                                      " OR hop IS NULL OR protocol IS NULL OR verdict IS NULL"
                                      " OR strip IS NULL OR exposure IS NULL"), 0);
}

static void a_second_transaction_adds(void **state)
{
    (void)state;
    const char *path = kit_path("second.db");
    struct store *s = kit_open(path);
    uint32_t source;
    struct session x = kit_session(1, 9, 25);

    assert_int_equal(kit_fill(s), 0);
    store_close(s);
    s = kit_open(path);
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_source_begin(s, "b.pcap", 2, &source), 0);
    assert_int_equal(source, 2);
    x.source = source;
    assert_int_equal(kit_add(s, x, VERDICT_CLEAR, DIRECTION_INBOUND), 0);
    assert_int_equal(store_commit(s), 0);
    store_close(s);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM rate"), 10);
    assert_int_equal(kit_number(path, "SELECT sum(rev = 2) FROM rate"), 1);
    assert_int_equal(kit_number(path, "SELECT max(id) FROM session"), 10);
    assert_int_equal(kit_number(path, "SELECT sessions FROM server AS s JOIN endpoint AS e"
                                      " ON e.id = s.endpoint WHERE e.port = 25"), 3);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM endpoint WHERE text = '10.0.0.9'"
                                      " AND port = 25"), 1);
}

/* More settled sessions than wait in memory, so that some of the rows are brought up to date later;
 * one in four is told nothing of. The database is as if each had been added at its end. */
static void settled_sessions_grow(void **state)
{
    enum { MANY = WAITING_ROOM + 4096 };
    (void)state;
    const char *path[2] = { kit_path("settled.db"), kit_path("ended.db") };
    for (unsigned ended = 0; ended < 2; ended++) {
        struct store *s = kit_open(path[ended]);
        uint32_t source;
        assert_int_equal(store_begin(s), 0);
        assert_int_equal(store_source_begin(s, "a.pcap", 1, &source), 0);
        for (unsigned step = 0; step < (ended ? 1 : 2); step++)
            for (unsigned i = 0; i < MANY; i++) {
                struct session x = kit_session(i % 60000, i % 7, 993);
                struct judgement j = kit_judgement(&x, VERDICT_IMPLICIT_TLS);
                struct session_counts c = { .last_ns = T0 + (60 + i) * (uint64_t)SECOND, .packets = { 100 + i, 200 },
                                            .bytes = { 10000 + i, 90000 }, .marks = i % 3 ? 0 : MARK_GAP };
                x.source = source;
                x.marks = i % 5 ? 0 : MARK_ONE_SIDED;
                if (ended && i % 4)
                    session_count(&x.core, &c);
                if (ended)
                    assert_int_equal(store_add(s, &x, &j, DIRECTION_INBOUND), 0);
                else if (!step)
                    assert_int_equal(store_settled(s, 1 + i * 997u, &x, &j, DIRECTION_INBOUND), 0);
                else if (i % 4)
                    assert_int_equal(store_counts(s, 1 + i * 997u, &c), 0);
            }
        assert_int_equal(store_commit(s), 0);
        store_close(s);
    }
    static const char *const figures[] = {
        "SELECT count(*) FROM session", "SELECT sum(bytes_toserver * client_port + client) FROM session",
        "SELECT sum(lasted_us) FROM session", "SELECT sum(marks) FROM session", "SELECT sum(pkts_toserver) FROM session",
        "SELECT sum(bytes) FROM rate WHERE loss", "SELECT sum(sessions) FROM rate WHERE loss",
        "SELECT sum(bytes) FROM rate", "SELECT sum(sessions) FROM rate", "SELECT sum(bytes) FROM peer_day",
        "SELECT sum(last_us) FROM server", "SELECT sum(sessions) FROM server", "SELECT gap FROM source",
        "SELECT one_sided FROM source", "SELECT sessions FROM source",
    };
    for (size_t i = 0; i < COUNT(figures); i++)
        if (kit_number(path[0], figures[i]) != kit_number(path[1], figures[i]))
            fail_msg("%s: %lld, %lld", figures[i], kit_number(path[0], figures[i]), kit_number(path[1], figures[i]));
    assert_int_equal(kit_number(path[0], figures[0]), MANY);
}

/* Names, numbers of ports and days that were only in memory must not outlive it. */
static void rollback_leaves_nothing(void **state)
{
    (void)state;
    const char *path = kit_path("rollback.db");
    struct store *s = kit_open(path);
    uint32_t source;
    struct session x = kit_session(77, 78, 5025);

    assert_int_equal(kit_fill(s), 0);
    char *before = kit_dump(path);
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_source_begin(s, "b.pcap", 2, &source), 0);
    x.source = source;
    memcpy(x.names.sni, "gone.example", 13);
    for (int i = 0; i < 100; i++) {
        x.client.addr[14] = (uint8_t)i;
        assert_int_equal(kit_add(s, x, VERDICT_CLEAR, DIRECTION_INBOUND), 0);
    }
    store_rollback(s);
    char *after = kit_dump(path);
    assert_string_equal(before, after);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM source"), 1);
    assert_int_equal(kit_number(path, "SELECT last_session FROM database"), 9);

    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_source_begin(s, "b.pcap", 2, &source), 0);
    x.source = source;
    assert_int_equal(kit_add(s, x, VERDICT_CLEAR, DIRECTION_INBOUND), 0);
    assert_int_equal(store_commit(s), 0);
    store_close(s);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM sessions WHERE id = 10"
                                      " AND tls_sni = 'gone.example' AND dest_ip = '10.0.0.78'"
                                      " AND dest_port = 5025"), 1);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM odd_port"), 1);
    free(before);
    free(after);
}

static void an_empty_transaction_writes_nothing(void **state)
{
    (void)state;
    const char *path = kit_path("empty-transaction.db");
    char command[512];

    store_close(kit_open(path));
    snprintf(command, sizeof command, "sha256sum < '%s'", path);
    char *before = kit_output(command);
    struct store *s = kit_open(path);
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_commit(s), 0);
    store_close(s);
    char *after = kit_output(command);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void the_address_mode_is_chosen_once(void **state)
{
    (void)state;
    const char *path = kit_path("truncate.db");
    struct store_options options = { .sensor = "mx-1.example", .addresses = ADDRESSES_TRUNCATE };
    char error[STORE_ERROR];
    int code;
    struct store *s = store_open(path, &options, &code, error);

    assert_non_null(s);
    assert_int_equal(kit_fill(s), 0);
    store_close(s);
    s = kit_open(path);
    assert_non_null(s);
    store_close(s);
    options.addresses = ADDRESSES_KEEP;
    assert_null(store_open(path, &options, &code, error));
    assert_int_equal(code, EX_USAGE);
    assert_non_null(strstr(error, "--addresses truncate"));
    assert_int_equal(kit_number(path, "SELECT count(*) FROM sessions WHERE community_id IS NOT NULL"), 0);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM sessions"
                                      " WHERE src_ip NOT IN ('10.0.0.0', '2001:db8:1::')"
                                      " OR dest_ip NOT IN ('10.0.0.0', '2001:db8:40::')"), 0);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM sessions WHERE sensor = 'mx-1.example'"), 9);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM endpoint WHERE text LIKE '10.0.0._'"
                                      " AND text <> '10.0.0.0'"),
                     0);
}

static void sensors_have_plain_names(void **state)
{
    (void)state;
    assert_true(sensor_name_valid("a"));
    assert_true(sensor_name_valid("mx-1.example_B"));
    assert_false(sensor_name_valid(""));
    assert_false(sensor_name_valid("a b"));
    assert_false(sensor_name_valid("a'b"));
    assert_false(sensor_name_valid("\xc3\xa4"));
    assert_true(sensor_name_valid("1234567890123456789012345678901234567890123456789012345678901234"));
    assert_false(sensor_name_valid("12345678901234567890123456789012345678901234567890123456789012345"));
}

static void the_same_source_is_found(void **state)
{
    (void)state;
    const char *path = kit_path("source.db");
    struct store *s = kit_open(path);
    struct source_summary e = kit_summary(5000);
    uint32_t number;

    assert_int_equal(kit_fill(s), 0);
    assert_int_equal(store_source_find(s, &e.identity, true, &number), 0);
    assert_int_equal(number, 1);
    e.identity.packets = 99;
    assert_int_equal(store_source_find(s, &e.identity, true, &number), 0);
    assert_int_equal(number, 0);
    assert_int_equal(store_source_find(s, &e.identity, false, &number), 0);
    assert_int_equal(number, 1);
    e.identity.packets = 100;
    e.identity.ends[31] = 1;
    assert_int_equal(store_source_find(s, &e.identity, false, &number), 0);
    assert_int_equal(number, 0);

    e = kit_summary(5000);
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_source_begin(s, "copy.pcap", 2, &number), 0);
    assert_int_not_equal(store_source_end(s, number, &e), 0);
    assert_non_null(strstr(store_error(s), "already"));
    assert_int_not_equal(store_commit(s), 0);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM source"), 1);
    store_close(s);
}

static void peer_days_are_bounded(void **state)
{
    (void)state;
    const char *path = kit_path("peers.db");
    struct store *s = kit_open(path);
    struct session x = kit_session(65536, 9, 25);
    enum { N = COUNTS_PEERS_A_DAY + 3000 };
    uint32_t source;

    for (int round = 0; round < 2; round++) {
        assert_int_equal(store_begin(s), 0);
        assert_int_equal(store_source_begin(s, "x", 1, &source), 0);
        x.source = source;
        for (unsigned i = 0; i < N; i++) {
            x.client = kit_end(65536 + i % 60000, 1);
            assert_int_equal(kit_add(s, x, VERDICT_CLEAR, DIRECTION_INBOUND), 0);
        }
        assert_int_equal(store_commit(s), 0);
    }
    store_close(s);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM peer_day"), COUNTS_PEERS_A_DAY + 1);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM peer_day"), 2 * N);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM peers WHERE network = 'other'"
                                      " AND server = 'other'"),
                     6000);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM peers WHERE network LIKE '2001:db8:%:/48'"),
                     COUNTS_PEERS_A_DAY);
}

static void odd_ports_are_bounded(void **state)
{
    (void)state;
    const char *path = kit_path("ports.db");
    struct store *s = kit_open(path);
    uint32_t source;

    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_source_begin(s, "x", 1, &source), 0);
    for (uint16_t i = 0; i < 500; i++) {
        struct session x = kit_session(1, 9, (uint16_t)(10000 + i));
        x.source = source;
        x.odd_port = true;
        assert_int_equal(kit_add(s, x, VERDICT_OTHER, DIRECTION_UNKNOWN), 0);
        x.server.port = (uint16_t)(2526 + i);
        assert_int_equal(kit_add(s, x, VERDICT_CLEAR, DIRECTION_UNKNOWN), 0);
        struct attempt a = { T0, (uint16_t)(30000 + i), ATTEMPT_UNANSWERED };
        assert_int_equal(store_attempt(s, &a, 1), 0);
    }
    assert_int_equal(store_commit(s), 0);
    store_close(s);
    assert_int_equal(kit_number(path, "SELECT count(DISTINCT server_port) FROM rate"), COUNTS_ODD_PORTS + 1);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM odd_port"), COUNTS_ODD_PORTS);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM rate WHERE server_port = 2526"), 1);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM rate"), 1000);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM attempt"), 1);
}

/* More keys in one transaction than fit in memory at once. */
static void full_sums_are_written_in_between(void **state)
{
    (void)state;
    const char *path = kit_path("full.db");
    struct store *s = kit_open(path);
    uint32_t source;

    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_source_begin(s, "x", 1, &source), 0);
    for (unsigned i = 0; i < 20000; i++) {
        struct session x = kit_session(1, 9, 25);
        x.source = source;
        x.first_ns = T0 + (uint64_t)(i % 9000) * 3600 * SECOND;
        x.last_ns = x.first_ns;
        assert_int_equal(kit_add(s, x, VERDICT_CLEAR, DIRECTION_UNKNOWN), 0);
    }
    assert_int_equal(store_commit(s), 0);
    store_close(s);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM rate"), 9000);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM rate"), 20000);
    assert_int_equal(kit_number(path, "SELECT max(rev) FROM rate"), 1);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM peer_day"), 20000);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM peer_day"), 376);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_sessions_give_the_same_dump),
        cmocka_unit_test(sums_add_up_to_the_sessions),
        cmocka_unit_test(a_second_transaction_adds),
        cmocka_unit_test(settled_sessions_grow),
        cmocka_unit_test(rollback_leaves_nothing),
        cmocka_unit_test(an_empty_transaction_writes_nothing),
        cmocka_unit_test(the_address_mode_is_chosen_once),
        cmocka_unit_test(sensors_have_plain_names),
        cmocka_unit_test(the_same_source_is_found),
        cmocka_unit_test(peer_days_are_bounded),
        cmocka_unit_test(odd_ports_are_bounded),
        cmocka_unit_test(full_sums_are_written_in_between),
    };
    return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
