/* What servers used to offer: the evidence offer_withdrawn, the promotion of refused_for_now, hello_refused by history,
 * and tls_downgrade by history (doc/measurement.md sections 3 and 5). Kept in memory, at most 200 bytes for a server,
 * and for a client network that has it otherwise than the others; whoever was seen longest ago gives way. What lies more
 * than a day ahead of a session is forgotten when it comes: an older capture begins anew. */
#ifndef MAILSEAL_AGGREGATE_HISTORY_H
#define MAILSEAL_AGGREGATE_HISTORY_H

#include "aggregate/finding.h"
#include "aggregate/recent.h"

enum {
    HISTORY_LISTS = 20,                 /* the last lists of a server, that are looked at */
    HISTORY_HAVE = 10,                  /* sessions of other networks that still have the offer */
    HISTORY_SEEN = 12,                  /* networks that are told apart in that */
    HISTORY_OPEN = 4,                   /* runs of a server that go on at once */
    HISTORY_VERSIONS = 5,               /* SSLv3 to TLS 1.3 */
    HISTORY_SERVERS = 1 << 15, HISTORY_RUNS = 1 << 13   /* that are known at once */
};

struct history_server {
    uint8_t address[16];
    uint16_t port, zero[3];
    uint64_t first_ns, last_ns, offer_ns;       /* sessions; the last with an offer */
    uint32_t lists, offered, accepted, upgraded, hellos;
    uint32_t last;                      /* a bit for each of the last lists: it had the offer */
    uint32_t last_n;
    uint32_t chose[HISTORY_VERSIONS];   /* when last, in seconds; 0: never */
    uint32_t open[HISTORY_OPEN];        /* numbers of runs; 0: none. Of this judge only */
};
_Static_assert(sizeof(struct history_server) + RECENT_COST <= 200, "a server costs at most so much");

struct history_key {
    uint8_t server[16], network[16];
    uint16_t port;
    uint8_t kind, zero[5];              /* OFFER_WITHDRAWN or REFUSED_FOR_NOW */
};

/* Sessions of a network, one behind the other, that had no offer where there used to be one, or were refused for now. */
struct history_run {
    struct history_key key;
    uint64_t since_ns, last_ns;         /* the first and the last of them began */
    uint64_t until_ns;                  /* the last offer before */
    int64_t row;                        /* of the first */
    uint32_t n;                         /* how many; 0: it is over */
    uint32_t lists, offered;            /* of the server, before */
    uint32_t print;                     /* of the lists without offer; 0: they differ */
    uint32_t upgraded;                  /* sessions of other networks since */
    uint32_t have[HISTORY_HAVE];        /* when sessions of others had the same list with the offer, in seconds: a ring */
    uint32_t have_n;                    /* all of them */
    uint16_t seen[HISTORY_SEEN];        /* of which networks */
    uint8_t seen_n;
    uint8_t mixed;                      /* others have it no better */
    uint8_t grade;                      /* enum grade, as last told */
    uint8_t zero[5];
};
_Static_assert(sizeof(struct history_run) + RECENT_COST <= 200, "a run costs at most so much");

struct history {
    struct recent servers, runs;
    struct finding_sink sink;
};

bool history_open(struct history *, const struct finding_sink *);      /* false: no memory; then, too, close it */
void history_close(struct history *);
void history_clear(struct history *);

enum { HISTORY_FINDINGS = 3 };
/* A session as the dialogue left it. What it means for older ones is told to the sink, what they mean for it stands in
 * out: so many are returned. Sets downgraded and its incident. */
unsigned history_take(struct history *, struct session *, int64_t row, struct finding out[HISTORY_FINDINGS]);

/* After an entry was read from where anybody may have written. A run joins the runs of its server, which must be there. */
void history_server_mend(struct history_server *);
void history_run_mend(struct history *, struct history_run *);

#endif
