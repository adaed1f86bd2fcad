#include "report/render.h"

#include "report/text.h"

#include <assert.h>
#include <math.h>

enum { COLUMNS_MOST = 64 };

static struct span cell_of(sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);
    return span_of(text, text ? (size_t)sqlite3_column_bytes(stmt, column) : 0);
}

static bool is_null(sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_type(stmt, column) == SQLITE_NULL;
}

static struct span header_of(sqlite3_stmt *stmt, int column)
{
    const char *name = sqlite3_column_name(stmt, column);
    return span_of(name, strlen(name));
}

/* --- CSV --- */

/* A number stays one, below zero, too. */
static void csv_cell(sqlite3_stmt *stmt, int i, FILE *out)
{
    int type = sqlite3_column_type(stmt, i);
    struct span text = cell_of(stmt, i);

    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT)
        fwrite(text.p, 1, text.n, out);
    else
        text_csv(out, text);
}

static int render_csv(sqlite3_stmt *stmt, int columns, FILE *out)
{
    int rc;
    for (int i = 0; i < columns; i++) {
        text_csv(out, header_of(stmt, i));
        fputs(i + 1 < columns ? "," : "\r\n", out);
    }
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW && !ferror(out)) {
        for (int i = 0; i < columns; i++) {
            csv_cell(stmt, i, out);
            fputs(i + 1 < columns ? "," : "\r\n", out);
        }
    }
    return rc;
}

/* --- a table --- */

struct layout {
    size_t width;
    bool number;                        /* nothing but numbers in it */
    bool begins;                        /* a further line */
};

static struct span shown(sqlite3_stmt *stmt, int column)
{
    return is_null(stmt, column) ? span_of("-", 1) : cell_of(stmt, column);
}

static int measure(sqlite3_stmt *stmt, int columns, struct layout *l)
{
    int rc;
    for (int i = 0; i < columns; i++)
        l[i] = (struct layout){ .width = text_terminal(NULL, header_of(stmt, i)), .number = true };
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        for (int i = 0; i < columns; i++) {
            int type = sqlite3_column_type(stmt, i);
            size_t width = text_terminal(NULL, shown(stmt, i));
            l[i].width = width > l[i].width ? width : l[i].width;
            if (type == SQLITE_TEXT || type == SQLITE_BLOB)
                l[i].number = false;
        }
    }
    return rc;
}

void render_cell(FILE *out, struct span text, size_t width, bool right, bool last)
{
    size_t columns = text_terminal(NULL, text);
    int pad = columns < width ? (int)(width - columns) : 0;

    if (right)
        fprintf(out, "%*s", pad, "");
    text_terminal(out, text);
    if (last)
        putc('\n', out);
    else
        fprintf(out, "%*s", right ? 2 : pad + 2, "");
}

enum { INDENT = 4 };                    /* of the further lines of a row */

/* Before which columns a line ends. */
static void break_lines(struct layout *l, int columns, size_t most)
{
    size_t at = 0;
    for (int i = 0; i < columns; i++) {
        size_t end = at + (at ? 2 : 0) + l[i].width;
        l[i].begins = i > 0 && most && end > most;
        at = l[i].begins ? INDENT + l[i].width : end;
    }
}

static void put_row(sqlite3_stmt *stmt, struct span (*cell)(sqlite3_stmt *, int), const struct layout *l, int columns, FILE *out)
{
    for (int i = 0; i < columns; i++) {
        if (l[i].begins)
            fprintf(out, "%*s", INDENT, "");
        render_cell(out, cell(stmt, i), l[i].width, l[i].number, i + 1 == columns || l[i + 1].begins);
    }
}

static int render_table(sqlite3_stmt *stmt, int columns, size_t width, FILE *out)
{
    struct layout l[COLUMNS_MOST];
    int rc = measure(stmt, columns, l), rows = 0;

    sqlite3_reset(stmt);
    if (rc == SQLITE_DONE) {
        break_lines(l, columns, width);
        put_row(stmt, header_of, l, columns, out);
        for (; (rc = sqlite3_step(stmt)) == SQLITE_ROW && !ferror(out); rows++)
            put_row(stmt, shown, l, columns, out);
        if (!rows && rc == SQLITE_DONE)
            fputs("(nothing)\n", out);
    }
    return rc;
}

/* --- JSON --- */

struct column {
    const char *name;                   /* behind its last dot */
    const char *group;                  /* the whole name, of which the part before the dot counts */
    size_t group_n;                     /* 0: stands outside */
    enum column_kind kind;
};

static bool is_number(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!ascii_digit(s.p[i]))
            return false;
    return s.n == 1 || s.p[0] != '0';
}

static void write_list(FILE *out, struct span words, bool numbers)
{
    struct span word;
    bool more = false;

    putc('[', out);
    while ((word = span_word(&words)).n) {
        if (more)
            putc(',', out);
        if (numbers && is_number(word))
            fwrite(word.p, 1, word.n, out);
        else
            text_json(out, word);
        more = true;
    }
    putc(']', out);
}

