/* links: proto/smtp.o base/bytes.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/smtp.h"
#include "unit/proto_kit.h"

static const struct {
    const char *line;
    enum smtp_verb verb;
    const char *word, *arg;
} commands[] = {
    { "EHLO client.example", SMTP_EHLO, "EHLO", "client.example" },
    { "ehlo client.example", SMTP_EHLO, "ehlo", "client.example" },
    { "LHLO x", SMTP_LHLO, "LHLO", "x" },
    { "STARTTLS", SMTP_STARTTLS, "STARTTLS", NULL },
    { "StartTLS   ", SMTP_STARTTLS, "StartTLS", NULL },
    { " STARTTLS", SMTP_STARTTLS, "STARTTLS", NULL },
    { "STARTTLS now", SMTP_STARTTLS, "STARTTLS", "now" },
    { "STARTTLSX", SMTP_UNKNOWN, "STARTTLSX", NULL },
    { "XSTARTTLS", SMTP_UNKNOWN, "XSTARTTLS", NULL },
    { "STARTTL", SMTP_UNKNOWN, "STARTTL", NULL },
    { "MAIL FROM:<a@b> SIZE=1", SMTP_MAIL, "MAIL", "FROM:<a@b> SIZE=1" },
    { "RCPT TO:<STARTTLS@b>", SMTP_RCPT, "RCPT", "TO:<STARTTLS@b>" },
    { "AUTH\tPLAIN\tAA==\t", SMTP_AUTH, "AUTH", "PLAIN\tAA==" },
    { "BDAT 12 LAST", SMTP_BDAT, "BDAT", "12 LAST" },
    { "DATA", SMTP_DATA, "DATA", NULL },
    { "ETRN example.org", SMTP_ETRN, "ETRN", "example.org" },
    { "XCLIENT ADDR=1.2.3.4", SMTP_XCLIENT, "XCLIENT", "ADDR=1.2.3.4" },
    { "x-exps NTLM", SMTP_AUTH, "x-exps", "NTLM" },
    { "X-ANONYMOUSTLS", SMTP_STARTTLS, "X-ANONYMOUSTLS", NULL },
    { "XEXCH50 948 2", SMTP_XEXCH50, "XEXCH50", "948 2" },
    { "XXXXXXXX", SMTP_UNKNOWN, "XXXXXXXX", NULL },
    { "", SMTP_UNKNOWN, NULL, NULL },
    { "   ", SMTP_UNKNOWN, NULL, NULL },
};

static void commands_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(commands); i++) {
        struct smtp_command c;
        size_t n = strlen(commands[i].line);
        uint8_t *copy = copy_of(commands[i].line, n);
        smtp_command_parse(span_of(copy, n), &c);
        if (c.verb != commands[i].verb)
            fail_msg("%s: verb %d", commands[i].line, c.verb);
        assert_span(c.word, commands[i].word, commands[i].line);
        assert_span(c.arg, commands[i].arg, commands[i].line);
        free(copy);
    }
}

/* Section 2 of doc/measurement.md: a transaction and its relatives are mail, the rest is not. */
static void which_commands_speak_mail(void **state)
{
    static const enum smtp_verb mail[] = { SMTP_MAIL, SMTP_RCPT, SMTP_DATA, SMTP_BDAT, SMTP_VRFY, SMTP_EXPN,
                                           SMTP_ETRN, SMTP_SEND, SMTP_SOML, SMTP_SAML };
    (void)state;
    for (unsigned v = 0; v < SMTP_VERB_N; v++) {
        bool found = false;
        for (size_t i = 0; i < COUNT(mail); i++)
            found = found || mail[i] == v;
        assert_int_equal(smtp_speaks_mail((enum smtp_verb)v), found);
    }
}

static const struct {
    const char *line;
    unsigned code;                      /* 0: no reply */
    bool last;
    const char *text;
} replies[] = {
    { "220 mx.example ESMTP", 220, true, "mx.example ESMTP" },
    { "250-STARTTLS", 250, false, "STARTTLS" },
    { "250 STARTTLS", 250, true, "STARTTLS" },
    { "250", 250, true, NULL },
    { "250 ", 250, true, NULL },
    { "250-", 250, false, NULL },
    { "599 x", 599, true, "x" },
    { "200 x", 200, true, "x" },
    { "199 x", 0, false, NULL },
    { "600 x", 0, false, NULL },
    { "250_x", 0, false, NULL },
    { "2500 x", 0, false, NULL },
    { "25 x", 0, false, NULL },
    { "2x0 x", 0, false, NULL },
    { "22x x", 0, false, NULL },
    { " 250 x", 0, false, NULL },
    { "25", 0, false, NULL },
    { "", 0, false, NULL },
    { "STARTTLS", 0, false, NULL },
};

static void replies_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(replies); i++) {
        struct smtp_reply_line r;
        size_t n = strlen(replies[i].line);
        uint8_t *copy = copy_of(replies[i].line, n);
        bool ok = smtp_reply_parse(span_of(copy, n), &r);
        if (ok != (replies[i].code != 0))
            fail_msg("%s: %d", replies[i].line, ok);
        if (ok) {
            assert_int_equal(r.code, replies[i].code);
            assert_int_equal(r.last, replies[i].last);
            assert_span(r.text, replies[i].text, replies[i].line);
        }
        free(copy);
    }
}

static const struct {
    const char *arg;
    bool ok, last;
    uint64_t n;
} bdats[] = {
    { "0", true, false, 0 },
    { "100", true, false, 100 },
    { "100 LAST", true, true, 100 },
    { "100 last", true, true, 100 },
    { "0 LAST", true, true, 0 },
    { "007", true, false, 7 },
    { "999999999999999999", true, false, 999999999999999999u },
    { "9999999999999999999", false, false, 0 },
    { "-1", false, false, 0 },
    { "1a", false, false, 0 },
    { "LAST", false, false, 0 },
    { "", false, false, 0 },
};

static void bdat_arguments(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bdats); i++) {
        uint64_t n = 77;
        bool last = false;
        size_t len = strlen(bdats[i].arg);
        uint8_t *copy = copy_of(bdats[i].arg, len);
        bool ok = smtp_bdat_parse(span_of(copy, len), &n, &last);
        free(copy);
        if (ok != bdats[i].ok)
            fail_msg("%s: %d", bdats[i].arg, ok);
        if (ok) {
            assert_true(n == bdats[i].n);
            assert_int_equal(last, bdats[i].last);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_told),
        cmocka_unit_test(which_commands_speak_mail),
        cmocka_unit_test(replies_are_told),
        cmocka_unit_test(bdat_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
