/* An explanation as one JSON object. */
#include "report/explain_show.h"
#include "report/text.h"

static void json_name(struct shown *s, const char *name)
{
    fprintf(s->out, "%s\"%s\":", s->more ? "," : "", name);
    s->more = true;
}

static void json_text(struct shown *s, const char *name, const char *text)
{
    json_name(s, name);
    if (*text)
        text_json(s->out, span_of(text, strlen(text)));
    else
        fputs("null", s->out);
}

static void json_begin(struct shown *s, const char *name, char bracket)
{
    if (name)
        json_name(s, name);
    else if (s->more)
        putc(',', s->out);
    putc(bracket, s->out);
    s->more = false;
}

static void json_end(struct shown *s, char bracket)
{
    putc(bracket, s->out);
    s->more = true;
}

static void json_number(struct shown *s, const char *name, int64_t value)
{
    json_name(s, name);
    fprintf(s->out, "%lld", (long long)value);
}

static void json_time(struct shown *s, int64_t ms)
{
    json_name(s, "time");
    if (ms == NOT_SEEN)
        fputs("null", s->out);
    else
        fprintf(s->out, "%lld.%03d", (long long)((ms < 0 ? 0 : ms) / 1000), (int)((ms < 0 ? 0 : ms) % 1000));
}

static void json_reference(struct shown *s, const char *sentence, const char *section, const char *rfc)
{
    json_text(s, "sentence", sentence);
    json_text(s, "section", section);
    json_text(s, "rfc", rfc);
}

static void json_bits(struct shown *s, const char *name, uint32_t bits)
{
    json_begin(s, name, '[');
    for (unsigned i = 0; i <= FACT_N; i++)
        if (bits >> i & 1) {
            const char *word = i == FACT_N ? "evidence_likely" : explain_word_of("fact", i)->word;
            if (s->more)
                putc(',', s->out);
            text_json(s->out, span_of(word, strlen(word)));
            s->more = true;
        }
    json_end(s, ']');
}

static void json_head(struct shown *s)
{
    const struct explanation *x = s->x;
    char rfc[128];

    json_number(s, "id", x->id);
    json_text(s, "timestamp", x->timestamp);
    json_text(s, "end", x->end);
    json_text(s, "src_ip", x->src_ip);
    json_number(s, "src_port", x->src_port);
    json_text(s, "dest_ip", x->dest_ip);
    json_number(s, "dest_port", x->dest_port);
    json_text(s, "app_proto", x->app_proto);
    json_text(s, "hop", x->hop);
    json_text(s, "direction", x->direction);
    json_text(s, "stage", x->stage);
    json_text(s, "verdict", x->verdict);
    json_text(s, "sentence", explain_sentence_of("verdict", x->verdict));
    json_begin(s, "rule", '{');
    json_text(s, "name", x->rule);
    if (s->rule) {
        explain_rfcs_of_rule(s, rfc, sizeof rfc);
        json_reference(s, s->rule->sentence, s->rule->section, rfc);
        json_bits(s, "all", s->rule->all);
        json_bits(s, "none", s->rule->none);
    }
    json_end(s, '}');
    json_text(s, "strip_grade", x->strip_grade);
    json_text(s, "tls_version", x->tls_version);
    json_text(s, "auth_command", x->auth_command);
    json_text(s, "auth_mechanism", x->auth_mechanism);
    json_text(s, "auth_exposure", x->auth_exposure);
}

