#include "report/screen.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "report/book.h"
#include "report/text.h"

enum { CANVAS = 64 * 1024, HOPS = 8, SPANS = 2, NUMBER = 16 };

/* incomplete sessions are shown, other ones (no mail) are not. */
static const char *const verdicts[] = { "implicit_tls", "starttls", "stripped", "clear_auth", "clear", "tls_failed", "incomplete" };
enum { VERDICTS_N = sizeof verdicts / sizeof *verdicts };
static const char *const spans[SPANS] = { "minute", "hour" };

struct screen {
    struct sheet *sheet;                /* one report after the other */
    FILE *out;                          /* a canvas in memory, wider than the terminal */
    char hop[HOPS][16];
    size_t nhops;
    double n[SPANS][HOPS][VERDICTS_N];
};

/* --- numbers and texts --- */

static double number(const struct sheet *s, size_t row, const char *column)
{
    return sheet_cell(s, row, sheet_column(s, column))->number;
}

static bool is_known(const struct sheet *s, size_t row, const char *column)
{
    return sheet_cell(s, row, sheet_column(s, column))->kind != CELL_NOTHING;
}

/* "1234", "123.4k", "12.3M": seven columns at most. */
static const char *brief(double n, char out[NUMBER])
{
    static const char units[] = "kMGTPE";
    unsigned u = 0;
    if (n < 100000) {
        snprintf(out, NUMBER, "%.0f", n);
        return out;
    }
    for (n /= 1000; n >= 1000 && units[u + 1]; u++)
        n /= 1000;
    snprintf(out, NUMBER, "%.1f%c", n, units[u]);
    return out;
}

static void put_text(struct screen *w, size_t row, const char *column, int width)
{
    size_t n = text_terminal(w->out, sheet_text(w->sheet, row, sheet_column(w->sheet, column)));
    fprintf(w->out, "%*s", n < (size_t)width ? width - (int)n : 1, "");
}

/* --- head --- */

static void put_age(struct screen *w)
{
    double age = (double)time(NULL) - number(w->sheet, 0, "at_unix");
    fputs("mailseal top   ", w->out);
    if (!number(w->sheet, 0, "at_unix")) {
        fputs("nothing is stored yet\n", w->out);
        return;
    }
    put_text(w, 0, "at", 20);
    if (age < 0)
        fputs("UTC\n", w->out);
    else if (age < 120)
        fprintf(w->out, "UTC, %.0f s ago\n", age);
    else if (age < 7200)
        fprintf(w->out, "UTC; nothing newer for %.0f minutes\n", age / 60);
    else
        fprintf(w->out, "UTC; nothing newer for %.0f hours\n", age / 3600);
}

static void put_share(struct screen *w, const char *span, double seconds)
{
    char column[32];
    double k = 0, n = 0, all = 0;
    for (size_t i = 0; i < w->sheet->rows; i++) {
        snprintf(column, sizeof column, "%s_encrypted", span);
        k += number(w->sheet, i, column);
        snprintf(column, sizeof column, "%s_decided", span);
        n += number(w->sheet, i, column);
        all += number(w->sheet, i, span);
    }
    fprintf(w->out, "last %-8s", span);
    if (n > 0)
        fprintf(w->out, "encrypted: %.1f %% of %.0f mail sessions decided", 100 * k / n, n);
    else
        fprintf(w->out, "encrypted: unknown, no mail session was decided%s", all > 0 ? " that counts" : "");
    fprintf(w->out, "; %.2g sessions/s\n", all / seconds);
}

/* --- sessions by hop and verdict --- */

static size_t find_hop(struct screen *w, struct span name)
{
    size_t i = 0;
    while (i < w->nhops && !span_eq(name, w->hop[i]))
        i++;
    if (i == w->nhops && i < HOPS)
        snprintf(w->hop[w->nhops++], sizeof w->hop[0], "%.*s", (int)name.n, (const char *)name.p);
    return i;
}

static void count(struct screen *w, size_t row)
{
    const struct sheet *s = w->sheet;
    size_t v = 0;
    while (v < VERDICTS_N && !sheet_is(s, row, sheet_column(s, "verdict"), verdicts[v]))
        v++;
    size_t h = v < VERDICTS_N ? find_hop(w, sheet_text(s, row, sheet_column(s, "hop"))) : HOPS;
    for (size_t i = 0; h < HOPS && i < SPANS; i++)
        w->n[i][h][v] += number(s, row, spans[i]);
}

/* As wide as its word, and a blank: 80 columns in all. */
static void put_matrix(struct screen *w, size_t span)
{
    char text[NUMBER];
    fprintf(w->out, "\n%-10s", spans[span]);
    for (size_t v = 0; v < VERDICTS_N; v++)
        fprintf(w->out, " %s", verdicts[v]);
    putc('\n', w->out);
    for (size_t h = 0; h < w->nhops; h++) {
        fprintf(w->out, "%-10s", w->hop[h]);
        for (size_t v = 0; v < VERDICTS_N; v++)
            fprintf(w->out, " %*s", (int)strlen(verdicts[v]), brief(w->n[span][h][v], text));
        putc('\n', w->out);
    }
}

