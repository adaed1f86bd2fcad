#include "app/stats.h"

#include <sys/resource.h>

static double seconds(uint64_t ns) { return (double)ns / 1e9; }

static double per_second(uint64_t n, uint64_t ns) { return ns ? (double)n / seconds(ns) : 0; }

static void print_wait(FILE *out, const char *what, struct queue_wait w)
{
    if (w.times)
        fprintf(out, "  %.3f s in %llu waits for %s", seconds(w.ns), (unsigned long long)w.times, what);
}

static void print_thread(FILE *out, const struct thread_figures *t)
{
    fprintf(out, "cpu %-10s %12.3f s", t->name, seconds(t->cpu_ns));
    print_wait(out, "a block", t->waited);
    print_wait(out, "room", t->stalled);
    fprintf(out, "\n");
}

static void print_number(FILE *out, const char *what, uint64_t n, const char *unit)
{
    fprintf(out, "%-14s %12llu %s\n", what, (unsigned long long)n, unit);
}

void stats_print(const struct stats *s, struct pipeline *p, FILE *out)
{
    struct thread_figures threads[LANES_MOST + 1];
    struct lane_counts c = pipeline_counts(p);
    uint64_t wall = wall_clock_ns() - s->began_ns;
    unsigned n = pipeline_stop(p, threads);
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    fprintf(out, "%-14s %12.3f s\n", "wall", seconds(wall));
    fprintf(out, "%-14s %12.3f s  in %llu, of the wall time and the store's\n", "commit", seconds(s->commit_ns),
            (unsigned long long)s->commits);
    for (unsigned i = 0; i < n; i++)
        print_thread(out, &threads[i]);
    fprintf(out, "cpu %-10s %12.3f s", n ? "store" : "all", seconds(thread_cpu_ns()));
    print_wait(out, "lanes", pipeline_waits(p));
    fprintf(out, "\n%-14s %12llu    %.0f a second\n", "packets", (unsigned long long)c.packets, per_second(c.packets, wall));
    fprintf(out, "%-14s %12llu    %.0f a second\n", "bytes", (unsigned long long)c.bytes, per_second(c.bytes, wall));
    print_number(out, "peak memory", (uint64_t)used.ru_maxrss, "KiB");
    print_number(out, "evicted", c.evicted, "connections");
    print_number(out, "discarded", c.discarded, "bytes");
}
