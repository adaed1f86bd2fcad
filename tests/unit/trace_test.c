/* links: facts/trace.o base/pool.o base/pages.o proto/smtp.o proto/imap.o proto/pop3.o proto/line.o base/bytes.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "facts/trace.h"
#include "proto/imap.h"
#include "proto/pop3.h"
#include "proto/smtp.h"

#define COUNT(table) (sizeof table / sizeof *table)

static struct span text(const char *s) { return span_of(s, strlen(s)); }

static void add(struct trace *t, enum trace_kind kind, unsigned dir, uint32_t word, uint32_t number)
{
    struct trace_event e = { .kind = (uint8_t)kind, .dir = (uint8_t)dir, .word = word, .number = number };
    trace_add(t, &e);
}

static void expect(struct trace_reader *r, enum trace_kind kind, unsigned dir, int64_t ms, uint32_t word,
                   uint32_t number)
{
    struct trace_event e;
    assert_true(trace_next(r, &e));
    assert_int_equal(e.kind, kind);
    assert_int_equal(e.dir, dir);
    assert_int_equal(e.ms, ms);
    assert_int_equal(e.word, word);
    assert_int_equal(e.number, number);
}

static void expect_end(struct trace_reader *r)
{
    struct trace_event e;
    assert_false(trace_next(r, &e));
    assert_false(r->c.bad);
}

/* --- public words --- */

static void words_are_found_by_text_and_number(void **state)
{
    static const char *const words[] = {
#define W(number, word) word,
#include "facts/trace_words.def"
#undef W
    };
    static const unsigned numbers[] = {
#define W(number, word) number,
#include "facts/trace_words.def"
#undef W
    };
    (void)state;
    for (size_t i = 0; i < COUNT(words); i++) {
        assert_int_equal(trace_word_find(text(words[i])), numbers[i]);
        assert_string_equal(trace_word(numbers[i]), words[i]);
        if (i)
            assert_true(strcmp(words[i - 1], words[i]) < 0);
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(numbers[i], numbers[k]);
    }
    assert_int_equal(trace_word_find(text("starttls")), trace_word_find(text("STARTTLS")));
    assert_int_equal(trace_word_find(text("STARTTL")), 0);
    assert_int_equal(trace_word_find(text("STARTTLSX")), 0);
    assert_int_equal(trace_word_find(text("")), 0);
    assert_null(trace_word(0));
    assert_null(trace_word(UINT32_MAX));
}

/* A command without a word would be shown as an unknown line. */
static void every_command_has_a_word(void **state)
{
    static const char *const words[] = {
#define V(id, word, ...) word,
        SMTP_VERBS(V) IMAP_VERBS(V) POP3_VERBS(V)
#undef V
        "PUTSCRIPT", "CHECKSCRIPT", "LISTSCRIPTS", "GETSCRIPT", "SETACTIVE", "DELETESCRIPT", "RENAMESCRIPT", "HAVESPACE",
        "UNAUTHENTICATE",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(words); i++)
        if (!trace_word_find(text(words[i])))
            fail_msg("%s is not in facts/trace_words.def", words[i]);
}

/* --- what is written is read --- */

static void events_come_back(void **state)
{
    uint8_t bytes[256];
    struct trace t;
    struct trace_reader r;
    const uint64_t begin = 1700000000123456789u;

    (void)state;
    trace_begin(&t, bytes, sizeof bytes, begin);
    add(&t, TRACE_REPLY, 1, 99, 220);           /* a reply has no word: it is not kept */
    t.now_ns = begin + 31 * 1000000;
    add(&t, TRACE_COMMAND, 0, 7, 300);
    t.now_ns = begin + 20 * 1000000;            /* the other side's segment may have come first */
    add(&t, TRACE_GAP, 1, 0, UINT32_MAX);
    add(&t, TRACE_FACT, 1, 5, 0);
    t.now_ns = begin - 5 * 1000000;             /* a clock that steps back */
    add(&t, TRACE_FIN, 0, 0, 0);
    t.now_ns = begin + 90061000ull * 1000000;
    add(&t, TRACE_END, 0, 63, 0);
    trace_settle(&t);

    assert_true(trace_read(&r, span_of(bytes, t.n)));
    expect(&r, TRACE_REPLY, 1, 0, 0, 220);
    expect(&r, TRACE_COMMAND, 0, 31, 7, 300);
    expect(&r, TRACE_GAP, 1, 20, 0, UINT32_MAX);
    expect(&r, TRACE_FACT, 1, 20, 5, 0);
    expect(&r, TRACE_FIN, 0, -5, 0, 0);
    expect(&r, TRACE_END, 0, 90061000, 63, 0);
    expect_end(&r);
}

static void without_room_nothing_is_written(void **state)
{
    struct trace t = { 0 };
    (void)state;
    add(&t, TRACE_REPLY, 1, 0, 220);
    trace_settle(&t);
    assert_int_equal(t.n, 0);
}

