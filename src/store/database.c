#include "store/database.h"

#include "store/schema.h"
#include "store/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>
#include <sys/random.h>

/* Journal mode: DELETE, SQLite's own. `analyze` writes for some seconds and ends; what stays is
 * one file that people copy, mail and open read-only from anywhere, which a write-ahead log with
 * its two files beside does not allow. synchronous stays FULL: a commit each source is not what takes time. A
 * file that a sensor left in the other mode, or is writing now, stays in it. */
static const char settings[] =
    "PRAGMA synchronous = FULL; PRAGMA cache_size = -16000; PRAGMA cell_size_check = ON;";

/* A sensor writes for months while others read, and goes back to one file when it ends. Without power the last
 * seconds are lost, nothing else. Temporary files would lie in a folder that the writer may not open. */
static const char settings_live[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16000; PRAGMA cell_size_check = ON;"
    "PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY;";

/* So that room can be given back a little at a time: chosen when a database is made. */
static const char settings_new[] = "PRAGMA auto_vacuum = INCREMENTAL;";

static const char settings_read[] = "PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON;";

static int say(char error[DB_ERROR], int code, const char *path, const char *sentence)
{
    snprintf(error, DB_ERROR, "%.600s %s", path, sentence);
    return code;
}

/* SQLite takes some names for something else than a file (":memory:", "file:…"). */
static const char *file_name(const char *path, char buffer[4096])
{
    snprintf(buffer, 4096, "%s%s", path[0] == '/' ? "" : "./", path);
    return buffer;
}

/* What is no file that can hold a database: opening some of it would wait for ever. */
static int check_kind(const char *path, int code, char error[DB_ERROR])
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return 0;
    if (S_ISLNK(st.st_mode) && stat(path, &st) != 0)
        return errno == ENOENT ? say(error, code, path, "is a link to nothing; name another file with --db") : 0;
    if (S_ISDIR(st.st_mode))
        return say(error, code, path, "is a folder; name a file in it with --db");
    return S_ISREG(st.st_mode) ? 0 : say(error, code, path, "is no regular file; name another one with --db");
}

/* Makes the file if it is not there; an empty one is as good as none. The mode is set before
 * anything is in it, and SQLite gives the journal the mode of the file. */
static int make_file(const char *path, bool *made, char error[DB_ERROR])
{
    struct stat st;
    int code = check_kind(path, EX_CANTCREAT, error);
    int fd = code ? -1 : open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    *made = fd >= 0;
    if (code)
        return code;
    if (fd < 0 && errno == EEXIST) {
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0)
            chmod(path, 0600);
        return 0;
    }
    if (fd < 0) {
        snprintf(error, DB_ERROR, "%.600s cannot be made: %s", path, strerror(errno));
        return EX_CANTCREAT;
    }
    if (fchmod(fd, 0600) != 0) {
        snprintf(error, DB_ERROR, "%.600s cannot be given mode 0600: %s", path, strerror(errno));
        close(fd);
        return EX_CANTCREAT;
    }
    close(fd);
    return 0;
}

/* The file may come from anywhere: what it holds beside tables (views, triggers) is never run. */
static void distrust(sqlite3 *db)
{
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, DATABASE_VALUE);
}

static int connect_to(const char *path, int flags, sqlite3 **db, char error[DB_ERROR])
{
    char name[4096];
    int code = 0;

    if (strlen(path) > sizeof name - 4)
        return say(error, EX_USAGE, path, "is too long for the name of a file");
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);         /* nobody asks; refused, and no harm, once SQLite is in use */
    int rc = sqlite3_open_v2(file_name(path, name), db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc != SQLITE_OK) {
        code = db_failure_of(rc, *db ? sqlite3_errmsg(*db) : "no memory", path, error);
        sqlite3_close(*db);
        *db = NULL;
        return code;
    }
    distrust(*db);
    sqlite3_extended_result_codes(*db, 1);
    sqlite3_busy_timeout(*db, DATABASE_WAIT);
    return 0;
}

