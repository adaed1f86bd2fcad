/* IMAP: tagged commands and answers, literals, capabilities in three places. */
#include "dialogue/client_name.h"
#include "dialogue/dialogue.h"
#include "dialogue/mask.h"
#include "proto/imap.h"

/* Tags only have to be told apart within one session; FNV-1a is enough. 0 means no tag. */
static uint32_t tag_hash(struct span tag)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < tag.n; i++)
        h = (h ^ tag.p[i]) * 16777619u;
    return h ? h : 1;
}

enum { TAG_SHOWN = 64 };                /* open_command.flags, beside those of STARTTLS */

/* --- the client --- */

static void login_argument(struct dialogue *d)
{
    if (d->u.imap.arguments < UINT8_MAX)
        d->u.imap.arguments++;
    if (d->u.imap.arguments == 2)
        credential_sent(d, AUTH_COMMAND_LOGIN, MECHANISM_LOGIN);
}

/* Of a line of LOGIN too long to hold: its arguments, wherever it was cut. A literal counts when it is announced. */
enum { NO_LOGIN, BETWEEN, ATOM, QUOTED, ESCAPED };

static uint8_t behind(uint8_t within, uint8_t c)
{
    if (within == ESCAPED)
        return QUOTED;
    if (within == QUOTED)
        return c == '"' ? BETWEEN : c == '\\' ? ESCAPED : QUOTED;
    return c == ' ' ? BETWEEN : within == BETWEEN && c == '"' ? QUOTED : ATOM;
}

static void line_rest(struct dialogue *d, unsigned dir, struct span bytes)
{
    uint8_t within = d->u.imap.within;
    if (dir == TO_CLIENT || within == NO_LOGIN)
        return;
    for (size_t i = 0; i < bytes.n; within = behind(within, bytes.p[i++])) {
        uint8_t c = bytes.p[i];
        if (within == BETWEEN && c != ' ' && c != '{' && c != '\r' && c != '\n')
            login_argument(d);
        if (c == '"' ? within == BETWEEN || within == QUOTED : c == ' ' && within <= ATOM)
            show(d, span_first(span_skip(bytes, i), 1));
    }
    d->u.imap.within = within;
}

/* LOGIN SP userid SP password (RFC 9051 section 6.2.3); either may be a literal, so the line
 * may break behind each. */
static void login_arguments(struct dialogue *d, struct span args, bool cut)
{
    struct span arg;
    bool literal;
    if (cut) {
        d->u.imap.within = BETWEEN;
        line_rest(d, TO_SERVER, args);
        return;
    }
    for (const uint8_t *from = args.p; imap_argument(&args, &arg, &literal); from = arg.p + arg.n) {
        show_between(d, from, arg.p);
        if (literal)
            return;
        show_quotes(d, arg);
        login_argument(d);
    }
}

static void begin_literal(struct dialogue *d, const struct literal *l)
{
    d->u.imap.literal = *l;
    d->u.imap.literal_waits = l->waits && !d->hear_once;
    d->u.imap.continuing = true;
    if (d->u.imap.literal_waits) {
        d->waits = true;
        return;
    }
    if (l->n) {
        d->in[TO_SERVER].reader = READ_COUNTED;
        d->in[TO_SERVER].left = l->n;
    }
    if (d->u.imap.verb == IMAP_LOGIN && d->u.imap.arguments < UINT8_MAX && ++d->u.imap.arguments == 2)
        d->u.imap.literal_secret = l->n > 0;
}

static void literal(struct dialogue *d, unsigned dir, const struct literal *l)
{
    if (dir == TO_SERVER) {
        if (d->u.imap.verb == IMAP_LOGIN && d->u.imap.within == NO_LOGIN)
            d->u.imap.verb = IMAP_UNKNOWN;      /* of a line before */
        begin_literal(d, l);
    } else if (l->n) {
        d->in[TO_CLIENT].reader = READ_COUNTED;
        d->in[TO_CLIENT].left = l->n;
    }
}

