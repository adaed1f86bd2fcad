/* Sessions become rows. */
#include "store/inside.h"

#include "store/session_row.h"
#include "store/stored_session.h"

#include <stdio.h>

/* --- what a row refers to --- */

/* Texts that the ends chose may name them. */
static void hide_ends(const struct store *s, struct session *copy)
{
    uint8_t *end[OWN_ADDRESSES] = { copy->client.addr, copy->server.addr, copy->names.proxy_client.addr, copy->names.proxy_server.addr };
    size_t ends = copy->proxied ? 4 : 2;
    struct own_addresses own = { .n = 0 };

    for (size_t i = 0; i < ends; i++)
        own_add(&own, end[i]);
    store_hide_text(s, copy->names.sni, &own);
    store_hide_text(s, copy->names.alpn, &own);
    store_hide_text(s, copy->names.offered_others, &own);
    store_hide_text(s, copy->names.mechanism, &own);
    for (size_t i = 0; i < ends; i++)
        store_hide(s, end[i]);
}

/* The ends that a PROXY header named. */
static bool refer_proxy(struct store *s, const struct session *x, struct session_refs *out)
{
    struct endpoint client = endpoint_address(&x->names.proxy_client);

    if (!x->proxied)
        return true;
    out->proxy_client_port = x->names.proxy_client.port;
    return (out->proxy_client = dictionary_endpoint(&s->dictionary, &client)) > 0
        && (out->proxy_server = dictionary_endpoint(&s->dictionary, &x->names.proxy_server)) > 0;
}

/* All but its own ends. After a failure nothing else is asked, so that SQLite still knows of it. */
static bool refer(struct store *s, const struct session *x, struct session_refs *out)
{
    struct dictionary *d = &s->dictionary;
    bool named = x->auth.mechanism == MECHANISM_NAMED;

    *out = (struct session_refs){ 0 };
    return (out->sni = dictionary_name(d, x->names.sni)) >= 0 && (out->profile = dictionary_profile(d, x)) >= 0
        && (out->others = dictionary_name(d, x->names.offered_others)) >= 0
        && (out->mechanism = named ? dictionary_name(d, x->names.mechanism) : 0) >= 0 && refer_proxy(s, x, out)
        && (out->certificate = dictionary_certificate(d, x->names.certificate)) >= 0
        && (out->fingerprint = dictionary_fingerprint(d, &x->names)) >= 0;
}

void store_trace(struct store *s, struct span bytes) { s->trace = bytes; }

static int write_trace(struct store *s, int64_t id)
{
    struct binder b = binder_of(s->trace_add);

    if (!s->trace.n)
        return 0;
    bind_int(&b, id);
    bind_blob(&b, s->trace.p, s->trace.n);
    return bound_run(&b) == SQLITE_OK ? 0 : store_fail(s);
}

/* --- rows that wait --- */

enum { CLIENT_END, SERVER_END, NETWORK_END, ENDS };

static void ends_of(const struct session_core *x, struct endpoint out[ENDS])
{
    out[CLIENT_END] = endpoint_address(&x->client);
    out[SERVER_END] = x->server;
    out[NETWORK_END] = endpoint_network(&x->client);
}

static bool refer_ends(struct dictionary *d, const struct session_core *x, struct session_refs *out)
{
    struct endpoint end[ENDS];

    ends_of(x, end);
    return (out->client = dictionary_endpoint(d, &end[CLIENT_END])) > 0
        && (out->server = dictionary_endpoint(d, &end[SERVER_END])) > 0
        && (out->network = dictionary_endpoint(d, &end[NETWORK_END])) > 0;
}

static int refer_first(struct store *s, size_t n)
{
    struct endpoint end[ENDS * WAITING_AT_ONCE];
    int64_t id = s->waiting.first;
    bool good;

    for (size_t i = 0; i < n; i++)
        ends_of(&waiting_find(&s->waiting, id + (int64_t)i)->core, &end[ENDS * i]);
    good = dictionary_endpoints(&s->dictionary, end, ENDS * n) == SQLITE_OK;
    for (size_t i = 0; i < n && good; i++) {
        struct waiting_session *w = waiting_find(&s->waiting, id + (int64_t)i);
        good = refer_ends(&s->dictionary, &w->core, &w->refs);
    }
    return good ? 0 : store_fail(s);
}

