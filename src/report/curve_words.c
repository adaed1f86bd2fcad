#include "report/curve_show.h"

#include <math.h>
#include <stdarg.h>

/* --- days --- */

struct date {
    int year, month, day;
};

/* The proleptic Gregorian calendar, counted in years from March. */
static struct date date_of(double at)
{
    int64_t days = (int64_t)floor(at) + 719468, era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t in_era = days - era * 146097;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100), month = (5 * in_year + 2) / 153;

    return (struct date){ (int)(year + era * 400 + (month >= 10)), (int)(month < 10 ? month + 3 : month - 9),
                          (int)(in_year - (153 * month + 2) / 5 + 1) };
}

static bool in_calendar(double day) { return day > -719162 && day < 2932896; }

const char *day_text(double day, char out[DAY_TEXT])
{
    if (!in_calendar(day)) {
        snprintf(out, DAY_TEXT, "?");
        return out;
    }
    struct date d = date_of(day);
    snprintf(out, DAY_TEXT, "%04u-%02u-%02u", (unsigned)d.year % 10000, (unsigned)d.month % 100, (unsigned)d.day % 100);
    return out;
}

double day_year(double day)
{
    if (!in_calendar(day))
        return day > 0 ? INFINITY : -INFINITY;
    int year = date_of(day).year;
    double before = floor((year - 1) / 4.0) - floor((year - 1) / 100.0) + floor((year - 1) / 400.0);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return year + (day - ((year - 1970) * 365 + before - 477)) / (365 + leap);
}

/* --- the sentence --- */

enum { WHEN_TEXT = DAY_TEXT + 16 };

struct words {
    char *text;
    size_t n;
};

static void say(struct words *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct words *w, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = vsnprintf(w->text + w->n, CURVE_SENTENCE - w->n, format, args);
    va_end(args);
    if (n > 0)
        w->n = w->n + (size_t)n < CURVE_SENTENCE ? w->n + (size_t)n : CURVE_SENTENCE - 1;
}

/* "on 2014-09-12 ± 20 d"; where nothing bounds it, "about". */
static void say_day(struct words *w, const struct estimate *e)
{
    char day[DAY_TEXT];
    double reach = (e->high - e->low) / 2;

    day_text(e->value, day);
    if (isfinite(reach) && reach < 3653)
        say(w, "on %s ± %.0f d", day, fmax(ceil(reach), 1));
    else
        say(w, "about %s", day);
}

static double percent(double share) { return 100 * share; }

static bool monotone(const struct samples *s, int sign)
{
    for (size_t i = 1; i < s->n; i++)
        if (sign * (s->at[i].share - s->at[i - 1].share) < 0)
            return false;
    return true;
}

/* Whether two shares of counts differ by no more than chance makes of the same share, in 19 cases of 20. */
static bool no_more_than_chance(const struct samples *s)
{
    const struct sample *a = &s->at[0], *b = &s->at[s->n - 1];
    double both = (a->share * a->count + b->share * b->count) / (a->count + b->count);
    double variance = both * (1 - both) * (1 / a->count + 1 / b->count);
    return s->counted && (b->share - a->share) * (b->share - a->share) <= 1.96 * 1.96 * variance;
}

double point_begin(const struct curve_result *r, size_t i) { return r->samples.at[i].day - r->days / 2.0; }

static const char *when_of(const struct curve_result *r, size_t i, char out[WHEN_TEXT])
{
    char day[DAY_TEXT];
    snprintf(out, WHEN_TEXT, "%s %s", r->days > 1 ? "in the week of" : "on", day_text(point_begin(r, i), day));
    return out;
}

/* Two to seven points carry no model, but something is true of them. */
static void say_insufficient(struct words *w, const struct curve_result *r)
{
    const struct samples *s = &r->samples;
    char first[WHEN_TEXT], last[WHEN_TEXT];

    if (!s->n) {
        say(w, "nothing to fit: no point has a share");
        return;
    }
    double a = s->at[0].share, b = s->at[s->n - 1].share;
    when_of(r, 0, first);
    when_of(r, s->n - 1, last);
    if (s->n == 1)
        say(w, "%.1f %% %s; one point", percent(b), last);
    else if (s->n > 2 && a != b && !no_more_than_chance(s) && monotone(s, b > a ? 1 : -1))
        say(w, "%s, from %.1f %% %s to %.1f %% %s; %zu points", b > a ? "growing" : "falling", percent(a),
            first, percent(b), last, s->n);
    else if (a != b && no_more_than_chance(s))
        say(w, "%.1f %% %s and %.1f %% %s, which differ by no more than chance; %zu points", percent(a), first,
            percent(b), last, s->n);
    else if (a != b)
        say(w, "%s from %.1f %% %s to %.1f %% %s; %zu points", b > a ? "rose" : "fell", percent(a), first,
            percent(b), last, s->n);
    else
        say(w, "%.1f %% both %s and %s; %zu points", percent(a), first, last, s->n);
    if (s->n >= CURVE_FEWEST)
        say(w, " of which no model can be made");
    else
        say(w, s->n == 1 ? " carries no model" : " carry no model");
}