/* The literal that was announced as the password of LOGIN was sent; a client may leave instead. */
static void secret_literal_sent(struct dialogue *d)
{
    if (d->u.imap.literal_secret)
        credential_sent(d, AUTH_COMMAND_LOGIN, MECHANISM_LOGIN);
    d->u.imap.literal_secret = false;
}

static void counted_done(struct dialogue *d, unsigned dir)
{
    if (dir == TO_CLIENT)
        d->u.imap.server_continuing = true;
    else
        secret_literal_sent(d);
}

static void push_tagged(struct dialogue *d, uint8_t verb, uint8_t flags, uint32_t tag)
{
    open_push(d, verb, flags)->tag = tag;
}

static void take_command(struct dialogue *d, const struct imap_command *c, bool cut)
{
    uint8_t flags = 0;
    struct span args = c->args;

    d->u.imap.tag = tag_hash(c->tag);
    d->u.imap.verb = (uint8_t)c->verb;
    d->u.imap.arguments = 0;
    if (c->verb != IMAP_UNKNOWN || mask_of(c->word, "STARTTLS") == MASK_KEYWORD) {
        show_between(d, c->tag.p, c->word.p);
        flags |= TAG_SHOWN;
    }
    trace_command(d, c->verb != IMAP_UNKNOWN, c->word, c->args,
                  c->verb == IMAP_AUTHENTICATE ? ARGUMENT_MECHANISM
                  : c->verb == IMAP_LOGIN ? ARGUMENT_SECRET : ARGUMENT_PLAIN);
    if (c->verb != IMAP_UNKNOWN)
        mail_on_this_port(d);
    if (imap_speaks_mail(c->verb))
        spoke_mail(d);
    if (c->verb == IMAP_CAPABILITY || c->verb == IMAP_ID)
        reach(d, STAGE_HELLO);
    if (c->verb == IMAP_ID && !cut && !d->s->client_name)
        d->s->client_name = (uint8_t)client_name_of_id(c->args);
    if (c->verb == IMAP_STARTTLS) {
        flags |= upgrade_flags(d, c->args.n > 0);
        upgrade_asked(d);
    } else if (c->verb == IMAP_AUTHENTICATE) {
        struct span mechanism = span_word(&args), initial = span_word(&args);
        if (initial.n)
            show_between(d, mechanism.p + mechanism.n, initial.p);
        if (mechanism.n) {
            sasl_begin(d, AUTH_COMMAND_AUTHENTICATE, mechanism, initial.n ? initial : (struct span){ NULL, 0 });
            d->waits = true;
        }
    } else if (c->verb == IMAP_LOGIN) {
        credential_tried(d, AUTH_COMMAND_LOGIN, MECHANISM_LOGIN);
        login_arguments(d, args, cut);
    } else if (!cut && c->verb == IMAP_UNKNOWN && mask_of(c->word, "STARTTLS") == MASK_KEYWORD) {
        evidence(d, EVIDENCE_MASKED_COMMAND, GRADE_LIKELY);
    }
    push_tagged(d, (uint8_t)c->verb, flags, d->u.imap.tag);
}

/* A line that begins with the literal whose go-ahead was lost, or not waited for, then the rest of the command. False:
 * all of it is the literal's, and more of that follows. */
static bool unseen_literal(struct dialogue *d, struct span *line)
{
    uint64_t n = d->u.imap.literal.n, used = d->now_end - d->now_begin;

    if (d->u.imap.verb == IMAP_LOGIN && d->u.imap.arguments < UINT8_MAX && ++d->u.imap.arguments == 2 && n)
        credential_sent(d, AUTH_COMMAND_LOGIN, MECHANISM_LOGIN);
    if (line->n >= n) {
        *line = span_skip(*line, (size_t)n);
        return true;
    }
    d->u.imap.continuing = true;
    if (used < n) {
        d->in[TO_SERVER].reader = READ_COUNTED;
        d->in[TO_SERVER].left = n - used;
    }
    return false;
}

