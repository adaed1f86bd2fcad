/* The writer of the sensor: it checks what the parser says, judges, and stores. One thread listens, which never waits
 * for the disk, another one judges and stores. */
#include "app/sensor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "app/journal.h"
#include "app/key_file.h"
#include "app/rights.h"
#include "app/twin.h"
#include "base/threads.h"

enum { JOURNAL_BYTES = 32 << 20, ROWS = 5000, MESSAGES = 64 };
static const uint64_t second_ns = 1000000000, day_ns = 86400 * second_ns;

struct writer {
    struct sensor *sensor;
    struct wire_in *in;
    struct journal *journal[2];
    struct journal *filling;            /* the listener's */
    bool storing;                       /* the other one is the storer's */
    struct queue *to, *back;            /* of journals, between the two; NULL: no more */
    struct worker *worker;
    uint64_t handed_ns;
    bool ended, gone;                   /* the run has told everything; nobody is left to tell anything */
    uint64_t ended_ns;                  /* when that was found; 0: neither was */
    /* of the storer */
    struct ledger ledger;               /* its store is NULL while it is not open */
    struct paths paths;                 /* for a transaction */
    struct evidence_files files;        /* with --write */
    struct evidence_wishes wishes;
    atomic_int trouble;                 /* status of the failure that goes on; 0: none */
    atomic_bool in_vain;                /* it need not be tried any more */
    atomic_bool waiting;                /* a journal was handed to it */
    struct store_let_go went;           /* since it was said */
    uint64_t said_ns;                   /* when; 0: never */
    bool kept;                          /* what is old could not be let go of, which was said; */
    bool full;                          /* the same of a size that cannot be held */
};

/* --- the thread that stores --- */

static void show_figures(struct writer *w)
{
    struct ledger_figures *f = &w->ledger.figures;
    struct sensor_page *page = w->sensor->writer;
    atomic_fetch_add(&page->decided, f->decided);
    atomic_fetch_add(&page->encrypted, f->encrypted);
    atomic_fetch_add(&page->packets_stored, f->packets);
    atomic_fetch_add(&page->dropped, f->dropped);
}

/* Behind the commit, so that nothing is written twice. */
static void write_evidence(struct writer *w)
{
    bool before = w->files.trouble;
    if (!w->ledger.wishes)
        return;
    evidence_files_write(&w->files, &w->wishes);
    bool wished = w->wishes.n > 0;
    evidence_committed(&w->wishes);
    if (w->files.trouble && !before)
        sensor_warn("%s: evidence cannot be written (%s); sessions are counted until that is possible again",
                    w->sensor->evidence.folder, strerror(errno));
    else if (before && !w->files.trouble && wished)
        sensor_say("%s is written again", w->sensor->evidence.folder);
}

/* Somebody took the file away, or put another one in its place: what is written from now on is there. */
static void look_for_file(struct writer *w)
{
    if (!w->ledger.store || !store_moved(w->ledger.store))
        return;
    sensor_warn("%s is not the file any more that it was; the one at its place is written, or a new one", w->sensor->db);
    store_close(w->ledger.store);
    w->ledger.store = NULL;
    ledger_forget(&w->ledger);          /* the rows that it knows are those of the other file */
    evidence_forget(&w->wishes);
}

static int try_to_store(struct writer *w, const struct journal *j)
{
    char error[STORE_ERROR];
    int code = 0;
    struct ledger *l = &w->ledger;
    look_for_file(w);
    if (!l->store)
        l->store = store_open(w->sensor->db, &w->sensor->store_options, &code, error);
    l->figures = (struct ledger_figures){ 0 };
    sensor_paths(w->sensor, &w->paths);
    if (l->store && !(code = journal_store(j, l, w->sensor->link, w->sensor->nlinks))) {
        show_figures(w);
        write_evidence(w);
        return 0;
    }
    if (!atomic_load(&w->trouble))
        sensor_warn("%s; what is seen is kept in memory, and written when that is possible again",
                    l->store ? store_error(l->store) : error);
    store_close(l->store);
    l->store = NULL;
    return code;
}

/* Once a day, and at first when all that was too old has gone. */
static void say_gone(struct writer *w)
{
    char text[LET_GO_TEXT];
    if (w->went.too_large && !w->full)
        sensor_warn("%s is larger than --size-limit though no session is left in it; the sums stay", w->sensor->db);
    w->full = w->went.too_large;
    if (!w->went.sessions || (w->said_ns && wall_clock_ns() - w->said_ns < day_ns))
        return;
    let_go_text(&w->went, false, text);
    sensor_say("%s", text);
    w->went = (struct store_let_go){ 0 };
    w->said_ns = wall_clock_ns();
}

