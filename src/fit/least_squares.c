#include "fit/least_squares.h"

#include <math.h>

#ifdef HAVE_CMINPACK
#include <cminpack.h>

struct problem {
    residuals_fn *f;
    const void *context;
};

static int call(void *p, int m, int n, const double *x, double *r, double *slopes, int rows, int what)
{
    const struct problem *q = p;

    (void)m, (void)n, (void)rows;       /* rows is m: the matrix is ours */
    q->f(q->context, x, r, what == 2 ? slopes : NULL);
    return 0;
}

bool least_squares_available(void) { return true; }
const char *least_squares_library(void) { return "cminpack " HAVE_CMINPACK; }

double least_squares(residuals_fn *f, const void *context, size_t m, size_t n, double *x)
{
    static double r[FIT_POINTS], slopes[FIT_POINTS * FIT_PARAMETERS], work[FIT_POINTS];
    double diagonal[FIT_PARAMETERS], qtf[FIT_PARAMETERS], a[FIT_PARAMETERS], b[FIT_PARAMETERS], c[FIT_PARAMETERS];
    int pivot[FIT_PARAMETERS], calls, slope_calls;
    struct problem p = { f, context };
    double sum = 0;

    if (!n || n > m || m > FIT_POINTS || n > FIT_PARAMETERS)
        return NAN;
    lmder(call, &p, (int)m, (int)n, x, r, slopes, (int)m, 1e-12, 1e-9, 0, 200, diagonal, 1, 100, 0,
          &calls, &slope_calls, pivot, qtf, a, b, c, work);
    f(context, x, r, NULL);
    for (size_t i = 0; i < m; i++)
        sum += r[i] * r[i];
    return isfinite(sum) ? sum : NAN;
}

#else

bool least_squares_available(void) { return false; }
const char *least_squares_library(void) { return "cminpack: none in this build; no adoption curve is fitted"; }

double least_squares(residuals_fn *f, const void *context, size_t m, size_t n, double *x)
{
    (void)f, (void)context, (void)m, (void)n, (void)x;
    return NAN;
}

#endif
