#include "report/book.h"

#include "report/curve_show.h"
#include "report/question.h"

#include <math.h>

_Static_assert((int)BOOK_SENTENCE >= (int)CURVE_SENTENCE, "a sentence has room");

struct book {
    struct reading reading;
};

int book_open(struct book **b, const char *path, char error[REPORT_ERROR])
{
    static struct book one;
    *b = &one;
    return reading_open(&one.reading, path, error);
}

void book_close(struct book *b) { reading_close(&b->reading); }

static const struct cell nothing = { 0, 0, 0, CELL_NOTHING };

static uint8_t kind_of(sqlite3_stmt *stmt, int column)
{
    switch (sqlite3_column_type(stmt, column)) {
    case SQLITE_INTEGER:
        return CELL_INTEGER;
    case SQLITE_FLOAT:
        return isfinite(sqlite3_column_double(stmt, column)) ? CELL_REAL : CELL_NOTHING;
    case SQLITE_NULL:
        return CELL_NOTHING;
    default:
        return CELL_TEXT;
    }
}

/* False: no room for it. */
static bool take_cell(struct sheet *s, struct cell *c, sqlite3_stmt *stmt, int column)
{
    *c = nothing;
    c->kind = kind_of(stmt, column);
    if (c->kind == CELL_NOTHING)
        return true;
    if (c->kind != CELL_TEXT)
        c->number = sqlite3_column_double(stmt, column);
    const unsigned char *text = sqlite3_column_text(stmt, column);
    size_t n = text ? (size_t)sqlite3_column_bytes(stmt, column) : 0;
    if (n > UINT16_MAX)
        n = UINT16_MAX;
    if (n > SHEET_TEXT - s->used)
        return false;
    memcpy(s->text + s->used, text ? (const char *)text : "", n);
    c->at = (uint32_t)s->used;
    c->n = (uint16_t)n;
    s->used += n;
    return true;
}

static bool take_row(struct sheet *s, sqlite3_stmt *stmt)
{
    if ((s->rows + 1) * s->columns > SHEET_CELLS)
        return false;
    for (size_t i = 0; i < s->columns; i++)
        if (!take_cell(s, &s->cell[s->rows * s->columns + i], stmt, (int)i))
            return false;
    s->rows++;
    return true;
}

static void take_names(struct sheet *s, sqlite3_stmt *stmt)
{
    int n = sqlite3_column_count(stmt);

    s->columns = (size_t)(n < SHEET_COLUMNS ? n : SHEET_COLUMNS);
    for (size_t i = 0; i < s->columns; i++)
        snprintf(s->name[i], SHEET_NAME, "%s", sqlite3_column_name(stmt, (int)i));
}

int book_read(struct book *b, const struct report_request *q, struct sheet *s, char error[REPORT_ERROR])
{
    sqlite3_stmt *stmt;
    int code = report_prepare(&b->reading, q, &stmt, error), rc = SQLITE_DONE;

    s->columns = s->rows = s->used = 0;
    s->cut = false;
    if (!code) {
        take_names(s, stmt);
        while ((rc = sqlite3_step(stmt)) == SQLITE_ROW && !s->cut)
            s->cut = !take_row(s, stmt);
    }
    if (!code && rc != SQLITE_DONE && rc != SQLITE_ROW)
        code = reading_failure(&b->reading, error);
    sqlite3_finalize(stmt);
    return code;
}

int book_sentence(struct book *b, const struct report_request *q, char out[BOOK_SENTENCE], char error[REPORT_ERROR])
{
    static struct series_table t;

    *out = 0;
    if (!least_squares_available())
        return 0;
    int code = series_of_reading(&t, &b->reading, q, error);
    if (code)
        return code;
    struct curve_result r = { .series = &t.series[0], .samples = { t.sample, t.samples, true }, .days = t.days };
    r.curve = curve_fit(&r.samples, 0);
    curve_sentence(&r, out);
    return 0;
}

int sheet_column(const struct sheet *s, const char *name)
{
    for (size_t i = 0; name && i < s->columns; i++)
        if (strcmp(s->name[i], name) == 0)
            return (int)i;
    return -1;
}

const struct cell *sheet_cell(const struct sheet *s, size_t row, int column)
{
    return column < 0 || row >= s->rows ? &nothing : &s->cell[row * s->columns + (size_t)column];
}

struct span sheet_text(const struct sheet *s, size_t row, int column)
{
    const struct cell *c = sheet_cell(s, row, column);
    return span_of(s->text + c->at, c->n);
}

bool sheet_is(const struct sheet *s, size_t row, int column, const char *text)
{
    return column >= 0 && span_eq(sheet_text(s, row, column), text);
}
