/* Authentication in clear: what was tried, and from which message on a listener can log in or
 * guess (doc/measurement.md section 4). Responses are looked at where they lie, and what stays
 * of them is a count. */
#include "dialogue/dialogue.h"

/* Of those offered by name, from 0 on; empty: there are not so many. */
static struct span nth_offered(const struct dialogue *d, unsigned nth)
{
    struct span rest = names_get(*d->names, NAME_OTHERS), word;
    do
        word = span_word(&rest);
    while (word.n && nth--);
    return word;
}

/* False: it was not offered by name. */
static bool find_offered(const struct dialogue *d, struct span name, uint8_t *nth)
{
    struct span rest = names_get(*d->names, NAME_OTHERS), word;
    for (*nth = 0; (word = span_word(&rest)).n; ++*nth)
        if (word.n == name.n && strncasecmp((const char *)word.p, (const char *)name.p, name.n) == 0)
            return true;
    return false;
}

/* A mechanism that has no name but that by which it was offered. */
static void note_name(struct dialogue *d, bool named)
{
    uint8_t copy[MECHANISM_TEXT];       /* the block it lies in may move */
    struct span name = named ? nth_offered(d, d->sasl.nth) : (struct span){ NULL, 0 };
    if (!*d->names || name.n > sizeof copy)
        return;
    if (name.n)
        memcpy(copy, name.p, name.n);
    names_set(d->names, d->pool, NAME_MECHANISM, span_of(copy, name.n));
}

/* The highest exposure stays, then the last mechanism that had it. */
static void note_exposure(struct dialogue *d, enum auth_command command, enum mechanism mechanism,
                          enum exposure exposure)
{
    struct auth_seen *a = &d->s->auth;
    if (a->exposure > EXPOSURE_NONE && a->exposure > (uint8_t)exposure)
        return;
    a->exposure = (uint8_t)(exposure > EXPOSURE_NONE ? exposure : EXPOSURE_NONE);
    a->command = (uint8_t)command;
    a->mechanism = (uint8_t)mechanism;
    note_name(d, mechanism == MECHANISM_NAMED);
}

void credential_tried(struct dialogue *d, enum auth_command command, enum mechanism mechanism)
{
    fact(d, FACT_AUTH_TRIED | FACT_MAIL);
    reach(d, STAGE_AUTH);
    if (d->s->auth.exposure <= EXPOSURE_NONE)
        note_exposure(d, command, mechanism, EXPOSURE_NONE);
}

void credential_sent(struct dialogue *d, enum auth_command command, enum mechanism mechanism)
{
    credential_tried(d, command, mechanism);
    if (mechanisms[mechanism].exposure <= EXPOSURE_NONE)
        return;
    fact(d, FACT_CREDENTIAL | FACT_EXPOSED);
    note_exposure(d, command, mechanism, mechanisms[mechanism].exposure);
}

static void offer_by_name(struct dialogue *d, struct span name)
{
    uint8_t upper[MECHANISM_TEXT];
    for (size_t i = 0; i < name.n; i++)
        upper[i] = ascii_upper(name.p[i]);
    names_add(d->names, d->pool, NAME_OTHERS, span_of(upper, name.n));
}

void sasl_offer(struct dialogue *d, struct span name)
{
    struct auth_seen *a = &d->s->auth;
    enum mechanism m = mechanism_find(name);
    uint8_t nth;

    a->list_seen = true;
    trace_mechanism(d, TO_CLIENT, m, name);
    if (m != MECHANISM_UNKNOWN) {
        a->offered |= 1u << m;
        if (mechanisms[m].exposure == EXPOSURE_SECRET)
            fact(d, FACT_INVITED);
    } else if (mechanism_name_valid(name) && !find_offered(d, name, &nth)) {
        offer_by_name(d, name);
    }
}

static bool decodes_to_ntlm_type_3(struct span response)
{
    /* Base64 of "NTLMSSP", a zero byte and the little-endian type 3. */
    return span_starts(response, "TlRMTVNTUAAD");
}

static bool is_credential(const struct sasl *s, struct span response)
{
    unsigned nth = mechanisms[s->mechanism].response;
    if (!nth || !response.n)
        return false;
    if (s->mechanism == MECHANISM_NTLM)
        return decodes_to_ntlm_type_3(response);
    return s->responses >= nth;
}

static void take_response(struct dialogue *d, struct span response)
{
    struct sasl *s = &d->sasl;
    if (span_eq(response, "="))         /* an empty one, RFC 4954 section 4 */
        response = span_first(response, 0);
    if (response.n && s->responses < UINT8_MAX)
        s->responses++;
    if (!s->sent && is_credential(s, response)) {
        s->sent = true;
        credential_sent(d, (enum auth_command)s->command, (enum mechanism)s->mechanism);
    }
}

void sasl_begin(struct dialogue *d, enum auth_command command, struct span name, struct span initial)
{
    struct sasl *s = &d->sasl;
    if (name.n > 2 && name.p[0] == '"' && name.p[name.n - 1] == '"')   /* no atom, and servers take it */
        name = span_of(name.p + 1, name.n - 2);
    enum mechanism m = mechanism_find(name);

    *s = (struct sasl){ .command = (uint8_t)command, .mechanism = (uint8_t)m, .active = true };
    if (m == MECHANISM_UNKNOWN && mechanism_name_valid(name) && find_offered(d, name, &s->nth))
        s->mechanism = MECHANISM_NAMED;
    trace_mechanism(d, TO_SERVER, s->mechanism, name);
    trace_initial(d, initial);
    fact(d, FACT_AUTH_TRIED | FACT_MAIL);
    reach(d, STAGE_AUTH);
    if (d->s->auth.exposure <= EXPOSURE_NONE)
        note_exposure(d, command, (enum mechanism)s->mechanism, EXPOSURE_NONE);
    if (initial.p)
        take_response(d, initial);
}

