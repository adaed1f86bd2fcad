#include "app/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/threads.h"

enum { BAR = 24 };
static const uint64_t second_ns = 1000000000;

void progress_begin(struct progress *p, uint64_t total_bytes, bool quiet)
{
    *p = (struct progress){ .shown = !quiet && isatty(STDERR_FILENO), .total = total_bytes, .started_ns = wall_clock_ns() };
    p->last_ns = p->started_ns;
}

static void draw(struct progress *p, uint64_t done, uint64_t packets, double seconds)
{
    double rate = seconds > 0 ? (double)done / seconds : 0;
    fprintf(stderr, "\r\033[K");
    if (p->total) {
        double part = done < p->total ? (double)done / (double)p->total : 1;
        char bar[BAR + 1];
        for (int i = 0; i < BAR; i++)
            bar[i] = i < (int)(part * BAR) ? '#' : '.';
        bar[BAR] = 0;
        double left = rate > 0 ? ((double)p->total - (double)done) / rate : 0;
        fprintf(stderr, "[%s] %3.0f %%  %.0f MB/s  %.1f million packets  %.0f s left", bar, part * 100, rate / 1e6,
                (double)packets / 1e6, left > 0 ? left : 0);
    } else {
        fprintf(stderr, "%.0f MB  %.0f MB/s  %.1f million packets", (double)done / 1e6, rate / 1e6,
                (double)packets / 1e6);
    }
    fflush(stderr);
    p->dirty = true;
}

void progress_step(struct progress *p, uint64_t bytes_of_present, uint64_t packets)
{
    if (!p->shown)
        return;
    uint64_t now = wall_clock_ns();
    if (now - p->last_ns < second_ns / 5)
        return;
    p->last_ns = now;
    draw(p, p->before + bytes_of_present, packets, (double)(now - p->started_ns) / (double)second_ns);
}

void progress_file_done(struct progress *p, uint64_t bytes)
{
    p->before += bytes;
}

void progress_clear(struct progress *p)
{
    if (p->dirty) {
        fprintf(stderr, "\r\033[K");
        fflush(stderr);
    }
    p->dirty = false;
}
