/* How a process of the sensor gives up what it does not need. Each step in order, in one function. */
#ifndef MAILSEAL_APP_RIGHTS_H
#define MAILSEAL_APP_RIGHTS_H

#include <stdbool.h>
#include <sys/types.h>

enum { RIGHTS_ERROR = 200 };

enum rights_role {
    RIGHTS_PARSER,                      /* reads and writes what is open, takes memory, has threads: nothing else */
    RIGHTS_WRITER,                      /* beside that, files of one folder, or two */
    RIGHTS_PARENT                       /* opens captures and starts processes; of a root's capabilities keeps those for it */
};

struct rights {
    enum rights_role role;
    uid_t uid;                          /* of whom it becomes when it is root; 0: it stays who it is */
    gid_t gid;
    const char *folder, *also;          /* of the writer; also: another one, or NULL */
};

/* Whom a process that has no rights becomes: this user, or for NULL mailseal's own, or nobody. False: there is none that
 * is not root. Who is not root stays who it is: both become 0. */
bool rights_find_user(const char *name, uid_t *, gid_t *);

/* False: a step failed, and `why` is one sentence; the process must end. What the kernel does not have (Landlock, a
 * system-call filter for this machine) is left out. */
bool rights_drop(const struct rights *, char why[RIGHTS_ERROR]);

#endif
