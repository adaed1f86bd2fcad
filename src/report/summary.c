#include "report/reading.h"
#include "report/report.h"
#include "report/text.h"

#include <errno.h>

/* The columns of statements/summary.sql. */
struct line {
    char hop[16];
    int64_t encrypted, decided;
    double share, low, high, lower_bound, upper_bound;
    int64_t stripped, clear_auth, clear, possible, allowed, tls_failed, incomplete, lost;
    bool by_peers;                      /* peers enough for an interval of their own */
    double peers_low, peers_high;
};

enum { LINES = 8, CELL = 48 };          /* all, six hops, internal */

static void take(struct line *l, sqlite3_stmt *stmt)
{
    double *const part[] = { &l->share, &l->low, &l->high, &l->lower_bound, &l->upper_bound };
    int64_t *const count[] = { &l->stripped, &l->clear_auth, &l->clear, &l->possible, &l->allowed, &l->tls_failed,
                               &l->incomplete, &l->lost };

    const char *hop = (const char *)sqlite3_column_text(stmt, 0);   /* NULL: a number that is no hop */
    snprintf(l->hop, sizeof l->hop, "%s", hop ? hop : "unknown");
    l->encrypted = sqlite3_column_int64(stmt, 1);
    l->decided = sqlite3_column_int64(stmt, 2);
    for (int i = 0; i < 5; i++)
        *part[i] = 100 * sqlite3_column_double(stmt, 3 + i);
    for (int i = 0; i < 8; i++)
        *count[i] = sqlite3_column_int64(stmt, 8 + i);
}

static long long show(int64_t n) { return (long long)n; }

static const char *plural(int64_t n) { return n == 1 ? "" : "s"; }

static const struct line *line_of(const struct line *line, size_t n, const char *hop)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(line[i].hop, hop) == 0)
            return &line[i];
    return NULL;
}

static void say_unknown(const struct line *internal, FILE *out)
{
    fputs("Encrypted: unknown; no mail session on relay, submission or retrieval was decided", out);
    if (internal && internal->decided)
        fprintf(out, ",\n           but %lld internal one%s, which %s not counted", show(internal->decided),
                plural(internal->decided), internal->decided == 1 ? "is" : "are");
    fputs(".\n", out);
}

static void say_answer(const struct line *all, FILE *out)
{
    int64_t undecided = all->tls_failed + all->lost;

    fprintf(out, "Encrypted: %.1f %% of %lld mail session%s decided (%lld encrypted)\n", all->share, show(all->decided),
            plural(all->decided), show(all->encrypted));
    if (all->by_peers)
        fprintf(out, "           95 %% interval by peers %.1f to %.1f %%, by sessions %.1f to %.1f %%\n", all->peers_low,
                all->peers_high, all->low, all->high);
    else
        fprintf(out, "           95 %% interval by sessions %.1f to %.1f %%; too few peers for one by peers\n", all->low,
                all->high);
    if (undecided)
        fprintf(out, "           if the %lld undecided were all clear or all encrypted: %.1f to %.1f %%\n", show(undecided),
                all->lower_bound, all->upper_bound);
}

enum { COLUMNS = 6 };
typedef char cells[COLUMNS][CELL];

static void fill(cells c, const struct line *l)
{
    snprintf(c[0], CELL, "%.15s", l->hop);
    snprintf(c[1], CELL, "%lld", show(l->encrypted));
    snprintf(c[2], CELL, "%lld", show(l->decided));
    snprintf(c[3], CELL, "-");
    snprintf(c[4], CELL, "-");
    snprintf(c[5], CELL, "-");
    if (l->decided) {
        snprintf(c[3], CELL, "%.1f %%", l->share);
        snprintf(c[4], CELL, "%.1f to %.1f %%", l->low, l->high);
        snprintf(c[5], CELL, "too few peers");
    }
    if (l->by_peers)
        snprintf(c[5], CELL, "%.1f to %.1f %%", l->peers_low, l->peers_high);
}

static void say_hops(const struct line *line, size_t n, FILE *out)
{
    cells cell[LINES + 1] = { { "hop", "encrypted", "decided", "share", "95 % by sessions", "95 % by peers" } };
    size_t width[COLUMNS] = { 0 };

    for (size_t i = 0; i < n; i++)
        fill(cell[i + 1], &line[i]);
    for (size_t i = 0; i <= n; i++)
        for (size_t k = 0; k < COLUMNS; k++)
            width[k] = strlen(cell[i][k]) > width[k] ? strlen(cell[i][k]) : width[k];
    putc('\n', out);
    for (size_t i = 0; i <= n; i++)
        for (size_t k = 0; k < COLUMNS; k++)
            render_cell(out, span_of(cell[i][k], strlen(cell[i][k])), width[k], k > 0, k + 1 == COLUMNS);
}

