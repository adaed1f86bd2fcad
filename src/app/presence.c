#include "app/presence.h"

#include <stdio.h>
#include <unistd.h>

enum { PATIENCE_S = 30, NAMES = STORE_LINKS * (IF_NAMESIZE + 2) };
static const uint64_t second_ns = 1000000000;

/* Who pipes a capture into it in a script is not told; at a terminal somebody waits for a sign. */
void presence_begin(struct presence *p, const struct sensor *s)
{
    *p = (struct presence){ .silent = s->from_stdin && !isatty(STDERR_FILENO) };
}

static void names_of(const struct sensor *s, char out[NAMES])
{
    size_t n = 0;
    *out = 0;
    for (unsigned i = 0; i < s->nlinks && n < NAMES; i++)
        n += (size_t)snprintf(out + n, NAMES - n, "%s%s", i ? ", " : "", s->from_stdin ? "standard input" : s->link[i]);
}

static const char *begin_line(const struct sensor *s, char out[PRESENCE_LINE])
{
    char names[NAMES];
    names_of(s, names);
    if (s->from_stdin)
        snprintf(out, PRESENCE_LINE, "reads %s and stores in %s", names, s->db);
    else if (s->filter && !s->all_ports)
        snprintf(out, PRESENCE_LINE, "listens on %s by the filter '%s' and stores in %s", names, s->filter, s->db);
    else
        snprintf(out, PRESENCE_LINE, "listens on %s for %s and stores in %s", names, s->all_ports ? "mail on any port" : "mail ports", s->db);
    return out;
}

static const char *silence_line(const struct sensor *s, char out[PRESENCE_LINE])
{
    char names[NAMES];
    names_of(s, names);
    if (s->from_stdin)
        snprintf(out, PRESENCE_LINE, "nothing has come from standard input for %d seconds; tcpdump has to write without delay: tcpdump -U -w -", PATIENCE_S);
    else
        snprintf(out, PRESENCE_LINE, "no packet %s has come from %s for %d seconds; 'mailseal doctor --interface %s' says what arrives there",
                 s->all_ports ? "at all" : s->filter ? "that the filter passes" : "of a mail port", names, PATIENCE_S, s->link[0]);
    return out;
}

const char *presence_look(struct presence *p, const struct sensor *s, uint64_t now_ns)
{
    if (p->silent || p->seen)
        return NULL;
    if (!p->ready && atomic_load(&s->parser->beats) && atomic_load(&s->writer->beats)) {
        p->ready = true;
        p->ready_ns = now_ns;
        return begin_line(s, p->line);
    }
    if (p->ready && atomic_load(&s->parser->packets)) {
        p->seen = true;
        return "the first packets have come";
    }
    if (!p->ready || p->missed || now_ns - p->ready_ns <= PATIENCE_S * second_ns)
        return NULL;
    p->missed = true;
    return silence_line(s, p->line);
}
