/* The parser of the sensor: packets in, records out, and no other right. */
#include "app/sensor.h"

#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "app/ledger.h"
#include "app/merged.h"
#include "app/pipeline.h"
#include "app/rights.h"
#include "app/wire.h"
#include "capture/capture.h"

enum { TRIED = 64 };                    /* kinds of attempts gathered at once */
/* How many messages find room: from when on sessions are rows again; below which only those with evidence or an incident
 * are; below which none is. */
enum { ROOM_AGAIN = WIRE_ROOM / 2, ROOM_TIGHT = WIRE_ROOM / 4, ROOM_LAST = WIRE_ROOM / 16 };
static const uint64_t second_ns = 1000000000, minute_ns = 60 * second_ns, hour_ns = 3600 * second_ns;

struct parser {
    struct sensor *sensor;
    struct wire_out *out;
    struct pipeline *pipeline;
    struct wire_attempt tried[TRIED];
    unsigned ntried;
    bool tight;                         /* there is little room for what cannot be stored */
    struct merged *merged;              /* sessions that are no rows for that; */
    uint64_t left_out, left_out_before; /* how many, and how many of them were told of */
    struct paths paths;                 /* while it is tight */
    struct lane_counts told;            /* of what the writer knows */
    struct link_counts links[CAPTURE_LINKS];    /* the same of each link */
    uint64_t clock_ns, told_ns;         /* packet time of the last report, and the machine's */
    uint64_t shown_ns;                  /* packet time of the mark before */
    uint64_t complete_ns;               /* as it was told last */
    uint64_t clock_steps;               /* since then */
    bool over;                          /* all connections have ended */
    struct record_mark mark;            /* the last one */
};

static void put(struct parser *p, enum wire_type type, uint64_t number, const void *body, struct span trace)
{
    const struct wire_record r = { .body = body, .trace = trace, .number = number, .type = type };
    wire_out_put(p->out, &r);
}

static const struct span no_trace = { NULL, 0 };

/* --- what lanes say --- */

static void merge(struct parser *p, const struct session *seen)
{
    struct session s = *seen;
    struct store_rate rate;
    struct judgement j;
    enum direction d;
    ledger_judge(&p->paths, &s, &j, &d);
    store_rate_of(&s, &j, d, &rate);
    merged_add(p->merged, &rate);
    p->left_out++;
}

static void take_session(void *ctx, const struct session *s, uint64_t number)
{
    struct parser *p = ctx;
    bool plain = !s->evidence && !s->incidents;
    if (p->tight && (plain || wire_out_room(p->out) < ROOM_LAST)) {
        merge(p, s);
        return;
    }
    put(p, WIRE_SESSION, number, s, pipeline_trace(p->pipeline));
}

static void take_counts(void *ctx, uint64_t number, const struct session_counts *c)
{
    put(ctx, WIRE_COUNTS, number, c, no_trace);
}

static void take_certificate(void *ctx, const struct certificate *c) { put(ctx, WIRE_CERTIFICATE, 0, c, no_trace); }

static void take_server_name(void *ctx, const struct server_name *n) { put(ctx, WIRE_SERVER_NAME, 0, n, no_trace); }

static void tell_attempts(struct parser *p)
{
    for (unsigned i = 0; i < p->ntried; i++)
        put(p, WIRE_ATTEMPT, 0, &p->tried[i], no_trace);
    p->ntried = 0;
}

/* That of the same hour, port and outcome; NULL: none. */
static struct wire_attempt *find_attempt(struct parser *p, const struct attempt *a, uint16_t port)
{
    for (unsigned i = 0; i < p->ntried; i++) {
        const struct attempt *known = &p->tried[i].attempt;
        if (known->first_ns / hour_ns == a->first_ns / hour_ns && known->server_port == port && known->outcome == a->outcome)
            return &p->tried[i];
    }
    return NULL;
}

/* Those of one kind are told together: there may be very many. */
static void take_attempt(void *ctx, const struct attempt *a)
{
    struct parser *p = ctx;
    struct attempt new = *a;
    struct wire_attempt *known = find_attempt(p, a, a->server_port);
    if (!known && p->tight && p->ntried >= TRIED / 2) {         /* ports are not told apart */
        known = find_attempt(p, a, 0);
        new.server_port = 0;
    }
    if (known) {
        known->n++;
        return;
    }
    if (p->ntried == TRIED)
        tell_attempts(p);
    p->tried[p->ntried++] = (struct wire_attempt){ new, 1 };
}

/* --- how far it is --- */

static uint64_t clock_steps(const struct parser *p, uint64_t now_ns)
{
    bool back = now_ns + 60 * second_ns < p->clock_ns, on = p->clock_ns && now_ns > p->clock_ns + hour_ns;
    return back || on;
}

