/* Networks, who announces them and in which country they are, out of a MaxMind DB file (its specification 2.0): own reader, since libmaxminddb
 * (1.7.1) follows nested values as deep as they go, and dies of a file made for it. */
#ifndef MAILSEAL_LOOKUP_MMDB_H
#define MAILSEAL_LOOKUP_MMDB_H

#include <stdbool.h>
#include <stdint.h>

enum { MMDB_NAME = 96, MMDB_COUNTRY = 3 };

struct mmdb;

struct mmdb_answer {
    uint32_t asn;                       /* number of the autonomous system; 0: not known */
    char name[MMDB_NAME];               /* its name, UTF-8 without control characters; "": not known */
    uint8_t bits;                       /* the network of the address, as network.bits in base/endpoint.h */
};

/* Reads a file. NULL: *why is what is wrong with it, as the end of a sentence. */
struct mmdb *mmdb_open(const char *path, const char **why);
void mmdb_close(struct mmdb *);         /* NULL is allowed */

/* Its number is called autonomous_system_number, or asn, which may be "AS64500"; its name autonomous_system_organization,
 * as_name or name. False: nothing is known of this address, or what is there is damaged. */
bool mmdb_find(const struct mmdb *, const uint8_t addr[16], struct mmdb_answer *);

/* The country of an address, two capital letters (ISO 3166-1): country.iso_code, where there is none that it is registered
 * in (registered_country.iso_code), else country_code. False: "", it is not known. */
bool mmdb_country(const struct mmdb *, const uint8_t addr[16], char out[MMDB_COUNTRY]);

#endif
