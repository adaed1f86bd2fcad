/* Borrowed bytes, and a reader over them that cannot run off the end. */
#ifndef MAILSEAL_BASE_BYTES_H
#define MAILSEAL_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A run of bytes that belongs to somebody else; not NUL-terminated, passed by value.
 * Whoever hands one out says how long it stays valid. */
struct span {
    const uint8_t *p;
    size_t n;
};

static inline struct span span_of(const void *p, size_t n)
{
    return (struct span){ p, n };
}

/* The rest of s behind its first n bytes; empty when s is shorter. */
static inline struct span span_skip(struct span s, size_t n)
{
    if (n > s.n)
        n = s.n;
    return (struct span){ s.n ? s.p + n : s.p, s.n - n };
}

static inline struct span span_first(struct span s, size_t n)
{
    return (struct span){ s.p, n < s.n ? n : s.n };
}

/* ASCII only, whatever the locale is: protocol words are. */
static inline uint8_t ascii_upper(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
}
static inline bool ascii_digit(uint8_t c) { return c >= '0' && c <= '9'; }

bool span_eq(struct span a, const char *text);                  /* bytes equal */
bool span_equal_nocase(struct span a, const char *text);         /* its slow half */
/* Most words that are looked up in a list differ in their first letter. */
static inline bool span_eq_nocase(struct span a, const char *text)
{
    return a.n ? !((a.p[0] ^ (uint8_t)text[0]) & 0xdf) && span_equal_nocase(a, text) : !*text;
}
bool span_starts(struct span a, const char *text);
bool span_starts_nocase(struct span a, const char *text);
/* Offset of the first occurrence of text in a, or -1. */
long span_find_nocase(struct span a, const char *text);
/* Cuts the next word off *rest: skips spaces and tabs before it, ends at the next one.
 * An empty span: no word left. */
struct span span_word(struct span *rest);

/* Forward-only reader for binary formats. The first short read makes it bad; from then on
 * every read gives zero and moves nothing, so a parser reads a whole structure and tests
 * `bad` once, at the end. */
struct cursor {
    struct span rest;
    bool bad;
};

static inline struct cursor cursor_of(struct span s)
{
    return (struct cursor){ s, false };
}

uint8_t get_u8(struct cursor *);
uint16_t get_u16(struct cursor *);          /* network byte order, as all of these */
uint32_t get_u24(struct cursor *);
uint32_t get_u32(struct cursor *);
struct span get_bytes(struct cursor *, size_t n);
/* A block with a length of len_bytes (1, 2 or 3) in front, as a cursor of its own. A block
 * longer than what is there gives what is there, readable, and makes the outer cursor bad. */
struct cursor get_block(struct cursor *, unsigned len_bytes);

/* Loads at any alignment. */
static inline uint16_t load_be16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }
static inline uint32_t load_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline uint32_t load_le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

#endif
