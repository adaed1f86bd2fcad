/* Link layers: what stands in front of IP. */
#include "decode/layers.h"

/* Numbers of https://www.tcpdump.org/linktypes.html. 12 and 14 are no LINKTYPE_ numbers, but
 * what some systems wrote into files for raw IP. */
enum {
    LINK_NULL = 0, LINK_ETHERNET = 1, LINK_PPP = 9, LINK_RAW_12 = 12, LINK_RAW_14 = 14,
    LINK_PPP_HDLC = 50, LINK_PPP_ETHER = 51, LINK_RAW = 101, LINK_CISCO_HDLC = 104, LINK_LOOP = 108,
    LINK_COOKED = 113, LINK_PPP_WITH_DIR = 204, LINK_IPV4 = 228, LINK_IPV6 = 229, LINK_NFLOG = 239,
    LINK_COOKED2 = 276
};

/* IEEE 802 numbers; the first is what Linux writes for frames that have LLC and no EtherType. */
enum {
    TYPE_802_2 = 0x0004, TYPE_LENGTH_MAX = 0x05ff,
    TYPE_IPV4 = 0x0800, TYPE_IPV6 = 0x86dd,
    TYPE_VLAN = 0x8100, TYPE_QINQ = 0x88a8, TYPE_QINQ_9100 = 0x9100, TYPE_QINQ_9200 = 0x9200,
    TYPE_QINQ_9300 = 0x9300,
    TYPE_MPLS = 0x8847, TYPE_MPLS_MULTICAST = 0x8848, TYPE_PPPOE = 0x8864,
    TYPE_PBB = 0x88e7, TYPE_CISCO_METADATA = 0x8909, TYPE_VN_TAG = 0x8926, TYPE_E_TAG = 0x893f
};

enum { ETHERNET_HEADER = 14, COOKED_HEADER = 16, COOKED2_HEADER = 20, VLAN_TAG = 4, SNAP_HEADER = 8,
       NFLOG_HEADER = 4 };

enum layer link_first(int linktype)
{
    switch (linktype) {
    case LINK_NULL: case LINK_LOOP:
        return LAYER_LOOPBACK;
    case LINK_ETHERNET:
        return LAYER_ETHERNET;
    case LINK_PPP: case LINK_PPP_HDLC:
        return LAYER_PPP;
    case LINK_PPP_WITH_DIR:
        return LAYER_PPP_WITH_DIRECTION;
    case LINK_PPP_ETHER:
        return LAYER_PPPOE;
    case LINK_CISCO_HDLC:
        return LAYER_CISCO_HDLC;
    case LINK_NFLOG:
        return LAYER_NFLOG;
    case LINK_RAW_12: case LINK_RAW_14: case LINK_RAW:
        return LAYER_IP;
    case LINK_COOKED:
        return LAYER_COOKED;
    case LINK_COOKED2:
        return LAYER_COOKED2;
    case LINK_IPV4:
        return LAYER_IPV4;
    case LINK_IPV6:
        return LAYER_IPV6;
    default:
        return LAYER_DONE;
    }
}

/* Most packets take the short way. */
static enum layer layer_of_type(struct walk *w, uint16_t type)
{
    w->ethertype = type;
    return type == TYPE_IPV4 ? LAYER_IPV4 : type == TYPE_IPV6 ? LAYER_IPV6 : LAYER_ETHERTYPE;
}

/* A field that is an EtherType, or a length with LLC behind it (IEEE 802.3 section 3.2.6). */
static enum layer type_or_length(struct walk *w, uint16_t field)
{
    return field <= TYPE_LENGTH_MAX ? LAYER_LLC : layer_of_type(w, field);
}

enum layer link_ethernet(struct walk *w)
{
    if (w->rest.n < ETHERNET_HEADER)
        return walk_short(w, ETHERNET_HEADER);
    uint16_t field = load_be16(w->rest.p + 12);
    walk_take(w, ETHERNET_HEADER);
    return type_or_length(w, field);
}

/* IEEE 802.1Q. A tag number of 0 carries a priority only. */
static enum layer vlan(struct walk *w)
{
    if (w->rest.n < VLAN_TAG)
        return walk_short(w, VLAN_TAG);
    uint16_t number = load_be16(w->rest.p) & 0x0fff;
    uint16_t field = load_be16(w->rest.p + 2);
    if (number && w->seg->nvlan < SEGMENT_VLANS)
        w->seg->vlan[w->seg->nvlan++] = number;
    walk_take(w, VLAN_TAG);
    return type_or_length(w, field);
}

/* Tags of n bytes, with the EtherType of what they tag at their end: IEEE 802.1BR section 7.5, VN-tags
 * of Cisco's fabric extenders. */
static enum layer other_tag(struct walk *w, size_t n)
{
    if (w->rest.n < n)
        return walk_short(w, n);
    uint16_t field = load_be16(w->rest.p + n - 2);
    walk_take(w, n);
    return type_or_length(w, field);
}

/* Cisco TrustSec: version 1, one option, which is the group's number. */
static enum layer cisco_metadata(struct walk *w)
{
    enum { TAG = 8 };

    if (w->rest.n < TAG)
        return walk_short(w, TAG);
    return load_be16(w->rest.p) == 0x0101 ? other_tag(w, TAG) : walk_stop(w, DECODE_NOT_IP);
}

/* IEEE 802.1ah: a service tag of four bytes, then the customer's whole frame. */
static enum layer backbone(struct walk *w)
{
    enum { I_TAG = 4 };

    if (w->rest.n < I_TAG)
        return walk_short(w, I_TAG);
    walk_take(w, I_TAG);
    return LAYER_ETHERNET;
}

enum layer link_ethertype(struct walk *w)
{
    enum { VN_TAG = 6, E_TAG = 8 };

