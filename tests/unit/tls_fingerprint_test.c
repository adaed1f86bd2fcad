/* links: proto/tls_fingerprint.o base/hash.o base/digest.o base/bytes.o
 * The examples that the two specifications give, and the borders of their rules. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "proto/tls_fingerprint.h"
#include "unit/tls_kit.h"

#define COUNT(table) (sizeof table / sizeof *table)

/* A hello as lists of numbers in hexadecimal. Extensions have the contents named here, else none. */
struct offered {
    unsigned version;
    const char *ciphers, *extensions;   /* extensions NULL: no block of them */
    const char *groups, *signatures, *versions;
    const char *alpn;                   /* first name */
    size_t alpn_n;
    const char *formats;
    size_t more_ciphers;                /* so many more, all 0x1234 */
};

static void put_numbers(struct bytes *o, const char *list)
{
    for (const char *p = list ? list : ""; *p; p += *p ? strspn(p, " ,") : 0) {
        char *end;
        put16(o, (unsigned)strtoul(p, &end, 16));
        p = end;
    }
}

static void put_body(struct bytes *o, unsigned type, const struct offered *h)
{
    size_t list;
    switch (type) {
    case 10:
    case 13:
        list = begin_block(o, 2);
        put_numbers(o, type == 10 ? h->groups : h->signatures);
        end_block(o, list, 2);
        break;
    case 11:
        list = begin_block(o, 1);
        put_n(o, h->formats ? h->formats : "\0", h->formats ? strlen(h->formats) : 1);
        end_block(o, list, 1);
        break;
    case 16: {
        list = begin_block(o, 2);
        size_t n = h->alpn_n ? h->alpn_n : strlen(h->alpn);
        put8(o, (unsigned)n);
        put_n(o, h->alpn, n);
        put_n(o, "\x08http/1.1", 9);
        end_block(o, list, 2);
        break;
    }
    case 43:
        list = begin_block(o, 1);
        put_numbers(o, h->versions);
        end_block(o, list, 1);
        break;
    default:
        break;
    }
}

static void put_offered(struct bytes *o, const struct offered *h)
{
    o->n = 0;
    put16(o, h->version);
    put_fill(o, 32, 0x33);
    put8(o, 0);
    size_t list = begin_block(o, 2);
    put_numbers(o, h->ciphers);
    for (size_t i = 0; i < h->more_ciphers; i++)
        put16(o, 0x1234);
    end_block(o, list, 2);
    put16(o, 0x0100);
    if (!h->extensions)
        return;
    size_t all = begin_block(o, 2);
    for (const char *p = h->extensions; *p; p += strspn(p, ",")) {
        char *end;
        unsigned type = (unsigned)strtoul(p, &end, 16);
        p = end;
        size_t e = begin_extension(o, type);
        put_body(o, type, h);
        end_block(o, e, 2);
    }
    end_block(o, all, 2);
}

static bool print_of(const struct bytes *o, size_t n, char ja3[33], char ja4[JA4_TEXT])
{
    uint8_t digest[DIGEST_MD5], *copy = malloc(n ? n : 1);
    memcpy(copy, o->b, n);
    bool good = tls_fingerprint(NULL, span_of(copy, n), digest, ja4);
    for (unsigned i = 0; i < 2; i++) {          /* met before or not, the names are the same */
        static struct tls_fingerprints known;
        uint8_t digest2[DIGEST_MD5];
        char name[JA4_TEXT];
        assert_int_equal(tls_fingerprint(&known, span_of(copy, n), digest2, name), good);
        assert_true(!good || (strcmp(name, ja4) == 0 && memcmp(digest, digest2, sizeof digest) == 0));
    }
    free(copy);
    for (size_t i = 0; good && i < sizeof digest; i++)
        snprintf(ja3 + 2 * i, 3, "%02x", digest[i]);
    return good;
}

static const struct offered browser = {
    0x0303, "2a2a,1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035",
    "3a3a,001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015,baba",
    "dada,001d,0017,0018", "0403,0804,0401,0503,0805,0501,0806,0601", "0a0a,0304,0303", "h2", 0, NULL, 0,
};

static void the_published_examples(void **state)
{
    static const struct {
        struct offered offered;
        const char *ja3, *ja4;          /* NULL: not published */
    } cases[] = {
        { browser, NULL, "t13d1516h2_8daaf6152771_e5627efa2ab1" },
        { { 0x0301, "2f,35,5,a,c009,c00a,c013,c014,32,38,13,4", "0,a,b", "17,18,19", NULL, NULL, NULL, 0, NULL, 0 },
          "ada70206e40642a3e4461f35503241d5", NULL },
        { { 0x0301, "4,5,a,9,64,62,3,6,13,12,63", NULL, NULL, NULL, NULL, NULL, 0, NULL, 0 },
          "de350869b8c85de67a350c8d186f11e6", NULL },
        /* Without its signature algorithms, as the text of JA4 has it: only the last part is told. */
        { { 0x0303, "1301", "5,a,b,d,12,15,17,1b,23,2b,2d,33,4469,ff01", "1d", "", "304", NULL, 0, NULL, 0 },
          NULL, "t13i011400_0f2cb44170f4_6d807ffa2a79" },
    };
    static struct bytes o;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char ja3[33], ja4[JA4_TEXT];
        put_offered(&o, &cases[i].offered);
        assert_true(print_of(&o, o.n, ja3, ja4));
        if (cases[i].ja3)
            assert_string_equal(ja3, cases[i].ja3);
        if (cases[i].ja4)
            assert_string_equal(ja4, cases[i].ja4);
    }
}

