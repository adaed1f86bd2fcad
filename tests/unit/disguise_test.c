/* links: base/disguise.o base/endpoint.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/disguise.h"
#include "base/endpoint.h"

/* The key of the sample that comes with Crypto-PAn. */
static const uint8_t key[ADDRESS_KEY] = {
    21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
    216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2
};

static void address_of(const char *text, uint8_t addr[16])
{
    struct network net;
    assert_true(network_parse(text, &net));
    memcpy(addr, net.addr, 16);
}

static const char *disguised(const struct disguise *d, const char *text)
{
    static char out[4][ADDRESS_TEXT];
    static unsigned at;
    uint8_t addr[16];
    address_of(text, addr);
    disguise_address(d, addr);
    at = (at + 1) % 4;
    address_text(addr, out[at]);
    return out[at];
}

static void prefixes_are_kept_as_by_crypto_pan(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        /* from the sample trace */
        { "128.11.68.132", "135.242.180.132" }, { "129.118.74.4", "134.136.186.123" },
        { "130.132.252.244", "133.68.164.234" }, { "141.223.7.43", "141.167.8.160" },
        { "152.163.225.39", "151.140.114.167" }, { "192.102.249.13", "252.138.62.131" },
        { "10.185.25.118", "117.161.29.118" }, { "4.3.88.225", "124.60.155.63" },
        { "24.0.250.221", "100.15.198.226" }, { "64.14.118.196", "0.255.183.58" },
        { "216.254.18.172", "235.7.16.162" },
        /* what several other implementations make of IPv6 */
        { "::1", "78ff:f001:9fc0:20df:8380:b1f1:704:ed" }, { "::2", "78ff:f001:9fc0:20df:8380:b1f1:704:ef" },
        { "2001:db8::1", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e" },
        { "2001:db8::2", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1c" },
    };
    struct disguise d;
    assert_true(disguise_open(&d, ADDRESSES_PREFIX, key));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(disguised(&d, cases[i][0]), cases[i][1]);
    disguise_close(&d);
}

static unsigned common(const uint8_t a[16], const uint8_t b[16])
{
    unsigned n = 0;
    while (n < 128 && !((a[n / 8] ^ b[n / 8]) & 0x80 >> n % 8))
        n++;
    return n;
}

static void as_many_bits_are_common_as_before(void **state)
{
    (void)state;
    struct disguise d;
    uint8_t a[16], b[16], x[16], y[16];

    srand(1);
    assert_true(disguise_open(&d, ADDRESSES_PREFIX, key));
    for (unsigned i = 0; i < 2000; i++) {
        address_of(i % 2 ? "192.0.2.1" : "2001:db8::1", a);
        for (unsigned j = i % 2 ? 12 : 0; j < 16; j++)
            a[j] = (uint8_t)rand();
        memcpy(b, a, 16);
        unsigned bit = (i % 2 ? 96 : 0) + (unsigned)rand() % (i % 2 ? 32 : 128);
        b[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        memcpy(x, a, 16);
        memcpy(y, b, 16);
        disguise_address(&d, x);
        disguise_address(&d, y);
        assert_int_equal(common(x, y), bit);
        address_truncate(a);            /* networks made before and behind are the same */
        disguise_address(&d, a);
        address_truncate(a);
        address_truncate(x);
        assert_memory_equal(a, x, 16);
    }
    disguise_close(&d);
}

static void pseudonyms_have_the_network_in_them(void **state)
{
    (void)state;
    struct disguise d, other;
    uint8_t unlike[ADDRESS_KEY], host[16], near[16], far[16], network[16];

    memcpy(unlike, key, sizeof unlike);
    unlike[31] ^= 1;
    assert_true(disguise_open(&d, ADDRESSES_PSEUDONYM, key));
    assert_true(disguise_open(&other, ADDRESSES_PSEUDONYM, unlike));
    /* By the openssl command, aes-256-ecb. Once and for all: later versions go on with the same databases. */
    assert_string_equal(disguised(&d, "192.0.2.1"), "fc1a:5608:70a6:64c1:24ed:1004:3d8:a868");
    assert_string_equal(disguised(&d, "2001:db8:1:2::3"), "fd0f:214c:3b57:ffa8:831d:5201:37fe:6095");
    assert_string_not_equal(disguised(&d, "192.0.2.1"), disguised(&other, "192.0.2.1"));
    for (unsigned i = 0; i < 2; i++) {
        address_of(i ? "2001:db8:1:2::3" : "192.0.2.1", host);
        address_of(i ? "2001:db8:1:7::4" : "192.0.2.2", near);
        address_of(i ? "2001:db8:2:2::3" : "192.0.3.1", far);
        memcpy(network, host, 16);
        address_truncate(network);
        disguise_address(&d, host);
        disguise_address(&d, near);
        disguise_address(&d, far);
        disguise_address(&d, network);
        assert_int_equal(host[0], i ? 0xfd : 0xfc);
        assert_memory_equal(host, near, 6);
        assert_memory_not_equal(host + 6, near + 6, 10);
        assert_memory_not_equal(host, far, 6);
        assert_memory_equal(host, network, 6);
    }
    disguise_close(&d);
    disguise_close(&other);
}

static void modes_without_a_key_need_none(void **state)
{
    (void)state;
    struct disguise d;

    assert_true(disguise_open(&d, ADDRESSES_KEEP, NULL));
    assert_string_equal(disguised(&d, "192.0.2.1"), "192.0.2.1");
    disguise_close(&d);
    assert_true(disguise_open(&d, ADDRESSES_TRUNCATE, NULL));
    assert_string_equal(disguised(&d, "192.0.2.1"), "192.0.2.0");
    disguise_close(&d);
    disguise_close(&d);
    assert_false(disguise_open(&d, ADDRESSES_PSEUDONYM, NULL));
    assert_false(disguise_open(&d, ADDRESSES_PREFIX, NULL));
    for (unsigned i = 1; i < ADDRESSES_N; i++)
        assert_int_equal(address_mode_parse(address_mode_word((enum address_mode)i)), i);
    assert_int_equal(address_mode_parse("kept"), ADDRESSES_DEFAULT);
    assert_null(address_mode_word(ADDRESSES_DEFAULT));
}

static void a_key_is_known_again(void **state)
{
    (void)state;
    uint8_t a[ADDRESS_KEY_MARK], b[ADDRESS_KEY_MARK], unlike[ADDRESS_KEY];

    assert_true(disguise_mark(key, a));
    assert_true(disguise_mark(key, b));
    assert_memory_equal(a, b, sizeof a);
    memcpy(unlike, key, sizeof unlike);
    unlike[0] ^= 1;
    assert_true(disguise_mark(unlike, b));
    assert_memory_not_equal(a, b, sizeof a);
}

static void addresses_within_texts_go(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "", "" }, { "mx.example.org", "mx.example.org" }, { "192.0.2.1", "*" }, { "mx1.192.0.2.1", "mx*" },
        { "pool-192-0-2-1.example", "pool-*.example" }, { "ip192_0_2_1.example", "ip*.example" },
        { "1.2.0.192.in-addr.arpa", "*.in-addr.arpa" }, { "2001:db8::1", "*" }, { "::1", "*" }, { "[::ffff:192.0.2.1]:25", "[*]:25" },
        { "2001-db8-0-0-0-0-0-1.v6.example", "*.v6.example" }, { "ca-2001-db8-0-0-0-0-0-77.example", "*.example" }, { "x2001-db8-0-0-0-0-0-77", "x*" },
        { "de2001-db8-0-0-0-0-0-77.example", "de*.example" }, { "CN=node2001:db8::1", "CN=node*" },
        { "192.0.2.77x", "*x" }, { "1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "*.ip6.arpa" },
        { "CN=192.0.2.1,O=x", "CN=*,O=x" }, { "CN=fe80::1%eth0", "CN=*%eth0" },
        { "offered until 2026-01-05 10:00:07, 1.2.3", "offered until 2026-01-05 10:00:07, 1.2.3" },
        { "3 of 192.0.2.0/24 and 2001:db8:1::/48.", "3 of */24 and */48." }, { "see 2001:db8::1.", "see *." },
        { "1.2.3.2024", "1.2.3.2024" }, { "1.2.3.4.2024", "*.2024" }, { "XOAUTH2 CRAM-MD5 SCRAM-SHA-256", "XOAUTH2 CRAM-MD5 SCRAM-SHA-256" },
        { "1.2.3.", "1.2.3." }, { "1.2.3.4.", "*." }, { "::", "*" }, { "a:b", "a:b" }, { "v1.2-3", "v1.2-3" },
        { "ip-c0000201.example", "ip-c0000201.example" }, { "static192000002001.example", "static192000002001.example" },
        { "deadbeef.example", "deadbeef.example" }, { "20010db8000000000000000000000001", "20010db8000000000000000000000001" },
        { "h3221225985.example", "h3221225985.example" }, { "mx-2-1.example", "mx-2-1.example" },
    };
    struct disguise d = { .mode = ADDRESSES_TRUNCATE }, none = { .mode = ADDRESSES_KEEP };
    const struct own_addresses nobodys = { .n = 0 };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = strdup(cases[i][0]);       /* of its own size: the sanitizer sees what reads on */
        disguise_text(&none, text, &nobodys);
        assert_string_equal(text, cases[i][0]);
        disguise_text(&d, text, &nobodys);
        assert_string_equal(text, cases[i][1]);
        free(text);
    }
}

