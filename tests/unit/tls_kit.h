/* TLS records and hellos by hand. */
#ifndef MAILSEAL_TESTS_TLS_KIT_H
#define MAILSEAL_TESTS_TLS_KIT_H

#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

struct bytes {
    uint8_t b[40000];
    size_t n;
};

static inline void put8(struct bytes *o, unsigned v) { o->b[o->n++] = (uint8_t)v; }
static inline void put16(struct bytes *o, unsigned v) { put8(o, v >> 8); put8(o, v); }
static inline void put_n(struct bytes *o, const void *p, size_t n)
{
    memcpy(o->b + o->n, p, n);
    o->n += n;
}
static inline void put_fill(struct bytes *o, size_t n, unsigned v)
{
    memset(o->b + o->n, (int)v, n);
    o->n += n;
}

/* A block with its length in front: begin it, write it, end it. */
static inline size_t begin_block(struct bytes *o, unsigned len_bytes)
{
    put_fill(o, len_bytes, 0);
    return o->n;
}
static inline void end_block(struct bytes *o, size_t begun, unsigned len_bytes)
{
    size_t n = o->n - begun;
    for (unsigned i = 0; i < len_bytes; i++)
        o->b[begun - len_bytes + i] = (uint8_t)(n >> 8 * (len_bytes - 1 - i));
}

/* --- extensions; zero or NULL: left out --- */

struct hello {
    unsigned legacy;                    /* legacy_version; 0: 0x0303 */
    const char *random;                 /* 32 bytes; NULL: 0x33 each */
    size_t session_id;                  /* its length */
    const char *sni, *alpn;             /* alpn: names joined by blanks */
    uint16_t versions[6], groups[6];    /* lists, up to the first 0 */
    uint16_t version;                   /* server: supported_versions */
    uint16_t cipher, group;             /* server: suite; key_share */
    bool early_data, psk, no_extensions;
    size_t padding;                     /* RFC 7685 */
};

static inline size_t begin_extension(struct bytes *o, unsigned type)
{
    put16(o, type);
    return begin_block(o, 2);
}
static inline void empty_extension(struct bytes *o, unsigned type)
{
    end_block(o, begin_extension(o, type), 2);
}

static inline void alpn_extension(struct bytes *o, const char *names)
{
    size_t e = begin_extension(o, 16), list = begin_block(o, 2);
    while (*names) {
        size_t n = strcspn(names, " ");
        put8(o, (unsigned)n);
        put_n(o, names, n);
        names += n + (names[n] == ' ');
    }
    end_block(o, list, 2);
    end_block(o, e, 2);
}

static inline void hello_front(struct bytes *o, const struct hello *h)
{
    put16(o, h->legacy ? h->legacy : 0x0303);
    if (h->random)
        put_n(o, h->random, 32);
    else
        put_fill(o, 32, 0x33);
    put8(o, (unsigned)h->session_id);
    put_fill(o, h->session_id, 0x5e);
}

/* The message behind its four bytes of header. */
static inline void client_hello(struct bytes *o, const struct hello *h)
{
    hello_front(o, h);
    put16(o, 6);
    put16(o, 0x1a1a);                   /* GREASE */
    put16(o, 0x1301);
    put16(o, 0xc02f);
    put8(o, 1);
    put8(o, 0);
    if (h->no_extensions)
        return;
    size_t all = begin_block(o, 2), e, list;
    empty_extension(o, 0x2a2a);         /* GREASE */
    if (h->sni) {
        e = begin_extension(o, 0);
        list = begin_block(o, 2);
        put8(o, 0);
        put16(o, (unsigned)strlen(h->sni));
        put_n(o, h->sni, strlen(h->sni));
        end_block(o, list, 2);
        end_block(o, e, 2);
    }
    if (h->groups[0]) {
        e = begin_extension(o, 10);
        list = begin_block(o, 2);
        for (size_t i = 0; i < 6 && h->groups[i]; i++)
            put16(o, h->groups[i]);
        end_block(o, list, 2);
        end_block(o, e, 2);
    }
    if (h->alpn)
        alpn_extension(o, h->alpn);
    if (h->early_data)
        empty_extension(o, 42);
    if (h->versions[0]) {
        e = begin_extension(o, 43);
        list = begin_block(o, 1);
        for (size_t i = 0; i < 6 && h->versions[i]; i++)
            put16(o, h->versions[i]);
        end_block(o, list, 1);
        end_block(o, e, 2);
    }
    if (h->padding) {
        e = begin_extension(o, 21);
        put_fill(o, h->padding, 0);
        end_block(o, e, 2);
    }
    end_block(o, all, 2);
}

static inline void server_hello(struct bytes *o, const struct hello *h)
{
    size_t e;
    hello_front(o, h);
    put16(o, h->cipher ? h->cipher : 0x1301);
    put8(o, 0);
    if (h->no_extensions)
        return;
    size_t all = begin_block(o, 2);
    if (h->version) {
        e = begin_extension(o, 43);
        put16(o, h->version);
        end_block(o, e, 2);
    }
    if (h->group) {
        e = begin_extension(o, 51);
        put16(o, h->group);
        put16(o, 32);
        put_fill(o, 32, 0x11);
        end_block(o, e, 2);
    }
    if (h->psk) {
        e = begin_extension(o, 41);
        put16(o, 0);
        end_block(o, e, 2);
    }
    if (h->alpn)
        alpn_extension(o, h->alpn);
    end_block(o, all, 2);
}

/* A handshake message: its header and what `body` holds. */
static inline void message(struct bytes *o, unsigned type, const struct bytes *body)
{
    put8(o, type);
    put8(o, (unsigned)(body->n >> 16));
    put16(o, (unsigned)(body->n & 0xffff));
    put_n(o, body->b, body->n);
}

/* A record, or several of at most `most` bytes each. */
static inline void records(struct bytes *o, unsigned type, unsigned version, const void *p, size_t n,
    size_t most)
{
    const uint8_t *from = p;
    do {
        size_t part = n < most ? n : most;
        put8(o, type);
        put16(o, version);
        put16(o, (unsigned)part);
        put_n(o, from, part);
        from += part;
        n -= part;
    } while (n);
}

static inline void filled_record(struct bytes *o, unsigned type, size_t n)
{
    put8(o, type);
    put16(o, 0x0303);
    put16(o, (unsigned)n);
    put_fill(o, n, 0xee);
}

static const char downgrade_12[] = "333333333333333333333333DOWNGRD\x01";
static const char downgrade_11[] = "333333333333333333333333DOWNGRD";     /* and its NUL */
static const char retry_random[] =
    "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
    "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c";

#endif
