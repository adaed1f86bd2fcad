/* Each golden in each wrapping that src/decode knows, and in IP fragments. The IP packet of each segment
 * is taken out of its link layer and put into other headers; nothing but tunnels and VLANs may change. */
#include "derive.h"

enum { HEAD_ROOM = 256, PIECES = 256 };
enum { IP_IN_IP = 4, UDP = 17, IP6_IN_IP = 41, GRE = 47, MPLS_IN_IP = 137 };
enum { BRIDGED = 0x6558, TYPE_4 = 0x0800, TYPE_6 = 0x86dd };

/* Headers are put in front, so the innermost one comes first. */
struct build {
    uint8_t head[HEAD_ROOM];
    size_t at;                          /* where head begins */
    size_t wire;                        /* bytes of what is there so far, on the wire */
    unsigned type;                      /* EtherType of what is there, or GRE's protocol type */
    unsigned protocol;                  /* IP protocol number of what is there */
    bool back;                          /* sent by side 1 */
    unsigned number;                    /* of the packet */
    bool impossible;                    /* this packet does not fit into that header */
};

static void put(struct build *b, const void *bytes, size_t n)
{
    b->at -= n;
    b->wire += n;
    memcpy(b->head + b->at, bytes, n);
}

static void put8(struct build *b, unsigned v)
{
    uint8_t byte = (uint8_t)v;
    put(b, &byte, 1);
}

static void put16(struct build *b, unsigned v)
{
    uint8_t two[2];
    store_be16(two, v);
    put(b, two, 2);
}

static void put32(struct build *b, uint32_t v)
{
    uint8_t four[4];
    store_be32(four, v);
    put(b, four, 4);
}

static bool is_v4(const struct build *b) { return b->type == TYPE_4; }

/* --- headers; arg: see the table --- */

static void plain(struct build *b, unsigned arg)
{
    (void)b;
    (void)arg;
}

static void addresses(struct build *b)
{
    static const uint8_t ends[2][6] = { { 2, 0, 0, 0, 7, 1 }, { 2, 0, 0, 0, 7, 2 } };
    put(b, ends[b->back], 6);
    put(b, ends[!b->back], 6);
}

static void ethernet(struct build *b, unsigned arg)
{
    (void)arg;
    put16(b, b->type);
    addresses(b);
    b->type = BRIDGED;
}

/* Behind it only a length may stand, up to 1500. */
static void snap(struct build *b, unsigned organisation)
{
    put16(b, b->type);
    put8(b, organisation);
    put16(b, 0);
    put8(b, 3);
    put16(b, 0xaaaa);
    b->impossible |= b->wire > 1500;
    b->type = (unsigned)b->wire;
}

/* arg: EtherType and number. */
static void tag(struct build *b, unsigned arg)
{
    put16(b, b->type);
    put16(b, arg & 0xffff);
    b->type = arg >> 16;
}

static void other_tag(struct build *b, unsigned type)
{
    put16(b, b->type);
    if (type == 0x8909)
        put32(b, 7);
    put16(b, type == 0x8909 ? 0x0101 : 2);
    if (type == 0x893f)
        put32(b, 1);
    else if (type == 0x8926)
        put16(b, 0x8001);
    b->type = type;
}

static void backbone(struct build *b, unsigned arg)
{
    (void)arg;
    put32(b, 0x00000123);
    b->type = 0x88e7;
}

static void control_word(struct build *b, unsigned arg) { put32(b, arg); }

static void labels(struct build *b, unsigned type)
{
    put32(b, 0x0006a13f);
    put32(b, 0x00064040);
    b->type = type;
    b->protocol = MPLS_IN_IP;
}

/* arg 1: the protocol in one byte (RFC 1661 section 2); 2: with address and control. */
static void ppp(struct build *b, unsigned how)
{
    unsigned protocol = is_v4(b) ? 0x21 : 0x57;
    if (how & 1)
        put8(b, protocol);
    else
        put16(b, protocol);
    if (how & 2)
        put16(b, 0xff03);
    b->type = 0x880b;
}

static void direction(struct build *b, unsigned arg)
{
    (void)arg;
    put8(b, b->back);
}

