/* The parser of the sensor: packets in, records out, and no other right. */
#include "app/sensor.h"

#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "app/pipeline.h"
#include "app/rights.h"
#include "app/wire.h"
#include "capture/capture.h"

enum { TRIED = 64 };                    /* kinds of attempts gathered at once */
static const uint64_t second_ns = 1000000000, hour_ns = 3600 * second_ns;

struct parser {
    struct sensor *sensor;
    struct wire_out *out;
    struct pipeline *pipeline;
    struct wire_attempt tried[TRIED];
    unsigned ntried;
    struct lane_counts told;            /* of what the writer knows */
    uint64_t began_ns, clock_ns, told_ns;       /* packet times: of the first mark, and the last; wall: of the last report */
    int linktype;
};

static void put(struct parser *p, enum wire_type type, uint64_t number, const void *body, struct span trace)
{
    const struct wire_record r = { .body = body, .trace = trace, .number = number, .type = type };
    wire_out_put(p->out, &r);
}

static const struct span no_trace = { NULL, 0 };

/* --- what lanes say --- */

static void take_session(void *ctx, const struct session *s, uint64_t number)
{
    struct parser *p = ctx;
    put(p, WIRE_SESSION, number, s, pipeline_trace(p->pipeline));
}

static void take_counts(void *ctx, uint64_t number, const struct session_counts *c)
{
    put(ctx, WIRE_COUNTS, number, c, no_trace);
}

static void take_certificate(void *ctx, const struct certificate *c) { put(ctx, WIRE_CERTIFICATE, 0, c, no_trace); }

static void tell_attempts(struct parser *p)
{
    for (unsigned i = 0; i < p->ntried; i++)
        put(p, WIRE_ATTEMPT, 0, &p->tried[i], no_trace);
    p->ntried = 0;
}

/* Those of one kind are told together: there may be very many. */
static void take_attempt(void *ctx, const struct attempt *a)
{
    struct parser *p = ctx;
    for (unsigned i = 0; i < p->ntried; i++) {
        struct attempt *known = &p->tried[i].attempt;
        if (known->first_ns / hour_ns == a->first_ns / hour_ns && known->server_port == a->server_port &&
            known->outcome == a->outcome) {
            p->tried[i].n++;
            return;
        }
    }
    if (p->ntried == TRIED)
        tell_attempts(p);
    p->tried[p->ntried++] = (struct wire_attempt){ *a, 1 };
}

/* --- how far it is --- */

static uint64_t clock_steps(const struct parser *p, uint64_t now_ns)
{
    bool back = now_ns + 60 * second_ns < p->clock_ns, on = p->clock_ns && now_ns > p->clock_ns + hour_ns;
    return back || on;
}

static void tell_seen(struct parser *p, const struct record_mark *mark)
{
    const struct lane_counts *is = &mark->counts, *was = &p->told;
    struct wire_seen w = { .seen = {
        .link = 1, .linktype = p->linktype, .first_ns = p->told.packets ? 0 : mark->clock_ns,
        .last_ns = is->packets > was->packets ? mark->clock_ns : 0, .clock_ns = mark->clock_ns,
        .packets = is->packets - was->packets, .bytes = is->bytes - was->bytes,
        .evicted = is->evicted - was->evicted, .discarded = is->discarded - was->discarded,
        .clock_steps = clock_steps(p, mark->clock_ns) } };
    for (unsigned r = 0; r < DECODE_RESULTS_N; r++)
        w.seen.decoded[r] = (int64_t)(is->decoded[r] - was->decoded[r]);
    put(p, WIRE_SEEN, 0, &w, no_trace);
    p->told = *is;
    p->clock_ns = mark->clock_ns;
    p->told_ns = wall_clock_ns();
}

static bool step(void *ctx, const struct record_mark *mark)
{
    struct parser *p = ctx;
    struct sensor_page *page = p->sensor->parser;
    bool minute = mark->clock_ns / (60 * second_ns) != p->clock_ns / (60 * second_ns);
    if (mark->clock_ns && (minute || wall_clock_ns() - p->told_ns >= second_ns))
        tell_seen(p, mark);
    tell_attempts(p);
    wire_out_turn(p->out);
    atomic_store(&page->packets, mark->counts.packets);
    atomic_fetch_add(&page->beats, 1);
    if (sensor_asked) {
        sensor_asked = 0;
        sensor_say("parser: %llu packets, %llu bytes, %llu connections gave way, %llu sessions were dropped",
                   (unsigned long long)mark->counts.packets, (unsigned long long)mark->counts.bytes,
                   (unsigned long long)mark->counts.evicted, (unsigned long long)wire_out_dropped(p->out));
    }
    return !sensor_stopped;
}

/* --- its life --- */

static void resume(struct capture *c, uint64_t packets)
{
    struct packet batch[CAPTURE_BATCH];
    size_t n = 1;
    for (; packets && n; packets -= n)
        n = capture_next(c, batch, packets < CAPTURE_BATCH ? (size_t)packets : CAPTURE_BATCH);
}

/* All of standard input. */
static int read_all(struct parser *p, uint64_t packets_before)
{
    char error[CAPTURE_ERROR];
    enum capture_status status;
    if (packets_before)
        lseek(STDIN_FILENO, 0, SEEK_SET);
    struct capture *c = capture_open("-", &status, error);
    if (!c) {
        sensor_say("%s", error);
        return status == CAPTURE_UNREADABLE ? EX_NOINPUT : EX_DATAERR;
    }
    capture_be_restless(c);
    resume(c, packets_before);
    pipeline_read(p->pipeline, c, 1);
    int code = capture_status(c) == CAPTURE_OK ? 0 : EX_DATAERR;
    if (code)
        sensor_say("%s", capture_error(c));
    capture_close(c);
    return code;
}

static struct record_mark last_mark(const struct parser *p)
{
    return (struct record_mark){ .clock_ns = pipeline_last_ns(p->pipeline), .counts = pipeline_counts(p->pipeline) };
}

static int run(struct parser *p, const struct parser_life *life)
{
    struct sensor *s = p->sensor;
    struct pipeline_user user = { .sink = { take_session, take_counts, take_attempt, take_certificate, p }, .step = step };
    p->out = wire_out_new(s->told, life->run, s->from_stdin);
    p->pipeline = pipeline_new(&s->ports, (size_t)s->memory, s->lanes, &user);
    if (!p->out || !p->pipeline) {
        sensor_say("there is not enough memory");
        return EX_OSERR;
    }
    wire_out_turn(p->out);
    int code = life->finish ? 0 : read_all(p, life->resume);
    pipeline_end(p->pipeline);
    struct record_mark mark = last_mark(p);
    tell_attempts(p);
    if (mark.clock_ns)
        tell_seen(p, &mark);
    put(p, WIRE_END, 0, NULL, no_trace);
    return wire_out_end(p->out) ? code : EX_UNAVAILABLE;
}

int parser_main(struct sensor *s, const struct parser_life *life)
{
    static struct parser p;
    char why[RIGHTS_ERROR];
    p.sensor = s;
    p.linktype = -1;
    if (!rights_drop(&(struct rights){ .role = RIGHTS_PARSER, .uid = s->uid, .gid = s->gid }, why)) {
        sensor_say("parser: %s", why);
        return EX_OSERR;
    }
    if (getppid() != s->parent)         /* before that was asked for */
        sensor_stopped = 1;
    int code = run(&p, life);
    pipeline_free(p.pipeline);
    wire_out_free(p.out);
    return code;
}