/* What standard input brought, in the form of a link. */
static struct link_counts as_link(const struct parser *p, const struct record_mark *mark)
{
    const struct lane_counts *c = &mark->counts;
    uint64_t first = p->links[0].packets ? p->links[0].first_ns : mark->clock_ns;
    return (struct link_counts){ .packets = c->packets, .bytes = c->bytes, .first_ns = first, .last_ns = mark->clock_ns,
                                 .linktype = -1 };
}

/* Before which no session began that is still to come: a connection is a session from its first payload on, for which
 * a minute is allowed. A clock that is set back takes it back. */
static uint64_t complete(struct parser *p)
{
    uint64_t margin = p->over ? 0 : 60 * second_ns, at = p->clock_ns > margin ? p->clock_ns - margin : 0;
    at = p->mark.oldest_ns && p->mark.oldest_ns < at ? p->mark.oldest_ns : at;
    if (at > p->complete_ns || p->clock_ns + 60 * second_ns < p->complete_ns)
        p->complete_ns = at;
    return p->complete_ns;
}

static void tell_link(struct parser *p, unsigned i, const struct link_counts *is, const struct lane_counts *all)
{
    struct link_counts *was = &p->links[i];
    struct wire_seen w = { .seen = {
        .link = 1 + i, .linktype = is->linktype, .clock_ns = p->clock_ns, .packets = is->packets - was->packets,
        .bytes = is->bytes - was->bytes, .dropped_kernel = is->dropped_kernel - was->dropped_kernel,
        .dropped_interface = is->dropped_interface - was->dropped_interface }, .complete_ns = complete(p) };
    if (w.seen.packets) {
        w.seen.first_ns = is->first_ns;
        w.seen.last_ns = is->last_ns;
    }
    if (all) {                          /* of all links, with the first */
        for (unsigned r = 0; r < DECODE_RESULTS_N; r++)
            w.seen.decoded[r] = (int64_t)(all->decoded[r] - p->told.decoded[r]);
        w.seen.evicted = all->evicted - p->told.evicted;
        w.seen.discarded = all->discarded - p->told.discarded;
        w.seen.clock_steps = p->clock_steps;
        w.seen.rows_left_out = p->left_out - p->left_out_before;
        p->left_out_before = p->left_out;
        p->told = *all;
        p->clock_steps = 0;
    }
    *was = *is;
    put(p, WIRE_SEEN, 0, &w, no_trace);
}

static void tell_seen(struct parser *p, const struct record_mark *mark, uint64_t clock_ns)
{
    p->clock_steps += clock_steps(p, clock_ns);
    p->clock_ns = clock_ns;
    p->told_ns = wall_clock_ns();
    if (!mark->nlinks) {
        struct link_counts stream = as_link(p, mark);
        tell_link(p, 0, &stream, &mark->counts);
    }
    for (unsigned i = 0; i < mark->nlinks; i++)
        tell_link(p, i, &mark->link[i], i ? NULL : &mark->counts);
}

/* Links whose interface is not there, as bits. */
static uint64_t gone(const struct record_mark *mark)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < mark->nlinks; i++)
        bits |= (uint64_t)mark->link[i].gone << i;
    return bits;
}

static void say_figures(const struct parser *p, const struct record_mark *mark)
{
    const struct lane_counts *c = &mark->counts;
    sensor_say("parser: %llu packets, %llu bytes, %llu connections gave way, %llu sessions were counted without a row, %llu"
               " records were lost", (unsigned long long)c->packets, (unsigned long long)c->bytes,
               (unsigned long long)c->evicted, (unsigned long long)p->left_out,
               (unsigned long long)(wire_out_dropped(p->out) + merged_lost(p->merged)));
    for (unsigned i = 0; i < mark->nlinks; i++)
        sensor_say("%s: %llu packets, %llu dropped by the kernel, %llu by the interface%s", p->sensor->link[i],
                   (unsigned long long)mark->link[i].packets, (unsigned long long)mark->link[i].dropped_kernel,
                   (unsigned long long)mark->link[i].dropped_interface, mark->link[i].gone ? "; it is not there" : "");
}

/* --- when little can be stored --- */

static void tell_merged(struct parser *p)
{
    struct store_rate rate;
    while (wire_out_room(p->out) > ROOM_TIGHT && merged_take(p->merged, &rate))
        put(p, WIRE_RATE, 0, &rate, no_trace);
}

/* Standard input waits instead. */
static void look_at_room(struct parser *p)
{
    unsigned room = wire_out_room(p->out);
    if (p->sensor->from_stdin)
        return;
    if (!p->tight && room < ROOM_TIGHT) {
        p->tight = true;
        sensor_warn("the memory for what is not stored yet is three quarters full: from now on sessions without evidence and"
                    " incident are counted, without a row of their own");
    } else if (p->tight && room >= ROOM_AGAIN) {
        p->tight = false;
        sensor_say("sessions have rows again; %llu were counted without", (unsigned long long)p->left_out);
    }
    if (p->tight)
        sensor_paths(p->sensor, &p->paths);
    else
        tell_merged(p);
}

