/* Which kind of program a client is, by what it calls itself in clear. Of the name nothing is kept but a word of the
 * vocabulary: it often is that of a person's machine. */
#ifndef MAILSEAL_DIALOGUE_CLIENT_NAME_H
#define MAILSEAL_DIALOGUE_CLIENT_NAME_H

#include "base/bytes.h"
#include "facts/vocabulary.h"

/* The argument of EHLO, HELO or LHLO (RFC 5321 section 4.1.1.1), without blanks. CLIENT_NAME_NONE: it is not kept. */
enum client_name client_name_of_hello(struct span name);
/* What follows ID (RFC 2971 section 3.3): the value of "name" in the list. CLIENT_NAME_NONE: NIL, no such field in this
 * line, or a literal. */
enum client_name client_name_of_id(struct span arguments);

#endif
