/* links: capture/capture.o capture/capture_pcap.o capture/capture_pcapng.o capture/capture_libpcap.o capture/capture_live.o
 *        capture/input.o capture/gunzip.o capture/unzstd.o base/digest.o base/pages.o
 * The formats of capture files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/pages.h"

#include "capture_kit.h"

/* --- pcapng by hand --- */

static void put_block(struct blob *o, uint32_t type, const void *body, size_t n)
{
    size_t padded = (n + 3) & ~(size_t)3;
    put32(o, type);
    put32(o, (uint32_t)padded + 12);
    if (n)
        put(o, body, n);
    put_zeros(o, padded - n);
    put32(o, (uint32_t)padded + 12);
}

static void put_section(struct blob *o, bool big)
{
    struct blob body = { .big = big };
    o->big = big;
    put32(&body, 0x1a2b3c4d);
    put16(&body, 1);
    put16(&body, 0);
    put32(&body, 0xffffffff);
    put32(&body, 0xffffffff);
    put_block(o, 0x0a0d0d0a, body.b, body.n);
    free(body.b);
}

/* resolution < 0: none given. */
static void put_interface(struct blob *o, unsigned linktype, uint32_t snaplen, int resolution, int64_t offset)
{
    struct blob body = { .big = o->big };
    uint32_t high = (uint32_t)((uint64_t)offset >> 32), low = (uint32_t)offset;
    put16(&body, linktype);
    put16(&body, 0);
    put32(&body, snaplen);
    put16(&body, 2);                    /* if_name, to be passed over */
    put16(&body, 5);
    put(&body, "eth0\0\0\0", 8);
    if (resolution >= 0) {
        put16(&body, 9);
        put16(&body, 1);
        uint8_t value[4] = { (uint8_t)resolution };
        put(&body, value, 4);
    }
    if (offset) {
        put16(&body, 14);
        put16(&body, 8);
        put32(&body, body.big ? high : low);
        put32(&body, body.big ? low : high);
    }
    put_block(o, 1, body.b, body.n);
    free(body.b);
}

static void put_enhanced(struct blob *o, uint32_t interface, uint64_t ticks, uint32_t number, uint32_t n)
{
    struct blob body = { .big = o->big };
    put32(&body, interface);
    put32(&body, (uint32_t)(ticks >> 32));
    put32(&body, (uint32_t)ticks);
    put32(&body, n);
    put32(&body, n + 100);
    put_data(&body, number, n);
    put_block(o, 6, body.b, body.n);
    free(body.b);
}

/* --- pcap --- */

static void every_magic_is_read(void **state)
{
    (void)state;
    static const struct {
        uint32_t magic;
        bool big;
        uint32_t unit;
    } kinds[] = {
        { 0xa1b2c3d4, false, 1000 }, { 0xa1b2c3d4, true, 1000 },
        { 0xa1b23c4d, false, 1 },    { 0xa1b23c4d, true, 1 },
    };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct blob o = pcap(kinds[i].magic, kinds[i].big, 0xf4000000u + 101);
        put_record(&o, 1700000000, 123456, 0, 60);
        put_record(&o, 4294967295u, 999999, 1, 0);
        struct seen seen = read_blob(&o, o.n);
        assert_int_equal(seen.status, CAPTURE_OK);
        assert_int_equal(seen.n, 2);
        assert_int_equal(seen.packet[0].linktype, 101);
        assert_int_equal(seen.packet[0].ts_ns, 1700000000000000000 + 123456 * kinds[i].unit);
        assert_int_equal(seen.packet[0].data.n, 60);
        assert_int_equal(seen.packet[0].wire_len, 160);
        assert_int_equal(seen.packet[1].ts_ns, 4294967295000000000 + 999999 * kinds[i].unit);
        free(o.b);
    }
}

