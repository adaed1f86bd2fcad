/* Which protocol a connection on an unknown port speaks. It names a protocol and nothing else:
 * whether anything is encrypted or exposed is never asked of it. One per lane: nDPI keeps the
 * packet under inspection inside its module. */
#ifndef MAILSEAL_DPI_DPI_H
#define MAILSEAL_DPI_DPI_H

#include "base/bytes.h"

struct dpi;
struct dpi_flow;

enum dpi_answer {
    DPI_MORE,                           /* not known yet */
    DPI_SMTP, DPI_IMAP, DPI_POP3,       /* in clear or in TLS */
    DPI_TLS,                            /* TLS, and nothing says what is in it */
    DPI_OTHER                           /* neither */
};

/* max_flows: how many connections may be under inspection at once. NULL: no memory. */
struct dpi *dpi_new(unsigned max_flows);
void dpi_free(struct dpi *);

/* ip: a packet with payload, from its IP header on. *flow is NULL before the first packet of a
 * connection. What is not DPI_MORE is final and gives the flow's memory back, as dpi_drop() does. */
enum dpi_answer dpi_ask(struct dpi *, struct dpi_flow **flow, struct span ip, uint64_t ts_ns);
void dpi_drop(struct dpi *, struct dpi_flow **flow);

/* Such as "4.2.0", or that there is none. Valid for ever. */
const char *dpi_version(void);

#endif
