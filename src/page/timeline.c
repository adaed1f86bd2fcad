#include "page/timeline.h"

#include "report/when.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { HOUR = 3600, DAY = 24 * HOUR, MONDAY = 4 };  /* 1970-01-05, four days behind a Thursday */

static int64_t divide(int64_t a, int64_t b) { return a / b - (a % b < 0); }

enum timeline_by timeline_by(const char *word)
{
    static const char *const words[] = { "hour", "day", "week", "month" };
    for (unsigned i = 0; word && i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], word) == 0)
            return (enum timeline_by)i;
    return BY_DAY;
}

static struct tm calendar(int64_t seconds)
{
    time_t t = (time_t)seconds;
    struct tm out;
    memset(&out, 0, sizeof out);
    gmtime_r(&t, &out);
    return out;
}

static bool seconds_of(struct span bucket, int64_t *seconds)
{
    char text[TIMELINE_LABEL];

    if (bucket.n >= sizeof text || bucket.n < 10 || memchr(bucket.p, 0, bucket.n))
        return false;
    memcpy(text, bucket.p, bucket.n);
    text[bucket.n] = 0;
    return when_parse(text, seconds);
}

bool timeline_index(enum timeline_by by, struct span bucket, int64_t *index)
{
    int64_t seconds;

    if (!seconds_of(bucket, &seconds))
        return false;
    struct tm d = calendar(seconds);
    switch (by) {
    case BY_HOUR:
        *index = divide(seconds, HOUR);
        break;
    case BY_DAY:
        *index = divide(seconds, DAY);
        break;
    case BY_WEEK:
        *index = divide(divide(seconds, DAY) - MONDAY, 7);
        break;
    case BY_MONTH:
        *index = 12 * (int64_t)(d.tm_year - 70) + d.tm_mon;
        break;
    }
    return true;
}

static const char *month_name(int64_t month)
{
    static const char names[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    return names[month - 12 * divide(month, 12)];
}

static void day_name(int64_t day, char out[TIMELINE_LABEL])
{
    struct tm d = calendar(day * DAY);
    snprintf(out, TIMELINE_LABEL, "%d %s %d", d.tm_mday, month_name(d.tm_mon), d.tm_year + 1900);
}

void timeline_name(enum timeline_by by, int64_t index, char out[TIMELINE_LABEL])
{
    char day[TIMELINE_LABEL];

    switch (by) {
    case BY_HOUR:
        day_name(divide(index, 24), day);
        snprintf(out, TIMELINE_LABEL, "%.16s, %02u:00 UTC", day, (unsigned)(index - 24 * divide(index, 24)) % 100);
        break;
    case BY_DAY:
        day_name(index, out);
        break;
    case BY_WEEK:
        day_name(7 * index + MONDAY, day);
        snprintf(out, TIMELINE_LABEL, "week of %.20s", day);
        break;
    case BY_MONTH:
        snprintf(out, TIMELINE_LABEL, "%s %lld", month_name(index), (long long)(1970 + divide(index, 12)));
        break;
    }
}

void timeline_add(struct timeline *t, int64_t index)
{
    if (!t->any || index < t->first)
        t->first = index;
    if (!t->any || index > t->last)
        t->last = index;
    t->any = true;
}

static int64_t places(const struct timeline *t)
{
    int64_t n = t->last - t->first + 1;
    return n < TIMELINE_FEWEST ? TIMELINE_FEWEST : n;
}

double timeline_width(const struct timeline *t) { return 100.0 / (double)places(t); }

double timeline_at(const struct timeline *t, int64_t index)
{
    double left = (double)(places(t) - (t->last - t->first + 1)) / 2;   /* few buckets stand in the middle */
    return ((double)(index - t->first) + left + 0.5) * timeline_width(t);
}

bool timeline_day(const struct timeline *t, struct span day, double *at)
{
    int64_t seconds, index;

    if (!timeline_index(t->by, day, &index) || !seconds_of(day, &seconds))
        return false;
    double within = t->by == BY_MONTH ? (calendar(seconds).tm_mday - 1) / 31.0
                  : t->by == BY_WEEK ? (double)(divide(seconds, DAY) - MONDAY - 7 * index) / 7 : 0;
    *at = timeline_at(t, index) + (within - 0.5) * timeline_width(t);
    return true;
}

/* --- ticks --- */

/* The step that gives at most TIMELINE_TICKS - 1 of n places. */
static int64_t step_of(enum timeline_by by, int64_t n)
{
    static const int steps[][12] = {
        [BY_HOUR] = { 1, 2, 3, 6, 12, 24, 48, 96, 168 },
        [BY_DAY] = { 1, 2, 7, 14, 28, 56, 91, 182, 364 },
        [BY_WEEK] = { 1, 2, 4, 8, 13, 26, 52, 104 },
        [BY_MONTH] = { 1, 2, 3, 6, 12, 24, 60, 120, 240 },
    };
    int64_t step = 1;

    for (int i = 0; i < 12 && steps[by][i]; i++) {
        step = steps[by][i];
        if (n <= step * (TIMELINE_TICKS - 1))
            return step;
    }
    while (n > step * (TIMELINE_TICKS - 1))
        step *= 2;
    return step;
}

static void tick_label(enum timeline_by by, int64_t step, int64_t index, char out[TIMELINE_LABEL])
{
    if (by == BY_MONTH && step % 12 == 0)
        snprintf(out, TIMELINE_LABEL, "%lld", (long long)(1970 + divide(index, 12)));
    else if (by == BY_HOUR && step % 24)
        snprintf(out, TIMELINE_LABEL, "%02u:00", (unsigned)(index - 24 * divide(index, 24)) % 100);
    else if (by == BY_HOUR || by == BY_WEEK)
        day_name(by == BY_HOUR ? divide(index, 24) : 7 * index + MONDAY, out);
    else
        timeline_name(by, index, out);
}

/* "4 Mar 2024" and the like end in a year, "2024" and "06:00" do not. */
static char *year_in(char *label)
{
    char *space = strrchr(label, ' ');
    return space ? space : label + strlen(label);
}

/* A year stands at the first tick and where it changes, of every other tick, too, since these are shown alone where there is
 * little room. */
static void drop_years(struct timeline_tick *tick, size_t n)
{
    for (size_t i = n; i-- > 1;) {
        char *year = year_in(tick[i].label);
        if (strcmp(year, year_in(tick[i - 1].label)) == 0 && (i < 2 || strcmp(year, year_in(tick[i - 2].label)) == 0))
            *year = 0;
    }
}

size_t timeline_ticks(const struct timeline *t, struct timeline_tick out[TIMELINE_TICKS])
{
    int64_t n = t->last - t->first + 1, step = step_of(t->by, n);
    bool calendar_steps = t->by == BY_MONTH || t->by == BY_HOUR;
    int64_t index = calendar_steps ? -step * divide(-t->first, step) : t->first;
    size_t ticks = 0;

    for (; t->any && index <= t->last && ticks < TIMELINE_TICKS; index += step, ticks++) {
        out[ticks].at = timeline_at(t, index);
        tick_label(t->by, step, index, out[ticks].label);
    }
    drop_years(out, ticks);
    return ticks;
}
