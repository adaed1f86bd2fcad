/* A share as it was seen over time, and how far a curve is from it. */
#ifndef MAILSEAL_FIT_SAMPLES_H
#define MAILSEAL_FIT_SAMPLES_H

#include "fit/least_squares.h"

/* One bucket. */
struct sample {
    double day;                         /* its middle, in days since 1970 */
    double share;                       /* 0 to 1 */
    double count;                       /* of what it is a share; greater than 0 where samples are counted */
};

/* Sorted by day; the array is the caller's. */
struct samples {
    const struct sample *at;
    size_t n;
    bool counted;                       /* false: only shares are known, and each weighs as much as the next */
};

/* How far the share p is from a sample: for counts the signed root of its part of the binomial deviance, so that
 * the sum of squares is least where the likelihood is greatest; else the difference. *slope: its derivative by p. */
double sample_residual(const struct samples *, size_t i, double p, double *slope);
/* The square of the difference by the variance that counts of this size have (Pearson); for shares by 1. */
double sample_scatter(const struct samples *, size_t i, double p);

/* Share of all samples from first up to, not with, end. */
double samples_mean(const struct samples *, size_t first, size_t end);
double samples_deviance(const struct samples *, size_t first, size_t end, double p);

/* The number that a t-distributed one stays below in size 19 times of 20 (Fisher and Cornish's expansion). */
double t_quantile(double freedom);
/* The 97.5 % bounds of a share p seen in n trials (Wilson); n may be any number above 0. */
void wilson(double p, double n, double t, double *low, double *high);

#endif
