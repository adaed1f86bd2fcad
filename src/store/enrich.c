#include "store/enrich.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "store/database.h"
#include "store/db.h"

enum { PAGE = 500, NETWORK_TEXT = ADDRESS_TEXT + 4 };

struct enriching {
    sqlite3 *db;
    const struct enrich_with *with;
    struct enrich_done *done;
    sqlite3_stmt *list, *put, *system;
    int64_t behind;                     /* the last row that was looked at */
    unsigned n;                         /* rows of this page */
};

static int run(sqlite3 *db, const char *sql) { return sqlite3_exec(db, sql, NULL, NULL, NULL); }

static int run_named(sqlite3 *db, const char *name)
{
    sqlite3_stmt *stmt = db_prepare(db, name);
    struct binder b = binder_of(stmt);
    int rc = stmt ? bound_run(&b) : sqlite3_extended_errcode(db);
    sqlite3_finalize(stmt);
    return rc;
}

/* "" where there is none. */
static const char *column_text(sqlite3_stmt *stmt, int i)
{
    const char *text = (const char *)sqlite3_column_text(stmt, i);
    return text ? text : "";
}

/* --- names --- */

static int look_at_name(struct enriching *e)
{
    char domain[ENRICH_TEXT] = "";
    bool has = e->with->domain(e->with->ctx, column_text(e->list, 1), domain);
    if (!has)
        domain[0] = 0;
    e->done->names++;
    e->done->domains += has;
    if (strcmp(domain, column_text(e->list, 2)) == 0)
        return SQLITE_OK;
    struct binder b = binder_of(e->put);
    bind_int(&b, e->behind);
    bind_text(&b, domain);
    e->done->domains_changed++;
    return bound_run(&b);
}

/* --- addresses --- */

