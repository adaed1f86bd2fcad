/* What others know of stored names and addresses, put beside them: registrable domains, networks, autonomous systems,
 * countries. */
#ifndef MAILSEAL_STORE_ENRICH_H
#define MAILSEAL_STORE_ENRICH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/endpoint.h"
#include "store/store.h"

enum { ENRICH_TEXT = 256, ENRICH_COUNTRY = 3 };

struct enrich_place {
    struct network network;             /* that holds the address */
    uint32_t asn;
    char name[ENRICH_TEXT];             /* of the autonomous system; "": not known */
};

/* Who knows it; NULL: nobody, and what is stored of that stays. False: there is nothing to know. */
struct enrich_with {
    bool (*domain)(void *ctx, const char *name, char out[ENRICH_TEXT]);
    bool (*place)(void *ctx, const uint8_t addr[16], struct enrich_place *out);
    bool (*country)(void *ctx, const uint8_t addr[16], char out[ENRICH_COUNTRY]);  /* "" where false */
    void *ctx;
};

struct enrich_done {
    uint64_t names, domains, domains_changed;   /* looked at; with a domain; written */
    uint64_t addresses, placed, places_changed;
    uint64_t looked_for, located, countries_changed;   /* addresses; with a country */
    uint64_t servers_changed;           /* whose domain was written */
};

/* Of an own database that is there, in transactions of some milliseconds, so that a sensor can go on; done again it writes
 * what has changed and nothing else. Pseudonyms have no place: with `place` or `country` a database of them is refused. 0, or a status
 * of <sysexits.h> and one sentence. */
int enrich(const char *path, const struct enrich_with *, struct enrich_done *, char error[STORE_ERROR]);

#endif
