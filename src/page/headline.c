#include "page/headline.h"

#include <math.h>

#include "report/text.h"

/* A row of the report `headline`. */
static size_t find(const struct sheet *s, const char *period, const char *hop)
{
    int p = sheet_column(s, "period"), h = sheet_column(s, "hop");
    size_t row = 0;
    while (row < s->rows && !(sheet_is(s, row, p, period) && sheet_is(s, row, h, hop)))
        row++;
    return row;
}

static void value(FILE *out, const struct sheet *s, size_t row, const char *column, enum format format)
{
    figure_value(out, s, row, sheet_column(s, column), format);
}

static void shares(FILE *out, const struct sheet *s, size_t row, const char *low, const char *high)
{
    value(out, s, row, low, FORMAT_SHARE);
    fputs(" to ", out);
    value(out, s, row, high, FORMAT_SHARE);
}

static double number(const struct sheet *s, size_t row, const char *column)
{
    return sheet_cell(s, row, sheet_column(s, column))->number;
}

static bool decided(const struct sheet *s, size_t row)
{
    return row < s->rows && sheet_cell(s, row, sheet_column(s, "share"))->kind == CELL_REAL;
}

/* The row of the report `intervals` with an interval by peers; beyond its rows: too few peers carry one. */
static size_t by_peers(const struct sheet *peers, const char *hop)
{
    int h = sheet_column(peers, "hop"), low = sheet_column(peers, "peers_low");
    size_t row = 0;
    while (row < peers->rows && !(sheet_is(peers, row, h, hop) && sheet_cell(peers, row, low)->kind == CELL_REAL))
        row++;
    return row;
}

/* From 0 to 100 %: the bounds, within them the interval by peers where there is one, and in it the share. */
static void ruler(FILE *out, const struct sheet *s, size_t row, const struct sheet *peers, size_t peer)
{
    double at = 100 * number(s, row, "share"), lower = 100 * number(s, row, "lower_bound"),
           upper = 100 * number(s, row, "upper_bound");

    fputs("<svg class=\"ruler\" width=\"100%\" height=\"14\" aria-hidden=\"true\">", out);
    fputs("<rect class=\"rest\" y=\"4\" width=\"100%\" height=\"6\"/>", out);
    fprintf(out, "<rect class=\"bounds all\" x=\"%.2f%%\" y=\"2\" width=\"%.2f%%\" height=\"10\"/>", lower, upper - lower);
    if (peer < peers->rows) {
        double low = 100 * number(peers, peer, "peers_low"), high = 100 * number(peers, peer, "peers_high");
        fprintf(out, "<rect class=\"inner\" x=\"%.2f%%\" y=\"4\" width=\"%.2f%%\" height=\"6\"/>", low, fmax(high - low, 0.4));
    }
    fprintf(out, "<line class=\"needle\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"0\" y2=\"14\"/></svg>\n", at, at);
}

static void hop(const struct page *p, const char *word, const char *title, const char *what)
{
    const struct sheet *s = &p->sheet, *peers = &p->beside;
    size_t row = find(s, "latest", word), peer = by_peers(peers, word);
    FILE *out = p->out;

    fprintf(out, "<li><h2>%s</h2><p class=\"what\">%s</p>", title, what);
    if (decided(s, row)) {
        fputs("<p class=\"share\">", out);
        value(out, s, row, "share", FORMAT_SHARE);
        fputs("</p>", out);
        ruler(out, s, row, peers, peer);
        fputs("<p class=\"small\">", out);
        if (peer < peers->rows) {
            fputs("interval ", out);
            shares(out, peers, peer, "peers_low", "peers_high");
        } else {
            fputs("too few peers for an interval", out);
        }
        fputs(", ", out);
        value(out, s, row, "decided", FORMAT_COUNT);
        fputs(" decided</p>", out);
    } else {
        fputs("<p class=\"share\">\xe2\x80\x93</p><p class=\"small\">none was decided</p>", out);
    }
    fputs("</li>\n", out);
}

