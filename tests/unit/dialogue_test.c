/* links: dialogue/dialogue.o dialogue/first.o dialogue/copies.o dialogue/mask.o dialogue/open.o dialogue/sasl.o
 * dialogue/names.o dialogue/preamble.o dialogue/upgrade.o dialogue/tracing.o dialogue/showing.o dialogue/tls_dialogue.o dialogue/tls_hellos.o
 * dialogue/certificates.o dialogue/client_name.o dialogue/hello_names.o dialogue/server_names.o facts/host_name.o
 * dialogue/smtp_dialogue.o dialogue/imap_dialogue.o dialogue/pop3_dialogue.o dialogue/sieve_dialogue.o
 * proto/line.o proto/proxy.o proto/smtp.o proto/imap.o proto/pop3.o proto/tls_record.o proto/tls_hello.o
 * proto/tls_fingerprint.o
 * facts/session.o facts/trace.o facts/vocabulary.o facts/mechanism.o facts/names.o verdict/verdict.o
 * base/pool.o base/bytes.o base/endpoint.o base/hash.o base/digest.o base/x509.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "unit/dialogue_kit.h"
#include "unit/dialogue_scripts.h"
#include "unit/tls_kit.h"
#include "verdict/verdict.h"

#define COUNT(table) (sizeof table / sizeof *table)

/* --- from a script to what was said --- */

/* A line of a script is C or S (who), one more character, and the rest:
 *   "C: text"     a line, with its CRLF               "C. text"   the same without CRLF
 *   "C? text"     a line whose sender had not seen the last words of the other side
 *   "C> item"     TLS: see put_item()                 "C~ item"     the same, as with "?"
 *   "C! fin", "C! rst", "C! gap BYTES", "C! wait SECONDS" */
struct said {
    unsigned dir;
    char kind;
    const char *text;
    size_t n;
};

static const struct hello hello_13 = { .versions = { 0x0304, 0x0303 }, .groups = { 0x001d }, .session_id = 32,
                                       .sni = "mx.example" };
static const struct hello hello_12 = { .groups = { 0x0017 }, .sni = "mx.example" };
static const struct hello hello_web = { .versions = { 0x0304 }, .groups = { 0x001d }, .alpn = "h2 http/1.1" };
static const struct hello hello_early = { .versions = { 0x0304 }, .groups = { 0x001d }, .early_data = true };
static const struct hello answer_13 = { .version = 0x0304, .group = 0x001d, .session_id = 32 };
static const struct hello answer_retry = { .version = 0x0304, .group = 0x001d, .random = retry_random };
static const struct hello answer_12 = { .cipher = 0xc02f };
static const struct hello answer_12_of_13 = { .cipher = 0xc02f, .random = downgrade_12 };
static const struct hello answer_10 = { .legacy = 0x0301, .cipher = 0xc013 };
static const struct hello answer_null = { .cipher = 0x003b };       /* TLS_RSA_WITH_NULL_SHA256 */

static void put_hello(struct bytes *o, bool client, const struct hello *h, size_t most)
{
    static struct bytes body, whole;
    body.n = whole.n = 0;
    if (client)
        client_hello(&body, h);
    else
        server_hello(&body, h);
    message(&whole, client ? 1 : 2, &body);
    records(o, 22, 0x0303, whole.b, whole.n, most);
}

static bool is(const struct said *s, const char *word)
{
    return s->n == strlen(word) && memcmp(s->text, word, s->n) == 0;
}

