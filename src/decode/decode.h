/* From a packet to the TCP segment in it: link layer, tags, tunnels (decode/tunnel.h), IPv4 or IPv6
 * with extension headers (RFC 8200 section 4), TCP (RFC 9293 section 3.1). Pure: nothing is kept. */
#ifndef MAILSEAL_DECODE_DECODE_H
#define MAILSEAL_DECODE_DECODE_H

#include "capture/capture.h"
#include "decode/segment.h"

/* What a packet was. All but DECODE_TCP are counted by the caller and go no further. */
#define DECODE_RESULTS(R)                                                              \
    R(TCP,           "tcp",            "TCP segments")                                 \
    R(NOT_IP,        "not_ip",         "neither IPv4 nor IPv6")                        \
    R(NOT_TCP,       "not_tcp",        "another protocol over IP")                     \
    R(FRAGMENT,      "fragment",       "IP fragments, not put together")               \
    R(TRUNCATED,     "truncated",      "cut before the end of the TCP header")         \
    R(MALFORMED,     "malformed",      "headers that contradict themselves")           \
    R(UNKNOWN_LINK,  "unknown_link",   "of a link type that is not decoded")           \
    R(TOO_DEEP,      "too_deep",       "nested deeper than is followed")

enum decode_result {
#define R(id, name, sentence) DECODE_##id,
    DECODE_RESULTS(R)
#undef R
    DECODE_RESULTS_N
};

/* *out is filled only with DECODE_TCP, and with DECODE_FRAGMENT as far as segment.h says. */
enum decode_result decode(const struct packet *, struct segment *out);

/* The same for an IP packet put together from fragments (decode/fragments.h): *seg, which decode()
 * filled from one of them, keeps the VLANs and tunnels that they came through. */
enum decode_result decode_whole(const struct packet *, struct segment *seg);

/* Whether any packet of this link type can be decoded. */
bool decode_knows_link(int linktype);

#endif
