#include "fit/logistic.h"

#include <math.h>
#include <string.h>

static const double steepest = 500, surest = 12;        /* |b|, |k| */

static double expit(double x) { return 1 / (1 + exp(-x)); }
static double logit(double p) { return log(p / (1 - p)); }
static double bounded(double x, double limit) { return x > limit ? limit : x < -limit ? -limit : x; }

/* A curve of which some is fixed: parameters 0 (a), 1 (b), 2 (k), or, with `through`, a such that the curve goes
 * through a share at u: that share is the half of the ceiling where it is NAN. Ceilings begin at `least`. */
struct task {
    const struct logistic *curve;
    double value[3];
    bool fixed[3];
    bool through;
    double u, share, least;
};

static double ceiling_of(const struct task *t, double k) { return t->least + (1 - t->least) * expit(k); }

/* Puts the free ones, in order, between the fixed ones. */
static void whole(const struct task *t, const double *x, double full[3])
{
    for (int i = 0; i < 3; i++)
        full[i] = t->fixed[i] ? t->value[i] : *x++;
    full[1] = bounded(full[1], steepest);
    full[2] = bounded(full[2], surest);
}

/* What the log-odds (of the ceiling) are at t->u, and how they change with the ceiling. */
static double anchor(const struct task *t, double ceiling, double *by_ceiling)
{
    *by_ceiling = 0;
    if (isnan(t->share))
        return 0;
    double above = fmax(ceiling - t->share, 1e-12);
    *by_ceiling = -1 / above;
    return log(t->share / above);
}

static void residuals(const void *context, const double *x, double *r, double *slopes)
{
    const struct task *t = context;
    const struct samples *s = t->curve->samples;
    double full[3], by_ceiling = 0;

    whole(t, x, full);
    double ceiling = ceiling_of(t, full[2]), by_k = (1 - t->least) * expit(full[2]) * expit(-full[2]);
    double start = t->through ? anchor(t, ceiling, &by_ceiling) : full[0];
    for (size_t i = 0; i < s->n; i++) {
        double u = (s->at[i].day - t->curve->centre) / t->curve->half - (t->through ? t->u : 0);
        double part = expit(start + full[1] * u), slope, by_log_odds = ceiling * part * (1 - part);
        double away = sample_residual(s, i, ceiling * part, &slope);
        const double by[3] = { by_log_odds, by_log_odds * u, by_k * (part + by_log_odds * by_ceiling) };
        if (!slopes) {
            r[i] = away;
            continue;
        }
        for (size_t p = 0, column = 0; p < 3; p++)
            if (!t->fixed[p])
                slopes[i + s->n * column++] = slope * by[p];
    }
}

/* Fits what is free from t->value on, and leaves it there. */
static double solve(struct task *t)
{
    double x[3], full[3], sum = 0;
    size_t n = 0;

    for (int i = 0; i < 3; i++)
        if (!t->fixed[i])
            x[n++] = t->value[i];
    if (n)
        sum = least_squares(residuals, t, t->curve->samples->n, n, x);
    whole(t, x, full);
    for (int i = 0; i < 3; i++)
        t->value[i] = full[i];
    return sum;
}

/* A line through the log-odds, each sample weighing what it does near the ceiling's half, at most. */
static void start_at(struct task *t, double ceiling)
{
    const struct samples *s = t->curve->samples;
    double w = 0, wu = 0, wy = 0, wuu = 0, wuy = 0;

    for (size_t i = 0; i < s->n; i++) {
        double q = fmin(fmax(s->at[i].share / ceiling, 0.01), 0.99), weight = q * (1 - q);
        double u = (s->at[i].day - t->curve->centre) / t->curve->half, y = logit(q);
        weight *= s->counted ? s->at[i].count : 1;
        w += weight, wu += weight * u, wy += weight * y, wuu += weight * u * u, wuy += weight * u * y;
    }
    double below = w * wuu - wu * wu, b = below > 0 ? (w * wuy - wu * wy) / below : 0;
    t->value[0] = (wy - b * wu) / w;
    t->value[1] = b;
    t->value[2] = bounded(logit(ceiling), surest);
}

static double highest(const struct samples *s)
{
    double most = 0.001;
    for (size_t i = 0; i < s->n; i++)
        most = fmax(most, s->at[i].share);
    return fmin(most, 0.999);
}

