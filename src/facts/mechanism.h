/* SASL mechanisms and the login commands that are none: what each exposes to a listener, and
 * with which message (section 4 of doc/measurement.md). */
#ifndef MAILSEAL_FACTS_MECHANISM_H
#define MAILSEAL_FACTS_MECHANISM_H

#include "base/bytes.h"
#include "facts/vocabulary.h"

/* id, IANA name, exposure, which non-empty client response is the credential (0: never).
 * NTLM is told by the type of the message, SCRAM's is the client's final one. */
#define MECHANISMS(M)                                                                   \
    M(UNKNOWN,       "unknown",       GUESSABLE, 1)                                     \
    M(NAMED,         NULL,            GUESSABLE, 1)     /* not known here, but the server offered it */ \
    M(PLAIN,         "PLAIN",         SECRET,    1)     /* RFC 4616 */                  \
    M(LOGIN,         "LOGIN",         SECRET,    2)     /* draft-murchison-sasl-login */ \
    M(XOAUTH2,       "XOAUTH2",       SECRET,    1)                                     \
    M(OAUTHBEARER,   "OAUTHBEARER",   SECRET,    1)     /* RFC 7628 */                  \
    M(CRAM_MD5,      "CRAM-MD5",      GUESSABLE, 1)     /* RFC 2195 */                  \
    M(DIGEST_MD5,    "DIGEST-MD5",    GUESSABLE, 1)     /* RFC 2831 */                  \
    M(NTLM,          "NTLM",          GUESSABLE, 2)                                     \
    M(SCRAM_SHA_1,        "SCRAM-SHA-1",        GUESSABLE, 2)   /* RFC 5802 */          \
    M(SCRAM_SHA_1_PLUS,   "SCRAM-SHA-1-PLUS",   GUESSABLE, 2)                           \
    M(SCRAM_SHA_256,      "SCRAM-SHA-256",      GUESSABLE, 2)   /* RFC 7677 */          \
    M(SCRAM_SHA_256_PLUS, "SCRAM-SHA-256-PLUS", GUESSABLE, 2)                           \
    M(SCRAM_SHA_512,      "SCRAM-SHA-512",      GUESSABLE, 2)                           \
    M(SCRAM_SHA_512_PLUS, "SCRAM-SHA-512-PLUS", GUESSABLE, 2)                           \
    M(OTP,           "OTP",           GUESSABLE, 1)     /* RFC 2444 */                  \
    M(SECURID,       "SECURID",       GUESSABLE, 1)     /* RFC 2808 */                  \
    M(GSSAPI,        "GSSAPI",        NONE,      0)     /* RFC 4752 */                  \
    M(EXTERNAL,      "EXTERNAL",      NONE,      0)     /* RFC 4422 A */                \
    M(ANONYMOUS,     "ANONYMOUS",     NONE,      0)     /* RFC 4505 */                  \
    M(USER,          "USER",          SECRET,    1)     /* POP3 USER and PASS, no SASL name */ \
    M(APOP,          "APOP",          GUESSABLE, 1)     /* POP3 APOP, no SASL name */

#define M(id, name, exposure, response) MECHANISM_##id,
enum mechanism { MECHANISMS(M) MECHANISM_N };
#undef M

struct mechanism_row {
    const char *name;
    enum exposure exposure;
    unsigned response;
};
extern const struct mechanism_row mechanisms[MECHANISM_N];

/* By name, any case; MECHANISM_UNKNOWN if it has no row here. Only SASL mechanisms: "USER" and
 * "APOP" are unknown names, "LOGIN" is the SASL one. */
enum mechanism mechanism_find(struct span name);
/* Whether the bytes can be a mechanism's name: 1 to 20 of A-Z 0-9 - _ (RFC 4422 3.1). */
bool mechanism_name_valid(struct span name);

#endif