static int pragma_value(sqlite3 *db, const char *pragma, int64_t *value)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(db, pragma, -1, &stmt, NULL) != SQLITE_OK)
        return sqlite3_extended_errcode(db);
    struct binder b = binder_of(stmt);
    int rc = bound_value(&b, value);
    sqlite3_finalize(stmt);
    return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static bool read_marks(sqlite3 *db, int64_t *application, int64_t *user, int64_t *objects)
{
    sqlite3_stmt *stmt = NULL;

    if (pragma_value(db, "PRAGMA application_id", application) != SQLITE_OK
        || pragma_value(db, "PRAGMA user_version", user) != SQLITE_OK
        || !(stmt = db_prepare(db, "objects")))
        return false;
    struct binder b = binder_of(stmt);
    int rc = bound_value(&b, objects);
    sqlite3_finalize(stmt);
    return rc == SQLITE_ROW;
}

/* Whose file it is. version 0: nobody's yet. All is read at one moment: another program may be making
 * it just now. */
static int check(sqlite3 *db, const char *path, int *version, char error[DB_ERROR])
{
    int64_t application = 0, user = 0, objects = 0;

    if (sqlite3_exec(db, "SAVEPOINT moment", NULL, NULL, NULL) != SQLITE_OK
        || !read_marks(db, &application, &user, &objects)
        || sqlite3_exec(db, "RELEASE moment", NULL, NULL, NULL) != SQLITE_OK)
        return db_failure(db, path, error);

    *version = (int)user;
    if (application == 0 && user == 0 && objects == 0)
        return 0;
    if (application != DATABASE_APPLICATION_ID)
        return say(error, EX_DATAERR, path, "is a database of another program; name another file with --db");
    if (user > database_version()) {
        snprintf(error, DB_ERROR, "%.600s was written by a newer mailseal (schema %d, this one knows %d);"
                 " use that one, or name another file with --db", path, (int)user, database_version());
        return EX_DATAERR;
    }
    return user > 0 ? 0 : say(error, EX_DATAERR, path, "is damaged: it has no schema number; take a copy of it that is whole, or name another file with --db");
}

static int add_own_row(sqlite3 *db, const struct address_choice *choice)
{
    uint8_t identity[16];
    enum address_mode mode = choice && choice->mode ? choice->mode : ADDRESSES_KEEP;
    sqlite3_stmt *stmt = db_prepare(db, "database_add");

    if (!stmt || getrandom(identity, sizeof identity, 0) != (ssize_t)sizeof identity) {
        sqlite3_finalize(stmt);
        return SQLITE_ERROR;
    }
    struct binder b = binder_of(stmt);
    bind_blob(&b, identity, sizeof identity);
    bind_int(&b, (int64_t)time(NULL));
    bind_text(&b, address_mode_word(mode));
    if (address_mode_keyed(mode) && choice->mark)
        bind_blob(&b, choice->mark, ADDRESS_KEY_MARK);
    else
        bind_null(&b);
    int rc = bound_run(&b);
    sqlite3_finalize(stmt);
    return rc;
}

static int refuse(const char *path, const char *have, const char *what_to_do, char error[DB_ERROR])
{
    snprintf(error, DB_ERROR, "%.600s was begun with --addresses %s%s", path, have, what_to_do);
    return EX_USAGE;
}

