/* links: aggregate/judge.o aggregate/memory.o aggregate/history.o aggregate/retries.o aggregate/recent.o
 *        aggregate/finding.o base/hash.o base/endpoint.o base/bytes.o facts/session.o facts/vocabulary.o verdict/verdict.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "aggregate/judge.h"
#include "verdict/verdict.h"

#define T0 UINT64_C(1700000000)         /* seconds */
enum { HOUR = 3600, DAY = 86400, MOST = 4096, ROWS = 600 };

/* What the database would hold, in the order of keys. */
struct table {
    struct row { enum memory_kind kind; uint8_t key[MEMORY_BYTES], bytes[MEMORY_BYTES + 2]; size_t key_n, bytes_n; } row[MOST];
    size_t n;
};

struct bench {
    struct judge *judge;
    int64_t row;
    uint32_t evidence[ROWS];            /* of all sessions */
};

static struct table kept;

static void found(void *ctx, const struct finding *f)
{
    struct bench *b = ctx;
    for (int64_t i = f->row; i <= b->row && (f->path || i == f->row); i++)
        if (!f->path || evidence_grade(b->evidence[i], f->kind))
            evidence_set(&b->evidence[i], f->kind, f->grade);
}

static void keep(struct bench *b)
{
    struct memory_entry e;
    while (judge_changed(b->judge, &e)) {
        size_t i = 0;
        while (i < kept.n && (kept.row[i].kind != e.kind || kept.row[i].key_n != e.key.n ||
                              memcmp(kept.row[i].key, e.key.p, e.key.n) != 0))
            i++;
        assert_true(i < MOST && e.key.n + e.bytes.n <= MEMORY_BYTES);
        kept.row[i] = (struct row){ .kind = e.kind, .key_n = e.key.n, .bytes_n = e.bytes.n };
        memcpy(kept.row[i].key, e.key.p, e.key.n);
        memcpy(kept.row[i].bytes, e.bytes.p, e.bytes.n);
        kept.n += i == kept.n;
    }
}

static void remember(struct bench *b, const struct row *r)
{
    judge_remember(b->judge, &(struct memory_entry){ .kind = r->kind, .key = span_of(r->key, r->key_n), .bytes = span_of(r->bytes, r->bytes_n) });
}

static void start(struct bench *b)
{
    b->judge = judge_new(&(struct finding_sink){ found, b });
    assert_non_null(b->judge);
    for (unsigned kind = 0; kind < MEMORY_KINDS; kind++)
        for (size_t i = 0; i < kept.n; i++)
            if (kept.row[i].kind == kind)
                remember(b, &kept.row[i]);
    judge_remembered(b->judge);
}

static void restart(struct bench *b)
{
    struct memory_entry e;
    keep(b);
    judge_free(b->judge);
    start(b);
    assert_false(judge_changed(b->judge, &e));
}

