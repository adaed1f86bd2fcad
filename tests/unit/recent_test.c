/* links: aggregate/recent.o base/hash.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "aggregate/recent.h"

struct entry {
    uint32_t key, value;
};

static struct entry *get(struct recent *r, uint32_t key) { return recent_get(r, &key); }
static struct entry *find(struct recent *r, uint32_t key) { return recent_find(r, &key); }

static void an_entry_is_made_once(void **state)
{
    struct recent r;
    (void)state;
    assert_true(recent_open(&r, sizeof(uint32_t), sizeof(struct entry), 10));
    assert_null(find(&r, 7));
    get(&r, 7)->value = 70;
    get(&r, 8)->value = 80;
    assert_int_equal(get(&r, 7)->value, 70);
    assert_int_equal(find(&r, 8)->value, 80);
    recent_clear(&r);
    assert_null(find(&r, 7));
    assert_null(recent_next(&r, NULL));
    assert_int_equal(get(&r, 7)->value, 0);
    recent_close(&r);
}

static void the_oldest_gives_way(void **state)
{
    struct recent r;
    (void)state;
    assert_true(recent_open(&r, sizeof(uint32_t), sizeof(struct entry), 3));
    for (uint32_t i = 1; i <= 3; i++)
        get(&r, i)->value = i;
    get(&r, 1);
    find(&r, 2);                        /* to be looked at does not count */
    get(&r, 4)->value = 4;
    assert_null(find(&r, 2));
    assert_int_equal(find(&r, 1)->value, 1);
    assert_int_equal(find(&r, 3)->value, 3);
    uint32_t order[3], n = 0;
    for (struct entry *e = recent_next(&r, NULL); e; e = recent_next(&r, e))
        order[n++] = e->key;
    assert_int_equal(n, 3);
    assert_int_equal(order[0], 4);
    assert_int_equal(order[1], 1);
    assert_int_equal(order[2], 3);
    recent_close(&r);
}

/* Against a list that is searched from end to end. */
static void it_does_what_a_simple_list_does(void **state)
{
    enum { MOST = 50, KEYS = 120 };
    uint32_t list[MOST], n = 0;
    struct recent r;
    (void)state;
    srand(5);
    assert_true(recent_open(&r, sizeof(uint32_t), sizeof(struct entry), MOST));
    for (unsigned step = 0; step < 20000; step++) {
        uint32_t key = (uint32_t)rand() % KEYS, at = 0;
        while (at < n && list[at] != key)
            at++;
        assert_int_equal(find(&r, key) != NULL, at < n);
        struct entry *e = get(&r, key);
        assert_int_equal(e->value, at < n ? key + 1 : 0);
        e->value = key + 1;
        if (at == n)
            n += n < MOST;
        for (uint32_t i = at < n ? at : n - 1; i > 0; i--)
            list[i] = list[i - 1];
        list[0] = key;
    }
    recent_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_made_once),
        cmocka_unit_test(the_oldest_gives_way),
        cmocka_unit_test(it_does_what_a_simple_list_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
