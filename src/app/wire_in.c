#include "app/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "app/wire_form.h"
#include "facts/sane.h"
#include "store/schema.h"

enum { TRACE_MOST = 256, ERROR = 160 };

struct wire_in {
    int fd;
    unsigned links;
    uint64_t run, batch;
    uint64_t refused;                   /* the run of which nothing more is taken */
    bool begun;                         /* a first message has come */
    size_t n, at;                       /* of the message; of what was read of it */
    char error[ERROR];
    _Alignas(16) uint8_t bytes[WIRE_MESSAGE];
};

size_t wire_body(enum wire_type type)
{
    static const size_t sizes[WIRE_TYPES] = {
        [WIRE_SESSION] = sizeof(struct session), [WIRE_COUNTS] = sizeof(struct session_counts),
        [WIRE_ATTEMPT] = sizeof(struct wire_attempt), [WIRE_CERTIFICATE] = sizeof(struct certificate),
        [WIRE_SERVER_NAME] = sizeof(struct server_name),
        [WIRE_SEEN] = sizeof(struct wire_seen), [WIRE_RATE] = sizeof(struct store_rate), [WIRE_END] = 0,
    };
    return sizes[type];
}

struct wire_in *wire_in_new(int fd, unsigned links)
{
    struct wire_in *w = calloc(1, sizeof *w);
    const struct wire_answer again = { .again = 1 };
    if (!w)
        return NULL;
    w->fd = fd;
    w->links = links;
    send(fd, &again, sizeof again, MSG_DONTWAIT | MSG_NOSIGNAL);        /* a run that has not begun yet begins anyway */
    return w;
}

void wire_in_free(struct wire_in *w) { free(w); }
uint64_t wire_in_run(const struct wire_in *w) { return w->run; }
uint64_t wire_in_batch(const struct wire_in *w) { return w->batch; }
const char *wire_in_error(const struct wire_in *w) { return w->error; }

void wire_in_stored(struct wire_in *w, uint64_t run, uint64_t batch)
{
    const struct wire_answer stored = { .run = run, .batch = batch };
    send(w->fd, &stored, sizeof stored, MSG_DONTWAIT | MSG_NOSIGNAL);   /* the next answer says more */
}

/* --- what is believed --- */

static bool seen_is_sane(const struct wire_seen *s)
{
    const struct store_seen *x = &s->seen;
    uint64_t all = x->packets | x->bytes | x->evicted | x->discarded | x->dropped_kernel | x->dropped_interface |
                   x->clock_steps | x->rows_left_out;
    for (size_t i = 0; i < DECODE_RESULTS_N; i++)
        all |= (uint64_t)(x->decoded[i] < 0 ? ~x->decoded[i] : x->decoded[i]);
    return all >> 56 == 0 && x->link <= STORE_LINKS && x->linktype >= -1 && x->linktype < 65536 &&
           (s->complete_ns | x->first_ns | x->last_ns | x->clock_ns) <= INT64_MAX;
}

static bool rate_is_sane(const struct store_rate *r)
{
    static const int64_t least_over[RATE_KEYS] = {
        [RATE_HOUR] = INT64_MAX / 1000000000, [RATE_DIRECTION] = DIRECTION_N, [RATE_HOP] = HOP_N, [RATE_PROTOCOL] = PROTOCOL_N,
        [RATE_PORT] = 65536, [RATE_VERDICT] = VERDICT_N, [RATE_STRIP] = STRIP_ALLOWED + 1, [RATE_VERSION] = 65536, [RATE_PQ] = 2,
        [RATE_EXPOSURE] = EXPOSURE_N, [RATE_LOSS] = 2,
    };
    bool good = r->key[RATE_HOUR] % 3600 == 0 && r->sessions > 0 && r->sessions >> 40 == 0 && r->bytes >> 56 == 0 && r->messages >> 48 == 0 &&
                r->offered >= 0 && r->offered <= r->sessions;
    for (unsigned i = 0; i < RATE_KEYS; i++)
        good = good && r->key[i] >= 0 && r->key[i] < least_over[i];
    return good;
}

static bool is_link(const struct wire_in *w, uint64_t number) { return number >= 1 && number <= w->links; }

