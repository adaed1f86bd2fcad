/* Which port speaks which mail protocol, and on which TLS comes first. */
#ifndef MAILSEAL_APP_PORTS_H
#define MAILSEAL_APP_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "facts/vocabulary.h"

struct port_table {
    uint8_t service[65536];             /* enum protocol, and PORT_TLS; 0: no mail port */
};
enum { PORT_TLS = 0x80, PORT_NEVER = 0x40 };    /* PORT_NEVER: registered for something else, never looked at */

void ports_default(struct port_table *);
/* "2526:smtp,9993:imap:tls"; with "=" in front the ports known so far are forgotten. False:
 * *error is one sentence. */
bool ports_parse(struct port_table *, const char *text, char *error, size_t error_size);

static inline bool port_is_mail(const struct port_table *t, uint16_t port)
{
    return (t->service[port] & 0x3f) != PROTOCOL_UNKNOWN;
}
static inline bool port_is_tls(const struct port_table *t, uint16_t port)
{
    return t->service[port] & PORT_TLS;
}
static inline bool port_is_never(const struct port_table *t, uint16_t port)
{
    return t->service[port] & PORT_NEVER;
}
static inline enum protocol port_protocol(const struct port_table *t, uint16_t port)
{
    return (enum protocol)(t->service[port] & 0x3f);
}

#endif
