#include "app/wire.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "app/wire_form.h"
#include "base/pages.h"
#include "base/threads.h"

enum { PARCELS = WIRE_ROOM };
static const uint64_t gather_ns = 50000000;
enum { GATHER_PART = 64 };              /* of the time for which nothing has been stored */

/* Messages are numbered from 1 on; those from `oldest` on are kept, since they may have to be told again. */
struct wire_out {
    int fd;
    uint64_t run;
    atomic_uint_least64_t *beats;       /* not NULL: patient */
    bool first;                         /* the next one is the first that its listener gets */
    bool gone;
    uint64_t oldest, next, current;     /* oldest: not stored; next: not sent; current: being written */
    uint64_t sent_ns;                   /* when the last one was closed */
    uint64_t dropped;
    uint64_t closed_ns[PARCELS];
    uint32_t n[PARCELS];                /* bytes in each */
    uint16_t place[PARCELS];            /* where each lies */
    uint16_t idle[PARCELS], nidle;      /* places without one; the last is taken first, so that few are ever touched */
    uint8_t *bytes;                     /* PARCELS times WIRE_MESSAGE */
};

static uint8_t *parcel(struct wire_out *w, uint64_t number) { return w->bytes + (size_t)w->place[number % PARCELS] * WIRE_MESSAGE; }

/* There must be room. */
static void begin_message(struct wire_out *w)
{
    w->place[w->current % PARCELS] = w->idle[--w->nidle];
    w->n[w->current % PARCELS] = sizeof(struct wire_head);
}

struct wire_out *wire_out_new(int fd, uint64_t run)
{
    struct wire_out *w = calloc(1, sizeof *w);
    if (!w || !(w->bytes = pages_get((size_t)PARCELS * WIRE_MESSAGE))) {
        free(w);
        return NULL;
    }
    w->fd = fd;
    w->run = run;
    w->first = true;
    w->oldest = w->next = w->current = 1;
    for (unsigned i = PARCELS; i-- > 0;)
        w->idle[w->nidle++] = (uint16_t)i;
    begin_message(w);
    return w;
}

void wire_out_free(struct wire_out *w)
{
    if (!w)
        return;
    pages_put(w->bytes);
    free(w);
}

void wire_out_patient(struct wire_out *w, atomic_uint_least64_t *beats) { w->beats = beats; }

uint64_t wire_out_dropped(const struct wire_out *w) { return w->dropped; }

/* --- the socket --- */

static void read_answers(struct wire_out *w)
{
    struct wire_answer a;
    ssize_t n;
    while ((n = recv(w->fd, &a, sizeof a, MSG_DONTWAIT)) > 0) {
        if (n != sizeof a)
            continue;
        if (a.again) {
            w->next = w->oldest;
            w->first = true;
        } else if (a.run == w->run && a.batch >= w->oldest && a.batch < w->next) {
            while (w->oldest <= a.batch)
                w->idle[w->nidle++] = w->place[w->oldest++ % PARCELS];
        }
    }
    w->gone = w->gone || n == 0;
}

static bool send_one(struct wire_out *w)
{
    struct wire_head *head = (struct wire_head *)(void *)parcel(w, w->next);
    head->first = w->first;
    ssize_t n = send(w->fd, head, w->n[w->next % PARCELS], MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) {
        w->gone = w->gone || errno == EPIPE || errno == ECONNRESET;
        return false;
    }
    w->first = false;
    w->next++;
    return true;
}

static void send_all(struct wire_out *w)
{
    while (w->next < w->current && send_one(w))
        ;
}

/* Until there is room in the socket or an answer comes; a fifth of a second at most. */
static void wait_for_socket(struct wire_out *w)
{
    struct pollfd fd = { .fd = w->fd, .events = (short)(POLLIN | (w->next < w->current ? POLLOUT : 0)) };
    poll(&fd, 1, 200);
    if (w->beats)
        atomic_fetch_add(w->beats, 1);
    read_answers(w);
    send_all(w);
}

/* --- writing --- */

static bool is_empty(const struct wire_out *w) { return w->n[w->current % PARCELS] == sizeof(struct wire_head); }

unsigned wire_out_room(const struct wire_out *w) { return (unsigned)(PARCELS - 1 - (w->current - w->oldest)); }

static bool has_room(const struct wire_out *w) { return wire_out_room(w) > 0; }

/* Closes the present message and begins the next one; there must be room. */
static void close_message(struct wire_out *w)
{
    struct wire_head *head = (struct wire_head *)(void *)parcel(w, w->current);
    *head = (struct wire_head){ .run = w->run, .batch = w->current };
    w->sent_ns = w->closed_ns[w->current % PARCELS] = wall_clock_ns();
    w->current++;
    begin_message(w);
}

static bool make_room(struct wire_out *w)
{
    read_answers(w);
    send_all(w);
    while (!has_room(w) && w->beats && !w->gone)
        wait_for_socket(w);
    return has_room(w);
}

void wire_out_put(struct wire_out *w, const struct wire_record *r)
{
    size_t body = wire_body(r->type), size = (sizeof(struct wire_piece) + body + r->trace.n + 15) / 16 * 16;
    if (w->n[w->current % PARCELS] + size > WIRE_MESSAGE) {
        if (!make_room(w)) {
            w->dropped++;
            return;
        }
        close_message(w);
    }
    uint8_t *to = parcel(w, w->current) + w->n[w->current % PARCELS];
    const struct wire_piece piece = { .number = r->number, .size = (uint32_t)size, .type = (uint16_t)r->type,
                                      .trace_n = (uint16_t)r->trace.n };
    memcpy(to, &piece, sizeof piece);
    if (body)
        memcpy(to + sizeof piece, r->body, body);
    if (r->trace.n)
        memcpy(to + sizeof piece + body, r->trace.p, r->trace.n);
    w->n[w->current % PARCELS] += (uint32_t)size;
}

/* While nothing can be stored few messages have to hold what comes. */
static bool is_time(const struct wire_out *w)
{
    uint64_t now_ns = wall_clock_ns(), waits_ns = w->oldest < w->current ? now_ns - w->closed_ns[w->oldest % PARCELS] : 0;
    uint64_t gather = waits_ns / GATHER_PART;
    return now_ns - w->sent_ns >= (gather > gather_ns ? gather : gather_ns);
}

void wire_out_turn(struct wire_out *w)
{
    read_answers(w);
    bool due = w->first ? w->next == w->current : !is_empty(w);
    if (due && has_room(w) && (w->first || is_time(w)))
        close_message(w);
    send_all(w);
}

bool wire_out_end(struct wire_out *w)
{
    while (!has_room(w) && !w->gone)
        wait_for_socket(w);
    if (!w->gone)
        close_message(w);
    while (w->oldest < w->current && !w->gone) {
        send_all(w);
        wait_for_socket(w);
    }
    return w->oldest == w->current;
}
