/* What the page shows, in its order. */
#ifndef MAILSEAL_PAGE_FIGURES_H
#define MAILSEAL_PAGE_FIGURES_H

#include "page/figure.h"

extern const struct figure figure_share;
/* The others; ended by one without an id. */
extern const struct figure figures[];

#endif