static void put_item(struct bytes *o, const struct said *s)
{
    unsigned n = 0;
    static const struct {
        const char *word;
        const struct hello *hello;
    } hellos[] = {
        { "1.3", &hello_13 }, { "1.2", &hello_12 }, { "web", &hello_web }, { "early", &hello_early },
    }, answers[] = {
        { "1.3", &answer_13 }, { "1.2", &answer_12 }, { "retry", &answer_retry }, { "1.2 of 1.3",
          &answer_12_of_13 },
        { "1.0", &answer_10 }, { "null", &answer_null },
    };
    const size_t count = s->dir == TO_SERVER ? COUNT(hellos) : COUNT(answers);

    for (size_t i = 0; i < count; i++) {
        char word[64];
        const struct hello *h = s->dir == TO_SERVER ? hellos[i].hello : answers[i].hello;
        snprintf(word, sizeof word, "hello %s", s->dir == TO_SERVER ? hellos[i].word : answers[i].word);
        if (is(s, word))
            put_hello(o, s->dir == TO_SERVER, h, 16384);
    }
    if (is(s, "hello 1.3 in pieces"))           /* the message's header, too */
        put_hello(o, s->dir == TO_SERVER, s->dir == TO_SERVER ? &hello_13 : &answer_13, 3);
    else if (is(s, "hello SSLv2"))
        put_n(o, "\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" "0123456789012345678901234567890123456", 48);
    else if (is(s, "ccs"))
        put_n(o, "\x14\x03\x03\x00\x01\x01", 6);
    else if (is(s, "finished"))                 /* encrypted, of TLS 1.2 */
        filled_record(o, 22, 40);
    else if (is(s, "fatal"))
        put_n(o, "\x15\x03\x03\x00\x02\x02\x28", 7);
    else if (is(s, "warning"))
        put_n(o, "\x15\x03\x03\x00\x02\x01\x00", 7);
    else if (sscanf(s->text, "data %u", &n) == 1)
        filled_record(o, 23, n);
    else if (o->n == 0)
        fail_msg("no such item: %.*s", (int)s->n, s->text);
}

static bool next_said(const char **script, struct said *s)
{
    const char *p = *script;
    if (!*p)
        return false;
    size_t n = strcspn(p, "\n");
    if (n < 2 || (p[0] != 'C' && p[0] != 'S') || (n > 2 && p[2] != ' '))
        fail_msg("no line of a script: %.*s", (int)n, p);
    *s = (struct said){ p[0] == 'C' ? TO_SERVER : TO_CLIENT, p[1], p + (n > 2 ? 3 : 2), n > 2 ? n - 3 : 0 };
    *script = p + n + (p[n] == '\n');
    return true;
}

static bool is_unknowing(const struct said *s) { return s->kind == '?' || s->kind == '~'; }

static void bytes_of(const struct said *s, struct bytes *o)
{
    o->n = 0;
    if (s->kind == '>' || s->kind == '~') {
        put_item(o, s);
        return;
    }
    put_n(o, s->text, s->n);
    if (s->kind != '.')
        put_n(o, "\r\n", 2);
}

/* --- playing --- */

enum manner {
    WHOLE,                              /* each line a segment */
    JOINED,                             /* all that a side says until the other speaks is one */
    BYTEWISE,
    MANNERS
};

static void say(struct play *p, unsigned dir, const struct bytes *b, bool knew, enum manner m)
{
    if (m != BYTEWISE)
        play_bytes(p, dir, b->b, b->n, knew);
    else
        for (size_t i = 0; i < b->n; i++)
            play_bytes(p, dir, &b->b[i], 1, knew);
}

static void act(struct play *p, const struct said *s)
{
    unsigned n = 0;
    if (is(s, "fin"))
        play_fin(p, s->dir);
    else if (is(s, "rst"))
        p->ending.rst[s->dir] = p->ending.seen[s->dir] = true;
    else if (sscanf(s->text, "gap %u", &n) == 1)
        play_gap(p, s->dir, n);
    else if (sscanf(s->text, "wait %u", &n) == 1)
        p->now_ns += n * 1000000000ull;
    else
        fail_msg("no such act: %.*s", (int)s->n, s->text);
}

