/* links: store/store.o store/run.o store/remember.o store/revise.o store/orphans.o store/settled.o store/waiting.o store/rows.o store/stored_session.o store/session_row.o store/dictionary.o store/counts.o
 *        store/gathered.o store/tally.o store/known.o store/sums.o store/database.o store/schema.o store/db.o store/sql.o sql_texts.o verdict/verdict.o
 *        facts/session.o facts/sane.o facts/host_name.o facts/vocabulary.o facts/mechanism.o facts/names.o
 *        base/disguise.o base/endpoint.o base/hash.o base/digest.o base/bytes.o
 * What a sensor stores: transactions that follow one another, and runs that end in the middle. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_kit.h"

#include "facts/sane.h"

static struct store *open_with(const char *path, enum address_mode mode)
{
    static const uint8_t key[ADDRESS_KEY] = { 1 };
    struct store_options options = { .live = true, .addresses = mode, .address_key = mode ? key : NULL };
    char error[STORE_ERROR];
    int code;
    struct store *s = store_open(path, &options, &code, error);
    if (!s)
        fail_msg("%s", error);
    return s;
}

static struct store *open_live(const char *path) { return open_with(path, ADDRESSES_DEFAULT); }

static uint64_t run_of(struct store *s, uint64_t identity)
{
    const struct store_run run = { .identity = identity, .nlinks = 1, .link = { "eth7" } };
    uint64_t batch = 0;
    assert_int_equal(store_run(s, &run, &batch), 0);
    return batch;
}

static uint64_t begin(struct store *s, uint64_t identity)
{
    assert_int_equal(store_begin(s), 0);
    return run_of(s, identity);
}

static void end(struct store *s, uint64_t batch)
{
    assert_int_equal(store_run_batch(s, batch, T0), 0);
    assert_int_equal(store_commit(s), 0);
}

static struct session open_session(void)
{
    struct session x = kit_session(1, 2, 993);
    x.source = 1;
    return x;
}

static void settle(struct store *s, uint64_t number, struct session x)
{
    struct judgement j = kit_judgement(&x, VERDICT_IMPLICIT_TLS);
    assert_int_equal(store_settled(s, number, &x, &j, DIRECTION_INBOUND), 0);
}

static struct session_counts counts_to(uint64_t n)
{
    return (struct session_counts){ .last_ns = T0 + 100 * (uint64_t)SECOND, .packets = { n, n + 1 }, .bytes = { n * 100, n * 200 } };
}

#define ROW(path) kit_number(path, "SELECT pkts_toserver * 1000000 + bytes_toclient FROM session")

/* Settled in one transaction, ended in another; between them the program may have been killed. */
static void a_session_grows_in_a_later_transaction(void **state)
{
    (void)state;
    for (unsigned killed = 0; killed < 2; killed++) {
        const char *path = kit_path(killed ? "later-b.db" : "later-a.db");
        struct store *s = open_live(path);
        assert_int_equal(begin(s, 77), 0);
        settle(s, 5, open_session());
        end(s, 1);
        assert_int_equal(kit_number(path, "SELECT count(*) FROM session"), 1);
        if (killed) {
            store_close(s);
            s = open_live(path);
        }
        struct session_counts c = counts_to(30);
        assert_int_equal(begin(s, 77), 1);
        assert_int_equal(store_counts(s, 5, &c), 0);
        end(s, 2);
        assert_int_equal(begin(s, 77), 2);
        store_close(s);
        assert_int_equal(ROW(path), 30006000);
        assert_int_equal(kit_number(path, "SELECT sum(bytes) FROM rate"), 9000);
        assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM rate"), 1);
        assert_int_equal(kit_number(path, "SELECT count(*) FROM going_on"), 0);
    }
}

