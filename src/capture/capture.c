#include "capture/capture.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/input.h"
#include "capture/reader.h"

struct capture {
    struct input *input;
    const struct format *format;        /* our own parser and its state, or */
    void *state;
    struct libpcap *libpcap;            /* libpcap's, or */
    struct live *live;                  /* links, without an input */
    struct packet held;                 /* shown by capture_peek(), not given out yet */
    bool holding;
    bool ended;
    uint64_t passed_at;                 /* where the last record without a packet began */
    enum capture_status status;
    char error[CAPTURE_ERROR];
};

enum record_step record_bad(struct record *r, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(r->reason, sizeof r->reason, format, args);
    va_end(args);
    return RECORD_BAD;
}

/* --- opening --- */

static const struct format *format_of(struct span head)
{
    static const struct format *const formats[] = { &format_pcap, &format_pcapng };

    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i]->recognise(head))
            return formats[i];
    return NULL;
}

static void set_error(struct capture *c, enum capture_status status, const char *reason)
{
    c->status = status;
    snprintf(c->error, sizeof c->error, "%s: %s", input_name(c->input), reason);
}

/* Finds who can read the input. False: nobody, and the capture's error says so. */
static bool choose_reader(struct capture *c)
{
    input_refill(c->input, HEAD_MAX);
    struct span head = span_first(input_window(c->input), HEAD_MAX);
    bool empty = head.n == 0;

    c->format = format_of(head);
    if (c->format)
        c->state = c->format->start();
    else if (!empty)
        c->libpcap = libpcap_open(c->input);
    if (c->state || c->libpcap)
        return true;
    if (input_status(c->input) != CAPTURE_OK) {
        c->status = input_status(c->input);
        memcpy(c->error, input_error(c->input), CAPTURE_ERROR);
    } else if (c->format) {
        set_error(c, CAPTURE_UNREADABLE, "no memory to read it");
    } else {
        set_error(c, CAPTURE_NOT_ONE, empty ? "is empty" : "is not a capture");
    }
    return false;
}

struct capture *capture_open(const char *path, enum capture_status *status, char error[CAPTURE_ERROR])
{
    struct input *input = input_open(path, status, error);
    if (!input)
        return NULL;
    struct capture *c = calloc(1, sizeof *c);
    if (!c) {
        *status = CAPTURE_UNREADABLE;
        snprintf(error, CAPTURE_ERROR, "%s: no memory to read it", input_name(input));
        input_close(input);
        return NULL;
    }
    c->input = input;
    if (choose_reader(c)) {
        *status = CAPTURE_OK;
        return c;
    }
    *status = c->status;
    memcpy(error, c->error, CAPTURE_ERROR);
    capture_close(c);
    return NULL;
}

struct capture *capture_live(struct live_link *const *links, unsigned n)
{
    struct capture *c = calloc(1, sizeof *c);
    if (c && (c->live = live_new(links, n)))
        return c;
    free(c);
    return NULL;
}

void capture_close(struct capture *c)
{
    if (!c)
        return;
    libpcap_close(c->libpcap);
    live_free(c->live);
    if (c->format)
        c->format->stop(c->state);
    if (c->input)
        input_close(c->input);
    free(c);
}

/* --- reading --- */

static void damaged(struct capture *c, uint64_t offset, const char *reason)
{
    char at[REASON_MAX + 80];

    snprintf(at, sizeof at, "offset %llu%s: %s", (unsigned long long)offset,
             input_is_packed(c->input) ? " after unpacking" : "", reason);
    set_error(c, CAPTURE_DAMAGED, at);
    c->ended = true;
}

/* There is no more to read. What that means depends on why, and on where in a record it was. */
static void finish(struct capture *c, size_t need)
{
    char reason[REASON_MAX];
    unsigned long long there = input_window(c->input).n, missing = input_missing(c->input);
    const char *grown = input_has_grown(c->input) ? "; the file is still being written" : "";

    c->ended = true;
    if (input_status(c->input) != CAPTURE_OK) {
        c->status = input_status(c->input);
        memcpy(c->error, input_error(c->input), CAPTURE_ERROR);
    } else if (missing) {
        snprintf(reason, sizeof reason, "the last record is cut short, %llu bytes of it are missing%s",
                 missing, grown);
        damaged(c, c->passed_at, reason);
    } else if (there) {
        snprintf(reason, sizeof reason, "the last record is cut short after %llu of at least %zu bytes%s",
                 there, need, grown);
        damaged(c, input_position(c->input), reason);
    }
}

