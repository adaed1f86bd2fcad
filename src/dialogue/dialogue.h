/* What the two ends of a mail session said to one another, from bytes in order to facts. It is
 * told bytes, gaps and ends of each direction, in the order in which the ends saw them, pairs
 * commands with answers, and sets facts, evidence, incidents and attributes in a session. It
 * decides nothing: that is verdict/. */
#ifndef MAILSEAL_DIALOGUE_DIALOGUE_H
#define MAILSEAL_DIALOGUE_DIALOGUE_H

#include "base/hash.h"
#include "base/pool.h"
#include "dialogue/names.h"
#include "dialogue/showing.h"
#include "dialogue/tls_dialogue.h"
#include "flow/origin.h"
#include "dialogue/tracing.h"
#include "facts/session.h"
#include "proto/proto.h"

/* How the bytes of one direction are read at the moment. */
enum reader {
    READ_LINES,
    READ_LINE_REST,                     /* the rest of a line too long to hold is skipped */
    READ_BODY,                          /* to the dot line */
    READ_BODY_MAYBE,                    /* behind a dot line that may have been the end: servers differ */
    READ_COUNTED,                       /* `left` bytes are skipped, then lines again */
    READ_TLS,
    READ_NOTHING                        /* noise, or of no more interest */
};

struct direction_state {
    uint8_t reader;                     /* enum reader */
    bool begun;                         /* a byte was seen */
    bool unsure;                        /* beginning missing or bytes lost: a client line counts once it is answered */
    bool lost;                          /* bytes were lost */
    bool left_lines;                    /* something else than lines was read; reset by who looks at it */
    bool resume;                        /* the next bytes come behind a beginning or bytes that were not seen */
    uint64_t left;
    struct body body;
    uint32_t searched, strict_end;      /* READ_BODY_MAYBE: how far, and where the true end was; 0: nowhere */
    uint8_t tail[24];                   /* end of a line being skipped: a literal may be announced there */
    uint8_t tail_n;
};

/* A command whose answer is awaited. The verb is the dialect's own. */
struct open_command {
    uint32_t end;                       /* sequence number behind it */
    uint32_t tag;                       /* IMAP: hash of its tag */
    uint16_t times;                     /* answers still to come */
    uint8_t verb;
    uint8_t flags;                      /* the dialect's own */
};
enum { OPEN_COMMANDS = 32, OPEN_FEW = 2 };    /* that are kept; that most clients have open at once */

struct sasl {
    uint8_t command;                    /* enum auth_command */
    uint8_t mechanism;                  /* enum mechanism */
    bool active;                        /* begun and not yet answered for good */
    bool asked;                         /* the server awaits a response: the next client line is one */
    bool sent;                          /* the credential was sent in this exchange */
    uint8_t responses;
    uint8_t nth;                        /* when mechanism is MECHANISM_NAMED: of those offered by name */
    bool refused;                       /* ended without success, by an answer that was seen */
};

/* The words of a capability list, for telling which word a mask hides; see mask.h. */
enum { LIST_WORDS = 40 };
struct word_order {
    uint8_t n;
    bool overrun;
    uint8_t word[LIST_WORDS];
    uint8_t len[LIST_WORDS];
};

/* The state of the STARTTLS negotiation. */
enum upgrade { UPGRADE_NONE, UPGRADE_ASKED, UPGRADE_ACCEPTED, UPGRADE_CLEAR };

/* The PROXY header that may come before the client's first bytes; see dialogue/preamble.c. */
enum preamble { PREAMBLE_MAYBE, PREAMBLE_BEGUN, PREAMBLE_SKIPPED, PREAMBLE_OVER };

/* The server's words that would be forged if any are. */
enum { SUSPECT_NONE, SUSPECT_HELLO, SUSPECT_LIST, SUSPECT_REFUSAL };       /* the first: a refusal of EHLO */
struct suspect {
    uint32_t begin, end;                /* sequence numbers of its line, or of its list */
    uint32_t number;                    /* of its first byte in its direction */
    uint8_t why;
};

struct certificates;
struct chunk;
struct tls_fingerprints;
struct dialogue;

/* A mail protocol's own part. The functions get whole lines, without line end; `cut` says that
 * a line was too long and only its beginning is shown. */
