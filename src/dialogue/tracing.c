#include "dialogue/tracing.h"

#include "dialogue/dialogue.h"
#include "dialogue/mask.h"
#include "proto/imap.h"

/* Lengths of what may be a secret are told roughly. */
static uint32_t roughly(size_t n)
{
    uint32_t up = 16;
    while (up < n && up < 1u << 30)
        up *= 2;
    return n ? up : 0;
}

static uint32_t length(size_t n) { return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX; }

void trace_note(struct dialogue *d, enum trace_kind kind, unsigned dir, uint32_t word, uint32_t number)
{
    struct trace_event e = { .kind = (uint8_t)kind, .dir = (uint8_t)dir, .word = word, .number = number };
    d->tracing.described = true;
    trace_add(&d->tracing.t, &e);
}

/* --- the reading of bytes --- */

static bool is_skipping(uint8_t reader)
{
    return reader == READ_BODY || reader == READ_BODY_MAYBE || reader == READ_COUNTED || reader == READ_NOTHING;
}

static bool literal_is_secret(const struct dialogue *d, unsigned dir)
{
    if (dir != TO_SERVER || !d->dialect)
        return false;
    if (d->dialect == &imap_dialect)
        return d->u.imap.verb == IMAP_LOGIN || d->u.imap.verb == IMAP_AUTHENTICATE;
    return d->dialect == &sieve_dialect && d->sasl.active;
}

static void body_ended(struct dialogue *d, unsigned dir, uint32_t kind)
{
    uint64_t n = d->tracing.skipped[dir];
    bool literal = d->dialect == &imap_dialect || d->dialect == &sieve_dialect;

    if (!n)
        return;
    d->tracing.skipped[dir] = 0;
    if (literal_is_secret(d, dir))
        trace_note(d, TRACE_BODY, dir, kind | TRACE_BODY_SECRET, 0);
    else
        trace_note(d, TRACE_BODY, dir, kind | (literal ? TRACE_BODY_LITERAL : TRACE_BODY_MESSAGE), length(n));
}

static void bodies_ended(struct dialogue *d)
{
    if (!(d->tracing.skipped[0] | d->tracing.skipped[1]))
        return;
    for (unsigned dir = 0; dir < 2; dir++)
        if (!is_skipping(d->in[dir].reader))
            body_ended(d, dir, 0);
}

void trace_line(struct dialogue *d, unsigned dir, struct span line)
{
    (void)dir;
    if (!d->tracing.t.room)
        return;
    bodies_ended(d);
    d->tracing.line_n = length(line.n);
    d->tracing.described = false;
}

static void known_facts(struct dialogue *d, uint32_t now, uint32_t before, enum trace_kind kind)
{
    for (uint32_t left = now & ~before; left; left &= left - 1)
        trace_note(d, kind, d->now_dir, (uint32_t)__builtin_ctz(left), 0);
}

static void known_evidence(struct dialogue *d, uint32_t now, uint32_t before)
{
    for (unsigned i = 0; i < EVIDENCE_N; i++)
        if (evidence_grade(now, (enum evidence)i) > evidence_grade(before, (enum evidence)i))
            trace_note(d, TRACE_EVIDENCE, d->now_dir, i, evidence_grade(now, (enum evidence)i));
}

void trace_known(struct dialogue *d)
{
    struct tracing *x = &d->tracing;
    const struct session_core *s = d->s;

    if (!x->t.room || (x->facts == s->facts && x->evidence == s->evidence && x->incidents == s->incidents))
        return;
    known_facts(d, s->facts, x->facts, TRACE_FACT);
    if (x->evidence != s->evidence)
        known_evidence(d, s->evidence, x->evidence);
    known_facts(d, s->incidents, x->incidents, TRACE_INCIDENT);
    x->facts = s->facts;
    x->evidence = s->evidence;
    x->incidents = s->incidents;
}

/* As other programs count: the first byte of a direction is number 1. What a client says may be a secret,
 * whose length is not told. */
static void note_place(struct dialogue *d, enum trace_kind kind, uint32_t begin, uint32_t end)
{
    trace_note(d, kind, d->now_dir, begin - d->now_at->first + 1, d->now_dir == TO_SERVER ? 0 : end - begin);
}

