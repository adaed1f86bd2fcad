/* links: capture/capture.o capture/capture_pcap.o capture/capture_pcapng.o capture/capture_libpcap.o capture/capture_live.o
 *        capture/input.o capture/gunzip.o capture/unzstd.o base/digest.o base/pages.o
 * Where the bytes come from: gzip, zstd, pipes, and who a source is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "base/digest.h"
#include "capture_kit.h"

/* --- packings --- */

static void gzip_members_are_read_as_one(void **state)
{
    (void)state;
    struct blob o = small_capture();

    for (size_t split = 0; split <= o.n; split++) {
        struct blob one = gzipped(o.b, split), two = gzipped(o.b + split, o.n - split);
        put(&one, two.b, two.n);
        if (split % 2)
            put_zeros(&one, 512);       /* as on a tape */
        struct seen seen = read_blob(&one, one.n);
        assert_int_equal(seen.opened, CAPTURE_OK);
        assert_int_equal(seen.n, 3);
        assert_int_equal(seen.status, CAPTURE_OK);
        free(one.b);
        free(two.b);
    }
    free(o.b);
}

static void gzip_cut_anywhere_is_damage(void **state)
{
    (void)state;
    struct blob o = small_capture(), packed = gzipped(o.b, o.n);

    for (size_t cut = 2; cut < packed.n; cut++) {
        struct seen seen = read_blob(&packed, cut);
        assert_int_equal(seen.opened == CAPTURE_OK ? seen.status : seen.opened, CAPTURE_DAMAGED);
        char sentence[64];
        snprintf(sentence, sizeof sentence, "one: offset %zu: the gzip data are cut short", cut);
        assert_sentence(&seen, sentence);
        assert_true(seen.n <= 3);
    }
    /* Only the checksum is missing: all packets are there. */
    assert_int_equal(read_blob(&packed, packed.n - 8).n, 3);
    free(packed.b);
    free(o.b);
}

static void damaged_gzip_is_survived(void **state)
{
    (void)state;
    struct blob o = small_capture(), packed = gzipped(o.b, o.n);

    for (size_t at = 10; at < packed.n; at++) {
        packed.b[at] ^= 0x55;
        struct seen seen = { .n = 0 };
        struct capture *c = capture_open(write_file("one", packed.b, packed.n), &seen.opened, seen.error);
        uint64_t packets = 0, last_ns;
        if (c)
            capture_skim(c, &packets, &last_ns);
        assert_int_not_equal(c ? capture_status(c) : seen.opened, CAPTURE_OK);
        capture_close(c);
        packed.b[at] ^= 0x55;
    }
    put(&packed, "garbage", 7);
    struct seen seen = read_blob(&packed, packed.n);
    assert_int_equal(seen.n, 3);
    assert_int_equal(seen.status, CAPTURE_DAMAGED);
    assert_sentence(&seen, "the gzip data are damaged");
    free(packed.b);
    free(o.b);
}

static void damage_in_gzip_has_an_unpacked_offset(void **state)
{
    (void)state;
    struct blob o = small_capture(), packed = gzipped(o.b, o.n - 1);
    struct seen seen = read_blob(&packed, packed.n);

    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.status, CAPTURE_DAMAGED);
    assert_sentence(&seen, "one: offset 116 after unpacking: the last record is cut short");
    free(packed.b);
    free(o.b);
}

#ifdef HAVE_ZSTD
/* window: its size as a power of two; 0: as the library likes. */
static struct blob zstd_packed(const void *p, size_t n, int window)
{
    struct blob out = { .room = ZSTD_compressBound(n) + 64 };
    ZSTD_CCtx *z = ZSTD_createCCtx();
    ZSTD_outBuffer o;
    ZSTD_inBuffer in = { p, n, 0 };

    out.b = malloc(out.room);
    assert_non_null(out.b);
    o = (ZSTD_outBuffer){ out.b, out.room, 0 };
    ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
    if (window) {                       /* flushed once, so that the frame says its window, not its size */
        ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, window);
        ZSTD_CCtx_setParameter(z, ZSTD_c_strategy, ZSTD_fast);
        assert_false(ZSTD_isError(ZSTD_compressStream2(z, &o, &in, ZSTD_e_flush)));
    }
    assert_int_equal(ZSTD_compressStream2(z, &o, &in, ZSTD_e_end), 0);
    ZSTD_freeCCtx(z);
    out.n = o.pos;
    return out;
}

static void put_skippable(struct blob *o, unsigned kind, size_t n)
{
    uint8_t head[8] = { (uint8_t)(0x50 + kind), 0x2a, 0x4d, 0x18, (uint8_t)n };
    put(o, head, 8);
    put_zeros(o, n);
}