static void pppoe(struct build *b, unsigned arg)
{
    (void)arg;
    put16(b, (unsigned)b->wire);
    put16(b, 17);
    put16(b, 0x1100);
    b->type = 0x8864;
}

static void cisco_hdlc(struct build *b, unsigned arg)
{
    (void)arg;
    put16(b, b->type);
    put16(b, 0x0f00);
}

static void cooked(struct build *b, unsigned version)
{
    static const uint8_t address[8] = { 2, 0, 0, 0, 7, 1 };
    if (version == 1)
        put16(b, b->type);
    put(b, address, 8);
    if (version == 1) {
        put16(b, 6);
        put16(b, 1);
        put16(b, b->back ? 4 : 0);
        return;
    }
    put8(b, 6);
    put8(b, b->back ? 4 : 0);
    put16(b, 1);
    put32(b, 3);
    put16(b, 0);
    put16(b, b->type);
}

/* arg: the family of IPv6, in the other byte order with 0x100. */
static void loopback(struct build *b, unsigned arg)
{
    unsigned family = is_v4(b) ? 2 : arg & 0xff;
    put32(b, arg & 0x100 ? family << 24 : family);
}

/* Two attributes, then the payload; arg: whether in network order. */
static void nflog(struct build *b, unsigned big)
{
    static const uint8_t mark[2][8] = { { 8, 0, 5, 0, 0, 0, 0, 1 }, { 0, 8, 0, 5, 0, 0, 0, 1 } };
    unsigned n = (unsigned)b->wire + 4;
    b->impossible |= n > 0xffff;
    put16(b, big ? 9 : 0x0900);
    put16(b, big ? n : (n & 0xff) << 8 | n >> 8);
    put(b, mark[big], 8);
    put32(b, 0x02000000);
}

static void ip4(struct build *b, unsigned arg)
{
    (void)arg;
    b->impossible |= b->wire + 20 > 0xffff;
    put32(b, b->back ? 0xcb007102 : 0xcb007101);
    put32(b, b->back ? 0xcb007101 : 0xcb007102);
    put16(b, 0);
    put8(b, b->protocol);
    put8(b, 63);
    put16(b, 0);
    put16(b, b->number & 0xffff);
    put16(b, 0);
    put16(b, 0x4500);
    store_be16(b->head + b->at + 2, (unsigned)b->wire);
    b->type = TYPE_4;
    b->protocol = IP_IN_IP;
}

static void ip6(struct build *b, unsigned arg)
{
    static const uint8_t ends[2][16] = { { 0x20, 1, 0xd, 0xb8, [15] = 1 }, { 0x20, 1, 0xd, 0xb8, [15] = 2 } };
    unsigned n = (unsigned)b->wire;
    (void)arg;
    b->impossible |= n > 0xffff;
    put(b, ends[!b->back], 16);
    put(b, ends[b->back], 16);
    put8(b, 63);
    put8(b, b->protocol);
    put16(b, n);
    put32(b, 0x60000000);
    b->type = TYPE_6;
    b->protocol = IP6_IN_IP;
}

static void udp(struct build *b, unsigned port)
{
    b->impossible |= b->wire + 8 > 0xffff;
    put16(b, 0);
    put16(b, (unsigned)b->wire + 6);
    put16(b, port);
    put16(b, 0xc001);
    b->protocol = UDP;
}

/* arg: flags, and the protocol type if it is none that follows from what is inside. */
static void gre(struct build *b, unsigned arg)
{
    unsigned flags = arg >> 16, type = arg & 0xffff;
    if (flags & 0x0080)
        put32(b, 9);
    if (flags & 0x1000)
        put32(b, b->number);
    if (flags & 0x2000)
        put32(b, flags & 1 ? (uint32_t)(b->wire - 4) << 16 | 7 : 7);
    if (flags & 0x8000)
        put32(b, 0);
    put16(b, type ? type : b->type);
    put16(b, flags);
    b->protocol = GRE;
}