static void client_line(struct dialogue *d, struct span line, bool cut)
{
    struct imap_command c;
    struct literal l;

    d->u.imap.within = NO_LOGIN;
    if (client_in_clear(d))
        return;
    if (d->sasl.asked || (d->sasl.active && d->hear_once && !imap_command_parse(line, &c))) {
        sasl_response(d, line);
        d->waits = true;
        return;
    }
    d->u.imap.literal_doubtful |= d->u.imap.literal_waits;      /* more came than can wait */
    d->u.imap.literal_waits = false;
    if (d->u.imap.literal_doubtful && imap_command_parse(line, &c) && c.verb != IMAP_UNKNOWN)
        d->u.imap.continuing = false;   /* it was refused */
    if (d->u.imap.continuing) {
        bool doubtful = d->u.imap.literal_doubtful;
        d->u.imap.continuing = d->u.imap.literal_doubtful = false;
        trace_rest(d, TO_SERVER, line);
        if (doubtful && !unseen_literal(d, &line))
            return;
        if (d->u.imap.verb == IMAP_LOGIN)
            login_arguments(d, line, cut);
    } else {
        d->u.imap.literal_doubtful = false;
        if (span_eq_nocase(line, "DONE") || !imap_command_parse(line, &c)) {
            sasl_unheard(d, line);
            return;                     /* the end of IDLE (RFC 2177), or an empty line */
        }
        d->sasl.active = d->sasl.refused = false;
        take_command(d, &c, cut);
    }
    if (!cut && literal_announced(line, &l)) {
        show_literal(d, line);
        begin_literal(d, &l);
    }
}

/* --- the server --- */

static void capability_words(struct dialogue *d, struct span words)
{
    struct span word;
    bool secret = true;

    const struct open_command *c = open_first(d);
    bool asked = c && c->verb == IMAP_CAPABILITY;
    if (d->midstream && !asked)         /* it may be the text of a message */
        return;
    list_begin(d);
    d->s->auth.list_seen = !d->midstream;
    while ((word = span_word(&words)).n) {
        if (span_eq_nocase(word, "STARTTLS"))
            list_offer(d);
        else if (span_eq_nocase(word, "LOGINDISABLED"))
            secret = false;
        else if (span_starts_nocase(word, "AUTH="))
            sasl_offer(d, span_skip(word, 5));
        list_word(d, word, "STARTTLS");
    }
    if (secret && !d->authenticated)
        fact(d, FACT_INVITED);          /* LOGIN may be used unless it is disabled (RFC 9051 6.2.3) */
    list_end(d, !d->in[TO_CLIENT].lost || asked);
}

static void take_capabilities(struct dialogue *d, const struct imap_answer *a, bool cut)
{
    struct span words = a->status == IMAP_NO_STATUS && a->kind == IMAP_UNTAGGED ? a->text : a->code;
    if (cut || !span_eq_nocase(span_word(&words), "CAPABILITY"))
        return;
    show(d, words);
    /* What is listed behind a login says nothing about what was offered before it. */
    if (!d->authenticated)
        capability_words(d, words);
}

static void referral(struct dialogue *d, const struct imap_answer *a)
{
    if (span_starts_nocase(a->code, "REFERRAL "))       /* RFC 2221, RFC 2193 */
        incident(d, INCIDENT_REFERRAL_BEFORE_TLS);
}

static void take_greeting(struct dialogue *d, const struct imap_answer *a)
{
    d->greeted = true;
    reach(d, STAGE_GREETING);
    mail_on_this_port(d);
    if (a->status == IMAP_OK)           /* the others may say who is logged in, and where he should go */
        show(d, a->code.n ? span_skip(a->text, a->code.n + 2) : a->text);
    if (a->status != IMAP_PREAUTH)
        return;
    d->authenticated = true;
    spoke_mail(d);
    if (!d->s->port_is_tls)
        incident(d, INCIDENT_PREAUTH);
}

static void untagged(struct dialogue *d, const struct imap_answer *a)
{
    bool greets = !d->greeted && (a->status == IMAP_OK || a->status == IMAP_PREAUTH || a->status == IMAP_BYE);
    if (greets && !d->midstream)
        take_greeting(d, a);
    if (a->status == IMAP_NO_STATUS && imap_is_mailbox_data(a->text)) {
        spoke_mail(d);
        if (imap_is_fetch(a->text))
            reach(d, STAGE_DONE);
    }
}

