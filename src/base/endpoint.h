/* Addresses and ports. */
#ifndef MAILSEAL_BASE_ENDPOINT_H
#define MAILSEAL_BASE_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* IPv4 is kept as ::ffff:a.b.c.d, so there is one kind of address. No padding: endpoints
 * are compared and hashed as bytes. */
struct endpoint {
    uint8_t addr[16];                   /* network order */
    uint16_t port;                      /* host order */
};

static inline bool endpoint_is_v4(const struct endpoint *e)
{
    static const uint8_t prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
    return memcmp(e->addr, prefix, sizeof prefix) == 0;
}
/* <0, 0, >0 by address bytes, then port. */
int endpoint_cmp(const struct endpoint *, const struct endpoint *);
/* The address as people write it (IPv4 dotted, IPv6 by RFC 5952). */
enum { ADDRESS_TEXT = 46 };
void address_text(const uint8_t addr[16], char out[ADDRESS_TEXT]);
/* Zeroes the bits of a single host: keeps /24 of IPv4 and /48 of IPv6. */
void address_truncate(uint8_t addr[16]);
struct endpoint endpoint_address(const struct endpoint *);       /* without the port */
struct endpoint endpoint_network(const struct endpoint *);       /* and truncated */

/* A network such as 192.0.2.0/24 or 2001:db8::/32; without a length, one address. */
struct network {
    uint8_t addr[16];
    uint8_t bits;                       /* 0 to 128, counted on the 16-byte form */
};
bool network_parse(const char *text, struct network *out);
bool network_holds(const struct network *, const uint8_t addr[16]);

#endif
