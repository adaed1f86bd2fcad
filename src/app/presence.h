/* What the parent of a sensor says of its beginning: what it listens on, and that packets come, or do not. */
#ifndef MAILSEAL_APP_PRESENCE_H
#define MAILSEAL_APP_PRESENCE_H

#include "app/sensor.h"

struct presence {
    bool silent;                        /* a stream that is no terminal's matter: nothing is said */
    bool ready, seen, missed;           /* was said */
    uint64_t ready_ns;
};

void presence_begin(struct presence *, const struct sensor *);
/* To be called again and again. */
void presence_look(struct presence *, const struct sensor *);

#endif
