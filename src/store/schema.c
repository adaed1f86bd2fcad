#include "store/schema.h"

#include "facts/mechanism.h"
#include "facts/names.h"
#include "facts/session.h"
#include "store/database.h"
#include "store/sql.h"
#include "verdict/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)STRIP_ALLOWED == (int)GRADE_N, "a grade more needs a migration of strip");

/* All migrations in one piece (tools/squash-schema). */
static const char newest[] = "schema/000_new.sql";

/* Number of "schema/003_sums.sql"; 0: no migration. */
static int migration_number(const char *path)
{
    static const char folder[] = "schema/";
    if (strncmp(path, folder, sizeof folder - 1) != 0)
        return 0;
    return (int)strtoul(path + sizeof folder - 1, NULL, 10);
}

int database_version(void)
{
    int last = 0;
    for (const struct sql_text *t = sql_texts; t->path; t++)
        if (migration_number(t->path) > last)
            last = migration_number(t->path);
    return last;
}

static int run_migrations(sqlite3 *db, int version)
{
    int rc = SQLITE_OK;
    for (const struct sql_text *t = sql_texts; t->path && rc == SQLITE_OK; t++)
        if (migration_number(t->path) > version)
            rc = sqlite3_exec(db, t->text, NULL, NULL, NULL);
    return rc;
}

int schema_migrate(sqlite3 *db, int version)
{
    char pragma[64];

    if (version == database_version())
        return SQLITE_OK;
    int rc = version ? run_migrations(db, version) : sqlite3_exec(db, sql_find(newest), NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return rc;
    snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d", database_version());
    return sqlite3_exec(db, pragma, NULL, NULL, NULL);
}

/* SQLite keeps a view's text from CREATE up to its semicolon. */
static int refresh_view(sqlite3 *db, sqlite3_stmt *same, const char *path, const char *text)
{
    const char *create = strstr(text, "\nCREATE VIEW "), *end = strrchr(text, ';');
    const char *name = path + strlen("views/"), *dot = strchr(name, '.');
    sqlite3_bind_text(same, 1, name, (int)(dot - name), SQLITE_STATIC);
    sqlite3_bind_text(same, 2, create + 1, (int)(end - create - 1), SQLITE_STATIC);
    int rc = sqlite3_step(same);
    sqlite3_reset(same);
    if (rc == SQLITE_ROW)
        return SQLITE_OK;
    return rc == SQLITE_DONE ? sqlite3_exec(db, text, NULL, NULL, NULL) : rc;
}

int schema_shadow_views(sqlite3 *db)
{
    int rc = SQLITE_OK;

    for (const struct sql_text *t = sql_texts; t->path && rc == SQLITE_OK; t++) {
        if (strncmp(t->path, "views/", 6) != 0)
            continue;
        char *sql = sqlite3_mprintf("CREATE TEMP %s", strstr(t->text, "\nCREATE VIEW ") + strlen("\nCREATE "));
        rc = sql ? sqlite3_exec(db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;
        sqlite3_free(sql);
    }
    return rc;
}

static int refresh_views(sqlite3 *db)
{
    sqlite3_stmt *same = db_prepare(db, "view_same");
    int rc = same ? SQLITE_OK : SQLITE_ERROR;

    for (const struct sql_text *t = sql_texts; t->path && rc == SQLITE_OK; t++)
        if (strncmp(t->path, "views/", 6) == 0)
            rc = refresh_view(db, same, t->path, t->text);
    sqlite3_finalize(same);
    return rc;
}

static int put(sqlite3_stmt *stmt, const char *kind, size_t code, const char *word, const char *sentence)
{
    struct binder b = binder_of(stmt);
    bind_text(&b, kind);
    bind_int(&b, (int64_t)code);
    bind_text(&b, word);
    bind_text(&b, sentence);
    return bound_run(&b);
}

static int put_vocabulary(sqlite3_stmt *stmt)
{
    int rc = SQLITE_OK;
    for (const struct word_list *l = vocabulary; l->kind && rc == SQLITE_OK; l++) {
        for (size_t i = 0; i < l->n && rc == SQLITE_OK; i++) {
            rc = put(stmt, l->kind, i, l->word[i].word, l->word[i].sentence);
            if (rc == SQLITE_OK && strcmp(l->kind, "grade") == 0)
                rc = put(stmt, "strip", i, l->word[i].word, l->word[i].sentence);
        }
    }
    if (rc == SQLITE_OK)
        rc = put(stmt, "strip", STRIP_ALLOWED, "allowed", "known and wanted rewriting");
    return rc;
}

static int put_names(sqlite3_stmt *stmt, const char *kind, const struct numbered_name *name, size_t n)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; i < n && rc == SQLITE_OK; i++)
        rc = put(stmt, kind, name[i].number, name[i].name, NULL);
    return rc;
}

static int put_tables(sqlite3_stmt *stmt)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; i < MECHANISM_N && rc == SQLITE_OK; i++)
        rc = put(stmt, "mechanism", i, mechanisms[i].name, NULL);
    for (size_t i = 0; i < verdict_rules_n && rc == SQLITE_OK; i++)
        rc = put(stmt, "rule", i, verdict_rules[i].name, verdict_rules[i].sentence);
    if (rc == SQLITE_OK)
        rc = put_names(stmt, "tls_version", tls_version_names, tls_version_names_n);
    if (rc == SQLITE_OK)
        rc = put_names(stmt, "tls_cipher", tls_cipher_names, tls_cipher_names_n);
    if (rc == SQLITE_OK)
        rc = put_names(stmt, "tls_group", tls_group_names, tls_group_names_n);
    return rc;
}

int schema_refresh(sqlite3 *db)
{
    sqlite3_stmt *add = db_prepare(db, "word_put"), *trim = db_prepare(db, "word_trim");
    int rc = add && trim ? refresh_views(db) : SQLITE_ERROR;

    if (rc == SQLITE_OK)
        rc = put_vocabulary(add);
    if (rc == SQLITE_OK)
        rc = put_tables(add);
    if (rc == SQLITE_OK) {
        struct binder b = binder_of(trim);
        bind_text(&b, "rule");
        bind_int(&b, verdict_rules_n);
        rc = bound_run(&b);
    }
    sqlite3_finalize(add);
    sqlite3_finalize(trim);
    return rc;
}
