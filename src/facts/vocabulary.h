/* The words of doc/measurement.md, each list once: identifier, the word in output and
 * database, and the sentence that is shown to people. The database stores the numbers that
 * follow from the order, so lists are only ever appended to. */
#ifndef MAILSEAL_FACTS_VOCABULARY_H
#define MAILSEAL_FACTS_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>

#include "decode/tunnel.h"         /* the tunnels: TUNNELS, enum tunnel */

#define VERDICTS(V)                                                                     \
    V(INCOMPLETE,   "incomplete",   "too little happened or was seen")                  \
    V(OTHER,        "other",        "the bytes are not mail")                           \
    V(IMPLICIT_TLS, "implicit_tls", "TLS from the first byte")                          \
    V(STARTTLS,     "starttls",     "upgraded to TLS")                                  \
    V(STRIPPED,     "stripped",     "somebody on the path kept TLS away")               \
    V(CLEAR_AUTH,   "clear_auth",   "clear, with a credential for every listener")      \
    V(CLEAR,        "clear",        "mail spoken in clear")                             \
    V(TLS_FAILED,   "tls_failed",   "TLS was attempted and failed")

#define PROTOCOLS(P)                                                                    \
    P(UNKNOWN, "unknown", "no mail protocol")                                           \
    P(SMTP,    "smtp",    "SMTP, RFC 5321")                                             \
    P(LMTP,    "lmtp",    "LMTP, RFC 2033")                                             \
    P(IMAP,    "imap",    "IMAP, RFC 9051 and RFC 3501")                                \
    P(POP3,    "pop3",    "POP3, RFC 1939")                                             \
    P(SIEVE,   "sieve",   "ManageSieve, RFC 5804")

#define HOPS(H)                                                                         \
    H(OTHER,      "other",      "no hop of mail")                                       \
    H(RELAY,      "relay",      "server to server")                                     \
    H(SUBMISSION, "submission", "client to its provider")                               \
    H(RETRIEVAL,  "retrieval",  "mailbox to client")                                    \
    H(DELIVERY,   "delivery",   "into the mail store")                                  \
    H(FILTER,     "filter",     "filter scripts")

#define DIRECTIONS(D)                                                                   \
    D(UNKNOWN,  "unknown",  "no network was named as local")                            \
    D(INBOUND,  "inbound",  "client outside, server inside")                            \
    D(OUTBOUND, "outbound", "client inside, server outside")                            \
    D(INTERNAL, "internal", "both inside")                                              \
    D(TRANSIT,  "transit",  "both outside")

#define STAGES(S)                                                                       \
    S(CONNECT,  "connect",  "payload, but no greeting")                                 \
    S(GREETING, "greeting", "greeted")                                                  \
    S(HELLO,    "hello",    "capabilities asked for")                                   \
    S(TLS,      "tls",      "TLS attempted")                                            \
    S(AUTH,     "auth",     "authentication tried in clear")                            \
    S(MAIL,     "mail",     "mail spoken in clear")                                     \
    S(DONE,     "done",     "a message handed over, a mailbox read or a script put, in clear")

#define EXPOSURES(E)                                                                    \
    E(UNTRIED,   "untried",   "no authentication in clear was tried")                   \
    E(NONE,      "none",      "tried, and nothing was exposed")                         \
    E(GUESSABLE, "guessable", "a response that can be guessed offline")                 \
    E(SECRET,    "secret",    "a password or token as it is")

#define GRADES(G)                                                                       \
    G(NONE,     "none",     "no evidence of stripping")                                 \
    G(POSSIBLE, "possible", "an innocent reason is as good")                            \
    G(LIKELY,   "likely",   "no innocent reason is known")                              \
    G(PROVEN,   "proven",   "the change itself was seen")

#define MARKS(M)                                                                        \
    M(ONE_SIDED, "one_sided", "only one direction was captured")                        \
    M(GAP,       "gap",       "bytes were lost")                                        \
    M(MIDSTREAM, "midstream", "the capture began after the connection")                 \
    M(TRUNCATED, "truncated", "packets were cut by the snap length")                    \
    M(OVERLAP,   "overlap",   "a retransmission carried other bytes")

