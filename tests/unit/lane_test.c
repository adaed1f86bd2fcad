/* links: app/lane.o app/evidence.o app/evidence_ring.o base/threads.o app/intake.o app/talk.o app/ports.o dpi/dpi_none.o
 * flow/flow.o flow/origin.o flow/table.o flow/wheel.o flow/tags.o flow/reorder.o flow/window.o base/pool.o base/pages.o base/hash.o base/endpoint.o base/bytes.o
 * decode/decode.o decode/link.o decode/carrier.o decode/ip.o decode/tunnel.o decode/checksum.o
 * decode/fragments.o
 * dialogue/dialogue.o dialogue/first.o dialogue/copies.o dialogue/mask.o dialogue/open.o dialogue/sasl.o dialogue/upgrade.o
 * dialogue/names.o dialogue/preamble.o dialogue/tracing.o dialogue/showing.o dialogue/tls_dialogue.o dialogue/tls_hellos.o
 * dialogue/certificates.o dialogue/client_name.o dialogue/hello_names.o dialogue/server_names.o facts/host_name.o base/digest.o base/x509.o
 * dialogue/smtp_dialogue.o dialogue/imap_dialogue.o dialogue/pop3_dialogue.o dialogue/sieve_dialogue.o
 * proto/line.o proto/proxy.o proto/smtp.o proto/imap.o proto/pop3.o proto/tls_record.o proto/tls_hello.o
 * proto/tls_fingerprint.o
 * facts/session.o facts/trace.o facts/vocabulary.o facts/mechanism.o facts/names.o verdict/verdict.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <time.h>

#include "app/lane.h"
#include "unit/packet_kit.h"
#include "verdict/verdict.h"

#define COUNT(table) (sizeof table / sizeof *table)

/* --- a lane and what comes out of it --- */

struct seen {
    unsigned sessions, attempts, counted;
    uint64_t packets, bytes;            /* of those counted to their end */
    unsigned verdict[VERDICT_N], outcome[ATTEMPT_N];
    struct session last;
};

struct bench {
    struct port_table ports;
    struct lane *lane;
    struct seen seen;
    uint64_t now;
};

static void take_session(void *ctx, const struct session *s, uint64_t number)
{
    (void)number;
    struct seen *seen = ctx;
    seen->sessions++;
    seen->verdict[judge(s).verdict]++;
    seen->last = *s;
}

static void take_counts(void *ctx, uint64_t number, const struct session_counts *c)
{
    struct seen *seen = ctx;
    assert_true(number >= 1);
    seen->counted++;
    seen->bytes += c->bytes[TO_SERVER] + c->bytes[TO_CLIENT];
    seen->packets += c->packets[TO_SERVER] + c->packets[TO_CLIENT];
}

static void take_attempt(void *ctx, const struct attempt *a)
{
    struct seen *seen = ctx;
    seen->attempts++;
    seen->outcome[a->outcome]++;
}

static struct bench *bench_new(size_t memory)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    ports_default(&b->ports);
    b->now = START;
    struct lane_sink sink = { .session = take_session, .attempt = take_attempt, .ctx = &b->seen };
    b->lane = lane_new(&b->ports, memory, &sink);
    assert_non_null(b->lane);
    return b;
}

static void bench_free(struct bench *b)
{
    lane_free(b->lane);
    free(b);
}

static void feed(struct bench *b, const struct tcp *t)
{
    struct packet p = packet_of(t);
    lane_packets(b->lane, &p, 1, 1);
    packet_free(&p);
}

/* --- connections --- */

struct link {
    struct who client, server;
    uint32_t next[2];                   /* sequence number of the client, of the server */
};

static struct link link_of(uint32_t n, uint16_t port)
{
    return (struct link){ { 1000 + n / 20000, (uint16_t)(20000 + n % 20000) }, { 25, port },
                          { 0xfffffff0u + n, n * 7919 } };
}

