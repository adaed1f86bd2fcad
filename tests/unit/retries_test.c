/* links: aggregate/retries.o aggregate/recent.o aggregate/finding.o base/hash.o base/endpoint.o
 * facts/session.o facts/vocabulary.o verdict/verdict.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "aggregate/retries.h"
#include "verdict/verdict.h"

#define COUNT(table) (sizeof table / sizeof *table)
#define T0 UINT64_C(1700000000)         /* seconds */
enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

/* What is said of each session; rows count from 1. */
struct bench {
    struct retries r;
    enum grade grade[32];
    int64_t other[32], rows;
};

static void found(void *ctx, const struct finding *f)
{
    struct bench *b = ctx;
    assert_int_equal(f->kind, EVIDENCE_TLS_BLOCKED);
    assert_true(f->row >= 1 && f->row <= b->rows);
    b->grade[f->row] = f->grade;
    b->other[f->row] = f->other;
}

static void begin(struct bench *b)
{
    memset(b, 0, sizeof *b);
    assert_true(retries_open(&b->r, &(struct finding_sink){ found, b }));
}

static int64_t take(struct bench *b, const struct session *s)
{
    struct finding f;
    int64_t row = ++b->rows;
    if (retries_take(&b->r, s, judge(s).verdict, row, &f))
        found(b, &f);
    return row;
}

