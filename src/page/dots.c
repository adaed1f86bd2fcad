/* Days on the line of time: a lane for each hop, a circle for each row, the larger the more sessions. */
#include <math.h>

#include "page/plot.h"
#include "report/text.h"

static const char *const lanes[] = { "relay", "submission", "retrieval", "delivery", "filter", "other" };
enum { LANES = sizeof lanes / sizeof *lanes, BIGGEST = 14 };

static bool used(const struct view *v, const char *lane)
{
    int hop = sheet_column(v->sheet, "hop");
    for (size_t i = 0; i < v->n; i++)
        if (sheet_is(v->sheet, v->point[i].row, hop, lane))
            return true;
    return false;
}

static void text_of(FILE *out, const struct view *v, size_t i, const char *column)
{
    text_html(out, sheet_text(v->sheet, v->point[i].row, sheet_column(v->sheet, column)));
}

static void dot(FILE *out, const struct view *v, size_t i, double y)
{
    double at, sessions = view_number(v, i, "sessions"), r = 3 + sqrt(sessions > 0 ? sessions : 0);
    uint32_t row = v->point[i].row;

    if (!timeline_day(v->time, sheet_text(v->sheet, row, sheet_column(v->sheet, "day")), &at) || at < 0 || at > 100)
        return;
    fprintf(out, "<circle class=\"dot\" cx=\"%.2f%%\" cy=\"%.1f\" r=\"%.1f\"><title>", at, y, fmin(r, BIGGEST));
    text_of(out, v, i, "day");
    fputs(": ", out);
    text_of(out, v, i, "server");
    fputs(" port ", out);
    text_of(out, v, i, "port");
    fputs("&#10;", out);
    text_of(out, v, i, "sessions");
    fputs(" stripped, from ", out);
    text_of(out, v, i, "network");
    fputs("</title></circle>\n", out);
}

void figure_dots(FILE *out, const struct panel *p, const struct view *v)
{
    int hop = sheet_column(v->sheet, "hop"), n = 0, k = 0;

    for (int i = 0; i < LANES; i++)
        n += used(v, lanes[i]);
    plot_begin(out, p, NULL, v->time);
    for (int i = 0; i < LANES; i++) {
        if (!used(v, lanes[i]))
            continue;
        double y = PLOT_HEIGHT * (2 * k++ + 1) / (2.0 * n);
        fprintf(out, "<line class=\"base\" x1=\"0\" x2=\"100%%\" y1=\"%.1f\" y2=\"%.1f\"/>", y, y);
        fprintf(out, "<text class=\"lane\" x=\"0\" y=\"%.1f\">%s</text>\n", y - BIGGEST - 3, lanes[i]);
        for (size_t row = 0; row < v->n; row++)
            if (sheet_is(v->sheet, v->point[row].row, hop, lanes[i]))
                dot(out, v, row, y);
    }
    plot_end(out);
}
