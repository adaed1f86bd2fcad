/* links: base/pool.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/pool.h"

enum { MANY = 4096 };

static void a_block_has_the_room_it_says(void **state)
{
    struct pool *p = pool_new(16 << 20);
    (void)state;
    for (size_t n = 1; n <= POOL_LARGEST; n = n * 5 / 4 + 1) {
        assert_true(pool_room(n) >= n);
        assert_true(pool_room(n) < 2 * n + 64);
        uint8_t *block = pool_get(p, n);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % _Alignof(max_align_t), 0);
        memset(block, 0xaa, n);
        pool_put(p, block, n);
    }
    pool_free(p);
}

/* Every size that shares a class gets the same room, so a block may be asked for by its room. */
static void room_of_room_is_room(void **state)
{
    (void)state;
    for (size_t n = 1; n <= POOL_LARGEST; n++)
        assert_int_equal(pool_room(pool_room(n)), pool_room(n));
    assert_int_equal(pool_room(POOL_LARGEST), POOL_LARGEST);
}

static void the_budget_is_never_exceeded(void **state)
{
    static const size_t sizes[] = { 1, 64, 65, 1000, 4096, 32768, POOL_LARGEST };
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t budget = 1 << 20, got = 0;
        struct pool *p = pool_new(budget);
        void *block[MANY * 4 + 1];
        while (got < MANY * 4 && (block[got] = pool_get(p, sizes[i])))
            got++;
        assert_true(got > 0);
        assert_true(got * pool_room(sizes[i]) <= budget);
        assert_true(got * pool_room(sizes[i]) >= budget / 2 || got == MANY * 4);
        assert_null(got < MANY * 4 ? pool_get(p, sizes[i]) : NULL);
        /* What was given back can be had again, and not more. */
        for (size_t k = 0; k < got; k++)
            pool_put(p, block[k], sizes[i]);
        for (size_t k = 0; k < got; k++)
            assert_non_null(block[k] = pool_get(p, sizes[i]));
        for (size_t k = 0; k < got; k++)
            pool_put(p, block[k], sizes[i]);
        pool_free(p);
    }
}

static void blocks_do_not_overlap(void **state)
{
    struct pool *p = pool_new(4 << 20);
    uint8_t *block[MANY];
    size_t size[MANY];
    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        size[i] = 1 + i * 7919 % 700;
        assert_non_null(block[i] = pool_get(p, size[i]));
        memset(block[i], (int)(i & 0xff), size[i]);
    }
    for (size_t i = 0; i < MANY; i++) {
        for (size_t k = 0; k < size[i]; k++)
            assert_int_equal(block[i][k], i & 0xff);
        pool_put(p, block[i], size[i]);
    }
    pool_free(p);
}

/* What blocks of one size held serves any other size once all of them were given back. */
static void memory_goes_from_size_to_size(void **state)
{
    static const size_t sizes[] = { 300, 65536, 64, 2048, 9000, 300 };
    struct pool *p = pool_new(2 << 20);
    static void *block[MANY * 8];
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t got = 0;
        while (got < MANY * 8 && (block[got] = pool_get(p, sizes[i])))
            got++;
        assert_true(got * pool_room(sizes[i]) >= 1 << 20);
        for (size_t k = 0; k < got; k++)
            pool_put(p, block[k], sizes[i]);
    }
    pool_free(p);
}

/* Blocks taken and given back at random, of all sizes: content stays what it was. */
static void any_order(void **state)
{
    enum { SLOTS = 500 };
    struct pool *p = pool_new(4 << 20);
    struct {
        uint8_t *block;
        size_t n;
        uint8_t fill;
    } slot[SLOTS] = { 0 };
    uint32_t seed = 1;
    (void)state;
    for (unsigned round = 0; round < 50000; round++) {
        seed = seed * 1664525 + 1013904223;
        unsigned i = (seed >> 8) % SLOTS;
        if (slot[i].block) {
            for (size_t k = 0; k < slot[i].n; k += 1 + slot[i].n / 16)
                assert_int_equal(slot[i].block[k], slot[i].fill);
            pool_put(p, slot[i].block, slot[i].n);
            slot[i].block = NULL;
        } else {
            slot[i].n = 1 + (seed >> 16) % (seed & 1 ? 300 : 20000);
            slot[i].fill = (uint8_t)round;
            if ((slot[i].block = pool_get(p, slot[i].n)))
                memset(slot[i].block, slot[i].fill, slot[i].n);
        }
    }
    for (unsigned i = 0; i < SLOTS; i++)
        if (slot[i].block)
            pool_put(p, slot[i].block, slot[i].n);
    pool_free(p);
}

static void too_small_a_budget_gives_nothing(void **state)
{
    struct pool *p = pool_new(32);
    (void)state;
    assert_null(pool_get(p, 64));
    pool_put(p, NULL, 64);
    pool_free(p);
    pool_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_has_the_room_it_says),
        cmocka_unit_test(room_of_room_is_room),
        cmocka_unit_test(the_budget_is_never_exceeded),
        cmocka_unit_test(blocks_do_not_overlap),
        cmocka_unit_test(memory_goes_from_size_to_size),
        cmocka_unit_test(any_order),
        cmocka_unit_test(too_small_a_budget_gives_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
