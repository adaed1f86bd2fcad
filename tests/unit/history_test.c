/* links: aggregate/history.o aggregate/recent.o aggregate/finding.o base/hash.o base/endpoint.o
 * facts/session.o facts/vocabulary.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "aggregate/history.h"

#define COUNT(table) (sizeof table / sizeof *table)
#define T0 UINT64_C(1700000000)         /* seconds */
enum { MINUTE = 60, HOUR = 3600, DAY = 86400, ROWS = 2000 };

/* What is said of each session; rows count from 1. The store's part, to find those of a path, is done here. */
struct bench {
    struct history h;
    int64_t rows;
    struct { struct session s; enum grade grade[EVIDENCE_N]; char words[FINDING_WORDS]; } row[ROWS];
};

static void note(struct bench *b, int64_t row, const struct finding *f)
{
    b->row[row].grade[f->kind] = f->grade;
    memcpy(b->row[row].words, f->words, sizeof f->words);
}

static void found(void *ctx, const struct finding *f)
{
    struct bench *b = ctx;
    assert_true(f->path);
    for (int64_t i = f->row; i < b->rows; i++) {
        uint8_t network[16];
        memcpy(network, b->row[i].s.client.addr, sizeof network);
        address_truncate(network);
        if (b->row[i].grade[f->kind] && memcmp(network, f->network, sizeof network) == 0 &&
            endpoint_cmp(&b->row[i].s.server, &f->server) == 0 && b->row[i].s.first_ns >= f->since_ns)
            note(b, i, f);
    }
}

static struct bench *begin(void)
{
    static struct bench b;
    memset(&b, 0, sizeof b);
    assert_true(history_open(&b.h, &(struct finding_sink){ found, &b }));
    return &b;
}

static int64_t take(struct bench *b, struct session s)
{
    struct finding f[HISTORY_FINDINGS];
    int64_t row = ++b->rows;
    assert_true(row < ROWS);
    unsigned n = history_take(&b->h, &s, row, f);
    b->row[row].s = s;
    b->row[row].grade[EVIDENCE_REFUSED_FOR_NOW] = evidence_grade(s.evidence, EVIDENCE_REFUSED_FOR_NOW);
    for (unsigned i = 0; i < n; i++)
        note(b, row, &f[i]);
    return row;
}

static struct session session(unsigned network, uint64_t second)
{
    struct session s;
    memset(&s, 0, sizeof s);
    s.first_ns = (T0 + second) * 1000000000;
    s.last_ns = s.first_ns + 1000000000;
    memcpy(s.client.addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a", 13);
    memcpy(s.server.addr, s.client.addr, 13);
    s.client.addr[13] = (uint8_t)(network >> 8);
    s.client.addr[14] = (uint8_t)network;
    s.client.addr[15] = (uint8_t)second;
    s.server.addr[12] = 9;
    s.server.port = 25;
    s.protocol = PROTOCOL_SMTP;
    s.facts = FACT_LIST_WHOLE | FACT_OFFERED;
    s.list_print = 77;
    return s;
}

static struct session lacking(unsigned network, uint64_t second)
{
    struct session s = session(network, second);
    s.facts &= ~(uint32_t)FACT_OFFERED;
    return s;
}

static struct session refused(unsigned network, uint64_t second)
{
    struct session s = session(network, second);
    s.facts |= FACT_REQUESTED | FACT_ATTEMPTED | FACT_REFUSED | FACT_FAILED;
    evidence_add(&s.evidence, EVIDENCE_REFUSED_FOR_NOW, GRADE_POSSIBLE);
    return s;
}

static struct session upgraded(unsigned network, uint64_t second)
{
    struct session s = session(network, second);
    s.facts |= FACT_REQUESTED | FACT_ACCEPTED | FACT_ATTEMPTED | FACT_TLS_DONE;
    return s;
}

/* --- offer_withdrawn --- */

/* Sessions of many networks, then those of one without the offer, others with it among them. */
struct withdrawal {
    unsigned before, lack_before;       /* how many; how many of these, spread out, lack it */
    unsigned lacks, others;
    uint64_t others_at, lacks_every, lacks_at;  /* seconds */
    uint32_t others_print, last_print;
    unsigned others_lack, again;        /* networks that lack it, too; sessions of this one that have it, at the end */
    uint32_t marks;
    bool first_other;                   /* the others come before */
};

static enum grade grade_of(const struct withdrawal *w)
{
    struct bench *b = begin();
    int64_t last = 0;
    for (unsigned i = 0; i < w->before; i++)
        take(b, i % 7 == 3 && i / 7 < w->lack_before ? lacking(100 + i % 5, i) : session(100 + i % 5, i));
    for (unsigned i = 0; i < w->others && w->first_other; i++)
        take(b, session(100 + i % 5, HOUR - 100 + i));
    for (unsigned i = 0; i < w->lacks; i++) {
        struct session s = lacking(7, w->lacks_at + i * w->lacks_every);
        s.marks |= w->marks;
        s.list_print = i + 1 == w->lacks ? w->last_print : s.list_print;
        last = take(b, s);
    }
    for (unsigned i = 0; i < w->others && !w->first_other; i++) {
        struct session s = session(100 + i % 5, w->others_at + 10 * MINUTE + i);
        s.list_print = w->others_print;
        take(b, s);
    }
    for (unsigned i = 0; i < w->others_lack; i++)
        take(b, lacking(200 + i, HOUR + 20 * MINUTE));
    for (unsigned i = 0; i < w->again; i++)
        take(b, session(7, HOUR + 30 * MINUTE));
    enum grade grade = b->row[last].grade[EVIDENCE_OFFER_WITHDRAWN];
    for (int64_t i = last - (int64_t)w->lacks + 1; i <= last && grade; i++)
        assert_int_equal(b->row[i].grade[EVIDENCE_OFFER_WITHDRAWN], grade);
    history_close(&b->h);
    return grade;
}

#define CHANGED(what, ...) { what, { .before = 20, .lacks = 3, .others = 10, .others_at = HOUR, .lacks_every = MINUTE, \
                                     .lacks_at = HOUR, .others_print = 77, .last_print = 77, __VA_ARGS__ },