static void note_places(struct dialogue *d)
{
    const struct where *at = d->now_at;

    d->tracing.place = false;
    if (!at)
        return;
    note_place(d, TRACE_BYTES, d->now_begin, d->now_end);
    for (unsigned i = WHERE_SEGMENTS; i--;) {
        uint32_t begin = at->begins[i], end = i ? at->begins[i - 1] : at->end;
        if ((int32_t)(end - d->now_begin) > 0 && (int32_t)(begin - d->now_end) < 0)
            note_place(d, TRACE_SEGMENT, begin, end);
    }
}

void trace_step(struct dialogue *d, unsigned dir, uint8_t reader, size_t n)
{
    struct tracing *x = &d->tracing;
    if (!x->t.room || !n)
        return;
    if (is_skipping(reader) || d->in[dir].reader == READ_NOTHING)
        x->skipped[dir] += n;
    else if (reader == READ_LINES && !x->described && x->line_n)
        trace_note(d, TRACE_LINE, dir, 0, dir == TO_SERVER ? roughly(x->line_n) : x->line_n);
    x->described = true;
    if (x->place)
        note_places(d);
    bodies_ended(d);
    trace_known(d);
}

void trace_end(struct dialogue *d, const struct dialogue_end *e)
{
    if (!d->tracing.t.room)
        return;
    for (unsigned dir = 0; dir < 2; dir++)
        body_ended(d, dir, d->in[dir].reader == READ_NOTHING ? TRACE_BODY_NOISE : TRACE_BODY_OPEN);
    trace_note(d, TRACE_END, TO_SERVER,
                (e->fin[0] ? TRACE_END_FIN_CLIENT : 0u) | (e->fin[1] ? TRACE_END_FIN_SERVER : 0u) |
                    (e->rst[0] ? TRACE_END_RST_CLIENT : 0u) | (e->rst[1] ? TRACE_END_RST_SERVER : 0u) |
                    (e->input_ended ? TRACE_END_INPUT : 0u) | (d->settled ? TRACE_END_SETTLED : 0u), 0);
    trace_known(d);
    trace_settle(&d->tracing.t);
}

/* --- words --- */

static void offer_mask(struct dialogue *d, unsigned dir, struct span word)
{
    const char *keyword = d->dialect == &pop3_dialect ? "STLS" : "STARTTLS";
    uint32_t kept = 0, n = word.n < 255 ? (uint32_t)word.n : 255;
    uint8_t filler = 'X', last = word.p[word.n - 1];

    for (size_t i = 0; word.n == strlen(keyword) && i + 1 < word.n; i++)
        if (word.p[i] == (uint8_t)keyword[i])
            kept |= 1u << i;
        else
            filler = word.p[i];
    if (word.n != strlen(keyword))
        filler = word.p[0];
    else if (kept == (1u << (word.n - 1)) - 1)
        filler = last;
    trace_note(d, TRACE_MASK, dir, filler | (uint32_t)last << 8, n | kept << 8);
}

void trace_command(struct dialogue *d, bool known, struct span word, struct span arg, enum trace_argument kind)
{
    const char *keyword = d->dialect == &pop3_dialect ? "STLS" : "STARTTLS";
    if (known || (!arg.n && mask_of(word, keyword) == MASK_KEYWORD))
        show_command(d, word, arg, kind == ARGUMENT_PLAIN);
    if (!d->tracing.t.room)
        return;
    unsigned number = known ? trace_word_find(word) : 0;
    if (!number) {
        bool masked = !arg.n && mask_of(word, keyword) == MASK_KEYWORD;
        trace_note(d, TRACE_LINE, TO_SERVER, 0, roughly(d->tracing.line_n));
        if (masked)
            offer_mask(d, TO_SERVER, word);
        return;
    }
    trace_note(d, TRACE_COMMAND, TO_SERVER, number, kind == ARGUMENT_PLAIN ? length(arg.n) : 0);
    if (kind == ARGUMENT_SECRET && arg.n)
        trace_note(d, TRACE_SECRET, TO_SERVER, 0, 0);
}

void trace_mechanism(struct dialogue *d, unsigned dir, unsigned mechanism, struct span name)
{
    bool named = mechanism == MECHANISM_UNKNOWN || mechanism == MECHANISM_NAMED;
    if (dir == TO_CLIENT || mechanism != MECHANISM_UNKNOWN)
        show_mechanism(d, name);
    trace_note(d, TRACE_MECHANISM, dir, mechanism, !named ? 0 : dir == TO_SERVER ? roughly(name.n) : length(name.n));
}

