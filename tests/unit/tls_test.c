/* links: proto/tls_record.o proto/tls_hello.o base/bytes.o facts/names.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/tls.h"
#include "unit/proto_kit.h"
#include "unit/tls_kit.h"

/* --- records --- */

static const struct {
    const char *bytes;
    size_t n;
    long used;
    uint8_t type;
    uint16_t version, len;
} headers[] = {
    { TEXT("\x16\x03\x01\x00\x05"), 5, 22, 0x0301, 5 },
    { TEXT("\x17\x03\x03\x40\x00"), 5, 23, 0x0303, 16384 },
    { TEXT("\x17\x03\x03\x48\x00"), 5, 23, 0x0303, 16384 + 2048 },
    { TEXT("\x14\x03\x00\x00\x01"), 5, 20, 0x0300, 1 },
    { TEXT("\x15\x03\x04\x00\x02"), 5, 21, 0x0304, 2 },
    { TEXT("\x18\x03\x03\x00\x10"), 5, 24, 0x0303, 16 },
    { TEXT("\x17\x03\x03\x48\x01"), PARSE_BAD, 0, 0, 0 },
    { TEXT("\x17\x03\x03\x00\x00"), PARSE_BAD, 0, 0, 0 },
    { TEXT("\x13"), PARSE_BAD, 0, 0, 0 },
    { TEXT("\x19"), PARSE_BAD, 0, 0, 0 },
    { TEXT("\x16\x02"), PARSE_BAD, 0, 0, 0 },
    { TEXT("\x16\x03\x05"), PARSE_BAD, 0, 0, 0 },
    { TEXT("220 mx"), PARSE_BAD, 0, 0, 0 },
};

static void record_headers_whole_and_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(headers); i++)
        for (size_t n = 0; n <= headers[i].n; n++) {
            struct tls_header h = { 0 };
            uint8_t *copy = copy_of(headers[i].bytes, n);
            long used = tls_header_parse(span_of(copy, n), &h);
            free(copy);
            if (n < headers[i].n)
                assert_true(used == PARSE_MORE || (used == PARSE_BAD && headers[i].used == PARSE_BAD));
            else
                assert_int_equal(used, headers[i].used);
            if (used > 0) {
                assert_int_equal(h.type, headers[i].type);
                assert_int_equal(h.version, headers[i].version);
                assert_int_equal(h.len, headers[i].len);
            }
        }
}

static const struct {
    const char *bytes;
    size_t n;
    long begins;
} beginnings[] = {
    { TEXT("\x16\x03\x01\x00\x40\x01"), 1 },
    { TEXT("\x16\x03\x03\x00\x40\x01"), 1 },
    { TEXT("\x16\x03\x00\x00\x40\x01"), 1 },
    { TEXT("\x16\x03\x01\x00\x40\x02"), PARSE_BAD },        /* a ServerHello */
    { TEXT("\x17\x03\x03\x00\x40\x01"), PARSE_BAD },
    { TEXT("\x80\x2e\x01\x00\x02"), 1 },                    /* SSLv2 */
    { TEXT("\x80\x2e\x01\x03\x01"), 1 },
    { TEXT("\x80\x2e\x01\x03\x04"), PARSE_BAD },
    { TEXT("\x80\x2e\x02\x00\x02"), PARSE_BAD },
    { TEXT("EHLO a"), PARSE_BAD },
    { TEXT("\x16\x03\x01\x00\x40"), PARSE_MORE },
    { TEXT("\x80\x2e\x01"), PARSE_MORE },
    { TEXT(""), PARSE_MORE },
};

static void how_tls_begins(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(beginnings); i++)
        for (size_t n = 0; n <= beginnings[i].n; n++) {
            uint8_t *copy = copy_of(beginnings[i].bytes, n);
            long begins = tls_begins(span_of(copy, n));
            free(copy);
            if (n == beginnings[i].n && begins != beginnings[i].begins)
                fail_msg("beginning %zu: %ld", i, begins);
            if (n < beginnings[i].n && n)
                assert_true(begins == PARSE_MORE || beginnings[i].begins == PARSE_BAD);
        }
}

static void message_headers(void **state)
{
    struct tls_message_header h;
    (void)state;
    assert_int_equal(tls_message_parse(span_of("\x01\x02\x03", 3), &h), PARSE_MORE);
    assert_int_equal(tls_message_parse(span_of("\x01\x02\x03\x04xx", 6), &h), TLS_MESSAGE_HEADER);
    assert_int_equal(h.type, 1);
    assert_int_equal(h.len, 0x020304);
}

/* --- ClientHello --- */

