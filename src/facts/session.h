/* What was seen in one session: plain data without pointers, so that it can be copied into a
 * queue or a socket as it is. Nothing in it is a judgement, and nothing in it is secret: the
 * only texts are names that are checked character by character before they are put here. */
#ifndef MAILSEAL_FACTS_SESSION_H
#define MAILSEAL_FACTS_SESSION_H

#include "base/endpoint.h"
#include "facts/host_name.h"
#include "facts/vocabulary.h"
#include "facts/mechanism.h"

enum { TO_SERVER, TO_CLIENT };          /* index of a direction, seen from the client */

enum {
    SESSION_VLANS = 4,
    SESSION_TUNNELS = 8,
    SNI_TEXT = 256,                     /* a host name has at most 253 characters; RFC 6066 3 */
    ALPN_TEXT = 64,                     /* offered names joined by spaces, cut at a name's end */
    MECHANISM_TEXT = 21,                /* RFC 4422 3.1: at most 20 characters */
    MECHANISMS_TEXT = 64,
    JA4_TEXT = 37,
    CERTIFICATE_NAME = 256
};

struct tls_seen {
    uint16_t version;                   /* chosen, 0x0300 … 0x0304, 2 for SSLv2; 0: no ServerHello */
    uint16_t client_max;                /* highest offered; 0: no ClientHello */
    uint16_t server_max;                /* what the DOWNGRD sentinel gives away, else version */
    uint16_t cipher;                    /* chosen suite; with version 0 it means nothing */
    uint16_t group;                     /* chosen key-exchange group; 0: none or not seen */
    bool client_hello, server_hello;    /* seen whole enough for the fields of each */
    bool pq_offered, pq, resumed, downgraded;
    bool alpn_chosen;                   /* alpn is the server's choice, not the client's offer */
};

struct auth_seen {
    uint32_t offered;                   /* bit per enum mechanism */
    bool list_seen;                     /* a list that would name mechanisms was seen */
    uint8_t command;                    /* enum auth_command */
    uint8_t mechanism;                  /* enum mechanism: the one whose secret was sent, else the last tried */
    uint8_t exposure;                   /* enum exposure; UNTRIED until authentication is tried */
};

/* What only some sessions have: texts, digests, further ends. Most of a session's bytes are here, so while a
 * connection is open it has a place for them only once it needs one. */
struct session_names {
    uint8_t ja3[16];                    /* of the first ClientHello, where ja4 is there */
    uint8_t certificate[32];            /* SHA-256 of the server's own; zeroes = none seen */
    struct endpoint proxy_client, proxy_server;     /* where the session is proxied */
    char ja4[JA4_TEXT];                 /* "" = none: no hello was seen whole */
    char sni[SNI_TEXT];                 /* "" = none */
    char alpn[ALPN_TEXT];
    char mechanism[MECHANISM_TEXT];     /* when auth.mechanism is MECHANISM_NAMED */
    char offered_others[MECHANISMS_TEXT];       /* offered mechanisms without a bit, joined by spaces */
};

struct session_core {
#include "facts/session_core.def"
};

/* The whole: session.facts is session.core.facts. */
struct session {
    union {
        struct {
#include "facts/session_core.def"
        };
        struct session_core core;
    };
    struct session_names names;
};

/* What the rule table made of a session; see verdict/. */
struct judgement {
    enum verdict verdict;
    enum hop hop;
    enum grade grade;                   /* the highest of the evidence, */
    bool allowed;                       /* which decides nothing, for that is known and wanted on this path */
    unsigned rule;                      /* number of the rule that decided; its name is in the table */
};

/* What goes on being counted of a session whose matter is settled. */
struct session_counts {
    uint64_t last_ns;
    uint64_t packets[2], bytes[2];      /* TO_SERVER, TO_CLIENT, from the beginning */
    uint32_t marks;                     /* ONE_SIDED, GAP, TRUNCATED: as far as the connection's packets show them */
    bool unchanged;                     /* all this is as it was in the session when that was handed over */
};
enum { SESSION_COUNTED_MARKS = MARK_ONE_SIDED | MARK_GAP | MARK_TRUNCATED };
/* One-sidedness may end, the others stay. */
void session_count(struct session_core *, const struct session_counts *);

/* What a server's certificate says of itself. Sessions name it by its hash. */
struct certificate {
    uint8_t sha256[32];                 /* of its DER */
    int64_t not_before, not_after;      /* unix seconds; both belong to it */
    bool self_signed;                   /* subject and issuer are the same name */
    char subject[CERTIFICATE_NAME], issuer[CERTIFICATE_NAME];   /* RFC 2253, printable ASCII; "..." where cut */
    struct endpoint client, server;     /* of the session that showed it, which it may name; not stored */
};

/* What a server calls itself in clear. Sessions do not name it. */
enum { SERVER_NAME_TEXT = HOST_NAME_TEXT };
struct server_name {
    struct endpoint server;
    uint8_t source;                     /* enum name_source */
    char text[SERVER_NAME_TEXT];        /* as host_name_read() gives it */
    struct endpoint client;             /* which it may name; not stored */
};

/* Connections without payload, counted by what became of them. */
struct attempt {
    uint64_t first_ns;
    uint16_t server_port;
    uint8_t outcome;                    /* enum attempt_outcome */
};

enum grade evidence_grade(uint32_t evidence, enum evidence);
/* Raises the grade of one kind; never lowers it. */
void evidence_add(uint32_t *evidence, enum evidence, enum grade);
/* The grade of one kind, which may become lower. */
void evidence_set(uint32_t *evidence, enum evidence, enum grade);
enum grade evidence_highest(uint32_t evidence);

#endif
