#include "app/records.h"

#include <stdlib.h>

#include "app/talk.h"

enum { PARCEL_BYTES = 64 * 1024, PARCELS = 16, RECORD_ALIGN = 16 };

enum record_type { RECORD_SESSION, RECORD_COUNTS, RECORD_ATTEMPT, RECORD_CERTIFICATE, RECORD_SERVER_NAME, RECORD_MARK };

struct record_head {
    struct lane_moment moment;
    uint64_t number;                    /* SESSION, COUNTS */
    uint32_t size;                      /* of head and body, and what aligns the next */
    uint16_t type;
    uint16_t trace_n;                   /* SESSION: bytes behind the body */
};
enum { HEAD = (sizeof(struct record_head) + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN };
_Static_assert(HEAD + sizeof(struct session) + TRACE_ROOM <= PARCEL_BYTES / 4, "several records find room");

struct parcel {
    uint32_t n;                         /* bytes in it */
    _Alignas(RECORD_ALIGN) uint8_t bytes[PARCEL_BYTES];
};

struct record_writer {
    const struct lane *lane;
    struct parcel *parcel;                /* being written; never NULL */
    struct queue *idle, *full;
    struct parcel *taken;                /* being read; NULL: the next one has to come */
    uint32_t at;                        /* in it */
    struct parcel all[PARCELS];
};

struct record_writer *records_new(void)
{
    struct record_writer *w = calloc(1, sizeof *w);
    if (!w || !(w->idle = queue_new(PARCELS)) || !(w->full = queue_new(PARCELS))) {
        records_free(w);
        return NULL;
    }
    for (unsigned i = 1; i < PARCELS; i++)
        queue_put(w->idle, &w->all[i]);
    w->parcel = &w->all[0];
    return w;
}

void records_free(struct record_writer *w)
{
    if (!w)
        return;
    queue_free(w->idle);
    queue_free(w->full);
    free(w);
}

void records_of(struct record_writer *w, const struct lane *lane) { w->lane = lane; }

struct queue_wait records_room_waits(struct record_writer *w) { return queue_waits(w->idle).taken; }
struct queue_wait records_waits(struct record_writer *w) { return queue_waits(w->full).taken; }

/* --- writing --- */

static void hand_over(struct record_writer *w)
{
    queue_put(w->full, w->parcel);
    w->parcel = queue_take(w->idle);
    w->parcel->n = 0;
}

/* Appends a record; more: what comes behind the body. */
static void append(struct record_writer *w, struct record_head head, const void *body, size_t n, struct span more)
{
    size_t size = (HEAD + n + more.n + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN;
    if (PARCEL_BYTES - w->parcel->n < size)
        hand_over(w);
    uint8_t *to = w->parcel->bytes + w->parcel->n;
    head.size = (uint32_t)size;
    head.trace_n = (uint16_t)more.n;
    memcpy(to, &head, sizeof head);
    memcpy(to + HEAD, body, n);
    if (more.n)
        memcpy(to + HEAD + n, more.p, more.n);
    w->parcel->n += head.size;
}

static void say(struct record_writer *w, enum record_type type, uint64_t number, const void *body, size_t n, struct span more)
{
    append(w, (struct record_head){ .moment = *lane_now(w->lane), .number = number, .type = (uint16_t)type }, body, n, more);
}

static void take_session(void *ctx, const struct session *s, uint64_t number)
{
    struct record_writer *w = ctx;
    say(w, RECORD_SESSION, number, s, sizeof *s, lane_trace(w->lane));
}

static void take_counts(void *ctx, uint64_t number, const struct session_counts *c)
{
    say(ctx, RECORD_COUNTS, number, c, sizeof *c, (struct span){ NULL, 0 });
}

static void take_attempt(void *ctx, const struct attempt *a)
{
    say(ctx, RECORD_ATTEMPT, 0, a, sizeof *a, (struct span){ NULL, 0 });
}

static void take_certificate(void *ctx, const struct certificate *c)
{
    say(ctx, RECORD_CERTIFICATE, 0, c, sizeof *c, (struct span){ NULL, 0 });
}

static void take_server_name(void *ctx, const struct server_name *n)
{
    say(ctx, RECORD_SERVER_NAME, 0, n, sizeof *n, (struct span){ NULL, 0 });
}

struct lane_sink records_sink(struct record_writer *w)
{
    return (struct lane_sink){ take_session, take_counts, take_attempt, take_certificate, take_server_name, w };
}

void records_passed(struct record_writer *w, const struct record_mark *mark)
{
    struct record_head head = { .moment = { .ordinal = mark->ordinal, .phase = LANE_PASSED }, .type = RECORD_MARK };
    append(w, head, mark, sizeof *mark, (struct span){ NULL, 0 });
    hand_over(w);
}

/* --- reading --- */

/* The lane's next record; waits for it. */
static const struct record_head *next_of(struct record_writer *w)
{
    if (!w->taken) {
        w->taken = queue_take(w->full);
        w->at = 0;
    }
    return (const struct record_head *)(const void *)(w->taken->bytes + w->at);
}

static void drop(struct record_writer *w, const struct record_head *head)
{
    w->at += head->size;
    if (w->at < w->taken->n)
        return;
    queue_put(w->idle, w->taken);
    w->taken = NULL;
}

static void give(struct record_reader *r, const struct record_head *head)
{
    const void *body = (const uint8_t *)head + HEAD;
    switch ((enum record_type)head->type) {
    case RECORD_SESSION:
        r->trace = span_of((const uint8_t *)body + sizeof(struct session), head->trace_n);
        r->sink.session(r->sink.ctx, body, head->number);
        r->trace = (struct span){ NULL, 0 };
        break;
    case RECORD_COUNTS:
        r->sink.counts(r->sink.ctx, head->number, body);
        break;
    case RECORD_ATTEMPT:
        r->sink.attempt(r->sink.ctx, body);
        break;
    case RECORD_CERTIFICATE:
        r->sink.certificate(r->sink.ctx, body);
        break;
    case RECORD_SERVER_NAME:
        r->sink.server_name(r->sink.ctx, body);
        break;
    case RECORD_MARK:
        break;
    }
}

/* Takes the mark off all lanes, which have all come to it. True: it is the last. */
static bool pass_mark(struct record_reader *r, struct record_writer *const *w, unsigned n)
{
    struct record_mark mark;
    uint64_t evicted = 0, discarded = 0, oldest_ns = 0;
    for (unsigned i = 0; i < n; i++) {
        memcpy(&mark, (const uint8_t *)next_of(w[i]) + HEAD, sizeof mark);
        evicted += mark.counts.evicted;
        discarded += mark.counts.discarded;
        if (mark.oldest_ns && (!oldest_ns || mark.oldest_ns < oldest_ns))
            oldest_ns = mark.oldest_ns;
        drop(w[i], next_of(w[i]));
    }
    mark.counts.evicted = evicted;
    mark.counts.discarded = discarded;
    mark.oldest_ns = oldest_ns;
    r->passed(r->ctx, &mark);
    return mark.last;
}

void records_merge(struct record_reader *r, struct record_writer *const *w, unsigned n)
{
    for (;;) {
        unsigned first = 0;
        for (unsigned i = 1; i < n; i++)
            if (lane_moment_cmp(&next_of(w[i])->moment, &next_of(w[first])->moment) < 0)
                first = i;
        const struct record_head *head = next_of(w[first]);
        if (head->type != RECORD_MARK) {
            give(r, head);
            drop(w[first], head);
        } else if (pass_mark(r, w, n)) {
            return;
        }
    }
}
