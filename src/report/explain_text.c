/* An explanation for a terminal of 80 columns. */
#include "report/explain_show.h"
#include "base/disguise.h"
#include "report/text.h"

enum { WIDTH = 80, LABEL = 11, NOTE_COLUMN = 50, DIALOGUE = 15 };

/* Words of a text, broken at blanks; begins in column `at` and goes on in column `indent`. */
static void wrap(FILE *out, int at, int indent, const char *text)
{
    bool first = true;
    while (*text) {
        size_t n = strcspn(text, " ");
        int width = (int)text_terminal(NULL, span_of(text, n));
        if (!first && at + 1 + width > WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        } else if (!first) {
            putc(' ', out);
            at++;
        }
        text_terminal(out, span_of(text, n));
        at += width;
        first = false;
        text += n;
        text += strspn(text, " ");
    }
    putc('\n', out);
}

static void labelled(FILE *out, const char *label, const char *text)
{
    fprintf(out, "%-*s", LABEL, label);
    wrap(out, LABEL, LABEL, text);
}

static void print_ms(FILE *out, int64_t ms)
{
    if (ms == NOT_SEEN)
        fprintf(out, "%9s", "-");
    else
        fprintf(out, "%5lld.%03d", (long long)(ms / 1000), (int)(ms % 1000 < 0 ? 0 : ms % 1000));
}

static void show_references(FILE *out, const char *section, const char *rfc)
{
    char text[640];
    snprintf(text, sizeof text, "doc/measurement.md section%s %s%s%s", strchr(section, ' ') ? "s" : "", section,
             *rfc ? "; " : "", rfc);
    fprintf(out, "%*s", LABEL, "");
    wrap(out, LABEL, LABEL, text);
}

static void show_ends(const struct shown *s)
{
    const struct explanation *x = s->x;
    char text[512];
    bool known = strcmp(x->direction, "unknown") != 0;
    enum address_mode mode = address_mode_parse(x->addresses);
    const char *what = mode == ADDRESSES_TRUNCATE ? " (networks)" : address_mode_keyed(mode) ? " (pseudonyms)" : "";

    snprintf(text, sizeof text, "%lld at %s, lasting %lld.%03d s", (long long)x->id, x->timestamp,
             (long long)(x->lasted_us / 1000000), (int)(x->lasted_us / 1000 % 1000));
    labelled(s->out, "Session", text);
    snprintf(text, sizeof text, "%s port %lld to %s port %lld%s", x->src_ip, (long long)x->src_port, x->dest_ip,
             (long long)x->dest_port, what);
    labelled(s->out, "", text);
    snprintf(text, sizeof text, "%s, %s%s%s%s%s%s%s", x->app_proto, x->hop, known ? ", " : "",
             known ? x->direction : "", *x->vlan ? ", VLAN " : "", x->vlan, *x->tunnel ? ", through " : "", x->tunnel);
    labelled(s->out, "", text);
}

/* The words of some facts, joined. */
static size_t join(char *out, size_t room, uint32_t bits, const char *with)
{
    size_t n = 0;
    for (unsigned bit = 0; bit <= FACT_N && n < room; bit++)
        if (bits >> bit & 1)
            n += (size_t)snprintf(out + n, room - n, "%s%s", n ? with : "",
                                  bit == FACT_N ? "evidence (likely or proven)" : explain_word_of("fact", bit)->word);
    return n;
}

/* "needs attempted and failed, without tls_done" */
static void conditions(const struct rule *r, char *out, size_t room)
{
    char needed[192] = "nothing", without[192] = "";
    join(needed, sizeof needed, r->all, " and ");
    join(without, sizeof without, r->none, " or ");
    snprintf(out, room, "needs %s%s%s; no rule before it held", needed, *without ? ", without " : "", without);
}

static void show_rule(const struct shown *s)
{
    const struct explanation *x = s->x;
    char text[512];

    snprintf(text, sizeof text, "%s: %s", x->verdict, explain_sentence_of("verdict", x->verdict));
    labelled(s->out, "Verdict", text);
    if (!s->rule) {
        snprintf(text, sizeof text, "%s, which this version has not", x->rule);
        labelled(s->out, "Rule", text);
        return;
    }
    snprintf(text, sizeof text, "%s: %s", x->rule, s->rule->sentence);
    labelled(s->out, "Rule", text);
    conditions(s->rule, text, sizeof text);
    labelled(s->out, "", text);
    explain_rfcs_of_rule(s, text, sizeof text);
    show_references(s->out, s->rule->section, text);
}