#pragma GCC diagnostic ignored "-Woverride-init"
static const struct {
    const char *name;
    struct withdrawal w;
    enum grade grade;
} withdrawals[] = {
    { "as it is", { .before = 20, .lacks = 3, .others = 10, .others_at = HOUR, .lacks_every = MINUTE, .lacks_at = HOUR,
                    .others_print = 77, .last_print = 77 }, GRADE_LIKELY },
    CHANGED("20 sessions known", .lacks = 1) GRADE_POSSIBLE },
    CHANGED("19 sessions known", .lacks = 1, .before = 19) GRADE_NONE },
    CHANGED("18 sessions known", .before = 18) GRADE_NONE },
    CHANGED("19 of the last 20", .lack_before = 1) GRADE_LIKELY },
    CHANGED("18 of the last 20", .lack_before = 2) GRADE_NONE },
    CHANGED("two in a row", .lacks = 2) GRADE_POSSIBLE },
    CHANGED("nine others", .others = 9) GRADE_POSSIBLE },
    CHANGED("nobody else", .others = 0) GRADE_POSSIBLE },
    CHANGED("the others only before", .first_other = true) GRADE_POSSIBLE },
    CHANGED("the others a day later", .others_at = 2 * DAY) GRADE_POSSIBLE },
    CHANGED("the others have another list", .others_print = 78) GRADE_POSSIBLE },
    CHANGED("the last list is another", .last_print = 78) GRADE_POSSIBLE },
    CHANGED("another network lacks it, too", .others_lack = 1) GRADE_POSSIBLE },
    CHANGED("many networks lack it, too", .others_lack = 20) GRADE_POSSIBLE },
    CHANGED("seen again after three", .again = 1) GRADE_POSSIBLE },
    CHANGED("seen again after nine", .lacks = 9, .again = 1) GRADE_POSSIBLE },
    CHANGED("seen again after ten", .lacks = 10, .again = 1) GRADE_LIKELY },
    CHANGED("from one side only", .marks = MARK_ONE_SIDED) GRADE_NONE },
    CHANGED("from the middle", .marks = MARK_MIDSTREAM) GRADE_NONE },
};