/* RFC 2637: the length is that of the PPP frame alone. */
static void pptp(struct build *b, unsigned arg)
{
    unsigned n = (unsigned)b->wire;
    (void)arg;
    put32(b, 9);
    put32(b, b->number);
    put16(b, 7);
    put16(b, n);
    put16(b, 0x880b);
    put16(b, 0x3081);
    b->protocol = GRE;
}

static void eoip(struct build *b, unsigned arg)
{
    unsigned n = (unsigned)b->wire;
    (void)arg;
    put16(b, 7);
    put16(b, n);
    put16(b, 0x6400);
    put16(b, 0x2001);
    b->protocol = GRE;
}

static void wccp(struct build *b, unsigned arg)
{
    (void)arg;
    b->impossible |= !is_v4(b);
    put32(b, 0);
}

/* arg: version, and for III the low half of its third word. */
static void erspan(struct build *b, unsigned arg)
{
    if (arg >> 16 == 2) {
        put32(b, 1);
        put32(b, 0x10000064);
        return;
    }
    if (arg & 1) {
        put32(b, 0);
        put32(b, 0);
    }
    put16(b, arg & 0xffff);
    put16(b, 0);
    put32(b, b->number);
    put32(b, 0x20000064);
}

/* arg: the first four bytes. */
static void vxlan(struct build *b, unsigned arg)
{
    put32(b, 0x00010000);
    put32(b, arg);
}

static void geneve(struct build *b, unsigned options)
{
    for (unsigned i = 0; i < options; i++)
        put32(b, i + 1 == options ? 0x01028000 : 0);
    put32(b, 0x00010000);
    put16(b, b->type);
    put16(b, options << 8 | 0x40);
}

/* arg: whether with an extension header. */
static void gtp(struct build *b, unsigned extension)
{
    unsigned n = (unsigned)b->wire;
    if (extension) {
        put32(b, 0x01100900);
        put32(b, 0x00000085);
        n += 8;
    }
    b->impossible |= n > 0xffff;
    put32(b, 7);
    put16(b, n);
    put16(b, extension ? 0x34ff : 0x30ff);
}

/* --- the table --- */

#define T(...) { __VA_ARGS__ }
#define TAG(type, number) { tag, (unsigned)(type) << 16 | (number) }
#define OVER_IP { ip4, 0 }, { ethernet, 0 }
#define MANY 100

