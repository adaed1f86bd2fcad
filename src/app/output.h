/* A file that is replaced as a whole, or not at all. */
#ifndef MAILSEAL_APP_OUTPUT_H
#define MAILSEAL_APP_OUTPUT_H

#include <limits.h>
#include <stdbool.h>

#include "report/report.h"

struct output {
    FILE *file;
    const char *path;                   /* borrowed */
    char part[PATH_MAX];                /* what is written, beside it; "": the path itself, which is no plain file */
};

/* "-" is standard output. 0, or 73 and a sentence. */
int output_open(struct output *, const char *path, char error[REPORT_ERROR]);
/* Puts the new file in the place of the old one if status is 0, else removes it. Gives status back, or 74 and a
 * sentence. */
int output_close(struct output *, int status, char error[REPORT_ERROR]);

#endif