static struct tcp tcp_of(const struct bench *b, const struct link *l, bool server, uint8_t flags,
    const char *text)
{
    return (struct tcp){ .from = server ? l->server : l->client, .to = server ? l->client : l->server,
        .ts_ns = b->now,
                         .seq = l->next[server], .ack = l->next[!server], .flags = flags, .bytes = text,
                         .n = strlen(text) };
}

static void send_flags(struct bench *b, struct link *l, bool server, uint8_t flags, const char *text)
{
    struct tcp t = tcp_of(b, l, server, flags, text);
    b->now += 1000000;
    feed(b, &t);
    l->next[server] += (uint32_t)strlen(text) + ((flags & (TCP_SYN | TCP_FIN)) != 0);
}

static void open_link(struct bench *b, struct link *l)
{
    send_flags(b, l, false, TCP_SYN, "");
    send_flags(b, l, true, TCP_SYN | TCP_ACK, "");
    send_flags(b, l, false, TCP_ACK, "");
}

static void close_link(struct bench *b, struct link *l)
{
    send_flags(b, l, false, TCP_FIN | TCP_ACK, "");
    send_flags(b, l, true, TCP_FIN | TCP_ACK, "");
}

/* --- dialogues: "C:" or "S:" and a line, one packet each --- */

struct talk_case {
    uint16_t port;
    enum verdict verdict;
    enum protocol protocol;
    const char *const *line;            /* up to NULL */
};

static const char *const clear_mail[] = {
    "S:220 mx.example ESMTP", "C:EHLO a.example", "S:250-mx.example", "S:250-STARTTLS", "S:250 SIZE",
    "C:MAIL FROM:<a@a>", "S:250 ok", "C:RCPT TO:<b@b>", "S:250 ok", "C:DATA", "S:354 go",
    "C:Subject: STARTTLS", "C:", "C:.", "S:250 queued", "C:QUIT", "S:221 bye", NULL,
};
static const char *const clear_auth[] = {
    "S:220 mx.example ESMTP", "C:EHLO a.example", "S:250-mx.example", "S:250 AUTH PLAIN",
    "C:AUTH PLAIN AGEAYg==", "S:235 ok", "C:QUIT", "S:221 bye", NULL,
};
static const char *const refused[] = {
    "S:220 mx.example ESMTP", "C:EHLO a.example", "S:250-mx.example", "S:250 STARTTLS",
    "C:STARTTLS", "S:502 no", "C:MAIL FROM:<a@a>", "S:250 ok", "C:QUIT", "S:221 bye", NULL,
};
static const char *const probe[] = { "S:220 mx.example ESMTP", "C:QUIT", "S:221 bye", NULL };
static const char *const imap_login[] = {
    "S:* OK [CAPABILITY IMAP4rev1 STARTTLS] hi", "C:a LOGIN joe pw", "S:a OK in", "C:b SELECT INBOX",
    "S:* 3 EXISTS",
    "S:b OK done", "C:c LOGOUT", "S:* BYE", "S:c OK done", NULL,
};
static const char *const pop3_login[] = {
    "S:+OK hi", "C:USER joe", "S:+OK", "C:PASS pw", "S:+OK", "C:STAT", "S:+OK 0 0", "C:QUIT", "S:+OK", NULL,
};
static const char *const http[] = { "C:GET / HTTP/1.1", "S:HTTP/1.1 400 no", NULL };

static const struct talk_case cases[] = {
    { 25, VERDICT_CLEAR, PROTOCOL_SMTP, clear_mail },       { 587, VERDICT_CLEAR_AUTH, PROTOCOL_SMTP,
      clear_auth },
    { 25, VERDICT_STRIPPED, PROTOCOL_SMTP, refused },       { 25, VERDICT_INCOMPLETE, PROTOCOL_SMTP, probe },
    { 143, VERDICT_CLEAR_AUTH, PROTOCOL_IMAP, imap_login }, { 110, VERDICT_CLEAR_AUTH, PROTOCOL_POP3,
      pop3_login },
    { 25, VERDICT_OTHER, PROTOCOL_SMTP, http },
};

