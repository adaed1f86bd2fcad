#include "app/analysis.h"

#include <string.h>
#include <sysexits.h>

#include "app/key_file.h"
#include "capture/capture.h"

static const uint64_t second_ns = 1000000000;

static void note(struct analysis *a, int status)
{
    if (!a->status)
        a->status = status;
}

/* --- what the lane gives --- */

static void store_result(struct analysis *a, int status)
{
    if (!status || a->store_status)
        return;
    a->store_status = status;
    progress_clear(&a->progress);
    note(a, complain(status, "%s", store_error(a->store)));
}

static void take_session(void *ctx, const struct session *s, uint64_t number)
{
    struct analysis *a = ctx;
    if (!a->store_status)
        store_result(a, ledger_session(&a->ledger, s, number, pipeline_trace(a->pipeline)));
}

static void take_counts(void *ctx, uint64_t number, const struct session_counts *counts)
{
    struct analysis *a = ctx;
    if (!a->store_status)
        store_result(a, store_counts(a->store, number, counts));
}

static void take_attempt(void *ctx, const struct attempt *attempt)
{
    struct analysis *a = ctx;
    if (!a->store_status)
        store_result(a, store_attempt(a->store, attempt, 1));
}

static void take_certificate(void *ctx, const struct certificate *c)
{
    struct analysis *a = ctx;
    if (!a->store_status)
        store_result(a, store_certificate(a->store, c));
}

static void take_server_name(void *ctx, const struct server_name *n)
{
    struct analysis *a = ctx;
    if (!a->store_status)
        store_result(a, store_server_name(a->store, n));
}

/* --- one capture --- */

static void complain_capture(void *ctx, enum capture_status status, const char *sentence)
{
    struct analysis *a = ctx;
    progress_clear(&a->progress);
    note(a, complain(status == CAPTURE_UNREADABLE ? EX_NOINPUT : EX_DATAERR, "%s", sentence));
}

static struct source_identity identity_of(const struct capture_identity *id, const struct capture_file *f,
                                          uint64_t packets, uint64_t last_ns)
{
    struct source_identity s = { .size = id->size, .packets = packets, .first_ns = f->first_ns, .last_ns = last_ns };
    memcpy(s.ends, id->ends, sizeof s.ends);
    return s;
}

/* Whether the database has a capture already: its size and ends are compared first, and only a
 * likely one is read for its packets. */
static bool is_known(struct analysis *a, const struct capture_file *f)
{
    char error[CAPTURE_ERROR];
    enum capture_status status;
    struct capture_identity id;
    struct source_identity source;
    uint32_t number = 0;
    struct capture *c = capture_open(f->path, &status, error);

    if (c && capture_identify(c, &id)) {
        source = identity_of(&id, f, 0, 0);
        store_result(a, store_source_find(a->store, &source, false, &number));
        if (number && !a->store_status) {
            number = 0;
            capture_skim(c, &source.packets, &source.last_ns);
            store_result(a, store_source_find(a->store, &source, true, &number));
        }
    }
    capture_close(c);
    return number != 0;
}

static void tell_known(struct analysis *a, const char *path)
{
    a->known++;
    if (a->quiet)
        return;
    progress_clear(&a->progress);
    complain(EX_OK, "%s is a capture that the database has already, and is not counted again", path);
}

static bool step(void *ctx, const struct record_mark *mark)
{
    struct analysis *a = ctx;
    progress_step(&a->progress, mark->offset, mark->counts.packets);
    return !a->store_status;
}

static struct source_summary summary_of(const struct lane_counts *before, const struct lane_counts *after)
{
    struct source_summary s = { .evicted = after->evicted - before->evicted,
                                .discarded = after->discarded - before->discarded };
    for (unsigned r = 0; r < DECODE_RESULTS_N; r++)
        s.decoded[r] = after->decoded[r] - before->decoded[r];
    return s;
}

/* Reads one capture into the open transaction. False: the transaction is of no use any more.
 * *repeated: standard input turned out to be a capture that is there already. */
static bool read_capture(struct analysis *a, struct capture_file *f, uint64_t *last_ns, bool *repeated)
{
    char error[CAPTURE_ERROR];
    enum capture_status status = CAPTURE_OK;
    struct capture *c = f->open ? f->open : capture_open(f->path, &status, error);
    struct lane_counts before = pipeline_counts(a->pipeline), after;
    struct capture_identity id = { 0 };
    uint32_t number = 0, same = 0;

    f->open = NULL;
    if (!c) {
        complain_capture(a, status, error);
        return true;
    }
    store_result(a, store_source_begin(a->store, f->path, a->group, &number));
    if (!a->store_status)
        pipeline_read(a->pipeline, c, number);
    after = pipeline_counts(a->pipeline);
    uint64_t packets = after.packets - before.packets;
    if (packets)
        *last_ns = pipeline_last_ns(a->pipeline);
    struct source_summary s = summary_of(&before, &after);
    s.linktype = f->empty ? -1 : f->linktype;
    if (capture_status(c) != CAPTURE_OK) {
        complain_capture(a, CAPTURE_DAMAGED, capture_error(c));
        s.damage = capture_error(c);
    }
    capture_identify(c, &id);
    s.identity = identity_of(&id, f, packets, *last_ns);
    if (!a->store_status)
        store_result(a, store_source_find(a->store, &s.identity, true, &same));
    *repeated = same != 0;
    if (!*repeated && !a->store_status)
        store_result(a, store_source_end(a->store, number, &s));
    progress_file_done(&a->progress, capture_offset(c));
    capture_close(c);
    return !a->store_status && !*repeated;
}

