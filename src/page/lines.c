/* Lines over time with their bands. Where buckets are missing a line is broken; what stands alone is a bar. */
#include <math.h>

#include "page/plot.h"

enum { MARKS = 12, LABEL_APART = 15 };

static double across(const struct view *v, size_t i)
{
    return timeline_at(v->time, v->point[i].index) * PLOT_WIDTH / 100;
}

/* The end of the run of buckets without a gap, or without a value, that begins at i. */
static size_t run_end(const struct view *v, size_t i, const char *column)
{
    size_t end = i + 1;
    while (end < v->n && view_follows(v, end) && !isnan(view_number(v, end, column)))
        end++;
    return end;
}

static void band_run(FILE *out, const struct view *v, const struct scale *s, const char *const edge[2], size_t i,
                     size_t end)
{
    double reach = end - i == 1 ? 3.5 * timeline_width(v->time) : 0;

    fputc('M', out);
    for (size_t k = i; k < end; k++) {
        double y = scale_y(s, view_number(v, k, edge[1]));
        fprintf(out, "%.1f %.1f ", across(v, k) - reach, y);
        if (reach > 0)
            fprintf(out, "%.1f %.1f ", across(v, k) + reach, y);
    }
    for (size_t k = end; k-- > i;) {
        double y = scale_y(s, view_number(v, k, edge[0]));
        if (reach > 0)
            fprintf(out, "%.1f %.1f ", across(v, k) + reach, y);
        fprintf(out, "%.1f %.1f ", across(v, k) - reach, y);
    }
    fputs("Z", out);
}

static void band(FILE *out, const struct view *v, const struct scale *s, const char *class, const struct series *e,
                 const char *const edge[2])
{
    if (!edge[0] || !v->n)
        return;
    fprintf(out, "<path class=\"%s %s\" d=\"", class, e->style);
    for (size_t i = 0, end; i < v->n; i = end) {
        end = i + 1;
        if (isnan(view_number(v, i, edge[0])) || isnan(view_number(v, i, edge[1])))
            continue;
        end = run_end(v, i, edge[0]);
        band_run(out, v, s, edge, i, end);
    }
    fputs("\"/>\n", out);
}

static void line(FILE *out, const struct view *v, const struct scale *s, const struct series *e)
{
    fprintf(out, "<path class=\"line %s\" d=\"", e->style);
    for (size_t i = 0, end; i < v->n; i = end) {
        end = i + 1;
        if (isnan(view_number(v, i, e->value)))
            continue;
        end = run_end(v, i, e->value);
        for (size_t k = i; k < end; k++)
            fprintf(out, "%s%.1f %.1f", k > i ? "L" : "M", across(v, k), scale_y(s, view_number(v, k, e->value)));
    }
    fputs("\"/>\n", out);
}

/* On some of the points, so that lines can be told apart without colours, and on all that stand alone. */
static void marks(FILE *out, const struct view *v, const struct scale *s, const struct series *e)
{
    size_t each = (v->n + MARKS - 1) / MARKS;

    for (size_t i = 0; i < v->n; i++) {
        double value = view_number(v, i, e->value);
        bool alone = !view_follows(v, i) && !(i + 1 < v->n && view_follows(v, i + 1));
        if (isnan(value) || ((v->n - 1 - i) % each && !alone))
            continue;
        fprintf(out, "<use href=\"#mark-%s\" class=\"mark %s\" x=\"%.2f%%\" y=\"%.1f\"/>\n", e->style, e->style,
                timeline_at(v->time, v->point[i].index), scale_y(s, value));
    }
}

/* --- names at the ends of lines --- */

struct name {
    const struct series *series;
    double y;
};

static size_t take_names(struct name *name, const struct panel *p, const struct view *v, const struct scale *s)
{
    size_t n = 0;

    for (const struct series *e = p->series; e->label; e++) {
        size_t i = v->n;
        while (i > 0 && isnan(view_number(v, i - 1, e->value)))
            i--;
        if (!i)
            continue;
        struct name one = { e, scale_y(s, view_number(v, i - 1, e->value)) };
        size_t k = n++;
        for (; k > 0 && name[k - 1].y > one.y; k--)
            name[k] = name[k - 1];
        name[k] = one;
    }
    return n;
}

static void names(FILE *out, const struct panel *p, const struct view *v, const struct scale *s)
{
    struct name name[PANEL_SERIES];
    size_t n = panel_series(p) > 1 ? take_names(name, p, v, s) : 0;

    for (size_t i = 1; i < n; i++)      /* down, as far as they would lie on one another, */
        name[i].y = fmax(name[i].y, name[i - 1].y + LABEL_APART);
    for (size_t i = n; i-- > 0;)        /* and up again from the lower edge */
        name[i].y = fmin(name[i].y, PLOT_HEIGHT - LABEL_APART * (double)(n - 1 - i));
    for (size_t i = 0; i < n; i++) {
        fprintf(out, "<text class=\"end\" x=\"100%%\" dx=\"10\" dy=\".35em\" y=\"%.1f\">", name[i].y);
        html(out, name[i].series->label);
        fputs("</text>\n", out);
    }
}

static double most_of(const struct panel *p, const struct view *v)
{
    double most = 0;
    for (const struct series *e = p->series; e->label; e++)
        for (size_t i = 0; i < v->n; i++)
            most = fmax(most, fmax(view_number(v, i, e->value),
                                   fmax(view_number(v, i, e->high), view_number(v, i, e->upper))));
    return most;
}

void figure_lines(FILE *out, const struct panel *p, const struct view *v)
{
    struct scale s = scale_of(p->unit, most_of(p, v), PLOT_HEIGHT);

    plot_begin(out, p, &s, v->time);
    plot_stretch_begin(out);
    for (const struct series *e = p->series; e->label; e++)
        band(out, v, &s, "bounds", e, (const char *const[]){ e->lower, e->upper });
    for (const struct series *e = p->series; e->label; e++)
        band(out, v, &s, "band", e, (const char *const[]){ e->low, e->high });
    for (const struct series *e = p->series; e->label; e++)
        line(out, v, &s, e);
    plot_stretch_end(out);
    for (const struct series *e = p->series; e->label; e++)
        marks(out, v, &s, e);
    names(out, p, v, &s);
    plot_tips(out, p, v, &s);
    plot_end(out);
}
