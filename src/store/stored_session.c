#include "store/stored_session.h"

#include "store/dictionary.h"

#include <stdio.h>
#include <string.h>

static void read_profile(sqlite3_stmt *stmt, int column, struct tls_seen *t)
{
    int64_t flags = sqlite3_column_int64(stmt, column + 3);
    t->version = (uint16_t)sqlite3_column_int64(stmt, column);
    t->cipher = (uint16_t)sqlite3_column_int64(stmt, column + 1);
    t->group = (uint16_t)sqlite3_column_int64(stmt, column + 2);
    t->client_hello = flags & PROFILE_CLIENT_HELLO;
    t->server_hello = flags & PROFILE_SERVER_HELLO;
    t->pq_offered = flags & PROFILE_PQ_OFFERED;
    t->pq = flags & PROFILE_PQ;
}

static void read_address(sqlite3_stmt *stmt, int column, uint8_t out[16])
{
    if (sqlite3_column_bytes(stmt, column) == 16)
        memcpy(out, sqlite3_column_blob(stmt, column), 16);
}

void stored_session_read(sqlite3_stmt *stmt, struct stored_session *o)
{
    struct session *s = &o->s;
    int64_t n[21];

    memset(o, 0, sizeof *o);
    for (int i = 0; i < 21; i++)
        n[i] = sqlite3_column_int64(stmt, i);
    o->id = n[0];
    o->sensor = n[1];
    o->database = n[2];
    s->first_ns = (uint64_t)n[3] * 1000;
    s->last_ns = ((uint64_t)n[3] + (uint64_t)n[4]) * 1000;
    o->server = n[5];
    s->server.port = (uint16_t)n[6];
    read_address(stmt, 7, s->client.addr);
    s->protocol = (uint8_t)n[8];
    o->was.hop = (enum hop)n[9];
    o->direction = (enum direction)n[10];
    o->was.verdict = (enum verdict)n[11];
    const char *rule = (const char *)sqlite3_column_text(stmt, 12);
    snprintf(o->rule, sizeof o->rule, "%s", rule ? rule : "");
    o->strip = n[13];
    s->facts = (uint32_t)n[14];
    s->evidence = (uint32_t)n[15];
    s->marks = (uint32_t)n[16];
    s->auth.exposure = (uint8_t)n[17];
    s->messages_clear = (uint32_t)n[18];
    s->bytes[TO_SERVER] = (uint64_t)n[19];
    s->bytes[TO_CLIENT] = (uint64_t)n[20];
    read_profile(stmt, 21, &s->tls);
    s->source = (uint32_t)sqlite3_column_int64(stmt, 25);
    s->packets[TO_SERVER] = (uint64_t)sqlite3_column_int64(stmt, 26);
    s->packets[TO_CLIENT] = (uint64_t)sqlite3_column_int64(stmt, 27);
    s->incidents = (uint32_t)sqlite3_column_int64(stmt, 28);
    o->certificate = sqlite3_column_int64(stmt, 29);
    o->fingerprint = sqlite3_column_int64(stmt, 30);
    read_address(stmt, 31, s->server.addr);
    s->client_name = (uint8_t)sqlite3_column_int64(stmt, 32);
}
