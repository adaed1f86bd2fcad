#include "proto/tls_fingerprint.h"

#include "proto/tls.h"

#include <stdlib.h>

enum { LIST_MOST = 512, TEXT_MOST = 8192 };
enum { EXT_SERVER_NAME = 0, EXT_GROUPS = 10, EXT_POINT_FORMATS = 11, EXT_SIGNATURES = 13, EXT_ALPN = 16,
       EXT_VERSIONS = 43 };

struct numbers {
    size_t n;
    bool overrun;
    uint16_t v[LIST_MOST];
};

/* What of a hello goes into the two names; GREASE is left out. */
struct offer {
    uint16_t legacy, version;           /* version: highest of supported_versions, else legacy */
    bool sni;
    struct span alpn;                   /* the first name */
    struct span formats;
    struct numbers ciphers, extensions, groups, signatures;
};

/* --- what the hello offers --- */

static void add_number(struct numbers *list, uint16_t v)
{
    if (tls_is_grease(v))
        return;
    if (list->n < LIST_MOST)
        list->v[list->n++] = v;
    else
        list->overrun = true;
}

static void take_numbers(struct numbers *list, struct cursor c)
{
    list->n = 0;
    while (c.rest.n >= 2)
        add_number(list, get_u16(&c));
}

static uint16_t highest(struct cursor c)
{
    uint16_t most = 0;
    while (c.rest.n >= 2) {
        uint16_t v = get_u16(&c);
        most = v > most && !tls_is_grease(v) ? v : most;
    }
    return most;
}

static void take_extension(struct offer *o, uint16_t type, struct cursor body)
{
    add_number(&o->extensions, type);
    switch (type) {
    case EXT_SERVER_NAME:
        o->sni = true;
        break;
    case EXT_GROUPS:
        take_numbers(&o->groups, get_block(&body, 2));
        break;
    case EXT_POINT_FORMATS:
        o->formats = get_block(&body, 1).rest;
        break;
    case EXT_SIGNATURES:
        take_numbers(&o->signatures, get_block(&body, 2));
        break;
    case EXT_ALPN: {
        struct cursor list = get_block(&body, 2);
        o->alpn = get_block(&list, 1).rest;
        break;
    }
    case EXT_VERSIONS:
        o->version = highest(get_block(&body, 1));
        break;
    default:
        break;
    }
}

/* RFC 8446 section 4.1.2. False: something is missing or left over. */
static bool read_offer(struct span hello, struct offer *o)
{
    struct cursor c = cursor_of(hello);

    o->legacy = o->version = get_u16(&c);
    o->sni = false;
    o->alpn = o->formats = (struct span){ NULL, 0 };
    struct numbers *lists[] = { &o->ciphers, &o->extensions, &o->groups, &o->signatures };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        lists[i]->n = 0;
        lists[i]->overrun = false;
    }
    get_bytes(&c, 32);                  /* random */
    get_block(&c, 1);                   /* session_id */
    take_numbers(&o->ciphers, get_block(&c, 2));
    get_block(&c, 1);                   /* compression_methods */
    if (c.bad || !c.rest.n)             /* SSLv3 and old clients have no extensions */
        return !c.bad;
    struct cursor all = get_block(&c, 2);
    while (all.rest.n && !all.bad) {
        uint16_t type = get_u16(&all);
        struct cursor body = get_block(&all, 2);
        if (!all.bad)
            take_extension(o, type, body);
    }
    bool overrun = o->ciphers.overrun || o->extensions.overrun || o->groups.overrun || o->signatures.overrun;
    return !c.bad && !all.bad && !c.rest.n && !overrun;
}

/* --- texts --- */

struct text {
    char *c;                            /* room for TEXT_MOST; not NUL-terminated */
    size_t n;
    bool overrun;
};

static void put(struct text *t, char c)
{
    if (t->n < TEXT_MOST)
        t->c[t->n++] = c;
    else
        t->overrun = true;
}

static void put_decimal(struct text *t, unsigned v)
{
    if (v >= 10)
        put_decimal(t, v / 10);
    put(t, (char)('0' + v % 10));
}

static char hex_digit(unsigned v) { return "0123456789abcdef"[v & 15]; }

static void put_decimals(struct text *t, const struct numbers *list)
{
    put(t, ',');
    for (size_t i = 0; i < list->n; i++) {
        if (i)
            put(t, '-');
        put_decimal(t, list->v[i]);
    }
}

static void put_hexes(struct text *t, const struct numbers *list)
{
    for (size_t i = 0; i < list->n; i++) {
        if (i)
            put(t, ',');
        for (int shift = 12; shift >= 0; shift -= 4)
            put(t, hex_digit((unsigned)list->v[i] >> shift));
    }
}

/* --- JA3 --- */

static bool make_ja3(const struct offer *o, struct text *t, uint8_t out[DIGEST_MD5])
{
    t->n = 0;
    put_decimal(t, o->legacy);
    put_decimals(t, &o->ciphers);
    put_decimals(t, &o->extensions);
    put_decimals(t, &o->groups);
    put(t, ',');
    for (size_t i = 0; i < o->formats.n; i++) {
        if (i)
            put(t, '-');
        put_decimal(t, o->formats.p[i]);
    }
    return !t->overrun && digest_md5(span_of(t->c, t->n), out);
}

/* --- JA4 --- */

static const char *version_text(uint16_t version)
{
    switch (version) {
    case TLS_1_3: return "13";
    case TLS_1_2: return "12";
    case TLS_1_1: return "11";
    case TLS_1_0: return "10";
    case SSL_3:   return "s3";
    case SSL_2:   return "s2";
    default:      return "00";
    }
}