/* "on 2026-01-05", "from 2026-01-05 to 2026-01-09" */
static void period(FILE *out, const struct sheet *s, size_t row)
{
    struct span first = sheet_text(s, row, sheet_column(s, "first"));
    struct span last = sheet_text(s, row, sheet_column(s, "last"));

    if (first.n == last.n && memcmp(first.p, last.p, first.n) == 0) {
        fputs("on ", out);
    } else {
        fputs("from ", out);
        html_days(out, first);
        fputs(" to ", out);
    }
    html_days(out, last);
}

static const char *plural(double n) { return n > 0 && n < 2 ? "" : "s"; }

/* An interval so wide that the number alone would say too much. */
static bool is_faint(const struct sheet *s, size_t row, const char *low, const char *high)
{
    return number(s, row, high) - number(s, row, low) > 0.2;
}

static void interval(FILE *out, const struct sheet *s, size_t row, const struct sheet *peers, size_t peer)
{
    if (peer < peers->rows) {
        fputs("<p>95&#160;% interval <strong>", out);
        shares(out, peers, peer, "peers_low", "peers_high");
        fputs("</strong>, a peer taken as the unit; ", out);
        shares(out, s, row, "low", "high");
        fputs(" if sessions of one peer were independent: ", out);
    } else {
        fputs("<p>95&#160;% interval ", out);
        shares(out, s, row, "low", "high");
        fputs(", but only if sessions of one peer were independent: too few peers carry it to say how far off that is. ", out);
    }
}

static void answer(const struct page *p, size_t row)
{
    const struct sheet *s = &p->sheet, *peers = &p->beside;
    size_t peer = by_peers(peers, "all");
    FILE *out = p->out;
    bool faint = peer < peers->rows ? is_faint(peers, peer, "peers_low", "peers_high") : is_faint(s, row, "low", "high");

    fprintf(out, "<div class=\"answer\"><p class=\"number%s\">", faint ? " faint" : "");
    value(out, s, row, "share", FORMAT_SHARE);
    fputs("</p>\n<div><p class=\"claim\">of mail sessions were encrypted in transit ", out);
    period(out, s, row);
    fputs("</p>\n", out);
    ruler(out, s, row, peers, peer);
    interval(out, s, row, peers, peer);
    value(out, s, row, "encrypted", FORMAT_COUNT);
    fputs(" encrypted of ", out);
    value(out, s, row, "decided", FORMAT_COUNT);
    fprintf(out, " session%s decided.%s", plural(number(s, row, "decided")),
            faint ? " So few say no more than this interval." : "");
    if (number(s, row, "undecided") > 0) {
        fputs(" Of ", out);
        value(out, s, row, "undecided", FORMAT_COUNT);
        fputs(" the outcome was not seen: had all of them been clear, or encrypted, it would be ", out);
        shares(out, s, row, "lower_bound", "upper_bound");
        fputs(".", out);
    }
    fputs("</p></div></div>\n", out);
}

/* Reads the intervals by peers of the days of a row of `headline`. */
static int read_peers(struct page *p, size_t row, char error[REPORT_ERROR])
{
    char day[2][PAGE_DAY];

    for (int i = 0; i < 2; i++) {
        struct span text = sheet_text(&p->sheet, row, sheet_column(&p->sheet, i ? "until" : "since"));
        snprintf(day[i], PAGE_DAY, "%.*s", (int)(text.n < PAGE_DAY ? text.n : 0), (const char *)text.p);
    }
    struct report_request r = { .name = "intervals", .since = day[0], .until = day[1], .direction = p->request->direction };
    p->beside.rows = 0;
    return *day[0] && *day[1] ? book_read(p->book, &r, &p->beside, error) : 0;
}

static int year_before(struct page *p, char error[REPORT_ERROR])
{
    const struct sheet *s = &p->sheet, *peers = &p->beside;
    size_t before = find(s, "before", "all");
    FILE *out = p->out;
    int code = decided(s, before) ? read_peers(p, before, error) : 0;

    if (code || !decided(s, before))
        return code;
    size_t peer = by_peers(peers, "all");
    fputs("The same days a year before: <strong>", out);
    value(out, s, before, "share", FORMAT_SHARE);
    fputs("</strong>", out);
    if (peer < peers->rows) {
        fputs(" (", out);
        shares(out, peers, peer, "peers_low", "peers_high");
        fputs(")", out);
    }
    fputs(". ", out);
    return 0;
}