/* --- captures that belong together --- */

static bool continues(const struct analysis *a, const struct capture_file *next, const struct capture_file *present,
                      uint64_t last_ns)
{
    return !a->separate && !next->open && !next->empty && next->linktype == present->linktype &&
           next->first_ns > present->first_ns && next->first_ns + second_ns >= last_ns &&
           next->first_ns <= last_ns + 60 * second_ns;
}

/* Reads the group that begins with file[at]; gives the index behind it. */
static size_t read_group(struct analysis *a, struct capture_list *list, size_t at)
{
    bool good, repeated = false;
    uint64_t last_ns = 0;
    size_t first = at;

    if (!list->file[at].open && is_known(a, &list->file[at])) {
        tell_known(a, list->file[at].path);
        return at + 1;
    }
    a->group++;
    store_result(a, store_begin(a->store));
    do {
        bool stream = list->file[at].open != NULL;
        good = !a->store_status && read_capture(a, &list->file[at], &last_ns, &repeated);
        at++;
        if (stream)
            break;
    } while (good && at < list->n && continues(a, &list->file[at], &list->file[at - 1], last_ns) &&
             !is_known(a, &list->file[at]));
    pipeline_end(a->pipeline);
    if (repeated) {
        store_rollback(a->store);
        ledger_forget(&a->ledger);
        tell_known(a, list->file[first].path);
    } else if (!a->store_status) {
        uint64_t since = wall_clock_ns();
        store_result(a, ledger_keep(&a->ledger));
        if (!a->store_status)
            store_result(a, store_commit(a->store));
        a->stats.commit_ns += wall_clock_ns() - since;
        a->stats.commits++;
    }
    return at;
}

static uint64_t total_bytes(const struct capture_list *list)
{
    uint64_t total = 0;
    for (size_t i = 0; i < list->n; i++) {
        char error[CAPTURE_ERROR];
        enum capture_status status;
        struct capture *c = list->file[i].open ? NULL : capture_open(list->file[i].path, &status, error);
        total += c ? capture_size(c) : 0;
        capture_close(c);
    }
    return total;
}

/* The key is needed until the store is open. */
static int open_store(struct analysis *a, char error[STORE_ERROR])
{
    uint8_t *key = NULL;
    int code = 0;
    if (a->address_key && (code = key_file_read(a->address_key, a->store_options.addresses, a->quiet, &key)))
        return code;
    a->store_options.address_key = key;
    a->store = store_open(a->db, &a->store_options, &code, error);
    a->store_options.address_key = NULL;
    key_file_wipe(&key);
    return a->store ? 0 : complain(code, "%s", error);
}

int analysis_run(struct analysis *a, char *const *paths, size_t n)
{
    struct pipeline_user user = { .sink = { .session = take_session, .counts = take_counts, .attempt = take_attempt,
                                            .certificate = take_certificate, .server_name = take_server_name, .ctx = a }, .step = step };
    struct capture_list list;
    char error[STORE_ERROR];
    int code = 0;

    a->stats.began_ns = wall_clock_ns();
    capture_list_make(&list, paths, n, complain_capture, a);
    if (!list.n) {
        capture_list_free(&list);
        return a->status ? a->status : complain(EX_NOINPUT, "there is no capture in what was named; name pcap or pcapng files, packed or not, or a folder that holds some");
    }
    if ((code = open_store(a, error))) {
        capture_list_free(&list);
        return code;
    }
    bool ledger = ledger_open(&a->ledger, &a->paths);
    a->ledger.store = a->store;
    a->pipeline = pipeline_new(&a->ports, (size_t)a->memory, a->lanes, &user);
    if (!a->pipeline || !ledger)
        note(a, complain(EX_OSERR, "there is not enough memory; --memory gives it less"));
    else {
        progress_begin(&a->progress, a->quiet ? 0 : total_bytes(&list), a->quiet);
        for (size_t i = 0; i < list.n && !a->store_status;)
            i = read_group(a, &list, i);
        progress_clear(&a->progress);
    }
    store_close(a->store);
    capture_list_free(&list);
    if (a->pipeline && a->show_stats)
        stats_print(&a->stats, a->pipeline, stderr);
    pipeline_free(a->pipeline);
    ledger_close(&a->ledger);
    if (a->store && !a->quiet && !a->store_status) {
        code = report_summary(a->db, stdout, error);
        if (code)
            note(a, complain(code, "%s", error));
    }
    return a->status;
}
