#include "dialogue/showing.h"

#include "dialogue/copies.h"
#include "dialogue/dialogue.h"
#include "dialogue/mask.h"
#include "proto/imap.h"

void show(struct dialogue *d, struct span s)
{
    struct showing *x = d->showing;
    if (!x || !s.n || s.p < x->window.p || s.p + s.n > x->window.p + x->window.n)
        return;
    x->show(x->ctx, x->dir, x->end - (uint32_t)(x->window.p + x->window.n - s.p), s);
}

void show_between(struct dialogue *d, const uint8_t *from, const uint8_t *to)
{
    if (d->showing && from && to > from)
        show(d, span_of(from, (size_t)(to - from)));
}

void show_blanks(struct dialogue *d, struct span s)
{
    for (size_t i = 0; d->showing && i < s.n; i++)
        if (s.p[i] == ' ' || s.p[i] == '\t')
            show(d, span_of(s.p + i, 1));
}

void show_quotes(struct dialogue *d, struct span s)
{
    if (!d->showing || !s.p)
        return;
    if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"') {
        show(d, span_of(s.p, 1));
        show(d, span_of(s.p + s.n - 1, 1));
        return;
    }
    struct span all = d->showing->window;
    if (s.p > all.p && s.p + s.n < all.p + all.n && s.p[-1] == '"' && s.p[s.n] == '"') {
        show(d, span_of(s.p - 1, 1));
        show(d, span_of(s.p + s.n, 1));
    }
}

void show_literal(struct dialogue *d, struct span line)
{
    struct literal l;
    if (!d->showing || !literal_announced(line, &l))
        return;
    size_t at = line.n;
    while (at && line.p[at - 1] != '{')
        at--;
    show(d, span_skip(line, at ? at - 1 : 0));
}

void show_text(struct dialogue *d, struct span in, const char *text)
{
    long at = d->showing ? span_find_nocase(in, text) : -1;
    if (at >= 0)
        show(d, span_first(span_skip(in, (size_t)at), strlen(text)));
}

/* The quote and what is in front of it belong to the form by which the mask is known. */
void show_echo(struct dialogue *d, struct span text, const char *keyword)
{
    size_t n = strlen(keyword);
    for (size_t i = 2; d->showing && i + n <= text.n; i++)
        if (mask_is_echoed(span_first(span_skip(text, i - 2), n + 3), keyword))
            show(d, span_first(span_skip(text, i - 2), n + 3));
    if (d->showing && mask_is_echoed(span_first(text, n + 2), keyword))
        show(d, span_first(text, n + 2));
}

void show_code(struct dialogue *d, struct span code)
{
    struct span rest = code, word = span_word(&rest);
    if (!d->showing || !code.n)
        return;
    show(d, span_of(code.p - 1, 1));
    show(d, span_of(code.p + code.n, 1));
    if (span_eq_nocase(word, "CAPABILITY"))
        show(d, code);
    else if (trace_word_find(word))
        show(d, word);
    show_blanks(d, code);
}

void show_data(struct dialogue *d, struct span text)
{
    struct span rest = text, word = span_word(&rest);
    if (!d->showing)
        return;
    if (word.n && ascii_digit(word.p[0])) {
        struct span number = word;
        word = span_word(&rest);
        if (!trace_word_find(word))
            return;
        show_between(d, number.p, word.p);
    }
    if (trace_word_find(word))
        show(d, word);
    show_between(d, word.p + word.n, rest.n ? rest.p + 1 : rest.p);
    if (span_eq_nocase(word, "CAPABILITY"))
        show(d, text);
}

void show_command(struct dialogue *d, struct span word, struct span args, bool blanks)
{
    if (!d->showing)
        return;
    show(d, word);
    while (args.n && (args.p[0] == ' ' || args.p[0] == '\t'))
        args = span_skip(args, 1);
    if (args.n)
        show_between(d, word.p + word.n, args.p);
    if (blanks)
        show_blanks(d, args);
}

