/* links: app/log.o app/notify.o app/status.o report/text.o base/bytes.o base/threads.o
 * How often the sensor may write a line, and what it tells the service manager. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/log.h"
#include "app/notify.h"
#include "app/status.h"

static const uint64_t second = 1000000000;

static unsigned allowed(struct log_budget *b, uint64_t now, unsigned n)
{
    unsigned yes = 0;
    while (n--)
        yes += log_may(b, now);
    return yes;
}

static void test_a_flood_is_cut(void **state)
{
    struct log_budget b = { 0 };
    (void)state;
    assert_int_equal(allowed(&b, 5 * second, 1000), LOG_BURST);
    assert_int_equal(b.left_out, 1000 - LOG_BURST);
    assert_int_equal(allowed(&b, 5 * second + second / 2, 10), 0);
    assert_int_equal(allowed(&b, 6 * second, 10), 1);
    assert_int_equal(allowed(&b, 9 * second, 10), 3);
    assert_int_equal(allowed(&b, 9999 * second, 1000), LOG_BURST);
}

static void test_words_of_levels(void **state)
{
    (void)state;
    enum log_level level;
    assert_true(log_level_parse("error", &level));
    assert_int_equal(level, 3);
    assert_true(log_level_parse("notice", &level));
    assert_int_equal(level, 5);
    assert_false(log_level_parse("Notice", &level));
    assert_false(log_level_parse("", &level));
}

static void test_the_last_minute(void **state)
{
    char text[STATUS_TEXT];
    (void)state;
    status_text(&(struct status_figures){ 240, 201, 91234, 7 }, false, text);
    assert_string_equal(text, "Encrypted: 83.8 % of 240 mail sessions decided in the last minute; 91234 packets, 7 dropped");
    status_text(&(struct status_figures){ 0, 0, 0, 0 }, true, text);
    assert_string_equal(text, "No mail session was decided in the last minute; 0 packets, 0 dropped; the database cannot be written");
}

/* --- a service manager of our own, at an abstract name --- */

static int listen_as(const char *name)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(strlen(name) < sizeof at.sun_path);
    memcpy(at.sun_path + 1, name + 1, strlen(name) - 1);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))), 0);
    return fd;
}

static bool heard(int fd, const char *want)
{
    char text[STATUS_TEXT + 8] = "";
    ssize_t n = recv(fd, text, sizeof text - 1, 0);
    return want ? n > 0 && strncmp(text, want, strlen(want)) == 0 : n < 0;
}

static void test_the_watchdog_wants_both(void **state)
{
    static struct sensor_page parser, writer;
    const struct sensor s = { .parser = &parser, .writer = &writer };
    struct status st;
    char name[64];
    (void)state;
    snprintf(name, sizeof name, "@mailseal-test-%d", (int)getpid());
    int fd = listen_as(name);
    setenv("NOTIFY_SOCKET", name, 1);
    setenv("WATCHDOG_USEC", "1", 1);
    unsetenv("WATCHDOG_PID");
    status_open(&st);
    assert_int_equal(st.watchdog_ns, 1000);

    status_look(&st, &s);
    assert_true(heard(fd, NULL));
    atomic_store(&parser.beats, 1);
    status_look(&st, &s);
    assert_true(heard(fd, NULL));               /* the writer is not ready */
    atomic_store(&writer.beats, 1);
    status_look(&st, &s);
    assert_true(heard(fd, "READY=1"));
    assert_true(heard(fd, "WATCHDOG=1"));
    assert_true(heard(fd, "STATUS=No mail session was decided in the last minute; 0 packets"));
    status_look(&st, &s);
    assert_true(heard(fd, NULL));               /* neither got on */
    atomic_store(&writer.beats, 2);
    status_look(&st, &s);
    assert_true(heard(fd, NULL));               /* capture hangs */
    atomic_store(&parser.beats, 2);
    status_look(&st, &s);
    assert_true(heard(fd, "WATCHDOG=1"));
    atomic_store(&parser.beats, 3);
    status_look(&st, &s);
    assert_true(heard(fd, NULL));               /* the writer hangs */
    status_close(&st);
    close(fd);
}

static void test_a_watchdog_of_another_process(void **state)
{
    uint64_t ns;
    (void)state;
    setenv("WATCHDOG_PID", "1", 1);
    setenv("WATCHDOG_USEC", "10", 1);
    setenv("NOTIFY_SOCKET", "/does/not/exist", 1);
    assert_int_equal(notify_open(&ns), -1);
    assert_int_equal(ns, 0);
    setenv("NOTIFY_SOCKET", "relative", 1);
    assert_int_equal(notify_open(&ns), -1);
    notify_send(-1, "READY=1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_flood_is_cut),
        cmocka_unit_test(test_words_of_levels),
        cmocka_unit_test(test_the_last_minute),
        cmocka_unit_test(test_the_watchdog_wants_both),
        cmocka_unit_test(test_a_watchdog_of_another_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