void sasl_response(struct dialogue *d, struct span line)
{
    d->sasl.asked = false;
    trace_response(d, line);
    /* Cancelled; perhaps cut off before the line's end, and of ManageSieve behind its quote. */
    if (span_starts(line, "*") || span_starts(line, "\"*") || span_eq(line, "\""))
        d->sasl.active = false;
    else
        take_response(d, line);
}

/* RFC 4648 section 4. */
static bool is_base64(struct span s)
{
    size_t n = s.n;
    while (n && s.n - n < 2 && s.p[n - 1] == '=')
        n--;
    for (size_t i = 0; i < n; i++)
        if (!(ascii_upper(s.p[i]) >= 'A' && ascii_upper(s.p[i]) <= 'Z') && !ascii_digit(s.p[i]) && s.p[i] != '+' && s.p[i] != '/')
            return false;
    return n && s.n % 4 == 0;
}

static unsigned base64_value(uint8_t c)
{
    return c >= 'a' ? c - 'a' + 26u : c >= 'A' ? c - 'A' + 0u : c >= '0' ? c - '0' + 52u : c == '+' ? 62 : c == '/' ? 63 : 0;
}

/* Of valid Base64 without its padding: whether it stands for UTF-8 without control characters other than `allowed`, of
 * which *n is how many there are. */
static bool stands_for_text(struct span s, uint8_t allowed, size_t *n)
{
    unsigned bits = 0, held = 0, more = 0;
    *n = 0;
    for (size_t i = 0; i < s.n; i++) {
        held = (held << 6 | base64_value(s.p[i])) & 0xffff;
        if ((bits += 6) < 8)
            continue;
        uint8_t c = (uint8_t)(held >> (bits -= 8));
        bool follows = c >= 0x80 && c < 0xc0;
        if (follows != (more > 0) || c == 0xc0 || c == 0xc1 || c > 0xf4 || c == 0x7f || (c < ' ' && c != allowed))
            return false;
        more = follows ? more - 1 : c < 0xc0 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
        *n += c == allowed;
    }
    return !more;
}

/* Whether it has the form that a client's response has by this mechanism. */
static bool has_form_of(enum mechanism m, struct span s)
{
    uint8_t allowed = m == MECHANISM_PLAIN || m == MECHANISM_SECURID ? 0 : m == MECHANISM_XOAUTH2 || m == MECHANISM_OAUTHBEARER ? 1 : '\t';
    size_t n;
    bool text = stands_for_text(s, allowed, &n);
    return text && (n || allowed == '\t');
}

/* As captures that are kept as evidence have it in its place. */
static bool is_blanked(struct span s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] == 'x')
        n++;
    return n == s.n;
}

/* Valid Base64 that nobody has asked for: the response of a client that does not wait, or its next command, which the
 * same letters can be. No command is longer than the name of a mechanism or has a sign in it, and its letters hardly
 * stand for what a response is made of; but as few as these may by chance, where any text will do. */
enum { BY_CHANCE = 4 };

static bool is_response(enum mechanism m, struct span s)
{
    size_t n = s.n;
    while (s.p[n - 1] == '=')
        n--;
    if (is_blanked(s) || n < s.n || n >= MECHANISM_TEXT || memchr(s.p, '+', n) || memchr(s.p, '/', n))
        return true;
    bool named = m != MECHANISM_UNKNOWN && m != MECHANISM_NAMED;
    return has_form_of(m, s) && (named || n > BY_CHANCE);
}

void sasl_unheard(struct dialogue *d, struct span line)
{
    struct sasl *s = &d->sasl;
    bool unheard = s->refused && d->now_has_ack && (int32_t)(d->now_ack - d->refused_end) < 0;
    if (unheard && is_base64(line) && is_response((enum mechanism)s->mechanism, line))
        take_response(d, line);
}

void sasl_done(struct dialogue *d, bool success)
{
    struct sasl *s = &d->sasl;
    /* A success shows that the response was sent, where the capture did not see it. */
    bool unseen = d->in[TO_SERVER].lost || !d->in[TO_SERVER].begun;
    if (success && unseen && s->active && !s->sent && s->mechanism == MECHANISM_UNKNOWN)
        login_without_command(d, (enum auth_command)s->command);
    else if (success && unseen && s->active && !s->sent)
        credential_sent(d, (enum auth_command)s->command, (enum mechanism)s->mechanism);
    if (success)
        d->authenticated = true;
    s->refused = s->active && !success;
    d->refused_end = d->now_end;
    s->active = s->asked = false;
}

/* Unless all mechanisms offered expose nothing (section 2, one direction only). */
void login_without_command(struct dialogue *d, enum auth_command command)
{
    struct auth_seen *a = &d->s->auth;
    bool harmless = a->offered != 0 && !names_get(*d->names, NAME_OTHERS).n;

    for (unsigned m = 0; m < MECHANISM_N; m++)
        if ((a->offered >> m & 1) && mechanisms[m].exposure != EXPOSURE_NONE)
            harmless = false;
    fact(d, FACT_AUTH_TRIED | FACT_MAIL);
    reach(d, STAGE_AUTH);
    d->authenticated = true;
    if (harmless) {
        note_exposure(d, command, MECHANISM_UNKNOWN, EXPOSURE_NONE);
        return;
    }
    fact(d, FACT_CREDENTIAL | FACT_EXPOSED);
    note_exposure(d, command, MECHANISM_UNKNOWN, EXPOSURE_SECRET);
}
