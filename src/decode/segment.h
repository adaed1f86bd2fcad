/* One TCP segment, taken out of whatever wrapped it. */
#ifndef MAILSEAL_DECODE_SEGMENT_H
#define MAILSEAL_DECODE_SEGMENT_H

#include "base/bytes.h"
#include "base/endpoint.h"

enum { SEGMENT_VLANS = 4 };             /* tags kept of one packet; deeper ones are skipped */

enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16 };

enum checksum { CHECKSUM_UNKNOWN, CHECKSUM_RIGHT, CHECKSUM_WRONG };

/* Borrows from the packet it was decoded from, and lives as long. */
struct segment {
    uint64_t ts_ns;                     /* packet time, nanoseconds since 1970 UTC */
    struct endpoint src, dst;
    uint32_t seq, ack;                  /* host order; ack only means something with TCP_ACK */
    uint8_t flags;                      /* enum tcp_flag */
    uint8_t nvlan;
    uint16_t vlan[SEGMENT_VLANS];       /* tag numbers, outermost first */
    uint32_t len;                       /* payload bytes on the wire; payload.n may be less (cut) */
    struct span payload;                /* payload bytes captured, link padding taken off */
    struct span ip;                     /* the packet from its IP header on, as captured */
    struct span tcp;                    /* the captured part from the TCP header on, padding off */
};

/* Bytes that the snap length cut off. */
static inline bool segment_is_cut(const struct segment *s) { return s->payload.n < s->len; }

/* Sums the segment up; only worth its price where the answer matters. CHECKSUM_UNKNOWN: the segment
 * is cut, the field is zero or holds the sum of the pseudo header alone (captured on the sending
 * host, before its network card did the rest), the IP header has no length, or it is source routed,
 * so that the sum is over another destination. */
enum checksum segment_checksum(const struct segment *);

#endif