static const struct wrapping {
    const char *name;
    int link;
    int number;                         /* of the tunnels; MANY: the one by IP version */
    uint8_t tunnel[3];
    uint16_t vlan[4];
    struct step {
        void (*add)(struct build *, unsigned arg);
        unsigned arg;
    } step[10];
} wrappings[] = {
    { "raw", 101, 0, {0}, {0}, T({ plain, 0 }) },
    { "raw, 12", 12, 0, {0}, {0}, T({ plain, 0 }) },
    { "raw, 14", 14, 0, {0}, {0}, T({ plain, 0 }) },
    { "null", 0, 0, {0}, {0}, T({ loopback, 10 | 0x100 }) },
    { "null, Windows", 0, 0, {0}, {0}, T({ loopback, 23 | 0x100 }) },
    { "null, NetBSD", 0, 0, {0}, {0}, T({ loopback, 24 | 0x100 }) },
    { "null, big-endian", 0, 0, {0}, {0}, T({ loopback, 30 }) },
    { "loop", 108, 0, {0}, {0}, T({ loopback, 28 }) },
    { "ethernet", 1, 0, {0}, {0}, T({ ethernet, 0 }) },
    { "LLC", 1, 0, {0}, {0}, T({ snap, 0 }, { ethernet, 0 }) },
    { "LLC, bridge tunnel", 1, 0, {0}, {0}, T({ snap, 0xf8 }, { ethernet, 0 }) },
    { "cooked", 113, 0, {0}, {0}, T({ cooked, 1 }) },
    { "cooked 2", 276, 0, {0}, {0}, T({ cooked, 2 }) },
    { "cooked with VLAN", 113, 0, {0}, { 5 }, T(TAG(0x8100, 5), { cooked, 1 }) },
    { "nflog", 239, 0, {0}, {0}, T({ nflog, 0 }) },
    { "nflog, big-endian", 239, 0, {0}, {0}, T({ nflog, 1 }) },
    { "ppp", 9, 0, {0}, {0}, T({ ppp, 0 }) },
    { "ppp, short", 9, 0, {0}, {0}, T({ ppp, 1 }) },
    { "ppp in hdlc", 50, 0, {0}, {0}, T({ ppp, 2 }) },
    { "ppp with direction", 204, 0, {0}, {0}, T({ ppp, 2 }, { direction, 0 }) },
    { "Cisco hdlc", 104, 0, {0}, {0}, T({ cisco_hdlc, 0 }) },
    { "pppoe as a link", 51, 1, { TUNNEL_PPPOE }, {0}, T({ ppp, 0 }, { pppoe, 0 }) },
    { "vlan", 1, 0, {0}, { 100 }, T(TAG(0x8100, 100), { ethernet, 0 }) },
    { "vlan, priority only", 1, 0, {0}, {0}, T(TAG(0x8100, 0xe000), { ethernet, 0 }) },
    { "service tag", 1, 0, {0}, { 200 }, T(TAG(0x88a8, 200), { ethernet, 0 }) },
    { "qinq", 1, 0, {0}, { 200, 100 }, T(TAG(0x8100, 100), TAG(0x88a8, 200), { ethernet, 0 }) },
    { "qinq 9100", 1, 0, {0}, { 200, 100 }, T(TAG(0x8100, 100), TAG(0x9100, 200), { ethernet, 0 }) },
    { "qinq 9200", 1, 0, {0}, { 200, 100 }, T(TAG(0x8100, 100), TAG(0x9200, 200), { ethernet, 0 }) },
    { "qinq 9300", 1, 0, {0}, { 200, 100 }, T(TAG(0x8100, 100), TAG(0x9300, 200), { ethernet, 0 }) },
    { "802.1BR", 1, 0, {0}, {0}, T({ other_tag, 0x893f }, { ethernet, 0 }) },
    { "vn-tag", 1, 0, {0}, { 9 }, T(TAG(0x8100, 9), { other_tag, 0x8926 }, { ethernet, 0 }) },
    { "metadata", 1, 0, {0}, {0}, T({ other_tag, 0x8909 }, { ethernet, 0 }) },
    { "802.1ah", 1, 0, {0}, { 300, 100 },
      T(TAG(0x8100, 100), { ethernet, 0 }, { backbone, 0 }, TAG(0x88a8, 300), { ethernet, 0 }) },
    { "mpls", 1, 1, { TUNNEL_MPLS }, {0}, T({ labels, 0x8847 }, { ethernet, 0 }) },
    { "mpls, multicast", 1, 1, { TUNNEL_MPLS }, {0}, T({ labels, 0x8848 }, { ethernet, 0 }) },
    { "pseudowire", 1, 1, { TUNNEL_MPLS }, {0}, T({ ethernet, 0 }, { labels, 0x8847 }, { ethernet, 0 }) },
    { "pseudowire, control word", 1, 1, { TUNNEL_MPLS }, {0},
      T({ ethernet, 0 }, { control_word, 0 }, { labels, 0x8847 }, { ethernet, 0 }) },
    { "mpls in ip", 1, 1, { TUNNEL_MPLS }, {0}, T({ labels, 0x8847 }, OVER_IP) },
    { "pppoe", 1, 1, { TUNNEL_PPPOE }, {0}, T({ ppp, 0 }, { pppoe, 0 }, { ethernet, 0 }) },
    { "pppoe in a vlan", 1, 1, { TUNNEL_PPPOE }, { 7 }, T({ ppp, 0 }, { pppoe, 0 }, TAG(0x8100, 7), { ethernet, 0 }) },
    { "gre", 1, 1, { TUNNEL_GRE }, {0}, T({ gre, 0 }, OVER_IP) },
    { "gre, all fields", 1, 1, { TUNNEL_GRE }, {0}, T({ gre, 0xb0000000 }, OVER_IP) },
    { "gre over ipv6", 1, 1, { TUNNEL_GRE }, {0}, T({ gre, 0 }, { ip6, 0 }, { ethernet, 0 }) },
    { "gre with ethernet", 1, 1, { TUNNEL_GRE }, {0}, T({ ethernet, 0 }, { gre, 0x20000000 }, OVER_IP) },
    { "gre with ppp", 1, 1, { TUNNEL_GRE }, {0}, T({ ppp, 0 }, { gre, 0 }, OVER_IP) },
    { "gre with mpls", 1, 2, { TUNNEL_GRE, TUNNEL_MPLS }, {0}, T({ labels, 0x8847 }, { gre, 0 }, OVER_IP) },
    { "pptp", 1, 1, { TUNNEL_PPTP }, {0}, T({ ppp, 2 }, { pptp, 0 }, OVER_IP) },
    { "eoip", 1, 1, { TUNNEL_GRE }, {0}, T({ ethernet, 0 }, { eoip, 0 }, OVER_IP) },
    { "wccp", 1, 1, { TUNNEL_GRE }, {0}, T({ wccp, 0 }, { gre, 0x883e }, OVER_IP) },
    { "erspan I", 1, 1, { TUNNEL_ERSPAN }, {0}, T({ ethernet, 0 }, { gre, 0x88be }, OVER_IP) },
    { "erspan II", 1, 1, { TUNNEL_ERSPAN }, {0}, T({ ethernet, 0 }, { erspan, 2u << 16 }, { gre, 0x100088be }, OVER_IP) },
    { "erspan III", 1, 1, { TUNNEL_ERSPAN }, {0}, T({ ethernet, 0 }, { erspan, 3u << 16 }, { gre, 0x100022eb }, OVER_IP) },
    { "erspan III, more", 1, 1, { TUNNEL_ERSPAN }, { 6 },
      T(TAG(0x8100, 6), { ethernet, 0 }, { erspan, 3u << 16 | 1 }, { gre, 0x100022eb }, OVER_IP) },
    { "erspan III, ip", 1, 1, { TUNNEL_ERSPAN }, {0}, T({ erspan, 3u << 16 | 2 << 10 }, { gre, 0x100022eb }, OVER_IP) },
    { "vxlan", 1, 1, { TUNNEL_VXLAN }, {0}, T({ ethernet, 0 }, { vxlan, 0x08000000 }, { udp, 4789 }, OVER_IP) },
    { "vxlan, group policy", 1, 1, { TUNNEL_VXLAN }, {0},
      T({ ethernet, 0 }, { vxlan, 0x88000001 }, { udp, 4789 }, { ip6, 0 }, { ethernet, 0 }) },
    { "vxlan, old port", 1, 1, { TUNNEL_VXLAN }, {0}, T({ ethernet, 0 }, { vxlan, 0x08000000 }, { udp, 8472 }, OVER_IP) },
    { "vxlan-gpe, ethernet", 1, 1, { TUNNEL_VXLAN }, {0}, T({ ethernet, 0 }, { vxlan, 0x0c000003 }, { udp, 4790 }, OVER_IP) },
    { "vxlan-gpe, mpls", 1, 2, { TUNNEL_VXLAN, TUNNEL_MPLS }, {0},
      T({ labels, 0x8847 }, { vxlan, 0x0c000005 }, { udp, 4790 }, OVER_IP) },
    { "geneve", 1, 1, { TUNNEL_GENEVE }, {0}, T({ ethernet, 0 }, { geneve, 0 }, { udp, 6081 }, OVER_IP) },
    { "geneve, options", 1, 1, { TUNNEL_GENEVE }, {0}, T({ ethernet, 0 }, { geneve, 2 }, { udp, 6081 }, OVER_IP) },
    { "geneve, ip", 1, 1, { TUNNEL_GENEVE }, {0}, T({ geneve, 0 }, { udp, 6081 }, OVER_IP) },
    { "gtp", 1, 1, { TUNNEL_GTP }, {0}, T({ gtp, 0 }, { udp, 2152 }, OVER_IP) },
    { "gtp, extension", 1, 1, { TUNNEL_GTP }, {0}, T({ gtp, 1 }, { udp, 2152 }, OVER_IP) },
    { "in ipv4", 1, MANY, { TUNNEL_IPIP, TUNNEL_6IN4 }, {0}, T(OVER_IP) },
    { "in ipv6", 1, MANY, { TUNNEL_4IN6, TUNNEL_6IN6 }, {0}, T({ ip6, 0 }, { ethernet, 0 }) },
    { "vxlan in erspan in vlan", 1, 2, { TUNNEL_ERSPAN, TUNNEL_VXLAN }, { 4, 3 },
      T(TAG(0x8100, 3), { ethernet, 0 }, { vxlan, 0x08000000 }, { udp, 4789 }, { ip4, 0 }, { ethernet, 0 },
        { erspan, 2u << 16 }, { gre, 0x100088be }, { ip4, 0 }, TAG(0x8100, 4)) },
};
enum { WRAPPINGS = sizeof wrappings / sizeof *wrappings };

