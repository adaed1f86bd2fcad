#include "app/reread.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/command.h"
#include "app/lane.h"
#include "base/disguise.h"
#include "base/pool.h"
#include "capture/capture.h"
#include "verdict/verdict.h"

struct reading_again {
    struct reread *r;
    const struct explanation *x;
    struct lane *lane;
    struct judgement judgement;
    bool found, other_file, stopped, first;
};

/* --- which session --- */

static struct network network_of(const struct explanation *x, const uint8_t addr[16])
{
    static const uint8_t v4[12] = { [10] = 0xff, [11] = 0xff };
    struct network n = { .bits = 128 };
    enum address_mode mode = address_mode_parse(x->addresses);

    memcpy(n.addr, addr, 16);
    if (mode == ADDRESSES_TRUNCATE)     /* as address_truncate() leaves them */
        n.bits = memcmp(addr, v4, sizeof v4) == 0 ? 96 + 24 : 48;
    else if (address_mode_keyed(mode))  /* any: ports and the time of the first packet, to the microsecond, tell which it is */
        n.bits = 0;
    return n;
}

static void take_session(void *ctx, const struct session *s, uint64_t number)
{
    struct reading_again *a = ctx;
    struct span trace = lane_trace(a->lane);

    (void)number;                       /* without counts, sessions come at their end */
    if (a->found || (int64_t)(s->first_ns / 1000) != a->x->first_us || !trace.n)
        return;
    a->found = true;
    struct session whole = *s;          /* what other sessions told of it is not in its capture, nor what is allowed */
    whole.facts |= (uint32_t)a->x->facts & FACT_ALLOWED;
    for (unsigned i = 0; i < EVIDENCE_N; i++)
        if (*a->x->words[i])
            evidence_add(&whole.evidence, (enum evidence)i, (enum grade)((uint64_t)a->x->evidence >> 2 * i & 3));
    a->judgement = judge(&whole);
    memcpy(a->r->trace, trace.p, trace.n);
    a->r->trace_n = trace.n;
}

/* The ports as they were when it was analysed, as far as the session tells. */
static void ports_of(const struct explanation *x, struct port_table *ports)
{
    enum { ODD = 1, TLS = 2 };
    ports_default(ports);
    if (x->dest_port < 0 || x->dest_port > UINT16_MAX)
        return;
    uint8_t *service = &ports->service[x->dest_port];
    if (x->flags & ODD)
        *service = 0;
    else if (x->protocol > PROTOCOL_UNKNOWN && x->protocol < PROTOCOL_N)
        *service = (uint8_t)(x->protocol | (x->flags & TLS ? PORT_TLS : 0));
}

/* --- captures --- */

/* What the database names may be a pipe or a device; only files are opened. */
static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Where a capture of the group is to be looked for: the first one where the user says, the others beside it. */
static void place_of(const struct reading_again *a, const char *path, char out[EXPLAIN_PATH])
{
    const char *given = a->r->capture, *slash = given ? strrchr(given, '/') : NULL, *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    if (!given)
        snprintf(out, EXPLAIN_PATH, "%s", path);
    else if (a->first)
        snprintf(out, EXPLAIN_PATH, "%s", given);
    else
        snprintf(out, EXPLAIN_PATH, "%.*s%s", slash ? (int)(slash - given) + 1 : 0, given, name);
}

static bool is_same(struct capture *c, const struct explain_source *s)
{
    struct capture_identity id;
    if (s->size < 0 || !s->has_ends)
        return true;                    /* nothing to compare with */
    return capture_identify(c, &id) && id.size == (uint64_t)s->size && memcmp(id.ends, s->ends, sizeof s->ends) == 0;
}

static bool stop(struct reading_again *a, const char *path, const char *why)
{
    if (a->first || !a->found) {
        snprintf(a->r->said, sizeof a->r->said, "%.600s %s", path, why);
        a->stopped = true;
    }
    return false;
}