struct logistic logistic_fit(const struct samples *s, double ceiling)
{
    static const double above[] = { -0.02, 0.01, 0.1, 0.3, 0.6, 0.95 };  /* of the way from the highest to 1 */
    double first = s->at[0].day, last = s->at[s->n - 1].day, most = highest(s);
    struct logistic l = { .samples = s, .centre = (first + last) / 2, .half = (last - first) / 2,
                          .ceiling_given = ceiling > 0, .deviance = NAN };

    for (size_t i = 0; i < sizeof above / sizeof *above; i++) {
        struct task t = { .curve = &l, .fixed = { false, false, ceiling > 0 } };
        start_at(&t, ceiling > 0 ? fmin(ceiling, expit(surest)) : fmin(most + above[i] * (1 - most), 0.999));
        double sum = solve(&t);
        if (!(sum >= l.deviance)) {     /* also when l has none yet */
            if (isnan(sum))
                continue;
            l.a = t.value[0], l.b = t.value[1], l.k = t.value[2];
            l.deviance = sum;
        }
        if (ceiling > 0)
            break;
    }
    return l;
}

double logistic_ceiling(const struct logistic *l) { return expit(l->k); }
double logistic_rate(const struct logistic *l) { return l->b / l->half; }
double logistic_midpoint(const struct logistic *l) { return l->centre - l->half * l->a / l->b; }

double logistic_share(const struct logistic *l, double day)
{
    return expit(l->k) * expit(l->a + l->b * (day - l->centre) / l->half);
}

double logistic_crossing(const struct logistic *l, double share)
{
    double q = share / expit(l->k);
    return q < 1 ? l->centre + l->half * (logit(q) - l->a) / l->b : NAN;
}

/* --- intervals --- */

/* How log-odds of the share and parameters go together: the inverse of J'J. `ridge` keeps k, which nothing may
 * bound, from being endless. */
struct covariance {
    double v[3][3];
};

static void normal_matrix(const struct logistic *l, double v[3][6])
{
    const struct samples *s = l->samples;
    double top = expit(l->k);

    for (size_t i = 0; i < s->n; i++) {
        double u = (s->at[i].day - l->centre) / l->half, part = expit(l->a + l->b * u), slope;
        double odds = top * part * (1 - part), by[3] = { odds, odds * u, top * (1 - top) * part };
        sample_residual(s, i, top * part, &slope);
        for (int row = 0; row < 3; row++)
            for (int column = 0; column < 3; column++)
                v[row][column] += slope * slope * by[row] * by[column];
    }
}

/* By Gauss and Jordan; the matrix is positive definite by its ridge. */
static struct covariance covariance_of(const struct logistic *l, double ridge)
{
    double v[3][6] = { { 0 } };
    struct covariance c;

    normal_matrix(l, v);
    for (int i = 0; i < 3; i++) {
        v[i][i] += i == 2 ? l->ceiling_given ? 1e30 : ridge : 1e-6 * ridge;
        v[i][3 + i] = 1;
    }
    for (int i = 0; i < 3; i++) {
        double lead = v[i][i];
        for (int column = 0; column < 6; column++)
            v[i][column] /= lead;
        for (int row = 0; row < 3; row++) {
            double times = v[row][i];
            for (int column = 0; row != i && column < 6; column++)
                v[row][column] -= times * v[i][column];
        }
    }
    for (int i = 0; i < 3; i++)
        memcpy(c.v[i], v[i] + 3, sizeof c.v[i]);
    return c;
}

static double reach_of(const struct logistic *l, const double by[3], double allowed)
{
    struct covariance c = covariance_of(l, allowed / 400);
    double variance = 0;

    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            variance += by[i] * c.v[i][j] * by[j];
    return sqrt(fmax(variance, 0) * allowed);
}

void logistic_share_interval(const struct logistic *l, double day, double allowed, double *low, double *high)
{
    double u = (day - l->centre) / l->half, part = expit(l->a + l->b * u), top = expit(l->k), p = top * part;
    double of_odds = (1 - part) / (1 - p), by[3] = { of_odds, of_odds * u, (1 - top) / (1 - p) };
    double reach = reach_of(l, by, allowed), middle = logit(fmin(fmax(p, 1e-9), 1 - 1e-9));

    *low = expit(middle - reach);
    *high = expit(middle + reach);
}

