#include "fit/curve.h"

#include <math.h>

#include "fit/rivals.h"

static const double year = 365.25;      /* days */
static const struct estimate none = { NAN, NAN, NAN };

const char *curve_model_name(enum curve_model m)
{
    static const char *const names[CURVE_MODELS] = { "insufficient", "flat", "linear", "step", "logistic",
                                                     "saturated" };
    return names[m];
}

/* --- how far samples scatter --- */

/* Mean squares below this are no scatter, but what rounding leaves. */
static double residue(const struct samples *s) { return s->counted ? 0.03 : 1e-14; }

/* The part of the time-ordered residuals that is in the next one too. */
static double likeness(const struct rivals *v, enum rival r)
{
    const struct samples *s = v->samples;
    double before = 0, square = 0, product = 0, slope;

    for (size_t i = 0; i < s->n; i++) {
        double now = sample_residual(s, i, rival_share(v, r, i), &slope);
        square += now * now;
        product += now * before;
        before = now;
    }
    return square > (double)s->n * residue(s) ? product / square : 0;
}

/* By how much fewer independent ones the samples are worth; chance alone gives up to 2 / sqrt(n) of likeness. */
static double fewer(const struct rivals *v, enum rival r)
{
    double like = likeness(v, r), n = (double)v->samples->n;
    if (like < 2 / sqrt(n))
        return 1;
    like = fmin(like, 0.9);
    return fmin((1 + like) / (1 - like), n / CURVE_FEWEST);
}

/* Independent trials cannot agree much better than chance lets them: the estimate is not taken below its 2.5 %
 * quantile (Wilson and Hilferty), so that a hundred per cent on each of ten days is not certainty. */
static double scatter(const struct rivals *v, enum rival r, double freedom)
{
    const struct samples *s = v->samples;
    double sum = 0;

    for (size_t i = 0; i < s->n; i++)
        sum += sample_scatter(s, i, rival_share(v, r, i));
    if (!s->counted)
        return fmax(sum / freedom, residue(s));
    double root = 1 - 2 / (9 * freedom) - 1.96 * sqrt(2 / (9 * freedom));
    return fmax(sum / freedom, root > 0.3 ? root * root * root : 0.027);
}

static double aicc(const struct rivals *v, enum rival r, double n)
{
    double k = rival_parameters(v, r) + 1, m = (double)v->samples->n;
    double d = fmax(v->deviance[r], m * residue(v->samples));

    return n > k + 1 ? n * log(d / m) + 2 * k + 2 * k * (k + 1) / (n - k - 1) : INFINITY;
}

/* --- what a model says --- */

struct work {
    const struct samples *s;
    struct rivals v;
    struct curve c;
    double given;                       /* ceiling; 0: none */
    double freedom, allowed, t;         /* of the chosen model */
};

static void choose_scale(struct work *w, enum rival r)
{
    double n = (double)w->s->n / w->c.fewer;
    w->freedom = fmax(n - rival_parameters(&w->v, r), 1);
    if (r == RIVAL_STEP)
        w->freedom = fmax(n - 3, 1);
    w->t = t_quantile(w->freedom);
    w->c.scatter = scatter(&w->v, r, (double)w->s->n * w->freedom / n);
    w->allowed = w->c.scatter * w->c.fewer * w->t * w->t;
}

/* A share of all samples of a stretch; the scatter makes the trials fewer. */
static struct estimate mean_of(const struct work *w, size_t first, size_t end)
{
    struct estimate e = { samples_mean(w->s, first, end), 0, 0 };
    double n = 0;

    for (size_t i = first; i < end; i++)
        n += w->s->counted ? w->s->at[i].count : 1;
    if (w->s->counted) {
        wilson(e.value, n / (w->c.scatter * w->c.fewer), w->t, &e.low, &e.high);
        return e;
    }
    double reach = sqrt(w->allowed / n);
    e.low = fmax(0, e.value - reach);
    e.high = fmin(1, e.value + reach);
    return e;
}

/* An interval for one further sample of middling size, out of one for the curve. */
static struct estimate widened(const struct work *w, struct estimate e)
{
    double n = 0, one = w->c.scatter * w->t * w->t, p = fmin(fmax(e.value, 1e-6), 1 - 1e-6);

