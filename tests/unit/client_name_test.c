/* links: dialogue/client_name.o proto/imap.o proto/line.o base/bytes.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "dialogue/client_name.h"

#define COUNT(table) (sizeof table / sizeof *table)

struct says {
    const char *text;
    enum client_name is;
};

/* In memory of its own size: the sanitizer sees what reads on. */
static void each(const struct says *says, size_t n, enum client_name (*of)(struct span))
{
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(says[i].text);
        char *copy = malloc(length + 1);
        memcpy(copy, says[i].text, length);
        uint8_t *exact = realloc(copy, length ? length : 1);
        enum client_name got = of(span_of(exact, length));
        if (got != says[i].is)
            print_error("%s\n", says[i].text);
        assert_int_equal(got, says[i].is);
        free(exact);
    }
}

static void hellos_have_a_shape(void **state)
{
    static const struct says hellos[] = {
        { "ehlo.thunderbird.net", CLIENT_NAME_THUNDERBIRD }, { "smtpclient.apple", CLIENT_NAME_APPLE }, { "SMTPCLIENT.APPLE", CLIENT_NAME_APPLE },
        { "localhost", CLIENT_NAME_LOCALHOST }, { "LocalHost.", CLIENT_NAME_LOCALHOST }, { "localhost.localdomain", CLIENT_NAME_LOCALHOST },
        { "[127.0.0.1]", CLIENT_NAME_LOOPBACK }, { "[IPv6:::1]", CLIENT_NAME_LOOPBACK },
        { "[192.0.2.1]", CLIENT_NAME_LITERAL }, { "[IPv6:2001:db8::1]", CLIENT_NAME_LITERAL }, { "[2001:db8::1]", CLIENT_NAME_LITERAL },
        { "[192.0.2.1", CLIENT_NAME_MALFORMED }, { "[", CLIENT_NAME_MALFORMED }, { "[]", CLIENT_NAME_MALFORMED }, { "[alice]", CLIENT_NAME_MALFORMED },
        { "192.0.2.1", CLIENT_NAME_ADDRESS }, { "2001:db8::1", CLIENT_NAME_ADDRESS },
        { "ALICE-PC", CLIENT_NAME_LABEL }, { "x1", CLIENT_NAME_LABEL }, { "xxxx", CLIENT_NAME_NONE }, { "x", CLIENT_NAME_NONE },
        { "macbook.local", CLIENT_NAME_PRIVATE }, { "pc.fritz.box", CLIENT_NAME_PRIVATE }, { "mail.company.box", CLIENT_NAME_HOST }, { "a.home.arpa", CLIENT_NAME_PRIVATE },
        { "local", CLIENT_NAME_LABEL }, { ".local", CLIENT_NAME_MALFORMED }, { "vocal", CLIENT_NAME_LABEL }, { "a.vocal", CLIENT_NAME_HOST },
        { "mx.example", CLIENT_NAME_HOST }, { "mx.example.", CLIENT_NAME_HOST }, { "a..b", CLIENT_NAME_MALFORMED },
        { "Alices_PC", CLIENT_NAME_MALFORMED }, { "-a.example", CLIENT_NAME_MALFORMED }, { "a-.example", CLIENT_NAME_MALFORMED },
        { "", CLIENT_NAME_MALFORMED }, { ".", CLIENT_NAME_MALFORMED }, { "m\xc3\xbcller", CLIENT_NAME_MALFORMED },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", CLIENT_NAME_LABEL },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", CLIENT_NAME_MALFORMED },
    };
    (void)state;
    each(hellos, COUNT(hellos), client_name_of_hello);
}

