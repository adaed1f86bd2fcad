/* What servers call themselves in clear, told once for each server, name and day, so that nothing of it is kept with a
 * session. It remembers a few thousand by a hash: one place for each, taken over by who comes next, so an enemy gains
 * nothing but that a name is told with each session. */
#ifndef MAILSEAL_DIALOGUE_SERVER_NAMES_H
#define MAILSEAL_DIALOGUE_SERVER_NAMES_H

#include "base/bytes.h"
#include "base/hash.h"
#include "facts/session.h"

enum { SERVER_NAME_PLACES = 2048 };

struct server_names {
    /* Told of each one that is not among those remembered, so of some more than once. May be NULL. */
    void (*met)(void *ctx, const struct server_name *);
    void *ctx;
    struct hash_key key;
    uint64_t place[SERVER_NAME_PLACES]; /* 0: free */
};

/* s: of which only its ends are asked. word: any bytes; what is no name of a host is passed over. ns: packet time. */
void server_names_meet(struct server_names *, const struct session_core *s, enum name_source, struct span word, uint64_t ns);
/* Whether the same would tell of one now, whatever its source. */
bool server_names_would_tell(struct server_names *, const struct session_core *s, struct span word, uint64_t ns);
/* All are new again. */
void server_names_forget(struct server_names *);

#endif