struct dialect {
    enum protocol protocol;
    void (*client_line)(struct dialogue *, struct span line, bool cut);
    void (*server_line)(struct dialogue *, struct span line, bool cut);
    void (*counted_done)(struct dialogue *, unsigned dir);      /* READ_COUNTED came to its end */
    void (*body_done)(struct dialogue *, unsigned dir);         /* READ_BODY did */
    void (*lost)(struct dialogue *, unsigned dir);      /* bytes between lines are missing */
    /* Whether a server line can be an answer, and whether a client line is a known command. */
    bool (*is_answer)(struct span line, struct span command);
    bool (*is_command)(struct span line);
    /* Of a line that was cut: what comes behind that beginning, a piece at a time, and the literal that its end
     * announces. NULL: of no interest. */
    void (*line_rest)(struct dialogue *, unsigned dir, struct span bytes);
    void (*literal)(struct dialogue *, unsigned dir, const struct literal *);
};

/* What is known of other sessions. */
struct dialogue_others {
    struct certificates *certificates;  /* NULL: they are not looked at */
    struct tls_fingerprints *fingerprints;      /* NULL: each hello is as if it were the first */
    const struct hash_key *names;       /* to know a client's name again; NULL: it is not looked at */
    struct server_names *servers;       /* told what servers call themselves; NULL: it is not looked at */
};

struct dialogue {
    struct session_core *s;
    struct names **names;               /* the session's; the caller's */
    struct pool *pool;
    const struct dialogue_others *others;       /* never NULL; to be set by who has any */
    const struct dialect *dialect;      /* NULL until something was said */
    enum protocol port_protocol;        /* what the port says */
    uint32_t refused_end;               /* sequence number behind the answer that refused a login; see sasl.refused */
    struct direction_state in[2];       /* TO_SERVER, TO_CLIENT */
    struct open_command few[OPEN_FEW], *many;   /* those open, in a ring; many: OPEN_COMMANDS from the pool */
    uint8_t open_first, open_n;
    uint8_t preamble;                   /* enum preamble */
    bool preambled : 1;                 /* there was one, or the beginning of one */
    bool preamble_greeted : 1;          /* what the server said first is a greeting */
    uint16_t preamble_left;             /* PREAMBLE_SKIPPED: bytes */
    bool midstream : 1;
    bool hear_once : 1;                 /* only one direction will ever be seen: nothing is waited for */
    bool settled : 1;                   /* nothing more has to be read */
    bool confirmed : 1;                 /* a command of the dialect had the answer that it should have */
    bool body_doubtful : 1;             /* READ_BODY is a guess, or lost bytes: any answer ends it */
    bool maybe_answered : 1;            /* READ_BODY_MAYBE: the message has its answer */
    bool foreign : 1;                   /* the client's first bytes are no text */
    bool greeting_seen : 1;             /* itself, so the capture has the beginning */
    bool greeted : 1, waits : 1;        /* waits: client bytes make sense only after the next answer */
    bool in_transaction : 1, authenticated : 1;
    bool list_now : 1;                  /* lines of a capability list are being read, none lost so far */
    bool offer_now : 1, mask_now : 1, mask_other_length : 1; /* in the present list */
    uint32_t print_now;                 /* its session.list_print so far */
    bool mask_weak : 1;                 /* ... its mask may well be another word's */
    bool overrun : 1;                   /* more commands were open than are kept */
    bool list_unasked : 1;              /* a list was heard before its command, which may still come */
    bool lost_reply : 1;                /* answers were lost: pairing has to find its place again */
    bool conflict : 1;                  /* overlap_conflict: a real offer was seen beside the mask */
    bool request_alone : 1;             /* STARTTLS was the only command without an answer */
    bool lost_since_list : 1;           /* bytes of the server, behind its last whole list */
    bool now_has_ack : 1;
    bool renumbered : 1;                /* segments of two numberings, as of both sides of a box: which answers which is not known */
    unsigned out_of_step : 2;           /* copies that differ from their beginning or to their end, and nothing says why; up to 3 */
    uint8_t upgrade;                    /* enum upgrade */
    uint32_t guessed;                   /* facts that hold only if a go-ahead was one: STARTTLS itself was lost */
    bool behind_go_ahead : 1;           /* server bytes came right behind it */
    bool behind_hello : 1;              /* and in clear behind the ClientHello */
    bool blindly_said : 1;              /* client bytes behind STARTTLS, whose answer is not heard */
    bool two_hundred : 1;               /* STARTTLS answered by a 2xx that is not 220 */
    bool two_hundred_counts : 1;
    uint32_t list_at;                   /* where the present list began */
    struct suspect suspect;
    uint32_t go_ahead_end, go_ahead_ack, request_ack;   /* sequence numbers */
    uint32_t now_end, now_ack;          /* of what is being read: its end, and what its segment acknowledged */
    struct span behind;                 /* what is shown behind the line being read; borrowed */
    const struct where *now_at;         /* where the window being read came from; borrowed */
    uint32_t now_begin;                 /* of the line being read */
    unsigned now_dir;
    uint64_t now_ns, go_ahead_ns;
    uint64_t unanswered_ns;             /* since when the client waits for an answer to STARTTLS */
    struct sasl sasl;
    struct word_order *order;           /* from the pool while a list is read; NULL: none, or no memory */
    union {
        struct {
            unsigned code;              /* of the reply being read; 0: none */
            bool esmtp, hello_refused, first_line_done;
            bool mail_said;             /* MAIL or RCPT, and no end of a message since */
            bool partial;               /* the beginning of this reply was lost */
            bool masked_greeting, plain_greeting;       /* asterisks; anything but 2, 0 and blanks */
            bool news_greeting : 1;     /* 200 or 201, as of NNTP */
            bool greets_as_mail : 1;    /* as of mail only, by its words */
            bool unsure_name : 1;       /* the client called itself by two and more, or by what is no name */
            uint32_t greeting_print;    /* of the name in it */
            uint16_t recipients;        /* accepted in this transaction */
            bool counted_message;       /* this transaction's message has been counted */
            bool last_chunk;            /* of BDAT */
        } smtp;
        struct {
            uint8_t verb;               /* of the command being read */
            uint8_t arguments;          /* of LOGIN, whole so far */
            bool continuing, server_continuing;         /* the next line goes on behind a literal */
            bool literal_waits;         /* for the go-ahead of the server */
            bool literal_doubtful;      /* which was lost, or a refusal */
            bool literal_secret;        /* what is counted now is the password of LOGIN */
            uint8_t within;             /* of a line of LOGIN that was cut: what its next byte belongs to */
            struct literal literal;
            uint32_t tag;
        } imap;
        struct {
            uint8_t lines_of;           /* verb whose lines are being read; 0: none */
            bool user, uidl, sasl;      /* words of the list; a mask of four letters needs them beside it */
        } pop3;
        struct {
            bool in_list, continuing[2];                /* the next line of a direction goes on behind a literal */
            uint8_t word_n[2];          /* which is a word of so many bytes at the front of that line; 0: it was counted */
        } sieve;
    } u;
    struct tls_dialogue *tls;           /* from the pool since the first record; read by tls_of() */
    struct tracing tracing;
    struct showing *showing;            /* who is shown its public bytes; NULL: nobody. Borrowed */
};

