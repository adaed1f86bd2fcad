/* One TCP segment, or one fragment of an IP packet, taken out of whatever wrapped it. */
#ifndef MAILSEAL_DECODE_SEGMENT_H
#define MAILSEAL_DECODE_SEGMENT_H

#include "base/bytes.h"
#include "base/endpoint.h"
#include "decode/tunnel.h"

enum {
    SEGMENT_VLANS = 4,                  /* tags kept of one packet; deeper ones are skipped */
    SEGMENT_TUNNELS = 8                 /* tunnels in tunnels; deeper ones are not looked into */
};

enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16 };

enum checksum { CHECKSUM_UNKNOWN, CHECKSUM_RIGHT, CHECKSUM_WRONG };

/* A part of an IP packet: RFC 791 section 3.2, RFC 8200 section 4.5. All that is in front of data, but
 * for IPv6's fragment header, is head; it begins with the IP header. */
struct fragment {
    struct span head, data;             /* data: as captured */
    uint32_t len;                       /* bytes of data on the wire; data.n may be less (cut) */
    uint32_t offset;                    /* of data, in the data of the whole packet */
    uint32_t id;
    bool more;                          /* it is not the last one */
    uint8_t protocol;                   /* of what the whole carries; IPv6: only the first one knows */
    uint16_t next_at;                   /* IPv6: where in head this protocol number has to be written */
};

/* Borrows from the packet it was decoded from, and lives as long. src and dst are the addresses of the
 * innermost IP header. Of a fragment only ts_ns, the addresses (no ports), VLANs, tunnels, ip and
 * fragment are there. */
struct segment {
    uint64_t ts_ns;                     /* packet time, nanoseconds since 1970 UTC */
    struct endpoint src, dst;
    uint32_t seq, ack;                  /* host order; ack only means something with TCP_ACK */
    uint8_t flags;                      /* enum tcp_flag */
    uint8_t nvlan;
    uint16_t vlan[SEGMENT_VLANS];       /* tag numbers, outermost first */
    uint8_t ntunnel;
    uint8_t tunnel[SEGMENT_TUNNELS];    /* enum tunnel, outermost first */
    uint32_t len;                       /* payload bytes on the wire; payload.n may be less (cut) */
    struct span payload;                /* payload bytes captured, link padding taken off */
    struct span ip;                     /* the packet from its IP header on, as captured */
    struct span tcp;                    /* the captured part from the TCP header on, padding off */
    struct fragment fragment;           /* means something with DECODE_FRAGMENT only */
};

/* Bytes that the snap length cut off. */
static inline bool segment_is_cut(const struct segment *s) { return s->payload.n < s->len; }

/* Sums the segment up; only worth its price where the answer matters. CHECKSUM_UNKNOWN: the segment
 * is cut, the field is zero or holds the sum of the pseudo header alone (captured on the sending
 * host, before its network card did the rest), the IP header has no length, or it is source routed,
 * so that the sum is over another destination. */
enum checksum segment_checksum(const struct segment *);

#endif
