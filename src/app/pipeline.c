#include "app/pipeline.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/records.h"
#include "base/pages.h"

enum { BLOCKS = 8, BLOCK_ITEMS = 4096, BLOCK_TICKS = 4096, MEMORY_LEAST = 1 << 20 };
_Static_assert((int)BLOCK_ITEMS >= (int)CAPTURE_BATCH && (int)BLOCK_TICKS >= (int)CAPTURE_BATCH, "a batch fits");

/* A block of a capture and what was found in it, which goes from the reader to all lanes, and from the last of
 * them back. Or the end of the input. */
struct block {
    struct batch batch;
    void *memory;                       /* CAPTURE_BLOCK bytes: what items point into; spare while it is idle */
    atomic_uint users;                  /* lanes that have not passed it */
    struct record_mark mark;
    bool ends;                          /* the input */
    uint64_t clock_ns;                  /* then: the time of its last packet */
    struct tick tick[BLOCK_TICKS];
    struct item item[BLOCK_ITEMS];
};

struct lane_thread {
    struct pipeline *pipeline;
    unsigned number;
    struct lane *lane;
    struct queue *in;                   /* of blocks; NULL: no more */
    struct worker *worker;
};

struct pipeline {
    struct pipeline_user user;
    struct lane *alone;                 /* everything in one thread; else NULL, and */
    unsigned n;                         /* lanes */
    struct lane_thread lane[LANES_MOST];
    struct record_writer *writer[LANES_MOST];
    struct record_reader reader;
    struct block *block[BLOCKS];
    struct queue *idle;                 /* blocks */
    struct queue *jobs;                 /* captures; NULL: no more */
    struct worker *worker;              /* that reads */
    struct capture *capture;            /* being read */
    uint32_t source;
    atomic_bool stopped;
    struct intake intake;               /* the reader's while it reads */
    struct lane_counts counts;
};

unsigned pipeline_lanes_default(void)
{
    unsigned cores = cpu_cores(), lanes = cores > 2 ? cores - 2 : cores - 1;
    return lanes < 6 ? lanes : 6;
}

/* --- the reader --- */

static void dispatch(struct pipeline *p, struct block *b)
{
    atomic_store(&b->users, p->n);
    for (unsigned i = 0; i < p->n; i++)
        queue_put(p->lane[i].in, b);
}

static void note_links(const struct capture *c, struct record_mark *mark)
{
    const struct link_counts *links = capture_links(c, &mark->nlinks);
    if (mark->nlinks)
        memcpy(mark->link, links, mark->nlinks * sizeof *links);
}

/* Fills a block with what can be had at once, or waits for a first packet. False: none will come. */
static bool fill(struct pipeline *p, struct capture *c, struct block *b)
{
    struct packet batch[CAPTURE_BATCH];
    bool stopped = atomic_load(&p->stopped);
    size_t n = stopped ? 0 : capture_next(c, batch, CAPTURE_BATCH);
    bool any = n > 0, more = any || (!stopped && capture_is_idle(c));

    for (size_t room; n; n = capture_more(c, batch, room < CAPTURE_BATCH ? room : CAPTURE_BATCH)) {
        intake_take(&p->intake, batch, n, p->source, &b->batch);
        if (!(room = batch_room(&b->batch)))
            break;
    }
    if (any)
        b->memory = capture_exchange(c, b->memory);
    else if (more && capture_clock_ns(c))
        intake_idle(&p->intake, capture_clock_ns(c), &b->batch);
    b->mark = (struct record_mark){ .ordinal = p->intake.ordinal, .offset = capture_offset(c),
                                    .clock_ns = p->intake.clock_ns, .counts = p->counts, .last = !more };
    note_links(c, &b->mark);
    return more;
}

static void run_reader(void *ctx)
{
    struct pipeline *p = ctx;
    struct capture *c;
    while ((c = queue_take(p->jobs)))
        for (bool more = true; more;) {
            struct block *b = queue_take(p->idle);
            more = fill(p, c, b);
            dispatch(p, b);
        }
}

/* --- lanes --- */

static void release(struct pipeline *p, struct block *b)
{
    if (atomic_fetch_sub(&b->users, 1) > 1)
        return;
    batch_clear(&b->batch);
    b->ends = false;
    queue_put(p->idle, b);
}

