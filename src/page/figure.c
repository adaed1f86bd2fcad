#include "page/figure.h"

#include "page/plot.h"
#include "report/text.h"

void html(FILE *out, const char *text) { text_html(out, span_of(text, strlen(text))); }

/* "2024-03-01" */
static bool is_day(struct span s)
{
    static const char form[] = "dddd-dd-dd";
    for (size_t i = 0; i < sizeof form - 1; i++)
        if (i >= s.n || (form[i] == 'd' ? !ascii_digit(s.p[i]) : s.p[i] != '-'))
            return false;
    return true;
}

void html_days(FILE *out, struct span text)
{
    size_t n = 0;

    for (struct span rest = text; rest.n; rest = span_skip(rest, n)) {
        for (n = 0; n < rest.n && !is_day(span_skip(rest, n));)
            n++;
        text_html(out, span_first(rest, n));
        if (n < rest.n) {
            fputs("<span class=\"day\">", out);
            text_html(out, span_first(span_skip(rest, n), 10));
            fputs("</span>", out);
            n += 10;
        }
    }
}

size_t panel_series(const struct panel *p)
{
    size_t n = 0;
    while (n < PANEL_SERIES && p->series[n].label)
        n++;
    return n;
}

static bool is_bars(const struct panel *p) { return p->kind == PANEL_RANK || p->kind == PANEL_VALUES; }

static void axis_names(FILE *out, const struct panel *p, const struct page *page)
{
    if (!*p->axis)
        return;
    fputs("<p class=\"axis\">", out);
    html(out, p->axis);
    if (!is_bars(p) && p->kind != PANEL_DOTS)
        fprintf(out, ", by %s (UTC)", page->by);
    fputs("</p>\n", out);
}

static void draw(struct page *page, const struct panel *p)
{
    switch (p->kind) {
    case PANEL_LINES:
        figure_lines(page->out, p, &page->view);
        break;
    case PANEL_STACK:
    case PANEL_PARTS:
        figure_stack(page->out, p, &page->view);
        break;
    case PANEL_DOTS:
        figure_dots(page->out, p, &page->view);
        break;
    case PANEL_RANK:
    case PANEL_VALUES:
        figure_bars(page->out, p, &page->view);
        break;
    }
}

static void panel(struct page *page, const struct panel *p)
{
    bool timed = !is_bars(p) && p->kind != PANEL_DOTS;

    view_pick(&page->view, &page->sheet, timed ? &page->time : NULL, p->column, p->word);
    page->view.time = &page->time;
    fputs("<div class=\"panel\">\n", page->out);
    if (*p->title) {
        fputs("<h4>", page->out);
        html(page->out, p->title);
        fputs("</h4>\n", page->out);
    }
    if (!page->view.n) {
        fputs("<p class=\"none\">None of this was seen.</p></div>\n", page->out);
        return;
    }
    axis_names(page->out, p, page);
    draw(page, p);
    fputs("</div>\n", page->out);
}

static size_t panels(const struct figure *f)
{
    size_t n = 0;
    while (n < FIGURE_PANELS && f->panel[n].title)
        n++;
    return n;
}

/* One legend for all panels that have the same series. */
static void legend(struct page *page, const struct figure *f)
{
    const struct panel *p = &f->panel[0];
    bool bands = p->kind == PANEL_LINES && p->series[0].low;

    if (p->kind != PANEL_DOTS && p->kind != PANEL_VALUES && (panel_series(p) > 1 || bands))
        plot_legend(page->out, p);
}

static int read_rows(struct page *page, const struct figure *f, char error[REPORT_ERROR])
{
    const struct report_request *q = page->request;
    const char *recent = *page->recent ? page->recent : NULL;
    struct report_request r = { .name = f->report, .since = f->recent ? recent : q->since, .until = q->until,
                                .by = f->by ? page->by : NULL, .direction = f->direction ? q->direction : NULL };
    return book_read(page->book, &r, &page->sheet, error);
}

/* Rows of one direction only, moved together. */
static void keep_direction(struct sheet *s, const char *word)
{
    int column = sheet_column(s, "direction");
    size_t kept = 0;

    for (size_t row = 0; row < s->rows; row++)
        if (sheet_is(s, row, column, word))
            memmove(&s->cell[kept++ * s->columns], &s->cell[row * s->columns], s->columns * sizeof *s->cell);
    s->rows = kept;
}

/* "All three hops", "Implicit TLS, submission" */
static void fitted_name(FILE *out, const struct panel *p, size_t series, const char *verdict)
{
    if (*verdict)
        fprintf(out, "%s, %s", p->series[series].label, p->word);
    else
        html(out, p->title);
}

/* What a curve says of one series of a panel, its hop being the panel's word; *any: others were said before. */
static int fitted_one(struct page *page, const struct panel *p, size_t series, const char *verdict, bool *any, char error[REPORT_ERROR])
{
    FILE *out = page->out;
    char sentence[BOOK_SENTENCE];
    struct report_request r = *page->request;

    r.hop = strcmp(p->word, "all") == 0 ? NULL : p->word;
    r.verdict = *verdict ? verdict : NULL;
    int code = book_sentence(page->book, &r, sentence, error);
    view_pick(&page->view, &page->sheet, NULL, p->column, p->word);
    if (code || !*sentence || !page->view.n)
        return code;
    fputs(*any ? "<dt>" : "<div class=\"fit\"><dl>\n<dt>", out);
    fitted_name(out, p, series, verdict);
    fputs("</dt><dd>", out);
    html_days(out, span_of(sentence, strlen(sentence)));
    fputs(".</dd>\n", out);
    *any = true;
    return 0;
}

static int fitted(struct page *page, const struct figure *f, size_t panels, char error[REPORT_ERROR])
{
    bool any = false;

    for (size_t i = 0; i < panels; i++)
        for (size_t k = 0; k < PANEL_SERIES && f->fitted[k]; k++) {
            int code = fitted_one(page, &f->panel[i], k, f->fitted[k], &any, error);
            if (code)
                return code;
        }
    if (any)
        fputs("</dl><p class=\"small\">As <code>mailseal curve</code> says it. Where a model fits, levels are those of its curve,"
              " which the last bucket may be off.</p></div>\n", page->out);
    return 0;
}

int figure_write(struct page *page, const struct figure *f, char error[REPORT_ERROR])
{
    FILE *out = page->out;
    size_t n = panels(f);
    int code = read_rows(page, f, error);

    if (code)
        return code;
    if (f->split)
        keep_direction(&page->sheet, page->request->direction ? page->request->direction : "all");
    if (f->only_if_any && !page->sheet.rows)
        return 0;
    if (f->group)
        fprintf(out, "<h2 class=\"group\">%s</h2>\n", f->group);
    fprintf(out, "<figure id=\"%s\" aria-labelledby=\"%s-title\">\n<figcaption><h3 id=\"%s-title\">", f->id, f->id, f->id);
    html(out, f->title);
    fputs("</h3><p>", out);
    html(out, f->sentence);
    fputs("</p></figcaption>\n", out);
    if (page->sheet.rows) {
        legend(page, f);
        fprintf(out, "<div class=\"panels of%zu\">\n", n);
        for (size_t i = 0; i < n; i++)
            panel(page, &f->panel[i]);
        fputs("</div>\n", out);
        if ((code = fitted(page, f, n, error)))
            return code;
        view_pick(&page->view, &page->sheet, NULL, NULL, NULL);
        figure_table(page, f);
    } else {
        fputs("<p class=\"none\">None of this was seen.</p>\n", out);
    }
    fputs("</figure>\n", out);
    return 0;
}
