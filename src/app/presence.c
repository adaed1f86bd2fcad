#include "app/presence.h"

#include <string.h>
#include <unistd.h>

#include "base/threads.h"

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

static void say_begin(const struct sensor *s)
{
    char names[NAMES];
    names_of(s, names);
    if (s->from_stdin)
        sensor_say("reads %s and stores in %s", names, s->db);
    else if (s->filter && !s->all_ports)
        sensor_say("listens on %s by the filter '%s' and stores in %s", names, s->filter, s->db);
    else
        sensor_say("listens on %s for %s and stores in %s", names, s->all_ports ? "mail on any port" : "mail ports", s->db);
}

static void say_silence(const struct sensor *s)
{
    char names[NAMES];
    names_of(s, names);
    if (s->from_stdin)
        sensor_say("nothing has come from standard input for %d seconds; tcpdump has to write without delay: tcpdump -U -w -", PATIENCE_S);
    else
        sensor_say("no packet %s has come from %s for %d seconds; 'mailseal doctor --interface %s' says what arrives there",
                   s->all_ports ? "at all" : s->filter ? "that the filter passes" : "of a mail port", names, PATIENCE_S, s->link[0]);
}

void presence_look(struct presence *p, const struct sensor *s)
{
    if (p->silent || p->seen)
        return;
    if (!p->ready && atomic_load(&s->parser->beats) && atomic_load(&s->writer->beats)) {
        p->ready = true;
        p->ready_ns = wall_clock_ns();
        say_begin(s);
    }
    if (p->ready && atomic_load(&s->parser->packets)) {
        p->seen = true;
        sensor_say("the first packets have come");
    } else if (p->ready && !p->missed && wall_clock_ns() - p->ready_ns > PATIENCE_S * second_ns) {
        p->missed = true;
        say_silence(s);
    }
}
