/* links: app/presence.o
 * What the parent of a sensor says at its beginning, by a clock of the test's own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "app/presence.h"

static const uint64_t second = 1000000000;

struct scene {
    struct sensor_page parser, writer;
    struct sensor sensor;
    struct presence presence;
};

static void set(struct scene *c)
{
    memset(c, 0, sizeof *c);
    c->sensor = (struct sensor){ .db = "mail.db", .nlinks = 2, .link = { "eth1", "eth2" }, .parser = &c->parser, .writer = &c->writer };
    presence_begin(&c->presence, &c->sensor);
}

static const char *at(struct scene *c, uint64_t now) { return presence_look(&c->presence, &c->sensor, now); }

/* Both children get on. */
static void start(struct scene *c, uint64_t now)
{
    assert_null(at(c, now - 1));
    atomic_store(&c->parser.beats, 1);
    assert_null(at(c, now - 1));
    atomic_store(&c->writer.beats, 1);
    assert_non_null(at(c, now));
}

static void test_silence_is_told_once(void **state)
{
    static struct scene c;
    (void)state;
    set(&c);
    start(&c, 100 * second);
    assert_null(at(&c, 130 * second));
    assert_string_equal(at(&c, 130 * second + 1), "no packet of a mail port has come from eth1, eth2 for 30 seconds;"
                        " 'mailseal doctor --interface eth1' says what arrives there");
    assert_null(at(&c, 999 * second));
    atomic_store(&c.parser.packets, 1);
    assert_string_equal(at(&c, 1000 * second), "the first packets have come");
    assert_null(at(&c, 2000 * second));
}

static void test_packets_end_the_waiting(void **state)
{
    static struct scene c;
    (void)state;
    set(&c);
    start(&c, 5 * second);
    atomic_store(&c.parser.packets, 1);
    assert_string_equal(at(&c, 99 * second), "the first packets have come");
    assert_null(at(&c, 999 * second));
}

static void test_what_it_waits_for(void **state)
{
    static struct scene c;
    (void)state;
    set(&c);
    c.sensor.all_ports = true;
    start(&c, 5 * second);
    assert_non_null(strstr(at(&c, 36 * second), "no packet at all has come"));
    set(&c);
    c.sensor.filter = "tcp";
    start(&c, 5 * second);
    assert_non_null(strstr(at(&c, 36 * second), "no packet that the filter passes has come"));
    set(&c);
    c.sensor.from_stdin = true;
    start(&c, 5 * second);
    assert_non_null(strstr(at(&c, 36 * second), "nothing has come from standard input for 30 seconds"));
}

static void test_a_script_is_not_told(void **state)
{
    static struct scene c;
    (void)state;
    set(&c);
    c.presence.silent = true;
    atomic_store(&c.parser.beats, 1);
    atomic_store(&c.writer.beats, 1);
    assert_null(at(&c, 5 * second));
    assert_null(at(&c, 99 * second));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silence_is_told_once),
        cmocka_unit_test(test_packets_end_the_waiting),
        cmocka_unit_test(test_what_it_waits_for),
        cmocka_unit_test(test_a_script_is_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