static void zstd_frames_are_read_as_one(void **state)
{
    (void)state;
    struct blob o = small_capture();

    for (size_t split = 0; split <= o.n; split++) {
        struct blob one = zstd_packed(o.b, split, 0), two = zstd_packed(o.b + split, o.n - split, 0);
        struct blob all = { 0 };
        if (split % 3 == 0)
            put_skippable(&all, split % 16, split % 5);
        put(&all, one.b, one.n);
        if (split % 2)
            put_skippable(&all, 15, 3);
        put(&all, two.b, two.n);
        struct seen seen = read_blob(&all, all.n);
        assert_int_equal(seen.opened, CAPTURE_OK);
        assert_int_equal(seen.n, 3);
        assert_int_equal(seen.status, CAPTURE_OK);
        free(one.b);
        free(two.b);
        free(all.b);
    }
    free(o.b);
}

static void zstd_cut_anywhere_is_damage(void **state)
{
    (void)state;
    struct blob o = small_capture(), packed = zstd_packed(o.b, o.n, 0);

    for (size_t cut = 4; cut < packed.n; cut++) {
        struct seen seen = read_blob(&packed, cut);
        assert_int_equal(seen.opened == CAPTURE_OK ? seen.status : seen.opened, CAPTURE_DAMAGED);
        char sentence[64];
        snprintf(sentence, sizeof sentence, "one: offset %zu: the zstd data are cut short", cut);
        assert_sentence(&seen, sentence);
        assert_true(seen.n <= 3);
    }
    free(packed.b);
    free(o.b);
}

static void damaged_zstd_is_survived(void **state)
{
    (void)state;
    struct blob o = small_capture(), packed = zstd_packed(o.b, o.n, 0);

    for (size_t at = 5; at < packed.n; at++) {
        packed.b[at] ^= 0x55;
        struct seen seen = { .n = 0 };
        struct capture *c = capture_open(write_file("one", packed.b, packed.n), &seen.opened, seen.error);
        uint64_t packets = 0, last_ns;
        if (c)
            capture_skim(c, &packets, &last_ns);
        assert_int_not_equal(c ? capture_status(c) : seen.opened, CAPTURE_OK);
        capture_close(c);
        packed.b[at] ^= 0x55;
    }
    put(&packed, "garbage", 7);
    struct seen seen = read_blob(&packed, packed.n);
    assert_int_equal(seen.status, CAPTURE_DAMAGED);
    assert_sentence(&seen, "the zstd data are damaged");
    free(packed.b);
    free(o.b);
}

static void zstd_windows_are_bounded(void **state)
{
    (void)state;
    struct blob o = small_capture(), fits = zstd_packed(o.b, o.n, 27), over = zstd_packed(o.b, o.n, 28);

    assert_int_equal(read_blob(&fits, fits.n).n, 3);
    struct seen seen = read_blob(&over, over.n);
    assert_int_equal(seen.opened, CAPTURE_DAMAGED);
    assert_sentence(&seen, "one: offset 5: the zstd data are damaged: Frame requires too much memory");
    free(fits.b);
    free(over.b);
    free(o.b);
}
#endif

static void other_packings_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *magic, *command;
    } packings[] = {
#ifndef HAVE_ZSTD
        { "\x28\xb5\x2f\xfd\x04\x58", "zstd -dc " },
#endif
        { "\xfd" "7zXZ\0", "xz -dc " },
        { "\x04\x22\x4d\x18\x64\x40", "lz4 -dc " },
        { "BZh91A", "bzip2 -dc " },
    };

    for (size_t i = 0; i < sizeof packings / sizeof *packings; i++) {
        struct blob o = { 0 };
        put(&o, packings[i].magic, 6);
        put_zeros(&o, 100);
        struct seen seen = read_blob(&o, o.n);
        assert_int_equal(seen.opened, CAPTURE_NOT_ONE);
        assert_sentence(&seen, packings[i].command);
        assert_sentence(&seen, "/one | mailseal analyze -");
        free(o.b);
    }
}

static void what_is_no_capture_is_told(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "x", "\xa1\xb2\xc3", "From: a@example\r\n", "\n\r\r\n0123456789abcdef", "\x1f\x8b"
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct blob o = { 0 };
        put(&o, texts[i], strlen(texts[i]));
        struct seen seen = read_blob(&o, o.n);
        assert_int_equal(seen.opened, i == 4 ? CAPTURE_DAMAGED : CAPTURE_NOT_ONE);
        assert_sentence(&seen, i == 4 ? "cut short" : "one: is not a capture");
        free(o.b);
    }
    struct seen seen = read_path(path_of("nothing"), 1);
    assert_int_equal(seen.opened, CAPTURE_UNREADABLE);
    assert_sentence(&seen, "nothing: cannot be opened: No such file");
    seen = read_path(folder, 1);
    assert_int_equal(seen.opened, CAPTURE_UNREADABLE);
    assert_sentence(&seen, "is a folder");
}