static void json_seen(struct shown *s)
{
    const struct explanation *x = s->x;

    json_begin(s, "facts", '[');
    for (unsigned i = 0; i < FACT_N; i++)
        if ((uint64_t)x->facts >> i & 1) {
            json_begin(s, NULL, '{');
            json_time(s, s->when.fact[i]);
            json_text(s, "fact", explain_word_of("fact", i)->word);
            json_text(s, "sentence", explain_word_of("fact", i)->sentence);
            json_end(s, '}');
        }
    json_end(s, ']');
    json_begin(s, "evidence", '[');
    for (unsigned i = 0; i < EVIDENCE_N; i++)
        if (explain_grade_in(x->evidence, i)) {
            struct reference r = evidence_reference((enum evidence)i, explain_protocol_of(s->x));
            json_begin(s, NULL, '{');
            json_time(s, s->when.evidence[i]);
            json_text(s, "evidence", explain_word_of("evidence", i)->word);
            json_text(s, "grade", explain_word_of("grade", explain_grade_in(x->evidence, i))->word);
            json_reference(s, explain_word_of("evidence", i)->sentence, r.section, r.rfc);
            if (*x->words[i])
                json_text(s, "words", x->words[i]);
            json_end(s, '}');
        }
    json_end(s, ']');
    json_begin(s, "changes", '[');
    for (size_t i = 0; i < x->changes; i++) {
        const struct explain_change *c = &x->change[i];
        json_begin(s, NULL, '{');
        json_text(s, "at", c->at);
        json_text(s, "verdict_was", c->was);
        json_text(s, "verdict", c->is);
        json_text(s, "strip_grade_was", c->was_strip);
        json_text(s, "strip_grade", c->is_strip);
        json_text(s, "why", c->why);
        json_end(s, '}');
    }
    json_end(s, ']');
    json_begin(s, "incidents", '[');
    for (unsigned i = 0; i < INCIDENT_N; i++)
        if ((uint64_t)x->incidents >> i & 1) {
            struct reference r = incident_reference((enum incident_bit)i, explain_protocol_of(s->x));
            json_begin(s, NULL, '{');
            json_time(s, s->when.incident[i]);
            json_text(s, "incident", explain_word_of("incident", i)->word);
            json_reference(s, explain_word_of("incident", i)->sentence, r.section, r.rfc);
            json_end(s, '}');
        }
    json_end(s, ']');
    json_begin(s, "marks", '[');
    for (unsigned i = 0; i < MARK_N; i++)
        if ((uint64_t)x->marks >> i & 1) {
            json_begin(s, NULL, '{');
            json_text(s, "mark", explain_word_of("mark", i)->word);
            json_text(s, "sentence", explain_word_of("mark", i)->sentence);
            json_end(s, '}');
        }
    json_end(s, ']');
}

static void json_line(void *ctx, const struct dialogue_line *l)
{
    static const char *const sides[] = { "client", "server", "" };
    struct shown *s = ctx;

    json_begin(s, NULL, '{');
    json_time(s, l->ms);
    json_text(s, "side", sides[l->side]);
    json_text(s, "kind", trace_kind_word(l->kind));
    json_text(s, "text", l->text);
    json_bits(s, "facts", l->facts);
    json_begin(s, "evidence", '[');
    for (unsigned i = 0; i < EVIDENCE_N; i++)
        if (explain_grade_in(l->evidence, i) && explain_grade_in(s->x->evidence, i)) {
            json_begin(s, NULL, '{');
            json_text(s, "evidence", explain_word_of("evidence", i)->word);
            json_text(s, "grade", explain_word_of("grade", explain_grade_in(l->evidence, i))->word);
            json_end(s, '}');
        }
    json_end(s, ']');
    json_begin(s, "incidents", '[');
    for (unsigned i = 0; i < INCIDENT_N; i++)
        if (l->incidents >> i & 1) {
            fprintf(s->out, "%s\"%s\"", s->more ? "," : "", explain_word_of("incident", i)->word);
            s->more = true;
        }
    json_end(s, ']');
    json_end(s, '}');
}

void explain_json(struct shown *s)
{
    static const char *const froms[] = { "", "capture", "trace" };
    bool whole = true;

    json_begin(s, NULL, '{');
    json_head(s);
    json_seen(s);
    json_text(s, "dialogue_from", froms[s->d->from]);
    json_text(s, "dialogue_said", s->d->said);
    json_begin(s, "dialogue", '[');
    if (s->d->from != EXPLAIN_NOTHING)
        whole = explain_lines(s->d->trace, s->x->protocol == PROTOCOL_IMAP, json_line, s);
    json_end(s, ']');
    json_name(s, "dialogue_damaged");
    fputs(whole ? "false" : "true", s->out);
    json_end(s, '}');
    putc('\n', s->out);
}
