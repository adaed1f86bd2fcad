/* The trace of a session: what its dialogue was, as a run of small events, for people who ask why. It
 * holds public words, codes, lengths and times, and what became known where; no text of the wire that
 * is not in a list of this program. Lengths of secrets are not in it.
 *
 * As bytes: TRACE_FORMAT, then events. An event is its kind (bit 7: the server is meant), then the
 * fields its kind has, each a base-128 number, low bits first: milliseconds since the event with a time
 * before it (the first: since the session's beginning; zigzag), a word, a number. Databases store these
 * bytes, so lists here are only ever appended to, or TRACE_FORMAT is raised. */
#ifndef MAILSEAL_FACTS_TRACE_H
#define MAILSEAL_FACTS_TRACE_H

#include "base/bytes.h"
#include "base/pool.h"

enum { TRACE_FORMAT = 1 };

/* T: has a time, W: a word, N: a number. A kind with a time begins a line of the dialogue; one without
 * belongs to the line before it. */
#define TRACE_KINDS(K)                                                                                                \
    K(COMMAND,      TWN, "command")       /* public word; bytes of its arguments, 0: none or told otherwise */        \
    K(LINE,         TN,  "line")          /* none known; bytes, of a client's rounded up */                           \
    K(PROXY,        T,   "proxy")         /* the header of a balancer, in front */                                    \
    K(REST,         TN,  "rest")          /* behind a literal; bytes, of a client's rounded up */                       \
    K(RESPONSE,     TW,  "response")      /* SASL: enum trace_response */                                             \
    K(REPLY,        TN,  "reply")         /* of SMTP: its code */                                                     \
    K(STATUS,       TW,  "status")        /* enum trace_status, and enum trace_form above it */                       \
    K(DATA,         TWN, "data")          /* untagged answer: public word or 0; bytes behind it */                    \
    K(LIST,         T,   "list")          /* of capabilities, that is no answer */                                    \
    K(BODY,         TWN, "body")          /* enum trace_body; bytes */                                                \
    K(CLIENT_HELLO, TWN, "client_hello")  /* enum trace_hello; highest version offered, 0: not seen */                \
    K(SERVER_HELLO, TWN, "server_hello")  /* enum trace_hello; version chosen */                                      \
    K(CCS,          T,   "change_cipher_spec")                                                                        \
    K(ALERT,        TWN, "alert")         /* in clear: description; level */                                          \
    K(RECORD,       TWN, "record")        /* encrypted: content type; length field */                                 \
    K(GAP,          TN,  "gap")           /* bytes lost */                                                            \
    K(CONFLICT,     T,   "conflict")      /* a second copy with other bytes */                                        \
    K(FIN,          T,   "fin")                                                                                       \
    K(END,          TW,  "end")           /* enum trace_end, as bits */                                               \
    K(SECRET,       _,   "secret")        /* of a command: its arguments */                                           \
    K(MECHANISM,    WN,  "mechanism")     /* named by a command, offered by a server: enum mechanism; */              \
                                          /* bytes of one not known, of a client's rounded up */                      \
    K(ENHANCED,     N,   "enhanced")      /* RFC 3463: class * 1000000 + subject * 1000 + detail */                   \
    K(TEXT,         N,   "text")          /* bytes of free text */                                                    \
    K(CODE,         WN,  "code")          /* in [ ]: public word, or 0 and bytes */                                   \
    K(OFFER,        WN,  "offer")         /* word of a capability list: public word, or 0 and bytes */                \
    K(MASK,         WN,  "mask")          /* filler and last letter (<< 8); length, letters kept (<< 8) */            \
    K(LINES,        N,   "lines")         /* further lines of a reply */                                              \
    K(REPEATED,     N,   "repeated")      /* the event before it came so many times more */                           \
    K(FACT,         W,   "fact")          /* became known here: enum fact_bit */                                      \
    K(EVIDENCE,     WN,  "evidence")      /* enum evidence; enum grade */                                             \
    K(INCIDENT,     W,   "incident")      /* enum incident_bit */                                                     \
    K(LEFT_OUT,     N,   "left_out")      /* lines that found no room here */                                         \
    K(BYTES,        WN,  "bytes")         /* of the line: number of the first in its direction, from 1 on; bytes, */  \
                                          /* of a client's 0 */                                                       \
    K(SEGMENT,      WN,  "segment")       /* that carried (some of) them: the same */                                 \
    K(WAY,          TWN, "way")           /* another sender's: its TTL, the others' (<< 8), whether more than that */ \
                                          /* tells (<< 16); the number of its first byte */