/* The magic with which patched kernels of old wrote longer record headers; libpcap knows it. */
static void modified_pcap_is_left_to_libpcap(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct blob o = pcap(0xa1b2cd34, big, 12);
        size_t ends[3];
        for (uint32_t i = 0; i < 3; i++) {
            put32(&o, 100 + i);
            put32(&o, 5);
            put32(&o, 40);
            put32(&o, 41);
            put_zeros(&o, 8);
            put_data(&o, i, 40);
            ends[i] = o.n;
        }
        for (size_t cut = PCAP_HEADER; cut <= o.n; cut++) {
            struct seen seen = read_blob(&o, cut);
            assert_int_equal(seen.opened, CAPTURE_OK);
            assert_int_equal(seen.n, (cut >= ends[0]) + (cut >= ends[1]) + (cut >= ends[2]));
            bool whole = cut == PCAP_HEADER || cut == ends[0] || cut == ends[1] || cut == ends[2];
            assert_int_equal(seen.status, whole ? CAPTURE_OK : CAPTURE_DAMAGED);
            if (!whole)
                assert_sentence(&seen, "the file ends in the middle of a packet");
            if (seen.n) {
                assert_int_equal(seen.packet[0].linktype, 101);
                assert_int_equal(seen.packet[0].ts_ns, 100000005000);
                assert_int_equal(seen.packet[0].wire_len, 41);
            }
        }
        free(o.b);
    }
}

static void absurd_lengths_are_damage(void **state)
{
    (void)state;
    static const uint32_t lengths[] = { 262145, 0x7fffffff, 0x80000000, 0xffffffff };

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct blob o = pcap(0xa1b2c3d4, false, 1);
        put_record(&o, 1, 1, 0, 10);
        put_record(&o, 1, 1, 1, 10);
        size_t at = o.n;
        put32(&o, 1);
        put32(&o, 1);
        put32(&o, lengths[i]);
        put32(&o, lengths[i]);
        put_zeros(&o, 1000);
        struct seen seen = read_blob(&o, o.n);
        assert_int_equal(seen.n, 2);
        assert_int_equal(seen.status, CAPTURE_DAMAGED);
        char offset[40];
        snprintf(offset, sizeof offset, "one: offset %zu: ", at);
        assert_sentence(&seen, offset);
        free(o.b);
    }
}

static void largest_packets_are_read(void **state)
{
    (void)state;
    struct blob o = pcap(0xa1b2c3d4, false, 1);
    for (uint32_t i = 0; i < 6; i++)
        put_record(&o, 1, 1, i, 262144 - i);
    struct seen seen = read_blob(&o, o.n);
    assert_int_equal(seen.n, 6);
    assert_int_equal(seen.status, CAPTURE_OK);
    free(o.b);
}

/* --- pcapng --- */

static void put_simple(struct blob *o, uint32_t wire, uint32_t number, size_t n)
{
    struct blob body = { .big = o->big };
    put32(&body, wire);
    put_data(&body, number, n);
    put_block(o, 3, body.b, body.n);
    free(body.b);
}

static void put_old_packet(struct blob *o, unsigned interface, uint64_t ticks, uint32_t number, uint32_t n)
{
    struct blob body = { .big = o->big };
    put16(&body, interface);
    put16(&body, 0xffff);
    put32(&body, (uint32_t)(ticks >> 32));
    put32(&body, (uint32_t)ticks);
    put32(&body, n);
    put32(&body, n);
    put_data(&body, number, n);
    put_block(o, 2, body.b, body.n);
    free(body.b);
}

/* Two sections with unlike byte orders, interfaces with unlike link types and times. */
static struct blob two_sections(bool big)
{
    struct blob o = { 0 };
    put_section(&o, big);
    put_interface(&o, 1, 0, -1, 0);
    put_interface(&o, 101, 8, 9, 1000);
    put_enhanced(&o, 0, 1700000000123456, 0, 61);
    put_enhanced(&o, 1, 1700000000123456789, 1, 3);
    put_block(&o, 5, "some statistics", 15);
    put_simple(&o, 20, 2, 20);
    put_section(&o, !big);
    put_interface(&o, 276, 7, 0x80 | 10, 0);
    put_block(&o, 0x80000bad, NULL, 0);
    put_simple(&o, 20, 3, 7);
    put_old_packet(&o, 0, 1536, 4, 33);
    return o;
}

