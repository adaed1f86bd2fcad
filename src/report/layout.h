/* Rows with a sentence each, for people: in columns as far as the width goes, the rest below them. */
#ifndef MAILSEAL_REPORT_LAYOUT_H
#define MAILSEAL_REPORT_LAYOUT_H

#include "base/bytes.h"
#include "store/db.h"

#include <stdbool.h>
#include <stdio.h>

enum { LAYOUT_COLUMNS = 12, LAYOUT_LEAST = 60 };

/* A column of the statement under its title. The last of a layout is the sentence: it is broken between words, and has
 * no title. */
struct layout_column {
    const char *title, *name;
    bool below;                         /* it begins a further line, if one is needed and none was begun before */
};

/* Goes through the statement twice. Columns that find no place in `width` (LAYOUT_LEAST or more; 0: there is no limit)
 * stand on further lines, and so does the sentence. No line is longer, unless one word is.
 * SQLITE_OK, or the statement's failure. */
int layout_write(sqlite3_stmt *, const struct layout_column *, size_t n, size_t width, FILE *out);

/* A text from column `at` of a line on, in lines of at most `width` (0: there is no limit), the further ones indented;
 * without the end of the last. */
void layout_words(struct span text, size_t at, size_t indent, size_t width, FILE *out);

#endif
