#include "report/explain.h"

#include "report/reading.h"

#include <sysexits.h>

#define TEXT(member) { #member, offsetof(struct explanation, member), sizeof ((struct explanation *)0)->member }
static const struct {
    const char *column;
    size_t at, room;
} texts[] = {
    TEXT(timestamp), TEXT(end), TEXT(src_ip), TEXT(dest_ip), TEXT(app_proto), TEXT(hop), TEXT(direction),
    TEXT(verdict), TEXT(rule), TEXT(stage), TEXT(tls_version), TEXT(tls_client_max), TEXT(tls_cipher),
    TEXT(tls_group), TEXT(auth_command), TEXT(auth_mechanism), TEXT(auth_exposure), TEXT(strip_grade),
    TEXT(vlan), TEXT(tunnel), TEXT(source), TEXT(addresses),
};
#undef TEXT

#define NUMBER(column, member) { column, offsetof(struct explanation, member) }
static const struct {
    const char *column;
    size_t at;
} numbers[] = {
    NUMBER("first_us", first_us), NUMBER("lasted_us", lasted_us), NUMBER("source_id", source_id),
    NUMBER("grp", grp), NUMBER("src_port", src_port), NUMBER("dest_port", dest_port),
    NUMBER("protocol", protocol), NUMBER("verdict_code", verdict_code), NUMBER("facts", facts),
    NUMBER("evidence", evidence), NUMBER("incidents", incidents), NUMBER("marks", marks), NUMBER("flags", flags),
};
#undef NUMBER

static struct span blob_of(sqlite3_stmt *stmt, int i)
{
    const void *p = sqlite3_column_blob(stmt, i);
    return span_of(p, p ? (size_t)sqlite3_column_bytes(stmt, i) : 0);
}

static void take_blob(struct explanation *x, const char *name, struct span bytes)
{
    if (strcmp(name, "client_address") == 0 && bytes.n == sizeof x->client)
        memcpy(x->client, bytes.p, bytes.n);
    else if (strcmp(name, "server_address") == 0 && bytes.n == sizeof x->server)
        memcpy(x->server, bytes.p, bytes.n);
    else if (strcmp(name, "trace") == 0 && bytes.n && bytes.n <= sizeof x->trace) {
        memcpy(x->trace, bytes.p, bytes.n);
        x->trace_n = bytes.n;
    }
}

static void take_column(struct explanation *x, sqlite3_stmt *stmt, int i)
{
    const char *name = sqlite3_column_name(stmt, i);
    char *base = (char *)x;

    if (sqlite3_column_type(stmt, i) == SQLITE_BLOB) {
        take_blob(x, name, blob_of(stmt, i));
        return;
    }
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        const unsigned char *text = strcmp(name, texts[k].column) == 0 ? sqlite3_column_text(stmt, i) : NULL;
        if (text)
            snprintf(base + texts[k].at, texts[k].room, "%s", (const char *)text);
    }
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
        int64_t value = sqlite3_column_int64(stmt, i);
        if (strcmp(name, numbers[k].column) == 0)
            memcpy(base + numbers[k].at, &value, sizeof value);
    }
}

static void copy_text(char *out, size_t room, sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    snprintf(out, room, "%s", text ? text : "");
}

static void take_words(struct explanation *x, sqlite3_stmt *stmt)
{
    int64_t kind = sqlite3_column_int64(stmt, 0);
    if (kind >= 0 && kind < EVIDENCE_N)
        copy_text(x->words[kind], sizeof x->words[kind], stmt, 1);
}

static void take_change(struct explanation *x, sqlite3_stmt *stmt)
{
    if (x->changes == EXPLAIN_CHANGES)
        return;
    struct explain_change *c = &x->change[x->changes++];
    copy_text(c->at, sizeof c->at, stmt, 0);
    copy_text(c->was, sizeof c->was, stmt, 1);
    copy_text(c->is, sizeof c->is, stmt, 2);
    copy_text(c->was_strip, sizeof c->was_strip, stmt, 3);
    copy_text(c->is_strip, sizeof c->is_strip, stmt, 4);
    copy_text(c->why, sizeof c->why, stmt, 5);
}