/* Rolled back, and told once more. */
static void what_was_rolled_back_is_told_again(void **state)
{
    (void)state;
    const char *path = kit_path("again.db");
    struct store *s = open_live(path);
    struct session_counts c = counts_to(30);
    begin(s, 77);
    settle(s, 5, open_session());
    end(s, 1);
    for (unsigned again = 0; again < 2; again++) {
        assert_int_equal(begin(s, 77), 1);
        assert_int_equal(store_counts(s, 5, &c), 0);
        if (!again)
            store_rollback(s);
    }
    end(s, 2);
    store_close(s);
    assert_int_equal(ROW(path), 30006000);
    assert_int_equal(kit_number(path, "SELECT sum(bytes) FROM rate"), 9000);
}

/* The reader was killed: its successor sees the rest of the connection, once settled and once ended at once; and the
 * same by what is stored in the place of its addresses. */
static void a_connection_that_a_run_left_open_is_counted_once(void **state)
{
    (void)state;
    static const enum address_mode modes[] = { ADDRESSES_DEFAULT, ADDRESSES_PSEUDONYM, ADDRESSES_PREFIX };
    for (unsigned i = 0; i < 6; i++) {
        bool settled = i % 2;
        const char *path = kit_path((const char *[]){ "r0.db", "r1.db", "r2.db", "r3.db", "r4.db", "r5.db" }[i]);
        struct store *s = open_with(path, modes[i / 2]);
        struct session rest = open_session();
        struct session_counts c = counts_to(30);
        begin(s, 77);
        settle(s, 5, open_session());
        end(s, 9);
        int64_t pkts = kit_number(path, "SELECT pkts_toserver FROM session");
        int64_t bytes = kit_number(path, "SELECT bytes_toclient FROM session");
        assert_int_equal(begin(s, 78), 0);
        rest.marks |= MARK_MIDSTREAM;
        if (settled) {
            settle(s, 5, rest);
            end(s, 1);
            begin(s, 78);
            assert_int_equal(store_counts(s, 5, &c), 0);
        } else {
            session_count(&rest.core, &c);
            assert_int_equal(kit_add(s, rest, VERDICT_IMPLICIT_TLS, DIRECTION_INBOUND), 0);
        }
        end(s, 2);
        /* another one between the same ends is another one */
        begin(s, 78);
        rest.first_ns += 1000;
        assert_int_equal(kit_add(s, rest, VERDICT_IMPLICIT_TLS, DIRECTION_INBOUND), 0);
        end(s, 3);
        store_close(s);
        assert_int_equal(kit_number(path, "SELECT count(*) FROM session"), 2);
        assert_int_equal(kit_number(path, "SELECT pkts_toserver FROM session WHERE id = 1"), pkts + 30);
        assert_int_equal(kit_number(path, "SELECT bytes_toclient FROM session WHERE id = 1"), bytes + 6000);
        assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM rate"), 2);
        assert_int_equal(kit_number(path, "SELECT count(*) FROM going_on"), 0);
        assert_int_equal(kit_number(path, "SELECT count(*) FROM source"), 2);
    }
}

/* The same within a transaction: the row is not written yet. */
static void a_connection_whose_row_waits_is_counted_once(void **state)
{
    (void)state;
    const char *path = kit_path("waits.db");
    struct store *s = open_with(path, ADDRESSES_DEFAULT);
    struct session rest = open_session();
    begin(s, 77);
    settle(s, 5, open_session());
    run_of(s, 78);
    rest.marks |= MARK_MIDSTREAM;
    assert_int_equal(kit_add(s, rest, VERDICT_IMPLICIT_TLS, DIRECTION_INBOUND), 0);
    end(s, 2);
    store_close(s);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM session"), 1);
    assert_int_equal(kit_number(path, "SELECT sum(sessions) FROM rate"), 1);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM going_on"), 0);
}

