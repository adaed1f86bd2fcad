/* Packets of open sessions, kept until it is known whether the session is evidence of anything: headers as they were
 * captured, and of the payload what the dialogue shows (dialogue/showing.h). All other payload bytes are not kept at all:
 * an 'x' stands for each, but line ends stay. So no secret ever lies here.
 *
 * TCP checksums are changed by as much as the bytes were: what was right is right, and what was wrong is wrong. */
#ifndef MAILSEAL_APP_EVIDENCE_H
#define MAILSEAL_APP_EVIDENCE_H

#include "app/evidence_ring.h"
#include "dialogue/showing.h"
#include "flow/flow.h"

struct keeper;                        /* of one lane */
struct kept;                            /* of one session */

/* memory: bytes for open sessions; when they are used up, what is kept of the oldest one is dropped, and counted in the
 * ring. NULL: no memory. */
struct keeper *evidence_new(size_t memory, const struct evidence_ring *);
void evidence_free(struct keeper *);  /* NULL is allowed */

/* A packet of a connection without payload so far, which may become a session. place_hash: as flow_place() gives it. */
void evidence_bare(struct keeper *, uint64_t place_hash, const struct segment *, unsigned side);
/* A session begins. *owner is set to what is kept of it, and to NULL when that is dropped. opened: packets came before. */
void evidence_begin(struct keeper *, struct kept **owner, uint64_t place_hash, unsigned client_side, bool opened);
/* Each packet of it, before its bytes are read. */
void evidence_packet(struct kept *, const struct segment *, unsigned side, enum checksum);
struct showing *evidence_showing(struct kept *);
/* The session is known: puts its packets into the ring and drops them here. Gives 1 + their place; 0: nowhere. */
uint64_t evidence_hand_over(struct kept *);
void evidence_drop(struct kept *);      /* NULL is allowed */

#endif
