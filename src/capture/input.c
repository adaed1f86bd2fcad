#include "capture/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/pages.h"
#include "capture/gunzip.h"
#include "capture/unzstd.h"

enum {
    MAGIC_MAX = 6,
    FIRST_READ = 64 * 1024,             /* enough to list a file by its first packet */
    PACKED_BLOCK = 128 * 1024,
    NAME_MAX_SHOWN = 200
};

struct input {
    int fd;
    bool file;                          /* a regular file, read from its beginning */
    bool drained;                       /* all stored bytes have been read */
    bool ended;                         /* nothing more will come into the block */
    atomic_bool stopped;                /* and nothing more is wanted */
    bool restless;                      /* input_refill() comes back when nothing has come for a while; */
    bool idle;                          /* as it just did */
    enum capture_status status;
    uint64_t size;                      /* as stored, when it was opened; 0: unknown */
    uint64_t stored;                    /* bytes read */
    uint64_t position;                  /* of the window, unpacked */
    uint64_t skip;                      /* bytes taken that were not read yet */

    uint8_t *block;
    size_t from, to;                    /* the window: block[from .. to) */

    const struct packing *packing;      /* NULL: plain bytes */
    struct gunzip *gunzip;
    struct unzstd *unzstd;
    uint8_t *packed;                    /* PACKED_BLOCK bytes */
    struct span packed_rest;            /* the part of them not unpacked yet */

    uint8_t *head;                      /* both ends of what cannot be read again: first bytes */
    uint8_t *tail;                      /* a ring; the byte at offset o is tail[o % INPUT_END] */

    char name[NAME_MAX_SHOWN + 4];
    char error[CAPTURE_ERROR];
};

/* --- packings --- */

enum unpacker { ELSEWHERE, BY_ZLIB, BY_ZSTD };

struct packing {
    uint8_t magic[MAGIC_MAX], n;
    uint8_t any;                        /* bits of the first byte that do not matter */
    enum unpacker unpacker;
    const char *name, *command;         /* command: unpacks to standard output */
};

static const struct packing packings[] = {
    { { 0x1f, 0x8b }, 2, 0,                     BY_ZLIB,   "gzip",  "gzip -dc" },
    { { 0x28, 0xb5, 0x2f, 0xfd }, 4, 0,         BY_ZSTD,   "zstd",  "zstd -dc" },
    { { 0x50, 0x2a, 0x4d, 0x18 }, 4, 15,        BY_ZSTD,   "zstd",  "zstd -dc" },   /* a skippable frame */
    { { 0xfd, '7', 'z', 'X', 'Z', 0x00 }, 6, 0, ELSEWHERE, "xz",    "xz -dc" },
    { { 0x04, 0x22, 0x4d, 0x18 }, 4, 0,         ELSEWHERE, "lz4",   "lz4 -dc" },
    { { 'B', 'Z', 'h' }, 3, 0,                  ELSEWHERE, "bzip2", "bzip2 -dc" },
};

static const struct packing *packing_of(struct span head)
{
    for (size_t i = 0; i < sizeof packings / sizeof *packings; i++) {
        const struct packing *p = &packings[i];
        struct span rest = span_skip(span_first(head, p->n), 1);
        if (rest.n + 1 == p->n && (*head.p & ~p->any) == *p->magic && !memcmp(rest.p, p->magic + 1, rest.n))
            return p;
    }
    return NULL;
}

static size_t unpack(struct input *in, uint8_t *out, size_t room, const char **why)
{
    return in->unzstd ? unzstd(in->unzstd, &in->packed_rest, out, room, why)
                      : gunzip(in->gunzip, &in->packed_rest, out, room, why);
}

/* --- reading --- */

