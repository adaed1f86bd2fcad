#include "report/layout.h"

#include "report/text.h"

#include <assert.h>

enum { GAP = 2, INDENT = 4 };

struct place {
    int column;                         /* of the statement; -1: it has none of this name */
    size_t width;
    bool number, breaks;                /* nothing but numbers in it; it begins a further line */
};

struct layout {
    const struct layout_column *named;
    struct place at[LAYOUT_COLUMNS];
    size_t n, width;
};

static struct span cell_of(sqlite3_stmt *stmt, const struct place *at)
{
    const unsigned char *text = at->column < 0 ? NULL : sqlite3_column_text(stmt, at->column);
    return text ? span_of(text, (size_t)sqlite3_column_bytes(stmt, at->column)) : span_of("-", 1);
}

/* --- widths --- */

static int find_column(sqlite3_stmt *stmt, const char *name)
{
    int i = sqlite3_column_count(stmt) - 1;
    while (i >= 0 && strcmp(sqlite3_column_name(stmt, i), name) != 0)
        i--;
    return i;
}

static int measure(struct layout *l, sqlite3_stmt *stmt)
{
    int rc;
    for (size_t i = 0; i < l->n; i++)
        l->at[i] = (struct place){ .column = find_column(stmt, l->named[i].name), .width = strlen(l->named[i].title), .number = true };
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
        for (size_t i = 0; i < l->n; i++) {
            struct place *at = &l->at[i];
            size_t width = text_terminal(NULL, cell_of(stmt, at));
            at->width = width > at->width ? width : at->width;
            at->number = at->number && at->column >= 0 && sqlite3_column_type(stmt, at->column) == SQLITE_INTEGER;
        }
    sqlite3_reset(stmt);
    return rc;
}

/* Of all but the sentence on one line. */
static size_t width_of_columns(const struct layout *l)
{
    size_t width = 0;
    for (size_t i = 0; i + 1 < l->n; i++)
        width += (i ? GAP : 0) + l->at[i].width;
    return width;
}

/* Which columns begin a further line: the same in each row. */
static void set_breaks(struct layout *l)
{
    bool owed = l->width && width_of_columns(l) > l->width;
    size_t used = 0;
    for (size_t i = 0; i < l->n; i++) {
        struct place *at = &l->at[i];
        size_t need = (used ? GAP : 0) + at->width;
        at->breaks = l->width && used && (used + need > l->width || (owed && l->named[i].below));
        used = at->breaks ? INDENT + at->width : used + need;
        owed = owed && !at->breaks;
    }
}

/* --- writing --- */

static void put_indent(FILE *out) { fprintf(out, "\n%*s", INDENT, ""); }

/* `owed` blanks are written when something follows. */
static void put_cell(const struct place *at, struct span text, size_t *owed, FILE *out)
{
    size_t n = text_terminal(NULL, text), pad = n < at->width ? at->width - n : 0;
    if (at->breaks)
        put_indent(out);
    else
        fprintf(out, "%*s", (int)*owed, "");
    fprintf(out, "%*s", at->number ? (int)pad : 0, "");
    text_terminal(out, text);
    *owed = GAP + (at->number ? 0 : pad);
}

void layout_words(struct span text, size_t at, size_t indent, size_t width, FILE *out)
{
    struct span word;
    bool first = true;
    while ((word = span_word(&text)).n) {
        size_t n = text_terminal(NULL, word);
        if (!first && width && at + 1 + n > width) {
            fprintf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!first) {
            putc(' ', out);
            at++;
        }
        text_terminal(out, word);
        at += n;
        first = false;
    }
}

static void put_sentence(const struct layout *l, struct span text, size_t owed, FILE *out)
{
    const struct place *at = &l->at[l->n - 1];
    if (at->breaks)
        put_indent(out);
    else
        fprintf(out, "%*s", (int)owed, "");
    layout_words(text, INDENT, INDENT, at->breaks ? l->width : 0, out);
    putc('\n', out);
}

static void put_titles(const struct layout *l, FILE *out)
{
    size_t owed = 0;
    for (size_t i = 0; i + 1 < l->n; i++)
        put_cell(&l->at[i], span_of(l->named[i].title, strlen(l->named[i].title)), &owed, out);
    putc('\n', out);
}

static void put_row(const struct layout *l, sqlite3_stmt *stmt, FILE *out)
{
    size_t owed = 0;
    for (size_t i = 0; i + 1 < l->n; i++)
        put_cell(&l->at[i], cell_of(stmt, &l->at[i]), &owed, out);
    put_sentence(l, cell_of(stmt, &l->at[l->n - 1]), owed, out);
}

int layout_write(sqlite3_stmt *stmt, const struct layout_column *named, size_t n, size_t width, FILE *out)
{
    struct layout l = { .named = named, .n = n, .width = width };
    assert(n >= 2 && n <= LAYOUT_COLUMNS && (!width || width >= LAYOUT_LEAST));
    int rc = measure(&l, stmt);
    if (rc != SQLITE_DONE)
        return rc;
    set_breaks(&l);
    put_titles(&l, out);
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW && !ferror(out))
        put_row(&l, stmt, out);
    sqlite3_reset(stmt);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}