#define K(id, fields, word) TRACE_##id,
enum trace_kind { TRACE_KINDS(K) TRACE_KIND_N };
#undef K

/* As they are written: "OK", "* OK" or "tag OK" by the form. */
#define TRACE_STATUSES(S) S(OK, "OK") S(NO, "NO") S(BAD, "BAD") S(PREAUTH, "PREAUTH") S(BYE, "BYE") \
    S(POP_OK, "+OK") S(POP_ERR, "-ERR") S(GO_ON, "+")
#define S(id, word) TRACE_STATUS_##id,
enum trace_status { TRACE_STATUSES(S) TRACE_STATUS_N };
#undef S
enum trace_form { TRACE_PLAIN, TRACE_UNTAGGED = 16, TRACE_TAGGED = 32 };

enum trace_response { TRACE_RESPONSE_SENT, TRACE_RESPONSE_EMPTY, TRACE_RESPONSE_CANCELLED, TRACE_RESPONSE_N };
enum trace_body { TRACE_BODY_MESSAGE, TRACE_BODY_LITERAL, TRACE_BODY_SECRET, TRACE_BODY_NOISE, TRACE_BODY_OPEN = 16 };
enum trace_hello { TRACE_HELLO_PLAIN, TRACE_HELLO_SSL2, TRACE_HELLO_RETRY, TRACE_HELLO_EARLY };
enum trace_end {
    TRACE_END_FIN_CLIENT = 1, TRACE_END_FIN_SERVER = 2, TRACE_END_RST_CLIENT = 4, TRACE_END_RST_SERVER = 8,
    TRACE_END_INPUT = 16, TRACE_END_SETTLED = 32
};

/* --- public words --- */

/* Number of a word, any case; 0: not in the list. */
unsigned trace_word_find(struct span word);
const char *trace_word(unsigned number);        /* NULL: no such word */

/* --- writing --- */

/* Zeroed and without room it takes nothing. When it is full further lines are counted, while what became known
 * still finds the room kept for it. */
struct trace {
    uint8_t *bytes;
    struct pool *pool;                  /* that they are from; NULL: from the caller, and not fewer than limit */
    uint32_t n, room, limit;
    uint64_t begin_ns, now_ns;          /* of the session; of what is added */
    int64_t last_ms;                    /* since the beginning: of the last event with a time */
    uint32_t left_out;
    uint32_t repeated;                  /* of the last event */
    uint16_t last_kind, last_word;
    bool full;
};

struct trace_event {
    uint8_t kind;                       /* enum trace_kind */
    uint8_t dir;                        /* TO_SERVER: the client's */
    uint32_t word, number;
    int64_t ms;                         /* since the session's beginning; of the line, for a kind without a time */
};

void trace_begin(struct trace *, void *bytes, size_t room, uint64_t begin_ns);
/* The same with bytes from a pool, which become more as they are needed, at most `limit`. */
void trace_begin_in(struct trace *, struct pool *, size_t limit, uint64_t begin_ns);
void trace_drop(struct trace *);        /* gives such bytes back */
/* Takes kind, dir, word and number; what the kind has no field for is not looked at. */
void trace_add(struct trace *, const struct trace_event *);
/* What is still counted is written. The bytes are whole then; more may be added. */
void trace_settle(struct trace *);

/* --- reading --- */

struct trace_reader {
    struct cursor c;
    int64_t ms;
};

/* Bytes from anywhere. False: they are of no format known here. */
bool trace_read(struct trace_reader *, struct span bytes);
/* False: no more; reader.c.bad tells whether that is because the bytes are damaged. Kinds and
 * directions are in their ranges then, words and numbers may be any. */
bool trace_next(struct trace_reader *, struct trace_event *out);
bool trace_begins_line(const struct trace_event *);
const char *trace_kind_word(enum trace_kind);

#endif
