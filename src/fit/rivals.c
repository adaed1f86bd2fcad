#include "fit/rivals.h"

#include <math.h>

static void line_residuals(const void *context, const double *x, double *r, double *slopes)
{
    const struct rivals *v = context;
    const struct samples *s = v->samples;

    for (size_t i = 0; i < s->n; i++) {
        double u = (s->at[i].day - v->centre) / v->half, slope;
        double away = sample_residual(s, i, x[0] + x[1] * u, &slope);
        if (slopes) {
            slopes[i] = slope;
            slopes[i + s->n] = slope * u;
        } else {
            r[i] = away;
        }
    }
}

/* Lines that leave 0 to 1 where samples are, are no model of a share. */
static void fit_line(struct rivals *v)
{
    double x[2] = { v->flat, 0 }, d = least_squares(line_residuals, v, v->samples->n, 2, x);

    v->start = x[0];
    v->slope = x[1];
    if (!isnan(d) && fabs(x[1]) <= x[0] && x[0] + fabs(x[1]) <= 1)
        v->deviance[RIVAL_LINEAR] = d;
}

void step_range(size_t samples, size_t *first, size_t *end)
{
    size_t side = samples / 10 > 3 ? samples / 10 : 3;
    *first = side;
    *end = samples > side ? samples - side + 1 : 0;
}

double step_deviance(const struct samples *s, size_t i)
{
    return samples_deviance(s, 0, i, samples_mean(s, 0, i))
         + samples_deviance(s, i, s->n, samples_mean(s, i, s->n));
}

/* What one model with two shares explains of counts can be had from sums alone: x log x of each. */
struct sums {
    double hits, misses, all, square;
};

static void add(struct sums *u, const struct samples *s, size_t i, double sign)
{
    double w = s->counted ? s->at[i].count : 1, p = s->at[i].share;
    u->hits += sign * w * p;
    u->misses += sign * w * (1 - p);
    u->all += sign * w;
    u->square += sign * w * p * p;
}

static double xlogx(double x) { return x > 0 ? x * log(x) : 0; }

/* Less is a closer fit; comparable between steps of the same samples only. */
static double badness(const struct sums *u, bool counted)
{
    if (!counted)
        return -u->hits * u->hits / u->all;
    return -2 * (xlogx(u->hits) + xlogx(u->misses) - xlogx(u->all));
}

static void fit_step(struct rivals *v)
{
    const struct samples *s = v->samples;
    struct sums before = { 0 }, behind = { 0 };
    size_t first, end;
    double best = INFINITY;

    step_range(s->n, &first, &end);
    for (size_t i = 0; i < s->n; i++)
        add(&behind, s, i, 1);
    for (size_t i = 0; i < s->n; i++) {
        double b = i >= first && i < end && s->at[i].day > s->at[i - 1].day
                 ? badness(&before, s->counted) + badness(&behind, s->counted) : INFINITY;
        if (b < best) {
            best = b;
            v->step = i;
        }
        add(&before, s, i, 1);
        add(&behind, s, i, -1);
    }
    if (isinf(best))
        return;
    v->from = samples_mean(s, 0, v->step);
    v->to = samples_mean(s, v->step, s->n);
    v->deviance[RIVAL_STEP] = step_deviance(s, v->step);
}

struct rivals rivals_fit(const struct samples *s, double ceiling)
{
    struct rivals v = { .samples = s, .deviance = { INFINITY, INFINITY, INFINITY, INFINITY } };

    v.centre = (s->at[0].day + s->at[s->n - 1].day) / 2;
    v.half = (s->at[s->n - 1].day - s->at[0].day) / 2;
    v.flat = samples_mean(s, 0, s->n);
    v.deviance[RIVAL_FLAT] = samples_deviance(s, 0, s->n, v.flat);
    fit_line(&v);
    fit_step(&v);
    v.logistic = logistic_fit(s, ceiling);
    if (!isnan(v.logistic.deviance))
        v.deviance[RIVAL_LOGISTIC] = v.logistic.deviance;
    return v;
}

double rival_share(const struct rivals *v, enum rival r, size_t i)
{
    double day = v->samples->at[i].day;

    switch (r) {
    case RIVAL_LINEAR:
        return v->start + v->slope * (day - v->centre) / v->half;
    case RIVAL_STEP:
        return i < v->step ? v->from : v->to;
    case RIVAL_LOGISTIC:
        return logistic_share(&v->logistic, day);
    case RIVAL_FLAT:
    case RIVALS:
        break;
    }
    return v->flat;
}

/* A date of a step that was looked for in all places costs as much as three numbers (Ninomiya 2015). */
unsigned rival_parameters(const struct rivals *v, enum rival r)
{
    static const unsigned n[RIVALS] = { 1, 2, 5, 3 };
    return n[r] - (r == RIVAL_LOGISTIC && v->logistic.ceiling_given);
}

void line_reach(const struct rivals *v, double day, double allowed, double *slope, double *share)
{
    const struct samples *s = v->samples;
    double w = 0, wu = 0, wuu = 0, at = (day - v->centre) / v->half, by;

    for (size_t i = 0; i < s->n; i++) {
        double u = (s->at[i].day - v->centre) / v->half;
        sample_residual(s, i, v->start + v->slope * u, &by);
        w += by * by;
        wu += by * by * u;
        wuu += by * by * u * u;
    }
    double below = w * wuu - wu * wu;
    *slope = sqrt(allowed * w / below);
    *share = sqrt(allowed * (wuu - 2 * at * wu + at * at * w) / below);
}