/* Records until the batch is full or the window is used up: a refill moves what it showed. */
static size_t next_records(struct capture *c, bool fresh, struct packet *out, size_t max)
{
    struct record r;
    size_t n = 0;

    while (n < max && !c->ended) {
        switch (c->format->record(c->state, input_window(c->input), out + n, &r)) {
        case RECORD_PACKET:
            n++;
            input_take(c->input, r.size);
            break;
        case RECORD_OTHER:
            c->passed_at = input_position(c->input);
            input_take(c->input, r.size);
            break;
        case RECORD_MORE:
            if (n || !fresh)
                return n;
            if (input_refill(c->input, r.need))
                break;
            if (input_is_idle(c->input))
                return n;
            finish(c, r.need);
            break;
        case RECORD_BAD:
            damaged(c, input_position(c->input), r.reason);
            break;
        }
    }
    return n;
}

static size_t next_of_libpcap(struct capture *c, bool fresh, struct packet *out, size_t max)
{
    const char *reason = NULL;
    size_t n = libpcap_next(c->libpcap, fresh, out, max, &reason);

    if (!reason && (n || !fresh))
        return n;
    if (reason && input_status(c->input) == CAPTURE_OK)
        damaged(c, input_position(c->input), reason);
    else
        finish(c, 0);
    return n;
}

/* fresh: what was given out before need not stay valid. */
static size_t next(struct capture *c, bool fresh, struct packet *out, size_t max)
{
    size_t n = 0;

    if (c->live)
        return live_next(c->live, fresh, out, max);
    if (c->holding && max) {
        out[n++] = c->held;
        c->holding = false;
    }
    if (c->ended || n == max)
        return n;
    return n + (c->libpcap ? next_of_libpcap : next_records)(c, fresh && n == 0, out + n, max - n);
}

size_t capture_next(struct capture *c, struct packet *out, size_t max) { return next(c, true, out, max); }

size_t capture_more(struct capture *c, struct packet *out, size_t max) { return next(c, false, out, max); }

void *capture_exchange(struct capture *c, void *fresh)
{
    if (c->live)
        return live_exchange(c->live, fresh);
    return c->libpcap ? libpcap_exchange(c->libpcap, fresh) : input_exchange(c->input, fresh);
}

void capture_be_restless(struct capture *c)
{
    if (!c->libpcap && !c->live)
        input_be_restless(c->input);
}

bool capture_is_idle(const struct capture *c)
{
    return c->live ? !live_is_stopped(c->live) : !c->ended && input_is_idle(c->input);
}

void capture_stop(struct capture *c)
{
    if (c->live)
        live_stop(c->live);
    else
        input_stop(c->input);
}

const struct link_counts *capture_links(const struct capture *c, unsigned *n)
{
    *n = 0;
    return c->live ? live_counts(c->live, n) : NULL;
}

uint64_t capture_clock_ns(const struct capture *c) { return c->live ? live_clock() : 0; }

bool capture_peek(struct capture *c, struct packet *out)
{
    if (!c->holding)
        c->holding = capture_next(c, &c->held, 1) == 1;
    if (c->holding)
        *out = c->held;
    return c->holding;
}

void capture_skim(struct capture *c, uint64_t *packets, uint64_t *last_ns)
{
    struct packet batch[CAPTURE_BATCH];
    size_t n;

    *packets = *last_ns = 0;
    while ((n = capture_next(c, batch, CAPTURE_BATCH)) > 0) {
        *packets += n;
        *last_ns = batch[n - 1].ts_ns;
    }
}

/* --- questions --- */

enum capture_status capture_status(const struct capture *c) { return c->status; }
const char *capture_error(const struct capture *c) { return c->error; }
uint64_t capture_offset(const struct capture *c) { return c->live ? 0 : input_stored_read(c->input); }
uint64_t capture_size(const struct capture *c) { return input_stored_size(c->input); }
bool capture_is_file(const struct capture *c) { return input_is_file(c->input); }

bool capture_identify(const struct capture *c, struct capture_identity *out)
{
    return input_identify(c->input, out);
}
