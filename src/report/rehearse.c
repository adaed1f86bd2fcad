#include "report/rehearse.h"

#include "report/book.h"
#include "report/question.h"
#include "report/text.h"

#include <errno.h>

enum { ROWS = 12, ROOM = 64, COLUMN_MOST = 8 };     /* rows of a table */

/* "" of a column that is not there. */
static void cell(const struct sheet *r, size_t row, const char *column, char out[ROOM])
{
    struct span text = sheet_text(r, row, sheet_column(r, column));
    snprintf(out, ROOM, "%.*s", (int)(text.n < ROOM ? text.n : ROOM - 1), (const char *)text.p);
}

static double percent(const struct sheet *r, size_t row, const char *column)
{
    return 100 * sheet_cell(r, row, sheet_column(r, column))->number;
}

static long long count(const struct sheet *r, const char *column)
{
    return (long long)sheet_cell(r, 0, sheet_column(r, column))->number;
}

/* --- text --- */

/* A column of a table: its heading, and that of the report it shows. */
struct shown {
    const char *title, *column;
    bool share;
};

static void write_table(const struct sheet *r, const struct shown *c, size_t columns, FILE *out)
{
    char text[ROWS + 1][COLUMN_MOST][ROOM];
    size_t width[COLUMN_MOST] = { 0 }, rows = r->rows < ROWS ? r->rows : ROWS;

    for (size_t row = 0; row <= rows; row++)
        for (size_t i = 0; i < columns; i++) {
            if (!row)
                snprintf(text[0][i], ROOM, "%s", c[i].title);
            else if (c[i].share)
                snprintf(text[row][i], ROOM, "%.1f %%", percent(r, row - 1, c[i].column));
            else
                cell(r, row - 1, c[i].column, text[row][i]);
            size_t n = text_terminal(NULL, span_of(text[row][i], strlen(text[row][i])));
            width[i] = n > width[i] ? n : width[i];
        }
    for (size_t row = 0; row <= rows; row++)
        for (size_t i = 0; i < columns; i++)
            render_cell(out, span_of(text[row][i], strlen(text[row][i])), width[i], i > 0, i + 1 == columns);
}

static void say_interval(const struct sheet *r, FILE *out)
{
    double low = percent(r, 0, "low"), high = percent(r, 0, "high");

    if (sheet_cell(r, 0, sheet_column(r, "peers_low"))->kind == CELL_REAL)
        fprintf(out, "Interval:      %.1f to %.1f %% (95 %%) by peers; %.1f to %.1f %% if sessions of one\n"
                     "               peer were independent\n",
                percent(r, 0, "peers_low"), percent(r, 0, "peers_high"), low, high);
    else
        fprintf(out, "Interval:      %.1f to %.1f %% (95 %%) only if sessions of one peer were independent;\n"
                     "               too few peers carry it to say how far off it is\n", low, high);
}