static void show_label(FILE *out, const char *label, int64_t ms)
{
    fprintf(out, "%-*s", LABEL, label);
    if (ms == NOT_SEEN)
        fprintf(out, "%7s", "-");
    else
        fprintf(out, "%3lld.%03d", (long long)(ms / 1000), (int)(ms % 1000));
}

/* One thing that was seen: when, its word, its sentence. */
static void show_seen(const struct shown *s, const char **label, int64_t ms, const char *word, const char *sentence)
{
    char text[512];
    show_label(s->out, *label, ms);
    snprintf(text, sizeof text, "%s %s", word, sentence);
    fprintf(s->out, "  ");
    wrap(s->out, LABEL + 9, LABEL + 11, text);
    *label = "";
}

/* The facts in the order in which they became known; those of which it is not known when come first. */
static void show_facts(const struct shown *s)
{
    const char *label = "Facts";
    uint32_t left = (uint32_t)s->x->facts & ((1u << FACT_N) - 1);
    char word[64];

    while (left) {
        unsigned next = FACT_N;
        for (unsigned i = 0; i < FACT_N; i++)
            if ((left >> i & 1) && (next == FACT_N || s->when.fact[i] < s->when.fact[next]))
                next = i;
        left &= ~(1u << next);
        snprintf(word, sizeof word, "%s:", explain_word_of("fact", next)->word);
        show_seen(s, &label, s->when.fact[next], word, explain_word_of("fact", next)->sentence);
    }
}

static void with_reference(char *out, size_t room, const char *sentence, struct reference r)
{
    snprintf(out, room, "%s (section %s%s%s)", sentence, r.section, *r.rfc ? "; " : "", r.rfc);
}

static const char *grade_word(int64_t evidence, unsigned kind)
{
    return explain_word_of("grade", explain_grade_in(evidence, kind))->word;
}

static void show_evidence(const struct shown *s)
{
    enum protocol p = explain_protocol_of(s->x);
    const char *label = "Evidence";
    char word[64], text[256];
    for (unsigned i = 0; i < EVIDENCE_N; i++) {
        if (!explain_grade_in(s->x->evidence, i))
            continue;
        snprintf(word, sizeof word, "%s, %s:", explain_word_of("evidence", i)->word, grade_word(s->x->evidence, i));
        with_reference(text, sizeof text, explain_word_of("evidence", i)->sentence,
                       evidence_reference((enum evidence)i, p));
        show_seen(s, &label, s->when.evidence[i], word, text);
        if (*s->x->words[i]) {
            fprintf(s->out, "%*s", LABEL + 11, "");
            wrap(s->out, LABEL + 11, LABEL + 11, s->x->words[i]);
        }
    }
    label = "Incidents";
    for (unsigned i = 0; i < INCIDENT_N; i++) {
        if (!((uint64_t)s->x->incidents >> i & 1))
            continue;
        snprintf(word, sizeof word, "%s:", explain_word_of("incident", i)->word);
        with_reference(text, sizeof text, explain_word_of("incident", i)->sentence,
                       incident_reference((enum incident_bit)i, p));
        show_seen(s, &label, s->when.incident[i], word, text);
    }
}

static void show_attributes(const struct shown *s)
{
    const struct explanation *x = s->x;
    char text[512];

    if (*x->auth_exposure) {
        bool same = strcmp(x->auth_command, x->auth_mechanism) == 0;
        snprintf(text, sizeof text, "%s: %s (%s%s%s; section 4)", x->auth_exposure,
                 explain_sentence_of("exposure", x->auth_exposure), x->auth_command,
                 *x->auth_command && !same ? " " : "", same ? "" : x->auth_mechanism);
        labelled(s->out, "Exposure", text);
    }
    if (*x->tls_version) {
        snprintf(text, sizeof text, "%s%s%s%s%s", x->tls_version, *x->tls_cipher ? ", " : "", x->tls_cipher,
                 *x->tls_group ? ", " : "", x->tls_group);
        labelled(s->out, "TLS", text);
    }
    const char *label = "Marks";
    for (unsigned i = 0; i < MARK_N; i++)
        if ((uint64_t)x->marks >> i & 1) {
            const struct word *mark = explain_word_of("mark", i);
            snprintf(text, sizeof text, "%s: %s", mark->word, mark->sentence);
            labelled(s->out, label, text);
            label = "";
        }
}