/* s is filled from now on and must outlive the dialogue, and so must the place of its names (dialogue/names.h), which
 * is NULL; s->server.port and s->port_is_tls are set. port_protocol: PROTOCOL_UNKNOWN where the port says nothing. */
void dialogue_init(struct dialogue *, struct session_core *s, struct names **names, struct pool *,
                   enum protocol port_protocol, bool midstream);
/* The server's first bytes may be missing, though the connection's beginning was seen. */
void dialogue_begins_late(struct dialogue *);
/* A trace is wanted, of so many bytes at most; begin_ns is when the session began. It is tracing.t, given back with
 * the dialogue unless the caller takes its bytes away before. */
void dialogue_trace(struct dialogue *, size_t room, uint64_t begin_ns);
void dialogue_drop(struct dialogue *);  /* gives memory back */

/* Where bytes came from. */
enum { WHERE_SEGMENTS = 4 };
struct where {
    uint64_t ts_ns;
    uint32_t end, ack;                  /* sequence number behind the window; what its segment acknowledged */
    bool has_ack;
    bool placed;                        /* first is known */
    uint32_t since;                     /* from here on all segments acknowledged the same */
    uint32_t first;                     /* sequence number of the direction's first byte */
    uint32_t begins[WHERE_SEGMENTS];    /* of the last segments, the newest first */
};
/* n more bytes, up to end. */
static inline void where_advance(struct where *at, uint64_t ts_ns, uint32_t end, bool has_ack, uint32_t ack, size_t n)
{
    uint32_t begin = end - (uint32_t)n;
    if (!(at->has_ack && has_ack && at->ack == ack))
        at->since = begin;
    for (unsigned i = WHERE_SEGMENTS - 1; i; i--)
        at->begins[i] = at->begins[i - 1];
    at->begins[0] = begin;
    if (!at->placed)
        at->first = begin;
    at->placed = true;
    at->ts_ns = ts_ns;
    at->end = end;
    at->ack = ack;
    at->has_ack = has_ack;
}

