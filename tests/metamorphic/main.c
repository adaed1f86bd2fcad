/* metamorphic [--every N] [--show N] [--only GOLDEN] [--derivation NAME [--number I]] FOLDER [RECORDED]
 * Runs the tests of metamorphic.h over the goldens of FOLDER, and over those of RECORDED, of which each connection
 * counts for itself (they hold up to forty); of the many derived captures of one
 * kind every Nth, chosen by a hash that is always the same, or one (--number; also written to
 * /tmp/derived.pcap). Prints two tables and the first violations (--show, else 50); the last line
 * is "N passed, N failed". Exit status 1 if any failed, 2 if it cannot run. */
#include "metamorphic.h"

#include <getopt.h>
#include <stdlib.h>
#include <time.h>

enum { NO_SESSION = VERDICT_N, COLUMNS };

struct tally {
    size_t derived, same, incomplete, other, failed;
};

struct tests {
    struct golden *golden;
    size_t goldens_n;
    unsigned every;
    size_t show, number;
    const char *only, *only_derivation;
    struct packets packets;
    struct result result;
    struct tally all;
    size_t outcome[VERDICT_N][COLUMNS];
    size_t passed, failed;
};

/* --- what is told --- */

static void tell_violation(struct tests *t, const struct golden *g, const char *derivation, const char *what,
                           const struct result *r, const char *why)
{
    t->failed++;
    if (t->failed > t->show)
        return;
    printf("%s, %s, %s: %s\n", g->name, derivation, what, why);
    for (size_t i = 0; i < g->base.n; i++) {
        printf("  golden  ");
        show_session(stdout, &g->base.s[i], &g->base.j[i]);
    }
    for (size_t i = 0; i < r->n; i++) {
        printf("  derived ");
        show_session(stdout, &r->s[i], &r->j[i]);
    }
}

static void tell_tables(const struct tests *t)
{
    printf("\n%-14s", "golden\\derived");
    for (unsigned v = 0; v < VERDICT_N; v++)
        printf(" %12s", verdict_word((enum verdict)v));
    printf(" %12s\n", "no session");
    for (unsigned b = 0; b < VERDICT_N; b++) {
        printf("%-14s", verdict_word((enum verdict)b));
        for (unsigned v = 0; v < COLUMNS; v++)
            printf(" %12zu", t->outcome[b][v]);
        putchar('\n');
    }
}

static void tell_line(struct tests *t, const char *name, const struct tally *k)
{
    t->all.derived += k->derived;
    t->all.same += k->same;
    t->all.incomplete += k->incomplete;
    t->all.other += k->other;
    t->all.failed += k->failed;
    printf("%-22s %9zu %9zu %10zu %9zu %9zu\n", name, k->derived, k->same, k->incomplete, k->other,
           k->failed);
}

/* --- counting --- */

/* The derived session of base session i: between the same ends the one in the same place, unless
 * there are fewer; then the first that has the same verdict, else the first. */
static size_t derived_of(const struct golden *g, size_t i, const struct result *r)
{
    size_t place = 0, first = r->n, same = r->n, n = 0, bases = 0;
    for (size_t k = 0; k < g->base.n; k++) {
        bool ends = session_same_ends(&g->base.s[k], &g->base.s[i]);
        bases += ends;
        place += ends && k < i;
    }
    for (size_t k = 0; k < r->n; k++) {
        if (!session_same_ends(&g->base.s[i], &r->s[k]))
            continue;
        n++;
        first = first == r->n ? k : first;
        same = same == r->n && r->j[k].verdict == g->base.j[i].verdict ? k : same;
    }
    if (n == bases)
        return first + place;
    return same < r->n ? same : bases == 1 ? first : r->n;
}

