/* A session in one line, for people. */
#include "metamorphic.h"

static void show_bits(FILE *f, const char *title, uint32_t bits, const char *const *word, unsigned n)
{
    if (bits)
        fprintf(f, " %s=", title);
    for (unsigned i = 0, shown = 0; i < n; i++)
        if (bits >> i & 1)
            fprintf(f, "%s%s", shown++ ? "," : "", word[i]);
}

#define V(id, word, sentence) word,
static const char *const mark_words[] = { MARKS(V) };
static const char *const incident_words[] = { INCIDENTS(V) };
static const char *const fact_words[] = { FACTS(V) };
static const char *const evidence_words[] = { EVIDENCES(V) };
static const char *const stage_words[] = { STAGES(V) };
static const char *const exposure_words[] = { EXPOSURES(V) };
static const char *const grade_words[] = { GRADES(V) };
#undef V

void show_session(FILE *f, const struct session *s, const struct judgement *j)
{
    char a[ADDRESS_TEXT];
    address_text(s->client.addr, a);
    fprintf(f, "%s (%s) %s:%u>%u %s %s", verdict_word(j->verdict), verdict_rules[j->rule].name, a,
            s->client.port, s->server.port, protocol_word((enum protocol)s->protocol), stage_words[s->stage]);
    show_bits(f, "facts", s->facts, fact_words, FACT_N);
    for (unsigned i = 0; i < EVIDENCE_N; i++) {
        enum grade grade = evidence_grade(s->evidence, (enum evidence)i);
        if (grade)
            fprintf(f, " %s:%s", evidence_words[i], grade_words[grade]);
    }
    show_bits(f, "incidents", s->incidents, incident_words, INCIDENT_N);
    show_bits(f, "marks", s->marks, mark_words, MARK_N);
    if (s->auth.exposure)
        fprintf(f, " exposure=%s mechanism=%u command=%u", exposure_words[s->auth.exposure],
                s->auth.mechanism, s->auth.command);
    if (s->auth.list_seen)
        fprintf(f, " offered=%x", s->auth.offered);
    if (s->starttls_reply)
        fprintf(f, " reply=%u/%u", s->starttls_reply, s->starttls_code);
    if (s->tls.version || s->tls.client_max)
        fprintf(f, " tls=%x/%x/%x/%x%s", s->tls.version, s->tls.client_max, s->tls.cipher, s->tls.group,
                s->tls.resumed ? " resumed" : "");
    fprintf(f, " messages=%u bytes=%llu/%llu\n", s->messages_clear, (unsigned long long)s->bytes[0],
            (unsigned long long)s->bytes[1]);
}
