/* The models that are weighed against each other, each fitted as closely as it can be. */
#ifndef MAILSEAL_FIT_RIVALS_H
#define MAILSEAL_FIT_RIVALS_H

#include "fit/logistic.h"

enum rival { RIVAL_FLAT, RIVAL_LINEAR, RIVAL_STEP, RIVAL_LOGISTIC, RIVALS };

struct rivals {
    const struct samples *samples;      /* borrowed */
    double deviance[RIVALS];            /* sum of squared residuals; infinite: not to be had */
    double flat;                        /* share */
    double start, slope;                /* linear: share at the middle, and per half span, as logistic.h has it */
    double centre, half;
    double from, to;                    /* step: shares */
    size_t step;                        /* the first sample behind the step */
    struct logistic logistic;
};

struct rivals rivals_fit(const struct samples *, double ceiling);
double rival_share(const struct rivals *, enum rival, size_t i);
/* How many numbers were fitted. */
unsigned rival_parameters(const struct rivals *, enum rival);

/* The samples before which a step may be: each side has a tenth of them, and three. [first, end) */
void step_range(size_t samples, size_t *first, size_t *end);
/* The sum of squares of a step before sample i. */
double step_deviance(const struct samples *, size_t i);

/* Half widths of 95 % intervals of the line's slope (each half span) and of its share at a day;
 * allowed: as for logistic_interval(). */
void line_reach(const struct rivals *, double day, double allowed, double *slope, double *share);

#endif
