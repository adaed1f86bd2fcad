/* Where to read on about what a session showed: sections of doc/measurement.md and of RFCs. */
#ifndef MAILSEAL_FACTS_REFERENCES_H
#define MAILSEAL_FACTS_REFERENCES_H

#include <stddef.h>

#include "facts/vocabulary.h"

struct reference {
    const char *section;                /* of doc/measurement.md: "5" */
    const char *rfc;                    /* "RFC 5321 3.1, RFC 5321 4.2", or "" */
};

/* That of the command by which the session's protocol upgrades. */
#define STARTTLS_RFC NULL

#define EVIDENCE_REFERENCES(R)                                                                  \
    R(OVERLAP_CONFLICT,       "5", "RFC 9293 3.4")                                              \
    R(MASKED_CAPABILITY,      "5", STARTTLS_RFC)                                                \
    R(MASKED_COMMAND,         "5", STARTTLS_RFC)                                                \
    R(REFUSED_AFTER_OFFER,    "5", STARTTLS_RFC)                                                \
    R(REFUSED_FOR_NOW,        "5", STARTTLS_RFC)                                                \
    R(CLEAR_AFTER_ACCEPT,     "5", STARTTLS_RFC)                                                \
    R(TLS_BLOCKED,            "5", STARTTLS_RFC)                                                \
    R(ACCEPTED_WITHOUT_OFFER, "5", STARTTLS_RFC)                                                \
    R(OFFER_WITHDRAWN,        "5", STARTTLS_RFC)                                                \
    R(FORGED_REPLY,           "5", "RFC 791 3.2, RFC 8200 3")                                   \
    R(HELLO_REFUSED,          "5", "RFC 5321 3.2, RFC 5321 4.1.1.1")                            \
    R(MASKED_GREETING,        "5", "RFC 5321 3.1, RFC 5321 4.2")

#define INCIDENT_REFERENCES(R)                                                                  \
    R(COMMAND_INJECTION,     "5", STARTTLS_RFC)                                                 \
    R(RESPONSE_INJECTION,    "5", STARTTLS_RFC)                                                 \
    R(CREDENTIAL_BEFORE_TLS, "4", "RFC 8314 3")                                                 \
    R(DECRYPTED_MIRROR,      "5", "")                                                           \
    R(PREAUTH,               "5", "RFC 9051 7.1.4")                                             \
    R(REFERRAL_BEFORE_TLS,   "5", "RFC 2221, RFC 2193")                                         \
    R(PLAINTEXT_ON_TLS_PORT, "5", "RFC 8314 3")                                                 \
    R(TLS_DOWNGRADE,         "3", "RFC 8446 4.1.3")                                             \
    R(DEPRECATED_TLS,        "5", "RFC 8996")                                                   \
    R(NULL_ENCRYPTION,       "3", "RFC 9325 4.1")                                               \
    R(EXPIRED_CERTIFICATE,   "5", "RFC 5280 4.1.2.5")

struct reference evidence_reference(enum evidence, enum protocol);
struct reference incident_reference(enum incident_bit, enum protocol);
/* Of the command by which a protocol upgrades: "RFC 3207 4"; "" for none. */
const char *starttls_rfc(enum protocol);

#endif