static void send_line(struct bench *b, struct link *l, const char *line)
{
    char text[256];
    snprintf(text, sizeof text, "%s\r\n", line + 2);
    send_flags(b, l, line[0] == 'S', TCP_ACK | TCP_PSH, text);
}

static void whole_session(struct bench *b, struct link *l, const struct talk_case *c)
{
    open_link(b, l);
    for (const char *const *line = c->line; *line; line++)
        send_line(b, l, *line);
    close_link(b, l);
}

static void each_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bench *b = bench_new(8 << 20);
        struct link l = link_of(1, cases[i].port);
        uint64_t first = b->now;
        whole_session(b, &l, &cases[i]);
        lane_end(b->lane);
        assert_int_equal(b->seen.sessions, 1);
        struct session *s = &b->seen.last;
        if (judge(s).verdict != cases[i].verdict)
            fail_msg("case %zu: %s", i, verdict_word(judge(s).verdict));
        assert_int_equal(s->client.port, l.client.port);
        assert_int_equal(s->server.port, cases[i].port);
        assert_true(s->first_ns == first && s->last_ns == b->now - 1000000);
        uint64_t bytes[2] = { 0, 0 }, packets[2] = { 3, 2 };
        for (const char *const *line = cases[i].line; *line; line++) {
            unsigned dir = **line == 'S' ? TO_CLIENT : TO_SERVER;
            bytes[dir] += strlen(*line);
            packets[dir]++;
        }
        for (unsigned dir = 0; dir < 2; dir++) {
            assert_int_equal(s->bytes[dir], bytes[dir]);
            assert_int_equal(s->packets[dir], packets[dir]);
        }
        assert_int_equal(s->marks, 0);
        bench_free(b);
    }
}

/* 20,000 connections at once, a line of each in turn: the same verdicts as each alone. */
static void twenty_thousand_interleaved(void **state)
{
    enum { MANY = 20000 };
    struct bench *b = bench_new((size_t)1 << 30);
    struct link *link = calloc(MANY, sizeof *link);
    unsigned want[VERDICT_N] = { 0 };
    bool more = true;
    (void)state;
    for (uint32_t i = 0; i < MANY; i++) {
        link[i] = link_of(i, cases[i % COUNT(cases)].port);
        want[cases[i % COUNT(cases)].verdict]++;
        open_link(b, &link[i]);
    }
    for (size_t at = 0; more; at++) {
        more = false;
        for (uint32_t i = 0; i < MANY; i++) {
            const char *const *line = cases[i % COUNT(cases)].line;
            size_t n = 0;
            while (line[n])
                n++;
            b->now -= at < n ? 999000 : 0;      /* so that no hour goes by */
            if (at < n)
                send_line(b, &link[i], line[at]);
            more = more || at + 1 < n;
        }
    }
    for (uint32_t i = 0; i < MANY; i++)
        close_link(b, &link[i]);
    lane_end(b->lane);
    assert_int_equal(b->seen.sessions, MANY);
    assert_int_equal(lane_counts(b->lane)->evicted, 0);
    for (unsigned v = 0; v < VERDICT_N; v++)
        assert_int_equal(b->seen.verdict[v], want[v]);
    free(link);
    bench_free(b);
}

