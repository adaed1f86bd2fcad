/* Tunnels over IP. Each takes its header off and names the layer inside; a UDP port is only a hint,
 * so what does not have the form of the tunnel is another protocol over IP. */
#include "decode/layers.h"

enum { UDP_HEADER = 8 };

/* What an EtherType or GRE protocol type names. 0x6558: a whole Ethernet frame. */
static enum layer carried(struct walk *w, enum tunnel tunnel, uint16_t type)
{
    enum { BRIDGED = 0x6558 };

    w->ethertype = type;
    return walk_into(w, tunnel, type == BRIDGED ? LAYER_ETHERNET : LAYER_ETHERTYPE);
}

/* --- IP in IP: RFC 2003, RFC 4213, RFC 2473 --- */

enum layer tunnel_ip(struct walk *w)
{
    bool outer_v4 = w->seg->ip.p[0] >> 4 == 4;

    if (w->protocol == IP_IPV4)
        return walk_into(w, outer_v4 ? TUNNEL_IPIP : TUNNEL_4IN6, LAYER_IPV4);
    return walk_into(w, outer_v4 ? TUNNEL_6IN4 : TUNNEL_6IN6, LAYER_IPV6);
}

/* --- GRE --- */

enum { GRE_CHECKSUM = 0x8000, GRE_ROUTING = 0x4000, GRE_KEY = 0x2000, GRE_SEQUENCE = 0x1000,
       GRE_ACK = 0x0080, GRE_VERSION = 0x0007 };
enum { GRE_WCCP = 0x883e, GRE_PPP = 0x880b, GRE_ERSPAN = 0x88be, GRE_ERSPAN3 = 0x22eb,
       GRE_EOIP = 0x6400 };

/* draft-foschiano-erspan section 4: type I has no header and no sequence number, type II one of 8
 * bytes, type III one of 12 and eight more when its last bit says so. The first four bits are the
 * version: 1 and 2. In type III a frame type other than 0 is no Ethernet; 2 is IP. */
static enum layer erspan(struct walk *w, uint16_t flags, uint16_t type)
{
    enum { II_HEADER = 8, III_HEADER = 12, III_MORE = 8, FRAME_ETHERNET = 0, FRAME_IP = 2 };

    if (type == GRE_ERSPAN && !(flags & GRE_SEQUENCE))
        return walk_into(w, TUNNEL_ERSPAN, LAYER_ETHERNET);
    if (w->rest.n < II_HEADER)
        return walk_short(w, II_HEADER);
    unsigned version = w->rest.p[0] >> 4;
    if (version == 1 && type == GRE_ERSPAN) {
        walk_take(w, II_HEADER);
        return walk_into(w, TUNNEL_ERSPAN, LAYER_ETHERNET);
    }
    if (version != 2)
        return walk_stop(w, DECODE_NOT_IP);
    if (w->rest.n < III_HEADER)
        return walk_short(w, III_HEADER);
    size_t header = III_HEADER + (w->rest.p[11] & 1 ? III_MORE : 0u);
    if (w->rest.n < header)
        return walk_short(w, header);
    unsigned frame = w->rest.p[10] >> 2 & 31;
    walk_take(w, header);
    if (frame != FRAME_ETHERNET && frame != FRAME_IP)
        return walk_stop(w, DECODE_NOT_IP);
    return walk_into(w, TUNNEL_ERSPAN, frame == FRAME_IP ? LAYER_IP : LAYER_ETHERNET);
}

/* WCCP (draft-mclaggan-wccp-v2rev1 section 3.3): version 2 puts four bytes in front of the IPv4
 * header, version 1 nothing. */
static enum layer wccp(struct walk *w)
{
    if (w->rest.n < 4)
        return walk_short(w, 4);
    if (w->rest.p[0] >> 4 != 4)
        walk_take(w, 4);
    return walk_into(w, TUNNEL_GRE, LAYER_IPV4);
}

/* MikroTik's Ethernet over IP: the key is a length and a number, and nothing else is there. */
static enum layer eoip(struct walk *w)
{
    enum { HEADER = 8 };

    if (w->rest.n < HEADER)
        return walk_short(w, HEADER);
    walk_take(w, HEADER);
    return walk_into(w, TUNNEL_GRE, LAYER_ETHERNET);
}

