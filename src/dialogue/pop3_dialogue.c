/* POP3: one answer for each command, some of them of many lines. */
#include "dialogue/dialogue.h"
#include "dialogue/mask.h"
#include "proto/pop3.h"

enum { POP3_AUTH_RESPONSE = POP3_VERB_N };
enum { HAS_ARGUMENT = 8 };              /* open_command.flags, beside those of STLS */

/* --- the client --- */

static void take_command(struct dialogue *d, const struct pop3_command *c, bool cut)
{
    struct span args = c->arg;
    uint8_t flags = c->arg.n ? HAS_ARGUMENT : 0;

    trace_command(d, c->verb != POP3_UNKNOWN, c->word, c->arg,
                  c->verb == POP3_AUTH ? ARGUMENT_MECHANISM
                  : c->verb == POP3_PASS || c->verb == POP3_APOP ? ARGUMENT_SECRET : ARGUMENT_PLAIN);
    if (c->verb != POP3_UNKNOWN)
        mail_on_this_port(d);
    if (pop3_speaks_mail(c->verb))
        spoke_mail(d);
    switch (c->verb) {
    case POP3_CAPA:
        reach(d, STAGE_HELLO);
        break;
    case POP3_STLS:
        flags |= upgrade_flags(d, c->arg.n > 0);
        upgrade_asked(d);
        break;
    case POP3_USER:
        credential_tried(d, AUTH_COMMAND_USER, MECHANISM_USER);
        break;
    case POP3_PASS:
        if (c->arg.n)
            credential_sent(d, AUTH_COMMAND_USER, MECHANISM_USER);
        break;
    case POP3_APOP:
        credential_sent(d, AUTH_COMMAND_APOP, MECHANISM_APOP);
        break;
    case POP3_AUTH:
        if (c->arg.n) {
            struct span mechanism = span_word(&args), initial = span_word(&args);
            if (initial.n)
                show_between(d, mechanism.p + mechanism.n, initial.p);
            sasl_begin(d, AUTH_COMMAND_AUTH, mechanism, initial.n ? initial : (struct span){ NULL, 0 });
            d->waits = true;
        }
        break;
    case POP3_UNKNOWN:
        if (!cut && !c->arg.n && mask_of(c->word, "STLS") == MASK_KEYWORD)
            evidence(d, EVIDENCE_MASKED_COMMAND, GRADE_LIKELY);
        break;
    case POP3_STAT: case POP3_LIST: case POP3_UIDL: case POP3_RETR: case POP3_TOP: case POP3_DELE: case POP3_LAST:
    case POP3_NOOP: case POP3_RSET: case POP3_QUIT: case POP3_UTF8: case POP3_LANG: case POP3_VERB_N:
        break;
    }
    open_push(d, (uint8_t)c->verb, flags);
}

static void client_line(struct dialogue *d, struct span line, bool cut)
{
    struct pop3_command c;

    if (client_in_clear(d))
        return;
    pop3_command_parse(line, &c);
    /* The answer that ended a login may be lost; what has blanks, or is this word, is no response in Base64. */
    if (d->in[TO_CLIENT].lost && ((c.verb != POP3_UNKNOWN && c.arg.n) || c.verb == POP3_QUIT))
        d->sasl.asked = false;
    if (d->sasl.asked || (d->sasl.active && d->hear_once && c.verb == POP3_UNKNOWN)) {
        sasl_response(d, line);
        open_push(d, POP3_AUTH_RESPONSE, 0);
        d->waits = true;
        return;
    }
    if (c.verb != POP3_UNKNOWN)
        d->sasl.active = d->sasl.refused = false;
    else
        sasl_unheard(d, line);
    take_command(d, &c, cut);
}

/* --- the server --- */

static void capa_line(struct dialogue *d, struct span line)
{
    struct span rest = line, word = span_word(&rest);

    if (span_eq_nocase(word, "STLS")) {
        list_offer(d);
    } else if (span_eq_nocase(word, "USER")) {
        d->u.pop3.user = true;
        d->s->auth.offered |= 1u << MECHANISM_USER;
        fact(d, FACT_INVITED);
    } else if (span_eq_nocase(word, "UIDL")) {
        d->u.pop3.uidl = true;
    } else if (span_eq_nocase(word, "SASL")) {
        d->u.pop3.sasl = true;
        trace_offer(d, word, false);
        while ((word = span_word(&rest)).n)
            sasl_offer(d, word);
        return;
    }
    list_word(d, word, "STLS");
}