static void answer_to_starttls(struct dialogue *d, const struct imap_answer *a, uint8_t flags)
{
    d->waits = false;
    switch (a->status) {
    case IMAP_OK:
        d->s->starttls_reply = STARTTLS_REPLY_OK;
        upgrade_accepted(d);
        break;
    case IMAP_NO:
    case IMAP_BAD:
        d->s->starttls_reply = a->status == IMAP_NO ? STARTTLS_REPLY_NO : STARTTLS_REPLY_BAD;
        upgrade_refused(d, flags, REFUSED_FOR_GOOD);
        break;
    case IMAP_NO_STATUS:
    case IMAP_PREAUTH:
    case IMAP_BYE:
        break;
    }
}

/* How servers say that a login succeeded; for where its command was not seen. */
static bool reports_login(struct dialogue *d, const struct imap_answer *a)
{
    static const char *const texts[] = { "logged in", "login completed", "login ok", "authenticated",
                                         "authenticate completed", "authentication successful",
                                         "authentication completed", "login successful" };
    if (a->status != IMAP_OK)
        return false;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (span_find_nocase(a->text, texts[i]) >= 0) {
            show_text(d, a->text, texts[i]);
            return true;
        }
    return false;
}

/* Some clients use a tag twice: where an answer may have been lost, this one is the last command's. */
static struct open_command *command_of(struct dialogue *d, uint32_t tag)
{
    for (unsigned i = 0; i < d->open_n; i++) {
        struct open_command *c = open_at(d, d->in[TO_CLIENT].lost ? d->open_n - 1 - i : i);
        if (c->tag == tag)
            return c;
    }
    return NULL;
}

/* Answers may come in another order than the commands. */
static void forget_command(struct dialogue *d, struct open_command *c)
{
    c->tag = 0;
    c->verb = IMAP_UNKNOWN;
    while (open_first(d) && !open_first(d)->tag)
        open_pop(d);
}

static void tagged(struct dialogue *d, const struct imap_answer *a)
{
    struct open_command *found = command_of(d, tag_hash(a->tag)), c;

    if (!found) {
        if ((!d->in[TO_SERVER].begun || d->in[TO_SERVER].lost) && reports_login(d, a) && !has_fact(d, FACT_CREDENTIAL))
            login_without_command(d, AUTH_COMMAND_NONE);
        d->confirmed = d->confirmed || reports_login(d, a);
        if (d->in[TO_SERVER].lost && d->sasl.active && (a->status == IMAP_NO || a->status == IMAP_BAD))
            sasl_done(d, false);
        return;
    }
    c = *found;
    forget_command(d, found);
    if (c.flags & TAG_SHOWN)
        show(d, a->tag);
    d->confirmed = d->confirmed || c.verb != IMAP_UNKNOWN;
    if (d->u.imap.literal_waits && c.tag == d->u.imap.tag) {    /* instead of the go-ahead */
        d->u.imap.literal_waits = d->u.imap.continuing = false;
        d->waits = false;
    }
    if ((c.verb == IMAP_STARTTLS || c.verb == IMAP_UNKNOWN) && a->status == IMAP_BAD &&
        mask_is_echoed(a->text, "STARTTLS")) {
        show_echo(d, a->text, "STARTTLS");
        evidence(d, EVIDENCE_MASKED_COMMAND, GRADE_LIKELY);
    }
    if (c.verb == IMAP_STARTTLS) {
        answer_to_starttls(d, a, c.flags);
    } else if (c.verb == IMAP_AUTHENTICATE) {
        d->waits = false;
        /* Its mechanism may be what was lost. */
        if (a->status == IMAP_OK && !d->sasl.active && d->in[TO_SERVER].lost && !has_fact(d, FACT_CREDENTIAL))
            login_without_command(d, AUTH_COMMAND_AUTHENTICATE);
        sasl_done(d, a->status == IMAP_OK);
    } else if (c.verb == IMAP_LOGIN && a->status == IMAP_OK) {
        if (d->in[TO_SERVER].lost)
            credential_sent(d, AUTH_COMMAND_LOGIN, MECHANISM_LOGIN);
        d->authenticated = true;
    } else if ((c.verb == IMAP_FETCH || c.verb == IMAP_APPEND) && a->status == IMAP_OK) {
        reach(d, STAGE_DONE);
    }
}

