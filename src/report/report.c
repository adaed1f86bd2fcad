#include "report/report.h"

#include "report/listing.h"
#include "report/question.h"
#include "report/when.h"
#include "report/words.h"
#include "base/endpoint.h"
#include "store/sql.h"

#include <errno.h>
#include <sysexits.h>

static const char folder[] = "reports/";

/* "share" of "reports/share.sql"; an empty span: no report. */
static struct span report_name(const char *path)
{
    size_t n = strlen(path), skip = sizeof folder - 1;
    if (strncmp(path, folder, skip) != 0 || n < skip + 4)
        return span_of(path, 0);
    return span_of(path + skip, n - skip - 4);
}

int report_list(FILE *out, char error[REPORT_ERROR])
{
    int n;

    errno = 0;
    for (const struct sql_text *t = sql_texts; t->path; t++) {
        struct span name = report_name(t->path);
        if (!name.n)
            continue;
        const char *sentence = sql_summary(t->text, &n);
        fprintf(out, "%-18.*s  %.*s\n", (int)name.n, (const char *)name.p, n, sentence);
    }
    return output_finish(out, error);
}

bool report_names(bool (*each)(void *ctx, const char *name), void *ctx)
{
    char copy[64];
    for (const struct sql_text *t = sql_texts; t->path; t++) {
        struct span name = report_name(t->path);
        snprintf(copy, sizeof copy, "%.*s", (int)name.n, (const char *)name.p);
        if (name.n && !each(ctx, copy))
            return false;
    }
    return true;
}

static const char *find_report(const char *name)
{
    for (const struct sql_text *t = sql_texts; t->path; t++)
        if (report_name(t->path).n && span_eq(report_name(t->path), name))
            return t->path;
    return NULL;
}

static bool check_by(const char *by, char error[REPORT_ERROR])
{
    static const char *const widths[] = { "hour", "day", "week", "month" };
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        if (strcmp(widths[i], by) == 0)
            return true;
    snprintf(error, REPORT_ERROR, "%.100s is no width of a bucket; there are: hour day week month", by);
    return false;
}

/* An option that the report has no parameter for is refused: its numbers would be others than
 * those asked for. */
static int place_of(sqlite3_stmt *stmt, const char *parameter, const char *name, char error[REPORT_ERROR])
{
    int place = sqlite3_bind_parameter_index(stmt, parameter);
    if (!place)
        snprintf(error, REPORT_ERROR, "the report %s cannot be asked with --%s", name, parameter + 1);
    return place;
}

static bool bind_time(sqlite3_stmt *stmt, const char *parameter, const char *name, const char *text,
                      char error[REPORT_ERROR])
{
    int64_t seconds;
    int place = text ? place_of(stmt, parameter, name, error) : 0;

    if (!text)
        return true;
    if (!place)
        return false;
    if (!when_parse(text, &seconds)) {
        snprintf(error, REPORT_ERROR, "%.100s is no time; write 2026-03-01 or 2026-03-01T12:00:00Z", text);
        return false;
    }
    return sqlite3_bind_int64(stmt, place, seconds) == SQLITE_OK;
}

static bool check_span(const struct report_request *q, char error[REPORT_ERROR])
{
    int64_t since, until;
    if (!q->since || !q->until || !when_parse(q->since, &since) || !when_parse(q->until, &until) || since <= until)
        return true;
    snprintf(error, REPORT_ERROR, "--until %.100s is before --since %.100s", q->until, q->since);
    return false;
}

/* What is allowed has no grade; where it is listed it can be asked for like one. */
static bool check_grade(const char *name, const char *text, char error[REPORT_ERROR])
{
    bool listed = strcmp(name, "incidents") == 0;
    if ((listed && strcmp(text, "allowed") == 0) || word_check("grade", text, error))
        return true;
    size_t n = strlen(error);
    if (listed)
        snprintf(error + n, REPORT_ERROR - n, " allowed");
    return false;
}

static bool check_word(const char *parameter, const char *name, const char *text, char error[REPORT_ERROR])
{
    if (strcmp(parameter, ":by") == 0)
        return check_by(text, error);
    return strcmp(parameter, ":grade") == 0 ? check_grade(name, text, error) : word_check(parameter + 1, text, error);
}