/* RFC 2637 section 4.1: the upper half of the key is the length of the PPP frame; a packet without
 * a sequence number carries none. */
static enum layer enhanced_gre(struct walk *w, uint16_t flags, uint16_t type)
{
    size_t header = 8 + (flags & GRE_SEQUENCE ? 4u : 0u) + (flags & GRE_ACK ? 4u : 0u);

    if (type == GRE_EOIP && flags == (GRE_KEY | 1))
        return eoip(w);
    if (type != GRE_PPP || !(flags & GRE_KEY) || !(flags & GRE_SEQUENCE))
        return walk_stop(w, DECODE_NOT_TCP);
    if (w->rest.n < header)
        return walk_short(w, header);
    size_t length = load_be16(w->rest.p + 4);
    walk_take(w, header);
    if (length > w->wire)
        return walk_stop(w, DECODE_MALFORMED);
    walk_clip(w, length);
    return walk_into(w, TUNNEL_PPTP, LAYER_PPP);
}

/* RFC 2784 section 2.1 and RFC 2890 section 2: flags and version, protocol type, then each field that
 * a flag announces. The source routes of RFC 1701 are not followed. */
enum layer tunnel_gre(struct walk *w)
{
    if (w->rest.n < 4)
        return walk_short(w, 4);
    uint16_t flags = load_be16(w->rest.p), type = load_be16(w->rest.p + 2);
    if ((flags & GRE_VERSION) == 1)
        return enhanced_gre(w, flags, type);
    if (flags & (GRE_VERSION | GRE_ROUTING))
        return walk_stop(w, DECODE_NOT_TCP);
    size_t header = 4 + (flags & GRE_CHECKSUM ? 4u : 0u) + (flags & GRE_KEY ? 4u : 0u) +
                    (flags & GRE_SEQUENCE ? 4u : 0u);
    if (w->rest.n < header)
        return walk_short(w, header);
    walk_take(w, header);
    switch (type) {
    case GRE_ERSPAN: case GRE_ERSPAN3:
        return erspan(w, flags, type);
    case GRE_WCCP:
        return wccp(w);
    case GRE_PPP:
        return walk_into(w, TUNNEL_GRE, LAYER_PPP);
    default:
        return carried(w, TUNNEL_GRE, type);
    }
}

/* --- over UDP --- */

/* 8472 is what Linux used for VXLAN before it had a number. */
enum { PORT_GTP = 2152, PORT_VXLAN = 4789, PORT_VXLAN_GPE = 4790, PORT_GENEVE = 6081, PORT_VXLAN_OLD = 8472 };

/* RFC 7348 section 5: flags, of which only I is known and set (G too: draft-smith-vxlan-group-policy),
 * three bytes, the network's number, a byte. */
static enum layer vxlan(struct walk *w)
{
    enum { HEADER = 8, I = 0x08, G = 0x80 };

    if (w->rest.n < HEADER)
        return walk_short(w, HEADER);
    if ((w->rest.p[0] & ~G) != I)
        return walk_stop(w, DECODE_NOT_TCP);
    walk_take(w, HEADER);
    return walk_into(w, TUNNEL_VXLAN, LAYER_ETHERNET);
}

/* draft-ietf-nvo3-vxlan-gpe section 3.1: as VXLAN, with version 0, and with the flag P the last byte
 * before the network's number says what is inside. */
static enum layer vxlan_gpe(struct walk *w)
{
    enum { HEADER = 8, I = 0x08, P = 0x04, BUM_OAM = 0x03, IPV4 = 1, IPV6 = 2, ETHERNET = 3, MPLS = 5 };
    const uint8_t *p = w->rest.p;

    if (w->rest.n < HEADER)
        return walk_short(w, HEADER);
    unsigned inside = p[0] & P ? p[3] : ETHERNET;
    if ((p[0] & ~(P | BUM_OAM)) != I)
        return walk_stop(w, DECODE_NOT_TCP);
    walk_take(w, HEADER);
    switch (inside) {
    case IPV4:
        return walk_into(w, TUNNEL_VXLAN, LAYER_IPV4);
    case IPV6:
        return walk_into(w, TUNNEL_VXLAN, LAYER_IPV6);
    case ETHERNET:
        return walk_into(w, TUNNEL_VXLAN, LAYER_ETHERNET);
    case MPLS:
        return walk_into(w, TUNNEL_VXLAN, LAYER_MPLS);
    default:
        return walk_stop(w, DECODE_NOT_TCP);
    }
}

