/* links: base/hash.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* By another implementation, CPython's hash() of bytes with PYTHONHASHSEED=0: key zero, input 00 01 … n-1;
 * as a little-endian machine reads them. */
static const struct {
    size_t n;
    uint64_t hash;
} vectors[] = {
    { 1, 0x68a914128e01e473 },  { 2, 0x010bac45c41e3669 },  { 3, 0x4d4c9a4a8ef6e0ad },  { 7, 0x2f098ab0c751325a },
    { 8, 0xead411e67ebe2eea },  { 15, 0xf30eb725bb91c9ea }, { 36, 0xac77921fcc642bd3 }, { 63, 0x385d3e39e5f37359 },
};

static void reference_vectors(void **state)
{
    const struct hash_key key = { { 0, 0 } };
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint8_t *exact = malloc(vectors[i].n);
        for (size_t b = 0; b < vectors[i].n; b++)
            exact[b] = (uint8_t)b;
        assert_true(hash_bytes(&key, exact, vectors[i].n) == vectors[i].hash);
        free(exact);
    }
}

/* Ports that count up fill a table evenly: no bucket of 256 gets more than three times its share. */
static void counting_keys_spread(void **state)
{
    struct hash_key key = { { 1, 2 } };
    unsigned bucket[256] = { 0 };
    (void)state;
    for (uint32_t i = 0; i < 65536; i++)
        bucket[hash_bytes(&key, &i, sizeof i) & 255]++;
    for (size_t i = 0; i < 256; i++)
        assert_in_range(bucket[i], 128, 768);
}

static void another_key_another_hash(void **state)
{
    struct hash_key a = { { 1, 2 } }, b = { { 1, 3 } };
    (void)state;
    assert_true(hash_bytes(&a, "mail", 4) != hash_bytes(&b, "mail", 4));
}

/* The words of connections that differ in the last one only, or in the first: both halves tell them apart, and so do
 * another seed and each word. */
static void words_spread(void **state)
{
    const struct hash_key seed = { { 1, 2 } }, another = { { 1, 3 } };
    struct hash_words_key key = hash_words_key(&seed), other = hash_words_key(&another);
    uint32_t word[HASH_WORDS] = { 0 };
    (void)state;
    for (size_t which = 0; which < HASH_WORDS; which++) {
        unsigned low[256] = { 0 }, high[256] = { 0 };
        for (uint32_t i = 0; i < 65536; i++) {
            word[which] = i;
            uint64_t hash = hash_words(&key, word, HASH_WORDS);
            low[hash & 255]++;
            high[hash >> 56]++;
        }
        assert_true(hash_words(&key, word, HASH_WORDS) != hash_words(&other, word, HASH_WORDS));
        for (size_t i = 0; i < 256; i++) {
            assert_in_range(low[i], 64, 768);
            assert_in_range(high[i], 64, 768);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_vectors),
        cmocka_unit_test(counting_keys_spread),
        cmocka_unit_test(another_key_another_hash),
        cmocka_unit_test(words_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
