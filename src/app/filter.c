#include "app/filter.h"

#include <stdarg.h>
#include <stdio.h>

enum { RANGES = 100 };                  /* more would not fit into a program for the kernel */

struct text {
    char *at;
    size_t n, room;
};

static void add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(t->at + t->n, t->room - t->n, format, args);
    va_end(args);
    t->n = n < 0 || (size_t)n >= t->room - t->n ? t->room - 1 : t->n + (size_t)n;
}

static void add_range(struct text *t, unsigned first, unsigned last, bool more)
{
    const char *or = more ? " or " : "";
    if (first == last)
        add(t, "%sport %u", or, first);
    else
        add(t, "%sportrange %u-%u", or, first, last);
}

/* "port 24 or portrange 109-110"; false: too many. */
static bool add_ports(struct text *t, const struct port_table *ports)
{
    unsigned n = 0;
    for (unsigned port = 1; port < 65536; port++) {
        unsigned first = port;
        if (!port_is_mail(ports, (uint16_t)port))
            continue;
        while (port < 65535 && port_is_mail(ports, (uint16_t)(port + 1)))
            port++;
        add_range(t, first, port, n > 0);
        if (++n > RANGES)
            return false;
    }
    return n > 0;
}

/* TCP of these ports; later fragments, and the first ones, of IPv4; IPv6 with extension headers, which no filter follows;
 * tunnels over IP (decode/tunnel.h), of which the kernel does not look inside. */
static bool add_ip(struct text *t, const struct port_table *ports)
{
    add(t, "(tcp and (");
    bool good = add_ports(t, ports);
    add(t, ")) or (ip and ip[6:2] & 0x3fff != 0)"
           " or (ip6 and (ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or ip6[6] = 51 or ip6[6] = 60 or ip6[6] = 135))"
           " or (ip and (ip proto 4 or ip proto 41 or ip proto 47)) or (ip6 and (ip6 proto 4 or ip6 proto 41 or ip6 proto 47))"
           " or (udp and (port 2152 or portrange 4789-4790 or port 6081 or port 8472))");
    return good;
}

/* MPLS, PPPoE, 802.1ah, Cisco's metadata, VN-tags and E-tags. */
static const char framed[] = " or ether proto 0x8847 or ether proto 0x8848 or ether proto 0x8864 or ether proto 0x88e7"
                             " or ether proto 0x8909 or ether proto 0x8926 or ether proto 0x893f";

const char *const *filters_of(const struct port_table *ports)
{
    static char ip[FILTER_TEXT], link[FILTER_TEXT + 512], tagged[3 * (FILTER_TEXT + 512) + 64];
    static const char *all[4];
    struct text t = { .at = ip, .room = sizeof ip };
    all[0] = NULL;
    if (!add_ip(&t, ports))
        return all;
    snprintf(link, sizeof link, "%s%s", ip, framed);
    snprintf(tagged, sizeof tagged, "%s or (vlan and (%s or (vlan and (%s))))", link, link, link);
    all[0] = tagged;
    all[1] = link;
    all[2] = ip;
    all[3] = NULL;
    return all;
}