static enum protocol protocol_of(uint16_t port)
{
    switch (port) {
    case 25: case 587: case 465:
        return PROTOCOL_SMTP;
    case 24:
        return PROTOCOL_LMTP;
    case 143: case 993:
        return PROTOCOL_IMAP;
    case 110: case 995:
        return PROTOCOL_POP3;
    case 4190:
        return PROTOCOL_SIEVE;
    default:
        return PROTOCOL_UNKNOWN;
    }
}

static bool is_tls_port(uint16_t port) { return port == 465 || port == 993 || port == 995; }

static struct span in_front;            /* the client's bytes before a script begins */

/* lost: number of the line that the capture lost, or -1. */
static struct session play(uint16_t port, const char *script, enum manner m, bool midstream, int lost)
{
    static struct play p;
    static struct bytes all, one;
    struct said s;
    unsigned dir = 0;
    bool knew = true;

    play_begin(&p, port, protocol_of(port), is_tls_port(port), midstream);
    p.ending.seen[0] = p.ending.seen[1] = true;
    all.n = 0;
    if (in_front.n)
        put_n(&all, in_front.p, in_front.n);
    if (all.n && m != JOINED) {
        say(&p, dir, &all, knew, m);
        all.n = 0;
    }
    for (int i = 0; next_said(&script, &s); i++) {
        bool speaks = s.kind != '!';
        if (speaks)
            bytes_of(&s, &one);
        if (all.n && (!speaks || m != JOINED || s.dir != dir || is_unknowing(&s) == knew || i == lost)) {
            say(&p, dir, &all, knew, m);
            all.n = 0;
        }
        if (!speaks) {
            act(&p, &s);
        } else if (i == lost) {
            play_gap(&p, s.dir, (uint32_t)one.n);
        } else {
            dir = s.dir;
            knew = !is_unknowing(&s);
            put_n(&all, one.b, one.n);
        }
        if (all.n && m != JOINED) {
            say(&p, dir, &all, knew, m);
            all.n = 0;
        }
    }
    if (all.n)
        say(&p, dir, &all, knew, m);
    play_end(&p, !p.ending.fin[0] && !p.ending.fin[1] && !p.ending.rst[0] && !p.ending.rst[1]);
    return p.s;
}

/* --- what was seen, as text --- */

struct text {
    char s[1024];
    size_t n;
};

static void add(struct text *t, const char *format, const char *a, const char *b)
{
    t->n += (size_t)snprintf(t->s + t->n, sizeof t->s - t->n, format, a, b);
    assert_true(t->n < sizeof t->s);
}

static const struct word *words_of(const char *kind)
{
    const struct word_list *l = vocabulary;
    while (strcmp(l->kind, kind) != 0)
        l++;
    return l->word;
}

static void add_bits(struct text *t, uint32_t bits, const char *kind)
{
    for (unsigned i = 0; i < 32; i++)
        if (bits >> i & 1)
            add(t, " %s%s", words_of(kind)[i].word, "");
}

static void add_auth(struct text *t, const struct session *s)
{
    const struct auth_seen *a = &s->auth;
    if (a->exposure == EXPOSURE_UNTRIED)
        return;
    const char *command = words_of("auth_command")[a->command].word;
    const char *name = a->mechanism == MECHANISM_NAMED ? s->names.mechanism : mechanisms[a->mechanism].name;
    add(t, "; %s %s", command ? command : "-", name);
    add(t, " %s%s", words_of("exposure")[a->exposure].word, "");
}

/* "verdict stage; facts; evidence; incidents; auth; messages": what there is of them. The facts that
 * only repeat the others are left out. */