/* Lines of CAPA, or of AUTH without an argument (RFC 1734), end with a dot. */
static void answer_line(struct dialogue *d, struct span line)
{
    bool capa = d->u.pop3.lines_of == POP3_CAPA;
    show(d, line);
    if (span_eq(line, ".")) {
        d->tracing.described = true;
        if (capa) {
            d->mask_weak = !(d->u.pop3.user && d->u.pop3.uidl && d->u.pop3.sasl);
            list_end(d, true);
        }
        d->u.pop3.lines_of = POP3_UNKNOWN;
    } else if (capa) {
        capa_line(d, line);
    } else {
        sasl_offer(d, line);
    }
}

static void begin_lines(struct dialogue *d, uint8_t verb)
{
    if (verb == POP3_CAPA || verb == POP3_AUTH) {
        d->u.pop3.lines_of = verb;
        d->s->auth.list_seen = true;
        if (verb == POP3_CAPA) {
            d->u.pop3.user = d->u.pop3.uidl = d->u.pop3.sasl = false;
            list_begin(d);
        }
        return;
    }
    d->in[TO_CLIENT].reader = READ_BODY;
    d->in[TO_CLIENT].body = (struct body){ 0 };
}

static void body_done(struct dialogue *d, unsigned dir)
{
    (void)d;
    (void)dir;
}

static void counted_done(struct dialogue *d, unsigned dir)
{
    (void)d;                            /* POP3 counts nothing */
    (void)dir;
}

static void answer_to_stls(struct dialogue *d, bool ok, uint8_t flags)
{
    d->waits = false;
    d->s->starttls_reply = ok ? STARTTLS_REPLY_OK : STARTTLS_REPLY_ERR;
    if (ok)
        upgrade_accepted(d);
    else
        upgrade_refused(d, flags, REFUSED_FOR_GOOD);
}

static void take_answer(struct dialogue *d, bool ok, const struct open_command *c)
{
    d->confirmed = d->confirmed || c->verb != POP3_UNKNOWN;
    switch (c->verb) {
    case POP3_STLS:
        answer_to_stls(d, ok, c->flags);
        break;
    case POP3_AUTH:
    case POP3_AUTH_RESPONSE:
        d->waits = false;
        if (c->verb == POP3_AUTH_RESPONSE || (c->flags & HAS_ARGUMENT))
            sasl_done(d, ok);
        break;
    case POP3_PASS:
    case POP3_APOP:
        if (ok)
            d->authenticated = true;
        break;
    case POP3_RETR:
        if (ok)
            handed_over(d);
        break;
    default:                            /* the other verbs' answers change nothing */
        break;
    }
    if (ok && c->verb < POP3_VERB_N && pop3_answers_lines((enum pop3_verb)c->verb, c->flags & HAS_ARGUMENT))
        begin_lines(d, c->verb);
}

