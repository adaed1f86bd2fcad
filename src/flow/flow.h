/* TCP connections and the table that holds them. A flow knows ends, order and time; what its
 * bytes mean is known above. */
#ifndef MAILSEAL_FLOW_FLOW_H
#define MAILSEAL_FLOW_FLOW_H

#include "base/hash.h"
#include "flow/reorder.h"
#include "flow/tags.h"
#include "flow/window.h"

struct flow_key {
    struct endpoint a, b;               /* a is the smaller by endpoint_cmp(): the same both ways */
};

enum { SIDE_UNKNOWN = 2 };

enum flow_age { FLOW_OPEN, FLOW_HALF_CLOSED, FLOW_CLOSED, FLOW_AGES };

/* What was seen from one side. */
enum flow_seen {
    FLOW_SYN = 1, FLOW_SYNACK = 2, FLOW_FIN = 4, FLOW_RST = 8,
    FLOW_ACKED = 16,                    /* a segment without SYN */
    FLOW_PAYLOAD = 32,                  /* a payload byte */
    FLOW_SUM_RIGHT = 64,                /* a right checksum */
    FLOW_LOST = 128,                    /* payload of this side is missing, though acknowledged */
    FLOW_CUT = 256,                     /* a segment cut by the snap length */
    FLOW_COUNTED = 512                  /* high and the hole are known */
};

/* Set by the owner. */
enum flow_owner {
    FLOW_UNWATCHED = 1,                 /* checksums need not be summed up any more */
    FLOW_DULL = 2,                      /* its payload is of no interest */
    FLOW_SETTLED = 4,                   /* by flow_settle(): it has a number instead of a first time */
    FLOW_CLIENT_B = 8,                  /* with it: side 1 is the client */
    FLOW_GREW = 16,                     /* something was counted, since flow_settle() if that was called */
    FLOW_STATEFUL = 32                  /* by flow_own(): it has state */
};

/* Side 0 is key.a, side 1 is key.b. A connection whose verdict is settled costs no more than this and
 * its place in the hash table, so it is kept small; what every packet touches comes first.
 *
 * Payload of each side is counted, each byte once, without keeping it. One hole is remembered, so that
 * a late segment still counts; with a second hole open the older one's late bytes do not. */
struct flow {
    struct flow_key key;
    uint32_t chain;                     /* the table's */
    uint16_t seen[2];                   /* enum flow_seen */
    uint32_t source;                    /* the capture it began in; the owner's */
    uint32_t packets[2];                /* they stop at their greatest value */
    uint32_t high[2];                   /* behind the highest payload byte of that side */
    uint64_t bytes[2];                  /* payload */
    uint64_t last_ns;
    union {
        uint64_t first_ns;              /* see flow_first_ns() */
        void *state;                    /* see flow_state() */
        uint64_t number;                /* of the session that was handed over */
    };
    uint32_t isn[2];
    uint32_t acks[2];                   /* highest acknowledgement that side sent */
    uint32_t hole[2], hole_end[2];      /* not seen yet, below high */
    uint32_t older, newer;              /* the table's */
    uint16_t heard_ms;                  /* low bits of the time since which it is silent, or closed */
    uint16_t tags;                      /* number of its set; 0: none */
    uint16_t slot;                      /* the table's */
    uint8_t age;                        /* enum flow_age: how long it may be silent */
    uint8_t owner;                      /* enum flow_owner */
};

struct flow_table;

/* By which flows are found: a secret of whoever runs the tables. */
struct flow_secret {
    struct hash_key seed;
    struct hash_words_key words;
};
struct flow_secret flow_secret_of(struct hash_key seed);

/* A flow has ended (silence, closed and quiet, replaced by a new SYN, pushed out for lack of
 * memory, end of input): the owner gives its state back. `evicted`: it was pushed out. */
typedef void flow_ended(void *ctx, struct flow *, bool evicted);

/* secret: what flow_place() is given for all segments of this table. */
struct flow_table *flow_table_new(struct pool *, const struct flow_secret *secret, flow_ended *, void *ctx);
void flow_table_free(struct flow_table *);              /* flows in it are not reported */

/* What a segment is to its flow. */
struct flow_hit {
    struct flow *flow;
    unsigned side;                      /* that sent it */
    enum checksum sum;                  /* UNKNOWN on an unwatched flow */
    bool ignored;                       /* counted as a packet, and nothing else (section 1: wrong checksum) */
};

