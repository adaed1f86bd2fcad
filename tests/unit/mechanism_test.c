/* links: facts/mechanism.o base/bytes.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "facts/mechanism.h"

#define COUNT(table) (sizeof table / sizeof *table)

/* Section 4 of doc/measurement.md. */
static const struct {
    const char *name;
    enum mechanism mechanism;
    enum exposure exposure;
} names[] = {
    { "PLAIN", MECHANISM_PLAIN, EXPOSURE_SECRET },
    { "plain", MECHANISM_PLAIN, EXPOSURE_SECRET },
    { "LOGIN", MECHANISM_LOGIN, EXPOSURE_SECRET },
    { "XOAUTH2", MECHANISM_XOAUTH2, EXPOSURE_SECRET },
    { "OAUTHBEARER", MECHANISM_OAUTHBEARER, EXPOSURE_SECRET },
    { "CRAM-MD5", MECHANISM_CRAM_MD5, EXPOSURE_GUESSABLE },
    { "DIGEST-MD5", MECHANISM_DIGEST_MD5, EXPOSURE_GUESSABLE },
    { "NTLM", MECHANISM_NTLM, EXPOSURE_GUESSABLE },
    { "SCRAM-SHA-1", MECHANISM_SCRAM_SHA_1, EXPOSURE_GUESSABLE },
    { "scram-sha-256-plus", MECHANISM_SCRAM_SHA_256_PLUS, EXPOSURE_GUESSABLE },
    { "SCRAM-SHA-512", MECHANISM_SCRAM_SHA_512, EXPOSURE_GUESSABLE },
    { "OTP", MECHANISM_OTP, EXPOSURE_GUESSABLE },
    { "SECURID", MECHANISM_SECURID, EXPOSURE_GUESSABLE },
    { "GSSAPI", MECHANISM_GSSAPI, EXPOSURE_NONE },
    { "EXTERNAL", MECHANISM_EXTERNAL, EXPOSURE_NONE },
    { "ANONYMOUS", MECHANISM_ANONYMOUS, EXPOSURE_NONE },
    { "KERBEROS_V4", MECHANISM_UNKNOWN, EXPOSURE_GUESSABLE },
    { "SCRAM-SHA-1-PLUSX", MECHANISM_UNKNOWN, EXPOSURE_GUESSABLE },
    { "PLAI", MECHANISM_UNKNOWN, EXPOSURE_GUESSABLE },
    { "PLAIN ", MECHANISM_UNKNOWN, EXPOSURE_GUESSABLE },
    { "unknown", MECHANISM_UNKNOWN, EXPOSURE_GUESSABLE },
    { "USER", MECHANISM_UNKNOWN, EXPOSURE_GUESSABLE },          /* not SASL */
    { "APOP", MECHANISM_UNKNOWN, EXPOSURE_GUESSABLE },
    { "", MECHANISM_UNKNOWN, EXPOSURE_GUESSABLE },
};

static void mechanisms_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        enum mechanism m = mechanism_find(span_of(names[i].name, strlen(names[i].name)));
        if (m != names[i].mechanism)
            fail_msg("%s: %d", names[i].name, m);
        assert_int_equal(mechanisms[m].exposure, names[i].exposure);
    }
    assert_int_equal(mechanisms[MECHANISM_USER].exposure, EXPOSURE_SECRET);
    assert_int_equal(mechanisms[MECHANISM_APOP].exposure, EXPOSURE_GUESSABLE);
}

/* Each row is found by its own name, and its bit fits the word of offered ones. */
static void the_table_is_whole(void **state)
{
    (void)state;
    assert_true(MECHANISM_N <= 32);
    for (unsigned m = MECHANISM_PLAIN; m <= MECHANISM_ANONYMOUS; m++) {
        assert_int_equal(mechanism_find(span_of(mechanisms[m].name, strlen(mechanisms[m].name))), m);
        assert_int_equal(mechanisms[m].exposure == EXPOSURE_NONE, mechanisms[m].response == 0);
    }
}

static void which_bytes_can_be_a_name(void **state)
{
    static const struct {
        const char *name;
        bool valid;
    } cases[] = {
        { "PLAIN", true }, { "X", true }, { "x_y-9", true }, { "12345678901234567890", true },
        { "123456789012345678901", false }, { "", false }, { "a b", false }, { "pass=word", false }, { "p@ss",
          false },
        { "caf\xc3\xa9", false }, { "a.b", false }, { "a+b", false }, { "a/b", false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (mechanism_name_valid(span_of(cases[i].name, strlen(cases[i].name))) != cases[i].valid)
            fail_msg("%s", cases[i].name);
    assert_false(mechanism_name_valid(span_of("A\0B", 3)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mechanisms_are_found),
        cmocka_unit_test(the_table_is_whole),
        cmocka_unit_test(which_bytes_can_be_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
