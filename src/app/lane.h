/* A lane: packets in, sessions and attempts out, in one thread and one call chain. It is the
 * place where layers that do not know each other meet. */
#ifndef MAILSEAL_APP_LANE_H
#define MAILSEAL_APP_LANE_H

#include "app/ports.h"
#include "decode/decode.h"
#include "decode/fragments.h"
#include "facts/session.h"

struct lane_sink {
    /* number 0: the session has ended. Else it is settled, and counts() comes once with that number when
     * its connection has ended; numbers count up from 1. With counts NULL sessions are given at their end. */
    void (*session)(void *ctx, const struct session *, uint64_t number);
    void (*counts)(void *ctx, uint64_t number, const struct session_counts *);
    void (*attempt)(void *ctx, const struct attempt *);
    /* Before the first session since lane_end() that names it, and now and then again. */
    void (*certificate)(void *ctx, const struct certificate *);
    void *ctx;
};

struct lane_counts {
    uint64_t packets, bytes;            /* bytes: as captured */
    uint64_t decoded[DECODE_RESULTS_N]; /* a fragment is what its whole packet was, once that is there */
    struct fragment_counts fragments;
    uint64_t evicted;                   /* connections forgotten for want of memory */
    uint64_t discarded;                 /* bytes that found no place */
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

/* source: number given to the sessions that begin in these packets. */
void lane_packets(struct lane *, const struct packet *, size_t n, uint32_t source);
/* The input has ended: all connections end as they stand, and the next packet begins a new input. */
void lane_end(struct lane *);

/* Within the sink's session(): the trace (facts/trace.h) of the session it is given, valid until it returns.
 * Empty: none was kept, for a session without evidence and incident. */
struct span lane_trace(const struct lane *);

const struct lane_counts *lane_counts(const struct lane *);
/* Bytes taken for connections so far: what `memory` bounds, and the index beside it. */
size_t lane_memory(const struct lane *);

#endif
