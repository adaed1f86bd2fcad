/* Whether captured packets are good enough to be measured: what a mirror port, a network card or a capture program gets
 * wrong. It counts, and says what it found; connections and packets are told apart in tables of fixed size. */
#ifndef MAILSEAL_APP_CHECKUP_H
#define MAILSEAL_APP_CHECKUP_H

#include "app/ports.h"
#include "capture/capture.h"

struct checkup;

struct checkup *checkup_new(const struct port_table *);        /* borrowed; NULL: no memory */
void checkup_free(struct checkup *);
void checkup_packet(struct checkup *, const struct packet *);

enum health { HEALTH_GOOD, HEALTH_NOTE, HEALTH_BAD };

/* One thing that was looked at: its name, a sentence, and what mends it (NULL: nothing need be). */
typedef void checkup_say(void *ctx, enum health, const char *what, const char *sentence, const char *mend);

/* A command in which the interface stands for "IF", if it is known. */
void mend_with(const char *mend, const char *interface, char *out, size_t room);

/* interface: its name, for the commands that mend it; NULL: it was a file. */
void checkup_report(const struct checkup *, const char *interface, checkup_say *, void *ctx);

#endif