static const struct {
    const char *name;
    struct hello hello;
    uint16_t max_version;
    const char *sni;
    bool pq, early_data;
} client_hellos[] = {
    { "1.3", { .versions = { 0x0304, 0x0303 }, .session_id = 32, .sni = "mx.example" }, TLS_1_3, "mx.example",
      0, 0 },
    { "1.2, no extension for versions", { .sni = "mx.example" }, TLS_1_2, "mx.example", 0, 0 },
    { "1.2, no extensions", { .no_extensions = true }, TLS_1_2, NULL, 0, 0 },
    { "1.0", { .legacy = TLS_1_0 }, TLS_1_0, NULL, 0, 0 },
    { "SSLv3", { .legacy = SSL_3, .no_extensions = true }, SSL_3, NULL, 0, 0 },
    { "supported_versions counts, even downwards", { .versions = { 0x0302, 0x0301 } }, TLS_1_1, NULL, 0, 0 },
    { "legacy_version must not say more than 1.2", { .legacy = TLS_1_3 }, TLS_1_2, NULL, 0, 0 },
    { "GREASE among the versions", { .versions = { 0xfafa, 0x0303, 0x0a0a } }, TLS_1_2, NULL, 0, 0 },
    { "nothing but GREASE", { .versions = { 0xfafa } }, TLS_1_2, NULL, 0, 0 },
    { "a draft of 1.3", { .versions = { 0x7f1c, 0x0303 } }, TLS_1_3, NULL, 0, 0 },
    { "unknown versions", { .versions = { 0x0305, 0x0399, 0x0302 } }, TLS_1_1, NULL, 0, 0 },
    { "post-quantum group", { .groups = { 0x2a2a, 0x11ec, 0x001d } }, TLS_1_2, NULL, 1, 0 },
    { "classic groups", { .groups = { 0x001d, 0x0017 } }, TLS_1_2, NULL, 0, 0 },
    { "early data", { .early_data = true, .versions = { 0x0304 } }, TLS_1_3, NULL, 0, 1 },
    { "ALPN", { .alpn = "imap pop3 h2" }, TLS_1_2, NULL, 0, 0 },
    { "all of it",
      { .versions = { 0x0304 }, .groups = { 0x11ec }, .sni = "a.b", .alpn = "imap", .early_data = true,
        .session_id = 32,
        .padding = 300 }, TLS_1_3, "a.b", 1, 1 },
};

static void assert_client_hello(size_t i, const struct tls_client_hello *h)
{
    const char *name = client_hellos[i].name;
    if (h->max_version != client_hellos[i].max_version)
        fail_msg("%s: %#x", name, h->max_version);
    assert_span(h->sni, client_hellos[i].sni, name);
    assert_int_equal(h->pq_group, client_hellos[i].pq);
    assert_int_equal(h->early_data, client_hellos[i].early_data);
    assert_int_equal(h->session_id.n, client_hellos[i].hello.session_id);
    assert_int_equal(h->alpn.n > 0, client_hellos[i].hello.alpn != NULL);
}

static void client_hellos_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(client_hellos); i++) {
        static struct bytes b;
        struct tls_client_hello h;
        b.n = 0;
        client_hello(&b, &client_hellos[i].hello);
        uint8_t *copy = copy_of(b.b, b.n);
        assert_true(tls_client_hello_parse(span_of(copy, b.n), &h));
        assert_true(h.whole);
        assert_client_hello(i, &h);
        free(copy);
    }
}

static bool within(struct span part, const uint8_t *p, size_t n)
{
    return !part.n || (part.p >= p && part.p + part.n <= p + n);
}

/* Cut anywhere: what is there is read, nothing beyond it, and it is not called whole. */
static void client_hellos_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(client_hellos); i++) {
        static struct bytes b;
        b.n = 0;
        client_hello(&b, &client_hellos[i].hello);
        for (size_t n = 0; n < b.n; n++) {
            struct tls_client_hello h;
            uint8_t *copy = copy_of(b.b, n);
            bool ok = tls_client_hello_parse(span_of(copy, n), &h);
            assert_int_equal(ok, n >= 2);
            if (ok) {
                /* A hello without extensions is a whole one (RFC 5246 section 7.4.1.2). */
                bool before_extensions = n == 2 + 32 + 1 + client_hellos[i].hello.session_id + 2 + 6 + 2;
                assert_int_equal(h.whole, before_extensions);
                assert_true(within(h.sni, copy, n) && within(h.alpn, copy, n) && within(h.session_id, copy,
                            n));
            }
            free(copy);
        }
    }
}

/* A cut behind the extension that matters: it still counts. */
static void a_cut_hello_keeps_what_is_there(void **state)
{
    static struct bytes b;
    struct tls_client_hello h;
    (void)state;
    b.n = 0;
    client_hello(&b, &(struct hello){ .versions = { 0x0304 }, .sni = "mx.example", .padding = 500 });
    uint8_t *copy = copy_of(b.b, b.n - 400);
    assert_true(tls_client_hello_parse(span_of(copy, b.n - 400), &h));
    assert_false(h.whole);
    assert_int_equal(h.max_version, TLS_1_3);
    assert_span(h.sni, "mx.example", "cut");
    free(copy);
}