static void continuation(struct dialogue *d)
{
    d->waits = false;
    if (d->u.imap.literal_waits) {
        struct literal l = d->u.imap.literal;
        l.waits = false;
        begin_literal(d, &l);
    } else if (d->sasl.active) {
        d->sasl.asked = true;
    }
}

static void trace_answer(struct dialogue *d, const struct imap_answer *a)
{
    static const uint8_t statuses[] = {
        [IMAP_OK] = TRACE_STATUS_OK, [IMAP_NO] = TRACE_STATUS_NO, [IMAP_BAD] = TRACE_STATUS_BAD,
        [IMAP_PREAUTH] = TRACE_STATUS_PREAUTH, [IMAP_BYE] = TRACE_STATUS_BYE,
    };
    unsigned form = a->kind == IMAP_TAGGED ? TRACE_TAGGED : TRACE_UNTAGGED;
    show_between(d, a->kind == IMAP_TAGGED ? a->tag.p + a->tag.n : a->tag.p, a->text.p);
    if (a->kind == IMAP_CONTINUE)
        trace_status(d, TRACE_STATUS_GO_ON, a->code, a->text);
    else if (a->status == IMAP_NO_STATUS)
        trace_data(d, a->text);
    else
        trace_status(d, statuses[a->status] | form, a->code, a->text);
}

static void server_line(struct dialogue *d, struct span line, bool cut)
{
    struct imap_answer a;
    struct literal l;
    bool behind_literal = d->u.imap.server_continuing;

    d->u.imap.server_continuing = false;
    if (server_in_clear(d))
        return;
    if (behind_literal)
        trace_rest(d, TO_CLIENT, line);
    if (!behind_literal && imap_answer_parse(line, &a)) {
        if (!cut && a.kind != IMAP_CONTINUE)
            referral(d, &a);
        trace_answer(d, &a);
        switch (a.kind) {
        case IMAP_CONTINUE:
            continuation(d);
            break;
        case IMAP_UNTAGGED:
            untagged(d, &a);
            take_capabilities(d, &a, cut);
            break;
        case IMAP_TAGGED:
            tagged(d, &a);
            take_capabilities(d, &a, cut);
            break;
        }
    }
    if (!cut && literal_announced(line, &l)) {
        show_literal(d, line);
        literal(d, TO_CLIENT, &l);
    }
}

static void body_done(struct dialogue *d, unsigned dir)
{
    (void)d;                            /* IMAP counts its literals, there are no dot lines */
    (void)dir;
}

static void lost(struct dialogue *d, unsigned dir)
{
    if (dir == TO_SERVER) {
        secret_literal_sent(d);         /* what was lost begins with it */
        d->u.imap.continuing = false;
        return;
    }
    d->u.imap.server_continuing = false;
    d->u.imap.literal_doubtful = d->u.imap.literal_waits;
    d->u.imap.literal_waits = false;
}

static bool is_answer(struct span line, struct span command)
{
    struct imap_answer a;
    struct imap_command c;
    if (!imap_answer_parse(line, &a))
        return false;
    if (a.kind != IMAP_TAGGED)
        return true;
    return imap_command_parse(command, &c) && c.tag.n == a.tag.n && memcmp(c.tag.p, a.tag.p, c.tag.n) == 0;
}

static bool is_command(struct span line)
{
    struct imap_command c;
    return imap_command_parse(line, &c) && c.verb != IMAP_UNKNOWN;
}

const struct dialect imap_dialect = {
    PROTOCOL_IMAP, client_line, server_line, counted_done, body_done, lost, is_answer, is_command, line_rest, literal,
};
