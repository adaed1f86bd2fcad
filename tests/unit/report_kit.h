/* Reports on a database with a bit of everything, as text. */
#ifndef REPORT_KIT_H
#define REPORT_KIT_H

#include "store_kit.h"

#include "report/report.h"
#include "report/text.h"

static char error[REPORT_ERROR];

static inline const char *filled(void)
{
    const char *path = kit_path("filled.db");
    if (access(path, F_OK) != 0) {
        struct store *s = kit_open(path);
        assert_int_equal(kit_fill(s), 0);
        store_close(s);
    }
    return path;
}

static inline char *report_text(struct report_request q, int want)
{
    FILE *f = tmpfile();
    int code = report_run(&q, f, error);
    if (code != want)
        fail_msg("report %s: %d %s", q.name, code, code ? error : "");
    rewind(f);
    char *text = kit_slurp(f);
    fclose(f);
    return text;
}

static inline char *sessions_text(const char *path, const char *verdict, enum report_format format)
{
    FILE *f = tmpfile();
    struct report_request q = { .path = path, .format = format };
    int code = sessions_run(&q, verdict, f, error);
    if (code)
        fail_msg("sessions: %d %s", code, error);
    rewind(f);
    char *text = kit_slurp(f);
    fclose(f);
    return text;
}

/* CSV as the shell's list mode has it, with a separator that stands in no field. What CSV shows otherwise is put back:
 * of all names here that is one escape and one byte that is no UTF-8. */
static inline void csv_to_list(char *text)
{
    char *to = text;
    bool quoted = false;
    for (const char *p = text; *p; p++) {
        if (*p == '"' && quoted && p[1] == '"')
            *to++ = *p++;
        else if (*p == '"')
            quoted = !quoted;
        else if (*p == ',' && !quoted)
            *to++ = 0x1f;
        else if (strncmp(p, "\\x1b", 4) == 0)
            *to++ = 0x1b, p += 3;
        else if (strncmp(p, "\xef\xbf\xbd", 3) == 0)
            *to++ = (char)0xff, p += 2;
        else if (*p != '\r' || quoted)
            *to++ = *p;
    }
    *to = 0;
}

static inline void assert_json(const char *text, const char *type)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    const char *sql = "SELECT json_valid(?1) AND json_type(?1) = ?2";
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, type, -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    if (!sqlite3_column_int(stmt, 0))
        fail_msg("no JSON %s: %s", type, text);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    for (struct span s = span_of(text, strlen(text)); s.n;)
        assert_true(text_next(&s) >= 0);
}

#endif
