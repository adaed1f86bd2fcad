/* Sessions and databases for the tests of store/ and report/. */
#ifndef STORE_KIT_H
#define STORE_KIT_H

#include "store/store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define T0 1709287200000000000u         /* 2024-03-01T10:00:00Z */
#define SECOND 1000000000u

/* A folder of its own for each test program, with everything in it gone at the end. */
static char kit_dir[128];

static inline int kit_setup(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(kit_dir, sizeof kit_dir, "%s/mailseal-test-XXXXXX", base ? base : "/tmp");
    return mkdtemp(kit_dir) ? 0 : -1;
}

static inline int kit_teardown(void **state)
{
    char command[192];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", kit_dir);
    return system(command);
}

static inline const char *kit_path(const char *name)
{
    static char path[4][256];
    static unsigned i;
    char *out = path[i++ % 4];
    snprintf(out, 256, "%s/%s", kit_dir, name);
    return out;
}

/* 10.0.0.HOST or, above 65535, 2001:db8:HOST:: */
static inline struct endpoint kit_end(unsigned host, uint16_t port)
{
    struct endpoint e = { { 0 }, port };
    if (host < 65536) {
        e.addr[10] = e.addr[11] = 0xff;
        e.addr[12] = 10;
        e.addr[14] = (uint8_t)(host >> 8);
        e.addr[15] = (uint8_t)host;
    } else {
        memcpy(e.addr, "\x20\x01\x0d\xb8", 4);
        e.addr[4] = (uint8_t)(host >> 8);
        e.addr[5] = (uint8_t)host;
        e.addr[15] = 1;
    }
    return e;
}

static inline struct session kit_session(unsigned client, unsigned server, uint16_t port)
{
    struct session s;
    memset(&s, 0, sizeof s);
    s.first_ns = T0 + 123456789;
    s.last_ns = T0 + 5 * (uint64_t)SECOND;
    s.client = kit_end(client, 40000);
    s.server = kit_end(server, port);
    s.protocol = port == 143 || port == 993 ? PROTOCOL_IMAP : port == 110 || port == 995 ? PROTOCOL_POP3
                                                                                         : PROTOCOL_SMTP;
    s.port_is_tls = port == 465 || port == 993 || port == 995;
    s.packets[TO_SERVER] = 10;
    s.packets[TO_CLIENT] = 12;
    s.bytes[TO_SERVER] = 1000;
    s.bytes[TO_CLIENT] = 2000;
    return s;
}

static inline enum hop kit_hop(uint16_t port)
{
    return port == 25 ? HOP_RELAY : port == 587 || port == 465 || port == 2525 ? HOP_SUBMISSION
         : port == 24 ? HOP_DELIVERY : port == 4190 ? HOP_FILTER : HOP_RETRIEVAL;
}

static inline struct judgement kit_judgement(const struct session *s, enum verdict v)
{
    return (struct judgement){ .verdict = v, .hop = kit_hop(s->server.port), .grade = evidence_highest(s->evidence) };
}

static inline struct store *kit_open(const char *path)
{
    struct store_options options = { .sensor = NULL };
    char error[STORE_ERROR];
    int code;
    struct store *s = store_open(path, &options, &code, error);
    if (!s)
        fprintf(stderr, "%d: %s\n", code, error);
    return s;
}

static inline struct source_summary kit_summary(uint64_t size)
{
    struct source_summary e;
    memset(&e, 0, sizeof e);
    e.identity = (struct source_identity){ size, { 1, 2, 3 }, 100, T0, T0 + 60 * (uint64_t)SECOND };
    e.linktype = 1;
    e.decoded[DECODE_TCP] = 90;
    e.decoded[DECODE_NOT_IP] = 6;
    e.decoded[DECODE_FRAGMENT] = 3;
    e.decoded[DECODE_MALFORMED] = 1;
    return e;
}

static inline int kit_add(struct store *store, struct session s, enum verdict v, enum direction d)
{
    struct judgement j = kit_judgement(&s, v);
    return store_add(store, &s, &j, d);
}

/* The first column of the first row, as a number; -999 on failure. */
static inline long long kit_number(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    long long n = -999;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK
        && sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
        n = sqlite3_column_int64(stmt, 0);
    else
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return n;
}

static inline char *kit_slurp(FILE *f)
{
    char *text = calloc(1, 1 << 20);
    size_t n = text ? fread(text, 1, (1 << 20) - 1, f) : 0;
    (void)n;
    return text;
}

/* What a shell command prints; to be freed. */
static inline char *kit_output(const char *command)
{
    FILE *f = popen(command, "r");
    char *text = f ? kit_slurp(f) : NULL;
    if (f)
        pclose(f);
    return text;
}

/* All but `source` and `database`, the two that hold wall-clock time and randomness. */
static inline char *kit_dump(const char *path)
{
    char command[512];
    snprintf(command, sizeof command,
             "for t in endpoint name tls_profile session rate rate_day odd_port peer_day peer_month tls_day certificate_day"
             " client_day client_name_day evidence_hour server server_name history_month attempt word;"
             " do sqlite3 '%s' \".dump $t\"; done", path);
    return kit_output(command);
}