    switch (w->ethertype) {
    case TYPE_IPV4:
        return LAYER_IPV4;
    case TYPE_IPV6:
        return LAYER_IPV6;
    case TYPE_VLAN: case TYPE_QINQ: case TYPE_QINQ_9100: case TYPE_QINQ_9200: case TYPE_QINQ_9300:
        return vlan(w);
    case TYPE_MPLS: case TYPE_MPLS_MULTICAST:
        return LAYER_MPLS;
    case TYPE_PPPOE:
        return LAYER_PPPOE;
    case TYPE_PBB:
        return backbone(w);
    case TYPE_VN_TAG:
        return other_tag(w, VN_TAG);
    case TYPE_E_TAG:
        return other_tag(w, E_TAG);
    case TYPE_CISCO_METADATA:
        return cisco_metadata(w);
    default:
        return walk_stop(w, DECODE_NOT_IP);
    }
}

/* LLC with a SNAP header: RFC 1042, page 5; 00-00-f8 is the bridge tunnel of IEEE 802.1H. */
enum layer link_llc(struct walk *w)
{
    static const uint8_t snap[] = { 0xaa, 0xaa, 0x03, 0x00, 0x00 };

    if (w->rest.n < SNAP_HEADER)
        return w->wire < SNAP_HEADER ? walk_stop(w, DECODE_NOT_IP) : walk_short(w, SNAP_HEADER);
    if (memcmp(w->rest.p, snap, sizeof snap) != 0 || (w->rest.p[5] != 0x00 && w->rest.p[5] != 0xf8))
        return walk_stop(w, DECODE_NOT_IP);
    w->ethertype = load_be16(w->rest.p + 6);
    walk_take(w, SNAP_HEADER);
    return LAYER_ETHERTYPE;
}

static enum layer cooked_protocol(struct walk *w, uint16_t protocol, size_t header)
{
    walk_take(w, header);
    return protocol == TYPE_802_2 ? LAYER_LLC : layer_of_type(w, protocol);
}

/* LINKTYPE_LINUX_SLL: the protocol is the last field. */
enum layer link_cooked(struct walk *w)
{
    if (w->rest.n < COOKED_HEADER)
        return walk_short(w, COOKED_HEADER);
    return cooked_protocol(w, load_be16(w->rest.p + 14), COOKED_HEADER);
}

/* LINKTYPE_LINUX_SLL2: the protocol is the first field. */
enum layer link_cooked2(struct walk *w)
{
    if (w->rest.n < COOKED2_HEADER)
        return walk_short(w, COOKED2_HEADER);
    return cooked_protocol(w, load_be16(w->rest.p), COOKED2_HEADER);
}

/* The address family is in the order of the machine that wrote the file (LINKTYPE_NULL) or of
 * the network (LINKTYPE_LOOP, which not all writers keep to). All families are below 256, so
 * both orders can be told apart. AF_INET6 differs by system. */
static uint32_t address_family(const uint8_t *p)
{
    uint32_t family = load_be32(p);
    return family > 0xff ? load_le32(p) : family;
}

enum layer link_loopback(struct walk *w)
{
    enum { INET = 2, INET6_LINUX = 10, INET6_WINDOWS = 23, INET6_NETBSD = 24, INET6_FREEBSD = 28,
           INET6_DARWIN = 30 };

    if (w->rest.n < 4)
        return walk_short(w, 4);
    uint32_t family = address_family(w->rest.p);
    walk_take(w, 4);
    switch (family) {
    case INET:
        return LAYER_IPV4;
    case INET6_LINUX: case INET6_WINDOWS: case INET6_NETBSD: case INET6_FREEBSD: case INET6_DARWIN:
        return LAYER_IPV6;
    default:
        return walk_stop(w, DECODE_NOT_IP);
    }
}

static uint16_t nflog_le16(const uint8_t *p) { return (uint16_t)(p[1] << 8 | p[0]); }

/* Puts the value of the payload attribute, at *from to *to, in one of both byte orders. 1: it is
 * there or begins there; 0: cut off before it; -1: these are no attributes in this order. */
static int nflog_payload(const struct walk *w, bool little, size_t *from, size_t *to)
{
    enum { ATTRIBUTE = 4, PAYLOAD = 9, TYPES = 64 };

    for (size_t at = NFLOG_HEADER; at < w->wire; ) {
        if (w->rest.n < at + ATTRIBUTE)
            return w->wire < at + ATTRIBUTE ? -1 : 0;
        const uint8_t *p = w->rest.p + at;
        size_t n = little ? nflog_le16(p) : load_be16(p);
        unsigned type = little ? nflog_le16(p + 2) : load_be16(p + 2);
        if (n < ATTRIBUTE || n > w->wire - at || type >= TYPES)
            return -1;
        *from = at + ATTRIBUTE;
        *to = at + n;
        if (type == PAYLOAD)
            return *from <= w->rest.n;
        at += (n + 3) / 4 * 4;
    }
    return -1;
}

/* LINKTYPE_NFLOG: address family, version 0, a group number, then attributes in the order of the
 * machine that wrote them, of which nothing says what it was. */
enum layer link_nflog(struct walk *w)
{
    size_t from, to;

    if (w->rest.n < NFLOG_HEADER)
        return walk_short(w, NFLOG_HEADER);
    int found = nflog_payload(w, true, &from, &to);
    if (found < 0)
        found = nflog_payload(w, false, &from, &to);
    if (w->rest.p[1] != 0 || found < 0)
        return walk_stop(w, DECODE_MALFORMED);
    if (!found)
        return walk_stop(w, DECODE_TRUNCATED);
    walk_clip(w, to);
    walk_take(w, from);
    return LAYER_IP;
}