/* A little of what is too old, whenever something was stored, and more while nothing waits to be. */
static void let_go(struct writer *w)
{
    const struct store_keep keep = sensor_keep(w->sensor);
    uint64_t begun_ns = wall_clock_ns();
    bool more;
    int code;
    do
        code = store_let_go(w->ledger.store, &keep, &w->went, &more);
    while (more && !code && !atomic_load(&w->waiting) && wall_clock_ns() - begun_ns < second_ns / 10);
    if (code && !w->kept)
        sensor_warn("%s; what is old stays for now", store_error(w->ledger.store));
    w->kept = code != 0;
    if (!more && !code)
        say_gone(w);
}

/* For the waits of the storer in trouble. */
static void wait_a_second(struct writer *w)
{
    for (unsigned i = 0; i < 10 && !atomic_load(&w->in_vain); i++)
        poll(NULL, 0, 100);
}

static void run_storer(void *ctx)
{
    struct writer *w = ctx;
    struct journal *j;
    while ((j = queue_take(w->to))) {
        int code;
        atomic_store(&w->waiting, false);
        while ((code = try_to_store(w, j)) && !atomic_load(&w->in_vain)) {
            atomic_store(&w->trouble, code);
            atomic_store(&w->sensor->writer->trouble, true);
            wait_a_second(w);
        }
        atomic_store(&w->sensor->writer->trouble, code != 0);
        if (!code && atomic_exchange(&w->trouble, 0))
            sensor_say("%s is written again", w->sensor->db);
        bool stored = !code && !journal_ended(j);
        queue_put(w->back, j);
        if (stored)
            let_go(w);
    }
}

/* --- the thread that listens --- */

static void take_message(struct writer *w)
{
    struct wire_record r;
    journal_batch(w->filling, wire_in_run(w->in), wire_in_batch(w->in));
    while (wire_in_next(w->in, &r))
        journal_record(w->filling, &r);
    if (journal_ended(w->filling)) {
        w->ended = true;
        w->ended_ns = wall_clock_ns();
    }
}

static void listen_once(struct writer *w)
{
    for (unsigned i = 0; i < MESSAGES && journal_rows(w->filling) < ROWS && journal_has_room(w->filling); i++)
        switch (wire_in_step(w->in)) {
        case WIRE_MESSAGE_CAME:
            take_message(w);
            break;
        case WIRE_BAD:
            sensor_warn("the parser said what none says (%s): it is ended", wire_in_error(w->in));
            atomic_store(&w->sensor->writer->bad_run, wire_in_run(w->in));
            return;
        case WIRE_GONE:
            w->gone = true;
            w->ended_ns = wall_clock_ns();
            return;
        case WIRE_NOTHING:
            return;
        }
}

static void hand_over(struct writer *w)
{
    atomic_store(&w->waiting, true);
    queue_put(w->to, w->filling);
    w->filling = w->filling == w->journal[0] ? w->journal[1] : w->journal[0];
    w->storing = true;
    w->handed_ns = wall_clock_ns();
}

static void take_back(struct writer *w)
{
    void *journal;
    if (!queue_try(w->back, &journal))
        return;
    w->storing = false;
    if (!atomic_load(&w->trouble))
        wire_in_stored(w->in, journal_run(journal), journal_last(journal));
    journal_clear(journal);
}

static bool is_due(const struct writer *w)
{
    if (w->storing || journal_is_empty(w->filling))
        return false;
    return w->ended || w->gone || journal_rows(w->filling) >= ROWS || wall_clock_ns() - w->handed_ns >= second_ns;
}

static bool is_done(const struct writer *w)
{
    return (w->ended || w->gone) && !w->storing && journal_is_empty(w->filling);
}

/* A stream waits for a disk that works, a link waits for nothing. */
static bool must_wait(const struct writer *w)
{
    return w->storing && w->sensor->from_stdin && journal_rows(w->filling) >= ROWS && !atomic_load(&w->trouble);
}

/* What the other thread counts may be a moment old. */
static void say_evidence(const struct writer *w)
{
    const struct evidence_files *f = &w->files;
    if (w->sensor->evidence.folder)
        sensor_say("evidence: %llu sessions written, %llu came too late or found no room in memory, %llu could not be "
                   "written; of %llu more packets gave way; %llu files were removed",
                   (unsigned long long)f->sessions, (unsigned long long)f->late, (unsigned long long)f->failed,
                   (unsigned long long)atomic_load(&w->sensor->ring.shared->lost), (unsigned long long)f->removed);
}

