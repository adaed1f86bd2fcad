/* The certificates of servers that a lane has met, so that one that comes with every session is
 * read once. It remembers a few thousand: one place for each hash, taken over by who comes next,
 * so an enemy gains nothing but the reading of a certificate for each session. */
#ifndef MAILSEAL_DIALOGUE_CERTIFICATES_H
#define MAILSEAL_DIALOGUE_CERTIFICATES_H

#include "base/bytes.h"
#include "facts/session.h"

enum { CERTIFICATE_PLACES = 2048 };

struct known_certificate {
    uint8_t sha256[32];                 /* zeroes: a free place */
    int64_t not_before, not_after;
};

struct certificates {
    /* Told of each one that is not among those remembered, so of some more than once. May be NULL. */
    void (*met)(void *ctx, const struct certificate *);
    void *ctx;
    struct known_certificate place[CERTIFICATE_PLACES];
};

/* der: any bytes, which should be one certificate. s: of which only its ends are asked. NULL: they are none; else what is
 * known of it, until the next call. */
const struct known_certificate *certificates_meet(struct certificates *, struct span der, const struct session_core *s);
/* All are new again. */
void certificates_forget(struct certificates *);

#endif