static struct session session(unsigned network, uint64_t second, uint32_t facts)
{
    struct session s;
    memset(&s, 0, sizeof s);
    s.first_ns = (T0 + second) * 1000000000;
    s.last_ns = s.first_ns + 1000000000;
    memcpy(s.client.addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a", 13);
    memcpy(s.server.addr, s.client.addr, 13);
    s.client.addr[14] = (uint8_t)network;
    s.client.addr[15] = 1;
    s.server.addr[12] = 9;
    s.server.port = 25;
    s.protocol = PROTOCOL_SMTP;
    s.facts = FACT_LIST_WHOLE | facts;
    s.hello_name = UINT64_C(0x1234567890abcdef);
    s.list_print = 77;
    return s;
}

static void take(struct bench *b, struct session s)
{
    struct finding f[JUDGE_FINDINGS];
    assert_true(++b->row < ROWS);
    judge_session(b->judge, &s, b->row, f);
    b->evidence[b->row] = s.evidence;
}

enum { GOOD = FACT_OFFERED | FACT_REQUESTED | FACT_ACCEPTED | FACT_ATTEMPTED | FACT_TLS_DONE,
       BROKEN = FACT_OFFERED | FACT_REQUESTED | FACT_ACCEPTED | FACT_ATTEMPTED | FACT_FAILED,
       CLEAR = FACT_OFFERED | FACT_MAIL | FACT_EXPOSED, LACKS = FACT_MAIL | FACT_EXPOSED };

/* The n-th session: an offer is withdrawn, tries are refused, TLS is blocked; of several networks. */
static struct session nth(unsigned n)
{
    if (n < 24)
        return session(1 + n % 3, n * 60, GOOD);
    struct session s = session(n % 2 ? 9 : 1 + n % 6, HOUR + n * 60, n % 2 ? LACKS : GOOD);
    if (n % 7 == 3) {
        s = session(20, HOUR + n * 60, FACT_OFFERED | FACT_REQUESTED | FACT_MAIL | FACT_EXPOSED);
        evidence_add(&s.evidence, EVIDENCE_REFUSED_FOR_NOW, GRADE_POSSIBLE);
    }
    if (n % 7 == 4 || n % 7 == 5) {
        s = session(1, HOUR + n * 60, n % 7 == 4 ? GOOD : n % 2 ? BROKEN : CLEAR);
        s.client.addr[15] = (uint8_t)(2 + n / 14);
    }
    return s;
}

enum { SESSIONS = 200 };

/* Judged in one go, and with a new judge behind each so many. */
static void runs_do_not_matter(void **state)
{
    static struct bench one, many;
    unsigned kinds[EVIDENCE_N] = { 0 };
    (void)state;
    for (unsigned each = 1; each < 30; each += 4) {
        memset(&one, 0, sizeof one);
        memset(&many, 0, sizeof many);
        kept.n = 0;
        start(&one);
        start(&many);
        for (unsigned n = 0; n < SESSIONS; n++) {
            take(&one, nth(n));
            take(&many, nth(n));
            if (n % each == 0)
                restart(&many);
        }
        for (unsigned n = 1; n <= SESSIONS; n++) {
            assert_int_equal(one.evidence[n], many.evidence[n]);
            for (unsigned kind = 0; kind < EVIDENCE_N; kind++)
                kinds[kind] += evidence_grade(one.evidence[n], (enum evidence)kind) == GRADE_LIKELY;
        }
        judge_free(one.judge);
        judge_free(many.judge);
    }
    assert_true(kinds[EVIDENCE_OFFER_WITHDRAWN] && kinds[EVIDENCE_REFUSED_FOR_NOW] && kinds[EVIDENCE_TLS_BLOCKED]);
}

/* A list of numbers that is the same in each run of the test. */
static uint8_t next_byte(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint8_t)(*state >> 56);
}

/* From a database of an enemy: anything, also behind true keys, so that it is met with. */
static void damaged_entries_do_no_harm(void **state)
{
    static struct bench b;
    uint64_t random = 1;
    (void)state;
    memset(&b, 0, sizeof b);
    kept.n = 0;
    start(&b);
    for (unsigned n = 0; n < SESSIONS; n++)
        take(&b, nth(n));
    restart(&b);
    judge_free(b.judge);
    const size_t whole = kept.n;
    assert_true(whole > 10);
    for (unsigned round = 0; round < 60; round++) {
        static struct table was;
        was = kept;
        for (size_t i = 0; i < kept.n; i++) {
            struct row *e = &kept.row[i];
            unsigned how = next_byte(&random) % 4;
            for (size_t byte = 0; byte < e->bytes_n && how < 3; byte++)
                if (how == 0 || next_byte(&random) % 16 == 0)
                    e->bytes[byte] = how == 1 ? 0xff : next_byte(&random);
            if (how == 2)
                e->kind = next_byte(&random) % MEMORY_KINDS;
            if (how == 3 && i % 3 == 0)
                e->bytes_n = (size_t)next_byte(&random) % (e->bytes_n + 2);
        }
        if (round % 2 && kept.n < MOST)         /* one twice */
            kept.row[kept.n] = kept.row[0], kept.n++;
        b.row = 0;
        start(&b);
        for (unsigned n = 0; n < SESSIONS; n++)
            take(&b, nth(n));
        struct memory_entry e;
        while (judge_changed(b.judge, &e))
            assert_true(e.kind < MEMORY_KINDS && e.key.n + e.bytes.n <= MEMORY_BYTES);
        judge_free(b.judge);
        kept = was;
    }
}

static void wrong_sizes_are_left_out(void **state)
{
    struct bench b = { .row = 0 };
    struct memory_entry none;
    (void)state;
    kept.n = 0;
    start(&b);
    take(&b, session(1, 0, GOOD));
    keep(&b);
    judge_free(b.judge);
    const struct row good = kept.row[0];
    kept.n = 0;
    for (int key = -1; key <= 1; key++)
        for (int bytes = -1; bytes <= 1; bytes++) {
            struct row r = good;
            r.key_n = key < 0 ? 0 : r.key_n + (size_t)key;
            r.bytes_n = bytes < 0 ? 0 : r.bytes_n + (size_t)bytes;
            start(&b);
            remember(&b, &r);
            assert_int_equal(judge_changed(b.judge, &none), key == 0 && bytes == 0);
            judge_free(b.judge);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_do_not_matter),
        cmocka_unit_test(damaged_entries_do_no_harm),
        cmocka_unit_test(wrong_sizes_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
