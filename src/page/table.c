/* The rows a figure is drawn from, folded away below it, with the command that prints them. */
#include "page/figure.h"
#include "report/text.h"

enum { TABLE_ROWS = 1000 };

void figure_value(FILE *out, const struct sheet *s, size_t row, int column, enum format format)
{
    const struct cell *c = sheet_cell(s, row, column);
    char text[NUMBER];

    if (c->kind == CELL_NOTHING)
        fputs("\xe2\x80\x93", out);     /* en dash */
    else if (c->kind == CELL_TEXT || format == FORMAT_TEXT)
        text_html(out, sheet_text(s, row, column));
    else if (format == FORMAT_SHARE)
        fputs(number_percent(c->number, text), out);
    else if (format == FORMAT_POINTS)
        fprintf(out, "%.2f", c->number);
    else
        fputs(number_count(c->number, text), out);
}

/* What is shown shorter than it is has its whole value with it. */
static void data_cell(FILE *out, const struct sheet *s, size_t row, int column, enum format format)
{
    const struct cell *c = sheet_cell(s, row, column);
    bool number = c->kind == CELL_INTEGER || c->kind == CELL_REAL, shorter = number && format >= FORMAT_SHARE;

    fputs(format == FORMAT_TEXT ? "<td class=\"t\">" : "<td>", out);
    if (shorter) {
        fputs("<data value=\"", out);
        text_html(out, sheet_text(s, row, column));
        fputs("\">", out);
    }
    figure_value(out, s, row, column, format);
    fputs(shorter ? "</data></td>" : "</td>", out);
}

static void option(FILE *out, const char *name, const char *value)
{
    if (!value)
        return;
    fprintf(out, " --%s ", name);
    html(out, value);
}

static void command(const struct page *p, const struct figure *f)
{
    const struct report_request *q = p->request;

    fprintf(p->out, "<p class=\"source\"><code>mailseal report %s", f->report);
    option(p->out, "by", f->by ? p->by : NULL);
    option(p->out, "direction", f->direction ? q->direction : NULL);
    option(p->out, "since", f->recent ? p->recent : q->since);
    option(p->out, "until", q->until);
    fprintf(p->out, "</code> (sql/reports/%s.sql)</p>\n", f->report);
}

static void table_head(FILE *out, const struct figure *f)
{
    fputs("<thead><tr>", out);
    for (const struct column *c = f->column; c->name; c++) {
        fprintf(out, "<th scope=\"col\" data-column=\"%s\"%s>", c->name, c->format == FORMAT_TEXT ? " class=\"t\"" : "");
        html(out, c->title);
        fputs("</th>", out);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
}

void figure_table(struct page *p, const struct figure *f)
{
    const struct view *v = &p->view;
    FILE *out = p->out;

    fputs("<details><summary>The numbers</summary>\n", out);
    command(p, f);
    fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"", out);
    html(out, f->title);
    fprintf(out, ": the numbers\"><table data-report=\"%s\">", f->report);
    table_head(out, f);
    for (size_t i = 0; i < v->n && i < TABLE_ROWS; i++) {
        fputs("<tr>", out);
        for (const struct column *c = f->column; c->name; c++)
            data_cell(out, v->sheet, v->point[i].row, sheet_column(v->sheet, c->name), c->format);
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
    if (v->n > TABLE_ROWS || v->sheet->cut)
        fprintf(out, "<p>These are the first %d rows; the command prints all.</p>\n", TABLE_ROWS);
    fputs("</details>\n", out);
}
