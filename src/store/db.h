/* SQLite as store/ and report/ use it: statements from the files of sql/, parameters in their
 * order, failures as a sentence and a status. Only these two folders include it. */
#ifndef MAILSEAL_STORE_DB_H
#define MAILSEAL_STORE_DB_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

enum { DB_ERROR = 1024 };

/* What went wrong last on this connection: a sentence with the file's name and what to do, and
 * the status of <sysexits.h> to end with. */
int db_failure(sqlite3 *, const char *path, char error[DB_ERROR]);
/* The same of a result code, for where there is no connection or it has gone on. */
int db_failure_of(int rc, const char *detail, const char *path, char error[DB_ERROR]);

/* Prepares statements/NAME.sql, to be kept and run again. NULL: see db_failure(). */
sqlite3_stmt *db_prepare(sqlite3 *, const char *name);

/* Gives values to the parameters of a statement one after the other, from the first on. Texts
 * and blobs are borrowed until the statement has run. */
struct binder {
    sqlite3_stmt *stmt;
    int n;                              /* parameters given so far */
    int rc;                             /* the first failure */
};
static inline struct binder binder_of(sqlite3_stmt *stmt)
{
    return (struct binder){ stmt, 0, SQLITE_OK };
}
void bind_int(struct binder *, int64_t);
void bind_null(struct binder *);
void bind_text(struct binder *, const char *);              /* NULL and "" are NULL */
void bind_blob(struct binder *, const void *, size_t n);

/* Runs the statement to its end: SQLITE_OK, or the failure. */
int bound_run(struct binder *);
/* The first column of the first row: SQLITE_ROW, SQLITE_DONE when there is none, or the failure. */
int bound_value(struct binder *, int64_t *value);

#endif
