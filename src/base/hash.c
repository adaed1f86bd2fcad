#include "base/hash.h"

#include <string.h>

static uint64_t rotate(uint64_t x, unsigned by) { return x << by | x >> (64 - by); }

static void sip_round(uint64_t v[4])
{
    v[0] += v[1]; v[1] = rotate(v[1], 13) ^ v[0]; v[0] = rotate(v[0], 32);
    v[2] += v[3]; v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3]; v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1]; v[1] = rotate(v[1], 17) ^ v[2]; v[2] = rotate(v[2], 32);
}

/* The byte order of the machine is taken as it is: a hash is never stored or sent. */
static void absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
}

uint64_t hash_bytes(const struct hash_key *key, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint64_t word, v[4] = { 0x736f6d6570736575 ^ key->k[0], 0x646f72616e646f6d ^ key->k[1],
                            0x6c7967656e657261 ^ key->k[0], 0x7465646279746573 ^ key->k[1] };
    size_t left = n;

    for (; left >= 8; left -= 8, p += 8) {
        memcpy(&word, p, 8);
        absorb(v, word);
    }
    word = 0;
    memcpy(&word, p, left);
    absorb(v, word | (uint64_t)n << 56);
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
