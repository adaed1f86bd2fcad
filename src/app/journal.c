#include "app/journal.h"

#include <assert.h>
#include <stdlib.h>

#include "app/wire_form.h"
#include "base/pages.h"

enum { JOURNAL_BATCH = WIRE_TYPES };    /* a record of its own: body is run and number */

struct journal {
    size_t room, n;
    size_t rows;
    uint64_t run, batch;
    bool ended;
    uint8_t *bytes;
};

struct journal *journal_new(size_t bytes)
{
    struct journal *j = calloc(1, sizeof *j);
    if (!j || !(j->bytes = pages_get(bytes))) {
        free(j);
        return NULL;
    }
    j->room = bytes;
    return j;
}

void journal_free(struct journal *j)
{
    if (!j)
        return;
    pages_put(j->bytes);
    free(j);
}

void journal_clear(struct journal *j)
{
    *j = (struct journal){ .room = j->room, .bytes = j->bytes };
}

size_t journal_rows(const struct journal *j) { return j->rows; }
bool journal_is_empty(const struct journal *j) { return j->n == 0; }
uint64_t journal_run(const struct journal *j) { return j->run; }
uint64_t journal_last(const struct journal *j) { return j->batch; }
bool journal_ended(const struct journal *j) { return j->ended; }
bool journal_has_room(const struct journal *j) { return j->room - j->n >= JOURNAL_MESSAGE; }

/* --- writing --- */

static void append(struct journal *j, unsigned type, uint64_t number, struct span body, struct span trace)
{
    size_t size = (sizeof(struct wire_piece) + body.n + trace.n + 15) / 16 * 16;
    assert(size <= j->room - j->n);
    const struct wire_piece piece = { .number = number, .size = (uint32_t)size, .type = (uint16_t)type,
                                      .trace_n = (uint16_t)trace.n };
    uint8_t *to = j->bytes + j->n;
    memcpy(to, &piece, sizeof piece);
    if (body.n)
        memcpy(to + sizeof piece, body.p, body.n);
    if (trace.n)
        memcpy(to + sizeof piece + body.n, trace.p, trace.n);
    j->n += size;
}

void journal_batch(struct journal *j, uint64_t run, uint64_t batch)
{
    const uint64_t body[2] = { run, batch };
    append(j, JOURNAL_BATCH, 0, span_of((const uint8_t *)body, sizeof body), (struct span){ NULL, 0 });
    j->run = run;
    j->batch = batch;
    j->ended = false;
}

void journal_record(struct journal *j, const struct wire_record *r)
{
    append(j, r->type, r->number, span_of(r->body, wire_body(r->type)), r->trace);
    j->rows++;
    j->ended = j->ended || r->type == WIRE_END;
}

/* --- storing --- */

struct storing {
    struct ledger *ledger;
    struct store *store;                /* its */
    const char *const *links;
    unsigned nlinks;
    uint64_t run, batch;                /* where it is */
    uint64_t stored;                    /* the database has the run up to this batch */
    uint64_t complete_ns;
};

static int close_batch(struct storing *t)
{
    return t->batch > t->stored ? store_run_batch(t->store, t->batch, t->complete_ns) : 0;
}

static int store_batch(struct storing *t, const uint64_t body[2])
{
    struct store_run run = { .identity = body[0], .nlinks = t->nlinks };
    int code = 0;
    memcpy(run.link, t->links, t->nlinks * sizeof run.link[0]);
    if (run.identity != t->run) {
        code = close_batch(t);
        t->complete_ns = 0;
        t->run = run.identity;
        if (!code)
            code = store_run(t->store, &run, &t->stored);
    }
    t->batch = body[1];
    return code;
}

static int store_piece(struct storing *t, const struct wire_piece *piece)
{
    const void *body = piece + 1;
    const struct wire_attempt *a = body;
    const struct wire_seen *s = body;
    if (piece->type == JOURNAL_BATCH)
        return store_batch(t, body);
    if (t->batch <= t->stored)
        return 0;
    switch ((enum wire_type)piece->type) {
    case WIRE_SESSION:
        return ledger_session(t->ledger, body, piece->number, span_of((const uint8_t *)body + sizeof(struct session), piece->trace_n));
    case WIRE_COUNTS:
        return store_counts(t->store, piece->number, body);
    case WIRE_ATTEMPT:
        return store_attempt(t->store, &a->attempt, a->n);
    case WIRE_CERTIFICATE:
        return store_certificate(t->store, body);
    case WIRE_SERVER_NAME:
        return store_server_name(t->store, body);
    case WIRE_SEEN:
        t->complete_ns = s->complete_ns ? s->complete_ns : t->complete_ns;
        t->ledger->figures.packets += s->seen.packets;
        t->ledger->figures.dropped += s->seen.dropped_kernel + s->seen.dropped_interface;
        return store_seen(t->store, &s->seen);
    case WIRE_RATE:
        return store_rate(t->store, body);
    case WIRE_END:
        return store_run_end(t->store);
    case WIRE_TYPES:
        break;
    }
    return 0;
}

int journal_store(const struct journal *j, struct ledger *ledger, const char *const *links, unsigned nlinks)
{
    struct storing t = { .ledger = ledger, .store = ledger->store, .links = links, .nlinks = nlinks };
    int code = store_begin(t.store);
    for (size_t at = 0; at < j->n && !code;) {
        const struct wire_piece *piece = (const struct wire_piece *)(const void *)(j->bytes + at);
        code = store_piece(&t, piece);
        at += piece->size;
    }
    if (!code)
        code = close_batch(&t);
    if (!code)
        code = ledger_keep(ledger);
    if (code)
        store_rollback(t.store);
    else
        code = store_commit(t.store);
    if (code)
        ledger_forget(ledger);
    return code;
}
