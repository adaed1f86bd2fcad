/* POP3 (RFC 1939) on the wire: command and answer lines. */
#ifndef MAILSEAL_PROTO_POP3_H
#define MAILSEAL_PROTO_POP3_H

#include "proto/proto.h"

/* id, word, whether it gives access to the mailbox, whether +OK begins several lines: N(ever),
 * A(lways), B(are: only without an argument) */
#define POP3_VERBS(V)                                                                   \
    V(USER, "USER", 0, N) V(PASS, "PASS", 0, N) V(APOP, "APOP", 0, N)                   \
    V(AUTH, "AUTH", 0, B)               /* RFC 5034 */                                  \
    V(STLS, "STLS", 0, N)               /* RFC 2595 */                                  \
    V(CAPA, "CAPA", 0, A)               /* RFC 2449 */                                  \
    V(STAT, "STAT", 1, N) V(LIST, "LIST", 1, B) V(UIDL, "UIDL", 1, B)                   \
    V(RETR, "RETR", 1, A) V(TOP, "TOP", 1, A) V(DELE, "DELE", 1, N) V(LAST, "LAST", 1, N) \
    V(NOOP, "NOOP", 0, N) V(RSET, "RSET", 0, N) V(QUIT, "QUIT", 0, N)                   \
    V(UTF8, "UTF8", 0, N) V(LANG, "LANG", 0, B)     /* RFC 6856 */

#define V(id, word, mail, lines) POP3_##id,
enum pop3_verb { POP3_UNKNOWN, POP3_VERBS(V) POP3_VERB_N };
#undef V

struct pop3_command {
    enum pop3_verb verb;
    struct span word, arg;
};
void pop3_command_parse(struct span line, struct pop3_command *out);
bool pop3_speaks_mail(enum pop3_verb);
bool pop3_answers_lines(enum pop3_verb, bool has_arg);

enum pop3_status { POP3_OK, POP3_ERR, POP3_CONTINUE };
struct pop3_answer {
    enum pop3_status status;
    struct span text;
};
/* "+OK", "-ERR", or "+ challenge" (RFC 5034). False: not a status line. */
bool pop3_answer_parse(struct span line, struct pop3_answer *out);

#endif
