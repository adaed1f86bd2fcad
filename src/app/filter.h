/* What the kernel passes on from a network interface: packets of mail ports, fragments, and what may hold them within
 * tags and tunnels, in the language of libpcap. */
#ifndef MAILSEAL_APP_FILTER_H
#define MAILSEAL_APP_FILTER_H

#include "app/ports.h"

enum { FILTER_TEXT = 32 * 1024 };

/* Filters from the most exact to one that suits any kind of link, ended by NULL: for live_open(). Valid until the next
 * call. No filter at all, if the ports are too many for one. */
const char *const *filters_of(const struct port_table *);

#endif
