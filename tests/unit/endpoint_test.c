/* links: base/endpoint.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/endpoint.h"

/* An address out of its text; network_parse() is tested with texts of its own below. */
static struct endpoint at(const char *address, uint16_t port)
{
    struct network net;
    struct endpoint e = { .port = port };

    assert_true(network_parse(address, &net));
    memcpy(e.addr, net.addr, sizeof e.addr);
    return e;
}

static void endpoints_have_no_padding(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct endpoint), 18);
}

static void endpoints_have_an_order(void **state)
{
    (void)state;
    struct endpoint a = at("192.0.2.1", 25), b = at("192.0.2.1", 40000), c = at("192.0.2.2", 1);

    assert_true(endpoint_cmp(&a, &b) < 0 && endpoint_cmp(&b, &a) > 0);
    assert_true(endpoint_cmp(&b, &c) < 0 && endpoint_cmp(&c, &b) > 0);
    assert_int_equal(endpoint_cmp(&a, &a), 0);
    b.port = 65535;
    assert_true(endpoint_cmp(&a, &b) < 0);
}

static void addresses_are_written_as_people_do(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
        bool v4;
    } cases[] = {
        { "192.0.2.1", "192.0.2.1", true },
        { "0.0.0.0", "0.0.0.0", true },
        { "2001:DB8:0:0:0:0:0:1", "2001:db8::1", false },
        { "::ffff:198.51.100.7", "198.51.100.7", true },
        { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false },
        { "::", "::", false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct endpoint e = at(cases[i].in, 0);
        char out[ADDRESS_TEXT];
        address_text(e.addr, out);
        assert_string_equal(out, cases[i].out);
        assert_int_equal(endpoint_is_v4(&e), cases[i].v4);
    }
}

static void hosts_are_blotted_out(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "192.0.2.77", "192.0.2.0" },
        { "2001:db8:1:2:3:4:5:6", "2001:db8:1::" },
        { "::1", "::" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct endpoint e = at(cases[i][0], 0);
        char out[ADDRESS_TEXT];
        address_truncate(e.addr);
        address_text(e.addr, out);
        assert_string_equal(out, cases[i][1]);
    }
}

static void networks_are_parsed(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int bits;                       /* -1: refused */
    } cases[] = {
        { "192.0.2.0/24", 120 }, { "192.0.2.1", 128 }, { "192.0.2.1/32", 128 }, { "0.0.0.0/0", 96 },
        { "2001:db8::/32", 32 }, { "::/0", 0 }, { "2001:db8::1", 128 }, { "2001:db8::1/128", 128 },
        { "192.0.2.0/33", -1 }, { "2001:db8::/129", -1 }, { "192.0.2.0/", -1 }, { "192.0.2.0/-1", -1 },
        { "192.0.2.0/ 8", -1 }, { "192.0.2.0/8x", -1 }, { "192.0.2", -1 }, { "", -1 }, { "/8", -1 },
        { "mail.example.org", -1 }, { "192.0.2.0/99999999999999999999", -1 },
        { "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc/8", -1 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct network net;
        bool parsed = network_parse(cases[i].text, &net);
        assert_int_equal(parsed, cases[i].bits >= 0);
        if (parsed)
            assert_int_equal(net.bits, cases[i].bits);
    }
}

static void networks_hold_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *network, *address;
        bool holds;
    } cases[] = {
        { "192.0.2.0/24", "192.0.2.255", true },
        { "192.0.2.0/24", "192.0.3.0", false },
        { "192.0.2.128/25", "192.0.2.127", false },
        { "192.0.2.128/25", "192.0.2.128", true },
        { "192.0.2.7/24", "192.0.2.9", true },          /* host bits in the text do not matter */
        { "10.0.0.0/9", "10.127.1.1", true },
        { "10.0.0.0/9", "10.128.1.1", false },
        { "0.0.0.0/0", "203.0.113.5", true },
        { "0.0.0.0/0", "2001:db8::1", false },
        { "::/0", "203.0.113.5", true },
        { "2001:db8::/33", "2001:db8:7fff::1", true },
        { "2001:db8::/33", "2001:db8:8000::1", false },
        { "192.0.2.1", "192.0.2.1", true },
        { "192.0.2.1", "192.0.2.0", false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct network net;
        struct endpoint e = at(cases[i].address, 0);
        assert_true(network_parse(cases[i].network, &net));
        assert_int_equal(network_holds(&net, e.addr), cases[i].holds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints_have_no_padding),
        cmocka_unit_test(endpoints_have_an_order),
        cmocka_unit_test(addresses_are_written_as_people_do),
        cmocka_unit_test(hosts_are_blotted_out),
        cmocka_unit_test(networks_are_parsed),
        cmocka_unit_test(networks_hold_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
