/* A lane: segments in, sessions and attempts out, in one thread and one call chain. It is the
 * place where layers that do not know each other meet. */
#ifndef MAILSEAL_APP_LANE_H
#define MAILSEAL_APP_LANE_H

#include "app/intake.h"
#include "facts/session.h"

struct keeper;

struct lane_sink {
    /* number 0: the session has ended. Else it is settled, and counts() comes once with that number when
     * its connection has ended; it is the ordinal of the packet that settled it. With counts NULL sessions are
     * given at their end. */
    void (*session)(void *ctx, const struct session *, uint64_t number);
    void (*counts)(void *ctx, uint64_t number, const struct session_counts *);
    void (*attempt)(void *ctx, const struct attempt *);
    /* Before the first session since lane_end() that names it, and now and then again. */
    void (*certificate)(void *ctx, const struct certificate *);
    /* When a server says it, once a day, and now and then again. */
    void (*server_name)(void *ctx, const struct server_name *);
    void *ctx;
};

/* One connection, or those between two networks, and nothing else. */
struct lane_watch {
    struct network client, server;
    uint16_t client_port, server_port;
    size_t trace_room;                  /* bytes for the trace of each, at most POOL_LARGEST; it is always kept */
};

struct lane;

/* memory: bytes for all connections together. NULL: no memory. ports must outlive the lane. */
struct lane *lane_new(const struct port_table *ports, size_t memory, const struct lane_sink *);
void lane_free(struct lane *);
/* Before its first packet. What is watched must outlive the lane. */
void lane_only(struct lane *, const struct lane_watch *);
/* Before its first packet. Packets of sessions are kept there, and session.kept says where. It belongs to the lane then. */
void lane_keep(struct lane *, struct keeper *);

/* --- one lane for itself --- */

/* source: number given to the sessions that begin in these packets, and those of further links have the numbers
 * behind it. */
void lane_packets(struct lane *, const struct packet *, size_t n, uint32_t source);
/* Nothing has come up to this time. */
void lane_idle(struct lane *, uint64_t now_ns);
/* The input has ended: all connections end as they stand, and the next packet begins a new input. */
void lane_end(struct lane *);
const struct lane_counts *lane_counts(const struct lane *);
uint64_t lane_last_ns(const struct lane *);     /* time of the last packet */

/* --- one of several, behind one intake --- */

/* As lane_new(); secret: the intake's. */
struct lane *lane_behind(const struct port_table *ports, size_t memory, const struct lane_sink *,
                         const struct flow_secret *secret);
/* Takes its own items of a batch, and all ticks. */
void lane_take(struct lane *, const struct batch *, unsigned lane);
/* The input has ended: its ordinal in the intake, and the time of its last packet. */
void lane_ends(struct lane *, uint64_t ordinal, uint64_t clock_ns);

/* What a lane says within the sink's calls, it says at a moment. By moments the words of several lanes are brought
 * into the one order in which one lane alone would have said them; those of one lane are in order, and no two
 * lanes have the same moment. */
enum lane_phase { LANE_TICK, LANE_PACKET, LANE_END, LANE_PASSED };
struct lane_moment {
    uint64_t ordinal;                   /* of the packet */
    enum lane_phase phase;              /* PASSED: behind all that comes of that packet */
    struct flow_turn turn;              /* of the connection that ends; zeroes with PACKET */
};
const struct lane_moment *lane_now(const struct lane *);
int lane_moment_cmp(const struct lane_moment *, const struct lane_moment *);

/* When the first session began that is not settled yet; 0: there is none. As of the last second that began. */
uint64_t lane_oldest_ns(const struct lane *);

/* Within the sink's session(): the trace (facts/trace.h) of the session it is given, valid until it returns.
 * Empty: none was kept, for a session without evidence and incident. */
struct span lane_trace(const struct lane *);

/* Bytes taken for connections so far: what `memory` bounds, and the index beside it. */
size_t lane_memory(const struct lane *);

#endif