/* Where a segment's flow is looked for, in whichever table of this secret. */
struct flow_place {
    struct flow_key key;
    uint64_t hash;                      /* the same both ways; a table uses its lower half */
    unsigned side;                      /* that sent the segment */
};
void flow_place(const struct flow_secret *, const struct segment *, struct flow_place *);
/* Fetches the place in the hash table ahead, and flow_fetch() some segments later what is there; neither
 * changes anything. */
void flow_expect(const struct flow_table *, const struct flow_place *);
void flow_fetch(const struct flow_table *, const struct flow_place *);
/* The owner's state of the flow that is first in that place, to be fetched ahead, too: it may be another flow's. */
void *flow_state_there(const struct flow_table *, const struct flow_place *);

/* The flow of a segment, made if need be, with times, ends and counters brought up to date.
 * flow is NULL when there is none and `make` is false, or no memory at all. Ends, before it
 * returns, the flow of these endpoints when it has been silent for too long at this segment's time, and when
 * a SYN with another sequence number begins a new connection. */
struct flow_hit flow_of(struct flow_table *, const struct segment *, const struct flow_place *, bool make);

/* Packet time in seconds, which is that of all flows. Clocks of captures step backwards: a step of more than a
 * minute is followed when more packets in a row have come from back there than came before them, or many; since
 * the next step forward may place every flow anew, that is paid by packets. */
struct flow_clock {
    uint64_t second;
    uint64_t behind, ordinal;           /* packets in a row from far before it, and the last of them */
};
/* Whether it enters a new second with a packet, which is the how-manieth of all. Packets within the second need not
 * be shown. */
bool flow_second_begins(struct flow_clock *, uint64_t ordinal, uint64_t now_ns);
/* To be told to a table then: ends the flows that have been silent for too long before that second. */
void flow_tick(struct flow_table *, uint64_t now_ns);

/* The order in which flows end in flow_tick() and flow_end_all(): the same in one table as in several that share
 * the flows, have had the same ticks, and never ran out of memory. */
struct flow_turn {
    uint64_t place, since;
    struct flow_key key;
};
/* Of a flow, while its end is being told. */
struct flow_turn flow_turn_of(const struct flow_table *, const struct flow *);
int flow_turn_cmp(const struct flow_turn *, const struct flow_turn *);

/* Gives a flow state of the owner's, or takes it away: NULL. State begins with a uint64_t, which is the flow's first time
 * from now on, and must be there until it is taken away again, or the flow has ended. */
void flow_own(struct flow_table *, struct flow *, void *state);
/* NULL: nothing beyond counting. */
static inline void *flow_state(const struct flow *f) { return f->owner & FLOW_STATEFUL ? f->state : NULL; }
/* When it began; means nothing of a settled one. */
static inline uint64_t flow_first_ns(const struct flow *f)
{
    return f->owner & FLOW_STATEFUL ? *(const uint64_t *)f->state : f->first_ns;
}

/* Its session was handed over, so it has no state any more; from now on it is counted only. */
void flow_settle(struct flow_table *, struct flow *, uint64_t number, unsigned client_side);

/* Ends the flow with state that has been silent longest, but not `keep`; for when the pool is empty.
 * False: there is no other. */
bool flow_evict(struct flow_table *, const struct flow *keep);
void flow_end_all(struct flow_table *);                 /* about oldest first */
uint64_t flow_oldest_ns(const struct flow_table *);     /* when the first of those with state began; 0: there is none */
uint64_t flow_made(const struct flow_table *);          /* flows begun so far */
size_t flow_index_bytes(const struct flow_table *);     /* of memory beside the pool, by which flows are found */

static inline bool flow_saw(const struct flow *f, unsigned side, unsigned seen) { return (f->seen[side] & seen) != 0; }
static inline bool flow_saw_any(const struct flow *f, unsigned seen) { return ((f->seen[0] | f->seen[1]) & seen) != 0; }
/* Bit 1 << side for each side from which it was seen. */
static inline unsigned flow_sides(const struct flow *f, unsigned seen)
{
    return (unsigned)flow_saw(f, 0, seen) | (unsigned)flow_saw(f, 1, seen) << 1;
}
static inline bool flow_is_closed(const struct flow *f) { return f->age == FLOW_CLOSED; }
static inline const struct endpoint *flow_endpoint(const struct flow *f, unsigned side)
{
    return side ? &f->key.b : &f->key.a;
}
/* VLANs and tunnels that its packets came through, distinct, in order of appearance; valid until the
 * next flow_of(). */
const struct flow_tags *flow_tags_of(const struct flow_table *, const struct flow *);

#endif