/* have: the mode that the database has, with the mark of its key. */
static int compare_choice(const char *path, struct address_choice *choice, const char *have, const uint8_t *mark,
                          char error[DB_ERROR])
{
    enum address_mode mode = address_mode_parse(have);
    bool keyed = address_mode_keyed(mode), same = mark && choice->mark && memcmp(mark, choice->mark, ADDRESS_KEY_MARK) == 0;

    if (!mode || keyed != (mark != NULL))
        return db_failure_of(SQLITE_OK, "", path, error);
    if (choice->mode && choice->mode != mode) {
        snprintf(error, DB_ERROR, "%.600s was begun with --addresses %s and stays so; name another"
                 " file with --db for %s", path, have, address_mode_word(choice->mode));
        return EX_USAGE;
    }
    choice->mode = mode;
    if (keyed && !choice->mark)
        return refuse(path, have, "; name its key with --address-key", error);
    if (!keyed && choice->mark)
        return refuse(path, have, ", which takes no key; leave out --address-key, or name another file with --db", error);
    return same || !keyed ? 0 : refuse(path, have, " and another key; name that one with --address-key, or another file with --db", error);
}

static int check_choice(sqlite3 *db, const char *path, struct address_choice *choice, char error[DB_ERROR])
{
    sqlite3_stmt *stmt = db_prepare(db, "database_get");
    if (!stmt || sqlite3_step(stmt) != SQLITE_ROW) {
        int code = db_failure(db, path, error);
        sqlite3_finalize(stmt);
        return code;
    }
    const char *have = (const char *)sqlite3_column_text(stmt, 0);
    const uint8_t *mark = sqlite3_column_bytes(stmt, 3) == ADDRESS_KEY_MARK ? sqlite3_column_blob(stmt, 3) : NULL;
    int code = have ? 0 : db_failure_of(SQLITE_OK, "", path, error);
    if (have && choice)
        code = compare_choice(path, choice, have, mark, error);
    sqlite3_finalize(stmt);
    return code;
}