/* Each packet of a session at each place up to three later, or twice: the same session. */
static void swapped_and_sent_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tcp t[64];
        char text[64][80];
        size_t n = 0;
        struct bench *plain = bench_new(8 << 20);
        struct link l = link_of(1, cases[i].port);
        for (const char *const *line = cases[i].line; *line; line++, n++) {
            snprintf(text[n], sizeof text[n], "%s\r\n", *line + 2);
            t[n] = tcp_of(plain, &l, **line == 'S', TCP_ACK, text[n]);
            t[n].seq += 1;                      /* behind the SYN of each */
            t[n].ack += 1;
            l.next[**line == 'S'] += (uint32_t)t[n].n;
        }
        for (size_t from = 0; from < n; from++)
            for (size_t by = 0; by < 4 && from + by < n; by++) {
                struct bench *b = bench_new(8 << 20);
                struct link again = link_of(1, cases[i].port);
                open_link(b, &again);
                for (size_t k = 0; k < n; k++) {
                    bool moved = by && k >= from && k <= from + by;
                    size_t which = !moved ? k : k == from + by ? from : k + 1;
                    t[which].ts_ns = b->now += 1000000;
                    feed(b, &t[which]);
                    if (!by && k == from)
                        feed(b, &t[which]);
                }
                memcpy(again.next, (uint32_t[2]){ l.next[0] + 1, l.next[1] + 1 }, sizeof again.next);
                close_link(b, &again);
                lane_end(b->lane);
                if (b->seen.sessions != 1 || b->seen.verdict[cases[i].verdict] != 1 || b->seen.last.marks)
                    fail_msg("case %zu, packet %zu by %zu: %s, marks %#x", i, from, by,
                             verdict_word(judge(&b->seen.last).verdict), b->seen.last.marks);
                bench_free(b);
            }
        bench_free(plain);
    }
}

/* Without one packet: never another verdict than the right one or "incomplete", and marked. */
static void one_packet_lost(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t n = 0;
        while (cases[i].line[n])
            n++;
        for (size_t without = 0; without < n; without++) {
            struct bench *b = bench_new(8 << 20);
            struct link l = link_of(1, cases[i].port);
            open_link(b, &l);
            for (size_t k = 0; k < n; k++) {
                if (k == without)
                    l.next[cases[i].line[k][0] == 'S'] += (uint32_t)strlen(cases[i].line[k]);
                else
                    send_line(b, &l, cases[i].line[k]);
            }
            close_link(b, &l);
            lane_end(b->lane);
            const struct session *s = &b->seen.last;
            enum verdict v = judge(s).verdict;
            bool fair = v == cases[i].verdict || v == VERDICT_INCOMPLETE ||
                        (cases[i].verdict == VERDICT_STRIPPED && v == VERDICT_CLEAR) ||
                        (cases[i].verdict == VERDICT_CLEAR_AUTH && v == VERDICT_CLEAR);
            if (!fair || !(s->marks & (MARK_GAP | MARK_ONE_SIDED)))
                fail_msg("case %zu without \"%s\": %s, marks %#x", i, cases[i].line[without], verdict_word(v),
                         s->marks);
            bench_free(b);
        }
    }
}

/* --- attempts --- */

struct packet_step {
    bool server;
    uint8_t flags;
    const char *text;
};
static const struct {
    struct packet_step step[5];         /* up to the first without flags */
    int outcome;                        /* -1: none, it is a session */
} attempts[] = {
    { { { false, TCP_SYN, "" }, { false, TCP_SYN, "" } }, ATTEMPT_UNANSWERED },
    { { { false, TCP_SYN, "" }, { true, TCP_RST | TCP_ACK, "" } }, ATTEMPT_REFUSED },
    { { { false, TCP_SYN, "" }, { true, TCP_SYN | TCP_ACK, "" } }, ATTEMPT_HALF_OPEN },
    { { { true, TCP_SYN | TCP_ACK, "" } }, ATTEMPT_HALF_OPEN },
    { { { false, TCP_SYN, "" }, { true, TCP_SYN | TCP_ACK, "" }, { false, TCP_RST, "" } },
      ATTEMPT_HALF_OPEN },
    { { { false, TCP_SYN, "" }, { true, TCP_SYN | TCP_ACK, "" }, { false, TCP_ACK, "" } }, ATTEMPT_EMPTY },
    { { { false, TCP_SYN, "" }, { true, TCP_SYN | TCP_ACK, "" }, { false, TCP_ACK, "" }, { false,
      TCP_FIN | TCP_ACK, "" } },
      ATTEMPT_EMPTY },
    { { { false, TCP_ACK, "" }, { true, TCP_ACK, "" } }, ATTEMPT_TAIL },
    { { { true, TCP_FIN | TCP_ACK, "" } }, ATTEMPT_TAIL },
    { { { false, TCP_ACK, "x" } }, -1 },
    /* Keep-alives carry a byte from before the first one. */
    { { { false, TCP_SYN, "" }, { true, TCP_SYN | TCP_ACK, "" }, { false, TCP_ACK, "" }, { false, TCP_ACK,
      "x" } },
      ATTEMPT_EMPTY },
};

