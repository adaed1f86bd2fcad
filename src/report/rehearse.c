#include "report/rehearse.h"

#include "report/question.h"
#include "report/text.h"

#include <errno.h>
#include <stdlib.h>

enum { ROWS = 12, COLUMNS = 20, ROOM = 64, COLUMN_MOST = 8 };

/* The first rows of a report, as text. */
struct rows {
    char name[COLUMNS][ROOM];
    char cell[ROWS][COLUMNS][ROOM];
    size_t columns, n, all;             /* all: with those that have no room */
};

static void take_row(struct rows *r, sqlite3_stmt *stmt)
{
    if (r->n < ROWS) {
        for (size_t i = 0; i < r->columns; i++) {
            const char *text = (const char *)sqlite3_column_text(stmt, (int)i);
            snprintf(r->cell[r->n][i], ROOM, "%s", text ? text : "");
        }
        r->n++;
    }
    r->all++;
}

static int read_rows(struct reading *db, const struct report_request *q, const char *report, struct rows *r,
                     char error[REPORT_ERROR])
{
    struct report_request one = *q;
    sqlite3_stmt *stmt;
    int rc = SQLITE_DONE;

    one.name = report;
    memset(r, 0, sizeof *r);
    int code = report_prepare(db, &one, &stmt, error);
    if (!code) {
        size_t n = (size_t)sqlite3_column_count(stmt);
        r->columns = n < COLUMNS ? n : COLUMNS;
        for (size_t i = 0; i < r->columns; i++)
            snprintf(r->name[i], ROOM, "%s", sqlite3_column_name(stmt, (int)i));
        while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
            take_row(r, stmt);
    }
    if (!code && rc != SQLITE_DONE)
        code = reading_failure(db, error);
    sqlite3_finalize(stmt);
    return code;
}

/* "" of a column that is not there. */
static const char *cell(const struct rows *r, size_t row, const char *column)
{
    for (size_t i = 0; i < r->columns; i++)
        if (strcmp(r->name[i], column) == 0)
            return r->cell[row][i];
    return "";
}

static double percent(const struct rows *r, size_t row, const char *column)
{
    return 100 * strtod(cell(r, row, column), NULL);
}

static long long count(const struct rows *r, size_t row, const char *column)
{
    return strtoll(cell(r, row, column), NULL, 10);
}

/* --- text --- */

/* A column of a table: its heading, and that of the report it shows. */
struct shown {
    const char *title, *column;
    bool share;
};

static void write_table(const struct rows *r, const struct shown *c, size_t columns, FILE *out)
{
    char text[ROWS + 1][COLUMN_MOST][ROOM];
    size_t width[COLUMN_MOST] = { 0 };

    for (size_t row = 0; row <= r->n; row++)
        for (size_t i = 0; i < columns; i++) {
            if (!row)
                snprintf(text[0][i], ROOM, "%s", c[i].title);
            else if (c[i].share)
                snprintf(text[row][i], ROOM, "%.1f %%", percent(r, row - 1, c[i].column));
            else
                snprintf(text[row][i], ROOM, "%s", cell(r, row - 1, c[i].column));
            size_t n = text_terminal(NULL, span_of(text[row][i], strlen(text[row][i])));
            width[i] = n > width[i] ? n : width[i];
        }
    for (size_t row = 0; row <= r->n; row++)
        for (size_t i = 0; i < columns; i++)
            render_cell(out, span_of(text[row][i], strlen(text[row][i])), width[i], i > 0, i + 1 == columns);
}

static void say_answer(const struct rows *r, const struct report_request *q, FILE *out)
{
    fprintf(out, "Would fail:    %.1f %% of %lld mail sessions on port %s\n", percent(r, 0, "share"),
            count(r, 0, "decided"), q->ports);
    if (q->logins)
        fputs("               if nothing but logins in clear is refused\n", out);
    fprintf(out, "               (%lld; 95 %% interval %.1f to %.1f %%); %.1f %% of those on any port\n",
            count(r, 0, "failing"), percent(r, 0, "low"), percent(r, 0, "high"), percent(r, 0, "of_all"));
    fprintf(out, "Could upgrade: %lld of them were offered STARTTLS and went on without it,\n"
                 "               %lld were not seen to be offered it, of %lld it was taken away\n",
            count(r, 0, "could_upgrade"), count(r, 0, "not_offered"), count(r, 0, "stripped"));
    fprintf(out, "Old TLS:       %lld encrypted sessions chose a TLS below 1.2; they fail where 1.2\n"
                 "               is asked for\n", count(r, 0, "below_12"));
    fprintf(out, "Networks:      %lld of %lld client networks lose sessions, %lld of them all of theirs;\n"
                 "               %lld got no further than a TLS below 1.2\n",
            count(r, 0, "networks_failing"), count(r, 0, "networks"), count(r, 0, "networks_lost"),
            count(r, 0, "networks_below_12"));
    fprintf(out, "Seen:          from %s to %s, in the sums of days and months\n", cell(r, 0, "first"),
            cell(r, 0, "last"));
    if (count(r, 0, "beyond"))
        fprintf(out, "               (%lld sessions were of more peers than these have room for)\n", count(r, 0, "beyond"));
}