/* --- identity, standard input --- */

static void expect_identity(const struct blob *o, const struct capture_identity *got)
{
    size_t n = o->n < 65536 ? o->n : 65536;
    struct span parts[] = { span_of(o->b, n), span_of(o->b + o->n - n, n) };
    uint8_t expected[32];

    digest_sha256(parts, 2, expected);
    assert_int_equal(got->size, o->n);
    assert_memory_equal(got->ends, expected, 32);
}

static void assert_source(const struct blob *o, size_t packets, size_t piece)
{
    struct seen from_file = { .n = 0 }, from_pipe = { .n = 0 };
    struct capture_identity id;
    pid_t child;

    struct capture *c = capture_open(write_file("one", o->b, o->n), &from_file.opened, from_file.error);
    assert_true(capture_identify(c, &id));
    expect_identity(o, &id);
    read_capture(c, &from_file, CAPTURE_BATCH);
    assert_int_equal(from_file.n, packets);
    capture_close(c);

    int before = pipe_in(o, piece, &child);
    c = capture_open("-", &from_pipe.opened, from_pipe.error);
    assert_non_null(c);
    assert_int_equal(capture_size(c), 0);
    read_capture(c, &from_pipe, CAPTURE_BATCH);
    assert_int_equal(from_pipe.n, packets);
    assert_int_equal(from_pipe.status, CAPTURE_OK);
    assert_int_equal(capture_offset(c), o->n);
    memset(&id, 0, sizeof id);
    assert_true(capture_identify(c, &id));
    expect_identity(o, &id);
    capture_close(c);
    pipe_end(before, child);
}

static void pipes_are_read_and_known_again(void **state)
{
    (void)state;
    static const uint32_t counts[] = { 1, 60, 130, 131, 2000 };

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct blob o = pcap(0xa1b2c3d4, false, 1);
        for (uint32_t k = 0; k < counts[i]; k++)
            put_record(&o, 1, k, k, 1000);
        struct blob packed = gzipped(o.b, o.n);
        assert_source(&o, counts[i], i < 2 ? 1 : 3001);
        assert_source(&packed, counts[i], i < 2 ? 1 : 70000);
        free(packed.b);
        free(o.b);
    }
}

/* What is missing at the end of a file that was longer, or will be, is told apart from a cut one. */
static void a_file_that_changes_is_told(void **state)
{
    (void)state;
    struct blob o = pcap(0xa1b2c3d4, false, 1);
    for (uint32_t i = 0; i < 10; i++)
        put_record(&o, 100 + i, 0, i, 40000);
    size_t record = (o.n - PCAP_HEADER) / 10;
    for (int grows = 0; grows < 2; grows++) {
        struct seen seen = { .n = 0 };
        const char *path = write_file("changing", o.b, o.n - 10);
        struct capture *c = capture_open(path, &seen.opened, seen.error);
        assert_non_null(c);
        assert_int_equal(truncate(path, (off_t)(grows ? o.n - 5 : PCAP_HEADER + 5 * record)), 0);
        read_capture(c, &seen, 1);
        assert_int_equal(seen.status, CAPTURE_DAMAGED);
        assert_int_equal(seen.n, grows ? 9 : 5);
        assert_sentence(&seen, grows ? "still being written" : "became shorter while it was read");
        capture_close(c);
    }
    free(o.b);
}

static void standard_input_names_itself(void **state)
{
    (void)state;
    struct blob o = small_capture();
    struct seen seen = { .n = 0 };
    struct capture_identity id;
    pid_t child;

    o.n -= 5;
    int before = pipe_in(&o, 1000, &child);
    struct capture *c = capture_open("-", &seen.opened, seen.error);
    assert_false(capture_identify(c, &id));
    read_capture(c, &seen, 1);
    assert_int_equal(seen.n, 2);
    assert_non_null(strstr(seen.error, "standard input: offset 116: "));
    capture_close(c);
    pipe_end(before, child);
    free(o.b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gzip_members_are_read_as_one),
        TEST(gzip_cut_anywhere_is_damage),
        TEST(damaged_gzip_is_survived),
        TEST(damage_in_gzip_has_an_unpacked_offset),
#ifdef HAVE_ZSTD
        TEST(zstd_frames_are_read_as_one),
        TEST(zstd_cut_anywhere_is_damage),
        TEST(damaged_zstd_is_survived),
        TEST(zstd_windows_are_bounded),
#endif
        TEST(other_packings_are_refused),
        TEST(what_is_no_capture_is_told),
        TEST(pipes_are_read_and_known_again),
        TEST(a_file_that_changes_is_told),
        TEST(standard_input_names_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
