/* Whether a record that came over a socket can have been made by this program's own lanes: the far side may have
 * been taken over by the bytes it reads. Nothing is believed but the size of the memory. What is sane may be shown,
 * judged and stored; it may still be a lie. */
#ifndef MAILSEAL_FACTS_SANE_H
#define MAILSEAL_FACTS_SANE_H

#include "facts/session.h"

/* Every number within its list, every text ended and of the characters it may have, times before 2262. The number
 * of the source is the caller's to check. */
bool session_is_sane(const struct session *);
bool session_counts_are_sane(const struct session_counts *);
bool attempt_is_sane(const struct attempt *);
bool certificate_is_sane(const struct certificate *);
bool server_name_is_sane(const struct server_name *);

#endif
