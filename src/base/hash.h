/* SipHash-1-3 (Aumasson and Bernstein, 2012; the variant for hash tables): a hash that an enemy who
 * picks addresses and ports cannot make collide without the key. */
#ifndef MAILSEAL_BASE_HASH_H
#define MAILSEAL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
    uint64_t k[2];
};

/* A key that nobody else knows, as far as the system has one. */
struct hash_key hash_key_random(void);

uint64_t hash_bytes(const struct hash_key *, const void *bytes, size_t n);

#endif
