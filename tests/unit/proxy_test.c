/* links: proto/proxy.o proto/line.o base/bytes.o base/endpoint.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "proto/proxy.h"
#include "unit/proto_kit.h"

#define V6 "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"
#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4_ENDS "\xc0\0\2\x09\xc6\x33\x64\x19\xc8\x01\0\x19"
#define V6_ENDS "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x19\xc8\x01\0\x19"

static const struct {
    const char *bytes;
    size_t n;
    long used;                          /* of all of them, or PARSE_BAD */
    uint32_t rest;
    const char *ends;                   /* NULL: no addresses */
} headers[] = {
    { TEXT("PROXY TCP4 192.0.2.9 198.51.100.25 51201 25\r\n"), 45, 0, "192.0.2.9 51201 198.51.100.25 25" },
    { TEXT("PROXY TCP4 192.0.2.9 198.51.100.25 0 65535\r\n220 "), 44, 0, "192.0.2.9 0 198.51.100.25 65535" },
    { TEXT("PROXY TCP6 2001:db8::9 2001:db8::25 51201 25\r\n"), 46, 0, "2001:db8::9 51201 2001:db8::25 25" },
    { TEXT("PROXY TCP6 " V6 " " V6 " 65535 65535\r\n"), 102, 0, V6 " 65535 " V6 " 65535" },
    { TEXT("PROXY UNKNOWN\r\n"), 15, 0, NULL },
    { TEXT("PROXY UNKNOWN " V6 " " V6 " 65535 65535\r\nEHLO"), 105, 0, NULL },
    { TEXT("PROXY UNKNOWNS\r\n"), PARSE_BAD, 0, NULL },
    { TEXT("PROXY TCP4 192.0.2.9 198.51.100.25 51201 25\n"), PARSE_BAD, 0, NULL },
    { TEXT("PROXY TCP4 192.0.2.9 198.51.100.25 51201 25 \r\n"), PARSE_BAD, 0, NULL },
    { TEXT("PROXY TCP4  192.0.2.9 198.51.100.25 51201 25\r\n"), PARSE_BAD, 0, NULL },
    { TEXT("PROXY TCP4 192.0.2.9 198.51.100.25 51201\r\n"), PARSE_BAD, 0, NULL },
    { TEXT("PROXY TCP4 192.0.2.9 198.51.100.25 65536 25\r\n"), PARSE_BAD, 0, NULL },
    { TEXT("PROXY TCP4 192.0.2.9 198.51.100.25 01 25\r\n"), PARSE_BAD, 0, NULL },
    { TEXT("PROXY TCP4 192.0.2.9 198.51.100.25 -1 25\r\n"), PARSE_BAD, 0, NULL },
    { TEXT("PROXY TCP4 192.0.2.9\0 198.51.100.25 1 25\r\n"), PARSE_BAD, 0, NULL },
    { TEXT("PROXY TCP4 192.0.2.0/24 198.51.100.25 1 25\r\n"), PARSE_BAD, 0, NULL },
    { TEXT("PROXY TCP4 2001:db8::9 2001:db8::25 1 25\r\n"), PARSE_BAD, 0, NULL },
    { TEXT("PROXY TCP6 192.0.2.9 198.51.100.25 1 25\r\n"), PARSE_BAD, 0, NULL },
    { TEXT("PROXY TCP5 192.0.2.9 198.51.100.25 1 25\r\n"), PARSE_BAD, 0, NULL },
    { TEXT("proxy TCP4 192.0.2.9 198.51.100.25 1 25\r\n"), PARSE_BAD, 0, NULL },
    { TEXT("PROXY UNKNOWN " V6 " " V6 " " V6 "\r\n"), PARSE_BAD, 0, NULL },    /* longer than a line may be */
    { TEXT(SIGNATURE "\x21\x11\0\x0c" V4_ENDS), 28, 0, "192.0.2.9 51201 198.51.100.25 25" },
    { TEXT(SIGNATURE "\x21\x11\xff\xff" V4_ENDS "EHLO"), 28, 65535 - 12, "192.0.2.9 51201 198.51.100.25 25" },
    { TEXT(SIGNATURE "\x21\x21\0\x27" V6_ENDS "\4\0\0"), 52, 3, "2001:db8::9 51201 2001:db8::19 25" },
    { TEXT(SIGNATURE "\x20\x00\0\0"), 16, 0, NULL },
    { TEXT(SIGNATURE "\x20\x11\0\x0c" V4_ENDS), 16, 12, NULL },
    { TEXT(SIGNATURE "\x20\xff\0\1"), 16, 1, NULL },                    /* LOCAL: the family means nothing */
    { TEXT(SIGNATURE "\x21\0\0\5"), 16, 5, NULL },
    { TEXT(SIGNATURE "\x21\x12\0\x0c" V4_ENDS), 16, 12, NULL },         /* UDP */
    { TEXT(SIGNATURE "\x21\x31\0\xd8"), 16, 216, NULL },                /* Unix */
    { TEXT(SIGNATURE "\x21\x31\0\xd7"), PARSE_BAD, 0, NULL },
    { TEXT(SIGNATURE "\x21\x11\0\x0b" V4_ENDS), PARSE_BAD, 0, NULL },
    { TEXT(SIGNATURE "\x21\x21\0\x23" V6_ENDS), PARSE_BAD, 0, NULL },
    { TEXT(SIGNATURE "\x21\x13\0\x0c" V4_ENDS), PARSE_BAD, 0, NULL },
    { TEXT(SIGNATURE "\x21\x41\0\x0c" V4_ENDS), PARSE_BAD, 0, NULL },
    { TEXT(SIGNATURE "\x22\x11\0\x0c" V4_ENDS), PARSE_BAD, 0, NULL },
    { TEXT(SIGNATURE "\x11\x11\0\x0c" V4_ENDS), PARSE_BAD, 0, NULL },
    { TEXT("\r\n\r\n\0\r\nQUIT\r\n"), PARSE_BAD, 0, NULL },
    { TEXT("EHLO client.example\r\n"), PARSE_BAD, 0, NULL },
    { TEXT("\x16\3\1\2\0\1\0\1\xfc\3\3"), PARSE_BAD, 0, NULL },
};

