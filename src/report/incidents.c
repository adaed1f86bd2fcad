#include "report/layout.h"
#include "report/listing.h"

static const struct layout_column columns[] = {
    { "GRADE", "grade", false },   { "WHAT", "what", false }, { "CLIENT", "client", false },
    { "SERVER", "server", false }, { "PORT", "port", false }, { "SESSIONS", "sessions", false },
    { "FIRST", "first", true },    { "LAST", "last", false }, { "EXPOSED", "exposed", false },
    { "", "sentence", false },
};

static const struct column_rule rules[] = { { "evidence", COLUMN_LIST }, { NULL, COLUMN_PLAIN } };

static int write_table(sqlite3_stmt *stmt, size_t width, FILE *out)
{
    return layout_write(stmt, columns, sizeof columns / sizeof *columns, width, out);
}

const struct listing incidents_listing = { "incidents", rules, write_table };
