/* The rows of a sheet that one picture shows, in their places on the axis of time. */
#ifndef MAILSEAL_PAGE_VIEW_H
#define MAILSEAL_PAGE_VIEW_H

#include "page/timeline.h"
#include "report/book.h"

enum { VIEW_POINTS = 4096 };

struct point {
    int64_t index;                      /* of its bucket */
    uint32_t row;                       /* of the sheet */
};

/* Large: static. */
struct view {
    const struct sheet *sheet;
    const struct timeline *time;
    struct point point[VIEW_POINTS];    /* in the order of the sheet */
    size_t n;
};

/* Those rows whose column has this word; with column NULL all. With time NULL, rows need no bucket; else they
 * need one on the axis. Later ones than VIEW_POINTS are left out. */
void view_pick(struct view *, const struct sheet *, const struct timeline *, const char *column, const char *word);

/* The number in a column of the i-th row, NAN: there is none. */
double view_number(const struct view *, size_t i, const char *column);
/* Whether the bucket of the i-th row follows that of the one before. */
bool view_follows(const struct view *, size_t i);

#endif