static void say_answer(const struct sheet *r, const struct report_request *q, FILE *out)
{
    char first[ROOM], last[ROOM];
    cell(r, 0, "first", first);
    cell(r, 0, "last", last);
    fprintf(out, "Would fail:    %.1f %% of %lld mail sessions on port%s %s\n", percent(r, 0, "share"),
            count(r, "decided"), strchr(q->ports, ',') ? "s" : "", q->ports);
    if (q->logins)
        fputs("               if nothing but logins in clear is refused\n", out);
    fprintf(out, "               (%lld session%s; %.1f %% of those on any port)\n", count(r, "failing"),
            count(r, "failing") == 1 ? "" : "s", percent(r, 0, "of_all"));
    say_interval(r, out);
    fprintf(out, "Could upgrade: %lld of them were offered STARTTLS and went on without it,\n"
                 "               %lld were not seen to be offered it, from %lld it was taken away\n",
            count(r, "could_upgrade"), count(r, "not_offered"), count(r, "stripped"));
    fprintf(out, "Old TLS:       %lld encrypted sessions chose a TLS below 1.2; they fail where 1.2\n"
                 "               is asked for\n", count(r, "below_12"));
    fprintf(out, "Networks:      %lld of %lld client networks lose sessions, %lld of them all of theirs;\n"
                 "               %lld got no further than a TLS below 1.2\n",
            count(r, "networks_failing"), count(r, "networks"), count(r, "networks_lost"),
            count(r, "networks_below_12"));
    fprintf(out, "Seen:          from %s to %s, in the sums of days and months\n", first, last);
    if (count(r, "beyond"))
        fprintf(out, "               (%lld sessions were of more peers than these have room for)\n", count(r, "beyond"));
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

static void write_part(const struct sheet *r, const struct shown *c, size_t columns, const char *more, FILE *out)
{
    if (!r->rows)
        return;
    putc('\n', out);
    write_table(r, c, columns, out);
    if (r->rows > ROWS)
        fprintf(out, "… %s%zu more %s; --format json has all\n", r->cut ? "at least " : "", r->rows - ROWS, more);
}

/* Those of the answer, in this order. */
static const struct { const char *name, *report; } parts[] = {
    { "ports", "rehearsal" }, { "servers", "rehearsal_servers" }, { "networks", "rehearsal_networks" },
};

static int write_text(const struct report_request *q, FILE *out, char error[REPORT_ERROR])
{
    static struct sheet sheets[N(parts)];
    struct report_request one = *q;
    struct book *book;
    int code = book_open(&book, q->path, error);

    if (code)
        return code;
    for (size_t i = 0; i < N(parts) && !code; i++) {
        one.name = parts[i].report;
        code = book_read(book, &one, &sheets[i], error);
    }
    book_close(book);
    if (code)
        return code;
    if (!sheets[0].rows) {
        fputs("Nothing to rehearse: no mail session on these ports was decided.\n", out);
        return 0;
    }
    say_answer(&sheets[0], q, out);
    write_part(&sheets[0], of_ports, N(of_ports), "ports", out);
    write_part(&sheets[1], of_servers, N(of_servers), "servers", out);
    write_part(&sheets[2], of_networks, N(of_networks), "client networks", out);
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

static int write_lists(struct reading *db, sqlite3_stmt *const stmt[N(parts)], FILE *out, char error[REPORT_ERROR])
{
    const struct rendering how = { .format = REPORT_JSON };
    for (size_t i = 0; i < N(parts); i++) {
        fprintf(out, "%s\"%s\":", i ? "," : "", parts[i].name);
        if (render(stmt[i], &how, out) != SQLITE_OK)
            return reading_failure(db, error);
    }
    fputs("}\n", out);
    return 0;
}

/* Nothing is written before all can be asked. */
static int write_json(const struct report_request *q, FILE *out, char error[REPORT_ERROR])
{
    sqlite3_stmt *stmt[N(parts)] = { NULL };
    struct report_request one = *q;
    struct reading db;
    int code = reading_open(&db, q->path, error);

    if (code)
        return code;
    for (size_t i = 0; i < N(parts) && !code; i++) {
        one.name = parts[i].report;
        code = report_prepare(&db, &one, &stmt[i], error);
    }
    if (!code) {
        fprintf(out, "{\"require_tls\":[%s],\n\"logins\":%s,\n", q->ports, q->logins ? "true" : "false");
        write_string("since", q->since, out);
        write_string("until", q->until, out);
        code = write_lists(&db, stmt, out, error);
    }
    for (size_t i = 0; i < N(parts); i++)
        sqlite3_finalize(stmt[i]);
    reading_close(&db);
    return code;
}

int rehearse(const struct report_request *q, bool json, FILE *out, char error[REPORT_ERROR])
{
    errno = 0;
    int code = (json ? write_json : write_text)(q, out, error);
    return code ? code : output_finish(out, error);
}
