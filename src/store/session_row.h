/* One row of the table `session`. */
#ifndef MAILSEAL_STORE_SESSION_ROW_H
#define MAILSEAL_STORE_SESSION_ROW_H

#include "facts/session.h"
#include "store/db.h"

#include <stdbool.h>

/* Numbers of what it refers to, in the dictionaries; 0: none. */
struct session_refs {
    int64_t client, server, network, sni, profile, others, mechanism, proxy_client, proxy_server, certificate, fingerprint;
    uint16_t proxy_client_port;
};

struct session_row {
    int64_t id, sensor, database;
    const struct session_core *session; /* addresses as they are to be stored */
    const struct judgement *judgement;
    enum direction direction;
    int64_t strip, rule;                /* rule: number of its name */
    const struct session_refs *refs;
    bool community;                     /* the Community ID is wanted: addresses are whole */
};

/* statements/session_add.sql with this row; SQLite's result codes. */
int session_row_add(sqlite3_stmt *, const struct session_row *);

/* The grade of its evidence, or STRIP_ALLOWED. */
int64_t session_row_strip(const struct judgement *);
/* Name of the rule that decided. */
const char *session_row_rule(const struct judgement *);

#endif