/* --- making --- */

/* The IP packet of a segment: bytes on the wire. */
static size_t ip_wire(const struct pkt *p)
{
    const uint8_t *ip = p->seg.ip.p;
    size_t n = ip[0] >> 4 == 4 ? load_be16(ip + 2) : load_be16(ip + 4) + (load_be16(ip + 4) ? 40u : 0u);
    return n ? n : p->raw.wire_len - p->ip;
}

static bool add_wrapped(struct packets *out, const struct wrapping *w, const struct pkt *p, struct span ip,
                        size_t wire, unsigned number)
{
    bool v4 = ip.p[0] >> 4 == 4;
    struct build b = { .at = HEAD_ROOM, .wire = wire, .type = v4 ? TYPE_4 : TYPE_6, .back = p->side, .number = number,
                       .protocol = v4 ? IP_IN_IP : IP6_IN_IP };
    for (size_t i = 0; i < sizeof w->step / sizeof *w->step && w->step[i].add; i++)
        w->step[i].add(&b, w->step[i].arg);
    if (w->step[9].add)                 /* the last place is a tag, so Ethernet has to follow */
        ethernet(&b, 0);
    if (b.impossible)
        return false;
    struct packet *q = packets_add(out, &p->raw);
    size_t head = HEAD_ROOM - b.at;
    q->data = span_of(b.head + b.at, head);
    uint8_t *at = packets_own(out, q, head + ip.n);
    memcpy(at + head, ip.p, ip.n);
    q->linktype = w->link;
    q->wire_len = (uint32_t)b.wire;
    return true;
}

