/* Rows of a statement as a table, CSV or JSON. */
#ifndef MAILSEAL_REPORT_RENDER_H
#define MAILSEAL_REPORT_RENDER_H

#include "report/report.h"
#include "store/db.h"

#include <stdbool.h>

/* What a column of text holds, for JSON. */
enum column_kind {
    COLUMN_PLAIN,                       /* a text, a number, nothing */
    COLUMN_BOOLEAN,                     /* 0, 1 */
    COLUMN_LIST,                        /* words joined by spaces */
    COLUMN_NUMBERS,                     /* numbers joined by spaces */
    COLUMN_WORD_OR_LIST                 /* a word if the hidden last column is true, else a list */
};
struct column_rule {
    const char *name;
    enum column_kind kind;
};

struct rendering {
    enum report_format format;
    const struct column_rule *rules;    /* of columns that are not plain, ended by a NULL name; or NULL */
    int hidden;                         /* last columns that are not shown */
    bool sparse;                        /* JSON: what is NULL is left out */
    size_t width;                       /* a table's lines have at most so many columns, where a cell fits; 0: any */
};

/* Steps through the statement, which has its parameters already, and writes each row as it
 * comes; a table goes through it twice, for the widths, and goes on in another line where it is too wide. In JSON, columns with dots in their
 * names nest, as deep as they have dots. Stops when out fails. SQLITE_OK, or the statement's failure. */
int render(sqlite3_stmt *, const struct rendering *, FILE *out);

/* Columns aligned by the caller's widths: text left, numbers right. For small tables made in C,
 * too. */
void render_cell(FILE *out, struct span text, size_t width, bool right, bool last);

#endif
