#include "app/status.h"

#include <string.h>
#include <unistd.h>

#include "app/notify.h"
#include "base/threads.h"

static const uint64_t step_ns = 5000000000;

void status_open(struct status *s)
{
    memset(s, 0, sizeof *s);
    s->fd = notify_open(&s->watchdog_ns);
}

void status_close(struct status *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

void status_text(const struct status_figures *m, bool trouble, char out[STATUS_TEXT])
{
    char share[80] = "No mail session was decided";
    if (m->decided)
        snprintf(share, sizeof share, "Encrypted: %.1f %% of %llu mail sessions decided",
                 100.0 * (double)m->encrypted / (double)m->decided, (unsigned long long)m->decided);
    snprintf(out, STATUS_TEXT, "%s in the last minute; %llu packets, %llu dropped%s", share, (unsigned long long)m->packets,
             (unsigned long long)m->dropped, trouble ? "; the database cannot be written" : "");
}

static struct status_figures sums_of(const struct sensor *s)
{
    return (struct status_figures){ atomic_load(&s->writer->decided), atomic_load(&s->writer->encrypted),
                                    atomic_load(&s->writer->packets_stored), atomic_load(&s->writer->dropped) };
}

static void tell(struct status *st, const struct sensor *s)
{
    struct status_figures now = sums_of(s), *was = &st->step[st->steps % STATUS_STEPS];
    const struct status_figures minute = { now.decided - was->decided, now.encrypted - was->encrypted,
                                           now.packets - was->packets, now.dropped - was->dropped };
    char text[STATUS_TEXT], line[STATUS_TEXT + 8];
    status_text(&minute, atomic_load(&s->writer->trouble), text);
    snprintf(line, sizeof line, "STATUS=%s", text);
    notify_send(st->fd, line);
    *was = now;
    st->steps++;
}

static void feed(struct status *st, const uint64_t beats[2], uint64_t now_ns)
{
    bool both = beats[0] != st->beats[0] && beats[1] != st->beats[1];
    if (!st->watchdog_ns || !both || now_ns - st->fed_ns < st->watchdog_ns / 4)
        return;
    notify_send(st->fd, "WATCHDOG=1");
    memcpy(st->beats, beats, sizeof st->beats);
    st->fed_ns = now_ns;
}

void status_look(struct status *st, const struct sensor *s)
{
    const uint64_t beats[2] = { atomic_load(&s->parser->beats), atomic_load(&s->writer->beats) };
    uint64_t now_ns = wall_clock_ns();
    if (st->fd < 0)
        return;
    if (!st->ready && beats[0] && beats[1]) {
        st->ready = true;
        notify_send(st->fd, "READY=1");
    }
    if (!st->ready)
        return;
    feed(st, beats, now_ns);
    if (now_ns - st->stepped_ns >= step_ns) {
        st->stepped_ns = now_ns;
        tell(st, s);
    }
}

void status_stopping(struct status *st) { notify_send(st->fd, "STOPPING=1\nSTATUS=Ends what is open"); }