static void put_now(struct screen *w)
{
    w->nhops = 0;
    memset(w->n, 0, sizeof w->n);
    put_age(w);
    put_share(w, "minute", 60);
    put_share(w, "hour", 3600);
    for (size_t i = 0; i < w->sheet->rows; i++)
        count(w, i);
    for (size_t i = 0; w->nhops && i < SPANS; i++)
        put_matrix(w, i);
}

/* --- links --- */

static void put_link(struct screen *w, size_t row)
{
    static const char *const hourly[] = { "hour_packets", "hour_dropped", "hour_evicted", "hour_rows_left_out" };
    const struct sheet *s = w->sheet;
    char text[NUMBER];
    put_text(w, row, "link", 16);
    if (is_known(s, row, "packets"))
        fprintf(w->out, "%9s %7.1f %7s |", brief(number(s, row, "packets") / 60, text), number(s, row, "bytes") * 8 / 60e6,
                is_known(s, row, "dropped") ? brief(number(s, row, "dropped"), (char[NUMBER]){ 0 }) : "?");
    else
        fprintf(w->out, "%9s %7s %7s |", "-", "-", "-");
    for (size_t i = 0; i < sizeof hourly / sizeof *hourly; i++)
        fprintf(w->out, "%9s", is_known(s, row, hourly[i]) ? brief(number(s, row, hourly[i]), text) : "?");
    putc('\n', w->out);
}

static void put_links(struct screen *w)
{
    if (!w->sheet->rows)
        return;
    fprintf(w->out, "\n%-16s%9s %7s %7s |%9s%9s%9s%9s\n", "link", "packets/s", "Mbit/s", "dropped", "hour", "dropped", "evicted", "left out");
    for (size_t i = 0; i < w->sheet->rows; i++)
        put_link(w, i);
}

/* --- incidents --- */

static void put_incident(struct screen *w, size_t row)
{
    const struct sheet *s = w->sheet;
    struct span time = sheet_text(s, row, sheet_column(s, "time"));     /* 2026-01-10T01:53:45Z: without year and zone */
    bool stripped = sheet_is(s, row, sheet_column(s, "verdict"), "stripped");
    if (time.n == 20)
        fprintf(w->out, "%.5s %.8s  ", (const char *)time.p + 5, (const char *)time.p + 11);
    put_text(w, row, "session", 9);
    put_text(w, row, "hop", 11);
    fprintf(w->out, "%s", stripped ? "stripped " : "");
    put_text(w, row, "incidents", stripped ? 14 : 23);
    put_text(w, row, "server", 1);
    fprintf(w->out, "%.0f\n", number(w->sheet, row, "port"));
}

static void put_news(struct screen *w)
{
    if (!w->sheet->rows)
        return;
    fprintf(w->out, "\n%-16s%-9s%-11s%-23s%s\n", "newest", "session", "hop", "incident", "server and port");
    for (size_t i = 0; i < w->sheet->rows; i++)
        put_incident(w, i);
}

/* --- all of it --- */

static int draw(struct screen *w, struct book *b, char error[REPORT_ERROR])
{
    static const struct {
        const char *report;
        void (*put)(struct screen *);
    } part[] = { { "now", put_now }, { "links", put_links }, { "news", put_news } };
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        int code = book_read(b, &(struct report_request){ .name = part[i].report }, w->sheet, error);
        if (code)
            return code;
        part[i].put(w);
    }
    return 0;
}

/* A character of UTF-8 is a column here; a line that is too long is cut. */
static void clip(const char *line, size_t n, unsigned width, FILE *out)
{
    unsigned columns = 0;
    for (size_t i = 0; i < n; i++) {
        columns += ((unsigned char)line[i] & 0xc0) != 0x80;
        if (columns > width)
            break;
        putc(line[i], out);
    }
}

static void show(const char *canvas, unsigned width, unsigned height, const char *behind, FILE *out)
{
    for (unsigned lines = 0; *canvas && (!height || lines < height); lines++) {
        size_t n = strcspn(canvas, "\n");
        clip(canvas, n, width, out);
        fputs(behind, out);
        canvas += n + (canvas[n] == '\n');
    }
}

int screen_write(const char *path, unsigned width, unsigned height, const char *behind, FILE *out, char error[REPORT_ERROR])
{
    static struct sheet sheet;
    static char canvas[CANVAS];
    struct screen w = { .sheet = &sheet, .out = fmemopen(canvas, sizeof canvas, "w") };
    struct book *b;

    if (!w.out) {
        snprintf(error, REPORT_ERROR, "there is not enough memory");
        return EX_OSERR;
    }
    int code = book_open(&b, path, error);
    if (!code) {
        code = draw(&w, b, error);
        book_close(b);
    }
    fclose(w.out);
    canvas[CANVAS - 1] = 0;
    if (code)
        return code;
    errno = 0;
    show(canvas, width, height, behind, out);
    return output_finish(out, error);
}
