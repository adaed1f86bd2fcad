/* links: app/evidence_ring.o app/evidence_files.o facts/vocabulary.o facts/session.o base/pages.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/evidence_files.h"

enum { RING = 8192 };

static uint8_t out[EVIDENCE_ENTRY_MOST];

/* An entry of one packet with n bytes; gives its place. */
static uint64_t put(struct evidence_ring *r, uint32_t n)
{
    struct evidence_head h = { .packets = 1 };
    struct evidence_packet p = { .ts_ns = 7, .n = n, .wire = n };
    h.size = (uint32_t)(sizeof h + sizeof p) + (n + 7) / 8 * 8;
    uint8_t *to = evidence_ring_room(r, h.size, &h.place);
    assert_non_null(to);
    memcpy(to, &h, sizeof h);
    memcpy(to + sizeof h, &p, sizeof p);
    memset(to + sizeof h + sizeof p, 'a', n);
    return h.place;
}

static void oldest_give_way(void **state)
{
    (void)state;
    struct evidence_ring r;
    uint64_t place[40];
    assert_true(evidence_ring_make(&r, RING));
    for (unsigned i = 0; i < 40; i++)
        place[i] = put(&r, 500 + i);
    assert_int_equal(evidence_ring_take(&r, place[0], out, sizeof out), 0);
    size_t n = evidence_ring_take(&r, place[39], out, sizeof out);
    assert_int_equal(n, sizeof(struct evidence_head) + sizeof(struct evidence_packet) + 544);
    assert_int_equal(out[n - 6], 'a');
    unsigned there = 0;
    for (unsigned i = 0; i < 40; i++)
        there += evidence_ring_take(&r, place[i], out, sizeof out) > 0;
    assert_in_range(there, 10, RING / 540);
    evidence_ring_free(&r);
}

static void nothing_is_believed(void **state)
{
    (void)state;
    struct evidence_ring r;
    uint64_t place;
    assert_true(evidence_ring_make(&r, RING));
    put(&r, 8);
    place = put(&r, 100);
    uint8_t *entry = r.shared->bytes + place % RING;
    struct evidence_head good, h;
    struct evidence_packet p;
    memcpy(&good, entry, sizeof good);
    const struct { uint64_t place; uint32_t size, packets; } bad[] = {
        { place, UINT32_MAX, 1 }, { place, 0, 1 }, { place, good.size + 8, 1 }, { place, good.size, 2 },
        { place, good.size, UINT32_MAX }, { place, good.size, 0 }, { place + 8, good.size, 1 }, { place, RING, 1 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        h = good;
        h.place = bad[i].place;
        h.size = bad[i].size;
        h.packets = bad[i].packets;
        memcpy(entry, &h, sizeof h);
        assert_int_equal(evidence_ring_take(&r, place, out, sizeof out), 0);
    }
    memcpy(entry, &good, sizeof good);
    assert_int_not_equal(evidence_ring_take(&r, place, out, sizeof out), 0);
    assert_int_equal(evidence_ring_take(&r, place, out, good.size - 1), 0);
    memcpy(&p, entry + sizeof good, sizeof p);
    const uint32_t lengths[] = { UINT32_MAX, UINT32_MAX - 6, 65536, 105, 90 };
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        p.n = lengths[i];
        memcpy(entry + sizeof good, &p, sizeof p);
        assert_int_equal(evidence_ring_take(&r, place, out, sizeof out), 0);
    }
    const uint64_t places[] = { UINT64_MAX, place + 1, place + 4, RING * 5, 8, place + RING };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        assert_int_equal(evidence_ring_take(&r, places[i], out, sizeof out), 0);
    assert_null(evidence_ring_room(&r, RING / 2 + 8, &place));
    evidence_ring_free(&r);
}