static void what_links_brought_adds_up(void **state)
{
    (void)state;
    const char *path = kit_path("seen.db");
    struct store *s = open_live(path);
    struct store_seen x = { .link = 1, .linktype = 1, .first_ns = T0, .last_ns = T0 + 5, .clock_ns = T0, .packets = 10,
                            .bytes = 1000, .decoded = { [DECODE_TCP] = 9 }, .dropped_kernel = 2 };
    for (unsigned minute = 0; minute < 3; minute++) {
        begin(s, 77);
        assert_int_equal(store_seen(s, &x), 0);
        end(s, 1 + minute);
        x.clock_ns += (minute ? 60 : 0) * (uint64_t)SECOND;
        if (minute == 1)
            x = (struct store_seen){ .link = 1, .linktype = -1, .clock_ns = x.clock_ns };
    }
    store_close(s);
    assert_int_equal(kit_number(path, "SELECT count(*) FROM seen"), 2);
    assert_int_equal(kit_number(path, "SELECT sum(packets) FROM seen"), 20);
    assert_int_equal(kit_number(path, "SELECT packets FROM source WHERE path = 'eth7' AND link_type = 1"), 20);
    assert_int_equal(kit_number(path, "SELECT sum(dropped_kernel) FROM source"), 4);
    assert_int_equal(kit_number(path, "SELECT last_us - first_us FROM source"), 0);
}

/* Each byte of a record set to each of some values: what is refused is refused, and nothing else happens. */
static void insane_records_are_refused(void **state)
{
    (void)state;
    struct session x = open_session(), bad;
    assert_true(session_is_sane(&x));
#define SPOILT(field, value) (bad = x, bad.field = (value), session_is_sane(&bad))
    assert_false(SPOILT(protocol, PROTOCOL_N));
    assert_false(SPOILT(stage, STAGE_N));
    assert_false(SPOILT(facts, 1u << FACT_N));
    assert_false(SPOILT(evidence, 1u << 2 * EVIDENCE_N));
    assert_false(SPOILT(incidents, 1u << INCIDENT_N));
    assert_false(SPOILT(marks, 1u << MARK_N));
    assert_false(SPOILT(ntunnel, SESSION_TUNNELS + 1));
    assert_false(SPOILT(nvlan, SESSION_VLANS + 1));
    assert_false(SPOILT(first_ns, UINT64_MAX));
    assert_false(SPOILT(auth.mechanism, MECHANISM_N));
    assert_false(SPOILT(names.sni[0], '\n'));
    bad = x;
    memset(bad.names.sni, 'a', sizeof bad.names.sni);
    assert_false(session_is_sane(&bad));
    bad = x;
    memset(&bad.odd_port, 7, 1);
    assert_false(session_is_sane(&bad));
    bad = x;
    bad.ntunnel = 1;
    bad.tunnel[0] = TUNNEL_N;
    assert_false(session_is_sane(&bad));
    struct attempt a = { .outcome = ATTEMPT_N };
    assert_false(attempt_is_sane(&a));
    struct session_counts c = { .marks = MARK_MIDSTREAM };
    assert_false(session_counts_are_sane(&c));
    struct certificate cert = { .subject = "CN=\033" };
    assert_false(certificate_is_sane(&cert));
    struct server_name name = { .text = "mx.example" };
    assert_true(server_name_is_sane(&name));
    name.source = NAME_SOURCE_N;
    assert_false(server_name_is_sane(&name));
    static const char *const no_name[] = { "", "mx", "MX.example", "mx.example\033", "192.0.2.1", "a..b", "-a.example", "alice@mx.example" };
    for (size_t i = 0; i < sizeof no_name / sizeof *no_name; i++) {
        struct server_name n = { .source = 0 };
        memcpy(n.text, no_name[i], strlen(no_name[i]));
        assert_false(server_name_is_sane(&n));
    }
    memset(name.text, 'a', sizeof name.text);
    name.source = 0;
    assert_false(server_name_is_sane(&name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_grows_in_a_later_transaction),
        cmocka_unit_test(what_was_rolled_back_is_told_again),
        cmocka_unit_test(a_connection_that_a_run_left_open_is_counted_once),
        cmocka_unit_test(a_connection_whose_row_waits_is_counted_once),
        cmocka_unit_test(what_links_brought_adds_up),
        cmocka_unit_test(insane_records_are_refused),
    };
    return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
