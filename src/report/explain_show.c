#include "report/explain_show.h"

#include "report/reading.h"

#include <errno.h>

const struct word *explain_word_of(const char *kind, int64_t code)
{
    static const struct word unknown = { "unknown", "unknown to this version" };
    const struct word_list *l = vocabulary_of(kind);
    return code >= 0 && (uint64_t)code < l->n ? &l->word[code] : &unknown;
}

const char *explain_sentence_of(const char *kind, const char *text)
{
    const struct word_list *l = vocabulary_of(kind);
    size_t i = word_find(l, text);
    return i < l->n ? l->word[i].sentence : "unknown to this version";
}

static const struct rule *rule_named(const char *name)
{
    for (unsigned i = 0; i < verdict_rules_n; i++)
        if (strcmp(verdict_rules[i].name, name) == 0)
            return &verdict_rules[i];
    return NULL;
}

enum protocol explain_protocol_of(const struct explanation *x)
{
    return x->protocol >= 0 && x->protocol < PROTOCOL_N ? (enum protocol)x->protocol : PROTOCOL_UNKNOWN;
}

unsigned explain_grade_in(int64_t evidence, unsigned kind) { return (unsigned)((uint64_t)evidence >> 2 * kind & 3); }

void explain_rfcs_of_rule(const struct shown *s, char *out, size_t room)
{
    bool upgrades = s->rule->verdict == VERDICT_STARTTLS || s->rule->verdict == VERDICT_STRIPPED ||
                    (s->rule->verdict == VERDICT_TLS_FAILED && (s->x->facts & FACT_REQUESTED));
    const char *starttls = upgrades ? starttls_rfc(explain_protocol_of(s->x)) : "";
    snprintf(out, room, "%s%s%s", starttls, *starttls && *s->rule->rfc ? ", " : "", s->rule->rfc);
}

int explain_show(const struct explanation *x, const struct explain_dialogue *d, bool json, FILE *out,
                 char error[REPORT_ERROR])
{
    struct shown s = { .x = x, .d = d, .rule = rule_named(x->rule), .out = out };

    errno = 0;
    explain_when(d->from == EXPLAIN_NOTHING ? span_of(NULL, 0) : d->trace, &s.when);
    if (json)
        explain_json(&s);
    else
        explain_text(&s);
    return output_finish(out, error);
}