void trace_rest(struct dialogue *d, unsigned dir, struct span line)
{
    if (line.n)
        trace_note(d, TRACE_REST, dir, 0, dir == TO_SERVER ? roughly(line.n) : length(line.n));
}

void trace_initial(struct dialogue *d, struct span response)
{
    show_response(d, response);
    if (response.n && !span_eq(response, "="))
        trace_note(d, TRACE_SECRET, TO_SERVER, 0, 0);
}

void trace_response(struct dialogue *d, struct span line)
{
    show_response(d, line);
    trace_note(d, TRACE_RESPONSE, TO_SERVER,
                span_starts(line, "*") ? TRACE_RESPONSE_CANCELLED
                : !line.n || span_eq(line, "=") ? TRACE_RESPONSE_EMPTY : TRACE_RESPONSE_SENT, 0);
}

/* RFC 3463 section 2: class "." subject "." detail, before a blank. */
static bool take_enhanced(struct dialogue *d, struct span *text)
{
    uint32_t part[3] = { 0, 0, 0 };
    size_t i = 0;

    for (unsigned k = 0; k < 3; k++) {
        size_t digits = 0;
        for (; i < text->n && ascii_digit(text->p[i]) && digits < 3; digits++)
            part[k] = part[k] * 10 + (uint32_t)(text->p[i++] - '0');
        if (!digits || (k == 0 && (digits > 1 || !strchr("245", text->p[0]))))
            return false;
        if (k < 2 && (i == text->n || text->p[i++] != '.'))
            return false;
    }
    if (i < text->n && text->p[i] != ' ')
        return false;
    show(d, span_first(*text, i));
    trace_note(d, TRACE_ENHANCED, TO_CLIENT, 0, part[0] * 1000000 + part[1] * 1000 + part[2]);
    *text = span_skip(*text, i + 1);
    return true;
}

static void free_text(struct dialogue *d, struct span text)
{
    if (text.n)
        trace_note(d, TRACE_TEXT, TO_CLIENT, 0, length(text.n));
}

void trace_reply(struct dialogue *d, unsigned code, struct span text, bool first, bool last)
{
    struct tracing *x = &d->tracing;

    if (!x->t.room)
        return;
    x->described = true;
    if (first) {
        x->lines = 0;
        trace_note(d, TRACE_REPLY, TO_CLIENT, 0, code);
        take_enhanced(d, &text);
        free_text(d, text);
        return;
    }
    if (!d->list_now && x->lines < UINT16_MAX)
        x->lines++;
    if (last && x->lines)
        trace_note(d, TRACE_LINES, TO_CLIENT, 0, x->lines);
}

void trace_status(struct dialogue *d, unsigned status, struct span code, struct span text)
{
    struct span rest = code, word = span_word(&rest);

    show_code(d, code);
    if (!d->tracing.t.room)
        return;
    trace_note(d, TRACE_STATUS, TO_CLIENT, status, 0);
    if (code.n && text.n >= code.n + 2) {
        unsigned number = trace_word_find(word);
        trace_note(d, TRACE_CODE, TO_CLIENT, number, number ? 0 : length(code.n));
        text = span_skip(text, code.n + 2);
    }
    while (text.n && text.p[0] == ' ')
        text = span_skip(text, 1);
    free_text(d, text);
}

void trace_data(struct dialogue *d, struct span text)
{
    show_data(d, text);
    struct span word = span_word(&text);

    if (!d->tracing.t.room)
        return;
    if (word.n && ascii_digit(word.p[0]))
        word = span_word(&text);
    trace_note(d, TRACE_DATA, TO_CLIENT, trace_word_find(word), length(text.n));
}

void trace_offer(struct dialogue *d, struct span word, bool masked)
{
    if (!d->tracing.t.room)
        return;
    if (span_starts_nocase(word, "AUTH=") && word.n > 5) {
        d->tracing.described = true;    /* sasl_offer() tells */
        return;
    }
    if (masked) {
        offer_mask(d, TO_CLIENT, word);
        return;
    }
    if (span_starts_nocase(word, "X-EXPS="))
        word = span_first(word, 6);
    unsigned number = trace_word_find(word);
    trace_note(d, TRACE_OFFER, TO_CLIENT, number, number ? 0 : length(word.n));
}
