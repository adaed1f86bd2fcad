#include "report/csv.h"

enum step { STEP_FIELD, STEP_RECORD, STEP_END, STEP_BAD };

/* Fields lie in text one behind the other; `used` counts those of earlier fields. */
struct filling {
    struct csv *c;
    size_t used;
};

static bool keep(struct filling *f, size_t *n, int byte)
{
    if (f->used + *n == CSV_ROOM) {
        f->c->error = "a line is longer than 64 KiB";
        return false;
    }
    f->c->text[f->used + (*n)++] = (char)byte;
    return true;
}

static int next_byte(struct csv *c)
{
    int byte = getc(c->file);

    if (byte == '\r') {                 /* CR LF and, from old files, CR alone */
        int next = getc(c->file);
        if (next != '\n' && next != EOF)
            ungetc(next, c->file);
        byte = '\n';
    }
    c->lines += byte == '\n';
    return byte;
}

/* Behind the opening quote, up to the closing one. */
static bool quoted(struct filling *f, size_t *n)
{
    for (;;) {
        int byte = next_byte(f->c);
        if (byte == '"') {
            int next = getc(f->c->file);
            if (next != '"') {
                if (next != EOF)
                    ungetc(next, f->c->file);
                return true;
            }
        }
        if (byte == EOF) {
            f->c->error = "a quote that opens here is never closed";
            return false;
        }
        if (!keep(f, n, byte))
            return false;
    }
}

static bool separates(struct csv *c, int byte)
{
    if (!c->separator && (byte == ',' || byte == ';' || byte == '\t'))
        c->separator = (char)byte;
    return byte == c->separator && byte;
}

static struct span trimmed(const char *p, size_t n)
{
    while (n && (*p == ' ' || *p == '\t'))
        p++, n--;
    while (n && (p[n - 1] == ' ' || p[n - 1] == '\t'))
        n--;
    return span_of(p, n);
}

/* One field and what ends it. */
static enum step field(struct filling *f)
{
    struct csv *c = f->c;
    bool in_quotes = false;
    size_t n = 0;
    int byte;

    while ((byte = next_byte(c)) != EOF && byte != '\n' && !separates(c, byte)) {
        if (byte == '"' && !trimmed(c->text + f->used, n).n && !in_quotes) {
            n = 0;
            in_quotes = true;
            if (!quoted(f, &n))
                return STEP_BAD;
        } else if (in_quotes && byte != ' ') {
            c->error = "there is more behind a closing quote";
            return STEP_BAD;
        } else if (!in_quotes && !keep(f, &n, byte)) {
            return STEP_BAD;
        }
    }
    if (c->n == CSV_FIELDS) {
        c->error = "a line has more than 64 fields";
        return STEP_BAD;
    }
    c->field[c->n++] = in_quotes ? span_of(c->text + f->used, n) : trimmed(c->text + f->used, n);
    f->used += n;
    return byte == EOF ? STEP_END : byte == '\n' ? STEP_RECORD : STEP_FIELD;
}

static void skip_mark(struct csv *c)
{
    static const uint8_t mark[] = { 0xef, 0xbb, 0xbf };
    struct span *first = &c->field[0];

    if (first->n >= sizeof mark && memcmp(first->p, mark, sizeof mark) == 0)
        *first = span_skip(*first, sizeof mark);
}

int csv_next(struct csv *c)
{
    enum step step;

    do {
        struct filling f = { c, 0 };
        bool first = c->lines == 0;
        c->n = 0;
        c->line = c->lines + 1;
        do
            step = field(&f);
        while (step == STEP_FIELD);
        if (step == STEP_BAD)
            return -1;
        if (first)
            skip_mark(c);
        if (c->n > 1 || c->field[0].n)
            return 1;
    } while (step != STEP_END);
    return 0;
}