static bool record_is_sane(const struct wire_in *w, const struct wire_record *r)
{
    const struct wire_attempt *a = r->body;
    const struct session *s = r->body;
    const struct wire_seen *seen = r->body;
    if (r->trace.n > (r->type == WIRE_SESSION ? TRACE_MOST : 0) || r->number > INT64_MAX)
        return false;
    switch (r->type) {
    case WIRE_SESSION:
        return session_is_sane(s) && is_link(w, s->source);
    case WIRE_COUNTS:
        return r->number && session_counts_are_sane(r->body);
    case WIRE_ATTEMPT:
        return attempt_is_sane(&a->attempt) && a->n >> 48 == 0;
    case WIRE_CERTIFICATE:
        return certificate_is_sane(r->body);
    case WIRE_SERVER_NAME:
        return server_name_is_sane(r->body);
    case WIRE_SEEN:
        return seen_is_sane(seen) && is_link(w, seen->seen.link);
    case WIRE_RATE:
        return rate_is_sane(r->body);
    case WIRE_END:
        return true;
    case WIRE_TYPES:
        break;
    }
    return false;
}

/* The piece at w->at. False: it is no piece. */
static bool read_piece(const struct wire_in *w, struct wire_record *out, size_t *size)
{
    struct wire_piece piece;
    if (w->n - w->at < sizeof piece)
        return false;
    memcpy(&piece, w->bytes + w->at, sizeof piece);
    if (piece.type >= WIRE_TYPES || piece.size % 16 || piece.size > w->n - w->at)
        return false;
    size_t body = wire_body((enum wire_type)piece.type);
    if (piece.size < sizeof piece + body + piece.trace_n)
        return false;
    const uint8_t *at = w->bytes + w->at + sizeof piece;
    *out = (struct wire_record){ .body = at, .trace = span_of(at + body, piece.trace_n), .number = piece.number,
                                 .type = (enum wire_type)piece.type };
    *size = piece.size;
    return true;
}

/* Its type is told when a record is not. */
static bool message_is_sane(struct wire_in *w, unsigned *type)
{
    struct wire_record r = { .type = WIRE_TYPES };
    size_t size;
    bool good = true;
    for (w->at = sizeof(struct wire_head); w->at < w->n && good; w->at += good ? size : 0)
        good = read_piece(w, &r, &size) && record_is_sane(w, &r);
    w->at = sizeof(struct wire_head);
    *type = r.type;
    return good;
}

static enum wire_step refuse(struct wire_in *w, uint64_t run, const char *why)
{
    snprintf(w->error, sizeof w->error, "%s", why);
    w->refused = run;
    w->n = w->at = 0;
    return WIRE_BAD;
}

/* Messages that a listener before this one was to read are told again, so they are passed over. */
static enum wire_step take(struct wire_in *w)
{
    struct wire_head head;
    if (w->n < sizeof head)
        return refuse(w, w->run, "a message is shorter than its head");
    memcpy(&head, w->bytes, sizeof head);
    if (head.run == w->refused || (!w->begun && head.first != 1))
        return WIRE_NOTHING;
    if (!head.run || head.run > INT64_MAX || head.batch > INT64_MAX || head.first > 1)
        return refuse(w, head.run, "a message has no right number");
    if (head.run == w->run && head.batch <= w->batch)          /* told again, and known */
        return WIRE_NOTHING;
    if (w->begun && head.batch != (head.run == w->run ? w->batch + 1 : 1))
        return refuse(w, head.run, "a message is missing");
    w->begun = true;
    w->run = head.run;
    w->batch = head.batch;
    unsigned type;
    if (!message_is_sane(w, &type)) {
        char why[64];
        snprintf(why, sizeof why, "a record of type %u cannot be", type);
        return refuse(w, head.run, why);
    }
    return WIRE_MESSAGE_CAME;
}

enum wire_step wire_in_step(struct wire_in *w)
{
    for (;;) {
        ssize_t n = recv(w->fd, w->bytes, sizeof w->bytes, MSG_DONTWAIT);
        w->n = w->at = 0;
        if (n == 0)
            return WIRE_GONE;
        if (n < 0)
            return errno == EAGAIN || errno == EINTR ? WIRE_NOTHING : WIRE_GONE;
        w->n = (size_t)n;
        enum wire_step step = take(w);
        if (step != WIRE_NOTHING)
            return step;
    }
}

bool wire_in_next(struct wire_in *w, struct wire_record *out)
{
    size_t size;
    if (w->at >= w->n || !read_piece(w, out, &size))
        return false;
    w->at += size;
    return true;
}
