/* What lanes say, on its way to the one who judges and stores: typed records, each with its moment, in parcels that
 * go from the lane's thread to his and back. */
#ifndef MAILSEAL_APP_RECORDS_H
#define MAILSEAL_APP_RECORDS_H

#include "app/lane.h"
#include "base/threads.h"

/* The end of one lane. All calls but record_*() are its thread's. */
struct record_writer;

struct record_writer *records_new(void);        /* NULL: no memory */
void records_free(struct record_writer *);      /* NULL is allowed */

/* What to give to lane_behind(), and then the lane. */
struct lane_sink records_sink(struct record_writer *);
void records_of(struct record_writer *, const struct lane *);

/* The lane has passed this packet; everything said so far goes out. A wait for the reader of the records is part of
 * this, and of the sink's calls. */
struct record_mark {
    uint64_t ordinal;
    uint64_t offset;                    /* bytes of the capture read */
    uint64_t clock_ns;                  /* time of the last packet */
    uint64_t oldest_ns;                 /* as lane_oldest_ns() */
    struct lane_counts counts;          /* of all captures up to here; what lanes count, of one lane, and in `passed` of all */
    bool last;                          /* nothing comes before it is asked for again */
    unsigned nlinks;                    /* of a live capture */
    struct link_counts link[CAPTURE_LINKS];
};
void records_passed(struct record_writer *, const struct record_mark *);

/* --- for the one who takes them all, in his thread --- */

/* Gives out in one order, that of lane_moment_cmp(), what n lanes say, until all have passed the last mark. At each
 * mark that all have passed, `passed` is called. */
struct record_reader {
    struct lane_sink sink;
    void (*passed)(void *ctx, const struct record_mark *);
    void *ctx;
    struct span trace;                  /* as lane_trace(), within sink.session() */
};
void records_merge(struct record_reader *, struct record_writer *const *, unsigned n);

/* How often and how long it was waited: by the lane for room, and for what the lane says. */
struct queue_wait records_room_waits(struct record_writer *);
struct queue_wait records_waits(struct record_writer *);

#endif
