/* Rows of whole numbers in memory as a table that one statement reads: `gathered`, with the columns n0, n1, … So that a
 * thousand rows are one run of a statement, not a thousand with all their values bound one by one. Statements say
 * `gathered()`: so a table of that name, which a file may have, is an error and not read in its place. */
#ifndef MAILSEAL_STORE_GATHERED_H
#define MAILSEAL_STORE_GATHERED_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

enum { GATHERED_COLUMNS = 20 };

/* What a statement that reads the table sees, while it runs: whoever runs it sets this before. */
struct gathered {
    const int64_t *cell;                /* row by row */
    size_t rows, width;
};

/* Makes the table known to a connection. It stays borrowed until that is closed. SQLite's result. */
int gathered_register(sqlite3 *, struct gathered *);

#endif