static void what_repeats_is_counted(void **state)
{
    uint8_t more[256];
    struct trace t;
    struct trace_reader r;

    (void)state;
    trace_begin(&t, more, sizeof more, 0);
    for (unsigned i = 0; i < 1000; i++)
        add(&t, TRACE_DATA, 1, 3, i);
    add(&t, TRACE_DATA, 1, 4, 1);
    add(&t, TRACE_DATA, 1, 4, 1);
    trace_settle(&t);
    assert_true(trace_read(&r, span_of(more, t.n)));
    expect(&r, TRACE_DATA, 1, 0, 3, 0);
    expect(&r, TRACE_REPEATED, 0, 0, 0, 999);
    expect(&r, TRACE_DATA, 1, 0, 4, 1);
    expect(&r, TRACE_REPEATED, 0, 0, 0, 1);
    expect_end(&r);
}

static void a_full_trace_counts_lines_and_keeps_what_becomes_known(void **state)
{
    uint8_t bytes[256];
    struct trace t;
    struct trace_reader r;
    struct trace_event e;
    unsigned lines = 0, facts = 0, left_out = 0;

    (void)state;
    trace_begin(&t, bytes, sizeof bytes, 0);
    for (unsigned i = 0; i < 500; i++) {
        add(&t, TRACE_COMMAND, 0, 12, 100000);
        add(&t, TRACE_SECRET, 0, 0, 0);
        add(&t, TRACE_REPLY, 1, 0, 250);
        if (i % 50 == 49)
            add(&t, TRACE_FACT, 1, i / 50, 0);
    }
    add(&t, TRACE_END, 0, 1, 0);
    trace_settle(&t);
    assert_true(t.n <= sizeof bytes);
    assert_true(trace_read(&r, span_of(bytes, t.n)));
    while (trace_next(&r, &e)) {
        lines += trace_begins_line(&e) && e.kind != TRACE_END;
        facts += e.kind == TRACE_FACT;
        left_out += e.kind == TRACE_LEFT_OUT ? e.number : 0;
    }
    assert_false(r.c.bad);
    assert_true(lines > 20);
    assert_int_equal(facts, 10);
    assert_int_equal(lines + left_out, 1000);
}

/* Whatever became known, and however much later: where the trace is full the end still has its room. */
static void a_full_trace_has_its_end(void **state)
{
    uint8_t bytes[256];
    struct trace t;
    struct trace_reader r;
    struct trace_event e = { 0 };
    enum trace_kind last = TRACE_KIND_N;

    (void)state;
    trace_begin(&t, bytes, sizeof bytes, 0);
    for (unsigned i = 0; i < 500; i++) {
        add(&t, TRACE_LINE, i & 1, 0, 100000 + i);
        add(&t, i & 1 ? TRACE_EVIDENCE : TRACE_INCIDENT, 0, i & 15, 2);
    }
    t.now_ns = UINT64_C(1) << 62;
    add(&t, TRACE_END, 0, TRACE_END_SETTLED | TRACE_END_FIN_CLIENT, 0);
    trace_settle(&t);
    assert_true(t.n <= sizeof bytes);
    assert_true(trace_read(&r, span_of(bytes, t.n)));
    while (trace_next(&r, &e))
        last = e.kind;
    assert_false(r.c.bad);
    assert_int_equal(last, TRACE_END);
}

/* --- hostile bytes --- */

static void any_bytes_are_read_within_their_end(void **state)
{
    uint32_t random = 12345;
    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t bytes[48];
        size_t n = round % sizeof bytes;
        struct trace_reader r;
        struct trace_event e;
        for (size_t i = 0; i < n; i++) {
            random = random * 1664525u + 1013904223u;
            bytes[i] = (uint8_t)(random >> 24);
        }
        if (n)
            bytes[0] = TRACE_FORMAT;
        if (!trace_read(&r, span_of(bytes, n)))
            continue;
        for (unsigned events = 0; trace_next(&r, &e); events++) {
            assert_true(events < n && e.kind < TRACE_KIND_N && e.dir < 2);
            assert_true(e.ms < INT64_C(1) << 50 && e.ms > -(INT64_C(1) << 50));
        }
    }
}

static void damage_is_told(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
    } bad[] = {
        { "\x01\x7f", 2 },                                      /* no such kind */
        { "\x01\x00\x80", 3 },                                  /* a number without its end */
        { "\x01\x01\x00", 3 },                                  /* a field is missing */
        { "\x01\x01\x00\xff\xff\xff\xff\x7f", 8 },              /* a number of more than 32 bits */
        { "\x01\x0e\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12 },     /* a time beyond all times */
    };
    struct trace_reader r;
    struct trace_event e;
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_true(trace_read(&r, span_of(bad[i].bytes, bad[i].n)));
        while (trace_next(&r, &e))
            ;
        assert_true(r.c.bad);
    }
    assert_false(trace_read(&r, text("")));
    assert_false(trace_read(&r, text("\x02")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_found_by_text_and_number),
        cmocka_unit_test(every_command_has_a_word),
        cmocka_unit_test(events_come_back),
        cmocka_unit_test(without_room_nothing_is_written),
        cmocka_unit_test(what_repeats_is_counted),
        cmocka_unit_test(a_full_trace_counts_lines_and_keeps_what_becomes_known),
        cmocka_unit_test(a_full_trace_has_its_end),
        cmocka_unit_test(any_bytes_are_read_within_their_end),
        cmocka_unit_test(damage_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