static void pcapng_is_read(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct blob o = two_sections(big);
        struct seen seen = read_blob(&o, o.n);
        assert_int_equal(seen.status, CAPTURE_OK);
        assert_int_equal(seen.n, 5);
        static const struct {
            uint64_t ts_ns;
            size_t n;
            uint32_t wire_len;
            int linktype;
        } packets[] = {
            { 1700000000123456000, 61, 161, 1 },
            { 1700001000123456789, 3, 103, 101 },
            { 1700001000123456789, 20, 20, 1 },         /* no time of its own */
            { 1700001000123456789, 7, 20, 276 },        /* bounded by the interface */
            { 1500000000, 33, 33, 276 },
        };
        for (size_t i = 0; i < 5; i++) {
            assert_int_equal(seen.packet[i].ts_ns, packets[i].ts_ns);
            assert_int_equal(seen.packet[i].data.n, packets[i].n);
            assert_int_equal(seen.packet[i].wire_len, packets[i].wire_len);
            assert_int_equal(seen.packet[i].linktype, packets[i].linktype);
        }
        free(o.b);
    }
}

static void times_of_all_units_are_read(void **state)
{
    (void)state;
    static const struct {
        int resolution;
        int64_t offset;
        uint64_t ticks, ts_ns;
    } times[] = {
        { 0, 0, 1700000000, 1700000000000000000 },
        { 3, 0, 1700000000123, 1700000000123000000 },
        { 6, 0, 1700000000123456, 1700000000123456000 },
        { 9, 0, 1700000000123456789, 1700000000123456789 },
        { 12, 0, 17000000001234567, 17000000001234 },
        { 19, 0, UINT64_MAX, 1844674407 },
        { 28, 0, UINT64_MAX, 1 },
        { 29, 0, UINT64_MAX, 0 },
        { 127, 0, UINT64_MAX, 0 },
        { 0x80, 0, 1700000000, 1700000000000000000 },
        { 0x80 | 32, 0, (UINT64_C(1700000000) << 32) + (1u << 31), 1700000000500000000 },
        { 0x80 | 63, 0, UINT64_MAX, 1999999999 },
        { 0xff, 0, UINT64_MAX, 0 },
        { 6, 1700000000, 1, 1700000000000001000 },
        { 6, -10, 11000000, 1000000000 },
        { 6, -10, 9000000, 0 },                         /* before 1970 */
        { 6, INT64_MIN, 9000000, 0 },
        { 6, INT64_MAX, 9000000, INT64_MAX },
        { 6, 0, UINT64_MAX, INT64_MAX },
        { 0, 0, UINT64_MAX, INT64_MAX },
        { 0x80, 0, UINT64_MAX, INT64_MAX },
    };

    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        for (int big = 0; big < 2; big++) {
            struct blob o = { 0 };
            put_section(&o, big);
            put_interface(&o, 1, 0, times[i].resolution, times[i].offset);
            put_enhanced(&o, 0, times[i].ticks, 0, 9);
            struct seen seen = read_blob(&o, o.n);
            assert_int_equal(seen.n, 1);
            assert_int_equal(seen.packet[0].ts_ns, times[i].ts_ns);
            free(o.b);
        }
    }
}