#define INCIDENTS(I)                                                                    \
    I(COMMAND_INJECTION,     "command_injection",     "client bytes behind STARTTLS that are no TLS") \
    I(RESPONSE_INJECTION,    "response_injection",    "server bytes between the go-ahead and the ServerHello") \
    I(CREDENTIAL_BEFORE_TLS, "credential_before_tls", "a credential in clear, then TLS")              \
    I(DECRYPTED_MIRROR,      "decrypted_mirror",      "the capture is fed decrypted traffic")         \
    I(PREAUTH,               "preauth",               "IMAP PREAUTH where TLS could have been asked for") \
    I(REFERRAL_BEFORE_TLS,   "referral_before_tls",   "an IMAP referral before TLS")                  \
    I(PLAINTEXT_ON_TLS_PORT, "plaintext_on_tls_port", "mail dialogue in clear on a TLS port")         \
    I(TLS_DOWNGRADE,         "tls_downgrade",         "a lower TLS version than both ends have")      \
    I(DEPRECATED_TLS,        "deprecated_tls",        "a handshake completed below TLS 1.2")          \
    I(NULL_ENCRYPTION,       "null_encryption",       "a cipher suite without encryption")            \
    I(EXPIRED_CERTIFICATE,   "expired_certificate",   "a certificate outside its time")

/* The order is that of the two-bit grades in a session's evidence word. */
#define EVIDENCES(E)                                                                    \
    E(OVERLAP_CONFLICT,      "overlap_conflict",      "two copies of a segment differ in the offer, the command or its answer") \
    E(MASKED_CAPABILITY,     "masked_capability",     "a capability is overwritten at its own length") \
    E(MASKED_COMMAND,        "masked_command",        "the STARTTLS command is overwritten at its own length") \
    E(REFUSED_AFTER_OFFER,   "refused_after_offer",   "offered, asked for, refused for good")         \
    E(REFUSED_FOR_NOW,       "refused_for_now",       "offered, asked for, refused for now")          \
    E(CLEAR_AFTER_ACCEPT,    "clear_after_accept",    "clear dialogue after the go-ahead")            \
    E(TLS_BLOCKED,           "tls_blocked",           "TLS broke, and the same client came back in clear") \
    E(ACCEPTED_WITHOUT_OFFER,"accepted_without_offer","a go-ahead for what was not offered")          \
    E(OFFER_WITHDRAWN,       "offer_withdrawn",       "this server used to offer TLS")                \
    E(FORGED_REPLY,          "forged_reply",          "the segment that refuses came from another sender")        \
    E(HELLO_REFUSED,         "hello_refused",         "EHLO refused by a server that says ESMTP")     \
    E(MASKED_GREETING,       "masked_greeting",       "the greeting is overwritten")

/* What was seen in one session; the rule table of verdict/ reads these. Bits are only set. */
#define FACTS(F)                                                                        \
    F(NOT_MAIL,    "not_mail",    "the bytes are another protocol's")                   \
    F(TLS_FIRST,   "tls_first",   "TLS was the first thing spoken")                     \
    F(TLS_DONE,    "tls_done",    "the TLS handshake completed")                        \
    F(ATTEMPTED,   "attempted",   "TLS bytes, or STARTTLS asked for")                   \
    F(FAILED,      "failed",      "the failure of the attempt was seen")                \
    F(OFFERED,     "offered",     "STARTTLS offered")                                   \
    F(LIST_WHOLE,  "list_whole",  "a capability list was seen whole, before authentication") \
    F(REQUESTED,   "requested",   "STARTTLS asked for")                                 \
    F(ACCEPTED,    "accepted",    "the go-ahead given")                                 \
    F(REFUSED,     "refused",     "STARTTLS refused")                                   \
    F(CREDENTIAL,  "credential",  "a credential sent in clear")                         \
    F(AUTH_TRIED,  "auth_tried",  "authentication tried in clear")                      \
    F(MAIL,        "mail",        "mail spoken in clear")                               \
    F(LOST,        "lost",        "bytes lost before the matter was settled")           \
    F(CUT_SHORT,   "cut_short",   "the input ended first")                              \
    F(INVITED,     "invited",     "secrets invited in clear")                           \
    F(EXPOSED,     "exposed",     "mail or a credential went on in clear")             \
    F(LOST_SINCE,  "lost_since",  "bytes lost behind the failure of the attempt")      \
    F(ALERTED,     "alerted",     "an alert in the handshake that failed")              \
    F(HELO_INSTEAD,"helo_instead","HELO after EHLO was refused")                        \
    F(ALLOWED,     "allowed",     "on a path where keeping TLS away is known and wanted")