static bool is_alphanumeric(uint8_t c)
{
    uint8_t upper = ascii_upper(c);
    return (upper >= 'A' && upper <= 'Z') || ascii_digit(c);
}

/* First and last character of the first name, or of its bytes in hexadecimal. */
static void put_alpn(struct text *t, struct span name)
{
    if (!name.n) {
        put(t, '0');
        put(t, '0');
        return;
    }
    uint8_t first = name.p[0], last = name.p[name.n - 1];
    bool plain = is_alphanumeric(first) && is_alphanumeric(last);
    put(t, plain ? (char)first : hex_digit(first >> 4));
    put(t, plain ? (char)last : hex_digit(last));
}

static void put_count(struct text *t, size_t n)
{
    n = n < 99 ? n : 99;
    put(t, (char)('0' + n / 10));
    put(t, (char)('0' + n % 10));
}

static int compare(const void *a, const void *b)
{
    return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

static void sort(struct numbers *list) { qsort(list->v, list->n, sizeof *list->v, compare); }

/* The list without SNI and ALPN: they stand in the first part. */
static void drop_named(struct numbers *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i++)
        if (list->v[i] != EXT_SERVER_NAME && list->v[i] != EXT_ALPN)
            list->v[kept++] = list->v[i];
    list->n = kept;
}

/* "_" and the first 12 digits of a text's SHA-256, or zeroes where there is nothing to hash. */
static void put_hash(struct text *t, const struct text *of)
{
    struct span part = span_of(of->c, of->n);
    uint8_t digest[DIGEST_SHA256] = { 0 };

    if (of->n)
        digest_sha256(&part, 1, digest);
    put(t, '_');
    for (size_t i = 0; i < 6; i++) {
        put(t, hex_digit(digest[i] >> 4));
        put(t, hex_digit(digest[i]));
    }
}

/* Its lists are sorted on the way. Two of them fit into a text: 5 characters a number. */
static void make_ja4(struct offer *o, struct text *t, char out[JA4_TEXT])
{
    struct text name = { .c = out };
    const char *version = version_text(o->version);

    put(&name, 't');                    /* TLS over TCP */
    put(&name, version[0]);
    put(&name, version[1]);
    put(&name, o->sni ? 'd' : 'i');
    put_count(&name, o->ciphers.n);
    put_count(&name, o->extensions.n);
    put_alpn(&name, o->alpn);

    sort(&o->ciphers);
    t->n = 0;
    put_hexes(t, &o->ciphers);
    put_hash(&name, t);

    drop_named(&o->extensions);
    sort(&o->extensions);
    t->n = 0;
    put_hexes(t, &o->extensions);
    if (o->extensions.n && o->signatures.n) {
        put(t, '_');
        put_hexes(t, &o->signatures);
    }
    put_hash(&name, t);
    out[name.n] = 0;
}

/* --- offers met before --- */

static size_t put_numbers(uint16_t *out, const struct numbers *list)
{
    out[0] = (uint16_t)list->n;
    memcpy(out + 1, list->v, list->n * sizeof *list->v);
    return list->n + 1;
}

/* All that the two names are made of. Lists come with their lengths, so two offers never look alike. */
static uint64_t hash_of(const struct hash_key *key, const struct offer *o)
{
    uint16_t all[5 + 4 * (LIST_MOST + 1) + 128];
    size_t n = 0;

    all[n++] = o->legacy;
    all[n++] = o->version;
    all[n++] = o->sni;
    all[n++] = (uint16_t)(o->alpn.n ? o->alpn.p[0] << 8 | o->alpn.p[o->alpn.n - 1] : 0);
    all[n++] = (uint16_t)(o->formats.n << 1 | (o->alpn.n > 0));
    n += put_numbers(all + n, &o->ciphers);
    n += put_numbers(all + n, &o->extensions);
    n += put_numbers(all + n, &o->groups);
    n += put_numbers(all + n, &o->signatures);
    if (o->formats.n)
        memcpy(all + n, o->formats.p, o->formats.n);
    uint64_t hash = hash_bytes(key, all, n * sizeof *all + o->formats.n);
    return hash ? hash : 1;
}

static bool make(struct offer *o, uint8_t ja3[DIGEST_MD5], char ja4[JA4_TEXT])
{
    char room[TEXT_MOST];
    struct text t = { .c = room };

    if (!make_ja3(o, &t, ja3))
        return false;
    make_ja4(o, &t, ja4);
    return true;
}

bool tls_fingerprint(struct tls_fingerprints *known, struct span hello, uint8_t ja3[DIGEST_MD5],
                     char ja4[JA4_TEXT])
{
    struct offer o;

    if (!read_offer(hello, &o))
        return false;
    if (!known)
        return make(&o, ja3, ja4);
    uint64_t offer = hash_of(&known->key, &o);
    size_t i = offer % FINGERPRINT_PLACES;
    if (known->place[i].offer != offer) {
        if (!make(&o, ja3, ja4))
            return false;
        known->place[i].offer = offer;
        memcpy(known->place[i].ja3, ja3, DIGEST_MD5);
        memcpy(known->place[i].ja4, ja4, JA4_TEXT);
    } else {
        memcpy(ja3, known->place[i].ja3, DIGEST_MD5);
        memcpy(ja4, known->place[i].ja4, JA4_TEXT);
    }
    return true;
}
