/* The walk through the layers of one packet. For the files of this folder only.
 *
 * A layer is a function that looks at the front of walk->rest, takes its own header off and
 * names the layer that follows, or says with walk_stop() what the packet was. Tunnels are
 * layers like the others: what they carry is named by returning, say, LAYER_ETHERNET again. */
#ifndef MAILSEAL_DECODE_LAYERS_H
#define MAILSEAL_DECODE_LAYERS_H

#include "decode/decode.h"

enum layer {
    LAYER_ETHERNET,
    LAYER_COOKED,                       /* LINKTYPE_LINUX_SLL */
    LAYER_COOKED2,                      /* LINKTYPE_LINUX_SLL2 */
    LAYER_LOOPBACK,                     /* an address family, then IP */
    LAYER_ETHERTYPE,                    /* what walk->ethertype says */
    LAYER_LLC,
    LAYER_IP,                           /* 4 or 6, by its first four bits */
    LAYER_IPV4,
    LAYER_IPV6,
    LAYER_UPPER,                        /* what walk->protocol says */
    LAYER_MPLS,
    LAYER_PPP,
    LAYER_PPP_WITH_DIRECTION,
    LAYER_CISCO_HDLC,
    LAYER_PPPOE,
    LAYER_NFLOG,
    LAYER_TCP,
    LAYER_DONE                          /* walk->result is final */
};

/* Headers of one packet, VLAN tags and the layers of each tunnel included. */
enum { LAYERS_MAX = 64 };

struct walk {
    struct span rest;                   /* captured bytes from the next header on */
    size_t wire;                        /* the same on the wire; never less than rest.n */
    uint16_t ethertype;
    uint8_t protocol;                   /* IP protocol number */
    bool guessed;                       /* inside of what only a UDP port calls a tunnel */
    size_t next_at;                     /* of IPv6: where in seg->ip the byte is that gave `protocol` */
    enum decode_result result;
    struct segment *seg;
};

static inline enum layer walk_stop(struct walk *w, enum decode_result result)
{
    w->result = result;
    return LAYER_DONE;
}

/* For a header that is not there whole: n is its length. */
static inline enum layer walk_short(struct walk *w, size_t n)
{
    return walk_stop(w, w->wire < n ? DECODE_MALFORMED : DECODE_TRUNCATED);
}

/* n is at most w->rest.n. */
static inline void walk_take(struct walk *w, size_t n)
{
    w->rest = span_skip(w->rest, n);
    w->wire -= n;
}

/* Takes off what is behind the first n bytes: padding and trailers. */
static inline void walk_clip(struct walk *w, size_t n)
{
    w->rest = span_first(w->rest, n);
    w->wire = n;
}

/* More layers than are followed. */
static inline enum layer walk_too_deep(struct walk *w)
{
    return walk_stop(w, DECODE_TOO_DEEP);
}

/* Into a tunnel whose header has been taken off. */
static inline enum layer walk_into(struct walk *w, enum tunnel tunnel, enum layer next)
{
    if (w->seg->ntunnel == SEGMENT_TUNNELS)
        return walk_too_deep(w);
    w->seg->tunnel[w->seg->ntunnel++] = (uint8_t)tunnel;
    return next;
}

/* The outermost layer of a link type, or LAYER_DONE if there is no decoder for it. */
enum layer link_first(int linktype);

enum layer link_ethernet(struct walk *);
enum layer link_cooked(struct walk *);
enum layer link_cooked2(struct walk *);
enum layer link_loopback(struct walk *);
enum layer link_ethertype(struct walk *);
enum layer link_llc(struct walk *);
enum layer ip_any(struct walk *);
enum layer ip_v4(struct walk *);
enum layer ip_v6(struct walk *);
enum layer ip_upper(struct walk *);
enum layer link_nflog(struct walk *);
enum layer carrier_mpls(struct walk *);
enum layer carrier_ppp(struct walk *);
enum layer carrier_ppp_with_direction(struct walk *);
enum layer carrier_cisco_hdlc(struct walk *);
enum layer carrier_pppoe(struct walk *);
enum layer tunnel_ip(struct walk *);    /* walk->protocol is IP_IPV4 or IP_IPV6 */
enum layer tunnel_gre(struct walk *);
enum layer tunnel_udp(struct walk *);
/* Of the first four bytes of a UDP header: whether a tunnel may be behind it. */
bool tunnel_has_port(const uint8_t *udp);

/* --- protocol numbers; extension headers of IPv6, RFC 8200 section 4, also used by the checksum --- */

enum {
    IP_HOP_BY_HOP = 0, IP_IPV4 = 4, IP_TCP = 6, IP_UDP = 17, IP_IPV6 = 41, IP_ROUTING = 43,
    IP_FRAGMENT = 44, IP_GRE = 47, IP_AH = 51, IP_DESTINATION = 60, IP_MOBILITY = 135, IP_MPLS = 137,
    IP_HIP = 139, IP_SHIM6 = 140
};
enum { IP_EXTENSIONS_MAX = 16 };

/* Length in bytes of an extension header, of which two bytes are there; 0 if protocol is none. */
static inline size_t ip_extension_length(uint8_t protocol, const uint8_t *p)
{
    switch (protocol) {
    case IP_HOP_BY_HOP: case IP_ROUTING: case IP_DESTINATION:
    case IP_MOBILITY: case IP_HIP: case IP_SHIM6:
        return (p[1] + 1u) * 8;
    case IP_FRAGMENT:
        return 8;
    case IP_AH:                         /* counts in four bytes: RFC 4302 section 2.2 */
        return (p[1] + 2u) * 4;
    default:
        return 0;
    }
}

#endif