/* Adds one derived capture to the tables: as its session that changed most. */
static void count_outcomes(struct tests *t, const struct golden *g, const struct result *r, struct tally *k)
{
    bool other = false, incomplete = false;

    for (size_t i = 0; i < g->base.n; i++) {
        enum verdict v = g->base.j[i].verdict;
        size_t at = derived_of(g, i, r);
        unsigned to = at < r->n ? r->j[at].verdict : (unsigned)NO_SESSION;
        t->outcome[v][to]++;
        incomplete |= to != v && to == VERDICT_INCOMPLETE;
        other |= to != v && to != VERDICT_INCOMPLETE;
    }
    k->derived++;
    k->other += other;
    k->incomplete += !other && incomplete;
    k->same += !other && !incomplete;
}

static bool chosen(const struct tests *t, const char *golden, const char *name, size_t i)
{
    uint64_t h = 14695981039346656037u ^ i;
    if (t->every < 2)
        return true;
    for (const char *p = golden; *p; p++)
        h = (h ^ (uint8_t)*p) * 1099511628211u;
    for (const char *p = name; *p; p++)
        h = (h ^ (uint8_t)*p) * 1099511628211u;
    h ^= h >> 29;
    h *= 0xbf58476d1ce4e5b9;
    return (h >> 32) % t->every == 0;
}

static void write_capture(const struct packets *k)
{
    FILE *f = fopen("/tmp/derived.pcap", "wb");
    uint32_t head[6] = { 0xa1b23c4d, 2 | 4 << 16, 0, 0, 262144, k->n ? (uint32_t)k->p[0].linktype : 1 };
    if (!f)
        return;
    fwrite(head, sizeof head, 1, f);
    for (size_t i = 0; i < k->n; i++) {
        const struct packet *p = &k->p[i];
        uint32_t h[4] = { (uint32_t)(p->ts_ns / 1000000000), (uint32_t)(p->ts_ns % 1000000000),
                          (uint32_t)p->data.n, p->wire_len };
        fwrite(h, sizeof h, 1, f);
        fwrite(p->data.p, 1, p->data.n, f);
    }
    fclose(f);
}

/* --- running --- */

/* A8: goldens about a segment's sender, or about where it stands a second time, are named so. */
static enum rule_class by_senders(const struct derivation *d, const struct golden *g, enum rule_class class)
{
    static const char *const changing[] = { "halves swapped", "neighbours swapped", "direction swapped",
                                            "sent again otherwise", "fragments" };
    /* What shows that its copies have nothing to do with each other may be lost, and then they are evidence. */
    if (class == LOSES && strcmp(g->name, "overlap-out-of-step") == 0)
        return SKIP;
    if (class != KEEPS || (strncmp(g->name, "forged-", 7) != 0 && strncmp(g->name, "moved-", 6) != 0))
        return class;
    for (size_t i = 0; i < sizeof changing / sizeof *changing; i++)
        if (strcmp(d->name, changing[i]) == 0)
            return strncmp(g->name, "forged-none-", 12) == 0 ? SKIP : LOSES;
    return class;
}

static void run_one(struct tests *t, const struct derivation *d, const struct golden *g, size_t i,
                    struct tally *k)
{
    char what[WHAT] = "", why[256] = "";
    struct packets *p = &t->packets;

    packets_clear(p);
    enum rule_class class = by_senders(d, g, d->make(g, i, p, what));
    if (class == SKIP)
        return;
    if (t->only_derivation && t->number == i)
        write_capture(p);
    run_lane(g->ports, p->p, p->n, &t->result);
    count_outcomes(t, g, &t->result, k);
    bool ok = class == KEEPS ? allowed_same(d, g, p, &t->result, why)
                             : allowed_less(d, g, i, p, &t->result, why);
    if (!ok) {
        char named[100];
        snprintf(named, sizeof named, "%s [%zu]", what, i);
        k->failed++;
        tell_violation(t, g, d->name, named, &t->result, why);
    } else {
        t->passed++;
    }
}