static void ids_name_a_program(void **state)
{
    static const struct says ids[] = {
        { "(\"name\" \"Thunderbird\" \"version\" \"115.3.1\")", CLIENT_NAME_THUNDERBIRD },
        { "(\"version\" \"1\" \"NAME\" \"iPhone Mail\")", CLIENT_NAME_APPLE }, { "(\"name\" \"Mac OS X Mail\" \"version\" \"16.0\")", CLIENT_NAME_APPLE },
        { "(\"name\" \"Microsoft Outlook\")", CLIENT_NAME_OUTLOOK }, { "(\"name\" \"com.android.email\" \"os\" \"android\")", CLIENT_NAME_ANDROID },
        { "(\"name\" \"Roundcube\")", CLIENT_NAME_WEBMAIL }, { "(\"name\" \"OfflineIMAP\")", CLIENT_NAME_FETCHER },
        { "(\"name\" \"imapflow\")", CLIENT_NAME_LIBRARY }, { "( \"name\"  \"nginx\" )", CLIENT_NAME_PROXY },
        { "(\"name\" \"Alice's own\")", CLIENT_NAME_PROGRAM }, { "(\"name\" \"\")", CLIENT_NAME_PROGRAM },
        { "(\"vendor\" \"Thunderbird\")", CLIENT_NAME_NONE }, { "(\"name\" NIL)", CLIENT_NAME_NONE }, { "NIL", CLIENT_NAME_NONE },
        { "", CLIENT_NAME_NONE }, { "(", CLIENT_NAME_NONE }, { "()", CLIENT_NAME_NONE }, { "(\"name\"", CLIENT_NAME_NONE },
        { "(\"name\" {11}", CLIENT_NAME_NONE }, { "({4}", CLIENT_NAME_NONE }, { "(\"name\" \"a\\\"b mutt\")", CLIENT_NAME_DESKTOP },
        { "(\"name\" \"unended", CLIENT_NAME_PROGRAM },
    };
    (void)state;
    each(ids, COUNT(ids), client_name_of_id);
}

/* Whole words, or those of the name of a bundle, are looked for, not parts of words. */
static void ids_are_read_by_words(void **state)
{
    static const struct says ids[] = {
        { "(\"name\" \"SparkPost\")", CLIENT_NAME_PROGRAM }, { "(\"name\" \"Spark\")", CLIENT_NAME_DESKTOP },
        { "(\"name\" \"Samsung printer\")", CLIENT_NAME_PROGRAM }, { "(\"name\" \"Samsung Email\")", CLIENT_NAME_ANDROID },
        { "(\"name\" \"com.samsung.android.email.provider\")", CLIENT_NAME_ANDROID },
        { "(\"name\" \"com.apple.mail\")", CLIENT_NAME_APPLE }, { "(\"name\" \"com.apple.email.maild\")", CLIENT_NAME_APPLE },
        { "(\"name\" \"telecom.apple\")", CLIENT_NAME_PROGRAM }, { "(\"name\" \"com.applejack\")", CLIENT_NAME_PROGRAM },
        { "(\"name\" \"com.google.android.gm\")", CLIENT_NAME_ANDROID }, { "(\"name\" \"com.google.Gmail\")", CLIENT_NAME_PROGRAM },
        { "(\"name\" \"com.microsoft.office.outlook\")", CLIENT_NAME_OUTLOOK }, { "(\"name\" \"org.mozilla.thunderbird\")", CLIENT_NAME_THUNDERBIRD },
        { "(\"name\" \"com.fsck.k9\")", CLIENT_NAME_ANDROID }, { "(\"name\" \"K-9 Mail\")", CLIENT_NAME_ANDROID },
        { "(\"name\" \"eu.faircode.email\")", CLIENT_NAME_ANDROID }, { "(\"name\" \"me.bluemail.mail\")", CLIENT_NAME_ANDROID },
        { "(\"name\" \"KMail2\")", CLIENT_NAME_DESKTOP }, { "(\"name\" \"Outlook365\")", CLIENT_NAME_OUTLOOK }, { "(\"name\" \"akonadi_imap_resource_1\")", CLIENT_NAME_DESKTOP },
        { "(\"name\" \"NeoMutt\")", CLIENT_NAME_DESKTOP }, { "(\"name\" \"Mutter\")", CLIENT_NAME_PROGRAM }, { "(\"name\" \"Graphpad\")", CLIENT_NAME_PROGRAM },
        { "(\"name\" \"Trojit\xc3\xa1\")", CLIENT_NAME_DESKTOP }, { "(\"name\" \"Operations\")", CLIENT_NAME_PROGRAM },
        { "(\"name\" \"item client\")", CLIENT_NAME_PROGRAM }, { "(\"name\" \"eM Client\")", CLIENT_NAME_DESKTOP }, { "(\"name\" \"eM\")", CLIENT_NAME_PROGRAM },
        { "(\"name\" \"The Bat!\")", CLIENT_NAME_DESKTOP }, { "(\"name\" \"Mac-OS-X Mail\")", CLIENT_NAME_APPLE }, { "(\"name\" \"Mac OS X\")", CLIENT_NAME_PROGRAM },
        { "(\"name\" \"PHP/8.2\")", CLIENT_NAME_LIBRARY }, { "(\"name\" \"...\")", CLIENT_NAME_PROGRAM },
    };
    (void)state;
    each(ids, COUNT(ids), client_name_of_id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hellos_have_a_shape),
        cmocka_unit_test(ids_name_a_program),
        cmocka_unit_test(ids_are_read_by_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