/* The other periods, and what was not encrypted. */
static int beside(struct page *p, size_t latest, char error[REPORT_ERROR])
{
    const struct sheet *s = &p->sheet;
    FILE *out = p->out;
    size_t all = find(s, "all", "all"), internal = find(s, "latest", "internal");

    fputs("<p class=\"beside\">", out);
    if (number(s, latest, "decided") > number(s, latest, "encrypted")) {
        fputs("Not encrypted: ", out);
        value(out, s, latest, "clear_auth", FORMAT_COUNT);
        fputs(" with a credential in clear, ", out);
        value(out, s, latest, "clear", FORMAT_COUNT);
        fputs(" clear without one, ", out);
        value(out, s, latest, "stripped", FORMAT_COUNT);
        fputs(" stripped of TLS on the path. ", out);
    }
    int code = year_before(p, error);
    if (decided(s, all) && number(s, all, "decided") > number(s, latest, "decided")) {
        fputs("Over all the time, ", out);
        period(out, s, all);
        fputs(": <strong>", out);
        value(out, s, all, "share", FORMAT_SHARE);
        fputs("</strong>. ", out);
    }
    if (decided(s, internal)) {
        fputs("Internal sessions, which are not in any of these: ", out);
        value(out, s, internal, "share", FORMAT_SHARE);
        fputs(".", out);
    }
    fputs("</p>\n", out);
    return code;
}

int headline_write(struct page *p, char error[REPORT_ERROR])
{
    const struct report_request *q = p->request;
    struct report_request r = { .name = "headline", .since = q->since, .until = q->until, .direction = q->direction };
    FILE *out = p->out;
    int code = book_read(p->book, &r, &p->sheet, error);

    p->recent[0] = 0;
    if (code)
        return code;
    const struct sheet *s = &p->sheet;
    size_t latest = find(s, "latest", "all");
    if ((code = read_peers(p, latest, error)))
        return code;
    struct span day = sheet_text(s, 0, sheet_column(s, "since"));
    snprintf(p->recent, PAGE_DAY, "%.*s", (int)(day.n < PAGE_DAY ? day.n : 0), (const char *)day.p);
    fputs("<section class=\"headline\" aria-label=\"The answer\">\n", out);
    if (decided(s, latest)) {
        answer(p, latest);
    } else {
        fputs("<div class=\"answer\"><p class=\"number\">unknown</p><div><p class=\"claim\">No mail session on relay, submission"
              " or retrieval was decided.</p></div></div>\n", out);
    }
    fputs("<ul class=\"hops\">\n", out);
    hop(p, "relay", "Relay", "server to server");
    hop(p, "submission", "Submission", "users send");
    hop(p, "retrieval", "Retrieval", "users read");
    fputs("</ul>\n", out);
    if (latest < s->rows)
        code = beside(p, latest, error);
    fputs("</section>\n", out);
    return code;
}

int caveats_write(struct page *p, char error[REPORT_ERROR])
{
    struct report_request r = { .name = "caveats", .since = p->request->since, .until = p->request->until };
    int code = book_read(p->book, &r, &p->sheet, error);
    const struct sheet *s = &p->sheet;
    FILE *out = p->out;

    if (code || !s->rows)
        return code;
    fputs("<section class=\"caveats\" aria-label=\"To be kept in mind\"><h2>To be kept in mind</h2><ul>\n", out);
    for (size_t row = 0; row < s->rows; row++) {
        fputs("<li>", out);
        value(out, s, row, "sentence", FORMAT_TEXT);
        fputs(" <span class=\"small\">", out);
        value(out, s, row, "n", FORMAT_COUNT);
        fputs(" of ", out);
        value(out, s, row, "total", FORMAT_COUNT);
        fputs(", ", out);
        value(out, s, row, "part", FORMAT_SHARE);
        fputs("</span></li>\n", out);
    }
    fputs("</ul></section>\n", out);
    return 0;
}
