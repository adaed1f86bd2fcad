/* Columns over time: counts on one another, or parts of 100 %. */
#include <math.h>

#include "page/plot.h"

static double value_of(const struct view *v, size_t i, const struct series *e)
{
    double value = view_number(v, i, e->value);
    return value > 0 ? value : 0;
}

static double total_of(const struct panel *p, const struct view *v, size_t i)
{
    double total = 0;
    for (const struct series *e = p->series; e->label; e++)
        total += value_of(v, i, e);
    return total;
}

static void column(FILE *out, const struct panel *p, const struct view *v, size_t i, const struct scale *s)
{
    double width = 0.84 * timeline_width(v->time), x = timeline_at(v->time, v->point[i].index) - width / 2;
    double unit = p->kind == PANEL_PARTS ? total_of(p, v, i) : 1, below = 0;

    for (const struct series *e = p->series; e->label && unit > 0; e++) {
        double value = value_of(v, i, e) / unit, y = scale_y(s, below + value);
        if (value > 0)
            fprintf(out, "<rect class=\"fill %s\" x=\"%.2f%%\" width=\"%.2f%%\" y=\"%.1f\" height=\"%.1f\"/>\n", e->style, x,
                    width, y, scale_y(s, below) - y);
        below += value;
    }
}

void figure_stack(FILE *out, const struct panel *p, const struct view *v)
{
    double most = 0;

    for (size_t i = 0; i < v->n; i++)
        most = fmax(most, total_of(p, v, i));
    struct scale s = p->kind == PANEL_PARTS ? scale_of(SCALE_SHARE, 1, PLOT_HEIGHT)
                                            : scale_of(SCALE_COUNT, most, PLOT_HEIGHT);
    plot_begin(out, p, &s, v->time);
    for (size_t i = 0; i < v->n; i++)
        column(out, p, v, i, &s);
    plot_tips(out, p, v, &s);
    plot_end(out);
}
