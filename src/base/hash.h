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

/* Multilinear hashing of a few words (Lemire and Kaser 2014, "Strongly universal string hashing is fast"): each half of
 * the result is strongly universal, so that who does not see results makes words collide with a chance of 2^-32 only.
 * A tenth of the work of hash_bytes(), for what is done with every packet. */
enum { HASH_WORDS = 9 };
struct hash_words_key {
    uint64_t k[2][HASH_WORDS + 1];
};
/* The same seed gives the same key. */
struct hash_words_key hash_words_key(const struct hash_key *seed);
/* n: at most HASH_WORDS. Only inputs of the same length are told apart. */
static inline uint64_t hash_words(const struct hash_words_key *key, const uint32_t *word, size_t n)
{
    uint64_t a = key->k[0][0], b = key->k[1][0];
    for (size_t i = 0; i < n; i++) {
        a += key->k[0][i + 1] * word[i];
        b += key->k[1][i + 1] * word[i];
    }
    return (a & UINT64_C(0xffffffff00000000)) | b >> 32;
}

#endif
