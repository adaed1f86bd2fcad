#include "base/bytes.h"

bool span_eq(struct span a, const char *text)
{
    return a.n == strlen(text) && memcmp(a.p, text, a.n) == 0;
}

bool span_equal_nocase(struct span a, const char *text)
{
    size_t i;
    for (i = 0; i < a.n; i++)
        if (!text[i] || ascii_upper(a.p[i]) != ascii_upper((uint8_t)text[i]))
            return false;
    return !text[i];
}

bool span_starts(struct span a, const char *text)
{
    size_t n = strlen(text);
    return a.n >= n && memcmp(a.p, text, n) == 0;
}

bool span_starts_nocase(struct span a, const char *text)
{
    size_t i;
    for (i = 0; text[i]; i++)
        if (i >= a.n || ascii_upper(a.p[i]) != ascii_upper((uint8_t)text[i]))
            return false;
    return true;
}

long span_find_nocase(struct span a, const char *text)
{
    for (size_t i = 0; i < a.n; i++)
        if (span_starts_nocase(span_skip(a, i), text))
            return (long)i;
    return -1;
}

static bool is_blank(uint8_t c) { return c == ' ' || c == '\t'; }

struct span span_word(struct span *rest)
{
    size_t n = 0;
    while (rest->n && is_blank(rest->p[0]))
        *rest = span_skip(*rest, 1);
    while (n < rest->n && !is_blank(rest->p[n]))
        n++;
    struct span word = span_first(*rest, n);
    *rest = span_skip(*rest, n);
    return word;
}

struct span get_bytes(struct cursor *c, size_t n)
{
    if (c->bad || c->rest.n < n) {
        c->bad = true;
        return (struct span){ c->rest.p, 0 };
    }
    struct span s = span_first(c->rest, n);
    c->rest = span_skip(c->rest, n);
    return s;
}

uint8_t get_u8(struct cursor *c)
{
    struct span s = get_bytes(c, 1);
    return s.n ? s.p[0] : 0;
}

uint16_t get_u16(struct cursor *c)
{
    struct span s = get_bytes(c, 2);
    return s.n ? load_be16(s.p) : 0;
}

uint32_t get_u24(struct cursor *c)
{
    struct span s = get_bytes(c, 3);
    return s.n ? (uint32_t)s.p[0] << 16 | load_be16(s.p + 1) : 0;
}

uint32_t get_u32(struct cursor *c)
{
    struct span s = get_bytes(c, 4);
    return s.n ? load_be32(s.p) : 0;
}

struct cursor get_block(struct cursor *c, unsigned len_bytes)
{
    size_t n = len_bytes == 1 ? get_u8(c) : len_bytes == 2 ? get_u16(c) : get_u24(c);
    if (c->bad)
        return (struct cursor){ { c->rest.p, 0 }, true };
    bool short_block = c->rest.n < n;
    struct cursor inner = { span_first(c->rest, n), false };
    c->rest = span_skip(c->rest, n);
    c->bad = short_block;
    return inner;
}
