/* A virtual table that needs no CREATE; see https://www.sqlite.org/vtab.html. */
#include "store/gathered.h"

struct table {
    sqlite3_vtab base;                  /* first: SQLite knows only this part, here and below */
    const struct gathered *gathered;
};

struct cursor {
    sqlite3_vtab_cursor base;
    const struct gathered *gathered;
    size_t row;
};

static int connect_table(sqlite3 *db, void *gathered, int argc, const char *const *argv, sqlite3_vtab **out, char **error)
{
    (void)argc, (void)argv, (void)error;
    int rc = sqlite3_declare_vtab(db, "CREATE TABLE gathered (n0, n1, n2, n3, n4, n5, n6, n7, n8, n9, n10, n11, n12, n13, n14,"
                                      " n15, n16, n17, n18, n19)");
    struct table *t = rc == SQLITE_OK ? sqlite3_malloc(sizeof *t) : NULL;
    if (!t)
        return rc == SQLITE_OK ? SQLITE_NOMEM : rc;
    *t = (struct table){ .gathered = gathered };
    sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);    /* views of a file may not read it */
    *out = &t->base;
    return SQLITE_OK;
}

static int disconnect_table(sqlite3_vtab *t)
{
    sqlite3_free(t);
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *t, sqlite3_index_info *info)
{
    (void)t;
    info->estimatedCost = 1000;
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *t, sqlite3_vtab_cursor **out)
{
    struct cursor *c = sqlite3_malloc(sizeof *c);
    if (!c)
        return SQLITE_NOMEM;
    *c = (struct cursor){ .gathered = ((struct table *)t)->gathered };
    *out = &c->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *c)
{
    sqlite3_free(c);
    return SQLITE_OK;
}

static int begin(sqlite3_vtab_cursor *c, int index, const char *text, int argc, sqlite3_value **argv)
{
    (void)index, (void)text, (void)argc, (void)argv;
    ((struct cursor *)c)->row = 0;
    return SQLITE_OK;
}

static int next_row(sqlite3_vtab_cursor *c)
{
    ((struct cursor *)c)->row++;
    return SQLITE_OK;
}

static int at_end(sqlite3_vtab_cursor *c)
{
    const struct cursor *at = (struct cursor *)c;
    return at->row >= at->gathered->rows;
}

static int column(sqlite3_vtab_cursor *c, sqlite3_context *ctx, int i)
{
    const struct cursor *at = (struct cursor *)c;
    const struct gathered *g = at->gathered;
    if ((size_t)i < g->width)           /* else NULL */
        sqlite3_result_int64(ctx, g->cell[at->row * g->width + (size_t)i]);
    return SQLITE_OK;
}

static int rowid(sqlite3_vtab_cursor *c, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)((struct cursor *)c)->row;
    return SQLITE_OK;
}

int gathered_register(sqlite3 *db, struct gathered *gathered)
{
    /* Without xCreate it is there under its own name, and CREATE VIRTUAL TABLE can't make another. */
    static const sqlite3_module module = {
        .iVersion = 0, .xConnect = connect_table, .xBestIndex = best_index, .xDisconnect = disconnect_table,
        .xOpen = open_cursor, .xClose = close_cursor, .xFilter = begin, .xNext = next_row, .xEof = at_end,
        .xColumn = column, .xRowid = rowid,
    };
    return sqlite3_create_module(db, "gathered", &module, gathered);
}
