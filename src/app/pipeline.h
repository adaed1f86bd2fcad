/* From captures to what lanes say, in one thread or in several, with the same words in the same order.
 *
 * With lanes, one thread reads blocks of the capture and takes them in, each lane has a thread that follows its
 * connections in every block, and the caller's thread gets what they say. Blocks go round; the queues between the
 * threads are bounded, so whoever is slow makes the others wait. */
#ifndef MAILSEAL_APP_PIPELINE_H
#define MAILSEAL_APP_PIPELINE_H

#include "app/evidence.h"
#include "app/lane.h"
#include "app/records.h"
#include "base/threads.h"

struct pipeline;

/* What it calls is called in the thread that calls it. */
struct pipeline_user {
    struct lane_sink sink;              /* all of them; sink.ctx is given to step, too */
    /* Now and then, also while a capture is idle: how far it is. False: nothing more is wanted. */
    bool (*step)(void *ctx, const struct record_mark *);
};

/* lanes: 0 for everything in the caller's thread, at most LANES_MOST; also so when no threads can be had. memory:
 * for all connections together. NULL: no memory. ports must outlive it. */
struct pipeline *pipeline_new(const struct port_table *ports, size_t memory, unsigned lanes, const struct pipeline_user *);
void pipeline_free(struct pipeline *);          /* NULL is allowed */

/* Before the first capture: packets of sessions are kept in so much memory, all lanes together, and handed over by
 * this ring. False: no memory. */
bool pipeline_keep(struct pipeline *, size_t memory, const struct evidence_ring *);

/* Reads a capture to its end, or until nothing more is wanted, and returns when all that was read has been
 * followed. source: given to the sessions that begin in it. */
void pipeline_read(struct pipeline *, struct capture *, uint32_t source);
/* The input has ended: as lane_end(). */
void pipeline_end(struct pipeline *);

/* Within sink.session(): as lane_trace(). */
struct span pipeline_trace(const struct pipeline *);
/* All lanes together. Not within the sink's calls. */
struct lane_counts pipeline_counts(const struct pipeline *);
uint64_t pipeline_last_ns(const struct pipeline *);     /* time of the last packet so far; 0: none */

unsigned pipeline_lanes_default(void);          /* by the number of cores */

/* To be asked when all is done: ends the threads. Gives how many there were beside the caller's, and of each its
 * name ("reader", "lane 1", …), its CPU time in nanoseconds, and how it waited: for something to do, and for room to
 * put it. */
struct thread_figures {
    char name[16];
    uint64_t cpu_ns;
    struct queue_wait waited, stalled;
};
unsigned pipeline_stop(struct pipeline *, struct thread_figures out[LANES_MOST + 1]);
struct queue_wait pipeline_waits(const struct pipeline *);      /* of the caller, for what lanes say */

#endif
