/* Memory that the parser and the writer share: packets of sessions that are known, blanked, until the writer has judged
 * them. The parser puts each session in as one entry and the oldest give way; the writer takes out copies of those that
 * raised an incident, and believes nothing of what it finds. It outlives both. */
#ifndef MAILSEAL_APP_EVIDENCE_RING_H
#define MAILSEAL_APP_EVIDENCE_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EVIDENCE_ENTRY_MOST = 512 * 1024, EVIDENCE_PACKET_MOST = 65535 };

/* An entry: its head, then packets, each with a head of its own and its bytes, filled up to a multiple of 8. */
struct evidence_head {
    uint64_t place;                     /* where it was put: so an older one is told from what took its place */
    uint32_t size, packets;             /* size: of all of it */
    uint32_t cut, unused;               /* not all packets, or bytes of them, are here */
};
struct evidence_packet {
    uint64_t ts_ns;
    uint32_t n, wire;                   /* bytes here and on the wire, from the IP header on */
};

static inline size_t evidence_padded(size_t n) { return (n + 7) / 8 * 8; }

struct evidence_shared {
    atomic_uint_least64_t begun;        /* bytes taken so far, also by an entry that is being put in */
    atomic_uint_least64_t lost;         /* sessions of which packets gave way before they were known */
    _Alignas(64) uint8_t bytes[];
};

/* Of each process its own, so that nobody else can change it. */
struct evidence_ring {
    uint64_t size;                      /* bytes of entries */
    struct evidence_shared *shared;
};

/* Shared with processes that are forked from this one. False: no memory. */
bool evidence_ring_make(struct evidence_ring *, size_t size);
void evidence_ring_free(struct evidence_ring *);
/* From now on this process can only read it. */
bool evidence_ring_protect(struct evidence_ring *);

/* Room for an entry of n bytes, a multiple of 8, at most EVIDENCE_ENTRY_MOST; *place is to be its head's. For one caller
 * at a time. NULL: it is too large. */
uint8_t *evidence_ring_room(const struct evidence_ring *, size_t n, uint64_t *place);

/* A copy of the entry of this place. Its size, with heads that fit it; 0: it is not there any more, or is none. */
size_t evidence_ring_take(const struct evidence_ring *, uint64_t place, uint8_t *to, size_t room);

#endif
