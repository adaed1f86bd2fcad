/* Records of comma-separated values (RFC 4180), one at a time, within fixed room. */
#ifndef MAILSEAL_REPORT_CSV_H
#define MAILSEAL_REPORT_CSV_H

#include "base/bytes.h"

#include <stdio.h>

enum { CSV_FIELDS = 64, CSV_ROOM = 65536 };

/* Large. Begins as { .file = f }; the file is the caller's. */
struct csv {
    FILE *file;
    char separator;                     /* ',', ';' or a tab: the first of them in the first record */
    unsigned long line;                 /* of the record's beginning, from 1 */
    unsigned long lines;                /* ended so far */
    struct span field[CSV_FIELDS];      /* valid until the next record; blanks around unquoted ones are cut off */
    size_t n;
    const char *error;                  /* a clause about `line`, when csv_next() gave -1 */
    char text[CSV_ROOM];
};

/* 1: a record, 0: the end, -1: no CSV, or no room for it. A read error is an end; see ferror(). Empty lines are
 * passed over, as is a byte order mark. */
int csv_next(struct csv *);

#endif
