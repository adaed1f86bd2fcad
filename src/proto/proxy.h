/* The header that a balancer sends in front of a connection which it passes on, so that the server
 * learns whose it is: the PROXY protocol, versions 1 and 2 (HAProxy's doc/proxy-protocol.txt,
 * sections 2.1 and 2.2). */
#ifndef MAILSEAL_PROTO_PROXY_H
#define MAILSEAL_PROTO_PROXY_H

#include "base/endpoint.h"
#include "proto/proto.h"

enum { PROXY_LINE_MAX = 107, PROXY_SURE = 5 };      /* bytes: of a line of version 1; see proxy_could_begin() */

struct proxy_header {
    bool addresses;                     /* false: UNKNOWN, LOCAL, or addresses of no TCP connection */
    struct endpoint source, destination;        /* mean something with addresses */
    uint32_t rest;                      /* bytes of the header behind those used, up to 65535: to be skipped */
};

/* Reads as far as the addresses go. What a server would refuse is PARSE_BAD. */
long proxy_parse(struct span in, struct proxy_header *out);

/* Whether the bytes are a header or the beginning of one, and enough of it to be nothing of mail or TLS. */
bool proxy_could_begin(struct span in);

#endif