static void network_text(const struct network *n, char out[NETWORK_TEXT])
{
    struct network first = *n;
    struct endpoint e = { .port = 0 };
    char address[ADDRESS_TEXT];
    for (unsigned bit = n->bits; bit < 128; bit++)
        first.addr[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
    memcpy(e.addr, first.addr, sizeof e.addr);
    address_text(first.addr, address);
    snprintf(out, NETWORK_TEXT, "%s/%u", address, n->bits - (endpoint_is_v4(&e) && n->bits >= 96 ? 96u : 0u));
}

static int put_system(struct enriching *e, const struct enrich_place *p)
{
    struct binder b = binder_of(e->system);
    bind_int(&b, p->asn);
    bind_text(&b, p->name);
    return bound_run(&b);
}

static int look_at_address(struct enriching *e)
{
    struct enrich_place place = { .asn = 0 };
    char network[NETWORK_TEXT] = "";
    const void *addr = sqlite3_column_blob(e->list, 1);
    if (sqlite3_column_bytes(e->list, 1) != 16)
        return SQLITE_OK;
    bool has = e->with->place(e->with->ctx, addr, &place);
    if (has)
        network_text(&place.network, network);
    e->done->addresses++;
    e->done->placed += has;
    int rc = has ? put_system(e, &place) : SQLITE_OK;
    if (rc != SQLITE_OK || (strcmp(network, column_text(e->list, 2)) == 0 && sqlite3_column_int64(e->list, 3) == (has ? place.asn : 0)))
        return rc;
    struct binder b = binder_of(e->put);
    bind_int(&b, e->behind);
    bind_text(&b, network);
    if (has)
        bind_int(&b, place.asn);
    else
        bind_null(&b);
    e->done->places_changed++;
    return bound_run(&b);
}

static int look_at_country(struct enriching *e)
{
    char country[ENRICH_COUNTRY] = "";
    if (sqlite3_column_bytes(e->list, 1) != 16)
        return SQLITE_OK;
    e->done->located += e->with->country(e->with->ctx, sqlite3_column_blob(e->list, 1), country);
    e->done->looked_for++;
    if (strcmp(country, column_text(e->list, 2)) == 0)
        return SQLITE_OK;
    struct binder b = binder_of(e->put);
    bind_int(&b, e->behind);
    bind_text(&b, country);
    e->done->countries_changed++;
    return bound_run(&b);
}

/* --- page by page --- */

static int look_at_page(struct enriching *e, int (*look)(struct enriching *))
{
    int rc = run(e->db, "BEGIN IMMEDIATE");
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_bind_int64(e->list, 1, e->behind);
    sqlite3_bind_int64(e->list, 2, PAGE);
    for (e->n = 0; rc == SQLITE_OK && (rc = sqlite3_step(e->list)) == SQLITE_ROW; e->n++) {
        e->behind = sqlite3_column_int64(e->list, 0);
        rc = look(e);
    }
    sqlite3_reset(e->list);
    return rc == SQLITE_DONE ? run(e->db, "COMMIT") : rc;
}

static int look_at_all(struct enriching *e, const char *list, const char *put, int (*look)(struct enriching *))
{
    e->list = db_prepare(e->db, list);
    e->put = db_prepare(e->db, put);
    e->system = db_prepare(e->db, "system_put");
    int rc = e->list && e->put && e->system ? SQLITE_OK : sqlite3_extended_errcode(e->db);
    e->behind = INT64_MIN;
    do {
        if (rc == SQLITE_OK)
            rc = look_at_page(e, look);
    } while (rc == SQLITE_OK && e->n == PAGE);
    sqlite3_finalize(e->list);
    sqlite3_finalize(e->put);
    sqlite3_finalize(e->system);
    return rc;
}

/* The sessions are only read while they are counted; what is written then is little. */
static int name_servers(struct enriching *e)
{
    int rc = run_named(e->db, "server_domain_table");
    if (rc == SQLITE_OK)
        rc = run_named(e->db, "server_domain");
    if (rc == SQLITE_OK)
        e->done->servers_changed = (uint64_t)sqlite3_changes(e->db);
    return rc;
}

/* --- all of it --- */

static int refuse_pseudonyms(struct enriching *e, const char *path, char error[STORE_ERROR])
{
    sqlite3_stmt *get = db_prepare(e->db, "database_get");
    int rc = get ? sqlite3_step(get) : SQLITE_ERROR;
    enum address_mode mode = rc == SQLITE_ROW ? address_mode_parse(column_text(get, 0)) : ADDRESSES_DEFAULT;
    sqlite3_finalize(get);
    if (rc != SQLITE_ROW)
        return db_failure(e->db, path, error);
    if (!address_mode_keyed(mode))
        return 0;
    snprintf(error, STORE_ERROR, "%.600s has pseudonyms in the place of addresses (--addresses %s), and nobody knows whose these are;"
             " leave out --mmdb and --country", path, address_mode_word(mode));
    return EX_USAGE;
}

static int look_up(struct enriching *e, const char *path, char error[STORE_ERROR])
{
    int rc = SQLITE_OK, code = e->with->place || e->with->country ? refuse_pseudonyms(e, path, error) : 0;
    if (code)
        return code;
    if (e->with->domain)
        rc = look_at_all(e, "name_list", "name_domain", look_at_name);
    if (e->with->domain && rc == SQLITE_OK)
        rc = name_servers(e);
    if (e->with->place && rc == SQLITE_OK)
        rc = look_at_all(e, "endpoint_list", "endpoint_place", look_at_address);
    if (e->with->country && rc == SQLITE_OK)
        rc = look_at_all(e, "endpoint_country_list", "endpoint_country", look_at_country);
    return rc == SQLITE_OK ? 0 : db_failure_of(rc, sqlite3_errmsg(e->db), path, error);
}

int enrich(const char *path, const struct enrich_with *with, struct enrich_done *done, char error[STORE_ERROR])
{
    struct enriching e = { .with = with, .done = done };
    int code = database_open_own(path, &e.db, error);

    *done = (struct enrich_done){ .names = 0 };
    if (!code)
        code = look_up(&e, path, error);
    sqlite3_close(e.db);                /* rolls back what is open */
    return code;
}
