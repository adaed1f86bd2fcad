#include "proto/tls.h"

#include "facts/names.h"

enum extension {
    EXT_SERVER_NAME = 0, EXT_SUPPORTED_GROUPS = 10, EXT_ALPN = 16, EXT_PRE_SHARED_KEY = 41, EXT_EARLY_DATA = 42,
    EXT_SUPPORTED_VERSIONS = 43, EXT_KEY_SHARE = 51
};

/* Drafts of TLS 1.3 called themselves 0x7fNN. */
static uint16_t version_of(uint16_t v) { return v >> 8 == 0x7f ? TLS_1_3 : v; }

static uint16_t highest_version(struct cursor list)
{
    uint16_t highest = 0;
    while (list.rest.n >= 2) {
        uint16_t v = get_u16(&list);
        if (tls_is_grease(v))
            continue;
        v = version_of(v);
        if (v >= SSL_3 && v <= TLS_1_3 && v > highest)
            highest = v;
    }
    return highest;
}

/* ServerNameList: only host_name, and only one (RFC 6066 section 3). */
static struct span server_name(struct cursor body)
{
    struct cursor list = get_block(&body, 2);
    uint8_t type = get_u8(&list);
    struct cursor name = get_block(&list, 2);
    return type == 0 && !list.bad && !body.bad ? name.rest : (struct span){ NULL, 0 };
}

static bool offers_pq(struct cursor body)
{
    struct cursor list = get_block(&body, 2);
    while (list.rest.n >= 2)
        if (tls_group_is_pq(get_u16(&list)))
            return true;
    return false;
}

static void client_extension(uint16_t type, struct cursor body, struct tls_client_hello *out)
{
    uint16_t highest;
    switch (type) {
    case EXT_SERVER_NAME:
        out->sni = server_name(body);
        break;
    case EXT_SUPPORTED_GROUPS:
        out->pq_group = offers_pq(body);
        break;
    case EXT_ALPN: {
        struct cursor list = get_block(&body, 2);
        out->alpn = list.rest;
        break;
    }
    case EXT_EARLY_DATA:
        out->early_data = true;
        break;
    case EXT_SUPPORTED_VERSIONS:
        if ((highest = highest_version(get_block(&body, 1)))) {
            out->max_version = highest;
            out->versions = true;
        }
        break;
    default:                            /* thousands are registered */
        break;
    }
}

bool tls_client_hello_parse(struct span message, struct tls_client_hello *out)
{
    struct cursor c = cursor_of(message);
    *out = (struct tls_client_hello){ .max_version = get_u16(&c) };
    if (c.bad || out->max_version < SSL_2 || out->max_version >> 8 > 3)
        return false;
    if (out->max_version > TLS_1_2)     /* legacy_version must not say more (RFC 8446 4.1.2) */
        out->max_version = TLS_1_2;
    get_bytes(&c, 32);
    out->session_id = get_block(&c, 1).rest;
    get_block(&c, 2);
    get_block(&c, 1);
    out->whole = !c.bad;
    if (c.bad || !c.rest.n)
        return true;
    struct cursor extensions = get_block(&c, 2);
    while (extensions.rest.n >= 4) {
        uint16_t type = get_u16(&extensions);
        client_extension(type, get_block(&extensions, 2), out);
    }
    out->whole = !c.bad && !extensions.bad;
    return true;
}

bool tls_v2_hello_parse(struct span record, struct tls_client_hello *out)
{
    *out = (struct tls_client_hello){ .max_version = record.n >= 5 ? load_be16(record.p + 3) : 0, .whole = true };
    return out->max_version != 0;
}

static const uint8_t retry_random[32] = {       /* SHA-256 of "HelloRetryRequest", RFC 8446 4.1.3 */
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

static uint16_t sentinel_of(struct span random)
{
    if (random.n != 32 || memcmp(random.p + 24, "DOWNGRD", 7) != 0)
        return 0;
    return random.p[31] == 1 ? TLS_1_3 : random.p[31] == 0 ? TLS_1_2 : 0;
}

static void server_extension(uint16_t type, struct cursor body, struct tls_server_hello *out)
{
    switch (type) {
    case EXT_SUPPORTED_VERSIONS:
        out->version = version_of(get_u16(&body));
        break;
    case EXT_KEY_SHARE:
        out->group = get_u16(&body);
        break;
    case EXT_PRE_SHARED_KEY:
        out->psk = true;
        break;
    case EXT_ALPN: {
        struct cursor list = get_block(&body, 2), name = get_block(&list, 1);
        if (!list.bad)
            out->alpn = name.rest;
        break;
    }
    default:
        break;
    }
}

bool tls_server_hello_parse(struct span message, struct tls_server_hello *out)
{
    struct cursor c = cursor_of(message);
    *out = (struct tls_server_hello){ .version = get_u16(&c) };
    if (c.bad || (out->version >> 8 != 3 && out->version >> 8 != 0x7f))
        return false;
    out->version = version_of(out->version);
    struct span random = get_bytes(&c, 32);
    out->retry = random.n == 32 && memcmp(random.p, retry_random, 32) == 0;
    out->sentinel = sentinel_of(random);
    out->session_id = get_block(&c, 1).rest;
    out->cipher = get_u16(&c);
    get_u8(&c);
    out->whole = !c.bad;
    if (c.bad || !c.rest.n)
        return true;
    struct cursor extensions = get_block(&c, 2);
    while (extensions.rest.n >= 4) {
        uint16_t type = get_u16(&extensions);
        server_extension(type, get_block(&extensions, 2), out);
    }
    out->whole = !c.bad && !extensions.bad;
    return true;
}

struct span tls_leaf(struct span body, uint32_t len)
{
    struct cursor c = cursor_of(body);
    uint32_t list = get_u24(&c);
    struct cursor leaf = get_block(&c, 3);
    return c.bad || list + 3 != len || leaf.rest.n + 3 > list ? (struct span){ NULL, 0 } : leaf.rest;
}

uint32_t tls_leaf_end(struct span body, uint32_t len)
{
    struct cursor c = cursor_of(body);
    get_u24(&c);
    uint32_t leaf = get_u24(&c);
    return c.bad || leaf + 6 > len ? len : leaf + 6;
}

/* SERVER-HELLO: type, session id hit, certificate type (1: X.509), version, the lengths of
 * certificate, cipher specs and connection id, then these (draft-hickman-netscape-ssl-00). */
struct span ssl2_certificate(struct span record)
{
    struct cursor c = cursor_of(record);
    get_u16(&c);
    uint8_t type = get_u8(&c);
    get_u16(&c);
    uint16_t n = get_u16(&c);
    get_u32(&c);
    struct span certificate = get_bytes(&c, n);
    return c.bad || type != 1 ? (struct span){ NULL, 0 } : certificate;
}

uint16_t tls_named_curve(struct span body)
{
    struct cursor c = cursor_of(body);
    uint8_t curve_type = get_u8(&c);
    uint16_t curve = get_u16(&c);
    return !c.bad && curve_type == 3 ? curve : 0;
}

bool tls_next_name(struct span *list, struct span *name)
{
    struct cursor c = cursor_of(*list);
    struct cursor item = get_block(&c, 1);
    if (c.bad)
        return false;
    *name = item.rest;
    *list = c.rest;
    return true;
}

bool tls_sni_valid(struct span name)
{
    if (!name.n || name.n > 253)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        uint8_t c = ascii_upper(name.p[i]);
        if (!(c >= 'A' && c <= 'Z') && !ascii_digit(c) && c != '.' && c != '-' && c != '_' && c != ':')
            return false;
    }
    return true;
}