/* 192.0.2.77, 203.0.113.5 and 2001:db8:9::1:ab77; what only looks like an address stays. */
static void own_addresses_go_in_any_form(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "ip-c000024d.example", "ip-*.example" }, { "ipC000024D.example", "ip*.example" }, { "abc000024dea.example", "ab*ea.example" },
        { "c000024d", "*" }, { "c000024d0.example", "*0.example" }, { "c000024d.c000024d", "*.*" }, { "4d0200c0.example", "*.example" },
        { "c0-00-02-4d.example", "*.example" }, { "xc0.0.2.4d.example", "x*.example" }, { "4d-02-00-c0", "*" }, { "c000-024d", "*" }, { "c000:24d", "*" },
        { "0xc000024d", "0x*" }, { "c000024e.example", "c000024e.example" }, { "c000024.example", "c000024.example" }, { "deadbeef", "deadbeef" },
        { "h192000002077.example", "h*.example" }, { "static192000002077x", "static*x" }, { "192000002077.a", "*.a" }, { "1192000002077", "1192000002077" },
        { "1920000020771", "1920000020771" }, { "192000002078", "192000002078" }, { "077002000192.a", "*.a" }, { "192-000-002-077", "*" },
        { "1920277.a", "*.a" }, { "7720192.a", "*.a" }, { "19202777.a", "19202777.a" },
        { "h3221226061.example", "h*.example" }, { "3221226061", "*" }, { "32212260610", "32212260610" }, { "13221226061", "13221226061" },
        { "3221226062", "3221226062" }, { "1291976896", "*" }, { "cb007105", "*" }, { "3405803781", "*" },
        { "dyn-2-77.example", "dyn-*.example" }, { "dyn-77-2.example", "dyn-*.example" }, { "dyn-002-077.example", "dyn-*.example" },
        { "dyn-2-770.example", "dyn-2-770.example" }, { "dyn-12-77.example", "dyn-12-77.example" }, { "dyn-2.x77", "dyn-2.x77" },
        { "77-2-0-192.pool", "*.pool" }, { "192-0-2-77.pool", "*.pool" }, { "a192.0.2.77b", "a*b" },
        { "20010db800090000000000000001ab77.example", "*.example" }, { "2001-db8-9--1-ab77.example", "*.example" }, { "2001-DB8-9--1-AB77", "*" },
        { "2001-db8-9--1-ab770", "2001-db8-9--1-ab770" }, { "i000000000001ab77.example", "i*.example" }, { "000000000001ab78", "000000000001ab78" },
        { "h-0-0-1-ab77.example", "h-*.example" }, { "h-0000-0000-0001-ab77.example", "h-*.example" },
        { "mx.example.org", "mx.example.org" }, { "", "" },
    };
    struct disguise d = { .mode = ADDRESSES_TRUNCATE }, none = { .mode = ADDRESSES_KEEP };
    struct own_addresses own = { .n = 3 };

    address_of("192.0.2.77", own.addr[0]);
    address_of("203.0.113.5", own.addr[1]);
    address_of("2001:db8:9::1:ab77", own.addr[2]);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = strdup(cases[i][0]);
        disguise_text(&none, text, &own);
        assert_string_equal(text, cases[i][0]);
        disguise_text(&d, text, &own);
        if (strcmp(text, cases[i][1]) != 0)
            fail_msg("%s: %s, not %s", cases[i][0], text, cases[i][1]);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes_are_kept_as_by_crypto_pan),
        cmocka_unit_test(as_many_bits_are_common_as_before),
        cmocka_unit_test(pseudonyms_have_the_network_in_them),
        cmocka_unit_test(modes_without_a_key_need_none),
        cmocka_unit_test(a_key_is_known_again),
        cmocka_unit_test(addresses_within_texts_go),
        cmocka_unit_test(own_addresses_go_in_any_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
