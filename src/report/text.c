#include "report/text.h"

/* RFC 3629 section 4: by the first byte, how many follow and which code points may come. */
static const struct {
    uint8_t first, last;
    unsigned more;
    long low;
} leads[] = {
    { 0x00, 0x7f, 0, 0 },
    { 0xc2, 0xdf, 1, 0x80 },
    { 0xe0, 0xef, 2, 0x800 },
    { 0xf0, 0xf4, 3, 0x10000 },
};

static long decode(struct span s, unsigned more, long low)
{
    long code = more ? s.p[0] & (0x3f >> more) : s.p[0];

    if (s.n <= more)
        return -1;
    for (unsigned i = 1; i <= more; i++) {
        if ((s.p[i] & 0xc0) != 0x80)
            return -1;
        code = code << 6 | (s.p[i] & 0x3f);
    }
    return code < low || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? -1 : code;
}

long text_next(struct span *s)
{
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++) {
        if (s->p[0] < leads[i].first || s->p[0] > leads[i].last)
            continue;
        long code = decode(*s, leads[i].more, leads[i].low);
        *s = span_skip(*s, code < 0 ? 1 : leads[i].more + 1);
        return code;
    }
    *s = span_skip(*s, 1);
    return -1;
}

static void json_character(FILE *out, struct span bytes, long code)
{
    static const char short_of[] = "\b\t\n\f\r\"\\", letter[] = "btnfr\"\\";
    const char *at = code > 0 && code < 128 ? strchr(short_of, (int)code) : NULL;

    if (at)
        fprintf(out, "\\%c", letter[at - short_of]);
    else if (code < 0)
        fputs("\\ufffd", out);
    else if (code < 0x20 || (code >= 0x7f && code < 0xa0))
        fprintf(out, "\\u%04lx", (unsigned long)code);
    else
        fwrite(bytes.p, 1, bytes.n, out);
}

void text_json(FILE *out, struct span s)
{
    putc('"', out);
    while (s.n) {
        struct span before = s;
        long code = text_next(&s);
        json_character(out, span_first(before, before.n - s.n), code);
    }
    putc('"', out);
}

struct range {
    long first, last;
};

static bool within(long code, const struct range *r, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (code >= r[i].first && code <= r[i].last)
            return true;
    return false;
}

/* Controls, marks of writing direction, invisible separators, what belongs to nobody. */
static bool is_hidden(long code)
{
    static const struct range hidden[] = {
        { 0, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x61c, 0x61c }, { 0x200b, 0x200f }, { 0x2028, 0x202e },
        { 0x2060, 0x206f }, { 0xe000, 0xf8ff }, { 0xfeff, 0xfeff }, { 0xfff0, 0xfffb }, { 0xfffe, 0xffff },
        { 0xe0000, 0x10ffff },
    };
    return within(code, hidden, sizeof hidden / sizeof *hidden);
}

static size_t columns_of(long code)
{
    static const struct range none[] = { { 0x300, 0x36f }, { 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f } };
    static const struct range wide[] = {
        { 0x1100, 0x115f }, { 0x2e80, 0x303e }, { 0x3041, 0xa4cf }, { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff },
        { 0xfe30, 0xfe6f }, { 0xff00, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x1f300, 0x1faff },
        { 0x20000, 0x3fffd },
    };
    return within(code, none, sizeof none / sizeof *none) ? 0
         : within(code, wide, sizeof wide / sizeof *wide) ? 2 : 1;
}

enum { ESCAPE = 16 };

/* "\x1b" of what is not to be shown as it is; "" of all else. */
static void escape_hidden(long code, uint8_t byte, char out[ESCAPE])
{
    *out = 0;
    if (code < 0)
        snprintf(out, ESCAPE, "\\x%02x", (unsigned)byte);
    else if (is_hidden(code))
        snprintf(out, ESCAPE, code < 256 ? "\\x%02lx" : "\\u%04lx", (unsigned long)code);
}

/* What a spreadsheet would take for the beginning of a formula; the last four are wide forms of the first. */
static bool begins_formula(struct span s)
{
    static const long codes[] = { '=', '+', '-', '@', '\t', '\r', '\n', 0xff1d, 0xff0b, 0xff0d, 0xff20 };
    long code = s.n ? text_next(&s) : 0;

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i] == code)
            return true;
    return false;
}

static bool needs_quotes(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (strchr("\",;\t\r\n", s.p[i]) && s.p[i])
            return true;
    return s.n && (s.p[0] == ' ' || s.p[s.n - 1] == ' ');
}

static void csv_character(FILE *out, struct span bytes, long code)
{
    bool control = code >= 0 && (code < 0x20 || (code >= 0x7f && code < 0xa0));

    if (code < 0)
        fputs("\xef\xbf\xbd", out);     /* U+FFFD */
    else if (control && code != '\t' && code != '\r' && code != '\n')
        fprintf(out, "\\x%02lx", (unsigned long)code);
    else
        fwrite(bytes.p, 1, bytes.n, out);
    if (code == '"')
        putc('"', out);
}

void text_csv(FILE *out, struct span s)
{
    bool formula = begins_formula(s), quotes = formula || needs_quotes(s);

    if (quotes)
        putc('"', out);
    if (formula)
        putc('\'', out);
    while (s.n) {
        struct span before = s;
        long code = text_next(&s);
        csv_character(out, span_first(before, before.n - s.n), code);
    }
    if (quotes)
        putc('"', out);
}

static const char *entity_of(long code)
{
    switch (code) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void text_html(FILE *out, struct span s)
{
    while (s.n) {
        char escape[ESCAPE];
        struct span before = s;
        long code = text_next(&s);
        const char *entity = entity_of(code);
        escape_hidden(code, before.p[0], escape);
        if (entity || *escape)
            fputs(entity ? entity : escape, out);
        else
            fwrite(before.p, 1, before.n - s.n, out);
    }
}

size_t text_terminal(FILE *out, struct span s)
{
    size_t columns = 0;
    while (s.n) {
        char escape[ESCAPE];
        struct span before = s;
        long code = text_next(&s);
        escape_hidden(code, before.p[0], escape);
        columns += *escape ? strlen(escape) : columns_of(code);
        if (out && *escape)
            fputs(escape, out);
        else if (out)
            fwrite(before.p, 1, before.n - s.n, out);
    }
    return columns;
}