static void captures_one_behind_the_other_are_read(void **state)
{
    (void)state;
    struct blob o = pcap(0xa1b2c3d4, false, 1), next = pcap(0xa1b23c4d, true, 101), last = pcap(0xa1b2c3d4, false, 1);
    put_record(&o, 100, 5, 0, 30);
    put_record(&next, 101, 5, 1, 40);
    put_record(&last, 102, 5, 2, 40);
    put(&o, next.b, next.n);
    put(&o, last.b, last.n);
    struct seen seen = read_blob(&o, o.n);
    assert_int_equal(seen.status, CAPTURE_OK);
    assert_int_equal(seen.n, 3);
    assert_int_equal(seen.packet[0].linktype, 1);
    assert_int_equal(seen.packet[1].linktype, 101);
    assert_int_equal(seen.packet[1].ts_ns, 101000000005);
    assert_int_equal(seen.packet[2].ts_ns, 102000005000);
    seen = read_blob(&o, o.n - last.n + 20);
    assert_int_equal(seen.n, 2);
    assert_sentence(&seen, "is cut short");
    free(last.b);
    free(next.b);
    free(o.b);
}

static void large_blocks_are_passed_over(void **state)
{
    (void)state;
    enum { LARGE = 3 * 1024 * 1024 };
    uint8_t *large = calloc(1, LARGE);
    struct blob o = { 0 }, body = { 0 };

    put_section(&o, false);
    put_interface(&o, 1, 0, -1, 0);
    put_enhanced(&o, 0, 5, 0, 100);
    put_block(&o, 10, large, LARGE);
    put_enhanced(&o, 0, 6, 1, 100);
    put32(&body, 0);                    /* a packet with options larger than the window */
    put32(&body, 0);
    put32(&body, 7);
    put32(&body, 100);
    put32(&body, 100);
    put_data(&body, 2, 100);
    put(&body, large, LARGE);
    put_block(&o, 6, body.b, body.n);
    put_enhanced(&o, 0, 8, 3, 100);
    struct seen seen = read_blob(&o, o.n);
    assert_int_equal(seen.status, CAPTURE_OK);
    assert_int_equal(seen.n, 4);
    assert_int_equal(seen.packet[3].ts_ns, 8000);
    seen = read_blob(&o, LARGE / 2);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.status, CAPTURE_DAMAGED);
    assert_sentence(&seen, "is cut short");
    free(body.b);
    free(large);
    free(o.b);
}

static void damaged_pcapng_is_named(void **state)
{
    (void)state;
    static const struct {
        size_t at;                      /* from the packet block on */
        uint32_t value;
        const char *sentence;
    } damages[] = {
        { 4, 8, "a pcapng block of type 6 and 8 bytes is announced" },
        { 4, 0xffffffff, "is cut short" },
        { 4, 24, "two lengths" },
        { 44, 24, "two lengths" },
        { 8, 1, "interface 1, which was not described" },
        { 20, 17, "17 captured bytes is announced in a smaller block" },
        { 20, 300000, "300000 captured bytes is announced" },
        { 48, 0, "is cut short" },
    };

    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        struct blob o = { 0 };
        put_section(&o, false);
        put_interface(&o, 1, 0, -1, 0);
        put_enhanced(&o, 0, 5, 0, 10);
        size_t at = o.n;
        put_enhanced(&o, 0, 5, 1, 16);
        put_zeros(&o, 4);
        for (int k = 0; k < 4; k++)
            o.b[at + damages[i].at + (size_t)k] = (uint8_t)(damages[i].value >> 8 * k);
        struct seen seen = read_blob(&o, o.n);
        assert_int_equal(seen.status, CAPTURE_DAMAGED);
        assert_sentence(&seen, damages[i].sentence);
        assert_int_equal(seen.n, damages[i].at == 48 ? 2 : 1);
        free(o.b);
    }
}

/* --- truncation, batches --- */