static void describe(const struct session *s, struct text *t)
{
    uint32_t facts = s->facts & ~(uint32_t)(FACT_EXPOSED | FACT_INVITED | FACT_LIST_WHOLE | FACT_AUTH_TRIED |
                                            FACT_CUT_SHORT | FACT_ATTEMPTED);
    char code[16];
    t->n = 0;
    add(t, "%s %s", verdict_word(judge(s).verdict), words_of("stage")[s->stage].word);
    if (facts)
        add(t, ";%s%s", "", "");
    add_bits(t, facts, "fact");
    for (unsigned i = 0; i < EVIDENCE_N; i++)
        if (evidence_grade(s->evidence, (enum evidence)i))
            add(t, "; %s:%s", words_of("evidence")[i].word,
                words_of("grade")[evidence_grade(s->evidence, (enum evidence)i)].word);
    if (s->incidents)
        add(t, "; !%s%s", "", "");
    add_bits(t, s->incidents, "incident");
    add_auth(t, s);
    if (s->messages_clear) {
        snprintf(code, sizeof code, "%u", s->messages_clear);
        add(t, "; %s message%s", code, s->messages_clear > 1 ? "s" : "");
    }
}

static bool same(const struct session *a, const struct session *b)
{
    return a->facts == b->facts && a->evidence == b->evidence && a->incidents == b->incidents &&
           a->protocol == b->protocol && a->stage == b->stage && a->starttls_reply == b->starttls_reply &&
           a->starttls_code == b->starttls_code && a->messages_clear == b->messages_clear &&
           memcmp(&a->tls, &b->tls, sizeof a->tls) == 0 && memcmp(&a->auth, &b->auth, sizeof a->auth) == 0;
}

/* --- the tests --- */