/* How servers say that a login succeeded; for where its command was not seen. */
static bool reports_login(struct dialogue *d, struct span text)
{
    static const char *const texts[] = { "logged in", "maildrop has", "maildrop locked and ready", "mailbox locked and ready",
                                         "authentication successful", "successfully logged on", "login successful" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (span_find_nocase(text, texts[i]) >= 0) {
            show_text(d, text, texts[i]);
            return true;
        }
    return false;
}

/* Behind the verb its argument was lost, and the answer shows that there was one. */
static bool login_cut_off(struct dialogue *d, const struct open_command *c, struct span answer)
{
    if (c->flags & HAS_ARGUMENT)
        return false;
    return c->verb == POP3_PASS || (c->verb == POP3_AUTH && reports_login(d, answer));
}

static void take_greeting(struct dialogue *d)
{
    d->greeted = true;
    reach(d, STAGE_GREETING);
    mail_on_this_port(d);
}

/* RFC 2449 section 8. */
static struct span code_of(struct span text)
{
    const uint8_t *end = text.n && text.p[0] == '[' ? memchr(text.p, ']', text.n) : NULL;
    return end ? span_of(text.p + 1, (size_t)(end - text.p) - 1) : span_first(text, 0);
}

/* With its greeting lost, how FTP answers USER and PASS (RFC 959) still tells it from POP3. */
static bool answers_as_ftp(struct dialogue *d, struct span line)
{
    const struct open_command *c = open_first(d);
    if (d->greeted || d->confirmed || !c || (c->verb != POP3_USER && c->verb != POP3_PASS))
        return false;
    return span_starts(line, "331 ") || span_starts(line, "230 ") || span_starts(line, "530 ");
}

static void server_line(struct dialogue *d, struct span line, bool cut)
{
    struct pop3_answer a;

    if (server_in_clear(d))
        return;
    if (d->u.pop3.lines_of) {
        if (cut)
            d->list_now = false;
        answer_line(d, line);
        return;
    }
    if (!pop3_answer_parse(line, &a)) {
        if (answers_as_ftp(d, line))
            not_mail(d);
        return;
    }
    show_between(d, line.p, a.text.p);
    trace_status(d, a.status == POP3_OK ? TRACE_STATUS_POP_OK
                    : a.status == POP3_ERR ? TRACE_STATUS_POP_ERR : TRACE_STATUS_GO_ON, code_of(a.text), a.text);
    /* With the greeting lost, what answers a command is none. */
    if (!d->greeted && d->in[TO_CLIENT].lost && d->open_n)
        d->greeted = true;
    if (d->lost_reply)
        open_resync(d, 0);
    if (!d->greeted && !d->midstream) {
        show(d, line);
        take_greeting(d);
        return;
    }
    struct open_command *c = open_first(d), copy;
    if (a.status == POP3_CONTINUE) {
        d->waits = false;
        if (c && (c->verb == POP3_AUTH || c->verb == POP3_AUTH_RESPONSE)) {
            d->sasl.asked = d->sasl.active;
            open_pop(d);
        }
        return;
    }
    if (!c) {
        bool lost = !d->in[TO_SERVER].begun || d->in[TO_SERVER].lost;
        if (lost && a.status == POP3_ERR && d->sasl.active)
            sasl_done(d, false);
        if (lost && a.status == POP3_OK && !d->midstream && !has_fact(d, FACT_CREDENTIAL) && reports_login(d, a.text))
            login_without_command(d, AUTH_COMMAND_NONE);
        return;
    }
    copy = *c;
    open_pop(d);
    if (a.status == POP3_ERR && !cut && (copy.verb == POP3_STLS || (copy.verb == POP3_UNKNOWN && !copy.flags)) &&
        mask_is_echoed(a.text, "STLS")) {
        show_echo(d, a.text, "STLS");
        evidence(d, EVIDENCE_MASKED_COMMAND, GRADE_LIKELY);
    }
    if (a.status == POP3_OK && d->in[TO_SERVER].lost && login_cut_off(d, &copy, a.text) && !has_fact(d, FACT_CREDENTIAL)) {
        d->waits = false;
        if (copy.verb == POP3_AUTH) {
            login_without_command(d, AUTH_COMMAND_AUTH);
            return;
        }
        credential_sent(d, AUTH_COMMAND_USER, MECHANISM_USER);
    }
    take_answer(d, a.status == POP3_OK, &copy);
}

static void lost(struct dialogue *d, unsigned dir)
{
    if (dir == TO_CLIENT)
        d->u.pop3.lines_of = POP3_UNKNOWN;
}

static bool is_answer(struct span line, struct span command)
{
    struct pop3_answer a;
    (void)command;
    return pop3_answer_parse(line, &a);
}

static bool is_command(struct span line)
{
    struct pop3_command c;
    pop3_command_parse(line, &c);
    return c.verb != POP3_UNKNOWN;
}

const struct dialect pop3_dialect = {
    PROTOCOL_POP3, client_line, server_line, counted_done, body_done, lost, is_answer, is_command, NULL, NULL,
};