/* The number of bytes after which each packet is complete; SIZE_MAX behind the last. */
static void assert_cuts(const struct blob *o, const size_t *ends, const size_t *whole, size_t smallest)
{
    for (size_t cut = 0; cut <= o->n; cut++) {
        struct seen seen = read_blob(o, cut);
        size_t n = 0, clean = 0;
        while (ends[n] <= cut)
            n++;
        for (size_t i = 0; whole[i] <= cut; i++)
            clean |= whole[i] == cut;
        if (cut < smallest) {
            assert_int_equal(seen.opened, CAPTURE_NOT_ONE);
            assert_sentence(&seen, cut ? "is not a capture" : "is empty");
            continue;
        }
        assert_int_equal(seen.opened, CAPTURE_OK);
        assert_int_equal(seen.n, n);
        assert_int_equal(seen.status, clean ? CAPTURE_OK : CAPTURE_DAMAGED);
        if (!clean)
            assert_sentence(&seen, "one: offset ");
    }
}

static void pcap_cut_anywhere_gives_what_is_whole(void **state)
{
    (void)state;
    struct blob o = pcap(0xa1b2c3d4, false, 1);
    size_t ends[4], whole[5] = { o.n };

    for (uint32_t i = 0; i < 3; i++) {
        put_record(&o, 1, 1, i, 20 + i);
        ends[i] = whole[i + 1] = o.n;
    }
    ends[3] = whole[4] = SIZE_MAX;
    assert_cuts(&o, ends, whole, 4);
    free(o.b);
}

static void pcapng_cut_anywhere_gives_what_is_whole(void **state)
{
    (void)state;
    struct blob o = { 0 };
    size_t ends[4], whole[8], n = 0;

    put_section(&o, true);
    whole[n++] = o.n;
    put_interface(&o, 1, 0, 9, 5);
    whole[n++] = o.n;
    put_enhanced(&o, 0, 5, 0, 21);
    ends[0] = whole[n++] = o.n;
    put_block(&o, 5, "passed over", 11);
    whole[n++] = o.n;
    put_simple(&o, 9, 1, 9);
    ends[1] = whole[n++] = o.n;
    put_old_packet(&o, 0, 5, 2, 22);
    ends[2] = whole[n++] = o.n;
    ends[3] = whole[n] = SIZE_MAX;
    assert_cuts(&o, ends, whole, 12);
    free(o.b);
}

/* Packets of many sizes over several blocks of memory; the same whatever the batch. */
static void packets_that_straddle_blocks_are_whole(void **state)
{
    (void)state;
    static const size_t batches[] = { 1, 7, CAPTURE_BATCH };
    struct blob o = pcap(0xa1b2c3d4, false, 1);
    uint32_t n = 0;

    while (o.n < 2500000) {
        put_record(&o, 1, n, n, n * 37 % 1500);
        n++;
    }
    struct blob packed = gzipped(o.b, o.n);
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        assert_int_equal(read_path(write_file("one", o.b, o.n), batches[i]).n, n);
        assert_int_equal(read_path(write_file("one.gz", packed.b, packed.n), batches[i]).n, n);
    }
    struct seen seen;
    struct capture *c = capture_open(path_of("one.gz"), &seen.opened, seen.error);
    uint64_t packets, last_ns;
    capture_skim(c, &packets, &last_ns);
    assert_int_equal(packets, n);
    assert_int_equal(last_ns, 1000000000 + (n - 1) * UINT64_C(1000));
    assert_int_equal(capture_offset(c), packed.n);
    assert_int_equal(capture_size(c), packed.n);
    capture_close(c);
    free(packed.b);
    free(o.b);
}

enum { BLOCKS = 64 };

/* Blocks are taken away when they are used up, and in the middle: what lies in them stays. */
static void exchanged_blocks_stay(const char *path, uint32_t n)
{
    static struct packet all[20000];
    void *block[BLOCKS];
    enum capture_status status;
    char error[CAPTURE_ERROR];
    struct capture *c = capture_open(path, &status, error);
    size_t got, seen = 0, blocks = 0;

    while ((got = capture_next(c, all + seen, CAPTURE_BATCH)) > 0) {
        seen += got;
        while (blocks % 5 != 4 && (got = capture_more(c, all + seen, CAPTURE_BATCH)) > 0)
            seen += got;
        assert_true(blocks < BLOCKS);
        void *fresh = pages_get(CAPTURE_BLOCK);
        block[blocks] = capture_exchange(c, fresh);
        assert_ptr_not_equal(block[blocks++], fresh);
    }
    assert_int_equal(capture_status(c), CAPTURE_OK);
    capture_close(c);
    assert_int_equal(seen, n);
    for (uint32_t i = 0; i < n; i++)
        assert_data(all[i].data, i);
    while (blocks)
        pages_put(block[--blocks]);
}