/* Numbers out of a database may be any. */
static int64_t end_of(const struct explanation *x)
{
    int64_t end;
    return __builtin_add_overflow(x->first_us, x->lasted_us, &end) ? INT64_MAX : end;
}

static bool read_again(void *ctx, const struct explain_source *s)
{
    struct reading_again *a = ctx;
    struct packet batch[CAPTURE_BATCH];
    enum capture_status status;
    char path[EXPLAIN_PATH], error[CAPTURE_ERROR];
    struct capture *c = NULL;

    place_of(a, s->path, path);
    /* A later capture of the group matters only if the session reaches into it. */
    bool matters = a->first || s->first_us <= end_of(a->x);
    if (s->live && !a->r->capture) {
        bool stream = strcmp(s->path, "-") == 0;
        snprintf(error, sizeof error, "by a sensor on %.200s, so that there is no capture to read again (--capture names one that was"
                 " kept beside it)", stream ? "its standard input" : s->path);
        return stop(a, "it was seen", error);
    }
    if (strcmp(path, "-") == 0 && !a->r->capture)
        return stop(a, "the capture", "came from standard input; --capture names a file");
    if (is_file(path) || (a->first && a->r->capture))
        c = capture_open(path, &status, error);
    if (!c)
        return matters && stop(a, path, path[0] == '/' || a->r->capture
                                            ? "is not there any more, or cannot be read; --capture names where it is"
                                            : "is not there any more, or cannot be read (its name begins in the folder that"
                                              " analyze was called in); --capture names where it is");
    bool same = is_same(c, s);
    if (!same && !(a->first && a->r->capture)) {
        capture_close(c);
        return matters && stop(a, path, "is not the capture any more that was analysed");
    }
    a->other_file = a->other_file || !same;
    if (a->first)
        snprintf(a->r->said, sizeof a->r->said, "%.600s", path);
    a->first = false;
    for (size_t n; !a->found && (n = capture_next(c, batch, CAPTURE_BATCH)) > 0;)
        lane_packets(a->lane, batch, n, 1);
    capture_close(c);
    return !a->found;
}

static void say_how(struct reading_again *a)
{
    struct reread *r = a->r;
    size_t n = strlen(r->said);

    if (!a->found) {
        if (!a->stopped)
            snprintf(r->said + n, sizeof r->said - n, " holds no session with these ends at this time");
        r->trace_n = 0;
        return;
    }
    if (a->other_file)
        n += (size_t)snprintf(r->said + n, sizeof r->said - n, ", which is another file than the one analysed");
    if (a->x->verdict_code != (int64_t)a->judgement.verdict)
        snprintf(r->said + n, sizeof r->said - n, "; this reading gives the verdict %s, by the rule %s",
                 verdict_word(a->judgement.verdict), verdict_rules[a->judgement.rule].name);
}

int reread(struct reread *r, const struct explanation *x, char error[REPORT_ERROR])
{
    static struct port_table ports;     /* too large for a stack */
    struct reading_again a = { .r = r, .x = x, .first = true };
    struct lane_sink sink = { .session = take_session, .ctx = &a };
    struct lane_watch watch = { network_of(x, x->client), network_of(x, x->server), (uint16_t)x->src_port,
                                (uint16_t)x->dest_port, REREAD_TRACE };

    ports_of(x, &ports);
    r->trace_n = 0;
    r->said[0] = 0;
    a.lane = lane_new(&ports, (size_t)memory_default(), &sink);
    if (!a.lane) {
        snprintf(r->said, sizeof r->said, "there is not enough memory to read the capture again");
        return 0;
    }
    lane_only(a.lane, &watch);
    int code = explain_sources(r->db, x, read_again, &a, error);
    if (!code && !a.found && !a.stopped)
        lane_end(a.lane);
    lane_free(a.lane);
    if (!code)
        say_how(&a);
    return code;
}