static void run_derivation(struct tests *t, const struct derivation *d)
{
    struct tally k = { 0 };
    if (t->only_derivation && strcmp(t->only_derivation, d->name))
        return;
    for (size_t n = 0; n < t->goldens_n; n++) {
        const struct golden *g = &t->golden[n];
        size_t count = d->count(g);
        if (t->only && strcmp(t->only, g->name))
            continue;
        for (size_t i = 0; i < count; i++)
            if (t->number != SIZE_MAX ? i == t->number : chosen(t, g->name, d->name, i))
                run_one(t, d, g, i, &k);
    }
    tell_line(t, d->name, &k);
}

struct woven {
    struct tests *tests;
    struct tally tally;
    unsigned which;
};

static void take_woven(void *ctx, const struct golden *g, const struct result *r)
{
    static const struct derivation as = { .name = "interleaved", .time = true };
    struct woven *w = ctx;
    char what[WHAT], why[256];

    snprintf(what, sizeof what, "all goldens, order %u", w->which);
    count_outcomes(w->tests, g, r, &w->tally);
    if (allowed_same(&as, g, NULL, r, why)) {
        w->tests->passed++;
        return;
    }
    w->tally.failed++;
    tell_violation(w->tests, g, as.name, what, r, why);
}

static void run_interleavings(struct tests *t)
{
    struct woven w = { .tests = t };
    if (t->only || t->only_derivation)
        return;
    for (w.which = 0; w.which < INTERLEAVINGS; w.which++)
        interleave(t->golden, t->goldens_n, w.which, take_woven, &w);
    tell_line(t, "interleaved", &w.tally);
}

static void parse(struct tests *t, int argc, char **argv)
{
    static const struct option options[] = {
        { "every", required_argument, NULL, 'e' }, { "show", required_argument, NULL, 's' },
        { "only", required_argument, NULL, 'o' }, { "derivation", required_argument, NULL, 'd' },
        { "number", required_argument, NULL, 'n' }, { 0 }
    };
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1; )
        switch (c) {
        case 'e': t->every = (unsigned)strtoul(optarg, NULL, 10); break;
        case 's': t->show = strtoul(optarg, NULL, 10); break;
        case 'o': t->only = optarg; break;
        case 'd': t->only_derivation = optarg; break;
        case 'n': t->number = strtoul(optarg, NULL, 10); break;
        default: exit(2);
        }
    if (optind == argc) {
        fprintf(stderr, "Which folder? See the head of main.c.\n");
        exit(2);
    }
}

int main(int argc, char **argv)
{
    static struct tests t = { .every = 1, .show = 50, .number = SIZE_MAX };
    clock_t begin = clock();

    setvbuf(stdout, NULL, _IOLBF, 0);
    parse(&t, argc, argv);
    for (int i = 0; i < 2 && optind + i < argc; i++)
        t.goldens_n = goldens_load(argv[optind + i], i > 0, &t.golden, t.goldens_n);
    packets_init(&t.packets);
    result_init(&t.result);
    printf("%-22s %9s %9s %10s %9s %9s\n", "derivation", "captures", "same", "incomplete", "otherwise",
           "violation");
    for (size_t i = 0; i < derivations_keeping_n; i++)
        run_derivation(&t, &derivations_keeping[i]);
    for (size_t i = 0; i < derivations_wrapping_n; i++)
        run_derivation(&t, &derivations_wrapping[i]);
    for (size_t i = 0; i < derivations_losing_n; i++)
        run_derivation(&t, &derivations_losing[i]);
    for (size_t i = 0; i < derivations_random_n; i++)
        run_derivation(&t, &derivations_random[i]);
    run_interleavings(&t);
    tell_line(&t, "all", &(struct tally){ t.all.derived, t.all.same, t.all.incomplete, t.all.other, t.all.failed });
    tell_tables(&t);
    printf("\n%zu goldens, %.1f s\n", t.goldens_n, (double)(clock() - begin) / CLOCKS_PER_SEC);
    run_lane(NULL, NULL, 0, &t.result);
    result_free(&t.result);
    packets_free(&t.packets);
    goldens_free(t.golden, t.goldens_n);
    printf("%zu passed, %zu failed\n", t.passed, t.failed);
    return t.failed > 0;
}
