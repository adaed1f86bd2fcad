/* A TLS handshake as seen from outside: when it counts as completed, and when as failed
 * (doc/measurement.md section 3). */
#ifndef MAILSEAL_DIALOGUE_TLS_DIALOGUE_H
#define MAILSEAL_DIALOGUE_TLS_DIALOGUE_H

#include "base/bytes.h"

struct dialogue;
struct dialogue_end;

/* A hello, or another message of interest, that did not lie in one record. */
struct assembly {
    uint8_t *bytes;                     /* from the pool */
    uint32_t n, room;
    uint32_t len;                       /* of the message; what is behind room is passed over */
    uint8_t type;                       /* enum tls_message */
};

struct tls_side {
    uint64_t skip;                      /* of the body of the present record */
    uint32_t message_left;              /* of a handshake message without interest, over records */
    struct assembly message;
    uint8_t head[4], head_n;            /* header of the next message, as far as it is there */
    bool begun;                         /* a record was seen */
    bool ccs, ccs_just, finished;       /* finished: the encrypted handshake record behind the ChangeCipherSpec */
    bool resync;                        /* the place of the next record is unknown */
    bool lost;
    bool off;                           /* not TLS any more */
    uint8_t row;                        /* well-formed encrypted records without a break */
    bool row_reached;                   /* three of them, at some time */
};

struct tls_dialogue {
    struct tls_side side[2];
    uint8_t session_id[32], session_id_n;
    bool begun;
    bool client_hello, server_hello, early_data;
    bool hello_whole;                   /* of the ClientHello nothing was cut off */
    bool v2_hello;                      /* the ClientHello had SSLv2's form, as clients of 3.0 and 1.0 send it too */
    bool ssl2, ssl2_key;                /* answered as SSLv2; CLIENT-MASTER-KEY seen */
    bool null_suite;
    bool done;                          /* by the rules; for 1.3 it may still turn out to be refused */
    bool failed;                        /* for sure: an alert, an answer that is not TLS */
    bool not_answered;                  /* but by something else, so far; it may have been meant for what came before */
    bool client_finished, server_flight;        /* 1.3: a record long enough for a Finished; one of the server's */
    bool client_answered;               /* its first record behind the ServerHello has come */
    bool client_refused;
    bool alerted;                       /* by an alert that no mangled ServerHello explains */
    bool client_later, server_later;    /* longer than an alert, behind the client's Finished */
    bool server_small_later;            /* alert-sized, before the client ended */
    bool client_ended;                  /* FIN, or an alert-sized record behind its Finished */
    uint32_t server_hello_end, client_finished_end, client_finished_ack;
    uint32_t first_server_ack;          /* what the ServerHello acknowledged: the end of the ClientHello */
    bool first_server_ack_known, server_covered;        /* a long record behind 50 more client bytes */
    uint64_t hello_ns;                  /* when the first ClientHello came */
    uint32_t hello_ack;                 /* what its segment acknowledged */
};

/* A handshake message behind its header: as much of it as is wanted, or as there is of a cut one.
 * len: of the message, as its header says. */
void tls_take_message(struct dialogue *, unsigned dir, uint8_t type, struct span body, uint32_t len);
struct tls_client_hello;
void tls_note_client_hello(struct dialogue *, const struct tls_client_hello *);
bool tls_wants_message(unsigned dir, uint8_t type);
/* How many bytes are wanted of such a message that begins so. */
uint32_t tls_wanted_part(uint8_t type, struct span body, uint32_t len);
/* A server's certificate, or any bytes. */
void tls_note_certificate(struct dialogue *, struct span der);
/* Whether the server's first bytes are an SSLv2 SERVER-HELLO; they are read as such then.
 * PARSE_MORE, PARSE_BAD, or 1: yes. */
long tls_is_ssl2_answer(struct dialogue *, struct span in);
size_t tls_read(struct dialogue *, unsigned dir, struct span window, bool force);
void tls_gap(struct dialogue *, unsigned dir, uint32_t n);
void tls_fin(struct dialogue *, unsigned dir);
/* Sets TLS_DONE, FAILED and the incidents that the end decides. */
void tls_end(struct dialogue *, const struct dialogue_end *);
/* Records come, or may: what is known of them gets a place. False: there is no memory for it. */
bool tls_make(struct dialogue *);
void tls_drop(struct dialogue *);
extern const struct tls_dialogue tls_none;      /* of whom no records were seen */
/* The first record comes: whether TLS was the first thing spoken. */
void tls_note_first(struct dialogue *);
/* The other end answered TLS with something else. */
void tls_not_answered(struct dialogue *);

#endif