static void write_value(sqlite3_stmt *stmt, int i, enum column_kind kind, FILE *out)
{
    int type = sqlite3_column_type(stmt, i), last = sqlite3_column_count(stmt) - 1;
    struct span text = cell_of(stmt, i);

    if (type == SQLITE_NULL || (type == SQLITE_FLOAT && !isfinite(sqlite3_column_double(stmt, i))))
        fputs("null", out);
    else if (kind == COLUMN_BOOLEAN)
        fputs(sqlite3_column_int(stmt, i) ? "true" : "false", out);
    else if (kind == COLUMN_LIST || kind == COLUMN_NUMBERS)
        write_list(out, text, kind == COLUMN_NUMBERS);
    else if (kind == COLUMN_WORD_OR_LIST && !sqlite3_column_int(stmt, last))
        write_list(out, text, false);
    else if (type == SQLITE_TEXT || type == SQLITE_BLOB)
        text_json(out, text);
    else
        fwrite(text.p, 1, text.n, out);
}

/* How much of two names of groups is the same objects: "tls" of "tls.server" and "tls.client". */
static size_t shared(const struct column *a, const struct column *b)
{
    size_t same = 0;
    for (size_t i = 0; i <= a->group_n && i <= b->group_n; i++) {
        bool end_a = i == a->group_n || a->group[i] == '.', end_b = i == b->group_n || b->group[i] == '.';
        if (end_a && end_b)
            same = i;
        if (i == a->group_n || i == b->group_n || a->group[i] != b->group[i])
            break;
    }
    return same;
}

/* The objects of a group behind its first n bytes. */
static void close_groups(const struct column *c, size_t n, FILE *out)
{
    for (size_t i = n; i < c->group_n; i++)
        if (i == n || c->group[i] == '.')
            putc('}', out);
}

static void open_groups(const struct column *c, size_t n, FILE *out)
{
    while (n < c->group_n) {
        size_t from = n + (c->group[n] == '.'), end = from;
        while (end < c->group_n && c->group[end] != '.')
            end++;
        text_json(out, span_of(c->group + from, end - from));
        fputs(":{", out);
        n = end;
    }
}

/* Columns of one group stand side by side. */
static void write_object(sqlite3_stmt *stmt, const struct column *c, int columns, bool sparse, FILE *out)
{
    static const struct column outside = { "", "", 0, COLUMN_PLAIN };
    const struct column *before = &outside;
    bool any = false;

    putc('{', out);
    for (int i = 0; i < columns; i++) {
        if (sparse && is_null(stmt, i))
            continue;
        size_t same = shared(before, &c[i]);
        close_groups(before, same, out);
        if (any)
            putc(',', out);
        open_groups(&c[i], same, out);
        text_json(out, span_of(c[i].name, strlen(c[i].name)));
        putc(':', out);
        write_value(stmt, i, c[i].kind, out);
        before = &c[i];
        any = true;
    }
    close_groups(before, 0, out);
    putc('}', out);
}

static struct column column_of(sqlite3_stmt *stmt, int i, const struct column_rule *rules)
{
    const char *name = sqlite3_column_name(stmt, i), *dot = strchr(name, ' ') ? NULL : strrchr(name, '.');  /* "UN M.49 …" is a title */
    struct column c = { dot ? dot + 1 : name, name, dot ? (size_t)(dot - name) : 0, COLUMN_PLAIN };

    for (; rules && rules->name; rules++)
        if (strcmp(rules->name, name) == 0)
            c.kind = rules->kind;
    return c;
}

/* An array, or an object a line. */
static int render_json(sqlite3_stmt *stmt, int columns, const struct rendering *r, FILE *out)
{
    bool lines = r->format == REPORT_JSONL;
    struct column c[COLUMNS_MOST];
    int rc, rows = 0;

    for (int i = 0; i < columns; i++)
        c[i] = column_of(stmt, i, r->rules);
    for (; (rc = sqlite3_step(stmt)) == SQLITE_ROW && !ferror(out); rows++) {
        if (!lines)
            fputs(rows ? ",\n" : "[\n", out);
        write_object(stmt, c, columns, r->sparse, out);
        if (lines)
            putc('\n', out);
    }
    if (!lines)
        fputs(rows ? "\n]\n" : "[]\n", out);
    return rc;
}

int render(sqlite3_stmt *stmt, const struct rendering *r, FILE *out)
{
    int columns = sqlite3_column_count(stmt) - r->hidden, rc = SQLITE_ERROR;

    assert(columns <= COLUMNS_MOST);
    switch (r->format) {
    case REPORT_TABLE: rc = render_table(stmt, columns, r->width, out); break;
    case REPORT_CSV:   rc = render_csv(stmt, columns, out); break;
    case REPORT_JSON:
    case REPORT_JSONL:
    case REPORT_EVE:
    case REPORT_ECS:   rc = render_json(stmt, columns, r, out); break;
    }
    sqlite3_reset(stmt);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}