/* A database with a bit of everything: four hops, IPv6, strip evidence, credentials, loss. */
static inline int kit_fill(struct store *store)
{
    uint32_t source;
    struct source_summary end = kit_summary(5000);

    if (store_begin(store) || store_source_begin(store, "a \"quoted\",\x1b[31m\xff name.pcap", 1, &source))
        return 1;
    struct session s = kit_session(1, 9, 25);
    s.source = source;
    s.facts = FACT_LIST_WHOLE | FACT_OFFERED | FACT_REQUESTED | FACT_ACCEPTED | FACT_TLS_DONE
            | FACT_ATTEMPTED;
    s.stage = STAGE_TLS;
    s.starttls_reply = STARTTLS_REPLY_CODE;
    s.starttls_code = 220;
    s.tls = (struct tls_seen){ .version = 0x0304, .client_max = 0x0304, .server_max = 0x0304, .cipher = 0x1301,
                               .group = 4588, .client_hello = true, .server_hello = true, .pq_offered = true,
                               .pq = true, .alpn_chosen = true };
    s.names = (struct session_names){ .sni = "mx.example.org", .alpn = "smtp", .ja3 = { 0xde, 0x35 },
                                      .ja4 = "t13d1516h2_8daaf6152771_e5627efa2ab1" };
    s.nvlan = 2;
    s.vlan[0] = 10;
    s.vlan[1] = 20;
    int bad = kit_add(store, s, VERDICT_STARTTLS, DIRECTION_INBOUND);
    s.tls.alpn_chosen = false;
    s.tls.server_hello = false;
    memcpy(s.names.alpn, "a b", 4);
    bad |= kit_add(store, s, VERDICT_STARTTLS, DIRECTION_INTERNAL);

    s = kit_session(65537, 65600, 993);
    s.source = source;
    s.first_ns += 3600ull * SECOND;
    s.last_ns = s.first_ns + SECOND;
    s.facts = FACT_TLS_FIRST | FACT_TLS_DONE | FACT_ATTEMPTED;
    s.tls = (struct tls_seen){ .version = 0x0303, .client_max = 0x7f17, .cipher = 0xeeee,
                               .client_hello = true, .server_hello = true };
    s.names = (struct session_names){ .certificate = { 7, 8, 9 } };
    struct certificate c = { { 7, 8, 9 }, -1, 253402300799, true, "CN=imap.example", "CN=An issuer\\, Ltd", { .port = 0 }, { .port = 0 } };
    bad |= store_certificate(store, &c);
    struct server_name called = { .server = s.server, .source = NAME_SOURCE_HELLO, .text = "imap.example" };
    bad |= store_server_name(store, &called);
    bad |= kit_add(store, s, VERDICT_IMPLICIT_TLS, DIRECTION_INBOUND);

    s = kit_session(2, 9, 587);
    s.source = source;
    s.facts = FACT_LIST_WHOLE | FACT_INVITED | FACT_AUTH_TRIED | FACT_CREDENTIAL | FACT_MAIL;
    s.auth = (struct auth_seen){ 1u << MECHANISM_PLAIN | 1u << MECHANISM_LOGIN, true, AUTH_COMMAND_AUTH,
                                 MECHANISM_NAMED, EXPOSURE_GUESSABLE };
    s.names = (struct session_names){ .mechanism = "XYMPKI", .offered_others = "XYMPKI X-FOO" };
    s.messages_clear = 2;
    s.stage = STAGE_DONE;
    bad |= kit_add(store, s, VERDICT_CLEAR_AUTH, DIRECTION_INBOUND);
    evidence_add(&s.evidence, EVIDENCE_MASKED_CAPABILITY, GRADE_LIKELY);
    evidence_add(&s.evidence, EVIDENCE_HELLO_REFUSED, GRADE_POSSIBLE);
    s.incidents = INCIDENT_PREAUTH | INCIDENT_DEPRECATED_TLS;
    bad |= kit_add(store, s, VERDICT_STRIPPED, DIRECTION_OUTBOUND);

    s = kit_session(3, 8, 143);
    s.source = source;
    s.marks = MARK_GAP | MARK_ONE_SIDED;
    s.facts = FACT_LOST;
    s.auth.list_seen = true;
    s.starttls_reply = STARTTLS_REPLY_NO;
    bad |= kit_add(store, s, VERDICT_INCOMPLETE, DIRECTION_UNKNOWN);
    s.marks = 0;
    bad |= kit_add(store, s, VERDICT_INCOMPLETE, DIRECTION_UNKNOWN);
    bad |= kit_add(store, s, VERDICT_TLS_FAILED, DIRECTION_UNKNOWN);
    s.protocol = PROTOCOL_UNKNOWN;
    bad |= kit_add(store, s, VERDICT_OTHER, DIRECTION_UNKNOWN);
    struct attempt a = { T0, 25, ATTEMPT_REFUSED };
    bad |= store_attempt(store, &a, 3);
    return bad || store_source_end(store, source, &end) || store_commit(store);
}

#endif