#define ATTEMPT_OUTCOMES(A)                                                             \
    A(UNANSWERED, "unanswered", "SYN, no answer")                                       \
    A(REFUSED,    "refused",    "SYN, answered by RST")                                 \
    A(HALF_OPEN,  "half_open",  "SYN-ACK, never acknowledged")                          \
    A(EMPTY,      "empty",      "opened, no payload")                                   \
    A(TAIL,       "tail",       "packets of a connection begun or ended before, no payload")

#define AUTH_COMMANDS(A)                                                                \
    A(NONE,         NULL,           "none")                                             \
    A(AUTH,         "AUTH",         "SMTP and POP3, RFC 4954 and RFC 5034")             \
    A(AUTHENTICATE, "AUTHENTICATE", "IMAP and ManageSieve")                             \
    A(LOGIN,        "LOGIN",        "IMAP, RFC 9051 6.2.3")                             \
    A(USER,         "USER",         "POP3, RFC 1939 7")                                 \
    A(APOP,         "APOP",         "POP3, RFC 1939 7")

#define STARTTLS_REPLIES(R)                                                             \
    R(NONE, NULL,   "none seen")                                                        \
    R(CODE, NULL,   "an SMTP code, in starttls_code")                                   \
    R(OK,   "OK",   "IMAP and ManageSieve OK; POP3 +OK")                                \
    R(NO,   "NO",   "IMAP and ManageSieve NO")                                          \
    R(BAD,  "BAD",  "IMAP BAD")                                                         \
    R(ERR,  "-ERR", "POP3 -ERR")

/* Where the name of a server is from. */
#define NAME_SOURCES(N)                                                                 \
    N(GREETING, "greeting", "first word of its SMTP or LMTP greeting")                  \
    N(HELLO,    "hello",    "first word of its answer to EHLO or LHLO")

/* What a client calls itself in clear, by its kind: the name itself is never kept. Programs first by their IMAP ID or
 * their own EHLO names, then the shapes of other EHLO names. Habits of programs, no proof of them. */
#define CLIENT_NAMES(C)                                                                               \
    C(NONE,        NULL,              "nothing of the kind was seen in clear, or not looked at then") \
    C(THUNDERBIRD, "thunderbird",     "Thunderbird")                                                  \
    C(APPLE,       "apple",           "Mail of Apple's systems")                                      \
    C(OUTLOOK,     "outlook",         "Outlook, and what came before and after it")                   \
    C(ANDROID,     "android",         "a mail program of Android")                                    \
    C(DESKTOP,     "desktop",         "another program for people")                                   \
    C(WEBMAIL,     "webmail",         "a web mailer")                                                 \
    C(FETCHER,     "fetcher",         "fetches or copies mailboxes by itself")                        \
    C(LIBRARY,     "library",         "a library of a programming language")                          \
    C(PROXY,       "proxy",           "a server that passes connections on")                          \
    C(PROGRAM,     "program",         "an IMAP ID with another name")                                 \
    C(LOCALHOST,   "localhost",       "EHLO localhost: scripts, devices")                             \
    C(LOOPBACK,    "loopback",        "EHLO [127.0.0.1]: mail programs that hide their address")      \
    C(LITERAL,     "address_literal", "EHLO with an address in brackets: mail programs, scripts")     \
    C(LABEL,       "single_label",    "EHLO with a name without a dot: Windows, containers, devices") \
    C(PRIVATE,     "private_name",    "EHLO with a name of a private zone, as .local or .lan")        \
    C(HOST,        "host_name",       "EHLO with a name of the DNS: servers, scripts")                \
    C(ADDRESS,     "bare_address",    "EHLO with an address without brackets")                        \
    C(MALFORMED,   "malformed",       "EHLO with what is no name (RFC 5321 section 4.1.1.1)")