static void blocks_can_be_taken_away(void **state)
{
    (void)state;
    struct blob o = pcap(0xa1b2c3d4, false, 1), old = pcap(0xa1b2cd34, false, 1);
    uint32_t n = 0;

    for (; o.n < 5000000; n++) {
        put_record(&o, 1, n, n, n * 37 % 1500);
        put32(&old, 1);
        put32(&old, n);
        put32(&old, n * 37 % 1500);
        put32(&old, 1500);
        put_zeros(&old, 8);
        put_data(&old, n, n * 37 % 1500);
    }
    struct blob packed = gzipped(o.b, o.n);
    exchanged_blocks_stay(write_file("one", o.b, o.n), n);
    exchanged_blocks_stay(write_file("one.gz", packed.b, packed.n), n);
    exchanged_blocks_stay(write_file("old", old.b, old.n), n);
    free(packed.b);
    free(old.b);
    free(o.b);
}

/* What comes by a pipe that nobody writes to ends when it is told to. */
static void a_pipe_can_be_stopped(void **state)
{
    (void)state;
    struct blob o = small_capture();
    const char *path = path_of("pipe");
    enum capture_status status;
    char error[CAPTURE_ERROR];
    struct packet batch[CAPTURE_BATCH];

    assert_int_equal(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDWR);
    assert_int_equal(write(fd, o.b, o.n), o.n);
    struct capture *c = capture_open(path, &status, error);
    assert_int_equal(capture_next(c, batch, CAPTURE_BATCH), 3);
    capture_stop(c);
    assert_int_equal(capture_next(c, batch, CAPTURE_BATCH), 0);
    assert_int_equal(capture_status(c), CAPTURE_OK);
    capture_close(c);
    close(fd);
    free(o.b);
}

/* Damaged captures: read to some end, with packets inside the bounds. */
static void damage_is_survived(void **state)
{
    (void)state;
    uint32_t seed = 1;

    for (int round = 0; round < 2000; round++) {
        struct blob o = round % 2 ? two_sections(round % 4 == 1) : small_capture();
        for (int i = 0; i < 3; i++) {
            seed = seed * 1664525u + 1013904223u;
            o.b[(seed >> 8) % o.n] = i ? (uint8_t)(seed >> 24) : 0xff;
        }
        struct packet batch[CAPTURE_BATCH];
        enum capture_status status;
        char error[CAPTURE_ERROR];
        struct capture *c = capture_open(write_file("one", o.b, o.n), &status, error);
        for (size_t n = 1; c && n; ) {
            n = capture_next(c, batch, CAPTURE_BATCH);
            for (size_t i = 0; i < n; i++)
                assert_true(batch[i].data.n <= o.n && batch[i].wire_len >= batch[i].data.n);
        }
        capture_close(c);
        free(o.b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_magic_is_read),
        TEST(modified_pcap_is_left_to_libpcap),
        TEST(absurd_lengths_are_damage),
        TEST(largest_packets_are_read),
        TEST(pcapng_is_read),
        TEST(times_of_all_units_are_read),
        TEST(captures_one_behind_the_other_are_read),
        TEST(large_blocks_are_passed_over),
        TEST(damaged_pcapng_is_named),
        TEST(pcap_cut_anywhere_gives_what_is_whole),
        TEST(pcapng_cut_anywhere_gives_what_is_whole),
        TEST(packets_that_straddle_blocks_are_whole),
        TEST(blocks_can_be_taken_away),
        TEST(a_pipe_can_be_stopped),
        TEST(damage_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