static void run_lane(void *ctx)
{
    struct lane_thread *t = ctx;
    struct record_writer *out = t->pipeline->writer[t->number];
    struct block *b;
    while ((b = queue_take(t->in))) {
        struct record_mark mark = b->mark;
        const struct lane_counts *own = lane_counts(t->lane);
        if (b->ends)
            lane_ends(t->lane, mark.ordinal, b->clock_ns);
        else
            lane_take(t->lane, &b->batch, t->number);
        release(t->pipeline, b);
        mark.counts.evicted = own->evicted;
        mark.counts.discarded = own->discarded;
        mark.oldest_ns = lane_oldest_ns(t->lane);
        records_passed(out, &mark);
    }
}

/* --- beginning and end --- */

static struct block *new_block(unsigned lanes)
{
    struct block *b = calloc(1, sizeof *b);
    if (!b || !(b->memory = pages_get(CAPTURE_BLOCK))) {
        free(b);
        return NULL;
    }
    b->batch = (struct batch){ .item = b->item, .room = BLOCK_ITEMS, .tick = b->tick, .ticks_room = BLOCK_TICKS,
                               .lanes = lanes };
    batch_clear(&b->batch);
    return b;
}

static void passed(void *ctx, const struct record_mark *mark)
{
    struct pipeline *p = ctx;
    if (!p->capture || p->user.step(p->user.sink.ctx, mark) || atomic_load(&p->stopped))
        return;
    atomic_store(&p->stopped, true);
    capture_stop(p->capture);
}

static bool make_lane(struct pipeline *p, unsigned i, const struct port_table *ports, size_t memory)
{
    struct lane_thread *t = &p->lane[i];
    t->pipeline = p;
    t->number = i;
    if (!(t->in = queue_new(BLOCKS + 1)) || !(p->writer[i] = records_new()))
        return false;
    struct lane_sink sink = records_sink(p->writer[i]);
    t->lane = lane_behind(ports, memory, &sink, &p->intake.secret);
    records_of(p->writer[i], t->lane);
    return t->lane != NULL;
}

/* False: something is missing. */
static bool make_threads(struct pipeline *p, const struct port_table *ports, size_t memory, unsigned lanes)
{
    const struct flow_secret secret = flow_secret_of(hash_key_random());
    bool good = (p->idle = queue_new(BLOCKS)) && (p->jobs = queue_new(1));

    p->n = lanes;
    p->reader = (struct record_reader){ .sink = p->user.sink, .passed = passed, .ctx = p };
    intake_begin(&p->intake, ports, lanes, &secret, &p->counts);
    for (unsigned i = 0; i < BLOCKS && good; i++)
        if ((good = (p->block[i] = new_block(lanes)) != NULL))
            queue_put(p->idle, p->block[i]);
    for (unsigned i = 0; i < lanes && good; i++)
        good = make_lane(p, i, ports, memory / lanes);
    for (unsigned i = 0; i < lanes && good; i++)
        good = (p->lane[i].worker = worker_start(run_lane, &p->lane[i])) != NULL;
    return good && (p->worker = worker_start(run_reader, p)) != NULL;
}

/* Ends the threads and gives their CPU times: the reader's, then those of the lanes. */
static void join_threads(struct pipeline *p, uint64_t cpu_ns[LANES_MOST + 1])
{
    if (p->worker) {
        queue_put(p->jobs, NULL);
        cpu_ns[0] = worker_join(p->worker);
        p->worker = NULL;
    }
    for (unsigned i = 0; i < p->n; i++)
        if (p->lane[i].worker) {
            queue_put(p->lane[i].in, NULL);
            cpu_ns[1 + i] = worker_join(p->lane[i].worker);
            p->lane[i].worker = NULL;
        }
}

static void free_threads(struct pipeline *p)
{
    uint64_t ignored[LANES_MOST + 1];
    join_threads(p, ignored);
    for (unsigned i = 0; i < p->n; i++) {
        lane_free(p->lane[i].lane);
        queue_free(p->lane[i].in);
        records_free(p->writer[i]);
    }
    for (unsigned i = 0; i < BLOCKS && p->block[i]; i++) {
        batch_free(&p->block[i]->batch);
        pages_put(p->block[i]->memory);
        free(p->block[i]);
    }
    intake_free(&p->intake);
    queue_free(p->idle);
    queue_free(p->jobs);
}

struct pipeline *pipeline_new(const struct port_table *ports, size_t memory, unsigned lanes, const struct pipeline_user *user)
{
    struct pipeline *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->user = *user;
    while (lanes > 1 && memory / lanes < MEMORY_LEAST)
        lanes--;
    if (lanes && make_threads(p, ports, memory, lanes))
        return p;
    free_threads(p);
    *p = (struct pipeline){ .user = *user, .alone = lane_new(ports, memory, &user->sink) };
    if (p->alone)
        return p;
    free(p);
    return NULL;
}

