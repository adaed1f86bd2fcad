/* A session as its row has it, as far as judgement and sums need it. */
#ifndef MAILSEAL_STORE_STORED_SESSION_H
#define MAILSEAL_STORE_STORED_SESSION_H

#include "facts/session.h"
#include "store/db.h"

enum { RULE_TEXT = 64 };

struct stored_session {
    int64_t id, sensor, database, server, strip;
    int64_t certificate, fingerprint;   /* 0: none */
    struct session s;
    struct judgement was;               /* how it was judged */
    enum direction direction;
    char rule[RULE_TEXT];
};

/* The present row of statements/session_next.sql. Numbers of a hostile database may be any. */
void stored_session_read(sqlite3_stmt *, struct stored_session *);

#endif