static void fail(struct input *in, enum capture_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fail(struct input *in, enum capture_status status, const char *format, ...)
{
    va_list args;
    int n = snprintf(in->error, sizeof in->error, "%s: ", in->name);

    in->status = status;
    in->ended = true;
    va_start(args, format);
    vsnprintf(in->error + n, sizeof in->error - (size_t)n, format, args);
    va_end(args);
}

/* Of a stream, keeps what input_identify() will want. */
static void keep_ends(struct input *in, struct span read)
{
    if (in->stored < INPUT_END) {
        struct span first = span_first(read, INPUT_END - (size_t)in->stored);
        memcpy(in->head + in->stored, first.p, first.n);
    }
    struct span last = span_skip(read, read.n > INPUT_END ? read.n - INPUT_END : 0);
    size_t at = (size_t)((in->stored + read.n - last.n) % INPUT_END);
    struct span upper = span_first(last, INPUT_END - at);
    memcpy(in->tail + at, upper.p, upper.n);
    memcpy(in->tail, last.p + upper.n, last.n - upper.n);
}

/* Whether there is something to read, or the end; false: input_stop() came first, or nothing has come. */
static bool wait_for_bytes(struct input *in)
{
    const int patience_ms = 200;
    struct pollfd fd = { .fd = in->fd, .events = POLLIN };
    while (!atomic_load(&in->stopped)) {
        if (poll(&fd, 1, patience_ms) > 0)
            return true;
        if (in->restless) {
            in->idle = true;
            return false;
        }
    }
    return false;
}

/* One read(2) of stored bytes. 0: the end, or an error, which fail() has told. */
static size_t read_stored(struct input *in, uint8_t *out, size_t room)
{
    ssize_t n;

    do
        n = in->file || wait_for_bytes(in) ? read(in->fd, out, room) : 0;
    while (n < 0 && errno == EINTR);
    if (n < 0) {
        fail(in, CAPTURE_UNREADABLE, "offset %llu: cannot be read: %s",
             (unsigned long long)in->stored, strerror(errno));
        return 0;
    }
    if (in->idle)
        return 0;
    in->drained = n == 0;
    if (in->drained && in->stored < in->size)
        fail(in, CAPTURE_DAMAGED, "offset %llu: the file had %llu bytes and became shorter while it was read",
             (unsigned long long)in->stored, (unsigned long long)in->size);
    if (!in->file)
        keep_ends(in, span_of(out, (size_t)n));
    in->stored += (uint64_t)n;
    return (size_t)n;
}

static void read_packed(struct input *in)
{
    in->packed_rest = span_of(in->packed, read_stored(in, in->packed, PACKED_BLOCK));
    if (in->packed_rest.n || in->ended || in->idle)
        return;
    in->ended = true;
    if (!(in->unzstd ? unzstd_may_end(in->unzstd) : gunzip_may_end(in->gunzip)))
        fail(in, CAPTURE_DAMAGED, "offset %llu: the %s data are cut short",
             (unsigned long long)in->stored, in->packing->name);
}

/* Adds unpacked bytes to the block; none: ended is set. */
static void unpack_more(struct input *in, size_t room)
{
    while (!in->ended) {
        const char *why = NULL;
        size_t made = unpack(in, in->block + in->to, room, &why);
        in->to += made;
        if (why)
            fail(in, CAPTURE_DAMAGED, "offset %llu: the %s data are damaged: %s",
                 (unsigned long long)(in->stored - in->packed_rest.n), in->packing->name, why);
        if (made)
            break;
        if (!why)
            read_packed(in);
        if (in->idle)
            break;
    }
}

static void read_more(struct input *in, size_t room)
{
    if (in->packing) {
        unpack_more(in, room);
        return;
    }
    size_t n = read_stored(in, in->block + in->to, room);
    in->to += n;
    in->ended = in->ended || (!n && !in->idle);
}

/* Gives the bytes that were taken before they were read their due. */
static void drop_skipped(struct input *in)
{
    size_t there = in->to - in->from;
    size_t n = in->skip < there ? (size_t)in->skip : there;

    in->from += n;
    in->skip -= n;
    in->position += n;
}

static void to_front(struct input *in)
{
    if (!in->from)
        return;
    memmove(in->block, in->block + in->from, in->to - in->from);
    in->to -= in->from;
    in->from = 0;
}

/* A file is read in whole blocks, but for the first bytes of it; from a pipe no more is waited
 * for than is needed. */
bool input_refill(struct input *in, size_t need)
{
    bool first = in->position == 0 && in->to == 0;
    size_t limit = first && need < FIRST_READ ? FIRST_READ : INPUT_BLOCK;

    if (in->to - in->from >= need)
        return true;
    to_front(in);
    in->idle = false;
    while (!in->ended && !in->idle && (in->to < need || (in->file && in->to < limit))) {
        read_more(in, limit - in->to);
        if (in->skip) {
            drop_skipped(in);
            to_front(in);
        }
    }
    return in->to - in->from >= need && !in->skip;
}

void *input_exchange(struct input *in, void *fresh)
{
    void *given = in->block;
    memcpy(fresh, in->block + in->from, in->to - in->from);
    in->block = fresh;
    in->to -= in->from;
    in->from = 0;
    return given;
}

void input_be_restless(struct input *in) { in->restless = !in->file; }
bool input_is_idle(const struct input *in) { return in->idle; }

void input_stop(struct input *in) { atomic_store(&in->stopped, true); }

struct span input_window(const struct input *in)
{
    return span_of(in->block + in->from, in->to - in->from);
}

void input_take(struct input *in, uint64_t n)
{
    in->skip += n;
    drop_skipped(in);
}

/* --- opening and closing --- */

static void set_name(struct input *in, const char *path)
{
    size_t n = strlen(path);
    if (strcmp(path, "-") == 0)
        snprintf(in->name, sizeof in->name, "standard input");
    else if (n > NAME_MAX_SHOWN)
        snprintf(in->name, sizeof in->name, "...%s", path + n - NAME_MAX_SHOWN);
    else
        snprintf(in->name, sizeof in->name, "%s", path);
}

static bool open_file(struct input *in, const char *path)
{
    struct stat st;

    in->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (in->fd < 0 || fstat(in->fd, &st) != 0) {
        fail(in, CAPTURE_UNREADABLE, "cannot be opened: %s", strerror(errno));
        return false;
    }
    if (S_ISDIR(st.st_mode)) {
        fail(in, CAPTURE_UNREADABLE, "is a folder");
        return false;
    }
    in->file = S_ISREG(st.st_mode) && lseek(in->fd, 0, SEEK_CUR) == 0;
    in->size = in->file ? (uint64_t)st.st_size : 0;
    return true;
}

static bool allocate(struct input *in)
{
    in->block = pages_get(INPUT_BLOCK);
    if (!in->file) {
        in->head = pages_get(INPUT_END);
        in->tail = pages_get(INPUT_END);
    }
    if (in->block && (in->file || (in->head && in->tail)))
        return true;
    fail(in, CAPTURE_UNREADABLE, "no memory to read it");
    return false;
}

/* Turns the plain bytes read so far into packed ones. */
static bool start_unpacking(struct input *in, const struct packing *packing)
{
    in->unzstd = packing->unpacker == BY_ZSTD ? unzstd_new() : NULL;
    in->gunzip = packing->unpacker == BY_ZLIB ? gunzip_new() : NULL;
    in->packed = pages_get(PACKED_BLOCK);
    if ((!in->gunzip && !in->unzstd) || !in->packed) {
        fail(in, CAPTURE_UNREADABLE, "no memory to unpack it");
        return false;
    }
    _Static_assert(FIRST_READ <= PACKED_BLOCK, "the bytes read before packing was known fit");
    memcpy(in->packed, in->block, in->to);
    in->packed_rest = span_of(in->packed, in->to);
    in->packing = packing;
    in->to = 0;
    in->ended = false;
    return true;
}

static bool find_packing(struct input *in, const char *path)
{
    input_refill(in, MAGIC_MAX);
    const struct packing *packing = packing_of(input_window(in));
    if (!packing || in->status != CAPTURE_OK)
        return in->status == CAPTURE_OK;
    if (packing->unpacker == BY_ZLIB || (packing->unpacker == BY_ZSTD && unzstd_is_there()))
        return start_unpacking(in, packing);
    bool given = strcmp(path, "-") != 0;
    fail(in, CAPTURE_NOT_ONE, "is packed with %s, which is not unpacked here: %s%s%s | mailseal analyze -",
         packing->name, packing->command, given ? " " : "", given ? in->name : "");
    return false;
}

struct input *input_open(const char *path, enum capture_status *status, char error[CAPTURE_ERROR])
{
    struct input *in = calloc(1, sizeof *in);
    if (!in) {
        snprintf(error, CAPTURE_ERROR, "no memory to read a file");
        *status = CAPTURE_UNREADABLE;
        return NULL;
    }
    set_name(in, path);
    if (open_file(in, path) && allocate(in) && find_packing(in, path)) {
        *status = CAPTURE_OK;
        return in;
    }
    *status = in->status;
    memcpy(error, in->error, CAPTURE_ERROR);
    input_close(in);
    return NULL;
}

void input_close(struct input *in)
{
    if (!in)
        return;
    if (in->fd > STDIN_FILENO)
        close(in->fd);
    else if (in->fd == STDIN_FILENO && in->file)
        lseek(in->fd, 0, SEEK_SET);     /* whoever opens it again begins anew */
    gunzip_free(in->gunzip);
    unzstd_free(in->unzstd);
    pages_put(in->packed);
    pages_put(in->head);
    pages_put(in->tail);
    pages_put(in->block);
    free(in);
}

/* --- questions --- */

const char *input_name(const struct input *in) { return in->name; }
enum capture_status input_status(const struct input *in) { return in->status; }
const char *input_error(const struct input *in) { return in->error; }
uint64_t input_missing(const struct input *in) { return in->skip; }
uint64_t input_position(const struct input *in) { return in->position; }
bool input_is_packed(const struct input *in) { return in->packing != NULL; }
bool input_has_grown(const struct input *in)
{
    struct stat st;
    return in->file && fstat(in->fd, &st) == 0 && (uint64_t)st.st_size > in->size;
}

bool input_is_file(const struct input *in) { return in->file; }
bool input_ended(const struct input *in) { return in->ended; }
uint64_t input_stored_read(const struct input *in) { return in->stored; }
uint64_t input_stored_size(const struct input *in) { return in->size; }

/* Fills out from the file at an offset; false if it is shorter than that by now. */
static bool read_at(int fd, uint8_t *out, size_t n, uint64_t offset)
{
    for (size_t got = 0; got < n; ) {
        ssize_t r = pread(fd, out + got, n - got, (off_t)(offset + got));
        if (r <= 0 && !(r < 0 && errno == EINTR))
            return false;
        got += r > 0 ? (size_t)r : 0;
    }
    return true;
}

static bool identify_file(const struct input *in, struct capture_identity *out)
{
    struct stat st;
    if (fstat(in->fd, &st) != 0)
        return false;
    uint64_t size = (uint64_t)st.st_size;
    size_t n = size < INPUT_END ? (size_t)size : INPUT_END;
    uint8_t *ends = pages_get(2 * INPUT_END);
    bool done = ends && read_at(in->fd, ends, n, 0) && read_at(in->fd, ends + n, n, size - n);

    if (done) {
        struct span part = span_of(ends, 2 * n);
        out->size = size;
        digest_sha256(&part, 1, out->ends);
    }
    pages_put(ends);
    return done;
}

static bool identify_stream(const struct input *in, struct capture_identity *out)
{
    size_t n = in->stored < INPUT_END ? (size_t)in->stored : INPUT_END;
    size_t oldest = in->stored < INPUT_END ? 0 : (size_t)(in->stored % INPUT_END);
    struct span parts[] = {
        span_of(in->head, n), span_of(in->tail + oldest, n - oldest), span_of(in->tail, oldest)
    };

    if (!in->drained)
        return false;
    out->size = in->stored;
    digest_sha256(parts, 3, out->ends);
    return true;
}

bool input_identify(const struct input *in, struct capture_identity *out)
{
    return in->file ? identify_file(in, out) : identify_stream(in, out);
}
