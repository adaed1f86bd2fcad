/* Bars from left to right, each with its name before and its numbers behind it. */
#include <math.h>

#include "page/plot.h"

enum { BARS = 10 };                     /* the table has more */

static double row_total(const struct panel *p, const struct view *v, size_t i)
{
    double total = 0;
    for (const struct series *e = p->series; e->label; e++)
        total += fmax(view_number(v, i, e->value), 0);
    return total;
}

static void part(FILE *out, const struct series *e, double at, double width)
{
    if (width > 0)
        fprintf(out, "<rect class=\"fill %s\" x=\"%.2f%%\" width=\"%.2f%%\" height=\"16\"/>", e->style, at, fmax(width, 0.3));
}

/* Names joined as an address and its port are. */
static void name(FILE *out, const struct panel *p, const struct view *v, size_t i)
{
    fputs("<span class=\"name\">", out);
    for (const struct column *c = p->name; c->name; c++) {
        int column = sheet_column(v->sheet, c->name);
        if (sheet_cell(v->sheet, v->point[i].row, column)->kind == CELL_NOTHING)
            continue;
        html(out, c->title);
        figure_value(out, v->sheet, v->point[i].row, column, c->format);
    }
    fputs("</span>", out);
}

/* What is not known is left out. */
static void notes(FILE *out, const struct panel *p, const struct view *v, size_t i)
{
    const char *before = "";

    fputs("<span class=\"note\">", out);
    for (const struct column *c = p->note; c->name; c++) {
        int column = sheet_column(v->sheet, c->name);
        if (sheet_cell(v->sheet, v->point[i].row, column)->kind == CELL_NOTHING)
            continue;
        fputs(before, out);
        before = ", ";
        figure_value(out, v->sheet, v->point[i].row, column, c->format);
        if (*c->title)
            putc(' ', out);
        html(out, c->title);
    }
    fputs("</span>", out);
}

static void rank(FILE *out, const struct panel *p, const struct view *v)
{
    double most = p->unit == SCALE_WHOLE ? 1 : 0;

    for (size_t i = 0; i < v->n; i++)
        most = fmax(most, row_total(p, v, i));
    for (size_t i = 0; i < v->n && i < BARS; i++) {
        double at = 0;
        fputs("<li>", out);
        name(out, p, v, i);
        fputs("<svg class=\"bar\" width=\"100%\" height=\"16\" aria-hidden=\"true\">", out);
        for (const struct series *e = p->series; e->label && most > 0; e++) {
            double width = 100 * fmax(view_number(v, i, e->value), 0) / most;
            part(out, e, at, width);
            at += width;
        }
        fputs("</svg>", out);
        notes(out, p, v, i);
        fputs("</li>\n", out);
    }
    if (v->n > BARS)
        fprintf(out, "<li class=\"note\">%zu more below</li>\n", v->n - BARS);
}

static void values(FILE *out, const struct panel *p, const struct view *v)
{
    for (const struct series *e = p->series; e->label; e++) {
        fputs("<li><span class=\"name\">", out);
        html(out, e->label);
        fputs("</span><svg class=\"bar\" width=\"100%\" height=\"16\" aria-hidden=\"true\"><rect class=\"rest\" width=\"100%\""
              " height=\"16\"/>", out);
        part(out, e, 0, 100 * fmax(view_number(v, 0, e->value), 0));
        fputs("</svg><span class=\"note\">", out);
        figure_value(out, v->sheet, v->point[0].row, sheet_column(v->sheet, e->value), FORMAT_SHARE);
        fputs("</span></li>\n", out);
    }
}

void figure_bars(FILE *out, const struct panel *p, const struct view *v)
{
    fputs("<ol class=\"bars\">\n", out);
    (p->kind == PANEL_VALUES ? values : rank)(out, p, v);
    fputs("</ol>\n", out);
}