static void expect(struct packets *out, const struct wrapping *w, bool v4)
{
    size_t n = w->number == MANY ? 1 : (size_t)w->number;
    memcpy(out->tunnel, w->number == MANY && !v4 ? w->tunnel + 1 : w->tunnel, n);
    out->ntunnel = (uint8_t)n;
    while (out->nvlan < 4 && w->vlan[out->nvlan]) {
        out->vlan[out->nvlan] = w->vlan[out->nvlan];
        out->nvlan++;
    }
}

static size_t count_wraps(const struct golden *g) { return g->n ? WRAPPINGS : 0; }

static enum rule_class make_wrapped(const struct golden *g, size_t how, struct packets *out, char *what)
{
    const struct wrapping *w = &wrappings[how];
    bool any = false;

    snprintf(what, WHAT, "%s", w->name);
    for (size_t i = 0; i < g->n; i++) {
        const struct pkt *p = &g->pkt[i];
        if (!p->tcp) {
            packets_add(out, &p->raw);
            continue;
        }
        if (!any)
            expect(out, w, p->seg.ip.p[0] >> 4 == 4);
        any = true;
        if (!add_wrapped(out, w, p, p->seg.ip, ip_wire(p), (unsigned)i))
            return SKIP;
    }
    return any ? KEEPS : SKIP;
}

/* --- fragments --- */