/* Each byte of each hello replaced by each of some values: never beyond the end, never for ever. */
static void hellos_with_lying_bytes(void **state)
{
    static const uint8_t values[] = { 0, 1, 2, 0x7f, 0x80, 0xff };
    (void)state;
    for (size_t i = 0; i < COUNT(client_hellos); i++) {
        static struct bytes b;
        b.n = 0;
        client_hello(&b, &client_hellos[i].hello);
        for (size_t at = 0; at < b.n && at < 400; at++)
            for (size_t v = 0; v < COUNT(values); v++) {
                struct tls_client_hello h;
                struct tls_server_hello s;
                struct span name;
                uint8_t *copy = copy_of(b.b, b.n);
                copy[at] = values[v];
                if (tls_client_hello_parse(span_of(copy, b.n), &h)) {
                    assert_true(within(h.sni, copy, b.n) && within(h.alpn, copy, b.n));
                    while (tls_next_name(&h.alpn, &name))
                        assert_true(within(name, copy, b.n));
                }
                tls_server_hello_parse(span_of(copy, b.n), &s);
                free(copy);
            }
    }
}

static void versions_that_are_none(void **state)
{
    static const uint16_t wrong[] = { 0, 1, 0x0400, 0x1603, 0xffff };
    static struct bytes b;
    struct tls_client_hello h;
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        b.n = 0;
        client_hello(&b, &(struct hello){ .no_extensions = true });
        b.b[0] = (uint8_t)(wrong[i] >> 8);
        b.b[1] = (uint8_t)wrong[i];
        assert_false(tls_client_hello_parse(span_of(b.b, b.n), &h));
    }
}

static void alpn_names(void **state)
{
    static struct bytes b;
    struct tls_client_hello h;
    struct span name;
    (void)state;
    b.n = 0;
    client_hello(&b, &(struct hello){ .alpn = "imap pop3" });
    assert_true(tls_client_hello_parse(span_of(b.b, b.n), &h));
    assert_true(tls_next_name(&h.alpn, &name));
    assert_span(name, "imap", "first");
    assert_true(tls_next_name(&h.alpn, &name));
    assert_span(name, "pop3", "second");
    assert_false(tls_next_name(&h.alpn, &name));
    struct span lying = span_of("\x05imap", 5);
    assert_false(tls_next_name(&lying, &name));
}

static void v2_hellos(void **state)
{
    static const uint8_t v2[] = { 0x80, 0x2e, 0x01, 0x00, 0x02, 0x00, 0x15 }, v3[] = { 0x80, 0x2e, 0x01, 0x03,
        0x01 };
    struct tls_client_hello h;
    (void)state;
    assert_true(tls_v2_hello_parse(span_of(v2, sizeof v2), &h));
    assert_int_equal(h.max_version, SSL_2);
    assert_true(tls_v2_hello_parse(span_of(v3, sizeof v3), &h));
    assert_int_equal(h.max_version, TLS_1_0);
    for (size_t n = 0; n < 5; n++) {
        uint8_t *copy = copy_of(v2, n);
        assert_false(tls_v2_hello_parse(span_of(copy, n), &h));
        free(copy);
    }
}

/* --- ServerHello --- */

static const struct {
    const char *name;
    struct hello hello;
    uint16_t version, group, sentinel;
    bool retry, psk;
} server_hellos[] = {
    { "1.3", { .version = 0x0304, .group = 0x001d, .session_id = 32 }, TLS_1_3, 0x001d, 0, 0, 0 },
    { "1.3, post-quantum", { .version = 0x0304, .group = 0x11ec }, TLS_1_3, 0x11ec, 0, 0, 0 },
    { "1.3, resumed", { .version = 0x0304, .group = 0x001d, .psk = true }, TLS_1_3, 0x001d, 0, 0, 1 },
    { "a draft of 1.3 in the extension", { .version = 0x7f1c }, TLS_1_3, 0, 0, 0, 0 },
    { "an early draft, in front", { .legacy = 0x7f12 }, TLS_1_3, 0, 0, 0, 0 },
    { "HelloRetryRequest", { .version = 0x0304, .random = retry_random, .group = 0x001d }, TLS_1_3, 0x001d, 0,
      1, 0 },
    { "1.2", { .cipher = 0xc02f }, TLS_1_2, 0, 0, 0, 0 },
    { "1.2, no extensions", { .cipher = 0xc02f, .no_extensions = true, .session_id = 32 }, TLS_1_2, 0, 0, 0,
      0 },
    { "1.2 of a 1.3 server", { .cipher = 0xc02f, .random = downgrade_12 }, TLS_1_2, 0, TLS_1_3, 0, 0 },
    { "1.0 of a 1.2 server", { .legacy = TLS_1_0, .cipher = 0xc013, .random = downgrade_11 }, TLS_1_0, 0,
      TLS_1_2, 0, 0 },
    { "SSLv3", { .legacy = SSL_3, .cipher = 0x000a, .no_extensions = true }, SSL_3, 0, 0, 0, 0 },
    { "ALPN", { .cipher = 0xc02f, .alpn = "imap" }, TLS_1_2, 0, 0, 0, 0 },
};