    for (size_t i = 0; i < w->s->n; i++)
        n += w->s->at[i].count / (double)w->s->n;
    if (w->s->counted)
        one *= p * (1 - p) / n;
    e.low = fmax(0, e.value - sqrt((e.value - e.low) * (e.value - e.low) + one));
    e.high = fmin(1, e.value + sqrt((e.high - e.value) * (e.high - e.value) + one));
    return e;
}

static void forecast(struct work *w, struct estimate e)
{
    struct estimate wide = widened(w, e);

    if (w->s->n < CURVE_FEWEST)
        w->c.refused = "too few points";
    else if (!(wide.high - wide.low <= 0.2))
        w->c.refused = "its interval would be wider than 20 points";
    else
        w->c.forecast = wide;
}

static void say_flat(struct work *w)
{
    w->c.model = CURVE_FLAT;
    w->c.level = mean_of(w, 0, w->s->n);
    w->c.refused = "nothing shows where a share without a trend goes";
}

static void say_line(struct work *w)
{
    const struct rivals *v = &w->v;
    double last = w->s->at[w->s->n - 1].day, ahead = w->c.forecast_day, slope, share;
    double per_year = year / v->half;

    w->c.model = CURVE_LINEAR;
    line_reach(v, last, w->allowed, &slope, &share);
    w->c.slope = (struct estimate){ v->slope * per_year, (v->slope - slope) * per_year,
                                    (v->slope + slope) * per_year };
    double now = v->start + v->slope;
    w->c.level = (struct estimate){ now, fmax(0, now - share), fmin(1, now + share) };
    line_reach(v, ahead, w->allowed, &slope, &share);
    double then = v->start + v->slope * (ahead - v->centre) / v->half;
    if (then < 0 || then > 1)
        w->c.refused = "the straight line leaves 0 to 100 % by then";
    else
        forecast(w, (struct estimate){ then, then - share, then + share });
}

static void say_step(struct work *w)
{
    const struct rivals *v = &w->v;
    const struct sample *at = w->s->at;
    size_t first, end;

    w->c.model = CURVE_STEP;
    w->c.step_from = mean_of(w, 0, v->step);
    w->c.step_to = w->c.level = mean_of(w, v->step, w->s->n);
    w->c.step_last = at[v->step - 1].day;
    w->c.step_first = at[v->step].day;
    w->c.step_date = (struct estimate){ (at[v->step - 1].day + at[v->step].day) / 2, at[v->step - 1].day,
                                        at[v->step].day };
    step_range(w->s->n, &first, &end);
    for (size_t i = v->step; i-- > first && step_deviance(w->s, i) - v->deviance[RIVAL_STEP] <= w->allowed;)
        w->c.step_date.low = at[i - 1].day;
    for (size_t i = v->step; ++i < end && step_deviance(w->s, i) - v->deviance[RIVAL_STEP] <= w->allowed;)
        w->c.step_date.high = at[i].day;
    w->c.refused = "a step says nothing of the next one";
}

static struct estimate of_logistic(const struct work *w, enum logistic_quantity q, double at, double value)
{
    struct estimate e = { value, -INFINITY, INFINITY };
    if (isfinite(value))
        logistic_interval(&w->v.logistic, q, at, w->allowed, &e.low, &e.high);
    else
        e.value = NAN;
    return e;
}

static struct estimate share_at(const struct work *w, double day)
{
    struct estimate e = { .value = logistic_share(&w->v.logistic, day) };
    logistic_share_interval(&w->v.logistic, day, w->allowed, &e.low, &e.high);
    return e;
}

/* What is not yet seen of a curve depends on its ceiling most: the interval has room for the curves with the lowest
 * and the highest one that the samples allow. */
static struct estimate share_ahead(const struct work *w, double day)
{
    struct estimate e = share_at(w, day);
    const double ends[] = { w->c.ceiling.low, w->c.ceiling.high };

    for (int i = 0; i < 2 && !w->c.ceiling_given; i++) {
        struct logistic l = logistic_fit(w->s, fmax(ends[i], 1e-3));
        if (isnan(l.deviance))
            continue;
        e.low = fmin(e.low, logistic_share(&l, day));
        e.high = fmax(e.high, logistic_share(&l, day));
    }
    return e;
}

static struct estimate times(struct estimate e, double f)
{
    return (struct estimate){ e.value * f, e.low * f, e.high * f };
}

