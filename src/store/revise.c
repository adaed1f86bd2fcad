/* Evidence that comes from other sessions: what it changes of those that are stored. */
#include "store/inside.h"

#include "store/session_row.h"
#include "verdict/verdict.h"

#include <stdio.h>

bool revise_prepare(struct store *s)
{
    s->evidence_put = db_prepare(s->db, "evidence_put");
    s->evidence_drop = db_prepare(s->db, "evidence_drop");
    s->rejudged_add = db_prepare(s->db, "rejudged_add");
    s->session_revise = db_prepare(s->db, "session_revise");
    s->session_path = db_prepare(s->db, "session_path");
    return s->evidence_put && s->evidence_drop && s->rejudged_add && s->session_revise && s->session_path;
}

/* What is stored of a finding's sentence. */
static const char *words_of(const struct store *s, const struct finding *f, char out[FINDING_WORDS])
{
    static const struct own_addresses none;     /* the sentence is ours: it has addresses as people write them */
    snprintf(out, FINDING_WORDS, "%s", f->words);
    store_hide_text(s, out, &none);
    return out;
}

static int write_words(struct store *s, int64_t session, const struct finding *f)
{
    struct binder b = binder_of(f->grade ? s->evidence_put : s->evidence_drop);
    bind_int(&b, session);
    bind_int(&b, f->kind);
    if (f->grade && f->other)
        bind_int(&b, f->other);
    else if (f->grade)
        bind_null(&b);
    char sentence[FINDING_WORDS];
    if (f->grade)
        bind_text(&b, words_of(s, f, sentence));
    return bound_run(&b);
}

int store_finding(struct store *s, int64_t session, const struct finding *f)
{
    int code = store_touch(s);
    if (code)
        return code;
    return write_words(s, session, f) == SQLITE_OK ? 0 : store_fail(s);
}

/* What was told of before is not changed in silence. */
static int write_rejudged(struct store *s, const struct stored_session *row, const struct judgement *is, int64_t strip,
                          const struct finding *f)
{
    struct binder b = binder_of(s->rejudged_add);
    if (row->id > s->told || (row->was.verdict == is->verdict && row->strip == strip))
        return SQLITE_OK;
    bind_int(&b, row->id);
    bind_int(&b, row->was.verdict);
    bind_int(&b, is->verdict);
    bind_int(&b, row->strip);
    bind_int(&b, strip);
    bind_int(&b, f->kind);
    char sentence[FINDING_WORDS];
    bind_text(&b, *f->words ? words_of(s, f, sentence) : "what spoke for it holds no more");
    bind_int(&b, (int64_t)(f->at_ns / 1000));
    return bound_run(&b);
}

static int write_revised(struct store *s, const struct stored_session *row, uint32_t evidence, const struct judgement *is,
                         int64_t strip)
{
    struct binder b = binder_of(s->session_revise);
    bind_int(&b, row->id);
    bind_int(&b, is->verdict);
    bind_int(&b, dictionary_name(&s->dictionary, session_row_rule(is)));
    bind_int(&b, strip);
    bind_int(&b, evidence);
    return bound_run(&b);
}

static int revise_row(struct store *s, const struct stored_session *row, const struct finding *f)
{
    struct session now = row->s;
    int64_t network = store_network(s, &row->s);
    evidence_set(&now.evidence, f->kind, f->grade);
    struct judgement is = judge(&now);
    int64_t strip = session_row_strip(&is);
    struct counted before = { &row->s.core, &row->was, row->direction, row->strip, row->server, network, row->certificate,
                              row->fingerprint };
    struct counted after = { &now.core, &is, row->direction, strip, row->server, network, row->certificate,
                             row->fingerprint };
    s->revised = true;

    if (network <= 0 || counts_owner(&s->counts, row->sensor, row->database) != SQLITE_OK ||
        counts_grow(&s->counts, &before, &after) != SQLITE_OK ||
        counts_owner(&s->counts, s->sensor_id, OWN_DATABASE) != SQLITE_OK ||
        write_revised(s, row, now.evidence, &is, strip) != SQLITE_OK || write_words(s, row->id, f) != SQLITE_OK ||
        write_rejudged(s, row, &is, strip, f) != SQLITE_OK)
        return store_fail(s);
    return 0;
}

static int revise_waiting(struct store *s, struct waiting_session *w, int64_t id, const struct finding *f)
{
    evidence_set(&w->core.evidence, f->kind, f->grade);
    const struct session now = { .core = w->core };
    w->judgement = judge(&now);
    return store_finding(s, id, f);
}

static int revise_session(struct store *s, int64_t id, const struct finding *f)
{
    struct waiting_session *w = waiting_find(&s->waiting, id);
    struct stored_session row;

    if (w)
        return revise_waiting(s, w, id, f);
    int rc = store_row(s, id, &row);
    return rc == SQLITE_ROW ? revise_row(s, &row, f) : rc == SQLITE_DONE ? 0 : store_fail(s);
}

/* The next sessions of a path; SQLite's result. */
static int next_of_path(struct store *s, const struct finding *f, int64_t from, int64_t server, int64_t id[256], size_t *n)
{
    struct endpoint network = { .port = 0 };
    struct binder b = binder_of(s->session_path);
    int rc;

    memcpy(network.addr, f->network, sizeof network.addr);
    store_hide_known(s, network.addr);
    size_t bytes = endpoint_is_v4(&network) ? 15 : 6;
    bind_int(&b, from);
    bind_int(&b, (int64_t)(f->since_ns / 1000));
    bind_int(&b, (int64_t)bytes);
    bind_blob(&b, network.addr, bytes);
    bind_int(&b, server);
    bind_int(&b, f->kind);
    bind_int(&b, f->grade < GRADE_LIKELY);
    for (*n = 0; (rc = sqlite3_step(s->session_path)) == SQLITE_ROW && *n < 256; ++*n)
        id[*n] = sqlite3_column_int64(s->session_path, 0);
    sqlite3_reset(s->session_path);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int revise_path(struct store *s, const struct finding *f)
{
    struct endpoint server = f->server;
    int64_t from = f->row, id[256];
    size_t n;
    int code = store_write_waiting(s);        /* of those it is not known here which are meant */

    store_hide_known(s, server.addr);
    int64_t number = code ? 0 : dictionary_endpoint(&s->dictionary, &server);
    do {
        if (code || number <= 0 || next_of_path(s, f, from, number, id, &n) != SQLITE_OK)
            return code ? code : store_fail(s);
        for (size_t i = 0; i < n && !code; i++)
            code = revise_session(s, id[i], f);
        if (n)
            from = id[n - 1] + 1;
    } while (n && !code);
    return code;
}

int store_revise(struct store *s, const struct finding *f)
{
    int code = store_touch(s);
    if (code)
        return code;
    return f->path ? revise_path(s, f) : revise_session(s, f->row, f);
}
