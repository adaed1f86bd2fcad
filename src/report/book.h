/* The rows of reports in memory, for what draws them; all from one state of a database. */
#ifndef MAILSEAL_REPORT_BOOK_H
#define MAILSEAL_REPORT_BOOK_H

#include "report/report.h"

#include <stdbool.h>

enum { SHEET_CELLS = 100000, SHEET_COLUMNS = 32, SHEET_NAME = 32, SHEET_TEXT = 1 << 20 };

enum cell_kind { CELL_NOTHING, CELL_INTEGER, CELL_REAL, CELL_TEXT };
struct cell {
    double number;                      /* 0 of a text; never infinite */
    uint32_t at;                        /* in the texts of the sheet: the value as SQLite writes it */
    uint16_t n;
    uint8_t kind;
};

/* One report. Large: static. */
struct sheet {
    size_t columns, rows;
    bool cut;                           /* there were more rows than room */
    char name[SHEET_COLUMNS][SHEET_NAME];
    struct cell cell[SHEET_CELLS];      /* row by row */
    char text[SHEET_TEXT];
    size_t used;
};

/* A database that is open for reading. */
struct book;

/* One at a time. 0, or a status and a sentence, as in report.h. */
int book_open(struct book **, const char *path, char error[REPORT_ERROR]);
void book_close(struct book *);

/* Reads the report q->name; path and format do not count. */
int book_read(struct book *, const struct report_request *q, struct sheet *, char error[REPORT_ERROR]);

/* What the share did, as `mailseal curve` says it, without a full stop; of q count hop, direction, verdict, since and until.
 * "" where curves are not fitted. */
enum { BOOK_SENTENCE = 400 };
int book_sentence(struct book *, const struct report_request *q, char out[BOOK_SENTENCE], char error[REPORT_ERROR]);

/* Of a cell. The column is one of the sheet's, or -1: nothing. */
int sheet_column(const struct sheet *, const char *name);      /* -1: there is none */
const struct cell *sheet_cell(const struct sheet *, size_t row, int column);
struct span sheet_text(const struct sheet *, size_t row, int column);
bool sheet_is(const struct sheet *, size_t row, int column, const char *text);

#endif