#define V(id, w, s) VERDICT_##id,
enum verdict { VERDICTS(V) VERDICT_N };
#undef V
#define V(id, w, s) PROTOCOL_##id,
enum protocol { PROTOCOLS(V) PROTOCOL_N };
#undef V
#define V(id, w, s) HOP_##id,
enum hop { HOPS(V) HOP_N };
#undef V
#define V(id, w, s) DIRECTION_##id,
enum direction { DIRECTIONS(V) DIRECTION_N };
#undef V
#define V(id, w, s) STAGE_##id,
enum stage { STAGES(V) STAGE_N };
#undef V
#define V(id, w, s) EXPOSURE_##id,
enum exposure { EXPOSURES(V) EXPOSURE_N };
#undef V
#define V(id, w, s) GRADE_##id,
enum grade { GRADES(V) GRADE_N };
#undef V
#define V(id, w, s) MARK_BIT_##id,
enum mark_bit { MARKS(V) MARK_N };
#undef V
#define V(id, w, s) INCIDENT_BIT_##id,
enum incident_bit { INCIDENTS(V) INCIDENT_N };
#undef V
#define V(id, w, s) EVIDENCE_##id,
enum evidence { EVIDENCES(V) EVIDENCE_N };
#undef V
#define V(id, w, s) FACT_BIT_##id,
enum fact_bit { FACTS(V) FACT_N };
#undef V
#define V(id, w, s) ATTEMPT_##id,
enum attempt_outcome { ATTEMPT_OUTCOMES(V) ATTEMPT_N };
#undef V
#define V(id, w, s) AUTH_COMMAND_##id,
enum auth_command { AUTH_COMMANDS(V) AUTH_COMMAND_N };
#undef V
#define V(id, w, s) STARTTLS_REPLY_##id,
enum starttls_reply { STARTTLS_REPLIES(V) STARTTLS_REPLY_N };
#undef V
#define V(id, w, s) NAME_SOURCE_##id,
enum name_source { NAME_SOURCES(V) NAME_SOURCE_N };
#undef V
#define V(id, w, s) CLIENT_NAME_##id,
enum client_name { CLIENT_NAMES(V) CLIENT_NAME_N };
#undef V

#define V(id, w, s) FACT_##id = 1u << FACT_BIT_##id,
enum fact { FACTS(V) };
#undef V
#define V(id, w, s) MARK_##id = 1u << MARK_BIT_##id,
enum mark { MARKS(V) };
#undef V
#define V(id, w, s) INCIDENT_##id = 1u << INCIDENT_BIT_##id,
enum incident { INCIDENTS(V) };
#undef V

/* One list as a table. word may be NULL (nothing to show). */
struct word {
    const char *word, *sentence;
};
struct word_list {
    const char *kind;                   /* "verdict", "hop", …: the key in the database */
    const struct word *word;
    size_t n;
};
/* All lists of this page, ended by an entry whose kind is NULL. */
extern const struct word_list vocabulary[];
/* That of a kind, which may be any text: none is an empty list. */
const struct word_list *vocabulary_of(const char *kind);
/* Its place in the list; n of the list: it is not there. */
size_t word_find(const struct word_list *, const char *word);

const char *verdict_word(enum verdict);
/* doc/measurement.md section 6: the numerator of the share, and its denominator. */
bool verdict_is_encrypted(enum verdict);
bool verdict_is_decided(enum verdict);
const char *protocol_word(enum protocol);
const char *hop_word(enum hop);
const char *tunnel_word(enum tunnel);

#endif
