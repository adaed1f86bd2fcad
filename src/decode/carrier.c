/* What stands between a link layer and IP in the networks of carriers: MPLS, PPP, PPPoE. */
#include "decode/layers.h"

enum { MPLS_ENTRY = 4, CONTROL_WORD = 4, MPLS_STACK_MAX = 16, ETHERNET_HEADER = 14, PPPOE_HEADER = 6 };

/* --- MPLS --- */

/* Whether an Ethernet header `at` bytes from here would have a well-known EtherType. */
static bool looks_like_ethernet(const struct walk *w, size_t at)
{
    if (w->rest.n < at + ETHERNET_HEADER)
        return false;
    uint16_t type = load_be16(w->rest.p + at + 12);
    return type == 0x0800 || type == 0x86dd || type == 0x8100 || type == 0x88a8 || type == 0x0806 ||
           type == 0x8847 || type == 0x8848 || type == 0x8863 || type == 0x8864;
}

/* RFC 4385 section 3 and RFC 4448 section 4.6: the control word begins with four zero bits, which an
 * address may do too; the EtherType tells. An address may also begin like IP. */
static enum layer behind_labels(struct walk *w)
{
    if (w->rest.n < 1)
        return walk_short(w, 1);
    switch (w->rest.p[0] >> 4) {
    case 4:
        return walk_into(w, TUNNEL_MPLS, (w->rest.p[0] & 15) < 5 ? LAYER_ETHERNET : LAYER_IPV4);
    case 6:
        return walk_into(w, TUNNEL_MPLS, LAYER_IPV6);
    case 1:                             /* an associated channel, RFC 5586 */
        return walk_stop(w, DECODE_NOT_IP);
    case 0:
        if (w->rest.n < CONTROL_WORD + ETHERNET_HEADER)
            return walk_short(w, CONTROL_WORD + ETHERNET_HEADER);
        if (looks_like_ethernet(w, CONTROL_WORD) || !looks_like_ethernet(w, 0))
            walk_take(w, CONTROL_WORD);
        break;
    }
    return walk_into(w, TUNNEL_MPLS, LAYER_ETHERNET);
}

/* RFC 3032 section 2.1: label 20 bits, 3 bits, bottom of the stack, time to live. What follows the
 * last one is nowhere said. */
enum layer carrier_mpls(struct walk *w)
{
    for (int i = 0; i < MPLS_STACK_MAX; i++) {
        if (w->rest.n < MPLS_ENTRY)
            return walk_short(w, MPLS_ENTRY);
        bool bottom = w->rest.p[2] & 1;
        walk_take(w, MPLS_ENTRY);
        if (bottom)
            return behind_labels(w);
    }
    return walk_too_deep(w);
}

/* --- PPP --- */

/* RFC 1661 section 2: the protocol has two bytes, or one odd one when it was so agreed (6.5). */
static enum layer ppp_protocol(struct walk *w)
{
    enum { IPV4 = 0x0021, IPV6 = 0x0057, MPLS_UNICAST = 0x0281, MPLS_MULTICAST = 0x0283 };

    if (w->rest.n < 1)
        return walk_short(w, 1);
    size_t n = w->rest.p[0] & 1 ? 1 : 2;
    if (w->rest.n < n)
        return walk_short(w, n);
    uint16_t protocol = n == 1 ? w->rest.p[0] : load_be16(w->rest.p);
    walk_take(w, n);
    switch (protocol) {
    case IPV4:
        return LAYER_IPV4;
    case IPV6:
        return LAYER_IPV6;
    case MPLS_UNICAST: case MPLS_MULTICAST:
        return LAYER_MPLS;
    default:
        return walk_stop(w, DECODE_NOT_IP);
    }
}

/* With or without the address and control bytes of HDLC (RFC 1662 section 3.1). 0xff is the start of
 * no protocol. Cisco's own framing (LINKTYPE_C_HDLC) has other addresses and an EtherType. */
enum layer carrier_ppp(struct walk *w)
{
    enum { EVERYBODY = 0xff, UNICAST = 0x0f, MULTICAST = 0x8f };

    if (w->rest.n < 1)
        return walk_short(w, 1);
    if (w->rest.p[0] == UNICAST || w->rest.p[0] == MULTICAST)
        return LAYER_CISCO_HDLC;
    if (w->rest.p[0] == EVERYBODY) {
        if (w->rest.n < 2)
            return walk_short(w, 2);
        walk_take(w, 2);
    }
    return ppp_protocol(w);
}

enum layer carrier_cisco_hdlc(struct walk *w)
{
    enum { HEADER = 4 };

    if (w->rest.n < HEADER)
        return walk_short(w, HEADER);
    w->ethertype = load_be16(w->rest.p + 2);
    walk_take(w, HEADER);
    return LAYER_ETHERTYPE;
}

/* LINKTYPE_PPP_WITH_DIR: a byte in front says which way. */
enum layer carrier_ppp_with_direction(struct walk *w)
{
    if (w->rest.n < 1)
        return walk_short(w, 1);
    walk_take(w, 1);
    return LAYER_PPP;
}

/* RFC 2516 section 4: version and type 1, code 0 in a session, its number, a length. */
enum layer carrier_pppoe(struct walk *w)
{
    const uint8_t *p = w->rest.p;

    if (w->rest.n < PPPOE_HEADER)
        return walk_short(w, PPPOE_HEADER);
    if (p[0] != 0x11 || p[1] != 0)
        return walk_stop(w, DECODE_NOT_IP);
    size_t length = load_be16(p + 4);
    walk_take(w, PPPOE_HEADER);
    if (length > w->wire)
        return walk_stop(w, DECODE_MALFORMED);
    walk_clip(w, length);
    return walk_into(w, TUNNEL_PPPOE, LAYER_PPP);
}
