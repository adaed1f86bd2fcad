/* links: app/paths.o base/endpoint.o facts/vocabulary.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/paths.h"

#define COUNT(table) (sizeof table / sizeof *table)

static struct endpoint end(const char *text)
{
    struct network n;
    struct endpoint e = { .port = 25 };
    assert_true(network_parse(text, &n));
    memcpy(e.addr, n.addr, sizeof e.addr);
    return e;
}

static const struct {
    const char *allow, *client, *server;
    bool is;
} ways[] = {
    { "192.0.2.0/24", "192.0.2.1", "203.0.113.1", true },
    { "192.0.2.0/24", "203.0.113.1", "192.0.2.1", true },
    { "192.0.2.0/24", "203.0.113.1", "203.0.113.2", false },
    { "from 192.0.2.0/24", "192.0.2.1", "203.0.113.1", true },
    { "from 192.0.2.0/24", "203.0.113.1", "192.0.2.1", false },
    { "to 192.0.2.7", "203.0.113.1", "192.0.2.7", true },
    { "to 192.0.2.7", "203.0.113.1", "192.0.2.8", false },
    { " from\t192.0.2.0/24  to 2001:db8::/32 ", "192.0.2.1", "2001:db8::25", true },
    { "to 2001:db8::/32 from 192.0.2.0/24", "192.0.2.1", "2001:db9::25", false },
    { "outbound", "10.1.1.1", "203.0.113.1", true },
    { "outbound", "203.0.113.1", "10.1.1.1", false },
    { "inbound to 10.1.0.0/16", "203.0.113.1", "10.1.1.1", true },
    { "inbound to 10.1.0.0/16", "203.0.113.1", "10.2.1.1", false },
    { "internal", "10.1.1.1", "10.2.1.1", true },
    { "transit 198.51.100.1", "198.51.100.1", "203.0.113.1", true },
    { "transit 198.51.100.1", "198.51.100.1", "10.1.1.1", false },
    { "192.0.2.0/24,to 198.51.100.0/24", "203.0.113.1", "198.51.100.9", true },
};

static void paths_are_met(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        static struct paths p;
        char error[PATHS_ERROR], bad[ADDRESS_TEXT];
        struct endpoint client = end(ways[i].client), server = end(ways[i].server);
        memset(&p, 0, sizeof p);
        assert_true(local_parse(&p.local, "10.0.0.0/8", bad));
        assert_true(allow_parse(&p, ways[i].allow, error));
        assert_true(paths_check(&p, error));
        bool is = path_is_allowed(&p, direction_of(&p.local, &client, &server), &client, &server);
        if (is != ways[i].is)
            fail_msg("%s: %s to %s", ways[i].allow, ways[i].client, ways[i].server);
    }
}

static const struct {
    const char *allow, *error;
} wrong[] = {
    { "", "a network is missing, or a direction" },
    { "192.0.2.0/24,,192.0.3.0/24", "a network is missing, or a direction" },
    { "192.0.2.0/33", "'192.0.2.0/33' is no network such as 192.0.2.0/24" },
    { "unknown", "'unknown' is no network such as 192.0.2.0/24" },
    { "from", "a network such as 192.0.2.0/24 is missing behind 'from'" },
    { "from to 192.0.2.1", "'to' is no network such as 192.0.2.0/24" },
    { "from ::1 from ::2", "'::2' is a second network behind 'from'" },
    { "::1 ::2", "'::2' is a second network of client or server in one path" },
    { "inbound ::1 outbound", "a second direction 'outbound'" },
};

static void what_is_none_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        static struct paths p;
        char error[PATHS_ERROR] = "";
        memset(&p, 0, sizeof p);
        assert_false(allow_parse(&p, wrong[i].allow, error));
        assert_string_equal(error, wrong[i].error);
    }
}

static void there_is_a_bound(void **state)
{
    static struct paths p;
    char error[PATHS_ERROR], text[600];
    (void)state;
    for (unsigned i = 0; i < ALLOWED_PATHS; i++)
        assert_true(allow_parse(&p, "192.0.2.1", error));
    assert_false(allow_parse(&p, "192.0.2.1", error));
    assert_int_equal(p.nallowed, ALLOWED_PATHS);
    memset(text, ' ', sizeof text);
    text[sizeof text - 1] = 0;
    assert_false(allow_parse(&p, text, error));
    memset(text, 'x', 150);
    text[150] = 0;
    p.nallowed = 0;
    assert_false(allow_parse(&p, text, error));
}

/* No session has a direction then: it would silence nothing. */
static void a_direction_needs_local_networks(void **state)
{
    static struct paths p;
    char error[PATHS_ERROR], bad[ADDRESS_TEXT];
    (void)state;
    assert_true(allow_parse(&p, "from 10.0.0.0/8", error));
    assert_true(paths_check(&p, error));
    assert_true(allow_parse(&p, "inbound", error));
    assert_false(paths_check(&p, error));
    assert_true(local_parse(&p.local, "10.0.0.0/8", bad));
    assert_true(paths_check(&p, error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_met),
        cmocka_unit_test(what_is_none_is_said),
        cmocka_unit_test(there_is_a_bound),
        cmocka_unit_test(a_direction_needs_local_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
