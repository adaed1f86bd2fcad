/* links: proto/pop3.o base/bytes.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/pop3.h"
#include "unit/proto_kit.h"

enum answer { ONE_LINE, LINES, LINES_WITHOUT_ARGUMENT };

static const struct {
    const char *line;
    enum pop3_verb verb;
    const char *word, *arg;
    bool mail;
    enum answer answer;
} commands[] = {
    { "USER joe", POP3_USER, "USER", "joe", false, ONE_LINE },
    { "user joe", POP3_USER, "user", "joe", false, ONE_LINE },
    { "PASS two words ", POP3_PASS, "PASS", "two words ", false, ONE_LINE },    /* blanks belong to it */
    { "PASS", POP3_PASS, "PASS", NULL, false, ONE_LINE },
    { "PASS ", POP3_PASS, "PASS", NULL, false, ONE_LINE },
    { "APOP joe c4c9334bac560ecc979e58001b3e22fb", POP3_APOP, "APOP", "joe c4c9334bac560ecc979e58001b3e22fb",
      false,
      ONE_LINE },
    { "AUTH", POP3_AUTH, "AUTH", NULL, false, LINES_WITHOUT_ARGUMENT },
    { "AUTH PLAIN", POP3_AUTH, "AUTH", "PLAIN", false, LINES_WITHOUT_ARGUMENT },
    { "STLS", POP3_STLS, "STLS", NULL, false, ONE_LINE },
    { "stls", POP3_STLS, "stls", NULL, false, ONE_LINE },
    { "CAPA", POP3_CAPA, "CAPA", NULL, false, LINES },
    { "STAT", POP3_STAT, "STAT", NULL, true, ONE_LINE },
    { "LIST", POP3_LIST, "LIST", NULL, true, LINES_WITHOUT_ARGUMENT },
    { "LIST 1", POP3_LIST, "LIST", "1", true, LINES_WITHOUT_ARGUMENT },
    { "UIDL 1", POP3_UIDL, "UIDL", "1", true, LINES_WITHOUT_ARGUMENT },
    { "RETR 1", POP3_RETR, "RETR", "1", true, LINES },
    { "TOP 1 0", POP3_TOP, "TOP", "1 0", true, LINES },
    { "DELE 1", POP3_DELE, "DELE", "1", true, ONE_LINE },
    { "NOOP", POP3_NOOP, "NOOP", NULL, false, ONE_LINE },
    { "QUIT", POP3_QUIT, "QUIT", NULL, false, ONE_LINE },
    { "XXXX", POP3_UNKNOWN, "XXXX", NULL, false, ONE_LINE },
    { "STARTTLS", POP3_UNKNOWN, "STARTTLS", NULL, false, ONE_LINE },
    { "STLSX", POP3_UNKNOWN, "STLSX", NULL, false, ONE_LINE },
    { "", POP3_UNKNOWN, NULL, NULL, false, ONE_LINE },
};

static void commands_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(commands); i++) {
        struct pop3_command c;
        size_t n = strlen(commands[i].line);
        uint8_t *copy = copy_of(commands[i].line, n);
        pop3_command_parse(span_of(copy, n), &c);
        if (c.verb != commands[i].verb)
            fail_msg("%s: verb %d", commands[i].line, c.verb);
        assert_span(c.word, commands[i].word, commands[i].line);
        assert_span(c.arg, commands[i].arg, commands[i].line);
        assert_int_equal(pop3_speaks_mail(c.verb), commands[i].mail);
        assert_int_equal(pop3_answers_lines(c.verb, false), commands[i].answer != ONE_LINE);
        assert_int_equal(pop3_answers_lines(c.verb, true), commands[i].answer == LINES);
        free(copy);
    }
}

static const struct {
    const char *line;
    int status;                         /* -1: no status line */
    const char *text;
} answers[] = {
    { "+OK", POP3_OK, NULL },
    { "+OK ready <1@mx>", POP3_OK, "ready <1@mx>" },
    { "+ok ready", POP3_OK, "ready" },
    { "-ERR", POP3_ERR, NULL },
    { "-ERR no", POP3_ERR, "no" },
    { "-err no", POP3_ERR, "no" },
    { "+ ", POP3_CONTINUE, NULL },
    { "+", POP3_CONTINUE, NULL },
    { "+ dGVzdA==", POP3_CONTINUE, "dGVzdA==" },
    { "+OKAY", -1, NULL },
    { "-ERROR", -1, NULL },
    { " +OK", -1, NULL },
    { "OK", -1, NULL },
    { ".", -1, NULL },
    { "", -1, NULL },
    { "STLS", -1, NULL },
};

static void answers_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct pop3_answer a;
        size_t n = strlen(answers[i].line);
        uint8_t *copy = copy_of(answers[i].line, n);
        bool ok = pop3_answer_parse(span_of(copy, n), &a);
        if (ok != (answers[i].status >= 0))
            fail_msg("%s: %d", answers[i].line, ok);
        if (ok) {
            assert_int_equal(a.status, answers[i].status);
            assert_span(a.text, answers[i].text, answers[i].line);
        }
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_told),
        cmocka_unit_test(answers_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