/* As much as a transaction takes has come while the other journal is not stored. */
static bool is_full(const struct writer *w)
{
    return w->storing && (journal_rows(w->filling) >= ROWS || !journal_has_room(w->filling));
}

/* Who tells, or who would start him again, may end meanwhile: what is kept is tried for a while, and given up then. */
static void wait_for_room(struct writer *w)
{
    struct pollfd fd = { .fd = w->sensor->listening };  /* events are none: only the end is told of */
    if (!w->ended_ns && (poll(&fd, 1, 5) > 0 || getppid() != w->sensor->parent))
        w->ended_ns = wall_clock_ns();
    else
        poll(NULL, 0, 5);
}

static void listen_to_the_end(struct writer *w)
{
    struct pollfd fd = { .fd = w->sensor->listening, .events = POLLIN };
    while (!is_done(w)) {
        take_back(w);
        if (is_due(w))
            hand_over(w);
        if (must_wait(w)) {
            poll(NULL, 0, 2);
        } else if (is_full(w)) {
            wait_for_room(w);
        } else if (!w->gone) {
            poll(&fd, 1, w->storing ? 5 : 100);
            listen_once(w);
        } else {
            poll(NULL, 0, 5);
        }
        if (w->ended_ns && atomic_load(&w->trouble) && wall_clock_ns() - w->ended_ns > 10 * second_ns)
            atomic_store(&w->in_vain, true);
        if (sensor_asked) {
            sensor_asked = 0;
            sensor_say("writer: %zu records wait to be stored%s", journal_rows(w->filling),
                       atomic_load(&w->trouble) ? "; the database cannot be written" : "");
            say_evidence(w);
        }
        atomic_fetch_add(&w->sensor->writer->beats, 1);
    }
}

/* --- its life --- */

static bool begin_evidence(struct writer *w)
{
    const struct evidence_options *o = &w->sensor->evidence;
    if (!o->folder)
        return true;
    w->ledger.wishes = &w->wishes;
    return evidence_ring_protect(&w->sensor->ring) && evidence_files_open(&w->files, o, &w->sensor->ring);
}

static int begin(struct writer *w)
{
    char error[STORE_ERROR];
    int code = 0;
    w->in = wire_in_new(w->sensor->listening, w->sensor->nlinks);
    w->to = queue_new(1);
    w->back = queue_new(1);
    for (unsigned i = 0; i < 2; i++)
        w->journal[i] = journal_new(JOURNAL_BYTES);
    w->filling = w->journal[0];
    if (!ledger_open(&w->ledger, &w->paths) || !w->in || !w->to || !w->back || !w->journal[0] || !w->journal[1])
        return complain(EX_OSERR, "there is not enough memory");
    w->ledger.store = store_open(w->sensor->db, &w->sensor->store_options, &code, error);
    if (!w->ledger.store && !w->sensor->again)
        return complain(code, "%s", error);
    if (w->ledger.store)
        twin_look(w->sensor);
    if (!begin_evidence(w))
        return complain(EX_CANTCREAT, "%s cannot be written in: %s; the writer is who owns the folder of the database", w->sensor->evidence.folder, strerror(errno));
    w->worker = worker_start(run_storer, w);
    return w->worker ? 0 : complain(EX_OSERR, "no thread can be started");
}

int writer_main(struct sensor *s)
{
    static struct writer w;
    char why[RIGHTS_ERROR], folder[FOLDER_TEXT];
    struct rights rights = { .role = RIGHTS_WRITER, .folder = folder_of(s->db, folder),
                             .also = s->evidence.folder, .uid = s->writer_uid, .gid = s->writer_gid };
    w.sensor = s;
    s->store_options.address_key = s->key;
    if (!rights_drop(&rights, why))
        return complain(EX_OSERR, "writer: %s", why);
    int code = begin(&w);
    if (!code) {
        listen_to_the_end(&w);
        queue_put(w.to, NULL);
        worker_join(w.worker);
        code = atomic_load(&w.trouble);
        if (code)
            sensor_warn("%s could not be written to the end: what was kept in memory is lost", s->db);
        else if (w.ledger.store)
            store_run_over(w.ledger.store);
    }
    store_close(w.ledger.store);
    ledger_close(&w.ledger);
    if (s->evidence.folder)
        evidence_files_close(&w.files);
    key_file_wipe(&s->key);
    return code;
}
