/* What two copies of the same bytes of a connection say that differ: whether one has the offer, the STARTTLS command or
 * its answer and the other has not. No honest end sends other bytes under numbers that it has used (RFC 9293 section
 * 3.4), so each of these is somebody else's; which one cannot be told. */
#ifndef MAILSEAL_DIALOGUE_COPIES_H
#define MAILSEAL_DIALOGUE_COPIES_H

#include "base/bytes.h"
#include "facts/session.h"

/* Whether one of two readings of the same lines has the offer or the command and the other has
 * not; whether one says yes and the other no. */
bool conflict_is_offer_or_command(unsigned dir, enum protocol, struct span first, struct span other);
bool conflict_is_answer(enum protocol, struct span first, struct span other);

/* The same of copies whose lengths differ, both from the same number on, which begins a line; `other` is all of a segment
 * and `first` what was read there and behind it. Whether one is the other without the offer: a line, or in IMAP a word
 * (or several of LOGINDISABLED and AUTH= with it), what is before and behind being the same; and whether both are
 * answers, one a go-ahead and the other a refusal, that end where the segments end. */
bool copies_lack_offer(enum protocol, struct span first, struct span other);
bool copies_answer_unlike(enum protocol, struct span first, struct span other);
/* Whether what the client says behind its STARTTLS command stands in the place of that: somebody took the command away. */
bool copies_lack_command(enum protocol, struct span first, struct span other);

#endif