/* Whether the blocks of a capture follow one another up to its end, with this many packets. */
static void assert_whole(const char *folder, const struct evidence_files *f, unsigned packets)
{
    static uint8_t bytes[1 << 20];
    char path[200];
    unsigned found = 0;
    snprintf(path, sizeof path, "%s/%s", folder, f->name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(bytes, 1, sizeof bytes, file), at = 0;
    fclose(file);
    assert_int_equal(n, f->size);
    while (at < n) {
        uint32_t type, length;
        memcpy(&type, bytes + at, 4);
        memcpy(&length, bytes + at + 4, 4);
        assert_true(length >= 12 && length % 4 == 0 && length <= n - at);
        found += type == 6;
        at += length;
    }
    assert_int_equal(found, packets);
}

/* A disk that gets full in the middle of a session, and has room again: nothing of it is left, nothing behind it is lost,
 * and who wishes nothing meanwhile does not end the trouble. */
static void failed_write_leaves_nothing(void **state)
{
    (void)state;
    static struct evidence_wishes wishes;
    struct evidence_ring r;
    struct evidence_files f;
    struct rlimit limit, before;
    char folder[] = "/tmp/evidence_test.XXXXXX", path[200];

    assert_non_null(mkdtemp(folder));
    const struct evidence_options o = { .folder = folder, .memory = 1 << 20, .file_size = 1 << 20, .files = 3 };
    assert_true(evidence_ring_make(&r, 1 << 16));
    assert_true(evidence_files_open(&f, &o, &r));
    wishes.n = 1;
    wishes.wish[0] = (struct evidence_wish){ .kept = put(&r, 5000) + 1, .incidents = 1 };
    evidence_files_write(&f, &wishes);
    assert_whole(folder, &f, 1);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = f.size + 100;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    evidence_files_write(&f, &wishes);
    assert_true(f.trouble);
    wishes.n = 0;
    evidence_files_write(&f, &wishes);
    assert_true(f.trouble);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_whole(folder, &f, 1);
    wishes.n = 1;
    evidence_files_write(&f, &wishes);
    assert_false(f.trouble);
    assert_whole(folder, &f, 2);
    assert_int_equal(f.failed, 1);
    snprintf(path, sizeof path, "%s/%s", folder, f.name);
    evidence_files_close(&f);
    evidence_ring_free(&r);
    assert_int_equal(unlink(path) | rmdir(folder), 0);
}

static void tell(struct evidence_wishes *w, int64_t row, uint64_t kept)
{
    static struct session s;
    const struct judgement j = { .verdict = VERDICT_CLEAR };
    s.kept = kept;
    evidence_wish(w, row, &s, &j);
}

/* What was known before a transaction that is rolled back is known behind it; its own sessions are not, for another one
 * may get their rows. */
static void rollback_forgets_its_own(void **state)
{
    (void)state;
    static struct evidence_wishes w;
    const enum evidence kind = (enum evidence)0;
    tell(&w, 1, 4097);
    evidence_committed(&w);
    for (unsigned i = 0; i < 2; i++) {
        tell(&w, 2, 8193);
        evidence_wish_later(&w, 1, kind, GRADE_POSSIBLE);
        evidence_wish_later(&w, 1, kind, GRADE_LIKELY);
        assert_int_equal(w.n, 1);
        assert_int_equal(w.wish[0].kept, 4097);
        evidence_rolled_back(&w);
        assert_int_equal(w.n, 0);
    }
    evidence_wish_later(&w, 2, kind, GRADE_LIKELY);
    assert_int_equal(w.n, 0);
    evidence_wish_later(&w, 1, kind, GRADE_LIKELY);
    assert_int_equal(w.n, 1);
    evidence_committed(&w);
    evidence_wish_later(&w, 1, kind, GRADE_LIKELY);
    assert_int_equal(w.n, 0);           /* once */
    tell(&w, 3, 4097);
    evidence_committed(&w);
    evidence_forget(&w);
    evidence_wish_later(&w, 3, kind, GRADE_LIKELY);
    assert_int_equal(w.n, 0);           /* another file */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oldest_give_way),
        cmocka_unit_test(nothing_is_believed),
        cmocka_unit_test(failed_write_leaves_nothing),
        cmocka_unit_test(rollback_forgets_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