static struct session session(unsigned client, unsigned server, uint64_t second)
{
    struct session s;
    memset(&s, 0, sizeof s);
    s.first_ns = (T0 + second) * 1000000000;
    s.last_ns = s.first_ns + 1000000000;
    memcpy(s.client.addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a", 13);
    memcpy(s.server.addr, s.client.addr, 13);
    s.client.addr[14] = (uint8_t)(client >> 8);
    s.client.addr[15] = (uint8_t)client;
    s.client.port = 40000;
    s.server.addr[13] = 9;
    s.server.addr[15] = (uint8_t)server;
    s.server.port = 25;
    s.protocol = PROTOCOL_SMTP;
    s.facts = FACT_LIST_WHOLE | FACT_OFFERED;
    s.hello_name = UINT64_C(0x1234567890abcdef);
    memcpy(s.names.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1", 37);
    return s;
}

static struct session good(unsigned client, unsigned server, uint64_t second)
{
    struct session s = session(client, server, second);
    s.facts |= FACT_REQUESTED | FACT_ACCEPTED | FACT_ATTEMPTED | FACT_TLS_DONE;
    return s;
}

static struct session broken(unsigned client, unsigned server, uint64_t second)
{
    struct session s = session(client, server, second);
    s.facts |= FACT_REQUESTED | FACT_ACCEPTED | FACT_ATTEMPTED | FACT_FAILED;
    return s;
}

static struct session clear(unsigned client, unsigned server, uint64_t second)
{
    struct session s = session(client, server, second);
    s.facts |= FACT_MAIL | FACT_EXPOSED;
    memset(s.names.ja4, 0, sizeof s.names.ja4);
    return s;
}

/* TLS worked, then breaks, then the client is back in clear: one thing changed at a time. */
struct story {
    struct session good, broken, clear;
    bool prior;                         /* a session in clear before */
    struct session before;
};

static struct story plain(void)
{
    return (struct story){ good(7, 1, 0), broken(7, 1, HOUR), clear(7, 1, HOUR + 5), false, clear(7, 1, 10) };
}

static enum grade told(const struct story *t)
{
    struct bench b;
    begin(&b);
    take(&b, &t->good);
    if (t->prior)
        take(&b, &t->before);
    int64_t one = take(&b, &t->broken), two = take(&b, &t->clear);
    assert_true(b.grade[two] == GRADE_NONE || b.other[two] == one);
    retries_close(&b.r);
    return b.grade[two];
}

static void the_plain_story(void **state)
{
    struct story t = plain();
    (void)state;
    assert_int_equal(told(&t), GRADE_LIKELY);
    /* The end of the broken one may be seen later than all of the other. */
    struct bench b;
    begin(&b);
    take(&b, &t.good);
    int64_t two = take(&b, &t.clear);
    assert_int_equal(b.grade[two], GRADE_NONE);
    take(&b, &t.broken);
    assert_int_equal(b.grade[two], GRADE_LIKELY);
    retries_close(&b.r);
}

static void move(struct session *s, uint64_t second)
{
    s->first_ns = (T0 + second) * 1000000000;
    s->last_ns = s->first_ns + 1000000000;
}

static void an_alert(struct story *t) { t->broken.facts |= FACT_ALERTED; }
static void a_gap(struct story *t) { t->broken.marks |= MARK_GAP; }
static void one_sided(struct story *t) { t->broken.marks |= MARK_ONE_SIDED; }
static void clear_one_sided(struct story *t) { t->clear.marks |= MARK_ONE_SIDED; }
static void clear_lost(struct story *t) { t->clear.facts |= FACT_LOST; }
static void clear_before(struct story *t) { t->prior = true; }
static void clear_long_before(struct story *t) { t->prior = true; move(&t->broken, DAY + HOUR); move(&t->clear, DAY + HOUR + 5); }
static void stripped_before(struct story *t) { t->prior = true; evidence_add(&t->before.evidence, EVIDENCE_MASKED_CAPABILITY, GRADE_LIKELY); }
static void no_server(struct story *t) { t->good.server.addr[15] = 2; }
static void other_port(struct story *t) { t->good.server.port = 587; }
static void no_client(struct story *t) { t->good.client.addr[15] = 8; }
static void eight_days(struct story *t) { move(&t->broken, 8 * DAY); move(&t->clear, 8 * DAY + 5); }
static void six_days(struct story *t) { move(&t->broken, 6 * DAY); move(&t->clear, 6 * DAY + 5); }
static void ten_minutes(struct story *t) { move(&t->clear, HOUR + 1 + 10 * MINUTE); }
static void more_minutes(struct story *t) { move(&t->clear, HOUR + 2 + 10 * MINUTE); }
static void clear_first(struct story *t) { move(&t->clear, HOUR - 5); }
static void other_name(struct story *t) { t->clear.hello_name = 99ull << 32; }
static void no_name(struct story *t) { t->clear.hello_name = 0; }
static void unlike(struct story *t) { t->broken.names.ja4[12] = 'x'; t->broken.hello_name = 0; }
static void unlike_but_named(struct story *t) { t->broken.names.ja4[12] = 'x'; }
static void other_client(struct story *t) { t->clear.client.addr[15] = 8; }
static void other_server(struct story *t) { t->clear.server.addr[15] = 2; }
static void submission(struct story *t) { t->clear.server.port = 587; }
static void other_protocol(struct story *t) { t->clear.protocol = PROTOCOL_IMAP; }
static void pipelined(struct story *t) { t->broken.incidents |= INCIDENT_COMMAND_INJECTION; }
static void refused(struct story *t) { t->broken.facts &= ~(uint32_t)FACT_ACCEPTED; }
static void not_failed(struct story *t) { t->broken.facts &= ~(uint32_t)FACT_FAILED; }
static void tls_first(struct story *t)
{
    t->broken.facts = FACT_TLS_FIRST | FACT_ATTEMPTED | FACT_FAILED;
    t->broken.hello_name = 0;
}
static void implicit(struct story *t)
{
    tls_first(t);
    t->broken.port_is_tls = true;
    t->broken.server.port = t->good.server.port = 465;
}
static void only_greeted(struct story *t) { t->clear.facts &= ~(uint32_t)(FACT_MAIL | FACT_EXPOSED); }
static void upgraded(struct story *t) { t->clear.facts |= FACT_TLS_DONE; }

static const struct {
    const char *name;
    void (*change)(struct story *);
    enum grade grade;
} changes[] = {
    { "an alert was seen", an_alert, GRADE_POSSIBLE },
    { "a gap in the broken one", a_gap, GRADE_POSSIBLE },
    { "the broken one is one-sided", one_sided, GRADE_POSSIBLE },
    { "the clear one is one-sided", clear_one_sided, GRADE_POSSIBLE },
    { "the clear one lost bytes", clear_lost, GRADE_POSSIBLE },
    { "clear within the day before", clear_before, GRADE_POSSIBLE },
    { "clear more than a day before", clear_long_before, GRADE_LIKELY },
    { "stripped before is not clear before", stripped_before, GRADE_LIKELY },
    { "nothing known of the server", no_server, GRADE_POSSIBLE },
    { "known of another port only", other_port, GRADE_POSSIBLE },
    { "nothing known of the client", no_client, GRADE_POSSIBLE },
    { "known since eight days", eight_days, GRADE_POSSIBLE },
    { "known since six days", six_days, GRADE_LIKELY },
    { "ten minutes later", ten_minutes, GRADE_LIKELY },
    { "a second more", more_minutes, GRADE_NONE },
    { "the clear one came first", clear_first, GRADE_NONE },
    { "another name", other_name, GRADE_NONE },
    { "the clear one shows no name", no_name, GRADE_LIKELY },
    { "unlike clients at one address", unlike, GRADE_POSSIBLE },
    { "unlike clients, but the name tells", unlike_but_named, GRADE_LIKELY },
    { "another client", other_client, GRADE_NONE },
    { "another server", other_server, GRADE_NONE },
    { "another port of the server", submission, GRADE_LIKELY },
    { "another protocol", other_protocol, GRADE_NONE },
    { "the client had pipelined", pipelined, GRADE_NONE },
    { "STARTTLS was not accepted", refused, GRADE_NONE },
    { "it is not known that TLS failed", not_failed, GRADE_NONE },
    { "TLS first on a port that upgrades", tls_first, GRADE_NONE },
    { "implicit TLS", implicit, GRADE_LIKELY },
    { "the clear one came to nothing", only_greeted, GRADE_NONE },
    { "the second upgraded", upgraded, GRADE_NONE },
};

static void each_condition_matters(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(changes); i++) {
        struct story t = plain();
        changes[i].change(&t);
        enum grade grade = told(&t);
        if (grade != changes[i].grade) {
            print_error("%s: %u and not %u\n", changes[i].name, grade, changes[i].grade);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void an_alert_in_an_earlier_try(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    take(&b, &(struct session[]){ good(7, 1, 0) }[0]);
    struct session s = broken(7, 1, HOUR);
    s.facts |= FACT_ALERTED;
    take(&b, &s);
    for (unsigned i = 1; i <= 3; i++)   /* so many that the first is no more among those kept */
        take(&b, &(struct session[]){ broken(7, 1, HOUR + 10 * i) }[0]);
    int64_t row = take(&b, &(struct session[]){ clear(7, 1, HOUR + 60) }[0]);
    assert_int_equal(b.grade[row], GRADE_POSSIBLE);
    assert_int_equal(b.other[row], row - 1);
    retries_close(&b.r);
}

/* A second network is hit by the same: the server, or one of those behind its address, may be broken. */
static void another_network_takes_it_back(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    take(&b, &(struct session[]){ good(7, 1, 0) }[0]);
    take(&b, &(struct session[]){ good(0x207, 1, 1) }[0]);
    take(&b, &(struct session[]){ broken(7, 1, HOUR) }[0]);
    int64_t one = take(&b, &(struct session[]){ clear(7, 1, HOUR + 5) }[0]);
    assert_int_equal(b.grade[one], GRADE_LIKELY);
    take(&b, &(struct session[]){ broken(0x207, 1, 2 * HOUR) }[0]);
    assert_int_equal(b.grade[one], GRADE_LIKELY);
    int64_t two = take(&b, &(struct session[]){ clear(0x207, 1, 2 * HOUR + 5) }[0]);
    assert_int_equal(b.grade[one], GRADE_POSSIBLE);
    assert_int_equal(b.grade[two], GRADE_POSSIBLE);
    retries_close(&b.r);
}

static void it_may_go_on(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    take(&b, &(struct session[]){ good(7, 1, 0) }[0]);
    for (unsigned i = 1; i <= 10; i++) {
        take(&b, &(struct session[]){ broken(7, 1, i * HOUR) }[0]);
        int64_t row = take(&b, &(struct session[]){ clear(7, 1, i * HOUR + 5) }[0]);
        assert_int_equal(b.grade[row], GRADE_LIKELY);
    }
    retries_close(&b.r);
}

/* A client, or somebody behind its address, that goes clear when nothing had broken: so it may have been before. */
static void it_goes_clear_of_its_own_accord(void **state)
{
    static const struct {
        uint64_t second;
        bool breaks, offered;           /* TLS just before; STARTTLS */
        uint64_t hello_name;            /* 0: as ever */
        enum grade grade;
    } cases[] = {
        { 5 * HOUR, false, true, 0, GRADE_POSSIBLE },
        { 5 * HOUR, true, true, 0, GRADE_LIKELY },
        { 5 * HOUR, false, false, 0, GRADE_LIKELY },            /* it had no choice */
        { 5 * HOUR, false, true, 99ull << 48, GRADE_LIKELY },   /* another client */
        { 26 * HOUR, false, true, 0, GRADE_LIKELY },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bench b;
        begin(&b);
        take(&b, &(struct session[]){ good(7, 1, 0) }[0]);
        take(&b, &(struct session[]){ broken(7, 1, HOUR) }[0]);
        int64_t row = take(&b, &(struct session[]){ clear(7, 1, HOUR + 5) }[0]);
        assert_int_equal(b.grade[row], GRADE_LIKELY);
        struct session s = clear(7, 1, cases[i].second), before = broken(7, 1, cases[i].second - 60);
        s.facts = cases[i].offered ? s.facts : s.facts & ~(uint32_t)FACT_OFFERED;
        s.hello_name = cases[i].hello_name ? cases[i].hello_name : s.hello_name;
        take(&b, &s);
        if (cases[i].breaks)            /* its end is seen later */
            take(&b, &before);
        assert_int_equal(b.grade[row], cases[i].grade);
        retries_close(&b.r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plain_story),
        cmocka_unit_test(each_condition_matters),
        cmocka_unit_test(an_alert_in_an_earlier_try),
        cmocka_unit_test(another_network_takes_it_back),
        cmocka_unit_test(it_may_go_on),
        cmocka_unit_test(it_goes_clear_of_its_own_accord),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
