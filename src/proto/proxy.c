#include "proto/proxy.h"

enum { SIGNATURE = 12, FIXED = 16, LOCAL = 0x20, PROXY = 0x21, TCP_OVER_V4 = 0x11, TCP_OVER_V6 = 0x21 };

static const uint8_t signature[SIGNATURE] = { '\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n' };

/* --- version 1: a line --- */

/* The next word of a line with single spaces. */
static struct span next_word(struct span *rest)
{
    const uint8_t *space = rest->n ? memchr(rest->p, ' ', rest->n) : NULL;
    struct span word = space ? span_first(*rest, (size_t)(space - rest->p)) : *rest;
    *rest = span_skip(*rest, word.n + (space != NULL));
    return word;
}

static bool take_address(struct span *rest, bool v6, uint8_t addr[16])
{
    struct span word = next_word(rest);
    char text[ADDRESS_TEXT];
    struct network n;

    if (word.n >= sizeof text || memchr(word.p, 0, word.n) || memchr(word.p, '/', word.n))
        return false;
    memcpy(text, word.p, word.n);
    text[word.n] = 0;
    if (!network_parse(text, &n) || (strchr(text, ':') != NULL) != v6)
        return false;
    memcpy(addr, n.addr, sizeof n.addr);
    return true;
}

/* No leading zeroes. */
static bool take_port(struct span *rest, uint16_t *port)
{
    struct span word = next_word(rest);
    uint32_t n = 0;

    if (!word.n || word.n > 5 || (word.n > 1 && word.p[0] == '0'))
        return false;
    for (size_t i = 0; i < word.n; i++) {
        if (!ascii_digit(word.p[i]))
            return false;
        n = n * 10 + (word.p[i] - '0');
    }
    *port = (uint16_t)n;
    return n <= 65535;
}

static bool take_ends(struct span rest, bool v6, struct proxy_header *out)
{
    if (!rest.n || rest.p[rest.n - 1] == ' ')
        return false;
    out->addresses = true;
    return take_address(&rest, v6, out->source.addr) && take_address(&rest, v6, out->destination.addr) &&
           take_port(&rest, &out->source.port) && take_port(&rest, &out->destination.port) && !rest.n;
}

/* Whether one begins with the other. */
static bool agrees(struct span in, const char *text)
{
    size_t n = strlen(text);
    return memcmp(in.p, text, in.n < n ? in.n : n) == 0;
}

static long parse_line(struct span in, struct proxy_header *out)
{
    static const char v4[] = "PROXY TCP4 ", v6[] = "PROXY TCP6 ", unknown[] = "PROXY UNKNOWN";
    struct span line;

    if (!agrees(in, v4) && !agrees(in, v6) && !agrees(in, unknown))
        return PARSE_BAD;
    long used = line_parse(span_first(in, PROXY_LINE_MAX), &line);
    if (used == PARSE_MORE)
        return in.n < PROXY_LINE_MAX ? PARSE_MORE : PARSE_BAD;
    if (line.n + 2 != (size_t)used)         /* no CR */
        return PARSE_BAD;
    if (span_starts(line, v4))
        return take_ends(span_skip(line, strlen(v4)), false, out) ? used : PARSE_BAD;
    if (span_starts(line, v6))
        return take_ends(span_skip(line, strlen(v6)), true, out) ? used : PARSE_BAD;
    bool whole = span_starts(line, unknown) && (line.n == strlen(unknown) || line.p[strlen(unknown)] == ' ');
    return whole ? used : PARSE_BAD;
}

/* --- version 2: binary --- */

static void take_v4(struct cursor *c, uint8_t addr[16])
{
    struct span bytes = get_bytes(c, 4);
    memset(addr, 0, 10);
    memset(addr + 10, 0xff, 2);
    memcpy(addr + 12, bytes.p, bytes.n);
}

static void take_v6(struct cursor *c, uint8_t addr[16])
{
    struct span bytes = get_bytes(c, 16);
    memcpy(addr, bytes.p, bytes.n);
}

/* Bytes of the addresses of a family: none (0), IPv4, IPv6, Unix. */
static size_t length_of(uint8_t family)
{
    static const uint8_t length[] = { 0, 12, 36, 216 };
    return length[family >> 4];
}

static bool is_known(uint8_t command, uint8_t family)
{
    return command == LOCAL || (command == PROXY && family >> 4 <= 3 && (family & 15) <= 2);
}

static long parse_binary(struct span in, struct proxy_header *out)
{
    if (memcmp(in.p, signature, in.n < SIGNATURE ? in.n : SIGNATURE) != 0)
        return PARSE_BAD;
    if (in.n > SIGNATURE && in.p[SIGNATURE] != LOCAL && in.p[SIGNATURE] != PROXY)
        return PARSE_BAD;
    if (in.n < FIXED)
        return PARSE_MORE;
    uint8_t command = in.p[SIGNATURE], family = in.p[SIGNATURE + 1];
    size_t length = load_be16(in.p + SIGNATURE + 2);
    if (!is_known(command, family) || (command == PROXY && length < length_of(family)))
        return PARSE_BAD;
    out->rest = (uint32_t)length;
    if (command == LOCAL || (family != TCP_OVER_V4 && family != TCP_OVER_V6))
        return FIXED;
    if (in.n < FIXED + length_of(family))
        return PARSE_MORE;
    struct cursor c = cursor_of(span_skip(in, FIXED));
    void (*take)(struct cursor *, uint8_t[16]) = family == TCP_OVER_V4 ? take_v4 : take_v6;
    take(&c, out->source.addr);
    take(&c, out->destination.addr);
    out->source.port = get_u16(&c);
    out->destination.port = get_u16(&c);
    out->addresses = true;
    out->rest -= (uint32_t)length_of(family);
    return (long)(FIXED + length_of(family));
}

long proxy_parse(struct span in, struct proxy_header *out)
{
    memset(out, 0, sizeof *out);
    if (!in.n)
        return PARSE_MORE;
    return in.p[0] == 'P' ? parse_line(in, out) : parse_binary(in, out);
}

bool proxy_could_begin(struct span in)
{
    struct proxy_header ignored;
    return in.n >= PROXY_SURE && proxy_parse(in, &ignored) != PARSE_BAD;
}
