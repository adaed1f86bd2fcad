/* What SQLite takes to write the rows that mailseal analyze has written, and does nothing else: copies all tables of a
 * database into a new one, in one transaction, with the settings of analyze. SQLite takes whole records over and makes
 * none, so no program that makes them can be as cheap.  usage: copy FROM.db TO.db */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static void fail(sqlite3 *db)
{
    fprintf(stderr, "copy: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static void run(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail(db);
}

/* Runs what a query makes of each object of the one database for the other. */
static void run_each(sqlite3 *db, const char *query)
{
    sqlite3_stmt *stmt;
    int rc;
    if (sqlite3_prepare_v2(db, query, -1, &stmt, NULL) != SQLITE_OK)
        fail(db);
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
        run(db, (const char *)sqlite3_column_text(stmt, 0));
    if (rc != SQLITE_DONE)
        fail(db);
    sqlite3_finalize(stmt);
}

int main(int argc, char **argv)
{
    sqlite3 *db;
    if (argc != 3) {
        fputs("usage: copy FROM.db TO.db\n", stderr);
        return 2;
    }
    if (sqlite3_open(argv[2], &db) != SQLITE_OK)
        fail(db);
    run(db, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000");
    char *attach = sqlite3_mprintf("ATTACH %Q AS s; BEGIN", argv[1]);
    run(db, attach);
    sqlite3_free(attach);
    run_each(db, "SELECT sql FROM s.sqlite_schema WHERE type IN ('table', 'index') AND sql IS NOT NULL");
    run_each(db, "SELECT format('INSERT INTO main.%w SELECT * FROM s.%w', name, name) FROM s.sqlite_schema WHERE type = 'table'");
    run(db, "COMMIT");
    return sqlite3_close(db) != SQLITE_OK;
}
