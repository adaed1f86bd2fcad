#include "app/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static uint64_t number_of(const char *name)
{
    const char *text = getenv(name);
    return text && *text >= '0' && *text <= '9' ? strtoull(text, NULL, 10) : 0;
}

int notify_open(uint64_t *watchdog_ns)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    const char *path = getenv("NOTIFY_SOCKET");
    uint64_t watched = number_of("WATCHDOG_PID");
    size_t n = path ? strlen(path) : 0;

    *watchdog_ns = 0;
    if (n < 2 || n > sizeof to.sun_path || (*path != '/' && *path != '@'))
        return -1;
    memcpy(to.sun_path, path, n);
    if (*path == '@')                   /* an abstract name */
        to.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) != 0) {
        close(fd);
        return -1;
    }
    if (!watched || watched == (uint64_t)getpid())
        *watchdog_ns = number_of("WATCHDOG_USEC") * 1000;
    return fd;
}

void notify_send(int fd, const char *text)
{
    if (fd >= 0)
        (void)!send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
}