static void connections_without_payload(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(attempts); i++) {
        struct bench *b = bench_new(8 << 20);
        struct link l = link_of(1, 25);
        for (size_t k = 0; k < COUNT(attempts[i].step) && attempts[i].step[k].flags; k++) {
            struct tcp t = tcp_of(b, &l, attempts[i].step[k].server, attempts[i].step[k].flags,
                attempts[i].step[k].text);
            feed(b, &t);
        }
        lane_end(b->lane);
        assert_int_equal(b->seen.attempts, attempts[i].outcome >= 0);
        assert_int_equal(b->seen.sessions, attempts[i].outcome < 0);
        if (attempts[i].outcome >= 0 && b->seen.outcome[attempts[i].outcome] != 1)
            fail_msg("attempt %zu", i);
        bench_free(b);
    }
}

static void other_ports_are_no_attempts(void **state)
{
    struct bench *b = bench_new(8 << 20);
    struct link l = link_of(1, 8025);
    (void)state;
    open_link(b, &l);
    close_link(b, &l);
    lane_end(b->lane);
    assert_int_equal(b->seen.attempts + b->seen.sessions, 0);
    bench_free(b);
}

/* --- odd ports --- */

static void mail_on_an_odd_port(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bench *b = bench_new(8 << 20);
        struct link l = link_of(1, 8025);
        whole_session(b, &l, &cases[i]);
        lane_end(b->lane);
        /* Counts once its greeting and dialogue are those of mail: the bare probe and HTTP do not. */
        bool mail = cases[i].line != http && cases[i].line != probe;
        if (b->seen.sessions != mail)
            fail_msg("case %zu: %u sessions", i, b->seen.sessions);
        if (mail) {
            assert_int_equal(judge(&b->seen.last).verdict, cases[i].verdict);
            assert_int_equal(b->seen.last.protocol, cases[i].protocol);
            assert_true(b->seen.last.odd_port);
        }
        bench_free(b);
    }
}

/* --- little memory --- */

static void little_memory_evicts_and_counts(void **state)
{
    enum { MANY = 3000 };
    struct bench *b = bench_new(1 << 20);
    struct link *link = calloc(MANY, sizeof *link);
    (void)state;
    for (uint32_t i = 0; i < MANY; i++) {
        link[i] = link_of(i, cases[i % COUNT(cases)].port);
        open_link(b, &link[i]);
        send_line(b, &link[i], cases[i % COUNT(cases)].line[0]);
        if (i >= 10)
            send_line(b, &link[i - 10], cases[(i - 10) % COUNT(cases)].line[1]);
    }
    assert_true(lane_counts(b->lane)->evicted > 0);
    assert_true(lane_counts(b->lane)->evicted < MANY);
    lane_end(b->lane);
    assert_true(b->seen.sessions >= MANY);      /* what was pushed out ended as what it was */
    free(link);
    bench_free(b);
}

/* A session that was closed by both ends is handed over at once, and what comes in the minute behind it is
 * counted and begins nothing. */