static int count_row(struct store *s, const struct waiting_session *w)
{
    const struct counted counted = { &w->core, &w->judgement, w->direction, session_row_strip(&w->judgement),
                                     w->refs.server, w->refs.network, w->refs.certificate, w->refs.fingerprint };
    return counts_add(&s->counts, &counted) == SQLITE_OK ? 0 : store_fail(s);
}

static int write_row(struct store *s, int64_t id, const struct waiting_session *w)
{
    const struct session_counts none = { .packets = { 0 } };
    struct session_row row = {
        .id = id, .sensor = s->sensor_id, .database = OWN_DATABASE, .session = &w->core, .judgement = &w->judgement,
        .direction = w->direction, .strip = session_row_strip(&w->judgement),
        .rule = dictionary_name(&s->dictionary, session_row_rule(&w->judgement)), .refs = &w->refs,
        .community = !store_hides(s),
    };
    if (row.rule <= 0 || session_row_add(s->session_add, &row) != SQLITE_OK)
        return store_fail(s);
    return w->number && s->run.id ? run_goes_on(s, w->number, id, &none) : 0;
}

/* The first n: each step for all of them, so that what it works with is at hand. */
static int write_first(struct store *s, size_t n)
{
    const int64_t first = s->waiting.first;
    int code = refer_first(s, n);

    for (size_t i = 0; i < n && !code; i++)
        code = count_row(s, waiting_find(&s->waiting, first + (int64_t)i));
    for (size_t i = 0; i < n && !code; i++)
        code = write_row(s, first + (int64_t)i, waiting_find(&s->waiting, first + (int64_t)i));
    if (!code)
        waiting_written(&s->waiting, n);
    return code;
}

static int write_some(struct store *s)
{
    return write_first(s, s->waiting.n < WAITING_AT_ONCE ? s->waiting.n : WAITING_AT_ONCE);
}

int store_write_waiting(struct store *s)
{
    int code = 0;
    while (s->waiting.n && !code)
        code = write_some(s);
    return code;
}

int64_t store_next_session(const struct store *s) { return s->last_session + 1; }

/* number 0: it has ended. */
static int wait_for_row(struct store *s, uint64_t number, const struct session *session, const struct judgement *judgement,
                        enum direction direction)
{
    int code = s->waiting.n == WAITING_ROOM ? write_some(s) : 0;
    struct session copy;
    struct session_refs refs;

    if (code)
        return code;
    if (store_hides(s)) {
        copy = *session;
        hide_ends(s, &copy);
        session = &copy;
    }
    if (!refer(s, session, &refs))
        return store_fail(s);
    int64_t id = ++s->last_session;
    struct waiting_session *w = waiting_add(&s->waiting, id);
    *w = (struct waiting_session){ session->core, *judgement, direction, refs, number };
    if (s->run.id)
        w->core.source = (uint32_t)s->run.source[w->core.source <= s->run.nlinks ? w->core.source : 0];
    if (number && !settled_row(&s->settled, number, id))
        return store_misuse(s, "there is not enough memory for its sessions");
    return write_trace(s, id);
}

/* --- sessions whose connections go on --- */

/* What an earlier run began: the row it has grows. number 0: it has ended with that. */
static int take_over(struct store *s, int64_t id, uint64_t number, const struct session *x)
{
    struct session_counts before = { .packets = { 0 } }, all = { .last_ns = x->last_ns };
    if (!store_counted(s, id, &before))
        return 0;
    all.marks = (before.marks | x->marks) & SESSION_COUNTED_MARKS;
    for (unsigned d = 0; d < 2; d++) {
        all.packets[d] = before.packets[d] + x->packets[d];
        all.bytes[d] = before.bytes[d] + x->bytes[d];
    }
    int code = store_grow(s, id, &all);
    if (code || !number)
        return code;
    return settled_row(&s->settled, number, id) ? run_goes_on(s, number, id, &before)
                                                : store_misuse(s, "there is not enough memory for its sessions");
}

