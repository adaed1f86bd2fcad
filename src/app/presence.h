/* What the parent of a sensor says of its beginning: what it listens on, and that packets come, or do not. */
#ifndef MAILSEAL_APP_PRESENCE_H
#define MAILSEAL_APP_PRESENCE_H

#include "app/sensor.h"

enum { PRESENCE_LINE = 1024 };

struct presence {
    bool silent;                        /* a stream that is no terminal's matter: nothing is said */
    bool ready, seen, missed;           /* was said */
    uint64_t ready_ns;
    char line[PRESENCE_LINE];
};

void presence_begin(struct presence *, const struct sensor *);
/* To be called again and again, at times of a clock that nobody sets: a line that is to be said now, valid until the next
 * call. NULL: there is none, or no more. */
const char *presence_look(struct presence *, const struct sensor *, uint64_t now_ns);

#endif
