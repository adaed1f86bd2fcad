/* links: proto/imap.o proto/line.o base/bytes.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/imap.h"
#include "unit/proto_kit.h"

static const struct {
    const char *line;
    int verb;                           /* -1: no command */
    const char *tag, *word, *args;
    bool mail;
} commands[] = {
    { "a1 CAPABILITY", IMAP_CAPABILITY, "a1", "CAPABILITY", NULL, false },
    { "A001 starttls", IMAP_STARTTLS, "A001", "starttls", NULL, false },
    { ". STARTTLS", IMAP_STARTTLS, ".", "STARTTLS", NULL, false },
    { "a LOGIN joe {5+}", IMAP_LOGIN, "a", "LOGIN", "joe {5+}", false },
    { "a LOGIN  joe  pw", IMAP_LOGIN, "a", "LOGIN", "joe  pw", false },
    { "a AUTHENTICATE PLAIN AGEAYg==", IMAP_AUTHENTICATE, "a", "AUTHENTICATE", "PLAIN AGEAYg==", false },
    { "a SELECT INBOX", IMAP_SELECT, "a", "SELECT", "INBOX", true },
    { "a UID FETCH 1 BODY[]", IMAP_UID, "a", "UID", "FETCH 1 BODY[]", true },
    { "a LIST \"\" \"*\"", IMAP_LIST, "a", "LIST", "\"\" \"*\"", true },
    { "a IDLE", IMAP_IDLE, "a", "IDLE", NULL, true },
    { "a NOOP", IMAP_NOOP, "a", "NOOP", NULL, false },
    { "a ID NIL", IMAP_ID, "a", "ID", "NIL", false },
    { "a ENABLE UTF8=ACCEPT", IMAP_ENABLE, "a", "ENABLE", "UTF8=ACCEPT", false },
    { "a LOGOUT", IMAP_LOGOUT, "a", "LOGOUT", NULL, false },
    { "a XXXXXXXX", IMAP_UNKNOWN, "a", "XXXXXXXX", NULL, false },
    { "a STARTTLSX", IMAP_UNKNOWN, "a", "STARTTLSX", NULL, false },
    { "STARTTLS", -1, NULL, NULL, NULL, false },        /* a tag alone */
    { "a", -1, NULL, NULL, NULL, false },
    { "", -1, NULL, NULL, NULL, false },
    { "DONE", -1, NULL, NULL, NULL, false },
    { "a+b STARTTLS", -1, NULL, NULL, NULL, false },
    { "* STARTTLS", -1, NULL, NULL, NULL, false },
    { "+ STARTTLS", -1, NULL, NULL, NULL, false },
    { "\"a\" STARTTLS", -1, NULL, NULL, NULL, false },
    { "a(b STARTTLS", -1, NULL, NULL, NULL, false },
    { "\xc3\xa4 STARTTLS", -1, NULL, NULL, NULL, false },
    { "0123456789012345678901234567890123456789012345678901234567890123 NOOP", IMAP_NOOP,
      "0123456789012345678901234567890123456789012345678901234567890123", "NOOP", NULL, false },
    { "01234567890123456789012345678901234567890123456789012345678901234 NOOP", -1, NULL, NULL, NULL, false },
};

static void commands_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(commands); i++) {
        struct imap_command c;
        size_t n = strlen(commands[i].line);
        uint8_t *copy = copy_of(commands[i].line, n);
        bool ok = imap_command_parse(span_of(copy, n), &c);
        if (ok != (commands[i].verb >= 0) || (ok && c.verb != (enum imap_verb)commands[i].verb))
            fail_msg("%s: %d, verb %d", commands[i].line, ok, c.verb);
        if (ok) {
            assert_span(c.tag, commands[i].tag, commands[i].line);
            assert_span(c.word, commands[i].word, commands[i].line);
            assert_span(c.args, commands[i].args, commands[i].line);
            assert_int_equal(imap_speaks_mail(c.verb), commands[i].mail);
        }
        free(copy);
    }
}