static const struct shown of_ports[] = {
    { "port", "port", false }, { "decided", "decided", false }, { "fail", "failing", false }, { "share", "share", true },
    { "could", "could_upgrade", false }, { "stripped", "stripped", false }, { "old TLS", "below_12", false },
    { "networks", "networks_failing", false },
};
static const struct shown of_servers[] = {
    { "server", "server", false }, { "port", "port", false }, { "fail", "failing", false }, { "share", "share", true },
    { "could", "could_upgrade", false }, { "stripped", "stripped", false }, { "old TLS", "below_12", false },
    { "networks", "networks", false },
};
static const struct shown of_networks[] = {
    { "client network", "network", false }, { "servers", "servers", false }, { "fail", "failing", false },
    { "share", "share", true }, { "could", "could_upgrade", false }, { "stripped", "stripped", false },
    { "old TLS", "below_12", false },
};
#define N(table) (sizeof(table) / sizeof *(table))

static void write_part(const struct rows *r, const struct shown *c, size_t columns, const char *more, FILE *out)
{
    if (!r->n)
        return;
    putc('\n', out);
    write_table(r, c, columns, out);
    if (r->all > r->n)
        fprintf(out, "… %zu more %s; --format json has all\n", r->all - r->n, more);
}

static int write_text(struct reading *db, const struct report_request *q, FILE *out, char error[REPORT_ERROR])
{
    static struct rows ports, servers, networks;
    int code = read_rows(db, q, "rehearsal", &ports, error);

    if (!code)
        code = read_rows(db, q, "rehearsal_servers", &servers, error);
    if (!code)
        code = read_rows(db, q, "rehearsal_networks", &networks, error);
    if (code)
        return code;
    if (!ports.n) {
        fputs("Nothing to rehearse: no mail session on these ports was decided.\n", out);
        return 0;
    }
    say_answer(&ports, q, out);
    write_part(&ports, of_ports, N(of_ports), "ports", out);
    write_part(&servers, of_servers, N(of_servers), "servers", out);
    write_part(&networks, of_networks, N(of_networks), "client networks", out);
    return 0;
}

/* --- JSON --- */

static void write_string(const char *name, const char *value, FILE *out)
{
    fprintf(out, "\"%s\":", name);
    if (value)
        text_json(out, span_of(value, strlen(value)));
    else
        fputs("null", out);
    fputs(",\n", out);
}

static int write_list(struct reading *db, const struct report_request *q, const char *name, const char *report, FILE *out,
                      char error[REPORT_ERROR])
{
    const struct rendering how = { .format = REPORT_JSON };
    struct report_request one = *q;
    sqlite3_stmt *stmt;

    one.name = report;
    int code = report_prepare(db, &one, &stmt, error);
    fprintf(out, "\"%s\":", name);
    if (!code && render(stmt, &how, out) != SQLITE_OK)
        code = reading_failure(db, error);
    sqlite3_finalize(stmt);
    return code;
}

static int write_json(struct reading *db, const struct report_request *q, FILE *out, char error[REPORT_ERROR])
{
    static const struct { const char *name, *report; } parts[] = {
        { "ports", "rehearsal" }, { "servers", "rehearsal_servers" }, { "networks", "rehearsal_networks" },
    };
    int code = 0;

    putc('{', out);
    fprintf(out, "\"require_tls\":[%s],\n\"logins\":%s,\n", q->ports, q->logins ? "true" : "false");
    write_string("since", q->since, out);
    write_string("until", q->until, out);
    for (size_t i = 0; i < N(parts) && !code; i++) {
        if (i)
            putc(',', out);
        code = write_list(db, q, parts[i].name, parts[i].report, out, error);
    }
    fputs("}\n", out);
    return code;
}

int rehearse(const struct report_request *q, bool json, FILE *out, char error[REPORT_ERROR])
{
    struct reading db;
    int code = reading_open(&db, q->path, error);

    if (code)
        return code;
    errno = 0;
    code = (json ? write_json : write_text)(&db, q, out, error);
    reading_close(&db);
    return code ? code : output_finish(out, error);
}