static int update(sqlite3 *db, const char *path, struct address_choice *choice, bool live, char error[DB_ERROR])
{
    int version, code;

    if ((code = check(db, path, &version, error)))
        return code;
    if ((version == 0 && sqlite3_exec(db, settings_new, NULL, NULL, NULL) != SQLITE_OK)
        || sqlite3_exec(db, live ? settings_live : settings, NULL, NULL, NULL) != SQLITE_OK
        || sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return db_failure(db, path, error);
    /* Another program may have been quicker. */
    if ((code = check(db, path, &version, error)))
        return code;
    if (schema_migrate(db, version) != SQLITE_OK || (version == 0 && add_own_row(db, choice) != SQLITE_OK)
        || schema_refresh(db) != SQLITE_OK)
        return db_failure(db, path, error);
    if ((code = check_choice(db, path, choice, error)))
        return code;
    if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        return db_failure(db, path, error);
    return 0;
}

static int connect_to_write(const char *path, sqlite3 **out, char error[DB_ERROR])
{
    int code = connect_to(path, SQLITE_OPEN_READWRITE, out, error);
    if (!code && sqlite3_db_readonly(*out, "main") == 1)
        code = db_failure_of(SQLITE_READONLY, "", path, error);
    return code;
}

static int close_after(int code, sqlite3 **out)
{
    if (code) {
        sqlite3_close(*out);
        *out = NULL;
    }
    return code;
}

int database_open(const char *path, struct address_choice *choice, bool live, sqlite3 **out, char error[DB_ERROR])
{
    bool made;
    int code = make_file(path, &made, error);

    *out = NULL;
    if (code)
        return code;
    code = connect_to_write(path, out, error);
    if (!code)
        code = update(*out, path, choice, live, error);
    if (code && made)
        unlink(path);
    return close_after(code, out);
}

/* A reader cannot undo what an interrupted run left; whoever may write the file can. */
static int roll_back(const char *path, char error[DB_ERROR])
{
    sqlite3 *db;
    int64_t ignored;
    int code = connect_to(path, SQLITE_OPEN_READWRITE, &db, error);

    if (code)
        return code;
    if (pragma_value(db, "PRAGMA schema_version", &ignored) != SQLITE_OK)
        code = say(error, EX_NOPERM, path, "holds the rest of an interrupted run; somebody who may write it"
                   " must open it once");
    sqlite3_close(db);
    return code;
}

static const char is_empty[] = "is empty; fill it with mailseal analyze --db FILE CAPTURE";

static int check_read(sqlite3 *db, const char *path, char error[DB_ERROR])
{
    int version, code = check(db, path, &version, error);
    if (code)
        return code;
    if (version == 0)
        return say(error, EX_NOINPUT, path, is_empty);
    if (version < database_version())
        return say(error, EX_DATAERR, path,
                   "was written by an older mailseal; a sensor, or mailseal analyze, that writes to it brings it up to date");
    return 0;
}

static int check_is_there(const char *path, char error[DB_ERROR])
{
    int code = check_kind(path, EX_NOINPUT, error);
    if (code)
        return code;
    if (access(path, R_OK) == 0)
        return 0;
    if (errno == ENOENT)
        return say(error, EX_NOINPUT, path, "is not there; make it with mailseal analyze --db FILE CAPTURE, or name that of the sensor with --db");
    snprintf(error, DB_ERROR, "%.600s cannot be read: %s", path, strerror(errno));
    return EX_NOINPUT;
}

int database_open_own(const char *path, sqlite3 **out, char error[DB_ERROR])
{
    int version, code = check_is_there(path, error);

    *out = NULL;
    if (code)
        return code;
    code = connect_to_write(path, out, error);
    if (!code)
        code = check(*out, path, &version, error);
    if (!code)
        code = version ? update(*out, path, NULL, false, error) : say(error, EX_NOINPUT, path, is_empty);
    return close_after(code, out);
}

int database_open_read(const char *path, sqlite3 **out, char error[DB_ERROR])
{
    int64_t ignored;
    int code = check_is_there(path, error);

    *out = NULL;
    if (code)
        return code;
    if ((code = connect_to(path, SQLITE_OPEN_READONLY, out, error)))
        return code;
    if (pragma_value(*out, "PRAGMA schema_version", &ignored) == SQLITE_READONLY_ROLLBACK) {
        sqlite3_close(*out);
        *out = NULL;
        if ((code = roll_back(path, error)) || (code = connect_to(path, SQLITE_OPEN_READONLY, out, error)))
            return code;
    }
    code = check_read(*out, path, error);
    if (!code && (sqlite3_exec(*out, settings_read, NULL, NULL, NULL) || schema_shadow_views(*out)))
        code = db_failure(*out, path, error);
    return close_after(code, out);
}

static int copy_to(sqlite3 *from, const char *path, sqlite3 **out, char error[DB_ERROR])
{
    int rc = sqlite3_open_v2("", out, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    sqlite3_backup *all = rc == SQLITE_OK ? sqlite3_backup_init(*out, "main", from, "main") : NULL;
    if (all) {
        int step = sqlite3_backup_step(all, -1);        /* a lock is told here alone */
        rc = sqlite3_backup_finish(all);
        rc = rc == SQLITE_OK && step != SQLITE_DONE ? step : rc;
    } else if (*out) {
        rc = sqlite3_extended_errcode(*out);
    }
    if ((rc & 0xff) == SQLITE_FULL || (rc & 0xff) == SQLITE_CANTOPEN)
        return say(error, EX_IOERR, path, "has no room for a copy of it in the folder of temporary files; name another one with TMPDIR");
    if (rc != SQLITE_OK)
        return db_failure_of(rc, sqlite3_errstr(rc), path, error);
    distrust(*out);
    sqlite3_extended_result_codes(*out, 1);
    return sqlite3_exec(*out, settings, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_failure(*out, path, error);
}

int database_open_copy(const char *path, sqlite3 **out, char error[DB_ERROR])
{
    sqlite3 *from;
    int code = database_open_read(path, &from, error);

    *out = NULL;
    if (code)
        return code;
    code = copy_to(from, path, out, error);
    sqlite3_close(from);
    return close_after(code, out);
}
