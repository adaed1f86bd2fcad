#include "app/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static int cannot(const char *what, const char *path, int status, char error[REPORT_ERROR])
{
    snprintf(error, REPORT_ERROR, "%.300s cannot be %s: %s", path, what, strerror(errno));
    return status;
}

/* A device, a pipe or a link is written to as it is. */
static bool is_replaceable(const char *path)
{
    struct stat st;
    return lstat(path, &st) != 0 || S_ISREG(st.st_mode);
}

int output_open(struct output *o, const char *path, char error[REPORT_ERROR])
{
    o->path = path;
    *o->part = 0;
    o->file = stdout;
    if (strcmp(path, "-") == 0)
        return 0;
    if (is_replaceable(path)) {
        if ((size_t)snprintf(o->part, sizeof o->part, "%s.part", path) >= sizeof o->part) {
            errno = ENAMETOOLONG;
            return cannot("written", path, EX_CANTCREAT, error);
        }
        unlink(o->part);                /* what a run left that was ended */
    }
    int fd = open(*o->part ? o->part : path, O_WRONLY | O_CREAT | O_CLOEXEC | (*o->part ? O_EXCL : O_TRUNC), 0666);
    o->file = fd < 0 ? NULL : fdopen(fd, "w");
    return o->file ? 0 : cannot("written", path, EX_CANTCREAT, error);
}

int output_close(struct output *o, int status, char error[REPORT_ERROR])
{
    if (o->file == stdout)
        return status;
    if (fclose(o->file) != 0 && !status)
        status = cannot("written", o->path, EX_IOERR, error);
    if (*o->part && !status && rename(o->part, o->path) != 0)
        status = cannot("replaced", o->path, EX_IOERR, error);
    if (*o->part && status)
        unlink(o->part);
    return status;
}
