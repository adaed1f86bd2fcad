#include "page/view.h"

#include <math.h>

static bool place(const struct view *v, size_t row, int bucket, int64_t *index)
{
    if (!v->time)
        return true;
    return timeline_index(v->time->by, sheet_text(v->sheet, row, bucket), index) && *index >= v->time->first
        && *index <= v->time->last;
}

void view_pick(struct view *v, const struct sheet *s, const struct timeline *time, const char *column,
               const char *word)
{
    int chosen = sheet_column(s, column), bucket = sheet_column(s, "bucket");
    int64_t index = 0;

    v->sheet = s;
    v->time = time;
    v->n = 0;
    for (size_t row = 0; row < s->rows && v->n < VIEW_POINTS; row++)
        if ((!column || sheet_is(s, row, chosen, word)) && place(v, row, bucket, &index))
            v->point[v->n++] = (struct point){ index, (uint32_t)row };
}

double view_number(const struct view *v, size_t i, const char *column)
{
    const struct cell *c = sheet_cell(v->sheet, v->point[i].row, sheet_column(v->sheet, column));
    return c->kind == CELL_INTEGER || c->kind == CELL_REAL ? c->number : NAN;
}

bool view_follows(const struct view *v, size_t i)
{
    return i > 0 && v->point[i].index == v->point[i - 1].index + 1;
}