/* Part [from, from + n) of what is behind the IP header, of which `have` bytes were captured. */
static size_t fragment_of(uint8_t *to, struct span ip, bool v4, size_t from, size_t n, bool more, unsigned id)
{
    size_t header = v4 ? (ip.p[0] & 15) * 4u : 40, have = ip.n - header;
    size_t there = have > from ? (have - from < n ? have - from : n) : 0, at = header;

    memcpy(to, ip.p, header);
    if (v4) {
        store_be16(to + 2, (unsigned)(header + n));
        store_be16(to + 4, id & 0xffff);
        store_be16(to + 6, (unsigned)(from / 8 | (more ? 0x2000u : 0u)));
    } else {
        store_be16(to + 4, (unsigned)(8 + n));
        to[6] = 44;
        to[at] = ip.p[6];
        to[at + 1] = 0;
        store_be16(to + at + 2, (unsigned)(from | more));
        store_be32(to + at + 4, id);
        at += 8;
    }
    memcpy(to + at, ip.p + header + from, there);
    return at + there;
}

static const struct {
    const char *name;
    size_t size;                        /* bytes of each */
    bool backwards, twice;
    const char *inside;                 /* a wrapping around each */
} fragmentings[] = {
    { "8 bytes each", 8, false, false, NULL },
    { "24 bytes each, backwards", 24, true, false, NULL },
    { "64 bytes each, each twice", 64, false, true, NULL },
    { "512 bytes each, in vxlan", 512, false, false, "vxlan" },
    { "40 bytes each, in qinq, backwards", 40, true, false, "qinq" },
};
enum { FRAGMENTINGS = sizeof fragmentings / sizeof *fragmentings };

static size_t count_fragmentings(const struct golden *g) { return g->n ? FRAGMENTINGS : 0; }

static const struct wrapping *wrapping_named(const char *name)
{
    size_t i = 0;
    while (strcmp(wrappings[i].name, name ? name : "ethernet"))
        i++;
    return &wrappings[i];
}

static bool add_fragments(struct packets *out, const struct pkt *p, size_t how, unsigned id)
{
    const struct wrapping *w = wrapping_named(fragmentings[how].inside);
    bool v4 = p->seg.ip.p[0] >> 4 == 4;
    size_t header = v4 ? (p->seg.ip.p[0] & 15) * 4u : 40, all = ip_wire(p) - header;
    size_t size = fragmentings[how].size, n = (all + size - 1) / size;
    static uint8_t bytes[70000];

    while (n > PIECES - 1) {            /* all that fragments.h waits for */
        size *= 2;
        n = (all + size - 1) / size;
    }
    if (!v4 && p->seg.ip.p[6] != 6)     /* extension headers stay in front */
        return false;
    for (size_t k = 0; k < n; k++) {
        size_t i = fragmentings[how].backwards ? n - 1 - k : k, from = i * size;
        size_t part = all - from < size ? all - from : size;
        size_t have = fragment_of(bytes, p->seg.ip, v4, from, part, i + 1 < n, id);
        size_t wire = header + part + (v4 ? 0 : 8);
        for (int again = 0; again <= fragmentings[how].twice; again++)
            if (!add_wrapped(out, w, p, span_of(bytes, have), wire, id + (unsigned)k))
                return false;
    }
    return true;
}

static enum rule_class make_fragments(const struct golden *g, size_t how, struct packets *out, char *what)
{
    bool any = false;

    snprintf(what, WHAT, "%s", fragmentings[how].name);
    for (size_t i = 0; i < g->n; i++) {
        const struct pkt *p = &g->pkt[i];
        if (!p->tcp) {
            packets_add(out, &p->raw);
            continue;
        }
        if (!any)
            expect(out, wrapping_named(fragmentings[how].inside), true);
        any = true;
        if (!add_fragments(out, p, how, (unsigned)i * 1000 + 1))
            return SKIP;
    }
    return !any ? SKIP : g->marks & MARK_TRUNCATED ? LOSES : KEEPS;
}

static const struct derivation wrapping_all[] = {
    { .name = "wrapped", count_wraps, make_wrapped, .wraps = true },
    { .name = "fragments", count_fragmentings, make_fragments, .wraps = true },
};
const struct derivation *const derivations_wrapping = wrapping_all;
const size_t derivations_wrapping_n = sizeof wrapping_all / sizeof *wrapping_all;
