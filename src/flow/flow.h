/* TCP connections and the table that holds them. A flow knows ends, order and time; what its
 * bytes mean is known above. */
#ifndef MAILSEAL_FLOW_FLOW_H
#define MAILSEAL_FLOW_FLOW_H

#include "base/hash.h"
#include "flow/reorder.h"
#include "flow/window.h"

struct flow_key {
    struct endpoint a, b;               /* a is the smaller by endpoint_cmp(): the same both ways */
};

enum { FLOW_VLANS = 4, FLOW_TUNNELS = 8, SIDE_UNKNOWN = 2 };

/* Payload of one side, each byte once, without keeping it. One hole is remembered, so that a
 * late segment still counts; with a second hole open the older one's late bytes do not. */
struct byte_count {
    uint64_t n;
    uint32_t high;                      /* behind the highest byte seen */
    uint32_t hole, hole_end;            /* not seen yet, below high */
    bool begun;
};

enum flow_age { FLOW_OPEN, FLOW_HALF_CLOSED, FLOW_CLOSED, FLOW_AGES };

/* Side 0 is key.a, side 1 is key.b. */
struct flow {
    struct flow *chain, *older, *newer;
    struct flow_key key;
    uint8_t age;                        /* enum flow_age: which list it is on, and how long it may be silent */
    uint8_t syn, synack, fin, rst;      /* bit 1 << side: seen from that side */
    uint8_t acked;                      /* bit: a segment of that side without SYN was seen */
    uint8_t payload;                    /* bit: a payload byte of that side was seen */
    uint8_t checksum_right;             /* bit: that side has shown a right checksum */
    uint8_t lost;                       /* bit: payload of that side is missing, though acknowledged */
    uint8_t cut;                        /* bit: a segment of that side was cut by the snap length */
    bool unwatched;                     /* set by the owner: checksums need not be summed up any more */
    uint8_t nvlan;
    uint16_t vlan[FLOW_VLANS];          /* in order of appearance */
    uint8_t ntunnel;
    uint8_t tunnel[FLOW_TUNNELS];       /* enum tunnel, distinct, in order of appearance */
    uint32_t isn[2];
    uint32_t acks[2];                   /* highest acknowledgement that side sent */
    uint64_t first_ns, last_ns, age_ns; /* age_ns: last activity, or the end once closed */
    uint64_t packets[2];
    struct byte_count bytes[2];
    uint32_t source;                    /* the capture it began in */
    void *state;                        /* the owner's; NULL: nothing beyond counting */
    bool dull;                          /* the owner's: its payload is of no interest */
};

struct flow_table;

/* A flow has ended (silence, closed and quiet, replaced by a new SYN, pushed out for lack of
 * memory, end of input): the owner gives its state back. `evicted`: it was pushed out. */
typedef void flow_ended(void *ctx, struct flow *, bool evicted);

struct flow_table *flow_table_new(struct pool *, flow_ended *, void *ctx);
void flow_table_free(struct flow_table *);              /* flows in it are not reported */

/* What a segment is to its flow. */
struct flow_hit {
    struct flow *flow;
    unsigned side;                      /* that sent it */
    enum checksum sum;                  /* UNKNOWN on an unwatched flow */
    bool ignored;                       /* counted as a packet, and nothing else (section 1: wrong checksum) */
};

/* The flow of a segment, made if need be, with times, ends and counters brought up to date.
 * flow is NULL when there is none and `make` is false, or no memory at all. Ends, before it
 * returns, the flows that have been silent for too long at this segment's time, and the flow
 * of these endpoints when a SYN with another sequence number begins a new connection. */
struct flow_hit flow_of(struct flow_table *, const struct segment *, bool make);

/* Ends the flow that has been silent longest, but not `keep`; for when the pool is empty. False:
 * there is no other. */
bool flow_evict(struct flow_table *, const struct flow *keep);
void flow_end_all(struct flow_table *);                 /* oldest first */
uint64_t flow_made(const struct flow_table *);          /* flows begun so far */

/* 1 << side tests. */
static inline bool flow_bit(uint8_t bits, unsigned side) { return bits >> side & 1; }
static inline bool flow_is_closed(const struct flow *f) { return f->age == FLOW_CLOSED; }
const struct endpoint *flow_endpoint(const struct flow *, unsigned side);

#endif
