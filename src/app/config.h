/* A configuration file: lines "name = value", where the names are those of a command's long options and flags have the
 * values yes and no. Empty lines, those that begin with # or ;, and "[monitor]" mean nothing. */
#ifndef MAILSEAL_APP_CONFIG_H
#define MAILSEAL_APP_CONFIG_H

#include <getopt.h>

#include "app/command.h"

#define CONFIG_DEFAULT "/etc/mailseal.conf"

enum { CONFIG_ROOM = 64 * 1024 };       /* bytes of the largest file */

struct config {
    const struct option *options;       /* of the command; "config" and "help" among them are none for a file */
    /* One setting; value is NULL for a flag. Complains, and gives a status, if it is none. */
    int (*take)(void *ctx, int option, const char *value);
    void *ctx;
    unsigned n;                         /* out: settings that were taken */
    char text[CONFIG_ROOM + 1];         /* out: where the values lie */
};

/* Takes all that is good and complains of each line that is not, by its number. 0; 66: it cannot be read;
 * 78: something in it is wrong. */
int config_read(struct config *, const char *path);

#endif
