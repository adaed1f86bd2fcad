#include "facts/vocabulary.h"

#include <string.h>

#define V(id, word, sentence) { word, sentence },
static const struct word verdicts[] = { VERDICTS(V) };
static const struct word protocols[] = { PROTOCOLS(V) };
static const struct word hops[] = { HOPS(V) };
static const struct word directions[] = { DIRECTIONS(V) };
static const struct word stages[] = { STAGES(V) };
static const struct word exposures[] = { EXPOSURES(V) };
static const struct word grades[] = { GRADES(V) };
static const struct word marks[] = { MARKS(V) };
static const struct word incidents[] = { INCIDENTS(V) };
static const struct word evidences[] = { EVIDENCES(V) };
static const struct word facts[] = { FACTS(V) };
static const struct word outcomes[] = { ATTEMPT_OUTCOMES(V) };
static const struct word auth_commands[] = { AUTH_COMMANDS(V) };
static const struct word starttls_replies[] = { STARTTLS_REPLIES(V) };
static const struct word name_sources[] = { NAME_SOURCES(V) };
static const struct word client_names[] = { CLIENT_NAMES(V) };
static const struct word tunnels[] = { TUNNELS(V) };
#undef V

#define LIST(kind, table) { kind, table, sizeof table / sizeof *table }
const struct word_list vocabulary[] = {
    LIST("verdict", verdicts),     LIST("protocol", protocols),
    LIST("hop", hops),             LIST("direction", directions),
    LIST("stage", stages),         LIST("exposure", exposures),
    LIST("grade", grades),         LIST("mark", marks),
    LIST("incident", incidents),   LIST("evidence", evidences),
    LIST("fact", facts),           LIST("outcome", outcomes),
    LIST("auth_command", auth_commands), LIST("starttls_reply", starttls_replies),
    LIST("tunnel", tunnels),       LIST("name_source", name_sources),
    LIST("client_name", client_names),
    { NULL, NULL, 0 },
};

const struct word_list *vocabulary_of(const char *kind)
{
    const struct word_list *l = vocabulary;
    while (l->kind && strcmp(l->kind, kind) != 0)
        l++;
    return l;
}

size_t word_find(const struct word_list *l, const char *word)
{
    size_t i = 0;
    while (i < l->n && !(l->word[i].word && strcmp(l->word[i].word, word) == 0))
        i++;
    return i;
}

const char *verdict_word(enum verdict v) { return verdicts[v].word; }

bool verdict_is_encrypted(enum verdict v) { return v == VERDICT_IMPLICIT_TLS || v == VERDICT_STARTTLS; }

bool verdict_is_decided(enum verdict v)
{
    return verdict_is_encrypted(v) || v == VERDICT_STRIPPED || v == VERDICT_CLEAR_AUTH || v == VERDICT_CLEAR;
}
const char *protocol_word(enum protocol p) { return protocols[p].word; }
const char *hop_word(enum hop h) { return hops[h].word; }
const char *tunnel_word(enum tunnel t) { return tunnels[t].word; }