static void assert_ends(const struct proxy_header *h, const char *want, size_t number)
{
    char a[ADDRESS_TEXT], b[ADDRESS_TEXT], text[2 * ADDRESS_TEXT + 16];

    if (h->addresses != (want != NULL))
        fail_msg("header %zu: addresses %d", number, h->addresses);
    if (!want)
        return;
    address_text(h->source.addr, a);
    address_text(h->destination.addr, b);
    snprintf(text, sizeof text, "%s %u %s %u", a, (unsigned)h->source.port, b, (unsigned)h->destination.port);
    assert_string_equal(text, want);
}

static void headers_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(headers); i++) {
        struct proxy_header h;
        uint8_t *copy = copy_of(headers[i].bytes, headers[i].n);
        long used = proxy_parse(span_of(copy, headers[i].n), &h);
        if (used != headers[i].used)
            fail_msg("header %zu: %ld, not %ld", i, used, headers[i].used);
        if (used > 0) {
            assert_int_equal(h.rest, headers[i].rest);
            assert_ends(&h, headers[i].ends, i);
        }
        free(copy);
    }
}

/* Fewer bytes than it takes: more are asked for; what can be no header is told by some byte, and then
 * stays so. */
static void cut_headers_wait(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(headers); i++) {
        bool bad = false;
        for (size_t n = 0; n < headers[i].n; n++) {
            struct proxy_header h;
            uint8_t *copy = copy_of(headers[i].bytes, n);
            long used = proxy_parse(span_of(copy, n), &h);
            long want = (long)n < headers[i].used ? PARSE_MORE : headers[i].used;
            if (headers[i].used == PARSE_BAD ? used > 0 || (bad && used != PARSE_BAD) : used != want)
                fail_msg("header %zu, %zu bytes: %ld", i, n, used);
            bad = used == PARSE_BAD;
            assert_int_equal(proxy_could_begin(span_of(copy, n)), n >= PROXY_SURE && !bad);
            free(copy);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_read),
        cmocka_unit_test(cut_headers_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
