#include "fit/samples.h"

#include <math.h>

static const double edge = 1e-9;        /* no curve is allowed to be surer */

static double within_edges(double p) { return p < edge ? edge : p > 1 - edge ? 1 - edge : p; }

static double part(double share, double p) { return share > 0 ? share * log(share / p) : 0; }

double sample_residual(const struct samples *s, size_t i, double p, double *slope)
{
    const struct sample *x = &s->at[i];

    if (!s->counted) {
        *slope = -1;
        return x->share - p;
    }
    double inside = within_edges(p), off = x->share - inside, variance = inside * (1 - inside);
    double square = 2 * x->count * (part(x->share, inside) + part(1 - x->share, 1 - inside));
    double root = square > 0 ? copysign(sqrt(square), off) : 0;
    if (fabs(off) < 1e-7 || root == 0)  /* what remains of the difference of logarithms is noise */
        root = off * sqrt(x->count / variance);
    *slope = fabs(off) < 1e-7 || root == 0 ? -sqrt(x->count / variance) : -x->count * off / variance / root;
    return root;
}

double sample_scatter(const struct samples *s, size_t i, double p)
{
    const struct sample *x = &s->at[i];
    double inside = within_edges(p), off = x->share - (s->counted ? inside : p);

    return s->counted ? x->count * off * off / (inside * (1 - inside)) : off * off;
}

double samples_mean(const struct samples *s, size_t first, size_t end)
{
    double sum = 0, weight = 0;

    for (size_t i = first; i < end; i++) {
        double w = s->counted ? s->at[i].count : 1;
        sum += w * s->at[i].share;
        weight += w;
    }
    return sum / weight;
}

double samples_deviance(const struct samples *s, size_t first, size_t end, double p)
{
    double sum = 0, slope;

    for (size_t i = first; i < end; i++) {
        double r = sample_residual(s, i, p, &slope);
        sum += r * r;
    }
    return sum;
}

double t_quantile(double freedom)
{
    static const double exact[] = { 12.7062, 4.3027, 3.1824, 2.7764 };
    double z = 1.959963984540054, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z, v = freedom;

    if (v < 4.5)
        return exact[v < 1.5 ? 0 : (int)(v - 0.5)];
    return z + (z3 + z) / (4 * v) + (5 * z5 + 16 * z3 + 3 * z) / (96 * v * v)
         + (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * v * v * v);
}

void wilson(double p, double n, double t, double *low, double *high)
{
    double square = t * t / n, middle = (p + square / 2) / (1 + square);
    double reach = t * sqrt(p * (1 - p) / n + square / (4 * n)) / (1 + square);

    *low = fmax(0, middle - reach);
    *high = fmin(1, middle + reach);
}
