/* links: app/ports.o facts/vocabulary.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "app/ports.h"

#define COUNT(table) (sizeof table / sizeof *table)

struct expected {
    uint16_t port;
    enum protocol protocol;
    bool tls;
};

static void assert_ports(const struct port_table *t, const struct expected *want, size_t n)
{
    for (unsigned port = 0; port < 65536; port++) {
        struct expected e = { 0 };
        for (size_t i = 0; i < n; i++)
            if (want[i].port == port)
                e = want[i];
        if (port_protocol(t, (uint16_t)port) != e.protocol || port_is_tls(t, (uint16_t)port) != e.tls ||
            port_is_mail(t, (uint16_t)port) != (e.protocol != PROTOCOL_UNKNOWN))
            fail_msg("port %u: %s", port, protocol_word(port_protocol(t, (uint16_t)port)));
    }
}

/* Section 1 of doc/measurement.md. */
static const struct expected usual[] = {
    { 25, PROTOCOL_SMTP, false }, { 587, PROTOCOL_SMTP, false }, { 2525, PROTOCOL_SMTP, false },
    { 465, PROTOCOL_SMTP, true }, { 24, PROTOCOL_LMTP, false },  { 143, PROTOCOL_IMAP, false },
    { 993, PROTOCOL_IMAP, true }, { 110, PROTOCOL_POP3, false }, { 995, PROTOCOL_POP3, true },
    { 4190, PROTOCOL_SIEVE, false },
};

static void the_usual_ports(void **state)
{
    static struct port_table t;
    static const uint16_t never[] = { 22, 53, 80, 443, 853, 8443 };
    (void)state;
    ports_default(&t);
    assert_ports(&t, usual, COUNT(usual));
    for (size_t i = 0; i < COUNT(never); i++)
        assert_true(port_is_never(&t, never[i]));
    for (size_t i = 0; i < COUNT(usual); i++)
        assert_false(port_is_never(&t, usual[i].port));
    assert_false(port_is_never(&t, 2526));
}

static void more_ports(void **state)
{
    static struct port_table t;
    struct expected want[COUNT(usual) + 3];
    char error[256] = "";
    (void)state;
    ports_default(&t);
    assert_true(ports_parse(&t, "2526:smtp,9993:imap:tls,443:sieve", error, sizeof error));
    memcpy(want, usual, sizeof usual);
    want[COUNT(usual)] = (struct expected){ 2526, PROTOCOL_SMTP, false };
    want[COUNT(usual) + 1] = (struct expected){ 9993, PROTOCOL_IMAP, true };
    want[COUNT(usual) + 2] = (struct expected){ 443, PROTOCOL_SIEVE, false };   /* the operator knows better
        */
    assert_ports(&t, want, COUNT(want));
    assert_false(port_is_never(&t, 443));
    assert_true(port_is_never(&t, 80));
}

static void other_ports_instead(void **state)
{
    static struct port_table t;
    static const struct expected want[] = { { 25, PROTOCOL_LMTP, true }, { 65535, PROTOCOL_POP3, false } };
    char error[256];
    (void)state;
    ports_default(&t);
    assert_true(ports_parse(&t, "=25:lmtp:tls,65535:pop3", error, sizeof error));
    assert_ports(&t, want, COUNT(want));
    assert_true(port_is_never(&t, 443));
    ports_default(&t);
    assert_true(ports_parse(&t, "=", error, sizeof error));
    assert_ports(&t, NULL, 0);
}

static void nonsense_is_refused_in_one_sentence(void **state)
{
    static const char *const wrong[] = {
        "25", "25:", ":smtp", "0:smtp", "65536:smtp", "-1:smtp", "+25:smtp", " 25:smtp", "25:smtps",
        "25:SMTP",
        "25:unknown", "25:smtp:ssl", "25:smtp:tls:tls", "25:smtp:", "25:smtp,,26:smtp", ",25:smtp", "=25",
        "==25:smtp",
        "25 :smtp", "99999999999999999999999999999999999999999999999:smtp", "25.0:smtp", "0x19:smtp",
        "a very long word that does not fit into any buffer that was made for one port",
    };
    static struct port_table t;
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        char error[160];
        memset(error, 'x', sizeof error);
        ports_default(&t);
        if (ports_parse(&t, wrong[i], error, sizeof error))
            fail_msg("%s was taken", wrong[i]);
        assert_non_null(memchr(error, 0, sizeof error));
        assert_int_equal(strncmp(error, "--ports: ", 9), 0);
        assert_null(strchr(error, '\n'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_usual_ports),
        cmocka_unit_test(more_ports),
        cmocka_unit_test(other_ports_instead),
        cmocka_unit_test(nonsense_is_refused_in_one_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