static void say_step(struct words *w, const struct curve *c)
{
    char from[DAY_TEXT], to[DAY_TEXT];

    say(w, "stepped from %.1f %% to %.1f %% between %s and %s", percent(c->step_from.value),
        percent(c->step_to.value), day_text(c->step_date.low, from), day_text(c->step_date.high, to));
}

static void say_linear(struct words *w, const struct curve *c)
{
    double points = percent(c->slope.value);
    say(w, "%s by %.*f points a year in a straight line, now at %.1f %%", points > 0 ? "growing" : "falling",
        fabs(points) < 1 ? 2 : 1, fabs(points), percent(c->level.value));
}

/* "50", "46.2" */
static const char *short_percent(double share, char out[16])
{
    snprintf(out, 16, "%.*f", fabs(percent(share) - round(percent(share))) < 0.05 ? 0 : 1, percent(share));
    return out;
}

static void say_falling(struct words *w, const struct curve *c)
{
    char half[16];

    say(w, "falling, now at %.1f %%", percent(c->level.value));
    if (!c->ceiling_known)
        return;
    say(w, "; below %s %%, half of where it began, ", short_percent(c->ceiling.value / 2, half));
    say_day(w, &c->midpoint);
}

/* The day at which half of the ceiling, or 50 %, was passed. */
static void say_growing(struct words *w, const struct curve_result *r)
{
    const struct curve *c = &r->curve;
    const struct samples *s = &r->samples;
    double first = s->at[0].day, last = s->at[s->n - 1].day;
    char half[16];

    if (!c->ceiling_known && c->half.value >= first && c->half.value <= last
        && c->half.high - c->half.low <= last - first) {
        say(w, "growing, 50 %% passed ");
        say_day(w, &c->half);
        say(w, ", now at %.1f %%, ceiling not identified", percent(c->level.value));
        return;
    }
    if (!c->ceiling_known) {
        say(w, "growing, now at %.1f %%, ceiling not identified", percent(c->level.value));
        return;
    }
    if (c->level.low >= 0.95 * c->ceiling.high)
        say(w, "grown to %.1f %%, its ceiling being %.1f %%; ", percent(c->level.value), percent(c->ceiling.value));
    else if (c->ceiling_given)
        say(w, "growing, now at %.1f %%; ", percent(c->level.value));
    else
        say(w, "growing, now at %.1f %%, towards a ceiling of %.1f %%; ", percent(c->level.value),
            percent(c->ceiling.value));
    say(w, "%s %% %s ", short_percent(c->ceiling.value / 2, half),
        c->midpoint.value > last ? "will be passed" : "passed");
    say_day(w, &c->midpoint);
}

static void say_logistic(struct words *w, const struct curve_result *r)
{
    const struct curve *c = &r->curve;

    if (c->slope.value > 0)
        say_growing(w, r);
    else
        say_falling(w, c);
    if (c->slope.low < 0 && c->slope.high > 0)
        say(w, "; so few points would agree with no change at all, too");
}

/* What rose and fell again is none of the models, so that a level is the best of them. The difference of two thirds of the
 * points scatters sqrt(6) times as much as the mean of all. */
static void say_flat(struct words *w, const struct curve_result *r)
{
    const struct samples *s = &r->samples;
    const struct estimate *level = &r->curve.level;
    double third[3], low = 1, high = 0, chance = sqrt(6) * (level->high - level->low) / 2;

    for (size_t i = 0; i < 3; i++) {
        third[i] = samples_mean(s, i * s->n / 3, (i + 1) * s->n / 3);
        low = fmin(low, third[i]);
        high = fmax(high, third[i]);
    }
    if (high - low > fmax(chance, 0.05))
        say(w, "no trend that lasted: %.1f %%, %.1f %% and %.1f %% in the first, second and last third", percent(third[0]),
            percent(third[1]), percent(third[2]));
    else
        say(w, "no trend: flat at %.1f %%", percent(level->value));
}

static void say_saturated(struct words *w, const struct curve *c)
{
    if (c->ceiling_given)
        say(w, "saturated, now at %.1f %%", percent(c->level.value));
    else
        say(w, "saturated at %.1f %%", percent(c->ceiling.value));
    say(w, "; when it passed half of that is not identified");
}

/* A given ceiling plays a part in two of the models. */
static void say_assumption(struct words *w, const struct curve *c)
{
    char ceiling[16];
    if (c->ceiling_given && !isnan(c->ceiling.value))
        say(w, "assuming a ceiling of %s %%: ", short_percent(c->ceiling.value, ceiling));
}

void curve_sentence(const struct curve_result *r, char out[CURVE_SENTENCE])
{
    const struct curve *c = &r->curve;
    struct words w = { out, 0 };

    *out = 0;
    say_assumption(&w, c);
    switch (c->model) {
    case CURVE_INSUFFICIENT:
        say_insufficient(&w, r);
        break;
    case CURVE_FLAT:
        say_flat(&w, r);
        break;
    case CURVE_LINEAR:
        say_linear(&w, c);
        break;
    case CURVE_STEP:
        say_step(&w, c);
        break;
    case CURVE_LOGISTIC:
        say_logistic(&w, r);
        break;
    case CURVE_SATURATED:
        say_saturated(&w, c);
        break;
    }
}
