#include "base/hash.h"

#include <string.h>
#include <sys/random.h>

struct hash_key hash_key_random(void)
{
    struct hash_key key;
    if (getrandom(&key, sizeof key, 0) != (ssize_t)sizeof key)
        key = (struct hash_key){ { (uint64_t)(uintptr_t)&key, (uint64_t)(uintptr_t)hash_bytes } };
    return key;
}

struct sip {
    uint64_t a, b, c, d;
};

static inline uint64_t rotate(uint64_t x, unsigned by) { return x << by | x >> (64 - by); }

static inline struct sip sip_round(struct sip v)
{
    v.a += v.b; v.b = rotate(v.b, 13) ^ v.a; v.a = rotate(v.a, 32);
    v.c += v.d; v.d = rotate(v.d, 16) ^ v.c;
    v.a += v.d; v.d = rotate(v.d, 21) ^ v.a;
    v.c += v.b; v.b = rotate(v.b, 17) ^ v.c; v.c = rotate(v.c, 32);
    return v;
}

/* The byte order of the machine is taken as it is: a hash is never stored or sent. */
static inline struct sip absorb(struct sip v, uint64_t word)
{
    v.d ^= word;
    v = sip_round(v);
    v.a ^= word;
    return v;
}

uint64_t hash_bytes(const struct hash_key *key, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint64_t word;
    struct sip v = { 0x736f6d6570736575 ^ key->k[0], 0x646f72616e646f6d ^ key->k[1],
                     0x6c7967656e657261 ^ key->k[0], 0x7465646279746573 ^ key->k[1] };
    size_t left = n;

    for (; left >= 8; left -= 8, p += 8) {
        memcpy(&word, p, 8);
        v = absorb(v, word);
    }
    word = 0;
    memcpy(&word, p, left);
    v = absorb(v, word | (uint64_t)n << 56);
    v.c ^= 0xff;
    v = sip_round(sip_round(sip_round(v)));
    return v.a ^ v.b ^ v.c ^ v.d;
}

struct hash_words_key hash_words_key(const struct hash_key *seed)
{
    struct hash_words_key key;
    for (uint32_t i = 0; i < 2 * (HASH_WORDS + 1); i++)
        key.k[i / (HASH_WORDS + 1)][i % (HASH_WORDS + 1)] = hash_bytes(seed, &i, sizeof i);
    return key;
}