static void closed_sessions_are_handed_over(void **state)
{
    enum { MANY = 200 };
    struct bench *b = bench_new(8 << 20);
    struct lane_sink sink = { .session = take_session, .counts = take_counts, .attempt = take_attempt, .ctx = &b->seen };
    (void)state;
    lane_free(b->lane);
    b->lane = lane_new(&b->ports, 8 << 20, &sink);
    for (uint32_t i = 0; i < MANY; i++) {
        struct link l = link_of(i, 25);
        whole_session(b, &l, &cases[0]);
        assert_int_equal(b->seen.sessions, i);
        send_flags(b, &l, false, TCP_ACK, "");
        assert_int_equal(b->seen.sessions, i + 1);
        assert_int_equal(judge(&b->seen.last).verdict, cases[0].verdict);
        send_flags(b, &l, true, TCP_ACK, "late bytes");
    }
    assert_int_equal(b->seen.counted, 0);
    lane_end(b->lane);
    assert_int_equal(b->seen.sessions, MANY);
    assert_int_equal(b->seen.attempts, 0);
    assert_int_equal(b->seen.counted, MANY);
    uint64_t said = b->seen.last.bytes[TO_SERVER] + b->seen.last.bytes[TO_CLIENT] + strlen("late bytes");
    assert_true(b->seen.bytes == MANY * said);
    assert_true(b->seen.packets == MANY * (b->seen.last.packets[TO_SERVER] + b->seen.last.packets[TO_CLIENT] + 1));
    bench_free(b);
}

/* After a scan has filled all memory with connections, sessions still find a place. */
static void a_scan_does_not_take_all_memory(void **state)
{
    enum { SYNS = 60000, SESSIONS = 50 };
    struct bench *b = bench_new(8 << 20);
    (void)state;
    for (uint32_t i = 0; i < SYNS; i++) {
        struct link l = link_of(i, 25);
        struct tcp t = tcp_of(b, &l, false, TCP_SYN, "");
        feed(b, &t);
    }
    uint64_t evicted = lane_counts(b->lane)->evicted;
    for (uint32_t i = 0; i < SESSIONS; i++) {
        struct link l = link_of(SYNS + i, 25);
        whole_session(b, &l, &cases[0]);
    }
    assert_true(lane_counts(b->lane)->evicted - evicted < SYNS / 4);
    lane_end(b->lane);
    assert_int_equal(b->seen.verdict[VERDICT_CLEAR], SESSIONS);
    bench_free(b);
}

static void no_memory_at_all(void **state)
{
    struct bench *b = bench_new(64);
    struct link l = link_of(1, 25);
    (void)state;
    whole_session(b, &l, &cases[0]);
    lane_end(b->lane);
    assert_int_equal(b->seen.sessions, 0);
    bench_free(b);
}

/* The end of the input ends all, and the next packet begins something new. */
static void inputs_do_not_touch(void **state)
{
    struct bench *b = bench_new(8 << 20);
    struct link l = link_of(1, 25);
    (void)state;
    open_link(b, &l);
    for (size_t i = 0; i < 5; i++)
        send_line(b, &l, clear_mail[i]);
    lane_end(b->lane);
    assert_int_equal(b->seen.sessions, 1);
    assert_int_equal(judge(&b->seen.last).verdict, VERDICT_INCOMPLETE);
    assert_true(b->seen.last.facts & FACT_CUT_SHORT);
    for (size_t i = 5; clear_mail[i]; i++)
        send_line(b, &l, clear_mail[i]);
    close_link(b, &l);
    lane_end(b->lane);
    assert_int_equal(b->seen.sessions, 2);
    assert_int_equal(judge(&b->seen.last).verdict, VERDICT_CLEAR);
    assert_true(b->seen.last.marks & MARK_MIDSTREAM);
    assert_false(b->seen.last.facts & FACT_CUT_SHORT);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_alone),
        cmocka_unit_test(twenty_thousand_interleaved),
        cmocka_unit_test(swapped_and_sent_twice),
        cmocka_unit_test(one_packet_lost),
        cmocka_unit_test(connections_without_payload),
        cmocka_unit_test(other_ports_are_no_attempts),
        cmocka_unit_test(mail_on_an_odd_port),
        cmocka_unit_test(little_memory_evicts_and_counts),
        cmocka_unit_test(closed_sessions_are_handed_over),
        cmocka_unit_test(a_scan_does_not_take_all_memory),
        cmocka_unit_test(no_memory_at_all),
        cmocka_unit_test(inputs_do_not_touch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
