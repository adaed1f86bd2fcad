#include "report/reading.h"

#include "store/database.h"
#include "store/sql.h"

#include <errno.h>
#include <stdio_ext.h>
#include <sysexits.h>

_Static_assert((int)REPORT_ERROR == (int)DB_ERROR, "sentences are as long everywhere");

int reading_open(struct reading *r, const char *path, char error[REPORT_ERROR])
{
    r->path = path;
    int code = database_open_read(path, &r->db, error);
    if (!code && sqlite3_exec(r->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK) {
        code = reading_failure(r, error);
        reading_close(r);
    }
    return code;
}

void reading_close(struct reading *r)
{
    sqlite3_close(r->db);
    r->db = NULL;
}

int reading_failure(struct reading *r, char error[REPORT_ERROR]) { return db_failure(r->db, r->path, error); }

sqlite3_stmt *reading_prepare(struct reading *r, const char *path)
{
    sqlite3_stmt *stmt = NULL;
    const char *text = sql_find(path);
    if (text)
        sqlite3_prepare_v2(r->db, text, -1, &stmt, NULL);
    return stmt;
}

sqlite3_stmt *reading_prepare_kept(struct reading *r, const char *path)
{
    sqlite3_stmt *stmt = NULL;
    const char *text = sql_find(path);
    char *sql = text ? sqlite3_mprintf("CREATE TEMP TABLE kept AS %s", text) : NULL;
    if (sql)
        sqlite3_prepare_v2(r->db, sql, -1, &stmt, NULL);
    sqlite3_free(sql);
    return stmt;
}

sqlite3_stmt *reading_kept(struct reading *r)
{
    sqlite3_stmt *stmt = NULL;
    sqlite3_prepare_v2(r->db, "SELECT * FROM temp.kept ORDER BY rowid", -1, &stmt, NULL);
    return stmt;
}

int output_finish(FILE *out, char error[REPORT_ERROR])
{
    bool failed = ferror(out);

    if (fflush(out) == 0 && !failed)
        return 0;
    int why = errno;
    __fpurge(out);                      /* it is said once, here */
    clearerr(out);
    if (why == EPIPE)                   /* `| head` has seen enough */
        return 0;
    snprintf(error, REPORT_ERROR, "the output could not be written: %s",
             why ? strerror(why) : "an error before its end");
    return EX_IOERR;
}