static int add(struct store *s, uint64_t number, const struct session *session, const struct judgement *judgement,
               enum direction direction)
{
    int code = store_touch(s);
    int64_t orphan = code ? 0 : run_orphan(s, session);

    if (!code)
        code = orphan ? take_over(s, orphan, number, session) : wait_for_row(s, number, session, judgement, direction);
    s->trace = (struct span){ NULL, 0 };
    return code;
}

int store_add(struct store *s, const struct session *session, const struct judgement *judgement, enum direction direction)
{
    return add(s, 0, session, judgement, direction);
}

int store_settled(struct store *s, uint64_t number, const struct session *session, const struct judgement *judgement,
                  enum direction direction)
{
    return add(s, number, session, judgement, direction);
}

int64_t store_network(struct store *s, const struct session *session)
{
    struct endpoint network = endpoint_network(&session->client);
    return dictionary_endpoint(&s->dictionary, &network);
}

int store_row(struct store *s, int64_t id, struct stored_session *row)
{
    sqlite3_bind_int64(s->session_next, 1, id - 1);
    sqlite3_bind_int64(s->session_next, 2, 1);
    int rc = sqlite3_step(s->session_next);
    if (rc == SQLITE_ROW)
        stored_session_read(s->session_next, row);
    sqlite3_reset(s->session_next);
    return rc == SQLITE_ROW && row->id != id ? SQLITE_DONE : rc;
}

/* Brings a row up to date, and the sums with it. */
static int grow_row(struct store *s, struct stored_session *row, const struct session_counts *counts)
{
    struct session grown = row->s;
    int64_t number = store_network(s, &row->s);
    session_count(&grown.core, counts);
    if (grown.last_ns < row->s.last_ns)
        grown.last_ns = row->s.last_ns;
    struct counted was = { &row->s.core, &row->was, row->direction, row->strip, row->server, number, row->certificate,
                           row->fingerprint };
    struct counted is = { &grown.core, &row->was, row->direction, row->strip, row->server, number, row->certificate,
                           row->fingerprint };
    struct binder b = binder_of(s->session_grow);
    bind_int(&b, (int64_t)(grown.last_ns / 1000 - row->s.first_ns / 1000));
    bind_int(&b, grown.marks);
    bind_int(&b, (int64_t)grown.packets[TO_SERVER]);
    bind_int(&b, (int64_t)grown.packets[TO_CLIENT]);
    bind_int(&b, (int64_t)grown.bytes[TO_SERVER]);
    bind_int(&b, (int64_t)grown.bytes[TO_CLIENT]);
    bind_int(&b, row->id);
    if (number <= 0 || bound_run(&b) != SQLITE_OK || counts_grow(&s->counts, &was, &is) != SQLITE_OK)
        return store_fail(s);
    return 0;
}

int store_counts(struct store *s, uint64_t number, const struct session_counts *counts)
{
    int code = store_touch(s);
    int64_t id = code ? 0 : settled_take(&s->settled, number);
    struct waiting_session *w = waiting_find(&s->waiting, id);
    struct session_counts all = *counts;

    if (!id)
        return code;
    if (w) {
        session_count(&w->core, counts);
        w->number = 0;
        return 0;
    }
    code = s->run.id ? run_ends(s, number, &all) : 0;
    return code || counts->unchanged ? code : store_grow(s, id, &all);
}

int store_grow(struct store *s, int64_t id, const struct session_counts *counts)
{
    struct stored_session row;
    int rc = store_row(s, id, &row);
    return rc == SQLITE_ROW ? grow_row(s, &row, counts) : rc == SQLITE_DONE && s->run.id ? 0 : store_fail(s);
}

bool store_counted(struct store *s, int64_t id, struct session_counts *out)
{
    struct stored_session row;
    if (store_row(s, id, &row) != SQLITE_ROW)
        return false;
    *out = (struct session_counts){ .last_ns = row.s.last_ns, .marks = row.s.marks & SESSION_COUNTED_MARKS };
    memcpy(out->packets, row.s.packets, sizeof out->packets);
    memcpy(out->bytes, row.s.bytes, sizeof out->bytes);
    return true;
}

