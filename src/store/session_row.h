/* One row of the table `session`. */
#ifndef MAILSEAL_STORE_SESSION_ROW_H
#define MAILSEAL_STORE_SESSION_ROW_H

#include "facts/session.h"
#include "store/db.h"

#include <stdbool.h>

struct session_row {
    int64_t id, sensor, database;
    const struct session *session;      /* addresses as they are to be stored */
    const struct judgement *judgement;
    enum direction direction;
    int64_t strip;
    bool community;                     /* the Community ID is wanted: addresses are whole */
    /* numbers in the dictionaries; 0: none */
    int64_t client, server, network, rule, sni, profile, others, mechanism, proxy_client, proxy_server, certificate,
            fingerprint;
};

/* statements/session_add.sql with this row; SQLite's result codes. */
int session_row_add(sqlite3_stmt *, const struct session_row *);

/* The grade of its evidence, or STRIP_ALLOWED. */
int64_t session_row_strip(const struct judgement *);
/* Name of the rule that decided. */
const char *session_row_rule(const struct judgement *);

#endif
