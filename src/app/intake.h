/* The first half of the work on packets, which is done once however many lanes there are: they are counted,
 * decoded, put together from fragments, and what may belong to mail is handed on as segments, each for the
 * lane of its connection, with the moments at which packet time enters a new second. */
#ifndef MAILSEAL_APP_INTAKE_H
#define MAILSEAL_APP_INTAKE_H

#include "app/ports.h"
#include "decode/decode.h"
#include "decode/fragments.h"
#include "flow/flow.h"

enum { LANES_MOST = 64 };

struct lane_counts {
    uint64_t packets, bytes;            /* bytes: as captured */
    uint64_t decoded[DECODE_RESULTS_N]; /* a fragment is what its whole packet was, once that is there */
    struct fragment_counts fragments;
    uint64_t evicted;                   /* connections forgotten for want of memory; counted by lanes */
    uint64_t discarded;                 /* bytes that found no place; counted by lanes */
};

/* A segment on its way to a lane. Its spans point into the packets, or into the batch's bytes. */
struct item {
    struct segment seg;
    struct flow_place at;               /* with placed */
    uint64_t ordinal;                   /* of its packet, which is the how-manieth of all, from 1 on */
    struct item *next;                  /* of the same lane; NULL: none */
    bool mail, placed;                  /* mail: a mail port at either end */
    bool begins;                        /* with payload as mail begins with on odd ports */
    uint32_t source;                    /* number given to the session that begins with it */
};

/* Packet time has entered a new second, with this packet; before that is followed. */
struct tick {
    uint64_t ordinal, now_ns;
};

/* The arrays are the caller's. */
struct batch {
    struct item *item;
    struct tick *tick;
    size_t n, room, nticks, ticks_room;
    unsigned lanes;
    struct item *first[LANES_MOST], **end[LANES_MOST];  /* of each lane; end: where the next one goes */
    uint64_t ordinal;                   /* of the last packet */
    struct batch_bytes *bytes;          /* of packets put together */
};

/* Empties it, and wipes its bytes. */
void batch_clear(struct batch *);
void batch_free(struct batch *);        /* its bytes */
size_t batch_room(const struct batch *);        /* packets that there is room for, whatever they are */

/* Its fields belong to intake.c, but that ordinal and clock_ns may be read. */
struct intake {
    const struct port_table *ports;
    struct flow_secret secret;
    unsigned lanes;
    struct lane_counts *counts;
    struct fragments *fragments;        /* made when first needed */
    uint64_t held;                      /* fragments of this source that no whole packet was made of */
    uint32_t source;
    uint64_t ordinal;                   /* packets and ends of inputs so far */
    uint64_t clock_ns;                  /* time of the last one */
    struct flow_clock clock;            /* and */
    uint64_t second_ns;                 /* the beginning of its second */
};

/* ports and counts must outlive it. lanes: 1 to LANES_MOST; secret: of their tables of flows. */
void intake_begin(struct intake *, const struct port_table *ports, unsigned lanes, const struct flow_secret *secret,
                  struct lane_counts *counts);
void intake_free(struct intake *);      /* what it holds */

/* Adds to a batch what lanes want of packets; all batches that have been cleared since are independent of
 * each other. Gives how many it took: fewer than n when the batch is full. */
size_t intake_take(struct intake *, const struct packet *, size_t n, uint32_t source, struct batch *);
/* Nothing has come up to this time. */
void intake_idle(struct intake *, uint64_t now_ns, struct batch *);
/* The input has ended: the next packet begins a new one. */
void intake_end(struct intake *);

#endif
