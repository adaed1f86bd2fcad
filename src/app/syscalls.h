/* The system calls that a process of the sensor may still make. */
#ifndef MAILSEAL_APP_SYSCALLS_H
#define MAILSEAL_APP_SYSCALLS_H

#include <stdbool.h>

/* From now on, and in threads that are started later, all others fail with EPERM. files: those on files are allowed,
 * too. No new privileges must have been promised. False: errno says why. On machines whose numbers are not known here,
 * and under the sanitizers, nothing is done. */
bool syscalls_restrict(bool files);

#endif
