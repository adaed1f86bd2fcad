/* What both ends of SMTP or LMTP call themselves (RFC 5321 section 4.1.1.1), and what may be told of it (doc/measurement.md
 * section 4): of a client its kind, of a server its name where it is not the client's. */
#ifndef MAILSEAL_DIALOGUE_HELLO_NAMES_H
#define MAILSEAL_DIALOGUE_HELLO_NAMES_H

#include "dialogue/dialogue.h"

/* arg: of EHLO, HELO or LHLO. */
void client_is_called(struct dialogue *, struct span arg);
/* text: of a greeting of 220, its first line, whole. Its name is held back. */
void server_greets(struct dialogue *, struct span text);
/* It has answered as a mail server only does: what was held back is told. */
void server_is_mail(struct dialogue *);
/* Or it never came to that, and everything was read: the greeting must do. */
void server_leaves(struct dialogue *);
/* name: the first word of what answers EHLO or LHLO. */
void server_answers_hello(struct dialogue *, struct span name);

#endif
