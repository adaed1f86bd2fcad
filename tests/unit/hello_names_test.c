/* links: dialogue/dialogue.o dialogue/first.o dialogue/copies.o dialogue/mask.o dialogue/open.o dialogue/sasl.o
 * dialogue/names.o dialogue/preamble.o dialogue/upgrade.o dialogue/tracing.o dialogue/showing.o dialogue/tls_dialogue.o dialogue/tls_hellos.o
 * dialogue/certificates.o dialogue/client_name.o dialogue/hello_names.o dialogue/server_names.o facts/host_name.o
 * dialogue/smtp_dialogue.o dialogue/imap_dialogue.o dialogue/pop3_dialogue.o dialogue/sieve_dialogue.o
 * proto/line.o proto/proxy.o proto/smtp.o proto/imap.o proto/pop3.o proto/tls_record.o proto/tls_hello.o
 * proto/tls_fingerprint.o
 * facts/session.o facts/trace.o facts/vocabulary.o facts/mechanism.o facts/names.o
 * base/pool.o base/bytes.o base/endpoint.o base/hash.o base/digest.o base/x509.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "dialogue/server_names.h"
#include "unit/dialogue_kit.h"

#define COUNT(table) (sizeof table / sizeof *table)

static char told[1024];

static void tell(void *ctx, const struct server_name *n)
{
    size_t at = strlen(told);
    (void)ctx;
    snprintf(told + at, sizeof told - at, "%s%s:%s", at ? " " : "", n->source == NAME_SOURCE_GREETING ? "greeting" : "hello", n->text);
}

/* Lines as in "S: 220 mx.example", up to an empty one. */
static void play_lines(struct play *p, const char *script)
{
    while (*script) {
        char line[512];
        size_t n = strcspn(script, "\n");
        assert_true(n >= 3 && n < sizeof line - 2);
        snprintf(line, sizeof line, "%.*s\r\n", (int)n - 3, script + 3);
        play_bytes(p, *script == 'C' ? TO_SERVER : TO_CLIENT, line, strlen(line), true);
        script += n + 1;
    }
}

static void names_of(const char *script, const char *before_its_end, const char *want)
{
    static struct play p;
    static const struct hash_key key = { { 1, 2 } };
    struct server_names servers = { .met = tell, .key = key };
    struct dialogue_others others = { .names = &key, .servers = &servers };

    *told = 0;
    play_begin(&p, 25, PROTOCOL_SMTP, false, false);
    p.d.others = &others;
    p.ending.seen[0] = p.ending.seen[1] = true;
    play_lines(&p, script);
    if (before_its_end && strcmp(told, before_its_end) != 0)
        fail_msg("%s before the end: %s", script, told);
    play_end(&p, false);
    if (strcmp(told, want) != 0)
        fail_msg("%s: %s", script, told);
}

struct told {
    const char *script, *before_its_end, *names;        /* before_its_end: NULL, whatever it is */
};

static void each(const struct told *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        names_of(cases[i].script, cases[i].before_its_end, cases[i].names);
}

#define FTP "S: 220 ftp.example.org FTP (no SMTP)\n"

/* A greeting's name waits until its server has shown that it is one of mail. */
static void a_greeting_is_held_back(void **state)
{
    static const struct told cases[] = {
        { FTP, "", "" },
        { FTP "C: USER a\nS: 331 Password required\nC: PASS b\nS: 230 ok\nC: QUIT\nS: 221 Bye\n", "", "" },
        { FTP "C: QUIT\nS: 221 Bye\n", "", "" },
        { FTP "C: EHLO c.example\nS: 500 unknown\nC: QUIT\nS: 221 Bye\n", "", "" },
        { FTP "C: NOOP\nS: 250 ok\nC: SYST\nS: 215 UNIX\n", "", "" },
        { FTP "C: AUTH GSSAPI\nS: 334 go on\n", "", "" },
        { FTP "C: AUTH TLS\nS: 234 go\n", "", "" },
        { FTP "S: 331 Password required\nS: 230 ok\n", "", "" },
        { "S: 220 mx.example SMTP\nC: USER a\nS: 331 Password required\n", "", "" },
        { FTP "C: HELO c.example\nS: 250 ok\n", "greeting:ftp.example.org", "greeting:ftp.example.org" },
        { FTP "C: MAIL FROM:<>\nS: 250 ok\n", "greeting:ftp.example.org", "greeting:ftp.example.org" },
        { FTP "C: STARTTLS\nS: 220 go\n", "greeting:ftp.example.org", "greeting:ftp.example.org" },
        { "S: 220 mx.example (no Sendmail) SMTP\nC: EHLO c.example\nS: 250-mx2.example\nS: 250 SIZE\n", "greeting:mx.example hello:mx2.example",
          "greeting:mx.example hello:mx2.example" },
        { "S: 220 mx.example\nC: EHLO c.example\nS: 250 ok\n", "", "" },
        { "S: 220 mx.example ESMTP\n", "", "greeting:mx.example" },
        { "S: 220 mx.example SMTP ready\nC: QUIT\nS: 221 Bye\n", "", "greeting:mx.example" },
        { "S: 220 mx.example Microsoft ESMTP MAIL Service ready\nC: EHLO c.example\nS: 502 no\n", "", "greeting:mx.example" },
        { "S: 220 mx.example\n", "", "" },
        { "S: 554 mx.example ESMTP\n", "", "" },
    };
    (void)state;
    each(cases, COUNT(cases));
}

