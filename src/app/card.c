#include "app/card.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A number of the interface's folder in sysfs; 0: there is none. */
static uint64_t number_of(const char *name, const char *file)
{
    char path[128], text[32] = "";
    unsigned long long n = 0;
    snprintf(path, sizeof path, "/sys/class/net/%s/%s", name, file);
    FILE *f = fopen(path, "re");
    if (!f)
        return 0;
    if (!fgets(text, sizeof text, f) || sscanf(text, strncmp(text, "0x", 2) == 0 ? "%llx" : "%llu", &n) != 1)
        n = 0;
    fclose(f);
    return n;
}

static bool ask(int fd, const char *name, void *what)
{
    struct ifreq request = { .ifr_data = what };
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    return ioctl(fd, SIOCETHTOOL, &request) == 0;
}

static uint32_t value_of(int fd, const char *name, uint32_t command)
{
    struct ethtool_value v = { .cmd = command };
    return ask(fd, name, &v) ? v.data : 0;
}

void card_look(const char *name, struct card *c)
{
    struct ifreq request = { .ifr_flags = 0 };
    struct ethtool_ringparam ring = { .cmd = ETHTOOL_GRINGPARAM };
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    memset(c, 0, sizeof *c);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    c->there = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0;
    if (c->there) {
        c->up = request.ifr_flags & IFF_UP;
        c->promiscuous = number_of(name, "flags") & IFF_PROMISC;        /* the ioctl knows only of what ip(8) set */
        c->gro = value_of(fd, name, ETHTOOL_GGRO);
        c->lro = value_of(fd, name, ETHTOOL_GFLAGS) & ETH_FLAG_LRO;
        if (ask(fd, name, &ring)) {
            c->ring = ring.rx_pending;
            c->ring_most = ring.rx_max_pending;
        }
        c->missed = number_of(name, "statistics/rx_missed_errors") + number_of(name, "statistics/rx_fifo_errors");
        c->errors = number_of(name, "statistics/rx_errors");
    }
    if (fd >= 0)
        close(fd);
}