struct profile {
    struct task task;
    enum logistic_quantity what;
    double best, limit[2];              /* of the quantity, in the units of `task` */
    double step;                        /* about as far as the bounds are */
    double allowed;
};

/* The root of how much the samples speak against a value, by what is allowed. Leaves the rest of the curve there,
 * for the next value. */
static double against(struct profile *p, double value)
{
    struct task *t = &p->task;

    if (p->what == LOGISTIC_RATE)
        t->value[1] = value;
    else if (p->what == LOGISTIC_CEILING)
        t->value[2] = value;
    else
        t->u = value;
    double more = solve(t) - t->curve->deviance;
    return isnan(more) ? INFINITY : sqrt(fmax(more, 0) / p->allowed);
}

/* Between a value that is allowed and one that is not. The root grows about as the distance does. */
static double narrow(struct profile *p, double in, double s_in, double out, double s_out)
{
    for (int i = 0; i < 12; i++) {
        double part = isfinite(s_out) ? (1 - s_in) / (s_out - s_in) : 0.5;
        double x = in + (out - in) * fmin(fmax(part, 0.05), 0.95), s;
        struct profile before = *p;
        s = against(p, x);
        if (fabs(s - 1) < 0.002)
            return x;
        if (s > 1) {
            *p = before;
            out = x, s_out = s;
        } else {
            in = x, s_in = s;
        }
    }
    return (in + out) / 2;
}

static double bound(const struct profile *from, int side)
{
    struct profile p = *from;
    double in = p.best, s_in = 0, limit = p.limit[side], step = side ? p.step : -p.step;

    for (;; step *= 2) {
        double out = side ? fmin(in + step, limit) : fmax(in + step, limit);
        struct profile before = p;
        double s = against(&p, out);
        if (s > 1) {
            p = before;
            return narrow(&p, in, s_in, out, s);
        }
        if (out == limit)
            return side ? INFINITY : -INFINITY;
        in = out;
        s_in = s;
    }
}

static struct profile profile_of(const struct logistic *l, enum logistic_quantity what, double share, double allowed)
{
    struct profile p = { .task = { .curve = l, .value = { l->a, l->b, l->k }, .share = NAN,
                                   .fixed = { false, false, l->ceiling_given } },
                         .what = what, .allowed = allowed, .limit = { -200, 200 } };
    double by[3] = { 0 };

    if (what == LOGISTIC_RATE) {
        p.task.fixed[1] = true;
        p.best = l->b;
        by[1] = 1;
        p.limit[0] = -steepest, p.limit[1] = steepest;
    } else if (what == LOGISTIC_CEILING) {
        p.task.fixed[2] = true;
        p.best = l->k;
        by[2] = 1;
        p.limit[0] = -surest, p.limit[1] = surest;
    } else {
        p.task.through = p.task.fixed[0] = true;
        p.best = (what == LOGISTIC_MIDPOINT ? logistic_midpoint(l) : logistic_crossing(l, share)) - l->centre;
        p.best /= l->half;
        by[0] = -1 / l->b, by[1] = -p.best / l->b;
    }
    if (what == LOGISTIC_CROSSING) {
        double part = (expit(l->k) - share) / (1 - share);
        p.task.share = share;
        if (!l->ceiling_given) {
            p.task.least = share;
            p.task.value[2] = bounded(logit(fmin(part, 1 - 1e-9)), surest);
        }
    }
    p.step = fmin(fmax(reach_of(l, by, allowed), 1e-4), 2);
    return p;
}

void logistic_interval(const struct logistic *l, enum logistic_quantity what, double share, double allowed,
                       double *low, double *high)
{
    struct profile p = profile_of(l, what, share, allowed);
    double *const end[] = { low, high };

    for (int side = 0; side < 2; side++) {
        double x = isfinite(p.best) && fabs(p.best) <= p.limit[1] ? bound(&p, side)
                                                                 : side ? INFINITY : -INFINITY;
        switch (what) {
        case LOGISTIC_MIDPOINT:
        case LOGISTIC_CROSSING:
            *end[side] = l->centre + l->half * x;
            break;
        case LOGISTIC_RATE:
            *end[side] = x / l->half;
            break;
        case LOGISTIC_CEILING:
            *end[side] = expit(x);
            break;
        }
    }
}