static void say_rest(const struct line *all, FILE *out)
{
    fprintf(out, "\nNot encrypted: %lld stripped, %lld clear with a credential, %lld clear",
            show(all->stripped), show(all->clear_auth), show(all->clear));
    if (all->possible)
        fprintf(out, "\n               %lld of the clear ones show%s a possible sign of stripping", show(all->possible),
                all->possible == 1 ? "s" : "");
    if (all->allowed)
        fprintf(out, "\n               %lld session%s with evidence of stripping on paths that are allowed", show(all->allowed), plural(all->allowed));
    fprintf(out, "\nNot decided:   %lld TLS failed, %lld incomplete (%lld of them by loss)\n",
            show(all->tls_failed), show(all->incomplete), show(all->lost));
}

static void say_counted(bool internal, FILE *out)
{
    fprintf(out, "Counted:       the whole database; all is relay, submission and retrieval%s,\n"
                 "               undecided are TLS failed and incomplete by loss\n", internal ? " without internal" : "");
}

/* The columns of statements/summary_seen.sql. */
static void say_seen(sqlite3_stmt *stmt, FILE *out)
{
    int64_t n[10];
    for (int i = 0; i < 10; i++)
        n[i] = sqlite3_column_int64(stmt, i);

    fprintf(out, "Not seen:      %lld session%s one-sided, %lld with lost bytes,\n"
                 "               %lld begun before the capture, %lld cut off by its end;\n",
            show(n[0]), plural(n[0]), show(n[1]), show(n[2]), show(n[3]));
    fprintf(out, "               %lld connection%s without payload; %lld of %lld packets not decodable",
            show(n[4]), plural(n[4]), show(n[5]), show(n[6]));
    if (n[7])
        fprintf(out, "; %lld connection%s given up for want of memory", show(n[7]), plural(n[7]));
    if (n[8])
        fprintf(out, "; %lld of %lld captures damaged", show(n[8]), show(n[9]));
    putc('\n', out);
}

static int read_lines(struct reading *r, struct line *line, size_t *n)
{
    sqlite3_stmt *stmt = reading_prepare(r, "statements/summary.sql");
    int rc = stmt ? SQLITE_ROW : SQLITE_ERROR;

    for (*n = 0; *n < LINES && rc == SQLITE_ROW && (rc = sqlite3_step(stmt)) == SQLITE_ROW; ++*n)
        take(&line[*n], stmt);
    sqlite3_finalize(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static void take_peers(struct line *line, size_t n, sqlite3_stmt *stmt, int low)
{
    const char *hop = (const char *)sqlite3_column_text(stmt, 0);

    for (size_t i = 0; i < n; i++)
        if (hop && strcmp(line[i].hop, hop) == 0 && sqlite3_column_type(stmt, low) == SQLITE_FLOAT) {
            line[i].by_peers = true;
            line[i].peers_low = 100 * sqlite3_column_double(stmt, low);
            line[i].peers_high = 100 * sqlite3_column_double(stmt, low + 1);
        }
}

/* The interval by peers of each line: that of the report `intervals`. */
static int read_peers(struct reading *r, struct line *line, size_t n)
{
    sqlite3_stmt *stmt = reading_prepare(r, "reports/intervals.sql");
    int rc = stmt ? SQLITE_ROW : SQLITE_ERROR, low = 0;

    while (stmt && low < sqlite3_column_count(stmt) && strcmp(sqlite3_column_name(stmt, low), "peers_low") != 0)
        low++;
    while (rc == SQLITE_ROW && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
        take_peers(line, n, stmt, low);
    sqlite3_finalize(stmt);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int summarize(struct reading *r, FILE *out)
{
    static const struct line none = { .hop = "all" };
    struct line line[LINES] = { 0 };
    size_t n;
    int rc = read_lines(r, line, &n);

    if (rc == SQLITE_OK)
        rc = read_peers(r, line, n);
    if (rc != SQLITE_OK)
        return rc;
    const struct line *all = line_of(line, n, "all"), *internal = line_of(line, n, "internal");
    sqlite3_stmt *stmt = reading_prepare(r, "statements/summary_seen.sql");
    rc = stmt ? sqlite3_step(stmt) : SQLITE_ERROR;
    if (rc == SQLITE_ROW) {
        if (all && all->decided)
            say_answer(all, out);
        else
            say_unknown(internal, out);
        if (n)
            say_hops(line, n, out);
        say_rest(all ? all : &none, out);
        if (n)
            say_counted(internal, out);
        say_seen(stmt, out);
    }
    sqlite3_finalize(stmt);
    return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

int report_summary(const char *path, FILE *out, char error[REPORT_ERROR])
{
    struct reading r;
    int code = reading_open(&r, path, error);

    if (code)
        return code;
    errno = 0;
    if (summarize(&r, out) != SQLITE_OK)
        code = reading_failure(&r, error);
    reading_close(&r);
    return code ? code : output_finish(out, error);
}
