/* Puts the two directions of one TCP connection back into the order in which the ends saw
 * them: each direction by sequence number, and a segment never before the bytes of the other
 * direction that it acknowledges. So a reply comes after its command even where the mirror
 * delivered them the other way round.
 *
 * How it works, and what it cannot do: a segment that is next in order passes through
 * without being copied; others are held, within bounds. A hole whose bytes the other end has
 * acknowledged was lost by the capture (or comes late: a second of packet time is waited);
 * one not acknowledged will be sent again. When waiting is over, or a bound is reached, the
 * hole becomes a gap of known length. Of bytes sent twice the first copy wins, among held ones
 * that with the lower sequence number; the last bytes given out are remembered, so a second copy
 * with other bytes is noticed (only within them). */
#ifndef MAILSEAL_FLOW_REORDER_H
#define MAILSEAL_FLOW_REORDER_H

#include "base/pool.h"
#include "decode/segment.h"

enum {
    REORDER_HELD = 64,                  /* segments held of one direction */
    REORDER_HELD_BYTES = 96 * 1024,
    REORDER_PAST = 2048                 /* bytes remembered of one direction */
};

struct held;

struct stream {
    uint32_t next;                      /* sequence number of the next byte to give out */
    uint32_t acked, first_ack;          /* highest and first acknowledgement by the other side */
    uint32_t fin_seq, fin_ack;
    uint16_t past_n, past_room;         /* bytes remembered, the last of them before next; room for them */
    bool anchored;                      /* next is known */
    bool seen;                          /* a packet of this direction was seen */
    bool acked_known, fin, fin_given, fin_has_ack;
    bool past_kept;
    uint16_t held_n;
    uint16_t late_packets;              /* packets of the connection since the hole was noticed */
    uint32_t held_bytes;
    struct held *held;                  /* by sequence number */
    uint64_t hole_ns;                   /* when the present hole was noticed; 0: none */
    uint8_t *past;                      /* past_room bytes from the pool, or NULL */
};

struct reorder {
    struct stream side[2];
    struct pool *pool;
    const struct segment *now;          /* the segment being pushed, while it waits to be given out */
    uint8_t now_side;
    bool now_comparable;                /* its overlap has still to be looked at */
    uint8_t odd_side, moved_side;
    uint16_t odd_n;                     /* bytes of the last copy that had other ones than were given out; 0: none */
    bool overlap : 1, gap : 1;          /* sticky: other bytes in a second copy; bytes lost */
    bool far : 1;                       /* sticky: data with numbers or acknowledgements that are none of this connection */
    uint32_t odd_at, odd_hash;          /* its number and what it holds */
    uint32_t moved_from, moved_by;      /* CHUNK_MOVED to be given; by 0: none */
    struct held *given;                 /* whose bytes the last chunk showed */
    uint64_t clock_ns;
};

enum chunk_kind {
    CHUNK_DATA,                         /* the next bytes of a side */
    CHUNK_GAP,                          /* n bytes of a side that will never come */
    CHUNK_FIN,                          /* a side has ended */
    CHUNK_CONFLICT,                     /* a second copy of bytes given out before has other ones */
    CHUNK_MOVED                         /* a segment, or a FIN, that had come at `from` came again n numbers further on: somebody
                                         * between the two places put n bytes in, and its first copy stood where they were given out */
};

struct chunk {
    enum chunk_kind kind;
    uint8_t side;
    struct span bytes;                  /* DATA: valid until the next call on this reorder */
    uint32_t n;                         /* GAP, MOVED */
    uint32_t end;                       /* DATA: sequence number behind the last byte; CONFLICT: of the first one */
    uint32_t ack;                       /* DATA: what its segment acknowledged of the other side */
    bool has_ack;
    uint64_t ts_ns;
    struct span first, other;           /* CONFLICT: see reorder_compare() */
    struct span was, is;                /* CONFLICT: all that is remembered from `from` on, and the copy from there on */
    uint32_t from;                      /* also of MOVED */
    bool whole;                         /* CONFLICT: agrees behind, and before or begins a line */
};

/* a - b of sequence numbers, RFC 9293 section 3.4. */
static inline int32_t seq_diff(uint32_t a, uint32_t b) { return (int32_t)(a - b); }

void reorder_init(struct reorder *, struct pool *);
/* Gives everything back to the pool. */
void reorder_end(struct reorder *);

/* Takes a segment of one side. Its chunks, and those that it sets free, are then fetched with
 * reorder_next() until that returns false; until then the segment must stay valid. A copy with a
 * wrong checksum is not compared with what was given out before. */
void reorder_push(struct reorder *, unsigned side, const struct segment *, enum checksum);
bool reorder_next(struct reorder *, struct chunk *out);
/* Waiting is over: holes become gaps, in order. Fetched with reorder_next(). */
bool reorder_flush(struct reorder *, struct chunk *out);
bool reorder_waits(const struct reorder *);     /* anything held back? */

/* Whether the last bytes of a side are remembered; off for bodies and for TLS. */
void reorder_keep_past(struct reorder *, unsigned side, bool keep);

#endif
