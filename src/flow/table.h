/* Where flows are: memory in slabs, a hash table over the endpoints, and wheels of seconds by which
 * silent ones are found. For the files of this folder only. */
#ifndef MAILSEAL_FLOW_TABLE_H
#define MAILSEAL_FLOW_TABLE_H

#include "flow/flow.h"

enum { WHEEL_SLOTS = 4096 };            /* seconds; more than any silence is allowed to last */
enum { SLAB_BYTES = 12288, SLAB = SLAB_BYTES / sizeof(struct flow), FLOW_MS_NS = 1000000 };

/* A flow stands in the slot of the second in which its silence would have been too long when it was
 * put there. Packets do not move it: when its second comes it is looked at, and put further on. */
struct wheel_slot {
    uint32_t oldest, newest;
};
struct wheel {
    struct wheel_slot slot[WHEEL_SLOTS];
    uint64_t filled[WHEEL_SLOTS / 64];  /* bit for each slot */
};

/* In the order in which flows give way: closed or without payload, of no interest, undecided, settled. A settled one
 * that is met again in its middle would be a second session, so it goes last; it is also the smallest. */
enum { WHEEL_BARE, WHEEL_DULL, WHEEL_STATE, WHEEL_SETTLED, WHEELS };

struct flow_table {
    struct pool *pool;
    flow_ended *ended;
    void *ctx;
    struct flow_secret secret;
    uint32_t *bucket;                   /* numbers of flows, 0: none */
    size_t mask;                        /* buckets - 1 */
    struct flow **slab;
    uint32_t slabs, slabs_room, slabs_most;
    uint32_t idle;                      /* flows to be used again */
    uint32_t unused;                    /* of the last slab */
    uint64_t n, made;
    uint64_t second;                    /* packet time up to which the wheels were looked at */
    uint64_t place;                     /* of the slot whose flows are being ended, among those of this moment */
    struct wheel wheel[WHEELS];
    struct tag_sets tags;
};

/* Flows have numbers from 1 on, which are half as long as pointers. */
static inline struct flow *flow_at(const struct flow_table *t, uint32_t number)
{
    return &t->slab[(number - 1) / SLAB][(number - 1) % SLAB];
}

/* --- table.c --- */

struct flow *table_find(const struct flow_table *, const struct flow_place *);
/* A flow that begins now, with everything else zero. NULL: no memory. */
struct flow *table_make(struct flow_table *, const struct flow_place *, uint64_t now_ns);
/* Reports a flow's end and gives its memory back. */
void table_end(struct flow_table *, struct flow *, bool evicted);

/* --- wheel.c --- */

/* Puts a flow that is in no slot into that of its age, and takes it out. */
void wheel_place(struct flow_table *, struct flow *, uint32_t number);
void wheel_unplace(struct flow_table *, const struct flow *);
/* Moves it to the slot of its age. */
void wheel_move(struct flow_table *, struct flow *);
bool flow_is_silent(const struct flow *, uint64_t now_ns);
/* Ends the flow that is to give way first. False: there is none. */
bool table_make_room(struct flow_table *);

/* --- flow.c --- */

/* Last thing before a flow ends: payload that the other side acknowledged and that never came. */
void flow_note_lost(struct flow *);

#endif
