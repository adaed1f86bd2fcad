#include "report/layout.h"
#include "report/listing.h"

/* Columns of sql/reports/locate.sql. */
enum { CLIENT, SERVER, PORT, SESSIONS, FIRST, LAST, ABOUT, WORD, SAYS, EVIDENCE, SESSION };

enum { ABOUT_WIDTH = 13, SAYS_AT = ABOUT_WIDTH + 4, LINE = 2048 };

static const struct column_rule rules[] = { { "evidence", COLUMN_LIST }, { NULL, COLUMN_PLAIN } };

static const char *text_of(sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);
    return text ? (const char *)text : "?";
}

static void put(const char *line, size_t at, size_t indent, size_t width, FILE *out)
{
    layout_words(span_of(line, strlen(line)), at, indent, width, out);
    putc('\n', out);
}

/* Whose rows follow. */
static void put_path(sqlite3_stmt *stmt, size_t width, FILE *out)
{
    char line[LINE];
    sqlite3_int64 n = sqlite3_column_int64(stmt, SESSIONS);

    snprintf(line, sizeof line, "%s with %s port %lld: %lld session%s, %s to %s", text_of(stmt, CLIENT), text_of(stmt, SERVER),
             (long long)sqlite3_column_int64(stmt, PORT), (long long)n, n == 1 ? "" : "s", text_of(stmt, FIRST), text_of(stmt, LAST));
    put(line, 0, 4, width, out);
}

static void put_saying(sqlite3_stmt *stmt, size_t width, FILE *out)
{
    const char *evidence = text_of(stmt, EVIDENCE);
    char line[LINE];

    fprintf(out, "  %-*s  ", ABOUT_WIDTH, text_of(stmt, ABOUT));
    if (*evidence)
        snprintf(line, sizeof line, "%s: %s (%s; session %lld)", text_of(stmt, WORD), text_of(stmt, SAYS), evidence,
                 (long long)sqlite3_column_int64(stmt, SESSION));
    else
        snprintf(line, sizeof line, "%s: %s", text_of(stmt, WORD), text_of(stmt, SAYS));
    put(line, SAYS_AT, SAYS_AT, width, out);
}

/* Each path begins with its place. */
static int write_text(sqlite3_stmt *stmt, size_t width, FILE *out)
{
    int rc, n = 0;

    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW && !ferror(out)) {
        if (strcmp(text_of(stmt, ABOUT), "place") == 0) {
            if (n++)
                putc('\n', out);
            put_path(stmt, width, out);
        }
        put_saying(stmt, width, out);
    }
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* As locate.sql chooses, see there. */
static int note_since(struct reading *r, const struct report_request *q, FILE *out, char error[REPORT_ERROR])
{
    (void)r;
    *error = 0;
    if (!q->since)
        fputs("(the newest 30 days; --since looks further back)\n", out);
    return 0;
}

const struct listing locate_listing = { "locate", rules, write_text, note_since };