static void each_condition_of_a_withdrawal_matters(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(withdrawals); i++) {
        enum grade grade = grade_of(&withdrawals[i].w);
        if (grade != withdrawals[i].grade) {
            print_error("%s: %u and not %u\n", withdrawals[i].name, grade, withdrawals[i].grade);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void the_counts_stand_in_words(void **state)
{
    (void)state;
    struct bench *b = begin();
    for (unsigned i = 0; i < 412; i++)
        take(b, session(100 + i % 9, i));
    for (unsigned i = 0; i < 37; i++) {
        take(b, lacking(7, HOUR + i * MINUTE));
        take(b, session(100 + i % 9, HOUR + i * MINUTE + 1));
    }
    int64_t last = take(b, lacking(7, 2 * HOUR));
    assert_int_equal(b->row[last].grade[EVIDENCE_OFFER_WITHDRAWN], GRADE_LIKELY);
    assert_string_equal(b->row[last].words, "offered in 412 of 412 sessions until 2023-11-14 22:20:11, in 0 of 38 of this"
                                            " client network since; 9 other networks still see it");
    history_close(&b->h);
}

/* A path may be like that for long; a server that has changed is believed after a day. */
static void after_a_day(void **state)
{
    (void)state;
    struct bench *b = begin();
    int64_t row = 0;
    for (unsigned i = 0; i < 20; i++)
        take(b, session(100 + i % 5, i));
    for (unsigned hour = 1; hour < 72; hour++) {
        row = take(b, lacking(7, hour * HOUR));
        for (unsigned i = 0; i < 2; i++)
            take(b, session(100 + i, hour * HOUR + 60));
        if (hour > 6)
            assert_int_equal(b->row[row].grade[EVIDENCE_OFFER_WITHDRAWN], GRADE_LIKELY);
    }
    history_close(&b->h);
    b = begin();
    for (unsigned i = 0; i < 20; i++)
        take(b, session(100 + i % 5, i));
    for (unsigned hour = 1; hour < 72; hour++) {
        row = take(b, lacking(7, hour * HOUR));
        assert_int_equal(b->row[row].grade[EVIDENCE_OFFER_WITHDRAWN], hour <= 25 ? GRADE_POSSIBLE : GRADE_NONE);
    }
    history_close(&b->h);
}

/* --- refused_for_now --- */

static const struct {
    const char *name;
    unsigned tries, others, others_refused, accepted;
    uint64_t over;
    enum grade grade;
} refusals[] = {
    { "as it is",                  5, 20, 0, 0, HOUR,     GRADE_LIKELY },
    { "four tries",                4, 20, 0, 0, HOUR,     GRADE_POSSIBLE },
    { "nineteen others upgraded",  5, 19, 0, 0, HOUR,     GRADE_POSSIBLE },
    { "a second less than an hour", 5, 20, 0, 0, HOUR - 1, GRADE_POSSIBLE },
    { "others were refused, too",  5, 20, 1, 0, HOUR,     GRADE_POSSIBLE },
    { "one was accepted at last",  5, 20, 0, 1, HOUR,     GRADE_POSSIBLE },
    { "many more",                50, 90, 0, 0, 5 * HOUR, GRADE_LIKELY },
};

static void each_condition_of_a_refusal_matters(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct bench *b = begin();
        int64_t first = take(b, refused(7, HOUR)), last = first;
        for (unsigned k = 0; k < refusals[i].others; k++)
            take(b, upgraded(100 + k % 5, HOUR + 1 + k));
        for (unsigned k = 0; k < refusals[i].others_refused; k++)
            take(b, refused(200, HOUR + 200));
        for (unsigned k = 1; k < refusals[i].tries; k++)
            last = take(b, refused(7, HOUR + refusals[i].over * k / (refusals[i].tries - 1)));
        for (unsigned k = 0; k < refusals[i].accepted; k++)
            take(b, upgraded(7, 3 * HOUR));
        if (b->row[last].grade[EVIDENCE_REFUSED_FOR_NOW] != refusals[i].grade ||
            b->row[first].grade[EVIDENCE_REFUSED_FOR_NOW] != refusals[i].grade)
            fail_msg("%s: %u and %u", refusals[i].name, b->row[first].grade[EVIDENCE_REFUSED_FOR_NOW],
                     b->row[last].grade[EVIDENCE_REFUSED_FOR_NOW]);
        history_close(&b->h);
    }
}

/* --- the rest --- */

static void versions_of_the_last_day(void **state)
{
    (void)state;
    for (unsigned late = 0; late < 2; late++) {
        struct bench *b = begin();
        struct session s = upgraded(100, 0);
        s.tls = (struct tls_seen){ .version = 0x304, .client_max = 0x304, .server_max = 0x304, .server_hello = true, .client_hello = true };
        take(b, s);
        s = upgraded(7, late ? DAY + HOUR : HOUR);
        s.tls = (struct tls_seen){ .version = 0x303, .client_max = 0x304, .server_max = 0x303, .server_hello = true, .client_hello = true };
        int64_t row = take(b, s);
        assert_int_equal(b->row[row].s.tls.downgraded, !late);
        assert_int_equal(b->row[row].s.incidents, late ? 0 : INCIDENT_TLS_DOWNGRADE);
        s.tls.client_max = 0x303;
        row = take(b, s);
        assert_false(b->row[row].s.tls.downgraded);
        history_close(&b->h);
    }
}

static void hello_refused_where_it_was_answered(void **state)
{
    (void)state;
    struct bench *b = begin();
    struct session s = session(7, HOUR);
    s.facts = FACT_HELO_INSTEAD;
    assert_int_equal(b->row[take(b, s)].grade[EVIDENCE_HELLO_REFUSED], GRADE_NONE);
    take(b, session(100, 0));
    assert_int_equal(b->row[take(b, s)].grade[EVIDENCE_HELLO_REFUSED], GRADE_POSSIBLE);
    history_close(&b->h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_condition_of_a_withdrawal_matters),
        cmocka_unit_test(the_counts_stand_in_words),
        cmocka_unit_test(after_a_day),
        cmocka_unit_test(each_condition_of_a_refusal_matters),
        cmocka_unit_test(versions_of_the_last_day),
        cmocka_unit_test(hello_refused_where_it_was_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
