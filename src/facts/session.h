/* What was seen in one session: plain data without pointers, so that it can be copied into a
 * queue or a socket as it is. Nothing in it is a judgement, and nothing in it is secret: the
 * only texts are names that are checked character by character before they are put here. */
#ifndef MAILSEAL_FACTS_SESSION_H
#define MAILSEAL_FACTS_SESSION_H

#include "base/endpoint.h"
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
    uint8_t ja3[16];                    /* of the first ClientHello, where ja4 is there */
    char ja4[JA4_TEXT];                 /* "" = none: no hello was seen whole */
    uint8_t certificate[32];            /* SHA-256 of the server's own; zeroes = none seen */
    char sni[SNI_TEXT];                 /* "" = none */
    char alpn[ALPN_TEXT];
};

struct auth_seen {
    uint32_t offered;                   /* bit per enum mechanism */
    bool list_seen;                     /* a list that would name mechanisms was seen */
    uint8_t command;                    /* enum auth_command */
    uint8_t mechanism;                  /* enum mechanism: the one whose secret was sent, else the last tried */
    uint8_t exposure;                   /* enum exposure; UNTRIED until authentication is tried */
    char mechanism_text[MECHANISM_TEXT];        /* when mechanism is MECHANISM_NAMED */
    char offered_others[MECHANISMS_TEXT];       /* offered ones without a bit, joined by spaces */
};

struct session {
    uint64_t first_ns, last_ns;         /* packet times */
    struct endpoint client, server;
    uint8_t protocol;                   /* enum protocol */
    uint8_t stage;                      /* enum stage */
    bool odd_port;                      /* mail where no mail port is */
    bool port_is_tls;                   /* a TLS port, else one that upgrades */
    uint32_t facts;                     /* enum fact */
    uint32_t evidence;                  /* two bits of enum grade for each enum evidence */
    uint32_t incidents;                 /* enum incident */
    uint32_t marks;                     /* enum mark */
    uint8_t starttls_reply;             /* enum starttls_reply */
    uint16_t starttls_code;             /* of SMTP */
    uint32_t list_print;                /* of the last whole list but for what is offered of TLS and AUTH; 0: none */
    uint64_t hello_name;                /* hash of the client's EHLO or HELO name; 0: none. Of it 16 bits are remembered */
    struct tls_seen tls;
    struct auth_seen auth;
    uint32_t messages_clear;            /* means nothing for IMAP and ManageSieve */
    uint64_t packets[2];                /* TO_SERVER, TO_CLIENT: all of them */
    uint64_t bytes[2];                  /* TCP payload, each byte once */
    uint8_t nvlan;
    uint16_t vlan[SESSION_VLANS];       /* in order of appearance */
    uint8_t ntunnel;
    uint8_t tunnel[SESSION_TUNNELS];    /* enum tunnel, distinct, in order of appearance */
    bool proxied;                       /* a PROXY header named the ends of the connection before this one */
    struct endpoint proxy_client, proxy_server;
    uint8_t server_ttl;                 /* TTL or hop limit of what the server sends, as it arrives; 0: not seen */
    uint8_t forged_ttl;                 /* that of the segment that is evidence forged_reply; 0: none is */
    uint32_t source;                    /* number of the capture it began in; set by the caller of the lane */
    uint64_t kept;                      /* where its packets are kept: app/evidence.h; 0: nowhere. Never stored */
};

/* What the rule table made of a session; see verdict/. */
struct judgement {
    enum verdict verdict;
    enum hop hop;
    enum grade grade;                   /* the highest of the evidence */
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
void session_count(struct session *, const struct session_counts *);

/* What a server's certificate says of itself. Sessions name it by its hash. */
struct certificate {
    uint8_t sha256[32];                 /* of its DER */
    int64_t not_before, not_after;      /* unix seconds; both belong to it */
    bool self_signed;                   /* subject and issuer are the same name */
    char subject[CERTIFICATE_NAME], issuer[CERTIFICATE_NAME];   /* RFC 2253, printable ASCII; "..." where cut */
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