/* Each row of a statement about the session. */
static int take_rows(struct reading *r, const char *name, struct explanation *x,
                     void (*take)(struct explanation *, sqlite3_stmt *))
{
    sqlite3_stmt *stmt = reading_prepare(r, name);
    int rc = stmt ? sqlite3_bind_int64(stmt, 1, x->id) : SQLITE_ERROR;
    if (rc == SQLITE_OK)
        while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
            take(x, stmt);
    sqlite3_finalize(stmt);
    return rc;
}

/* Numbers up to the last one were given; those that are not here any more were let go of. */
static int no_session(struct reading *r, const char *db, int64_t id, char error[REPORT_ERROR])
{
    sqlite3_stmt *stmt = reading_prepare(r, "statements/explain_gone.sql");
    bool gone = stmt && sqlite3_bind_int64(stmt, 1, id) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW;
    if (gone)
        snprintf(error, REPORT_ERROR, "%.600s has session %lld no more: it was let go of, as is everything that is older than the"
                 " sensor or mailseal retain keeps; the sums have it still", db, (long long)id);
    else
        snprintf(error, REPORT_ERROR, "%.600s has no session %lld; mailseal sessions lists them", db, (long long)id);
    sqlite3_finalize(stmt);
    return EX_DATAERR;
}

int explain_load(const char *db, int64_t id, struct explanation *x, char error[REPORT_ERROR])
{
    struct reading r;
    int code = reading_open(&r, db, error), rc = SQLITE_ERROR;

    if (code)
        return code;
    sqlite3_stmt *stmt = reading_prepare(&r, "statements/explain.sql");
    if (stmt && sqlite3_bind_int64(stmt, 1, id) == SQLITE_OK)
        rc = sqlite3_step(stmt);
    *x = (struct explanation){ .id = id };
    if (rc == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(stmt); i++)
            take_column(x, stmt, i);
    } else if (rc == SQLITE_DONE) {
        code = no_session(&r, db, id, error);
    } else {
        code = reading_failure(&r, error);
    }
    sqlite3_finalize(stmt);
    if (!code && (take_rows(&r, "statements/explain_evidence.sql", x, take_words) != SQLITE_DONE ||
                  take_rows(&r, "statements/explain_rejudged.sql", x, take_change) != SQLITE_DONE))
        code = reading_failure(&r, error);
    reading_close(&r);
    return code;
}

static void take_source(sqlite3_stmt *stmt, struct explain_source *s)
{
    struct span ends = blob_of(stmt, 2);
    *s = (struct explain_source){ .path = (const char *)sqlite3_column_text(stmt, 0), .size = -1,
                                  .first_us = sqlite3_column_int64(stmt, 3) };
    if (sqlite3_column_type(stmt, 1) == SQLITE_INTEGER)
        s->size = sqlite3_column_int64(stmt, 1);
    if (ends.n == sizeof s->ends) {
        memcpy(s->ends, ends.p, ends.n);
        s->has_ends = true;
    }
    s->live = sqlite3_column_int64(stmt, 4) != 0;
    if (!s->path)
        s->path = "";
}

int explain_sources(const char *db, const struct explanation *x, explain_each *each, void *ctx,
                    char error[REPORT_ERROR])
{
    struct explain_source s;
    struct reading r;
    int code = reading_open(&r, db, error), rc = SQLITE_ERROR;

    if (code)
        return code;
    sqlite3_stmt *stmt = reading_prepare(&r, "statements/explain_sources.sql");
    if (stmt && sqlite3_bind_int64(stmt, 1, x->grp) == SQLITE_OK
        && sqlite3_bind_int64(stmt, 2, x->source_id) == SQLITE_OK)
        while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
            take_source(stmt, &s);
            if (!each(ctx, &s))
                break;
        }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        code = reading_failure(&r, error);
    sqlite3_finalize(stmt);
    reading_close(&r);
    return code;
}