static void note(FILE *out, int *column, const char *text)
{
    int width = (int)strlen(text);
    if (*column >= NOTE_COLUMN || NOTE_COLUMN + width > WIDTH) {
        int at = NOTE_COLUMN + width > WIDTH ? WIDTH - width : NOTE_COLUMN;
        fprintf(out, "\n%*s%s", at > DIALOGUE ? at : DIALOGUE, "", text);
    } else {
        fprintf(out, "%*s%s", NOTE_COLUMN - *column, "", text);
    }
    *column = WIDTH;
}

/* Facts of a line as few notes as there is room for. */
static void fact_notes(FILE *out, int *column, uint32_t facts)
{
    char text[WIDTH];
    size_t n = 0;
    for (unsigned i = 0; i < FACT_N; i++) {
        const char *word = explain_word_of("fact", i)->word;
        if (!(facts >> i & 1))
            continue;
        if (n && NOTE_COLUMN + n + 1 + strlen(word) > WIDTH) {
            note(out, column, text);
            n = 0;
        }
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", n ? " " : "# ", word);
    }
    if (n)
        note(out, column, text);
}

/* Writes the text broken at blanks, and gives the column behind it. */
static int show_text(FILE *out, const char *text)
{
    int at = DIALOGUE;
    for (bool first = true; *text; first = false) {
        size_t n = strcspn(text, " ");
        if (!first && at + 1 + (int)n > WIDTH) {
            fprintf(out, "\n%*s", DIALOGUE + 4, "");
            at = DIALOGUE + 4;
        } else if (!first) {
            putc(' ', out);
            at++;
        }
        at += fprintf(out, "%.*s", (int)n, text);
        text += n;
        text += strspn(text, " ");
    }
    return at;
}

static void text_line(void *ctx, const struct dialogue_line *l)
{
    struct shown *s = ctx;
    char text[96];

    print_ms(s->out, l->ms < 0 ? 0 : l->ms);
    fprintf(s->out, "  %c   ", l->side == SIDE_CLIENT ? 'C' : l->side == SIDE_SERVER ? 'S' : ' ');
    int column = show_text(s->out, l->text);
    fact_notes(s->out, &column, l->facts);
    for (unsigned i = 0; i < EVIDENCE_N; i++)
        if (explain_grade_in(l->evidence, i) && explain_grade_in(s->x->evidence, i)) {
            snprintf(text, sizeof text, "! %s, %s", explain_word_of("evidence", i)->word, grade_word(l->evidence, i));
            note(s->out, &column, text);
        }
    for (unsigned i = 0; i < INCIDENT_N; i++)
        if (l->incidents >> i & 1) {
            snprintf(text, sizeof text, "! %s", explain_word_of("incident", i)->word);
            note(s->out, &column, text);
        }
    putc('\n', s->out);
}

static void origin(const struct shown *s, char *out, size_t room)
{
    if (s->d->from == EXPLAIN_CAPTURE)
        snprintf(out, room, "read again from %.600s", s->d->said);
    else if (s->d->from == EXPLAIN_STORED)
        snprintf(out, room, "from the trace that was stored; %.600s", s->d->said);
    else
        snprintf(out, room, "not there: %.600s, and no trace is stored: that is kept of sessions with evidence or an"
                 " incident", s->d->said);
}

static void show_changes(const struct shown *s)
{
    const struct explanation *x = s->x;
    char text[EXPLAIN_PATH + 6 * EXPLAIN_WORD];

    for (size_t i = 0; i < x->changes; i++) {
        const struct explain_change *c = &x->change[i];
        snprintf(text, sizeof text, "%s (evidence %s) until then, %s (%s) since %s: %s", c->was, c->was_strip, c->is, c->is_strip,
                 c->at, c->why);
        labelled(s->out, i ? "" : "Changed", text);
    }
}

static void show_dialogue(struct shown *s)
{
    char text[REPORT_ERROR];

    putc('\n', s->out);
    origin(s, text, sizeof text);
    labelled(s->out, "Dialogue", text);
    if (s->d->from == EXPLAIN_NOTHING)
        return;
    fprintf(s->out, "%*s(C client, S server; # what became known, ! evidence, incident)\n", LABEL, "");
    if (!explain_lines(s->d->trace, s->x->protocol == PROTOCOL_IMAP, text_line, s))
        fprintf(s->out, "%*s(the stored trace is damaged from here on)\n", DIALOGUE, "");
}

void explain_text(struct shown *s)
{
    show_ends(s);
    show_rule(s);
    show_attributes(s);
    show_facts(s);
    show_evidence(s);
    show_changes(s);
    show_dialogue(s);
}