static bool bind_word(sqlite3_stmt *stmt, const char *parameter, const char *name, const char *text,
                      char error[REPORT_ERROR])
{
    int place = text ? place_of(stmt, parameter, name, error) : 0;

    if (!text)
        return true;
    if (!place)
        return false;
    if (!check_word(parameter, name, text, error))
        return false;
    return sqlite3_bind_text(stmt, place, text, -1, SQLITE_STATIC) == SQLITE_OK;
}

/* The first and the last address of a network. */
static void range_of(const struct network *n, uint8_t from[16], uint8_t to[16])
{
    for (unsigned i = 0; i < 16; i++) {
        unsigned kept = n->bits > 8 * i ? n->bits - 8 * i : 0, host = kept < 8 ? 0xffu >> kept : 0;
        from[i] = (uint8_t)(n->addr[i] & ~host);
        to[i] = (uint8_t)(n->addr[i] | host);
    }
}

static bool bind_network(sqlite3_stmt *stmt, const char *from_name, const char *to_name, const char *text, char error[REPORT_ERROR])
{
    struct network n;
    uint8_t from[16], to[16];

    if (!text)
        return true;
    if (!network_parse(text, &n)) {
        snprintf(error, REPORT_ERROR, "%.100s is neither an address nor a network such as 192.0.2.0/24", text);
        return false;
    }
    range_of(&n, from, to);
    return sqlite3_bind_blob(stmt, sqlite3_bind_parameter_index(stmt, from_name), from, 16, SQLITE_TRANSIENT) == SQLITE_OK
        && sqlite3_bind_blob(stmt, sqlite3_bind_parameter_index(stmt, to_name), to, 16, SQLITE_TRANSIENT) == SQLITE_OK;
}

static bool bind_rehearsal(sqlite3_stmt *stmt, const struct report_request *q)
{
    int ports = sqlite3_bind_parameter_index(stmt, ":ports"), logins = sqlite3_bind_parameter_index(stmt, ":logins");
    return (!ports || sqlite3_bind_text(stmt, ports, q->ports, -1, SQLITE_STATIC) == SQLITE_OK)
        && (!logins || sqlite3_bind_int(stmt, logins, q->logins) == SQLITE_OK);
}

static bool bind_all(sqlite3_stmt *stmt, const struct report_request *q, char error[REPORT_ERROR])
{
    return check_span(q, error)
        && bind_time(stmt, ":since", q->name, q->since, error)
        && bind_time(stmt, ":until", q->name, q->until, error)
        && bind_word(stmt, ":by", q->name, q->by, error)
        && bind_word(stmt, ":hop", q->name, q->hop, error)
        && bind_word(stmt, ":direction", q->name, q->direction, error)
        && bind_word(stmt, ":verdict", q->name, q->verdict, error)
        && bind_word(stmt, ":grade", q->name, q->grade, error)
        && bind_network(stmt, ":server_from", ":server_to", q->server, error)
        && bind_network(stmt, ":client_from", ":client_to", q->client, error)
        && bind_rehearsal(stmt, q);
}

static int prepare(struct reading *r, const struct report_request *q, bool keep, sqlite3_stmt **stmt,
                   char error[REPORT_ERROR])
{
    const char *text = find_report(q->name);

    *stmt = NULL;
    if (!text) {
        snprintf(error, REPORT_ERROR, "there is no report %.100s; mailseal report lists them", q->name);
        return EX_USAGE;
    }
    *stmt = keep ? reading_prepare_kept(r, text) : reading_prepare(r, text);
    if (!*stmt)
        return reading_failure(r, error);
    return bind_all(*stmt, q, error) ? 0 : EX_USAGE;
}

int report_prepare(struct reading *r, const struct report_request *q, sqlite3_stmt **stmt, char error[REPORT_ERROR])
{
    return prepare(r, q, false, stmt, error);
}

/* A table is gone through twice, and its rows are found once only: they are kept in between. */
int report_prepare_kept(struct reading *r, const struct report_request *q, sqlite3_stmt **stmt,
                        char error[REPORT_ERROR])
{
    int code = prepare(r, q, true, stmt, error), rc;

    if (code)
        return code;
    rc = sqlite3_step(*stmt);
    if (rc != SQLITE_DONE)
        return reading_failure(r, error);
    sqlite3_finalize(*stmt);
    *stmt = reading_kept(r);
    return *stmt ? 0 : reading_failure(r, error);
}

