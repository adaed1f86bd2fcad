#include "store/db.h"

#include "store/sql.h"

#include <stdbool.h>
#include <stdio.h>
#include <sysexits.h>

/* Result codes that mean something to the person at the keyboard. */
static const struct {
    int rc, code;
    const char *sentence;               /* goes on behind the file's name */
} meanings[] = {
    { SQLITE_NOTADB, EX_DATAERR,
      "is not a database of mailseal; name another file with --db" },
    { SQLITE_CORRUPT, EX_DATAERR,
      "is damaged; restore a copy of it, or save what is left with .recover in the sqlite3 shell" },
    { SQLITE_BUSY, EX_TEMPFAIL,
      "is in use by another program; try again when that has ended" },
    { SQLITE_LOCKED, EX_TEMPFAIL,
      "is in use by another program; try again when that has ended" },
    { SQLITE_READONLY, EX_CANTCREAT,
      "or its folder cannot be written; change its permissions, or name another file with --db" },
    { SQLITE_PERM, EX_NOPERM,
      "may not be opened; change its permissions, or name another file with --db" },
    { SQLITE_CANTOPEN, EX_CANTCREAT,
      "or a file beside it cannot be opened; look at the permissions of its folder" },
    { SQLITE_FULL, EX_IOERR,
      "has no room left on its disk; make some, or name another file with --db" },
    { SQLITE_IOERR, EX_IOERR,
      "cannot be read or written; look at its disk" },
    { SQLITE_NOMEM, EX_OSERR,
      "needs more memory than there is" },
};

int db_failure_of(int rc, const char *detail, const char *path, char error[DB_ERROR])
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        if (meanings[i].rc == (rc & 0xff)) {
            snprintf(error, DB_ERROR, "%.600s %s", path, meanings[i].sentence);
            return meanings[i].code;
        }
    }
    bool told = rc != SQLITE_OK && rc != SQLITE_ROW && rc != SQLITE_DONE;
    snprintf(error, DB_ERROR, "%.600s is not as mailseal made it%s%.200s%s; restore a copy of it, or name another"
             " file with --db", path, told ? " (" : "", told ? detail : "", told ? ")" : "");
    return EX_DATAERR;
}

int db_failure(sqlite3 *db, const char *path, char error[DB_ERROR])
{
    return db_failure_of(sqlite3_errcode(db), sqlite3_errmsg(db), path, error);
}

sqlite3_stmt *db_prepare(sqlite3 *db, const char *name)
{
    char path[64];
    sqlite3_stmt *stmt = NULL;

    snprintf(path, sizeof path, "statements/%s.sql", name);
    const char *text = sql_find(path);
    sqlite3_prepare_v3(db, text ? text : path, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
    return stmt;
}

static void bound(struct binder *b, int rc)
{
    if (!b->rc)
        b->rc = rc;
}

void bind_int(struct binder *b, int64_t value)
{
    bound(b, sqlite3_bind_int64(b->stmt, ++b->n, value));
}

void bind_null(struct binder *b)
{
    bound(b, sqlite3_bind_null(b->stmt, ++b->n));
}

void bind_text(struct binder *b, const char *text)
{
    if (!text || !*text)
        bind_null(b);
    else
        bound(b, sqlite3_bind_text(b->stmt, ++b->n, text, -1, SQLITE_STATIC));
}

void bind_blob(struct binder *b, const void *p, size_t n)
{
    bound(b, sqlite3_bind_blob64(b->stmt, ++b->n, p, n, SQLITE_STATIC));
}

int bound_run(struct binder *b)
{
    if (!b->rc)
        while ((b->rc = sqlite3_step(b->stmt)) == SQLITE_ROW)
            ;
    sqlite3_reset(b->stmt);
    return b->rc == SQLITE_DONE ? SQLITE_OK : b->rc;
}

int bound_value(struct binder *b, int64_t *value)
{
    if (!b->rc) {
        b->rc = sqlite3_step(b->stmt);
        if (b->rc == SQLITE_ROW)
            *value = sqlite3_column_int64(b->stmt, 0);
    }
    sqlite3_reset(b->stmt);
    return b->rc;
}
