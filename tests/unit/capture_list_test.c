/* links: capture/capture.o capture/capture_pcap.o capture/capture_pcapng.o capture/capture_libpcap.o capture/capture_live.o
 *        capture/capture_list.o capture/input.o capture/gunzip.o capture/unzstd.o base/digest.o base/pages.o
 * Which captures, and in which order. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>

#include "capture_kit.h"

struct complaints {
    unsigned n;
    char last[CAPTURE_ERROR];
    enum capture_status status;
};

static void complain(void *ctx, enum capture_status status, const char *sentence)
{
    struct complaints *c = ctx;
    c->n++;
    c->status = status;
    snprintf(c->last, sizeof c->last, "%s", sentence);
}

static void write_capture_at(const char *name, uint32_t sec, int packets)
{
    struct blob o = pcap(0xa1b2c3d4, false, 113);
    for (int i = 0; i < packets; i++)
        put_record(&o, sec + (uint32_t)i, 0, (uint32_t)i, 10);
    write_file(name, o.b, o.n);
    free(o.b);
}

static void assert_listed(const struct capture_list *list, const char *const *names, size_t n)
{
    assert_int_equal(list->n, n);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(list->file[i].path, path_of(names[i]));
}

static void make_tree(void)
{
    mkdir(path_of("tree"), 0700);
    mkdir(path_of("tree/sub"), 0700);
    mkdir(path_of("tree/sub/deep"), 0700);
    mkdir(path_of("outside"), 0700);
    write_capture_at("tree/a", 300, 2);
    write_capture_at("tree/b", 100, 2);
    write_capture_at("tree/sub/c", 200, 2);
    write_capture_at("tree/sub/deep/d", 100, 1);
    write_capture_at("tree/z-empty", 0, 0);
    write_capture_at("outside/e", 50, 1);
    write_file("tree/notes.txt", "no capture", 10);
    write_file("tree/nothing", "", 0);
    assert_int_equal(symlink(path_of("outside"), path_of("tree/sub/link")), 0);
    assert_int_equal(symlink(path_of("outside/e"), path_of("tree/link")), 0);
    assert_int_equal(symlink("..", path_of("tree/sub/up")), 0);
    assert_int_equal(mkfifo(path_of("tree/fifo"), 0600), 0);
}

static void folders_are_listed_by_time(void **state)
{
    (void)state;
    static const char *const names[] = {
        "tree/z-empty", "tree/b", "tree/sub/deep/d", "tree/sub/c", "tree/a"
    };
    struct complaints c = { 0 };
    struct capture_list list;

    make_tree();
    char *paths[] = { (char *)(uintptr_t)path_of("tree") };
    capture_list_make(&list, paths, 1, complain, &c);
    assert_listed(&list, names, 5);
    assert_int_equal(c.n, 0);
    assert_int_equal(list.refused, 0);
    assert_true(list.file[0].empty);
    assert_false(list.file[1].empty);
    assert_int_equal(list.file[1].first_ns, 100000000000);
    assert_int_equal(list.file[1].linktype, 113);
    assert_null(list.file[1].open);
    capture_list_free(&list);
    assert_int_equal(list.n, 0);
}

static void a_file_with_two_names_is_listed_once(void **state)
{
    (void)state;
    static const char *const names[] = { "later", "outside/e" };
    struct complaints c = { 0 };
    struct capture_list list;

    mkdir(path_of("outside"), 0700);
    write_capture_at("outside/e", 50, 1);
    write_capture_at("later", 49, 1);
    assert_int_equal(symlink("later", path_of("link-to-later")), 0);
    assert_int_equal(link(path_of("outside/e"), path_of("outside/f")), 0);
    char *paths[] = {
        strdup(path_of("outside")), strdup(path_of("outside/e")), strdup(path_of("outside/../outside/f")),
        strdup(path_of("later")), strdup(path_of("link-to-later")), strdup(path_of("outside")),
    };
    capture_list_make(&list, paths, 6, complain, &c);
    assert_listed(&list, names, 2);
    assert_int_equal(c.n, 0);
    capture_list_free(&list);
    capture_list_make(&list, &paths[4], 1, complain, &c);
    assert_listed(&list, (const char *const[]){ "link-to-later" }, 1);
    capture_list_free(&list);
    for (int i = 0; i < 6; i++)
        free(paths[i]);
}

static void what_cannot_be_listed_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum capture_status status;
        const char *sentence;
    } cases[] = {
        { "is-missing", CAPTURE_UNREADABLE, "No such file" },
        { "text", CAPTURE_NOT_ONE, "is not a capture" },
        { "blank", CAPTURE_NOT_ONE, "is empty" },
        { "header-only", CAPTURE_DAMAGED, "cut short" },
        { "bare", CAPTURE_NOT_ONE, "no capture in this folder" },
        { "packed", CAPTURE_NOT_ONE, "packed.pcap.xz: is packed with xz" },
    };
    struct blob o = small_capture();

    write_file("text", "text", 4);
    write_file("blank", "", 0);
    write_file("header-only", o.b, 30);
    mkdir(path_of("bare"), 0700);
    write_file("bare/text", "text", 4);
    mkdir(path_of("packed"), 0700);
    write_file("packed/packed.pcap.xz", "\xfd" "7zXZ\0\0\0", 8);
    write_file("packed/manual.xz", "\xfd" "7zXZ\0\0\0", 8);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct complaints c = { 0 };
        struct capture_list list;
        char *path = strdup(path_of(cases[i].name));
        capture_list_make(&list, &path, 1, complain, &c);
        assert_int_equal(list.n, 0);
        assert_int_equal(list.refused, 1);
        assert_int_equal(c.n, 1);
        assert_int_equal(c.status, cases[i].status);
        assert_non_null(strstr(c.last, cases[i].sentence));
        capture_list_free(&list);
        free(path);
    }
    free(o.b);
}

/* Its first packet has been looked at, and is still given out. */
static void standard_input_stays_open(void **state)
{
    (void)state;
    struct blob o = small_capture();
    struct complaints c = { 0 };
    struct capture_list list;
    pid_t child;
    char dash[] = "-", *paths[] = { dash, dash };

    for (size_t batch = 1; batch <= 3; batch++) {
        struct seen seen = { .n = 0 };
        int before = pipe_in(&o, 7, &child);
        capture_list_make(&list, paths, 2, complain, &c);
        assert_int_equal(list.n, 1);
        assert_int_equal(list.file[0].first_ns, 100000000000);
        assert_non_null(list.file[0].open);
        read_capture(list.file[0].open, &seen, batch);
        assert_int_equal(seen.n, 3);
        assert_int_equal(seen.status, CAPTURE_OK);
        capture_list_free(&list);
        pipe_end(before, child);
    }
    assert_int_equal(c.n, 0);
    free(o.b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(folders_are_listed_by_time),
        TEST(a_file_with_two_names_is_listed_once),
        TEST(what_cannot_be_listed_is_told),
        TEST(standard_input_stays_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