#define LITERAL "S: 220 - ESMTP\nC: EHLO [198.51.100.7]\n"

/* The first word of an answer to EHLO may be the client's name, or that which the DNS has for its address. */
static void an_answer_may_name_the_client(void **state)
{
    static const struct told cases[] = {
        { "S: 220 - ESMTP\nC: EHLO c.example\nS: 250-mx.example hello\nS: 250 SIZE\n", NULL, "hello:mx.example" },
        { "S: 220 - ESMTP\nC: EHLO c.example\nS: 250-C.example. hello\nS: 250 SIZE\n", NULL, "" },
        { "S: 220 - ESMTP\nC: EHLO c\nS: 250-c.example hello\nS: 250 SIZE\n", NULL, "" },
        { LITERAL "S: 250-client.reverse.example\nS: 250 SIZE\n", NULL, "" },
        { LITERAL "S: 250 client.reverse.example\n", NULL, "" },
        { "S: 220 - ESMTP\nC: EHLO 198.51.100.7\nS: 250-client.reverse.example\nS: 250 SIZE\n", NULL, "" },
        { "S: 220 - ESMTP\nC: EHLO [127.0.0.1]\nS: 250-client.reverse.example\nS: 250 SIZE\n", NULL, "" },
        { "S: 220 - ESMTP\nC: EHLO localhost\nS: 250-client.reverse.example\nS: 250 SIZE\n", NULL, "" },
        { "S: 220 - ESMTP\nC: EHLO pc\nS: 250-client.reverse.example\nS: 250 SIZE\n", NULL, "" },
        { "S: 220 - ESMTP\nC: EHLO pc.lan\nS: 250-client.reverse.example\nS: 250 SIZE\n", NULL, "" },
        { "S: 220 - ESMTP\nC: EHLO smtpclient.apple\nS: 250-client.reverse.example\nS: 250 SIZE\n", NULL, "" },
        { "S: 220 mx.example ready\nC: EHLO [198.51.100.7]\nS: 250-MX.example\nS: 250 SIZE\n", NULL, "hello:mx.example" },
        { "S: 220 mx.example ESMTP\nC: EHLO [198.51.100.7]\nS: 250-client.reverse.example\nS: 250 SIZE\n", NULL, "greeting:mx.example" },
        { "S: 220 mx.example ready\nC: EHLO mx.example\nS: 250-mx.example\nS: 250 SIZE\n", NULL, "hello:mx.example" },
        { "S: 220 mx.example ready\nC: QUIT\nS: 250-mx.example\nS: 250 SIZE\n", NULL, "" },
    };
    (void)state;
    each(cases, COUNT(cases));
}

/* What is told already is not held again. */
static void a_name_is_told_once(void **state)
{
    static const struct hash_key key = { { 1, 2 } };
    struct server_names servers = { .met = tell, .key = key };
    struct session_core session = { .server.port = 25 };
    struct span name = span_of("mx.example", 10);

    (void)state;
    *told = 0;
    assert_true(server_names_would_tell(&servers, &session, name, 1));
    server_names_meet(&servers, &session, NAME_SOURCE_GREETING, name, 1);
    assert_false(server_names_would_tell(&servers, &session, name, 1));
    server_names_meet(&servers, &session, NAME_SOURCE_HELLO, name, 1);
    assert_string_equal(told, "greeting:mx.example");
    assert_false(server_names_would_tell(&servers, &session, span_of("mx", 2), 1));
    server_names_forget(&servers);
    assert_true(server_names_would_tell(&servers, &session, name, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_greeting_is_held_back),
        cmocka_unit_test(an_answer_may_name_the_client),
        cmocka_unit_test(a_name_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
