/* SMTP (RFC 5321) and LMTP (RFC 2033) on the wire: command and reply lines. */
#ifndef MAILSEAL_PROTO_SMTP_H
#define MAILSEAL_PROTO_SMTP_H

#include "proto/proto.h"

/* id, word, whether it speaks mail by itself (section 2 of doc/measurement.md) */
#define SMTP_VERBS(V)                                                                   \
    V(EHLO, "EHLO", 0) V(HELO, "HELO", 0) V(LHLO, "LHLO", 0)                            \
    V(STARTTLS, "STARTTLS", 0)          /* RFC 3207 */                                  \
    V(AUTH, "AUTH", 0)                  /* RFC 4954 */                                  \
    V(MAIL, "MAIL", 1) V(RCPT, "RCPT", 1) V(DATA, "DATA", 1)                            \
    V(BDAT, "BDAT", 1)                  /* RFC 3030 */                                  \
    V(VRFY, "VRFY", 1) V(EXPN, "EXPN", 1)                                               \
    V(ETRN, "ETRN", 1)                  /* RFC 1985 */                                  \
    V(RSET, "RSET", 0) V(NOOP, "NOOP", 0) V(HELP, "HELP", 0) V(QUIT, "QUIT", 0)         \
    V(XCLIENT, "XCLIENT", 0) V(XFORWARD, "XFORWARD", 0) V(TURN, "TURN", 0)              \
    V(XEXCH50, "XEXCH50", 0)            /* Exchange: so many bytes of its own */        \
    V(SEND, "SEND", 1) V(SOML, "SOML", 1) V(SAML, "SAML", 1)    /* RFC 821 */

#define V(id, word, mail) SMTP_##id,
enum smtp_verb { SMTP_UNKNOWN, SMTP_VERBS(V) SMTP_VERB_N };
#undef V

struct smtp_command {
    enum smtp_verb verb;
    struct span word, arg;              /* arg: behind the verb, without blanks around it */
};
/* line: without its line end. Among Exchanges X-EXPS is AUTH, and X-ANONYMOUSTLS is STARTTLS, with certificates that
 * nobody checks. */
void smtp_command_parse(struct span line, struct smtp_command *out);
bool smtp_speaks_mail(enum smtp_verb);

/* BDAT's argument: chunk-size [SP "LAST"]. False: malformed. */
bool smtp_bdat_parse(struct span arg, uint64_t *n, bool *last);

struct smtp_reply_line {
    unsigned code;                      /* 200 to 599 */
    bool last;                          /* no hyphen behind the code */
    struct span text;
};
/* RFC 5321 section 4.2. False: not a reply line. */
bool smtp_reply_parse(struct span line, struct smtp_reply_line *out);

#endif
