#include "page/page.h"

#include <errno.h>

#include "base/digest.h"
#include "page/figures.h"
#include "page/headline.h"
#include "page/style.h"
#include "report/text.h"

/* Nothing may be loaded or run; the one style element is allowed by its digest (CSP level 2, section 4.2). */
static void head(FILE *out)
{
    uint8_t digest[DIGEST_SHA256];
    char text[64];
    const struct span style = span_of(page_style, strlen(page_style));

    digest_sha256(&style, 1, digest);
    base64_text(span_of(digest, sizeof digest), text, sizeof text);
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n", out);
    fprintf(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-%s'; base-uri"
                 " 'none'; form-action 'none'\"/>\n", text);
    fputs("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
          "<meta name=\"color-scheme\" content=\"light dark\"/>\n<meta name=\"referrer\" content=\"no-referrer\"/>\n"
          "<title>Mail encrypted in transit</title>\n<style>", out);
    fputs(page_style, out);
    fputs("</style>\n</head>\n<body>\n", out);
    fputs(page_shapes, out);
}

static void foot(FILE *out)
{
    fputs(page_words, out);
    fputs("<p class=\"made\">Made by mailseal " MAILSEAL_VERSION
          " from its database. Each number is that of a file in sql/reports, which any SQLite shell runs.</p>\n", out);
    fputs("</footer>\n</body>\n</html>\n", out);
}

/* From when to when, and how wide a bucket is. */
static int span(struct page *p, char error[REPORT_ERROR])
{
    struct report_request r = { .name = "span", .since = p->request->since, .until = p->request->until };
    int code = book_read(p->book, &r, &p->sheet, error);
    const struct sheet *s = &p->sheet;
    int64_t index;

    if (code)
        return code;
    struct span word = sheet_text(s, 0, sheet_column(s, "by"));
    snprintf(p->by, SHEET_NAME, "%.*s", (int)word.n, (const char *)word.p);
    if (p->request->by || !*p->by)
        snprintf(p->by, SHEET_NAME, "%s", p->request->by ? p->request->by : "day");
    p->time = (struct timeline){ .by = timeline_by(p->by) };
    for (int i = 0; i < 2; i++)
        if (timeline_index(p->time.by, sheet_text(s, 0, sheet_column(s, i ? "last" : "first")), &index))
            timeline_add(&p->time, i && p->time.by == BY_HOUR ? index + 23 : index);
    fputs("<header><p class=\"brand\">mailseal</p><h1>Mail encrypted in transit</h1>\n<p class=\"seen\">", p->out);
    if (s->rows) {
        bool several = sheet_cell(s, 0, sheet_column(s, "days"))->number > 1;
        fputs(several ? "Mail was seen from " : "Mail was seen on ", p->out);
        figure_value(p->out, s, 0, sheet_column(s, "first"), FORMAT_TEXT);
        if (several) {
            fputs(" to ", p->out);
            figure_value(p->out, s, 0, sheet_column(s, "last"), FORMAT_TEXT);
            fputs(", on ", p->out);
            figure_value(p->out, s, 0, sheet_column(s, "days"), FORMAT_COUNT);
            fputs(" days", p->out);
        }
        fputs(" (UTC)", p->out);
        if (p->request->direction) {
            fputs("; direction ", p->out);
            html(p->out, p->request->direction);
        }
        fputs(".", p->out);
    } else {
        fputs("No mail has been seen.", p->out);
    }
    fputs("</p></header>\n<main>\n", p->out);
    return 0;
}

static int body(struct page *p, char error[REPORT_ERROR])
{
    int code = span(p, error);

    if (!code)
        code = headline_write(p, error);
    if (!code)
        code = caveats_write(p, error);
    if (!code && p->time.any)
        code = figure_write(p, &figure_share, error);
    for (const struct figure *f = figures; f->id && !code && p->time.any; f++)
        code = figure_write(p, f, error);
    if (!code && !p->time.any)
        fputs("<p class=\"none\">The figures stand here as soon as there are mail sessions to draw.</p>\n", p->out);
    fputs("</main>\n<footer>\n", p->out);
    return code;
}

int page_write(const struct report_request *q, FILE *out, char error[REPORT_ERROR])
{
    static struct page p;
    int code = book_open(&p.book, q->path, error);

    if (code)
        return code;
    errno = 0;
    p.out = out;
    p.request = q;
    head(out);
    code = body(&p, error);
    foot(out);
    book_close(p.book);
    return code ? code : output_finish(out, error);
}