/* Four times a second and for each minute; while there is little room, once for each minute or hour. */
static void look_at_clock(struct parser *p, const struct record_mark *mark)
{
    uint64_t width = p->tight && wire_out_room(p->out) < ROOM_LAST ? hour_ns : minute_ns;
    bool over = mark->clock_ns / width != p->clock_ns / width;
    if (mark->clock_ns && p->tight && over)
        tell_seen(p, mark, p->shown_ns / width == p->clock_ns / width && p->shown_ns > p->clock_ns ? p->shown_ns : mark->clock_ns);
    else if (mark->clock_ns && !p->tight && (over || wall_clock_ns() - p->told_ns >= second_ns / 4))
        tell_seen(p, mark, mark->clock_ns);
    p->shown_ns = mark->clock_ns;
}

static bool step(void *ctx, const struct record_mark *mark)
{
    struct parser *p = ctx;
    struct sensor_page *page = p->sensor->parser;
    p->mark = *mark;
    look_at_room(p);
    look_at_clock(p, mark);
    if (!p->tight)
        tell_attempts(p);
    wire_out_turn(p->out);
    atomic_store(&page->packets, mark->counts.packets);
    atomic_fetch_add(&page->beats, 1);
    atomic_store(&page->gone, gone(mark));
    if (sensor_asked) {
        sensor_asked = 0;
        say_figures(p, mark);
    }
    return !sensor_stopped && !sensor_renewed;
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
        sensor_warn("%s", error);
        return status == CAPTURE_UNREADABLE ? EX_NOINPUT : EX_DATAERR;
    }
    capture_be_restless(c);
    resume(c, packets_before);
    pipeline_read(p->pipeline, c, 1);
    int code = capture_status(c) == CAPTURE_OK ? 0 : EX_DATAERR;
    if (code)
        sensor_warn("%s", capture_error(c));
    capture_close(c);
    return code;
}

static int read_links(struct parser *p)
{
    struct sensor *s = p->sensor;
    struct capture *c = capture_live(s->live, s->nlinks);
    if (!c) {
        sensor_warn("there is not enough memory");
        return EX_OSERR;
    }
    pipeline_read(p->pipeline, c, 1);
    capture_close(c);
    return 0;
}

/* All there is to say of the packets; their connections have ended. */
static void tell_last(struct parser *p)
{
    p->over = true;
    p->mark.oldest_ns = 0;
    p->mark.clock_ns = pipeline_last_ns(p->pipeline);
    p->mark.counts = pipeline_counts(p->pipeline);
    tell_attempts(p);
    for (struct store_rate rate; merged_take(p->merged, &rate);)
        put(p, WIRE_RATE, 0, &rate, no_trace);
    if (p->mark.clock_ns)
        tell_seen(p, &p->mark, p->mark.clock_ns);
}

static int run(struct parser *p, const struct parser_life *life)
{
    struct sensor *s = p->sensor;
    struct pipeline_user user = { .sink = { take_session, take_counts, take_attempt, take_certificate, take_server_name, p }, .step = step };
    p->out = wire_out_new(s->told, life->run);
    p->merged = merged_new();
    p->pipeline = pipeline_new(&s->ports, (size_t)s->memory, s->lanes, &user);
    bool keeps = !s->evidence.folder || (p->pipeline && pipeline_keep(p->pipeline, s->evidence.memory / 2, &s->ring));
    if (!p->out || !p->merged || !p->pipeline || !keeps) {
        sensor_warn("there is not enough memory");
        return EX_OSERR;
    }
    if (s->from_stdin)
        wire_out_patient(p->out, &s->parser->beats);
    wire_out_turn(p->out);
    atomic_fetch_add(&s->parser->beats, 1);     /* it is ready, though nothing may come for long */
    int code = life->finish ? 0 : s->from_stdin ? read_all(p, life->resume) : read_links(p);
    wire_out_patient(p->out, &s->parser->beats);        /* there is an end to what is left */
    p->tight = false;
    pipeline_end(p->pipeline);
    tell_last(p);
    bool renewed = sensor_renewed && !sensor_stopped;
    if (!renewed)
        put(p, WIRE_END, 0, NULL, no_trace);
    return wire_out_end(p->out) && !renewed ? code : EX_UNAVAILABLE;
}

int parser_main(struct sensor *s, const struct parser_life *life)
{
    static struct parser p;
    char why[RIGHTS_ERROR];
    p.sensor = s;
    if (!rights_drop(&(struct rights){ .role = RIGHTS_PARSER, .uid = s->uid, .gid = s->gid }, why)) {
        sensor_warn("parser: %s", why);
        return EX_OSERR;
    }
    if (getppid() != s->parent)         /* before that was asked for */
        sensor_stopped = 1;
    int code = run(&p, life);
    pipeline_free(p.pipeline);
    merged_free(p.merged);
    wire_out_free(p.out);
    return code;
}
