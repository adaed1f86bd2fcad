/* The tunnels that are looked into. Words and order go into databases (facts/vocabulary.h has
 * them too): only ever append. VLAN, 802.1BR and VN-tags are tags, not tunnels. */
#ifndef MAILSEAL_DECODE_TUNNEL_H
#define MAILSEAL_DECODE_TUNNEL_H

#define TUNNELS(T)                                                                      \
    T(MPLS,   "mpls",   "MPLS, RFC 3032, or a pseudowire over it, RFC 4448")            \
    T(PPPOE,  "pppoe",  "PPP over Ethernet, RFC 2516")                                  \
    T(GRE,    "gre",    "GRE, RFC 2784 and RFC 2890")                                   \
    T(PPTP,   "pptp",   "PPP over enhanced GRE, RFC 2637")                              \
    T(ERSPAN, "erspan", "a mirror port over GRE, draft-foschiano-erspan")               \
    T(VXLAN,  "vxlan",  "VXLAN, RFC 7348")                                              \
    T(GENEVE, "geneve", "GENEVE, RFC 8926")                                             \
    T(IPIP,   "ipip",   "IPv4 in IPv4, RFC 2003")                                       \
    T(6IN4,   "6in4",   "IPv6 in IPv4, RFC 4213")                                       \
    T(4IN6,   "4in6",   "IPv4 in IPv6, RFC 2473")                                       \
    T(6IN6,   "6in6",   "IPv6 in IPv6, RFC 2473")                                       \
    T(GTP,    "gtp",    "GTP-U of mobile networks, 3GPP TS 29.281")

enum tunnel {
#define T(id, word, sentence) TUNNEL_##id,
    TUNNELS(T)
#undef T
    TUNNEL_N
};

#endif