void pipeline_free(struct pipeline *p)
{
    if (!p)
        return;
    free_threads(p);
    lane_free(p->alone);
    free(p);
}

/* Lanes look at it with their first block, which is put into a queue behind this. */
bool pipeline_keep(struct pipeline *p, size_t memory, const struct evidence_ring *ring)
{
    bool good = true;
    for (unsigned i = 0; i < (p->alone ? 1 : p->n); i++) {
        struct keeper *e = evidence_new(p->alone ? memory : memory / p->n, ring);
        good = good && e;
        lane_keep(p->alone ? p->alone : p->lane[i].lane, e);
    }
    return good;
}

/* --- work --- */

static void read_alone(struct pipeline *p, struct capture *c, uint32_t source)
{
    struct packet batch[CAPTURE_BATCH];
    bool wanted = true;
    size_t n;
    while (wanted && ((n = capture_next(c, batch, CAPTURE_BATCH)) > 0 || capture_is_idle(c))) {
        if (n)
            lane_packets(p->alone, batch, n, source);
        else if (capture_clock_ns(c))
            lane_idle(p->alone, capture_clock_ns(c));
        struct record_mark mark = { .offset = capture_offset(c), .clock_ns = lane_last_ns(p->alone),
                                          .oldest_ns = lane_oldest_ns(p->alone),
                                          .counts = *lane_counts(p->alone) };
        note_links(c, &mark);
        wanted = p->user.step(p->user.sink.ctx, &mark);
    }
}

void pipeline_read(struct pipeline *p, struct capture *c, uint32_t source)
{
    if (p->alone) {
        read_alone(p, c, source);
        return;
    }
    p->capture = c;
    p->source = source;
    atomic_store(&p->stopped, false);
    queue_put(p->jobs, c);
    records_merge(&p->reader, p->writer, p->n);
    p->capture = NULL;
}

/* The reader waits for its next capture, so that its things may be touched. */
void pipeline_end(struct pipeline *p)
{
    if (p->alone) {
        lane_end(p->alone);
        return;
    }
    struct block *b = queue_take(p->idle);
    intake_end(&p->intake);
    b->ends = true;
    b->clock_ns = p->intake.clock_ns;
    b->mark = (struct record_mark){ .ordinal = p->intake.ordinal, .clock_ns = p->intake.clock_ns, .counts = p->counts,
                                    .last = true };
    dispatch(p, b);
    records_merge(&p->reader, p->writer, p->n);
}

/* --- questions --- */

struct span pipeline_trace(const struct pipeline *p) { return p->alone ? lane_trace(p->alone) : p->reader.trace; }

uint64_t pipeline_last_ns(const struct pipeline *p) { return p->alone ? lane_last_ns(p->alone) : p->intake.clock_ns; }

struct lane_counts pipeline_counts(const struct pipeline *p)
{
    if (p->alone)
        return *lane_counts(p->alone);
    struct lane_counts all = p->counts;
    for (unsigned i = 0; i < p->n; i++) {
        all.evicted += lane_counts(p->lane[i].lane)->evicted;
        all.discarded += lane_counts(p->lane[i].lane)->discarded;
    }
    return all;
}

unsigned pipeline_stop(struct pipeline *p, struct thread_figures out[LANES_MOST + 1])
{
    uint64_t cpu_ns[LANES_MOST + 1] = { 0 };
    if (p->alone)
        return 0;
    join_threads(p, cpu_ns);
    out[0] = (struct thread_figures){ .name = "reader", .cpu_ns = cpu_ns[0], .stalled = queue_waits(p->idle).taken };
    for (unsigned i = 0; i < p->n; i++) {
        out[1 + i] = (struct thread_figures){ .cpu_ns = cpu_ns[1 + i], .waited = queue_waits(p->lane[i].in).taken,
                                              .stalled = records_room_waits(p->writer[i]) };
        snprintf(out[1 + i].name, sizeof out[1 + i].name, "lane %u", i + 1);
    }
    return 1 + p->n;
}

struct queue_wait pipeline_waits(const struct pipeline *p)
{
    struct queue_wait all = { 0, 0 };
    for (unsigned i = 0; i < p->n; i++) {
        struct queue_wait w = records_waits(p->writer[i]);
        all.times += w.times;
        all.ns += w.ns;
    }
    return all;
}
