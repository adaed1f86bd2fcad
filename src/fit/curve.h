/* The adoption curve (doc/measurement.md section 6): which simple model samples of a share speak for, what it
 * then says, and how sure that is.
 *
 * Flat, linear, step and logistic are compared by AICc: counts by their binomial deviance with a scatter that is
 * estimated, not believed (sessions of one peer are no independent trials), shares without counts by their
 * squares. Where neighbours in time resemble each other, the samples count for as many fewer. */
#ifndef MAILSEAL_FIT_CURVE_H
#define MAILSEAL_FIT_CURVE_H

#include "fit/samples.h"

/* What is reported. Saturated: a logistic curve of which only the end was seen, so that its midpoint is unknown. */
enum curve_model { CURVE_INSUFFICIENT, CURVE_FLAT, CURVE_LINEAR, CURVE_STEP, CURVE_LOGISTIC, CURVE_SATURATED };
enum { CURVE_MODELS = CURVE_SATURATED + 1, CURVE_RIVALS = 4, CURVE_FEWEST = 8, CURVE_FEWEST_GIVEN = 4 };

/* With its 95 % interval. NAN, or for a bound infinite: there is none. */
struct estimate {
    double value, low, high;
};

struct curve {
    enum curve_model model;
    bool ceiling_given, ceiling_known;  /* known: an interval narrow enough to name it */
    struct estimate midpoint;           /* days since 1970: half the ceiling */
    struct estimate half;               /* days since 1970: 50 %, where the ceiling is not known */
    struct estimate slope;              /* a year: of log-odds (logistic, saturated), of the share (linear) */
    struct estimate ceiling;
    struct estimate level;              /* flat: throughout; else at the last sample */
    struct estimate step_from, step_to;
    struct estimate step_date;          /* days since 1970 */
    double step_last, step_first;       /* days of the samples on both sides of the step */
    struct estimate forecast;           /* of one further sample; NAN: refused, and why */
    double forecast_day;
    const char *refused;
    double aicc[CURVE_RIVALS];          /* flat, linear, step, logistic; infinite: not fitted */
    double scatter;                     /* variance by that of independent trials; of shares: their variance */
    double fewer;                       /* by which neighbours reduce the samples; 1: not at all */
};

/* ceiling: of the logistic model; 0: to be found. Needs at least one sample. Not reentrant. */
struct curve curve_fit(const struct samples *, double ceiling);

/* "logistic" … of a model. */
const char *curve_model_name(enum curve_model);

#endif