/* Not more than 15 points wide, or so near to 1 that the name of the difference is idle. */
static bool is_known(const struct estimate *ceiling)
{
    return ceiling->low > 0.97 || (ceiling->high < 0.9999 && ceiling->high - ceiling->low <= 0.15);
}

/* Within what was seen, and sure by less than its length. */
static bool is_seen(const struct work *w, const struct estimate *day)
{
    double first = w->s->at[0].day, last = w->s->at[w->s->n - 1].day;
    return day->value >= first && day->value <= last && day->high - day->low <= last - first;
}

static void say_logistic(struct work *w)
{
    const struct logistic *l = &w->v.logistic;
    struct curve *c = &w->c;
    double last = w->s->at[w->s->n - 1].day, top = logistic_ceiling(l);

    c->model = CURVE_LOGISTIC;
    c->ceiling = w->given > 0 ? (struct estimate){ w->given, w->given, w->given }
                              : of_logistic(w, LOGISTIC_CEILING, 0, top);
    c->ceiling_known = l->ceiling_given || is_known(&c->ceiling);
    c->midpoint = of_logistic(w, LOGISTIC_MIDPOINT, 0, logistic_midpoint(l));
    c->slope = times(of_logistic(w, LOGISTIC_RATE, 0, logistic_rate(l)), year);
    c->level = share_at(w, last);
    if (!c->ceiling_known)
        c->half = of_logistic(w, LOGISTIC_CROSSING, 0.5, logistic_crossing(l, 0.5));
    if (!is_seen(w, &c->midpoint) && l->b > 0 && c->level.low >= 0.9 * c->ceiling.high) {
        c->model = CURVE_SATURATED;
        c->midpoint = c->half = none;
    }
    forecast(w, share_ahead(w, c->forecast_day));
}

/* --- the choice --- */

/* A model with more to it has to be better by this much of AICc than one without change. */
static const double leave_flat = 4;

static enum rival choose(struct work *w)
{
    double n = (double)w->s->n;
    enum rival closest = RIVAL_FLAT, best = RIVAL_FLAT;

    for (enum rival r = RIVAL_LINEAR; r < RIVALS; r++)
        if (w->v.deviance[r] < w->v.deviance[closest])
            closest = r;
    w->c.fewer = fewer(&w->v, closest);
    for (enum rival r = RIVAL_FLAT; r < RIVALS; r++) {
        w->c.aicc[r] = aicc(&w->v, r, n / w->c.fewer);
        if (w->c.aicc[r] < w->c.aicc[best])
            best = r;
    }
    return w->c.aicc[best] < w->c.aicc[RIVAL_FLAT] - leave_flat ? best : RIVAL_FLAT;
}

static struct curve nothing_yet(double ceiling)
{
    return (struct curve){ .ceiling_given = ceiling > 0, .refused = "too few points", .fewer = 1, .scatter = NAN,
                           .midpoint = none, .half = none, .slope = none, .ceiling = none, .level = none,
                           .step_from = none, .step_to = none, .step_date = none, .forecast = none,
                           .aicc = { INFINITY, INFINITY, INFINITY, INFINITY } };
}

struct curve curve_fit(const struct samples *s, double ceiling)
{
    static void (*const say[RIVALS])(struct work *) = { say_flat, say_line, say_step, say_logistic };
    struct work w = { .s = s, .given = ceiling };
    double span = s->at[s->n - 1].day - s->at[0].day;
    enum rival best = RIVAL_LOGISTIC;       /* what who gives a ceiling asks for */

    w.c = nothing_yet(ceiling);
    if (s->n < (ceiling > 0 ? CURVE_FEWEST_GIVEN : CURVE_FEWEST) || !(span > 0))
        return w.c;
    w.c.refused = NULL;
    w.c.forecast_day = s->at[s->n - 1].day + fmin(span / 2, year);
    w.v = rivals_fit(s, ceiling);
    if (s->n >= CURVE_FEWEST)
        best = choose(&w);
    else if (w.v.flat >= ceiling)
        w.v.deviance[best] = INFINITY;
    if (!isfinite(w.v.deviance[best])) {
        w.c.refused = "no model fits";
        return w.c;
    }
    choose_scale(&w, best);
    say[best](&w);
    return w.c;
}
