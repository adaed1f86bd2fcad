/* mailseal doctor: what it found, and how it says so. */
#ifndef MAILSEAL_APP_DOCTOR_H
#define MAILSEAL_APP_DOCTOR_H

#include "app/checkup.h"

struct doctor {
    struct port_table ports;
    const char *interface;              /* for the commands; NULL: a file */
    unsigned found[HEALTH_BAD + 1];
};

checkup_say doctor_tell;                /* ctx: the doctor; one line, or two, to standard output */

/* Looks at an interface for so many seconds, and at what the sensor would need beside it; db: its database.
 * 0, or a status and its sentence was said; the doctor is in memory shared with processes forked from this one. */
int doctor_interface(struct doctor *, const char *interface, unsigned seconds, const char *db);

#endif
