/* Packets from network interfaces, by libpcap. A link is opened by one process, and may be read by another one that is
 * forked from it. */
#ifndef MAILSEAL_CAPTURE_LIVE_H
#define MAILSEAL_CAPTURE_LIVE_H

#include "capture/capture.h"

struct live_options {
    uint64_t buffer;                    /* bytes of the kernel's ring, for each */
    unsigned snaplen;
    /* Filters in libpcap's language, of which the first that suits the kind of link is taken; NULL at their end. Of
     * several none suits: everything is read. One alone has to suit. */
    const char *const *filters;
};

struct live_link;

/* Whether a filter is one for some kind of link that packets of the network come from. False: a sentence says why not. */
bool live_filter_good(const char *filter, char error[CAPTURE_ERROR]);

/* NULL: *status (CAPTURE_UNREADABLE, or CAPTURE_NOT_ONE: there is no such interface, or it is down) and one sentence. */
struct live_link *live_open(const char *interface, const struct live_options *, enum capture_status *status,
                            char error[CAPTURE_ERROR]);
void live_close(struct live_link *);    /* in this process only; NULL is allowed */

/* Their packets together, in the order of time as far as that can be known within a third of a second. They belong to
 * the capture from now on. NULLs among them bring nothing. packet.link is the place in the list. It never ends but by
 * capture_stop(), and is idle when nothing has come for a fifth of a second. NULL: no memory. */
struct capture *capture_live(struct live_link *const *, unsigned n);

#endif
