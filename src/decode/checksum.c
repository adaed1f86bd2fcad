/* The TCP checksum: RFC 9293 section 3.1, with the pseudo headers of IPv4 and of RFC 8200
 * section 8.1. Sums are of the bytes as they lie in memory; the order of the machine cancels
 * out (RFC 1071 section 2). */
#include "decode/layers.h"

static uint64_t sum_words(uint64_t sum, const uint8_t *p, size_t n)
{
    uint64_t two;
    uint32_t word;

    for (; n >= 8; p += 8, n -= 8) {
        memcpy(&two, p, 8);
        sum += (two & UINT32_MAX) + (two >> 32);
    }
    for (; n >= 4; p += 4, n -= 4) {
        memcpy(&word, p, 4);
        sum += word;
    }
    word = 0;
    if (n) {
        memcpy(&word, p, n);
        sum += word;
    }
    return sum;
}

static uint16_t folded(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

static uint64_t sum_pseudo_header(const struct segment *s, bool v4)
{
    size_t skip = v4 ? 12 : 0, n = s->tcp.n;
    uint8_t tail[8] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n,
                        0, 0, 0, IP_TCP };

    uint64_t sum = sum_words(0, s->src.addr + skip, 16 - skip);
    sum = sum_words(sum, s->dst.addr + skip, 16 - skip);
    return sum_words(sum, tail, sizeof tail);
}

/* Whether the packet has another destination yet to go to than its header says, and the sum is
 * over that one: a source route among the options (RFC 791 section 3.1). */
static bool v4_has_route(struct span ip)
{
    enum { END = 0, NOP = 1, LOOSE = 131, STRICT = 137 };
    size_t header = (ip.p[0] & 15) * 4u;

    for (size_t i = 20; i < header && ip.p[i] != END; ) {
        if (ip.p[i] == LOOSE || ip.p[i] == STRICT)
            return true;
        if (ip.p[i] == NOP)
            i++;
        else if (i + 1 < header && ip.p[i + 1] >= 2)
            i += ip.p[i + 1];
        else
            break;
    }
    return false;
}

/* The same of IPv6: a routing header with segments left. */
static bool v6_has_route(struct span ip, const uint8_t *tcp)
{
    uint8_t protocol = ip.p[6];

    for (const uint8_t *p = ip.p + 40; p < tcp; ) {
        if (protocol == IP_ROUTING && p[3])
            return true;
        size_t n = ip_extension_length(protocol, p);
        if (!n)
            break;
        protocol = p[0];
        p += n;
    }
    return false;
}

enum checksum segment_checksum(const struct segment *s)
{
    bool v4 = s->ip.p[0] >> 4 == 4;
    bool sized = load_be16(s->ip.p + (v4 ? 2 : 4)) != 0;
    uint16_t field;

    memcpy(&field, s->tcp.p + 16, 2);
    if (segment_is_cut(s) || !field || !sized)
        return CHECKSUM_UNKNOWN;
    if (v4 ? v4_has_route(s->ip) : v6_has_route(s->ip, s->tcp.p))
        return CHECKSUM_UNKNOWN;
    uint64_t pseudo = sum_pseudo_header(s, v4);
    if (folded(sum_words(pseudo, s->tcp.p, s->tcp.n)) == 0xffff)
        return CHECKSUM_RIGHT;
    /* The sender's kernel left the rest of the sum to its network card. */
    return field == folded(pseudo) ? CHECKSUM_UNKNOWN : CHECKSUM_WRONG;
}
