#include "dialogue/hello_names.h"

#include "dialogue/client_name.h"
#include "dialogue/server_names.h"

/* Of a name in EHLO, which a dot may end. Only whether two are the same will be asked. 0: there is none, or nobody asks. */
static uint64_t print_of(const struct dialogue *d, struct span name)
{
    uint8_t lower[256];
    if (name.n && name.p[name.n - 1] == '.')
        name.n--;
    if (!d->others->names || !name.n)
        return 0;
    size_t n = name.n < sizeof lower ? name.n : sizeof lower;
    for (size_t i = 0; i < n; i++)
        lower[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (uint8_t)(name.p[i] + 32) : name.p[i];
    return hash_bytes(d->others->names, lower, n) | 1;
}

void client_is_called(struct dialogue *d, struct span arg)
{
    struct span name = span_word(&arg);
    uint64_t print = print_of(d, name);
    enum client_name kind = client_name_of_hello(name);
    if (!d->s->client_name)
        d->s->client_name = (uint8_t)kind;
    d->u.smtp.unsure_name |= kind == CLIENT_NAME_MALFORMED;
    if (!print)
        return;
    d->u.smtp.unsure_name |= d->s->hello_name && d->s->hello_name != print;
    d->s->hello_name = print;
}

static struct span first_label(struct span name)
{
    size_t n = 0;
    while (n < name.n && name.p[n] != '.')
        n++;
    return span_first(name, n);
}

/* Of a client that gave one host name, and all that it said is known: not that name, or its label with a domain behind. Who
 * calls itself by anything else (an address, a name for its own network) may be answered by the name that the DNS has for
 * its address. */
static bool is_not_the_clients(const struct dialogue *d, struct span name)
{
    uint64_t said = d->s->hello_name;
    return !d->in[TO_SERVER].lost && said && !d->u.smtp.unsure_name && d->s->client_name == CLIENT_NAME_HOST &&
           print_of(d, name) != said && print_of(d, first_label(name)) != said;
}

/* An answer to EHLO may say the client's name instead of the server's, unless that is in the greeting, too. */
static bool is_own_name(const struct dialogue *d, struct span name)
{
    uint64_t print = print_of(d, name);
    return d->in[TO_SERVER].begun && ((print && (uint32_t)(print >> 32) == d->u.smtp.greeting_print) || is_not_the_clients(d, name));
}

static bool asked_for(const struct dialogue *d) { return d->others->servers && !d->midstream; }

static void met(struct dialogue *d, enum name_source source, struct span name)
{
    server_names_meet(d->others->servers, d->s, source, name, d->now_ns);
}

void server_answers_hello(struct dialogue *d, struct span name)
{
    if (d->in[TO_SERVER].begun)         /* else it may answer anything */
        server_is_mail(d);              /* first, as the greeting came first */
    if (asked_for(d) && !d->in[TO_CLIENT].lost && is_own_name(d, name))
        met(d, NAME_SOURCE_HELLO, name);
}

/* Others greet by 220, too: FTP does. */
static bool speaks_of_mail(struct span greeting)
{
    return span_find_nocase(greeting, "SMTP") >= 0 || span_find_nocase(greeting, "LMTP") >= 0;
}

/* ... and may speak of it, but not so: SMTP right behind the name, or ESMTP or LMTP as a word. */
static bool greets_as_mail(struct span behind)
{
    struct span word = span_word(&behind);
    if (span_eq_nocase(word, "SMTP"))
        return true;
    for (; word.n; word = span_word(&behind))
        if (span_eq_nocase(word, "ESMTP") || span_eq_nocase(word, "LMTP"))
            return true;
    return false;
}

/* Whoever it is may still turn out to be no mail server. */
void server_greets(struct dialogue *d, struct span text)
{
    struct span name = span_word(&text);
    d->u.smtp.greets_as_mail = greets_as_mail(text);
    d->u.smtp.greeting_print = (uint32_t)(print_of(d, name) >> 32);
    if (asked_for(d) && !d->in[TO_CLIENT].lost && speaks_of_mail(text) &&
        server_names_would_tell(d->others->servers, d->s, name, d->now_ns))
        names_set(d->names, d->pool, NAME_GREETING, name);
}

void server_is_mail(struct dialogue *d)
{
    struct span held = names_get(*d->names, NAME_GREETING);
    if (!held.n)
        return;
    if (!has_fact(d, FACT_NOT_MAIL))
        met(d, NAME_SOURCE_GREETING, held);
    names_set(d->names, d->pool, NAME_GREETING, span_first(held, 0));
}

void server_leaves(struct dialogue *d)
{
    bool smtp = d->dialect == &smtp_dialect || d->dialect == &lmtp_dialect;
    if (smtp && d->u.smtp.greets_as_mail)
        server_is_mail(d);
}