static int run(struct reading *r, const struct report_request *q, FILE *out, char error[REPORT_ERROR])
{
    struct rendering how = { .format = q->format, .rules = listing_rules(q->name), .width = q->width };
    sqlite3_stmt *stmt;
    int code = (q->format == REPORT_TABLE ? report_prepare_kept : report_prepare)(r, q, &stmt, error);

    errno = 0;
    if (!code && render(stmt, &how, out) != SQLITE_OK)
        code = reading_failure(r, error);
    sqlite3_finalize(stmt);
    return code ? code : output_finish(out, error);
}

int report_run(const struct report_request *q, FILE *out, char error[REPORT_ERROR])
{
    struct reading r;
    int code = reading_open(&r, q->path, error);

    if (code)
        return code;
    code = run(&r, q, out, error);
    reading_close(&r);
    return code;
}

/* --- the list of sessions --- */

static const struct column_rule session_rules[] = {
    { "tls.pq_offered", COLUMN_BOOLEAN },
    { "tls.pq", COLUMN_BOOLEAN },
    { "tls.alpn", COLUMN_WORD_OR_LIST },
    { "tls.resumed", COLUMN_BOOLEAN },
    { "tls.downgraded", COLUMN_BOOLEAN },
    { "tls.self_signed", COLUMN_BOOLEAN },
    { "starttls.offered", COLUMN_BOOLEAN },
    { "starttls.requested", COLUMN_BOOLEAN },
    { "auth.offered", COLUMN_LIST },
    { "auth.invited_in_clear", COLUMN_BOOLEAN },
    { "strip.evidence", COLUMN_LIST },
    { "incidents", COLUMN_LIST },
    { "marks", COLUMN_LIST },
    { "vlan", COLUMN_NUMBERS },
    { "tunnel", COLUMN_LIST },
    { NULL, COLUMN_PLAIN },
};

/* Of the names of other programs. */
static const struct column_rule exported_rules[] = {
    { "tls.session_resumed", COLUMN_BOOLEAN },
    { "tls.resumed", COLUMN_BOOLEAN },
    { "tls.established", COLUMN_BOOLEAN },
    { "vlan", COLUMN_NUMBERS },
    { "event.category", COLUMN_LIST },
    { "event.type", COLUMN_LIST },
    { "mailseal.tls.pq_offered", COLUMN_BOOLEAN },
    { "mailseal.tls.pq", COLUMN_BOOLEAN },
    { "mailseal.tls.downgraded", COLUMN_BOOLEAN },
    { "mailseal.starttls.offered", COLUMN_BOOLEAN },
    { "mailseal.starttls.requested", COLUMN_BOOLEAN },
    { "mailseal.auth.offered", COLUMN_LIST },
    { "mailseal.strip.evidence", COLUMN_LIST },
    { "mailseal.incidents", COLUMN_LIST },
    { "mailseal.marks", COLUMN_LIST },
    { NULL, COLUMN_PLAIN },
};

static const char *sessions_text(enum report_format format, struct rendering *how)
{
    switch (format) {
    case REPORT_TABLE:
        *how = (struct rendering){ .format = format, .rules = session_rules };
        return "statements/sessions_table.sql";
    case REPORT_EVE:
        *how = (struct rendering){ .format = REPORT_JSONL, .rules = exported_rules, .sparse = true };
        return "statements/sessions_eve.sql";
    case REPORT_ECS:
        *how = (struct rendering){ .format = REPORT_JSONL, .rules = exported_rules, .sparse = true };
        return "statements/sessions_ecs.sql";
    case REPORT_CSV:
    case REPORT_JSON:
    case REPORT_JSONL:
        break;
    }
    *how = (struct rendering){ .format = format, .rules = session_rules, .hidden = 1 };
    return "statements/sessions.sql";
}

int sessions_run(const struct report_request *q, const char *verdict, FILE *out, char error[REPORT_ERROR])
{
    struct report_request r = *q;
    struct rendering how;
    struct reading db;

    r.name = "sessions";
    int code = reading_open(&db, q->path, error);
    if (code)
        return code;
    sqlite3_stmt *stmt = reading_prepare(&db, sessions_text(q->format, &how));
    if (!stmt)
        code = reading_failure(&db, error);
    else if (!bind_all(stmt, &r, error) || !bind_word(stmt, ":verdict", r.name, verdict, error))
        code = EX_USAGE;
    how.width = q->width;
    errno = 0;
    if (!code && render(stmt, &how, out) != SQLITE_OK)
        code = reading_failure(&db, error);
    sqlite3_finalize(stmt);
    reading_close(&db);
    return code ? code : output_finish(out, error);
}
