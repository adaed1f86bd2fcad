/* IPv4 (RFC 791) and IPv6 (RFC 8200), up to the header of the protocol they carry. */
#include "decode/layers.h"

enum { IPV4_HEADER = 20, IPV6_HEADER = 40 };

static void put_v4(uint8_t addr[16], const uint8_t *p)
{
    memset(addr, 0, 10);
    addr[10] = addr[11] = 0xff;
    memcpy(addr + 12, p, 4);
}

enum layer ip_any(struct walk *w)
{
    if (w->rest.n < 1)
        return walk_short(w, 1);
    switch (w->rest.p[0] >> 4) {
    case 4:
        return LAYER_IPV4;
    case 6:
        return LAYER_IPV6;
    default:
        return walk_stop(w, DECODE_NOT_IP);
    }
}

/* Whether a TCP segment may be in what carries this protocol number. */
static bool may_hold_tcp(uint8_t protocol)
{
    static const uint8_t none[2];
    return protocol == IP_TCP || protocol == IP_UDP || protocol == IP_IPV4 || protocol == IP_IPV6 ||
           protocol == IP_GRE || protocol == IP_MPLS || ip_extension_length(protocol, none);
}

/* The rest is the fragment's data, and all of it from IP's header on is seg->ip. */
static enum layer fragment(struct walk *w, struct fragment f)
{
    f.data = w->rest;
    f.len = (uint32_t)w->wire;
    if (!w->wire || f.offset + w->wire > 65535 || (f.more && w->wire % 8))
        return walk_stop(w, DECODE_MALFORMED);
    bool named = f.offset == 0 || !f.next_at;
    bool udp = f.offset == 0 && f.protocol == IP_UDP && f.data.n >= 4;
    if ((named && !may_hold_tcp(f.protocol)) || (udp && !tunnel_has_port(f.data.p)))
        return walk_stop(w, DECODE_NOT_TCP);
    w->seg->fragment = f;
    return walk_stop(w, DECODE_FRAGMENT);
}

/* RFC 791 section 3.1. A total length of 0 comes from segmentation offload: the packet was
 * captured before the network card cut it up, and its length is the frame's. */
enum layer ip_v4(struct walk *w)
{
    const uint8_t *p = w->rest.p;

    if (w->rest.n < IPV4_HEADER)
        return walk_short(w, IPV4_HEADER);
    size_t header = (p[0] & 15) * 4u, total = load_be16(p + 2);
    if (p[0] >> 4 != 4 || header < IPV4_HEADER || (total && total < header))
        return walk_stop(w, DECODE_MALFORMED);
    if (total)
        walk_clip(w, total);
    if (w->rest.n < header)
        return walk_short(w, header);
    put_v4(w->seg->src.addr, p + 12);
    put_v4(w->seg->dst.addr, p + 16);
    w->seg->ip = w->rest;
    w->protocol = p[9];
    walk_take(w, header);
    uint16_t part = load_be16(p + 6) & 0x3fff;
    if (part)                           /* an offset, or more fragments to come */
        return fragment(w, (struct fragment){
            .head = span_of(p, header), .offset = (part & 0x1fff) * 8u, .more = part & 0x2000,
            .id = load_be16(p + 4), .protocol = w->protocol });
    return w->protocol == IP_TCP ? LAYER_TCP : LAYER_UPPER;
}

/* RFC 8200 section 4.5; the header is there whole. */
static enum layer v6_fragment(struct walk *w)
{
    const uint8_t *p = w->rest.p, *ip = w->seg->ip.p;
    uint16_t part = load_be16(p + 2);
    struct fragment f = {
        .head = span_of(ip, (size_t)(p - ip)), .offset = part & 0xfff8, .more = part & 1,
        .id = load_be32(p + 4), .protocol = p[0], .next_at = (uint16_t)w->next_at
    };

    walk_take(w, 8);
    return fragment(w, f);
}

/* Takes the extension headers off, of which there may be none. A fragment header with offset 0
 * and nothing to follow is an ordinary packet (RFC 6946). */
static enum layer extensions(struct walk *w)
{
    for (int i = 0; i < IP_EXTENSIONS_MAX; i++) {
        static const uint8_t none[2];
        if (w->protocol == IP_TCP)
            return LAYER_TCP;
        if (!ip_extension_length(w->protocol, none))
            return LAYER_UPPER;
        if (w->rest.n < 8)
            return walk_short(w, 8);
        size_t n = ip_extension_length(w->protocol, w->rest.p);
        if (w->rest.n < n)
            return walk_short(w, n);
        if (w->protocol == IP_FRAGMENT && load_be16(w->rest.p + 2) & 0xfff9)
            return v6_fragment(w);
        w->protocol = w->rest.p[0];
        w->next_at = (size_t)(w->rest.p - w->seg->ip.p);
        walk_take(w, n);
    }
    return walk_too_deep(w);
}

/* RFC 8200 section 3. A payload length of 0 is taken as in ip_v4(); it is also what a jumbogram
 * (RFC 2675) has. */
enum layer ip_v6(struct walk *w)
{
    const uint8_t *p = w->rest.p;

    if (w->rest.n < IPV6_HEADER)
        return walk_short(w, IPV6_HEADER);
    if (p[0] >> 4 != 6)
        return walk_stop(w, DECODE_MALFORMED);
    size_t payload = load_be16(p + 4);
    if (payload)
        walk_clip(w, IPV6_HEADER + payload);
    memcpy(w->seg->src.addr, p + 8, 16);
    memcpy(w->seg->dst.addr, p + 24, 16);
    w->seg->ip = w->rest;
    w->protocol = p[6];
    w->next_at = 6;
    walk_take(w, IPV6_HEADER);
    return extensions(w);
}

/* RFC 4302 section 2, over IPv4; IPv6 has it among its extension headers. */
static enum layer authentication(struct walk *w)
{
    if (w->rest.n < 8)
        return walk_short(w, 8);
    size_t n = ip_extension_length(IP_AH, w->rest.p);
    if (w->rest.n < n)
        return walk_short(w, n);
    w->protocol = w->rest.p[0];
    walk_take(w, n);
    return LAYER_UPPER;
}

enum layer ip_upper(struct walk *w)
{
    switch (w->protocol) {
    case IP_TCP:
        return LAYER_TCP;
    case IP_AH:
        return authentication(w);
    case IP_UDP:
        return tunnel_udp(w);
    case IP_GRE:
        return tunnel_gre(w);
    case IP_IPV4: case IP_IPV6:
        return tunnel_ip(w);
    case IP_MPLS:                       /* RFC 4023 */
        return LAYER_MPLS;
    default:
        return walk_stop(w, DECODE_NOT_TCP);
    }
}