/* The bytes of one direction not yet used, from the first one on. Returns how many were used;
 * the rest is shown again, with more behind it or after the other direction has moved. `force`:
 * nothing more will come before these must be understood, so waiting for an answer is over. */
size_t dialogue_read(struct dialogue *, unsigned dir, struct span window, const struct where *, bool force);
/* The client's beginning was not seen, and the server has said something: whether that answers the
 * client's last line, so that the dialogue can be followed from there. Returns how many of the
 * client's bytes come before it and mean nothing. */
size_t dialogue_sync(struct dialogue *, struct span client, const struct where *client_at, struct span server,
                     const struct where *server_at);
/* n bytes of a direction are lost for ever; what was shown and not used before them is dropped. */
void dialogue_gap(struct dialogue *, unsigned dir, uint32_t n);
void dialogue_fin(struct dialogue *, unsigned dir);
/* Two copies of some bytes differ: what was read, and what came later. Of those whose numbers are out of step from some place
 * on the first tells why, or none does. */
void dialogue_conflict(struct dialogue *, unsigned dir, const struct chunk *);
/* A segment, or a FIN, of that direction was seen with two numbers, `from` and `by` more: both sides of a box that said as
 * much by itself. The first stands in the place of what was read there. */
void dialogue_moved(struct dialogue *, unsigned dir, uint32_t from, uint32_t by);

/* --- the PROXY header --- */

/* Reads what there is of it at the front of the client's first bytes. PARSE_BAD: these are of the
 * dialogue; else how many bytes were used, 0 when there are too few. */
long preamble_read(struct dialogue *, unsigned dir, struct span in, bool force);
/* n bytes of the client are lost. True: all of them were of the header. */
bool preamble_gap(struct dialogue *, uint32_t n);
/* In mid-stream what looks like one may be a line of something else. It counts when TLS or a greeting
 * followed: this is told the server's first bytes, and the end. */
void preamble_answered(struct dialogue *, struct span in);
void preamble_end(struct dialogue *);

struct dialogue_end {
    bool fin[2], rst[2];
    bool seen[2];                       /* packets of that direction were captured */
    bool payload[2];
    uint32_t acks[2];                   /* highest acknowledgement sent in that direction's packets */
    uint8_t origin;                     /* enum origin_answer of flow/: who sent what is suspect */
    uint8_t odd_ttl;                    /* and how it arrived */
    uint64_t clock_ns;                  /* packet time of the input as a whole */
    bool input_ended;                   /* nothing ended the connection but the input */
};
/* Everything was read. Sets the facts that only the end can tell. */
void dialogue_end(struct dialogue *, const struct dialogue_end *);

/* --- for the dialects --- */

extern const struct dialect smtp_dialect, lmtp_dialect, imap_dialect, pop3_dialect, sieve_dialect;

static inline const struct tls_dialogue *tls_of(const struct dialogue *d) { return d->tls ? d->tls : &tls_none; }
static inline void fact(struct dialogue *d, uint32_t facts) { d->s->facts |= facts; }
static inline bool has_fact(const struct dialogue *d, uint32_t f) { return (d->s->facts & f) != 0; }
static inline void incident(struct dialogue *d, uint32_t incidents) { d->s->incidents |= incidents; }
static inline void evidence(struct dialogue *d, enum evidence e, enum grade g)
{
    evidence_add(&d->s->evidence, e, g);
}
void reach(struct dialogue *, enum stage);      /* the highest stays */

/* Something that counts as mail spoken in clear; see the fact. */
void spoke_mail(struct dialogue *);
void handed_over(struct dialogue *);    /* a message, in clear */
void mail_on_this_port(struct dialogue *);      /* a word of a mail protocol in clear was heard */
void not_mail(struct dialogue *);

