#include "page/plot.h"

#include <math.h>

void plot_stretch_begin(FILE *out)
{
    fprintf(out, "<svg width=\"100%%\" height=\"%d\" viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\">", PLOT_HEIGHT,
            PLOT_WIDTH, PLOT_HEIGHT);
}

void plot_stretch_end(FILE *out) { fputs("</svg>\n", out); }

static void grid(FILE *out, const struct scale *s)
{
    char label[NUMBER];

    for (int i = 0; i <= s->steps; i++) {
        double y = scale_y(s, s->top * i / s->steps);
        fprintf(out, "<line class=\"%s\" x1=\"0\" x2=\"100%%\" y1=\"%.1f\" y2=\"%.1f\"/>", i ? "grid" : "base", y, y);
        fprintf(out, "<text class=\"y\" x=\"-8\" y=\"%.1f\" dy=\".35em\">%s</text>\n", y, scale_label(s, i, label));
    }
}

/* "4 Mar 2024": its year gives way on paper, where pictures stand side by side. */
static void tick_label(FILE *out, const char *label)
{
    const char *year = strrchr(label, ' ');
    if (year && ascii_digit((uint8_t)year[1]))
        fprintf(out, "%.*s<tspan class=\"year\">%s</tspan>", (int)(year - label), label, year);
    else
        fputs(label, out);
}

/* Every other label gives way where there is little room. */
static void days(FILE *out, const struct timeline *t)
{
    struct timeline_tick tick[TIMELINE_TICKS];
    size_t n = timeline_ticks(t, tick);

    for (size_t i = 0; i < n; i++) {
        fprintf(out, "<line class=\"tick\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%d\" y2=\"%d\"/>", tick[i].at, tick[i].at,
                PLOT_HEIGHT, PLOT_HEIGHT + 5);
        fprintf(out, "<text class=\"x%s\" x=\"%.2f%%\" y=\"%d\">", i % 2 ? " wide" : "", tick[i].at, PLOT_HEIGHT + 20);
        tick_label(out, tick[i].label);
        fputs("</text>\n", out);
    }
}

void plot_begin(FILE *out, const struct panel *p, const struct scale *s, const struct timeline *t)
{
    bool named = p->kind == PANEL_LINES && panel_series(p) > 1;

    fprintf(out, "<svg class=\"plot%s\" role=\"img\" width=\"100%%\" height=\"%d\" aria-label=\"", named ? " named" : "",
            PLOT_HEIGHT);
    html(out, *p->title ? p->title : p->axis);
    fputs("; the table below has its numbers\">\n", out);
    if (s)
        grid(out, s);
    days(out, t);
}

void plot_end(FILE *out) { fputs("</svg>\n", out); }

/* --- what is told of a bucket --- */

static void say_number(FILE *out, const struct scale *s, double value)
{
    char text[NUMBER];
    fputs(s->unit != SCALE_COUNT ? number_percent(value, text) : number_count(value, text), out);
}

static void say_range(FILE *out, const struct scale *s, const char *what, double low, double high)
{
    if (isnan(low) || isnan(high))
        return;
    fprintf(out, "%s ", what);
    say_number(out, s, low);
    fputs(" to ", out);
    say_number(out, s, high);
}

static void say_series(FILE *out, const struct series *e, const struct view *v, size_t i, const struct scale *s)
{
    double value = view_number(v, i, e->value);

    if (isnan(value))
        return;
    fputs("&#10;", out);
    html(out, e->label);
    fputs(": ", out);
    say_number(out, s, value);
    say_range(out, s, ", 95 % interval", view_number(v, i, e->low), view_number(v, i, e->high));
    say_range(out, s, ", bounds", view_number(v, i, e->lower), view_number(v, i, e->upper));
}

void plot_tips(FILE *out, const struct panel *p, const struct view *v, const struct scale *s)
{
    double width = timeline_width(v->time);
    char name[TIMELINE_LABEL];
    struct scale counts = *s;

    if (p->kind == PANEL_PARTS)         /* their columns are counts */
        counts.unit = SCALE_COUNT;
    for (size_t i = 0; i < v->n; i++) {
        timeline_name(v->time->by, v->point[i].index, name);
        fprintf(out, "<rect class=\"tip\" x=\"%.2f%%\" width=\"%.2f%%\" y=\"0\" height=\"%d\"><title>%s",
                timeline_at(v->time, v->point[i].index) - width / 2, width, PLOT_HEIGHT, name);
        for (const struct series *e = p->series; e->label; e++)
            say_series(out, e, v, i, &counts);
        fputs("</title></rect>\n", out);
    }
}

/* --- legend --- */

static void swatch(FILE *out, bool line, const char *style)
{
    if (line)
        fprintf(out, "<svg class=\"swatch\" width=\"26\" height=\"14\" aria-hidden=\"true\"><line class=\"line %s\" x1=\"0\""
                     " x2=\"26\" y1=\"7\" y2=\"7\"/><use href=\"#mark-%s\" class=\"mark %s\" x=\"13\" y=\"7\"/></svg>",
                style, style, style);
    else
        fprintf(out, "<svg class=\"swatch\" width=\"16\" height=\"14\" aria-hidden=\"true\"><rect class=\"fill %s\" width=\"16\""
                     " height=\"14\"/></svg>", style);
}

void plot_legend(FILE *out, const struct panel *p)
{
    bool line = p->kind == PANEL_LINES;
    const struct series *first = p->series;

    fputs("<ul class=\"legend\">", out);
    for (const struct series *e = first; e->label; e++) {
        fputs("<li>", out);
        swatch(out, line, e->style);
        html(out, e->label);
        fputs("</li>", out);
    }
    if (line && first->low)
        fprintf(out, "<li><svg class=\"swatch\" width=\"16\" height=\"14\" aria-hidden=\"true\"><rect class=\"band %s\""
                     " width=\"16\" height=\"14\"/></svg>95&#160;%% interval</li>", first->style);
    if (line && first->lower)
        fprintf(out, "<li><svg class=\"swatch\" width=\"16\" height=\"14\" aria-hidden=\"true\"><rect class=\"bounds %s\""
                     " x=\"1\" y=\"1\" width=\"14\" height=\"12\"/></svg>bounds: all that was not decided had been clear,"
                     " or encrypted</li>", first->style);
    fputs("</ul>\n", out);
}
