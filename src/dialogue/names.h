/* The names of a session (struct session_names) while its connection is open: one block that is as large as they
 * are, since most sessions have few of them. */
#ifndef MAILSEAL_DIALOGUE_NAMES_H
#define MAILSEAL_DIALOGUE_NAMES_H

#include "base/bytes.h"
#include "base/pool.h"
#include "facts/session.h"

/* PROXY: the bytes of its two endpoints. GREETING: of hello_names.c, while it is held back; never copied out. */
enum name { NAME_SNI, NAME_ALPN, NAME_MECHANISM, NAME_OTHERS, NAME_PROXY, NAME_GREETING, NAME_N };

struct names {
    uint8_t ja3[16], certificate[32];   /* as in struct session_names */
    char ja4[JA4_TEXT];
    uint16_t room;                      /* bytes of text[] */
    uint16_t n[NAME_N];                 /* bytes of each, one behind the other */
    uint8_t text[];
};

/* The block may move with each call that is given the place of its pointer, which is NULL while there is none. */

/* With a block from now on. NULL: there is no memory for it. */
struct names *names_make(struct names **, struct pool *);
/* False: too long for its field, or no memory; then it stays as it was. */
bool names_set(struct names **, struct pool *, enum name, struct span);
/* Behind the words that are there; one that does not fit is left out. */
void names_add(struct names **, struct pool *, enum name, struct span word);
struct span names_get(const struct names *, enum name);     /* NULL is allowed: empty */
void names_copy(const struct names *, struct session_names *out);       /* the same */
void names_drop(struct names **, struct pool *);

#endif