struct open_command *open_push(struct dialogue *, uint8_t verb, uint8_t flags);
struct open_command *open_at(struct dialogue *, unsigned i);    /* the i-th of open_n, from the oldest on */
struct open_command *open_first(struct dialogue *);     /* NULL: none */
struct open_command *open_last(struct dialogue *);      /* NULL: none */
void open_pop(struct dialogue *);               /* one answer of the first one has come */
void open_clear(struct dialogue *);             /* gives memory back, too */
/* Answers were lost: of the commands that the present answer's segment acknowledges, it and the `more`
 * behind it answer the last; those before are dropped. */
void open_resync(struct dialogue *, unsigned more);
/* Drops commands before the first one with this verb. False: there is none, nothing is dropped. */
bool open_seek(struct dialogue *, uint8_t verb);

/* Capability lists: begin, words, end. */
void list_begin(struct dialogue *);
void list_drop(struct dialogue *);      /* gives memory back */
void list_offer(struct dialogue *);
/* A word of a list; keyword: "STARTTLS" or "STLS". Masks are noticed. */
void list_word(struct dialogue *, struct span word, const char *keyword);
/* Who sends the list, where it says so, belongs to its print. */
void list_name(struct dialogue *, struct span name);
void list_end(struct dialogue *, bool whole);

/* STARTTLS and STLS. */
/* Text at the front of what comes behind the go-ahead, where TLS begins behind it without a line's end, or
 * which was sent before the go-ahead was heard: how many bytes of it are no line. */
size_t upgrade_stray(const struct dialogue *, unsigned dir, struct span in);
void upgrade_strayed(struct dialogue *, unsigned dir);  /* such bytes were read */
/* TLS begins with these bytes, and goes on with a ServerHello: what text came before? */
void upgrade_turns(struct dialogue *, unsigned dir, struct span in);
void upgrade_answered(struct dialogue *);
/* The server's TLS begins at this sequence number, and no answer to STARTTLS was heard: if the client had heard all before
 * it when it asked, it took something older for the go-ahead. */
void upgrade_unanswered(struct dialogue *, uint32_t begin);
enum refusal { REFUSED_FOR_GOOD, REFUSED_FOR_NOW, REFUSED_SILENTLY };
enum { ASKED_OFFERED = 1, ASKED_NOT_ALLOWED = 2, ASKED_WITH_ARGUMENT = 4 };     /* open_command.flags */
void upgrade_asked(struct dialogue *);
uint8_t upgrade_flags(const struct dialogue *, bool argument);
void upgrade_accepted(struct dialogue *);
void upgrade_begins(struct dialogue *);         /* the same where it is not known whether it was offered */
/* What looks like a go-ahead came, and the command before it was lost: taken back if the client goes on in clear. */
void upgrade_guessed(struct dialogue *);
void upgrade_refused(struct dialogue *, uint8_t flags, enum refusal);
void upgrade_suspect(struct dialogue *);        /* the line being read refuses, if nothing follows that undoes it */
void upgrade_hello_refused(struct dialogue *);  /* it refuses EHLO */
void upgrade_end(struct dialogue *, const struct dialogue_end *);
/* Each dialect asks these about each line in clear, before it reads it: what does a line mean
 * where TLS was agreed on or begun? True: the line is no part of the dialogue. */
bool client_in_clear(struct dialogue *);
bool server_in_clear(struct dialogue *);
/* A reply by which a server goes on in clear behind its go-ahead, where the client is not heard: no
 * server gives it to TLS. Asked before server_in_clear. */
void server_goes_on_unheard(struct dialogue *);

/* SASL (RFC 4422) and the like. initial: the initial response, p NULL if there was none. */
void sasl_offer(struct dialogue *, struct span mechanism);
void sasl_begin(struct dialogue *, enum auth_command, struct span mechanism, struct span initial);
void sasl_response(struct dialogue *, struct span line);
/* A client's line that is no command: a response, too, if it was sent before the refusal of its login was heard. */
void sasl_unheard(struct dialogue *, struct span line);
void sasl_done(struct dialogue *, bool success);
/* A credential that is no SASL response: LOGIN, PASS, APOP. */
void credential_tried(struct dialogue *, enum auth_command, enum mechanism);
void credential_sent(struct dialogue *, enum auth_command, enum mechanism);
/* An answer reports a login whose command was not seen. */
void login_without_command(struct dialogue *, enum auth_command);

#endif
