/* Which protocol the first words of a side belong to. */
#ifndef MAILSEAL_DIALOGUE_FIRST_H
#define MAILSEAL_DIALOGUE_FIRST_H

#include "dialogue/dialogue.h"

enum first_words {
    FIRST_MORE,                         /* too few bytes to tell */
    FIRST_MAIL,                         /* *dialect was set */
    FIRST_FOREIGN,                      /* another protocol that is known by its words */
    FIRST_NOISE                         /* nothing known */
};

/* dir: who speaks. expected: what the port or the other side suggests, or PROTOCOL_UNKNOWN. */
enum first_words first_words(unsigned dir, struct span in, enum protocol expected, const struct dialect **);

/* HTTP, SSH, RPC, SOCKS and the like, told by words that no mail protocol has. */
bool first_is_foreign(struct span in);
/* The same without SOCKS, whose few bytes may be the middle of anything. */
bool first_names_foreign(struct span in);

/* Whether the beginning looks like text lines at all. */
bool first_is_text(struct span in);
/* The same of a client's: names and passwords of 8 bits may stand behind a command. */
bool first_is_text_of_client(struct span in, const struct dialect *);

const struct dialect *dialect_of(enum protocol);        /* NULL: none */

#endif