static void each_script_in_each_manner(void **state)
{
    static const char *const manners[MANNERS] = { "whole", "joined", "bytewise" };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(scripts); i++) {
        struct session whole = play(scripts[i].port, scripts[i].script, WHOLE, scripts[i].kind == MIDSTREAM,
            -1);
        struct text t, other;
        describe(&whole, &t);
        if (strcmp(t.s, scripts[i].want) != 0) {
            print_error("%s\n  is      %s\n  and not %s\n", scripts[i].name, t.s, scripts[i].want);
            wrong++;
        }
        for (enum manner m = JOINED; m < MANNERS; m++) {
            struct session s = play(scripts[i].port, scripts[i].script, m, scripts[i].kind == MIDSTREAM, -1);
            if (same(&s, &whole))
                continue;
            describe(&s, &other);
            print_error("%s, %s\n  is      %s\n  and not %s\n", scripts[i].name, manners[m], other.s, t.s);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static unsigned lines_of(const char *script)
{
    struct said s;
    unsigned n = 0;
    while (next_said(&script, &s))
        n++;
    return n;
}

/* Any one line lost, in any manner: nothing is invented. Loss hides; it never shows a handshake,
 * a credential, evidence or another protocol where there is none. */
static void loss_invents_nothing(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(scripts); i++) {
        if (scripts[i].kind == FRAGILE)
            continue;
        struct session whole = play(scripts[i].port, scripts[i].script, WHOLE, scripts[i].kind == MIDSTREAM,
            -1);
        unsigned lines = lines_of(scripts[i].script);
        for (unsigned k = 0; k < lines * MANNERS; k++) {
            struct session s = play(scripts[i].port, scripts[i].script, (enum manner)(k % MANNERS),
                                    scripts[i].kind == MIDSTREAM, (int)(k / MANNERS));
            uint32_t invented = s.facts & ~whole.facts & (FACT_NOT_MAIL | FACT_TLS_DONE | FACT_CREDENTIAL |
                FACT_FAILED);
            bool more_evidence = evidence_highest(s.evidence) >= GRADE_LIKELY &&
                                 evidence_highest(s.evidence) > evidence_highest(whole.evidence);
            if (!invented && !more_evidence)
                continue;
            struct text t;
            describe(&s, &t);
            print_error("%s without line %u, manner %u: %s\n", scripts[i].name, k / MANNERS + 1, k % MANNERS,
                        t.s);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

/* Each script as if its beginning had been missed at each line. */
static void midstream_invents_nothing(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(scripts); i++) {
        if (scripts[i].kind == FRAGILE)
            continue;
        struct session whole = play(scripts[i].port, scripts[i].script, WHOLE, scripts[i].kind == MIDSTREAM,
            -1);
        const char *from = scripts[i].script;
        struct said said;
        for (unsigned k = 0; *from; k++, next_said(&from, &said))
            for (enum manner m = WHOLE; m < MANNERS; m++) {
                struct session s = play(scripts[i].port, from, m, true, -1);
                uint32_t invented = s.facts & ~whole.facts & (FACT_TLS_DONE | FACT_CREDENTIAL |
                    FACT_NOT_MAIL);
                bool more_evidence = evidence_highest(s.evidence) >= GRADE_LIKELY &&
                                     evidence_highest(s.evidence) > evidence_highest(whole.evidence);
                if (!invented && !more_evidence)
                    continue;
                struct text t;
                describe(&s, &t);
                print_error("%s from line %u, manner %u: %s\n", scripts[i].name, k + 1, m, t.s);
                wrong++;
            }
    }
    assert_int_equal(wrong, 0);
}

/* A PROXY header in front, in any manner: what comes behind it is judged
 * as if it had not been there. */
static void a_header_in_front_changes_nothing(void **state)
{
    static const char line[] = "PROXY TCP4 192.0.2.9 192.0.2.25 51201 25\r\n";
    static const char binary[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x14\xc0\0\2\x09\xc0\0\2\x19\xc8\1\0\x19" "EHLO x\r\n";
    const struct span headers[] = { span_of(line, sizeof line - 1), span_of(binary, sizeof binary - 1) };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(scripts) * COUNT(headers) * MANNERS; i++) {
        const struct script *x = &scripts[i / MANNERS / COUNT(headers)];
        bool midstream = x->kind == MIDSTREAM;
        struct session plain = play(x->port, x->script, WHOLE, midstream, -1);
        in_front = headers[i / MANNERS % COUNT(headers)];
        struct session s = play(x->port, x->script, (enum manner)(i % MANNERS), midstream, -1);
        in_front = span_of(NULL, 0);
        if (same(&s, &plain) && (midstream || (s.proxied && s.names.proxy_client.port == 51201)) && !plain.proxied)
            continue;
        struct text t;
        describe(&s, &t);
        print_error("%s, manner %zu: %s\n", x->name, i % MANNERS, t.s);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

/* A header of many segments, one of them lost. */
static void a_lost_part_of_a_header_is_no_loss(void **state)
{
    static const char begins[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\x40\0";
    static struct play p;
    (void)state;
    play_begin(&p, 465, PROTOCOL_SMTP, true, false);
    play_bytes(&p, TO_SERVER, (const uint8_t *)begins, sizeof begins - 1, true);
    play_gap(&p, TO_SERVER, 0x3fff);
    assert_false(p.d.in[TO_SERVER].lost);
    play_bytes(&p, TO_SERVER, (const uint8_t *)"N", 1, true);
    assert_int_equal(p.d.preamble, PREAMBLE_OVER);
    assert_false(p.d.in[TO_SERVER].begun);
    play_gap(&p, TO_SERVER, 1);
    assert_true(p.d.in[TO_SERVER].lost);
    play_end(&p, true);
    assert_false(p.s.proxied);
}

/* Section 4: exposure after each message of an exchange. The words of `exposure` are one for each
 * line of the client from AUTH on. */
static void exposure_counts_from_its_message(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(exposures); i++) {
        const char *want = exposures[i].exposure;
        for (unsigned sent = 1; *want; sent++) {
            /* The script up to the n-th line of the client's exchange, and no further. */
            char part[2048];
            size_t n = (size_t)snprintf(part, sizeof part, "%s", exposures[i].before);
            const char *rest = exposures[i].exchange;
            unsigned client = 0;
            while (*rest && (client < sent || rest[0] != 'C')) {
                size_t line = strcspn(rest, "\n") + 1;
                client += rest[0] == 'C';
                memcpy(part + n, rest, line);
                n += line;
                rest += line;
                if (client == sent)
                    break;
            }
            part[n] = 0;
            struct session s = play(exposures[i].port, part, WHOLE, false, -1);
            const char *is_now = words_of("exposure")[s.auth.exposure].word;
            size_t len = strcspn(want, " ");
            bool credential = s.facts & FACT_CREDENTIAL;
            if (strlen(is_now) != len || memcmp(is_now, want, len) != 0 ||
                credential != (s.auth.exposure > EXPOSURE_NONE)) {
                print_error("%s, after message %u: %s, not %.*s\n", exposures[i].name, sent, is_now, (int)len,
                            want);
                wrong++;
            }
            want += len + (want[len] == ' ');
        }
    }
    assert_int_equal(wrong, 0);
}

/* What was sent as a secret is nowhere in what is kept. */
static bool holds(const struct session *s, const char *secret)
{
    const uint8_t *p = (const uint8_t *)s;
    size_t n = strlen(secret);
    for (size_t i = 0; i + n <= sizeof *s; i++)
        if (memcmp(p + i, secret, n) == 0)
            return true;
    return false;
}

static void no_secret_is_kept(void **state)
{
    static const char *const secrets[] = { "hunter2", "HUNTER2", "aHVudGVy", "joe", "am9l" };
    (void)state;
    for (size_t i = 0; i < COUNT(scripts); i++) {
        struct session s = play(scripts[i].port, scripts[i].script, WHOLE, scripts[i].kind == MIDSTREAM, -1);
        for (size_t k = 0; k < COUNT(secrets); k++)
            if (holds(&s, secrets[k]))
                fail_msg("%s keeps %s", scripts[i].name, secrets[k]);
    }
}

/* --- readers of great things --- */

static void say_all(struct play *p, unsigned dir, const void *bytes, size_t n, size_t step)
{
    for (size_t at = 0; at < n; at += step)
        play_bytes(p, dir, (const uint8_t *)bytes + at, n - at < step ? n - at : step, true);
}

static void say_text(struct play *p, unsigned dir, const char *text) { say_all(p, dir, text, strlen(text),
                     1000); }

static const size_t steps[] = { 1, 7, 1460, 100000 };

/* A line of 30,000 bytes: skipped, and what comes behind it is read. */
static void long_lines_are_skipped(void **state)
{
    static char line[30002];
    (void)state;
    memset(line, 'x', 30000);
    memcpy(line, "NOOP ", 5);
    memcpy(line + 30000, "\r\n", 2);
    for (size_t i = 0; i < COUNT(steps); i++) {
        static struct play p;
        play_begin(&p, 25, PROTOCOL_SMTP, false, false);
        say_text(&p, TO_CLIENT, "220 mx ESMTP\r\n");
        say_all(&p, TO_SERVER, line, sizeof line, steps[i]);
        say_text(&p, TO_CLIENT, "250 ok\r\n");
        say_text(&p, TO_SERVER, "EHLO c\r\n");
        say_text(&p, TO_CLIENT, "250-mx\r\n250 STARTTLS\r\n");
        play_end(&p, false);
        assert_true(p.s.facts & FACT_OFFERED);
        assert_int_equal(p.s.stage, STAGE_HELLO);
    }
}

/* BDAT and literals of a great size are counted, not held, and not searched. */
static void counted_bytes_are_not_looked_at(void **state)
{
    static const char trap[] = "\r\nSTARTTLS\r\n220 go\r\na STARTTLS\r\n.\r\nAUTH PLAIN AGEAYg==\r\n";
    static char body[60000];
    (void)state;
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = trap[i % (sizeof trap - 1)];
    for (size_t i = 0; i < COUNT(steps); i++) {
        static struct play p;
        play_begin(&p, 25, PROTOCOL_SMTP, false, false);
        say_text(&p, TO_CLIENT, "220 mx ESMTP\r\n");
        say_text(&p, TO_SERVER, "EHLO c\r\n");
        say_text(&p, TO_CLIENT, "250-mx\r\n250 CHUNKING\r\n");
        say_text(&p, TO_SERVER, "BDAT 60000 LAST\r\n");
        say_all(&p, TO_SERVER, body, sizeof body, steps[i]);
        say_text(&p, TO_CLIENT, "250 ok\r\n");
        play_end(&p, false);
        assert_false(p.s.facts & (FACT_REQUESTED | FACT_AUTH_TRIED));
        assert_int_equal(p.s.messages_clear, 1);

        play_begin(&p, 143, PROTOCOL_IMAP, false, false);
        say_text(&p, TO_CLIENT, "* OK hi\r\n");
        say_text(&p, TO_SERVER, "a APPEND INBOX {60000+}\r\n");
        say_all(&p, TO_SERVER, body, sizeof body, steps[i]);
        say_text(&p, TO_SERVER, "\r\n");
        say_text(&p, TO_CLIENT, "* 1 FETCH (BODY[] {60000}\r\n");
        say_all(&p, TO_CLIENT, body, sizeof body, steps[i]);
        say_text(&p, TO_CLIENT, ")\r\na OK done\r\n");
        play_end(&p, false);
        assert_false(p.s.facts & (FACT_REQUESTED | FACT_AUTH_TRIED | FACT_OFFERED | FACT_ACCEPTED));
        assert_int_equal(p.s.stage, STAGE_DONE);
    }
}

/* Bytes lost within what is counted or skipped do no harm to what comes behind them. */
static void loss_within_a_body_does_no_harm(void **state)
{
    static struct play p;
    (void)state;
    play_begin(&p, 25, PROTOCOL_SMTP, false, false);
    say_text(&p, TO_CLIENT, "220 mx ESMTP\r\n");
    say_text(&p, TO_SERVER, "BDAT 1000 LAST\r\nabc");
    play_gap(&p, TO_SERVER, 997);
    say_text(&p, TO_CLIENT, "250 ok\r\n");
    play_end(&p, false);
    assert_false(p.s.facts & FACT_LOST);
    assert_int_equal(p.s.messages_clear, 1);

    play_begin(&p, 25, PROTOCOL_SMTP, false, false);
    say_text(&p, TO_CLIENT, "220 mx ESMTP\r\n");
    say_text(&p, TO_SERVER, "MAIL FROM:<>\r\n");
    say_text(&p, TO_CLIENT, "250 ok\r\n");
    say_text(&p, TO_SERVER, "DATA\r\n");
    say_text(&p, TO_CLIENT, "354 go\r\n");
    say_text(&p, TO_SERVER, "Subject: x\r\n");
    play_gap(&p, TO_SERVER, 5000);
    say_text(&p, TO_SERVER, "STARTTLS\r\n.\r\n");
    say_text(&p, TO_CLIENT, "250 ok\r\n");
    play_end(&p, false);
    assert_false(p.s.facts & (FACT_LOST | FACT_REQUESTED));
    assert_int_equal(p.s.messages_clear, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_script_in_each_manner),
        cmocka_unit_test(loss_invents_nothing),
        cmocka_unit_test(midstream_invents_nothing),
        cmocka_unit_test(a_header_in_front_changes_nothing),
        cmocka_unit_test(a_lost_part_of_a_header_is_no_loss),
        cmocka_unit_test(exposure_counts_from_its_message),
        cmocka_unit_test(no_secret_is_kept),
        cmocka_unit_test(long_lines_are_skipped),
        cmocka_unit_test(counted_bytes_are_not_looked_at),
        cmocka_unit_test(loss_within_a_body_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
