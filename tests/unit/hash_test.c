/* links: base/hash.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* Of the reference implementation (vectors.h of SipHash-2-4, 64 bits): key 00 01 … 0f, input
 * 00 01 … n-1; as a little-endian machine reads them. */
static const struct {
    size_t n;
    uint64_t hash;
} vectors[] = {
    { 0, 0x726fdb47dd0e0e31 }, { 1, 0x74f839c593dc67fd }, { 2, 0x0d6c8009d9a94f5a },  { 3,
      0x85676696d7fb7e2d },
    { 7, 0xab0200f58b01d137 }, { 8, 0x93f5f5799a932462 }, { 15, 0xa129ca6149be45e5 },
};

static void reference_vectors(void **state)
{
    const union {
        uint8_t bytes[16];
        struct hash_key key;
    } k = { { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 } };
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint8_t *exact = malloc(vectors[i].n ? vectors[i].n : 1);
        for (size_t b = 0; b < vectors[i].n; b++)
            exact[b] = (uint8_t)b;
        assert_true(hash_bytes(&k.key, exact, vectors[i].n) == vectors[i].hash);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_vectors),
        cmocka_unit_test(counting_keys_spread),
        cmocka_unit_test(another_key_another_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