static void server_hellos_whole_and_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(server_hellos); i++) {
        static struct bytes b;
        const char *name = server_hellos[i].name;
        b.n = 0;
        server_hello(&b, &server_hellos[i].hello);
        for (size_t n = 0; n <= b.n; n++) {
            struct tls_server_hello h;
            uint8_t *copy = copy_of(b.b, n);
            bool ok = tls_server_hello_parse(span_of(copy, n), &h);
            assert_int_equal(ok, n >= 2);
            if (ok)
                assert_true(within(h.alpn, copy, n) && within(h.session_id, copy, n));
            if (ok && n < b.n && n != 2 + 32 + 1 + server_hellos[i].hello.session_id + 3)
                assert_false(h.whole);
            if (n == b.n) {
                assert_true(h.whole);
                if (h.version != server_hellos[i].version || h.group != server_hellos[i].group ||
                    h.sentinel != server_hellos[i].sentinel)
                    fail_msg("%s: %#x %#x %#x", name, h.version, h.group, h.sentinel);
                assert_int_equal(h.retry, server_hellos[i].retry);
                assert_int_equal(h.psk, server_hellos[i].psk);
                assert_int_equal(h.cipher, server_hellos[i].hello.cipher ? server_hellos[i].hello.cipher :
                                 0x1301);
                assert_span(h.alpn, server_hellos[i].hello.alpn, name);
            }
            free(copy);
        }
    }
}

static void server_hellos_with_lying_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(server_hellos); i++) {
        static struct bytes b;
        b.n = 0;
        server_hello(&b, &server_hellos[i].hello);
        for (size_t at = 0; at < b.n; at++)
            for (unsigned v = 0; v < 256; v += 5) {
                struct tls_server_hello h;
                uint8_t *copy = copy_of(b.b, b.n);
                copy[at] = (uint8_t)v;
                if (tls_server_hello_parse(span_of(copy, b.n), &h))
                    assert_true(within(h.alpn, copy, b.n) && within(h.session_id, copy, b.n));
                free(copy);
            }
    }
}

static void named_curves(void **state)
{
    (void)state;
    assert_int_equal(tls_named_curve(span_of("\x03\x00\x1d\x20", 4)), 0x001d);
    assert_int_equal(tls_named_curve(span_of("\x03\x00\x17", 3)), 0x0017);
    assert_int_equal(tls_named_curve(span_of("\x01\x00\x17", 3)), 0);       /* an explicit prime */
    assert_int_equal(tls_named_curve(span_of("\x03\x00", 2)), 0);
    assert_int_equal(tls_named_curve(span_of("", 0)), 0);
}

static void server_names(void **state)
{
    static const struct {
        const char *name;
        bool valid;
    } cases[] = {
        { "mx.example", true }, { "MX-1_a.example", true }, { "192.0.2.1", true }, { "2001:db8::1", true },
        { "", false }, { "a b", false }, { "a/b", false }, { "a\r\nb", false }, { "a\x80", false },
          { "user@host", false },
    };
    char longest[255];
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(tls_sni_valid(span_of(cases[i].name, strlen(cases[i].name))), cases[i].valid);
    memset(longest, 'a', sizeof longest);
    assert_true(tls_sni_valid(span_of(longest, 253)));
    assert_false(tls_sni_valid(span_of(longest, 254)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_headers_whole_and_cut),
        cmocka_unit_test(how_tls_begins),
        cmocka_unit_test(message_headers),
        cmocka_unit_test(client_hellos_whole),
        cmocka_unit_test(client_hellos_cut),
        cmocka_unit_test(a_cut_hello_keeps_what_is_there),
        cmocka_unit_test(hellos_with_lying_bytes),
        cmocka_unit_test(versions_that_are_none),
        cmocka_unit_test(alpn_names),
        cmocka_unit_test(v2_hellos),
        cmocka_unit_test(server_hellos_whole_and_cut),
        cmocka_unit_test(server_hellos_with_lying_bytes),
        cmocka_unit_test(named_curves),
        cmocka_unit_test(server_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
