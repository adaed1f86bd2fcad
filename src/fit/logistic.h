/* The logistic curve, share = ceiling / (1 + exp(-(a + b u))), fitted to samples, and the intervals of what
 * follows from it. u is the time in half spans from the middle of the samples: -1 at the first, 1 at the last. */
#ifndef MAILSEAL_FIT_LOGISTIC_H
#define MAILSEAL_FIT_LOGISTIC_H

#include "fit/samples.h"

struct logistic {
    const struct samples *samples;      /* borrowed */
    double centre, half;                /* day = centre + half * u */
    double a, b, k;                     /* ceiling = 1 / (1 + exp(-k)) */
    bool ceiling_given;                 /* k is not fitted */
    double deviance;                    /* sum of squared residuals; NAN: nothing was found */
};

/* ceiling 0: free. The samples span more than one moment. */
struct logistic logistic_fit(const struct samples *, double ceiling);

double logistic_ceiling(const struct logistic *);
double logistic_share(const struct logistic *, double day);
double logistic_midpoint(const struct logistic *);              /* day at which half the ceiling is reached */
double logistic_crossing(const struct logistic *, double share);    /* NAN: not below its ceiling */
double logistic_rate(const struct logistic *);                  /* of log-odds (of the ceiling), each day */

/* What an interval is wanted of. */
enum logistic_quantity { LOGISTIC_MIDPOINT, LOGISTIC_CROSSING, LOGISTIC_RATE, LOGISTIC_CEILING };

/* The values that the samples speak no more against than `allowed` of deviance (its profile): from *low to *high,
 * in the unit of the functions above; infinite where nothing bounds them. share: that of a crossing. */
void logistic_interval(const struct logistic *, enum logistic_quantity, double share, double allowed,
                       double *low, double *high);
/* Of the curve's share at a day, by its slopes there. */
void logistic_share_interval(const struct logistic *, double day, double allowed, double *low, double *high);

#endif
