/* Non-linear least squares by Levenberg and Marquardt: MINPACK, as cminpack has it. The only place that knows it. */
#ifndef MAILSEAL_FIT_LEAST_SQUARES_H
#define MAILSEAL_FIT_LEAST_SQUARES_H

#include <stdbool.h>
#include <stddef.h>

enum { FIT_POINTS = 20000, FIT_PARAMETERS = 3 };

/* Fills r[0 .. m-1], or where slopes is not NULL, slopes[i + j * m] = dr[i] / dx[j] and nothing else. */
typedef void residuals_fn(const void *context, const double *x, double *r, double *slopes);

/* Whether the program was built with cminpack; without it nothing is ever solved. */
bool least_squares_available(void);
const char *least_squares_library(void);        /* "cminpack 1.3.8", with which it was built: it does not tell itself */

/* Moves x[0 .. n-1] from where it is to where the sum of squares of m residuals is least, nearby. That sum, or
 * NAN: n > m, m > FIT_POINTS, n > FIT_PARAMETERS, or the residuals are no numbers. Not reentrant. */
double least_squares(residuals_fn *, const void *context, size_t m, size_t n, double *x);

#endif
