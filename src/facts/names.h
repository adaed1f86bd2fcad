/* Names of numbers on the wire, by the IANA registries. */
#ifndef MAILSEAL_FACTS_NAMES_H
#define MAILSEAL_FACTS_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct numbered_name {
    uint16_t number;
    const char *name;
};

/* Sorted by number. */
extern const struct numbered_name tls_cipher_names[];
extern const size_t tls_cipher_names_n;
extern const struct numbered_name tls_group_names[];
extern const size_t tls_group_names_n;
extern const struct numbered_name tls_version_names[];  /* "SSLv2", "SSLv3", "TLSv1.0" … "TLSv1.3" */
extern const size_t tls_version_names_n;

/* NULL when the number has no name here; show it as 0x1234 then. */
const char *tls_cipher_name(uint16_t);
bool tls_group_is_pq(uint16_t);

#endif
