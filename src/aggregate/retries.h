/* Clients whose TLS broke and that came back in clear: the evidence tls_blocked of doc/measurement.md section 5.
 * Kept in memory, at most 200 bytes for a client and a server; whoever was seen longest ago gives way. What lies more
 * than a day ahead of a session is forgotten when it comes: an older capture begins anew. */
#ifndef MAILSEAL_AGGREGATE_RETRIES_H
#define MAILSEAL_AGGREGATE_RETRIES_H

#include "aggregate/finding.h"
#include "aggregate/recent.h"

enum {
    RETRY_BROKEN = 2, RETRY_CLEAR = 3, RETRY_BLAMED = 2,
    RETRY_PAIRS = 1 << 15, RETRY_CLIENTS = 1 << 16, RETRY_SERVERS = 1 << 14     /* that are known at once */
};

/* A session whose TLS broke. */
struct retry_broken {
    uint64_t first_ns;
    int64_t row;                        /* 0: none */
    uint16_t name;                      /* of the client, see struct retry_client */
    uint16_t port;
    uint32_t lasted_ms : 31;            /* rounded up; three weeks at most */
    uint32_t alerted : 1;               /* or it cannot be known that no alert was there */
};

/* One in clear. */
struct retry_clear {
    uint64_t first_ns;
    int64_t row;                        /* 0: none */
    uint16_t name;
    uint8_t grade;                      /* enum grade of tls_blocked, as last told */
    uint8_t doubtful;                   /* not all of it was seen */
    uint8_t stripped;                   /* by other evidence */
    uint8_t declined;                   /* TLS was offered, and the client did not ask for it */
};

struct retry_key {
    uint8_t client[16], server[16];
    uint8_t protocol, zero[7];
};

/* A client and a server, all of whose ports of one protocol. The newest of each come first. */
struct retry_pair {
    struct retry_key key;
    struct retry_broken broken[RETRY_BROKEN];
    struct retry_clear clear[RETRY_CLEAR];
    uint32_t alerted_s, clear_s;        /* seconds: the end of the last alerted, rounded up, the beginning of the last */
                                        /* clear one that is no more among these */
};
_Static_assert(sizeof(struct retry_pair) + RECENT_COST <= 200, "a client and a server cost at most so much");

/* What is known of a client's own TLS. Names in EHLO are 16 bits of a hash, for they are kept beyond the run: enough to
 * tell two clients apart, too few to find the name by. 0: it shows none. */
struct retry_client {
    uint8_t client[16];
    uint64_t done_ns;                   /* its last completed handshake with anybody; 0: none known */
    uint64_t suites;                    /* hash of what it offers */
    uint64_t unlike_ns;                 /* when it last seemed that several unlike clients have this address; 0: never */
    uint64_t last_ns;                   /* when something of it was seen */
    uint16_t name, done_name, zero[2];
};
_Static_assert(sizeof(struct retry_client) + RECENT_COST <= 200, "a client costs at most so much");

/* What is known of a server's own TLS. */
struct retry_server {
    uint8_t server[16];
    uint16_t port, zero[3];
    uint64_t done_ns;                   /* a completed handshake with anybody */
    struct { uint64_t at_ns; uint32_t network, zero; } blamed[RETRY_BLAMED];  /* clients' networks where it was blocked */
};
_Static_assert(sizeof(struct retry_server) + RECENT_COST <= 200, "a server costs at most so much");

struct retries {
    struct recent pairs, clients, servers;
    struct finding_sink sink;
};

bool retries_open(struct retries *, const struct finding_sink *);   /* false: no memory; then, too, close it */
void retries_close(struct retries *);
void retries_clear(struct retries *);

/* A session, as the dialogue left it, and the verdict that has. What it means for older ones is told to the sink.
 * True: *out is about this one. */
bool retries_take(struct retries *, const struct session *, enum verdict, int64_t row, struct finding *out);

/* Packet time of what is known last. */
uint64_t retry_pair_last(const struct retry_pair *);
uint64_t retry_server_last(const struct retry_server *);

/* After an entry was read from where anybody may have written. */
void retry_pair_mend(struct retry_pair *);

#endif
