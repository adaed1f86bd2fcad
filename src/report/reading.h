/* A connection that reads, for one question: one state of the database from its first to its
 * last row, and what can go wrong with the file and with the output. */
#ifndef MAILSEAL_REPORT_READING_H
#define MAILSEAL_REPORT_READING_H

#include "report/render.h"

struct reading {
    sqlite3 *db;
    const char *path;                   /* borrowed */
};

/* 0, or a status and a sentence. */
int reading_open(struct reading *, const char *path, char error[REPORT_ERROR]);
void reading_close(struct reading *);

/* The failure of the connection, as db_failure(). */
int reading_failure(struct reading *, char error[REPORT_ERROR]);

/* Prepares a text of sql/, whose name is given below sql/. NULL: reading_failure(). */
sqlite3_stmt *reading_prepare(struct reading *, const char *path);

/* The same as a statement that keeps its rows, in memory, for reading_kept(): those rows, which can be gone through
 * again. Once for each reading. */
sqlite3_stmt *reading_prepare_kept(struct reading *, const char *path);
sqlite3_stmt *reading_kept(struct reading *);

#endif
