/* What the operator says of paths: which networks are local, and on which ones keeping TLS away is known and wanted. */
#ifndef MAILSEAL_APP_PATHS_H
#define MAILSEAL_APP_PATHS_H

#include <stddef.h>

#include "base/endpoint.h"
#include "facts/vocabulary.h"

enum { LOCAL_NETWORKS = 256, ALLOWED_PATHS = 64, PATHS_ERROR = 160 };

/* Section 1 of doc/measurement.md. */
struct local_networks {
    struct network net[LOCAL_NETWORKS];
    size_t n;
};

/* Section 5. A session is on it if all that is named holds. */
struct allowed_path {
    bool at_either, at_client, at_server;       /* which of the networks are named */
    uint8_t direction;                  /* enum direction; DIRECTION_UNKNOWN: any */
    struct network either, client, server;
};

struct paths {
    struct local_networks local;
    struct allowed_path allowed[ALLOWED_PATHS];
    size_t nallowed;
};

/* "192.0.2.0/24,2001:db8::/32", added to what is there. False: *bad is the item that is none. */
bool local_parse(struct local_networks *, const char *text, char bad[ADDRESS_TEXT]);
/* Items between commas, added to what is there: "192.0.2.7" (client or server), "from 10.1.0.0/16",
 * "to 203.0.113.0/24", both of these, and before or without them a direction: "outbound from 10.1.0.0/16".
 * False: why, in one sentence. */
bool allow_parse(struct paths *, const char *text, char error[PATHS_ERROR]);
/* Whether they can be met at all: without local networks no session has a direction. False: why. */
bool paths_check(const struct paths *, char error[PATHS_ERROR]);

/* Whether a network of them is narrower than a /24 or /48, so that truncated addresses do not tell who is in it. */
bool paths_are_narrow(const struct paths *);

enum direction direction_of(const struct local_networks *, const struct endpoint *client, const struct endpoint *server);
bool path_is_allowed(const struct paths *, enum direction, const struct endpoint *client, const struct endpoint *server);

#endif
