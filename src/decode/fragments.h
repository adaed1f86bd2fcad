/* Fragments of IP packets, kept until the whole packet is there (RFC 791 section 3.2, RFC 8200
 * section 4.5). What is kept is bounded in bytes, packets, pieces of each and packet time; when
 * there is no room the oldest packet is given up.
 *
 * Where fragments overlap, the first copy wins in IPv4, and a packet of IPv6 is dropped with all that
 * may still come of it (RFC 5722). An exact copy, as mirrors deliver it, is passed over, for a tenth
 * of a second after the whole was given out too. VLANs and tunnels do not tell packets apart. */
#ifndef MAILSEAL_DECODE_FRAGMENTS_H
#define MAILSEAL_DECODE_FRAGMENTS_H

#include "capture/capture.h"
#include "decode/segment.h"

enum {
    FRAGMENTS_MEMORY = 4 * 1024 * 1024,
    FRAGMENTS_PACKETS = 1024,           /* waited for at once */
    FRAGMENTS_PIECES = 256,             /* of one packet */
    FRAGMENTS_SECONDS = 30              /* of packet time, from the first fragment on */
};

struct fragment_counts {
    uint64_t whole;                     /* packets put together */
    uint64_t expired;                   /* given up: the rest did not come */
    uint64_t evicted;                   /* given up for want of room */
    uint64_t refused;                   /* given up: overlaps in IPv6, contradictions, too many pieces */
};

struct fragments;

/* memory: bytes in all, at least 1 MiB. counts must outlive the table. NULL: no memory. */
struct fragments *fragments_new(size_t memory, struct fragment_counts *counts);
void fragments_free(struct fragments *);        /* NULL is allowed */

/* Takes what decode() called DECODE_FRAGMENT. If the packet is whole now, gives the number of fragments
 * it came in, else 0. *whole is then for decode_whole(), and valid until the next call. Bytes that
 * were cut off one of them end its data; wire_len is the length on the wire. */
unsigned fragments_take(struct fragments *, const struct segment *, struct packet *whole);

/* The whole packets given out are used no more: they are wiped. */
void fragments_used(struct fragments *);

/* The input has ended. NULL is allowed. */
void fragments_clear(struct fragments *);

#endif
