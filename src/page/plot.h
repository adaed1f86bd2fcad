/* The frame of a picture over time: grid, labels of both axes, what is told of each bucket. The picture is as wide as
 * there is room: across, places are percent; down, pixels. */
#ifndef MAILSEAL_PAGE_PLOT_H
#define MAILSEAL_PAGE_PLOT_H

#include "page/figure.h"

enum { PLOT_HEIGHT = 220, PLOT_WIDTH = 1000 };  /* of stretched paths */

void plot_begin(FILE *, const struct panel *, const struct scale *, const struct timeline *);
/* Strips that show the numbers of each bucket when pointed at. */
void plot_tips(FILE *, const struct panel *, const struct view *, const struct scale *);
void plot_end(FILE *);

/* Paths between these two have PLOT_WIDTH units across and PLOT_HEIGHT down. */
void plot_stretch_begin(FILE *);
void plot_stretch_end(FILE *);

/* Where the series are no lines with an own place for their names: colours and what they stand for. */
void plot_legend(FILE *, const struct panel *);

#endif
