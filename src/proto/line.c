#include "proto/proto.h"

long line_parse(struct span in, struct span *line)
{
    const uint8_t *lf = in.n ? memchr(in.p, '\n', in.n) : NULL;
    if (!lf)
        return PARSE_MORE;
    size_t n = (size_t)(lf - in.p);
    *line = span_first(in, n && lf[-1] == '\r' ? n - 1 : n);
    return (long)n + 1;
}

bool literal_announced(struct span line, struct literal *out)
{
    size_t end = line.n, digits = 0;
    uint64_t scale = 1;

    out->n = 0;
    if (end < 3 || line.p[--end] != '}')
        return false;
    out->waits = line.p[end - 1] != '+';
    if (!out->waits)
        end--;
    /* Nineteen digits fit into 64 bits. */
    for (; end > 0 && ascii_digit(line.p[end - 1]) && digits < 19; end--, digits++, scale *= 10)
        out->n += (uint64_t)(line.p[end - 1] - '0') * scale;
    return digits && end > 0 && line.p[end - 1] == '{';
}

/* Length of the dot line at the start of in with its line end; 0: it is none; -1: more bytes
 * are needed to tell. */
static int dot_line(struct span in)
{
    if (in.p[0] != '.')
        return 0;
    if (in.n < 2)
        return -1;
    if (in.p[1] == '\n')
        return 2;
    if (in.p[1] != '\r')
        return 0;
    return in.n < 3 ? -1 : in.p[2] == '\n' ? 3 : 0;
}

size_t body_skip(struct body *b, struct span in, enum body_end *end)
{
    size_t used = 0;

    *end = BODY_GOES_ON;
    while (used < in.n) {
        struct span rest = span_skip(in, used);
        if (!b->within_line) {
            int dot = dot_line(rest);
            if (dot < 0)
                return used;
            if (dot > 0) {
                *end = dot == 3 && !b->bare_lf ? BODY_ENDS : BODY_MAY_END;
                b->bare_lf = dot == 2;
                return used + (size_t)dot;
            }
        }
        const uint8_t *lf = memchr(rest.p, '\n', rest.n);
        if (!lf) {
            b->within_line = true;
            b->last_cr = in.p[in.n - 1] == '\r';
            return in.n;
        }
        b->bare_lf = !(lf > rest.p ? lf[-1] == '\r' : b->within_line && b->last_cr);
        b->within_line = false;
        used += (size_t)(lf - rest.p) + 1;
    }
    return used;
}