/* RFC 8926 section 3.4: version 0, length of the options in four bytes, flags O and C and six zero
 * bits, protocol type, the network's number, a zero byte. */
static enum layer geneve(struct walk *w)
{
    enum { HEADER = 8 };
    const uint8_t *p = w->rest.p;

    if (w->rest.n < HEADER)
        return walk_short(w, HEADER);
    size_t header = HEADER + (p[0] & 63) * 4u;
    if (p[0] >> 6 || p[1] & 63 || w->wire < header)
        return walk_stop(w, DECODE_NOT_TCP);
    if (w->rest.n < header)
        return walk_short(w, header);
    uint16_t type = load_be16(p + 2);
    walk_take(w, header);
    return carried(w, TUNNEL_GENEVE, type);
}

/* 3GPP TS 29.281 section 5.2: an extension header has its length in four bytes first and the type of
 * the next one last; the type 0 ends them. */
static enum layer gtp_extensions(struct walk *w)
{
    enum { OPTIONAL = 4, EXTENSIONS_MAX = 16 };

    if (w->rest.n < OPTIONAL)
        return walk_short(w, OPTIONAL);
    uint8_t next = w->rest.p[3];
    walk_take(w, OPTIONAL);
    for (int i = 0; next; i++) {
        if (i == EXTENSIONS_MAX)
            return walk_stop(w, DECODE_NOT_TCP);
        if (w->rest.n < 1)
            return walk_short(w, 1);
        size_t n = w->rest.p[0] * 4u;
        if (!n)
            return walk_stop(w, DECODE_NOT_TCP);
        if (w->rest.n < n)
            return walk_short(w, n);
        next = w->rest.p[n - 1];
        walk_take(w, n);
    }
    return walk_into(w, TUNNEL_GTP, LAYER_IP);
}

/* Section 5.1: version 1, protocol type 1, a zero bit, flags E, S, PN; message type, length of what is
 * behind these eight bytes, the tunnel's number. Any flag brings four bytes more. */
static enum layer gtp(struct walk *w)
{
    enum { HEADER = 8, G_PDU = 255, FLAGS = 7, VERSION_1 = 0x30 };
    const uint8_t *p = w->rest.p;

    if (w->rest.n < HEADER)
        return walk_short(w, HEADER);
    size_t length = load_be16(p + 2);
    if ((p[0] & ~FLAGS) != VERSION_1 || p[1] != G_PDU || HEADER + length > w->wire)
        return walk_stop(w, DECODE_NOT_TCP);
    bool more = p[0] & FLAGS;
    walk_take(w, HEADER);
    walk_clip(w, length);
    return more ? gtp_extensions(w) : walk_into(w, TUNNEL_GTP, LAYER_IP);
}

bool tunnel_has_port(const uint8_t *udp)
{
    uint16_t to = load_be16(udp + 2);
    return to == PORT_VXLAN || to == PORT_VXLAN_GPE || to == PORT_VXLAN_OLD || to == PORT_GENEVE ||
           to == PORT_GTP || load_be16(udp) == PORT_GTP;
}

/* RFC 768. A length of 0 comes from segmentation offload, as in ip_v4(). What looked like a tunnel by
 * its port, and holds nothing that can be read, was none: w->guessed. */
enum layer tunnel_udp(struct walk *w)
{
    if (w->rest.n < UDP_HEADER)
        return walk_short(w, UDP_HEADER);
    if (!tunnel_has_port(w->rest.p))
        return walk_stop(w, DECODE_NOT_TCP);
    uint16_t to = load_be16(w->rest.p + 2);
    size_t length = load_be16(w->rest.p + 4);
    if (length && (length < UDP_HEADER || length > w->wire))
        return walk_stop(w, DECODE_NOT_TCP);
    if (length)
        walk_clip(w, length);
    walk_take(w, UDP_HEADER);
    w->guessed = true;
    switch (to) {
    case PORT_VXLAN: case PORT_VXLAN_OLD:
        return vxlan(w);
    case PORT_VXLAN_GPE:
        return vxlan_gpe(w);
    case PORT_GENEVE:
        return geneve(w);
    default:
        return gtp(w);
    }
}
