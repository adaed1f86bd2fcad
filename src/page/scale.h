/* A vertical axis from 0 to a round number. */
#ifndef MAILSEAL_PAGE_SCALE_H
#define MAILSEAL_PAGE_SCALE_H

#include "page/number.h"

enum scale_unit { SCALE_SHARE, SCALE_WHOLE, SCALE_COUNT };   /* whole: a share, of which all is shown */

struct scale {
    enum scale_unit unit;
    double top;                         /* greater than 0 */
    int steps;                          /* lines above 0 */
    double height;                      /* in pixels */
};

/* The lowest round top that is not below `most`: of a share 1 at most, of a whole always 1. */
struct scale scale_of(enum scale_unit, double most, double height);
/* Pixels from the upper end; what is outside is put on the edge. */
double scale_y(const struct scale *, double value);
/* The label of line 0 to steps. */
const char *scale_label(const struct scale *, int step, char out[NUMBER]);

#endif