static void first_part(const struct offered *h, const char *want)
{
    static struct bytes o;
    char ja3[33], ja4[JA4_TEXT];
    put_offered(&o, h);
    assert_true(print_of(&o, o.n, ja3, ja4));
    assert_int_equal(strlen(ja4), JA4_TEXT - 1);
    ja4[10] = 0;
    assert_string_equal(ja4, want);
}

static void the_first_part_of_ja4(void **state)
{
    static const struct {
        const char *alpn;
        size_t n;
        const char *want;
    } names[] = {
        { "imap", 0, "ip" }, { "h", 0, "hh" }, { "http/1.1", 0, "h1" }, { "\xab", 0, "ab" }, { "\xab\xcd", 0, "ad" },
        { "0\xab", 0, "3b" }, { "01\xab\xcd", 0, "3d" }, { "0\xab\xcd" "1", 0, "01" }, { "\0a", 2, "01" },
        { "", 0, "00" }, { "-x", 0, "28" },
    };
    struct offered h = { 0x0303, "1301", "10", NULL, NULL, NULL, NULL, 0, NULL, 0 };
    char want[16];
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        h.alpn = names[i].alpn;
        h.alpn_n = names[i].n;
        snprintf(want, sizeof want, "t12i0101%s", names[i].want);
        first_part(&h, want);
    }
    static const struct {
        unsigned legacy;
        const char *versions, *want;
    } versions[] = {
        { 0x0300, NULL, "s3" }, { 0x0301, NULL, "10" }, { 0x0302, NULL, "11" }, { 0x0303, NULL, "12" },
        { 0x0304, NULL, "13" }, { 0x0305, NULL, "00" }, { 0x0303, "0304,0303", "13" }, { 0x0303, "0302,0a0a", "11" },
        { 0x0303, "7f1c,0303", "00" }, { 0x0303, "fafa", "00" }, { 0x0301, "0303,0304", "13" },
    };
    h.extensions = "2b";
    for (size_t i = 0; i < COUNT(versions); i++) {
        h.version = versions[i].legacy;
        h.versions = versions[i].versions;
        h.extensions = h.versions ? "2b" : "17";
        snprintf(want, sizeof want, "t%si010100", versions[i].want);
        first_part(&h, want);
    }
    h = (struct offered){ .version = 0x0303, .ciphers = "1a1a", .extensions = "0,4a4a", .more_ciphers = 98 };
    first_part(&h, "t12d980100");
    h.more_ciphers = 300;
    first_part(&h, "t12d990100");
    h = (struct offered){ .version = 0x0303, .ciphers = "1a1a", .extensions = "" };
    first_part(&h, "t12i000000");
}

static void nothing_is_hashed_where_nothing_is(void **state)
{
    static struct bytes o;
    char ja3[33], ja4[JA4_TEXT];
    (void)state;
    put_offered(&o, &(struct offered){ .version = 0x0303, .ciphers = "2a2a", .extensions = "0,10,5a5a", .alpn = "pop3" });
    assert_true(print_of(&o, o.n, ja3, ja4));
    assert_string_equal(ja4, "t12d0002p3_000000000000_000000000000");
}

static void grease_changes_nothing(void **state)
{
    static struct bytes o;
    struct offered plain = browser;
    char ja3[2][33], ja4[2][JA4_TEXT];
    (void)state;
    put_offered(&o, &browser);
    assert_true(print_of(&o, o.n, ja3[0], ja4[0]));
    plain.ciphers = strchr(plain.ciphers, ',') + 1;
    plain.extensions = "001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015";
    plain.groups = strchr(plain.groups, ',') + 1;
    plain.versions = strchr(plain.versions, ',') + 1;
    put_offered(&o, &plain);
    assert_true(print_of(&o, o.n, ja3[1], ja4[1]));
    assert_string_equal(ja3[0], ja3[1]);
    assert_string_equal(ja4[0], ja4[1]);
}

static void what_is_not_whole_has_none(void **state)
{
    static struct bytes o;
    char ja3[33], ja4[JA4_TEXT] = "untouched";
    (void)state;
    put_offered(&o, &browser);
    size_t bare = 2 + 32 + 1 + 2 + 16 * 2 + 2;  /* here it might end, had it no extensions */
    for (size_t n = 0; n < o.n; n++)
        if (n != bare)
            assert_false(print_of(&o, n, ja3, ja4));
    assert_string_equal(ja4, "untouched");
    put8(&o, 0);
    assert_false(print_of(&o, o.n, ja3, ja4));
    put_offered(&o, &(struct offered){ .version = 0x0303, .ciphers = "1301", .extensions = "", .more_ciphers = 9000 });
    assert_false(print_of(&o, o.n, ja3, ja4));
    assert_string_equal(ja4, "untouched");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_examples),
        cmocka_unit_test(the_first_part_of_ja4),
        cmocka_unit_test(nothing_is_hashed_where_nothing_is),
        cmocka_unit_test(grease_changes_nothing),
        cmocka_unit_test(what_is_not_whole_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
