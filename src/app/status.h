/* What the parent of the sensor tells the service manager: that it is ready, that it lives, how the last minute was. */
#ifndef MAILSEAL_APP_STATUS_H
#define MAILSEAL_APP_STATUS_H

#include "app/sensor.h"

enum { STATUS_STEPS = 12 };             /* of the last minute, five seconds each */

struct status_figures {
    uint64_t decided, encrypted;        /* the headline: section 6 of doc/measurement.md */
    uint64_t packets, dropped;
};

struct status {
    int fd;                             /* of notify_open() */
    uint64_t watchdog_ns, fed_ns, stepped_ns;
    uint64_t beats[2];                  /* of parser and writer, when the watchdog was fed */
    struct status_figures step[STATUS_STEPS];   /* a ring: sums as they were */
    unsigned steps;
    bool ready;
};

void status_open(struct status *);
void status_close(struct status *);     /* of a child: it is not its business */
/* To be called again and again. The watchdog is fed when both have got on since it was fed last. */
void status_look(struct status *, const struct sensor *);
void status_stopping(struct status *);

/* What systemctl shows. */
enum { STATUS_TEXT = 200 };
void status_text(const struct status_figures *minute, bool trouble, char out[STATUS_TEXT]);

#endif
