/* Captures built in memory, files in a folder that lasts as long as one test, and reading back: for
 * the tests of capture/. To be included after <cmocka.h>. */
#ifndef MAILSEAL_TESTS_CAPTURE_KIT_H
#define MAILSEAL_TESTS_CAPTURE_KIT_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "capture/capture.h"

/* --- bytes --- */

struct blob {
    uint8_t *b;
    size_t n, room;
    bool big;                           /* order of the numbers put */
};

static inline void put(struct blob *o, const void *p, size_t n)
{
    if (!n)
        return;
    if (o->n + n > o->room) {
        o->room = 2 * (o->n + n);
        o->b = realloc(o->b, o->room);
        assert_non_null(o->b);
    }
    memcpy(o->b + o->n, p, n);
    o->n += n;
}

static inline void put16(struct blob *o, unsigned v)
{
    uint8_t b[2] = { (uint8_t)v, (uint8_t)(v >> 8) }, r[2] = { b[1], b[0] };
    put(o, o->big ? r : b, 2);
}

static inline void put32(struct blob *o, uint32_t v)
{
    put16(o, o->big ? v >> 16 : v & 0xffff);
    put16(o, o->big ? v & 0xffff : v >> 16);
}

static inline void put_zeros(struct blob *o, size_t n)
{
    for (; n; n--)
        put(o, "", 1);
}

static inline struct blob gzipped(const void *p, size_t n)
{
    z_stream z = { 0 };
    struct blob out = { .room = n + n / 100 + 1000 };

    out.b = malloc(out.room);
    assert_non_null(out.b);
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (z_const Bytef *)(uintptr_t)p;
    z.avail_in = (uInt)n;
    z.next_out = out.b;
    z.avail_out = (uInt)out.room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out.n = out.room - z.avail_out;
    deflateEnd(&z);
    return out;
}

/* --- files --- */

static char folder[128];

static inline const char *path_of(const char *name)
{
    static char path[4][256];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static inline const char *write_file(const char *name, const void *p, size_t n)
{
    const char *path = path_of(name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(p, 1, n, file), n);
    fclose(file);
    return path;
}

static inline int make_folder(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/mailseal-test-XXXXXX", base ? base : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline int remove_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* --- captures --- */

enum { PCAP_HEADER = 24 };

static inline struct blob pcap(uint32_t magic, bool big, uint32_t linktype)
{
    struct blob o = { .big = big };
    put32(&o, magic);
    put16(&o, 2);
    put16(&o, 4);
    put32(&o, 0);
    put32(&o, 0);
    put32(&o, 5);                       /* a snapshot length that is not true */
    put32(&o, linktype);
    return o;
}

/* Packets carry their number and then bytes that follow from it. */
static inline void put_data(struct blob *o, uint32_t number, size_t n)
{
    uint8_t head[4] = {
        (uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16), (uint8_t)(number >> 24)
    };
    put(o, head, n < 4 ? n : 4);
    for (size_t i = 4; i < n; i++) {
        uint8_t c = (uint8_t)(number * 7 + i);
        put(o, &c, 1);
    }
}

static inline void assert_data(struct span s, uint32_t number)
{
    struct blob o = { 0 };
    put_data(&o, number, s.n);
    if (s.n)
        assert_memory_equal(s.p, o.b, s.n);
    free(o.b);
}

static inline void put_record(struct blob *o, uint32_t sec, uint32_t fraction, uint32_t number, uint32_t n)
{
    put32(o, sec);
    put32(o, fraction);
    put32(o, n);
    put32(o, n + 100);
    put_data(o, number, n);
}

static inline struct blob small_capture(void)
{
    struct blob o = pcap(0xa1b2c3d4, false, 1);
    for (uint32_t i = 0; i < 3; i++)
        put_record(&o, 100 + i, 0, i, 30);
    return o;
}

/* --- reading back --- */

struct seen {
    struct packet packet[64];           /* the data pointers are not valid any more */
    size_t n;
    enum capture_status opened, status;
    char error[CAPTURE_ERROR];
};

/* Reads to the end, checks that the packets carry the numbers from 0 on, and that all packets of
 * a batch are valid until the next. */
static inline void read_capture(struct capture *c, struct seen *seen, size_t batch_size)
{
    struct packet batch[CAPTURE_BATCH];
    size_t n;

    while ((n = capture_next(c, batch, batch_size)) > 0) {
        assert_true(n <= batch_size);
        for (size_t i = 0; i < n; i++, seen->n++) {
            assert_data(batch[i].data, (uint32_t)seen->n);
            if (seen->n < sizeof seen->packet / sizeof *seen->packet)
                seen->packet[seen->n] = batch[i];
        }
    }
    assert_int_equal(capture_next(c, batch, batch_size), 0);
    seen->status = capture_status(c);
    if (seen->status != CAPTURE_OK)
        memcpy(seen->error, capture_error(c), CAPTURE_ERROR);
}

static inline struct seen read_path(const char *path, size_t batch_size)
{
    struct seen seen = { .n = 0 };
    struct capture *c = capture_open(path, &seen.opened, seen.error);

    assert_int_equal(c == NULL, seen.opened != CAPTURE_OK);
    if (c)
        read_capture(c, &seen, batch_size);
    capture_close(c);
    return seen;
}

static inline struct seen read_blob(const struct blob *o, size_t n)
{
    return read_path(write_file("one", o->b, n), CAPTURE_BATCH);
}

static inline void assert_sentence(const struct seen *seen, const char *part)
{
    if (!strstr(seen->error, part))
        print_error("%s: has not: %s\n", seen->error, part);
    assert_non_null(strstr(seen->error, part));
    assert_true(strncmp(seen->error, folder, strlen(folder)) == 0);
}

/* --- standard input --- */

static inline void write_in_pieces(int fd, const struct blob *o, size_t piece)
{
    for (size_t at = 0; at < o->n; ) {
        size_t n = o->n - at < piece ? o->n - at : piece;
        if (write(fd, o->b + at, n) != (ssize_t)n)
            _exit(1);
        at += n;
    }
    _exit(0);
}

/* Makes standard input a pipe into which a child writes; returns what it was. */
static inline int pipe_in(const struct blob *o, size_t piece, pid_t *child)
{
    int ends[2], before = dup(STDIN_FILENO);

    assert_int_equal(pipe(ends), 0);
    *child = fork();
    assert_true(*child >= 0);
    if (*child == 0)
        write_in_pieces(ends[1], o, piece);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    return before;
}

static inline void pipe_end(int before, pid_t child)
{
    int status;
    dup2(before, STDIN_FILENO);
    close(before);
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)

#endif
