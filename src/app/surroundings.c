#include "app/surroundings.h"

#include <errno.h>
#include <net/if.h>
#include <pwd.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

static unsigned warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_line(LOG_LEVEL_WARNING, format, args);
    va_end(args);
    return 1;
}

static unsigned check_links(const struct sensor *s)
{
    unsigned n = 0;
    for (unsigned i = 0; !s->from_stdin && i < s->nlinks; i++)
        if (!if_nametoindex(s->link[i]))
            n += warn("interface: %s is not there on this machine; 'ip link' lists those that are", s->link[i]);
    return n;
}

/* Root may write everywhere: the writer becomes who owns the folder. */
static unsigned check_folder(const char *setting, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return warn("%s: the folder %s cannot be found on this machine: %s", setting, path, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return warn("%s: %s is no folder", setting, path);
    if (access(path, W_OK | X_OK) != 0)
        return warn("%s: the folder %s may not be written in by who asks: %s", setting, path, strerror(errno));
    return 0;
}

static unsigned check_file(const char *setting, const char *path)
{
    char folder[FOLDER_TEXT];
    return path && *path == '/' ? check_folder(setting, folder_of(path, folder)) : 0;
}

/* One that is not there is made. */
static unsigned check_evidence(const char *path)
{
    struct stat st;
    if (!path || *path != '/')
        return 0;
    return stat(path, &st) == 0 ? check_folder("write", path) : check_file("write", path);
}

unsigned surroundings_check(const struct sensor *s)
{
    unsigned n = check_links(s);
    if (s->user && !getpwnam(s->user))
        n += warn("user: %s is no user of this machine", s->user);
    n += check_file("db", s->db);
    n += check_file("address-key", s->address_key);
    return n + check_evidence(s->evidence.folder);
}