void show_thrown(struct dialogue *d, struct span line)
{
    struct span rest = line, word = span_word(&rest);
    if (!d->showing || !d->dialect || !d->dialect->is_command(line))
        return;
    show(d, word);
    show_blanks(d, line);
    if (d->dialect == &imap_dialect)
        show(d, span_word(&rest));
}

void show_mechanism(struct dialogue *d, struct span name)
{
    show(d, name);
    show_quotes(d, name);
}

void show_response(struct dialogue *d, struct span r)
{
    static const char ntlm_type_3[] = "TlRMTVNTUAAD";
    if (!d->showing || !r.n)
        return;
    show_quotes(d, r);
    if (span_eq(r, "=") || span_eq(r, "\"") || r.p[0] == '*')
        show(d, span_first(r, 1));
    else if (span_starts(r, "\"*"))
        show(d, span_first(r, 2));
    else if (span_starts(r, ntlm_type_3))
        show(d, span_first(r, sizeof ntlm_type_3 - 1));
}

void show_dot_line(struct dialogue *d, struct span body)
{
    size_t n = body.n >= 3 && body.p[body.n - 2] == '\r' ? 3 : 2;
    if (d->showing && body.n >= n && body.p[body.n - n] == '.')
        show(d, span_first(span_skip(body, body.n - n), 1));
}

/* --- second copies --- */

/* A line of an answer, or a command that is public or a mask, is shown whole; of others nothing. */
static bool may_be_shown(const struct dialogue *d, unsigned dir, struct span line, enum protocol p)
{
    struct span whole = line;           /* with its end */
    line_parse(whole, &line);
    struct span rest = line, word = span_word(&rest);
    if (dir == TO_CLIENT)
        return conflict_is_offer_or_command(dir, p, whole, span_first(whole, 0)) || mask_of(word, "STARTTLS") != MASK_NONE ||
               mask_of(word, "STLS") != MASK_NONE || (d->list_now && line.n);
    if (p == PROTOCOL_IMAP)
        word = span_word(&rest);
    return !rest.n && (trace_word_find(word) || mask_of(word, p == PROTOCOL_POP3 ? "STLS" : "STARTTLS") == MASK_KEYWORD);
}

/* Bytes of an answer that tell yes from no: up to its second word. */
static size_t status_of(struct span line)
{
    struct span rest = line;
    span_word(&rest);
    span_word(&rest);
    size_t n = line.n - rest.n;
    return n < 16 ? n : 16;
}

static void show_line_of_copy(struct dialogue *d, unsigned dir, uint32_t seq, struct span was, struct span is)
{
    enum protocol p = d->dialect ? d->dialect->protocol : d->port_protocol;
    bool whole = may_be_shown(d, dir, is, p);
    size_t status = dir == TO_CLIENT && conflict_is_answer(p, was, is) ? status_of(is) : 0;
    static const uint8_t other[] = { 'z', 'y' };

    for (size_t i = 0; i < is.n; i++) {
        if (was.p[i] == is.p[i])
            continue;
        bool shown = whole || i < status;
        d->showing->differ(d->showing->ctx, dir, seq + (uint32_t)i, span_of(shown ? &is.p[i] : &other[was.p[i] == 'z'], 1));
    }
}

/* The two have the same length, and their lines end alike but for what differs. */
void show_conflict_of(struct dialogue *d, unsigned dir, uint32_t seq, struct span first, struct span other)
{
    if (!d->showing)
        return;
    for (size_t at = 0, n; at < other.n; at += n) {
        const uint8_t *lf = memchr(other.p + at, '\n', other.n - at);
        n = lf ? (size_t)(lf - other.p) + 1 - at : other.n - at;
        struct span line = span_first(span_skip(other, at), n);
        show_line_of_copy(d, dir, seq + (uint32_t)at, span_first(span_skip(first, at), line.n), line);
    }
}