static const struct {
    const char *line;
    int kind;                           /* -1: no answer */
    enum imap_status status;
    const char *tag, *text, *code;
} answers[] = {
    { "* OK ready", IMAP_UNTAGGED, IMAP_OK, "*", "ready", NULL },
    { "* OK [CAPABILITY IMAP4rev1 STARTTLS] ready", IMAP_UNTAGGED, IMAP_OK, "*",
      "[CAPABILITY IMAP4rev1 STARTTLS] ready", "CAPABILITY IMAP4rev1 STARTTLS" },
    { "* PREAUTH hi", IMAP_UNTAGGED, IMAP_PREAUTH, "*", "hi", NULL },
    { "* BYE", IMAP_UNTAGGED, IMAP_BYE, "*", NULL, NULL },
    { "* CAPABILITY IMAP4rev1", IMAP_UNTAGGED, IMAP_NO_STATUS, "*", "CAPABILITY IMAP4rev1", NULL },
    { "* 3 EXISTS", IMAP_UNTAGGED, IMAP_NO_STATUS, "*", "3 EXISTS", NULL },
    { "a1 OK done", IMAP_TAGGED, IMAP_OK, "a1", "done", NULL },
    { "a1 ok done", IMAP_TAGGED, IMAP_OK, "a1", "done", NULL },
    { "a1 NO [REFERRAL imap://x/] go there", IMAP_TAGGED, IMAP_NO, "a1", "[REFERRAL imap://x/] go there",
      "REFERRAL imap://x/" },
    { "a1 BAD", IMAP_TAGGED, IMAP_BAD, "a1", NULL, NULL },
    { "a1 OK [unclosed", IMAP_TAGGED, IMAP_OK, "a1", "[unclosed", NULL },
    { "+ go on", IMAP_CONTINUE, IMAP_NO_STATUS, "+", "go on", NULL },
    { "+ ", IMAP_CONTINUE, IMAP_NO_STATUS, "+", NULL, NULL },
    { "+", IMAP_CONTINUE, IMAP_NO_STATUS, "+", NULL, NULL },
    { "a1 FETCH x", -1, IMAP_NO_STATUS, NULL, NULL, NULL },
    { "a1", -1, IMAP_NO_STATUS, NULL, NULL, NULL },
    { "a+1 OK x", -1, IMAP_NO_STATUS, NULL, NULL, NULL },
    { "*", -1, IMAP_NO_STATUS, NULL, NULL, NULL },
    { "", -1, IMAP_NO_STATUS, NULL, NULL, NULL },
    { ")", -1, IMAP_NO_STATUS, NULL, NULL, NULL },
};

static void answers_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct imap_answer a;
        size_t n = strlen(answers[i].line);
        uint8_t *copy = copy_of(answers[i].line, n);
        bool ok = imap_answer_parse(span_of(copy, n), &a);
        if (ok != (answers[i].kind >= 0))
            fail_msg("%s: %d", answers[i].line, ok);
        if (ok) {
            assert_int_equal(a.kind, answers[i].kind);
            assert_int_equal(a.status, answers[i].status);
            assert_span(a.tag, answers[i].tag, answers[i].line);
            assert_span(a.text, answers[i].text, answers[i].line);
            assert_span(a.code, answers[i].code, answers[i].line);
        }
        free(copy);
    }
}

static void mailbox_data(void **state)
{
    static const struct {
        const char *text;
        bool is;
    } cases[] = {
        { "3 EXISTS", true },  { "12 FETCH (UID 1)", true }, { "LIST () \"/\" INBOX", true },
          { "flags (\\Seen)", true },
        { "SEARCH", true },    { "CAPABILITY IMAP4rev1", false }, { "ID NIL", false }, { "BYE EXISTS",
          false },
        { "OK LIST", false },  { "ENABLED UTF8", false }, { "3", false }, { "", false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(imap_is_mailbox_data(span_of(cases[i].text, strlen(cases[i].text))), cases[i].is);
}

static const struct {
    const char *args;
    const char *want[4];
    int literal;                        /* number of the argument that announces one, or -1 */
} arguments[] = {
    { "joe secret", { "joe", "secret" }, -1 },
    { "  joe   secret  ", { "joe", "secret" }, -1 },
    { "\"jo e\" \"se \\\" cret\"", { "\"jo e\"", "\"se \\\" cret\"" }, -1 },
    { "\"a\\\\\" b", { "\"a\\\\\"", "b" }, -1 },
    { "joe {12}", { "joe", "{12}" }, 1 },
    { "{3+}", { "{3+}" }, 0 },
    { "\"unclosed b", { "\"unclosed b" }, -1 },
    { "\"\\", { "\"\\" }, -1 },
    { "\"\"", { "\"\"" }, -1 },
    { "\"{3}\" x", { "\"{3}\"", "x" }, -1 },        /* a quoted string announces nothing */
    { "", { NULL }, -1 },
};

static void arguments_are_cut_off(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(arguments); i++) {
        size_t n = strlen(arguments[i].args), k = 0;
        uint8_t *copy = copy_of(arguments[i].args, n);
        struct span rest = span_of(copy, n), arg;
        bool literal;
        for (; imap_argument(&rest, &arg, &literal); k++) {
            assert_true(k < 4);
            assert_span(arg, arguments[i].want[k], arguments[i].args);
            if (literal != ((int)k == arguments[i].literal))
                fail_msg("%s: argument %zu, literal %d", arguments[i].args, k, literal);
        }
        assert_true(k == 4 || !arguments[i].want[k]);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_told),
        cmocka_unit_test(answers_are_told),
        cmocka_unit_test(mailbox_data),
        cmocka_unit_test(arguments_are_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
