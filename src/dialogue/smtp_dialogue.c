/* SMTP and LMTP: which command an answer belongs to, and what the pair says. */
#include "dialogue/dialogue.h"
#include "dialogue/mask.h"
#include "dialogue/hello_names.h"
#include "proto/smtp.h"

/* Verbs of open commands beyond those on the wire. */
enum { SMTP_AUTH_RESPONSE = SMTP_VERB_N, SMTP_BODY, SMTP_BDAT_LAST };

/* open_command.flags, beside those of STARTTLS; OTHER_WORD: by X-ANONYMOUSTLS. BEHIND_353: each recipient of PRDR, of whose
 * answers those that refuse are the tag. */
enum { IS_USER = 8, HAS_ARGUMENT = 16, EACH_RECIPIENT = 32, OTHER_WORD = 64, BEHIND_353 = 128 };

/* --- the client --- */

/* Its number, and LAST: what else stands there is not for others. */
static struct span bdat_words(struct span arg)
{
    struct span rest = arg;
    uint64_t n;
    bool last;
    if (!smtp_bdat_parse(arg, &n, &last))
        return span_first(arg, 0);
    span_word(&rest);
    if (last)
        span_word(&rest);
    return span_first(arg, arg.n - rest.n);
}

static void begin_bdat(struct dialogue *d, struct span arg, bool cut)
{
    uint64_t n;
    bool last;
    show(d, cut ? span_first(arg, 0) : bdat_words(arg));
    if (cut || !smtp_bdat_parse(arg, &n, &last)) {
        open_push(d, SMTP_BDAT, 0);
        return;
    }
    d->u.smtp.last_chunk = last;
    if (!n) {
        open_push(d, last ? SMTP_BDAT_LAST : SMTP_BDAT, 0);
        return;
    }
    d->in[TO_SERVER].reader = READ_COUNTED;
    d->in[TO_SERVER].left = n;
}

/* Its bytes come when the server says so, and are answered like a chunk; until then their number is the tag. */
static void begin_xexch50(struct dialogue *d, struct span arg, bool cut)
{
    uint64_t n;
    bool last;
    bool counts = !cut && smtp_bdat_parse(arg, &n, &last) && n <= UINT32_MAX;
    open_push(d, SMTP_XEXCH50, 0)->tag = counts ? (uint32_t)n : 0;
    d->waits = true;
}

static void xexch50_follows(struct dialogue *d, uint32_t n)
{
    if (!n || d->in[TO_SERVER].reader != READ_LINES)
        return;
    d->u.smtp.last_chunk = false;
    d->in[TO_SERVER].reader = READ_COUNTED;
    d->in[TO_SERVER].left = n;
}

static void counted_done(struct dialogue *d, unsigned dir)
{
    if (dir == TO_SERVER)
        open_push(d, d->u.smtp.last_chunk ? SMTP_BDAT_LAST : SMTP_BDAT, 0);
}

/* AUTH of FTP (RFC 4217 section 4), before anything that is SMTP's own; no SASL mechanism has these names. */
static bool is_ftp_auth(const struct dialogue *d, struct span mechanism)
{
    static const char *const names[] = { "TLS", "SSL", "TLS-C", "TLS-P" };
    bool unknown = d->s->stage < STAGE_HELLO && !d->confirmed;
    for (size_t i = 0; unknown && i < sizeof names / sizeof *names; i++)
        if (span_eq_nocase(mechanism, names[i]))
            return true;
    return false;
}

static void begin_auth(struct dialogue *d, struct span arg)
{
    struct span mechanism = span_word(&arg), initial = span_word(&arg);
    if (!initial.n && is_ftp_auth(d, mechanism)) {
        not_mail(d);
        return;
    }
    if (initial.n)
        show_between(d, mechanism.p + mechanism.n, initial.p);
    open_push(d, SMTP_AUTH, 0);
    if (!mechanism.n)
        return;
    sasl_begin(d, AUTH_COMMAND_AUTH, mechanism, initial.n ? initial : (struct span){ NULL, 0 });
    d->waits = true;
}

static bool is_hello(uint8_t verb) { return verb == SMTP_EHLO || verb == SMTP_HELO || verb == SMTP_LHLO; }

static void take_command(struct dialogue *d, const struct smtp_command *c, bool cut)
{
    /* A news server (RFC 3977 section 5.1), which has a STARTTLS of its own; an odd SMTP server is said hello to, or
     * given mail at once. */
    if (d->u.smtp.news_greeting && d->s->stage < STAGE_HELLO && !is_hello(c->verb) && !smtp_speaks_mail(c->verb) &&
        !d->in[TO_SERVER].lost) {
        not_mail(d);
        return;
    }
    trace_command(d, c->verb != SMTP_UNKNOWN, c->word, c->arg,
                  c->verb == SMTP_AUTH ? ARGUMENT_MECHANISM : ARGUMENT_PLAIN);
    if (!d->open_n)                     /* no answer is under way, so the next one comes from its beginning */
        d->u.smtp.partial = false;
    if (smtp_speaks_mail(c->verb))
        spoke_mail(d);
    if (c->verb == SMTP_MAIL || c->verb == SMTP_RCPT)
        d->u.smtp.mail_said = true;
    switch (c->verb) {
    case SMTP_EHLO:
    case SMTP_LHLO:
    case SMTP_HELO:
        reach(d, STAGE_HELLO);
        if (c->verb == SMTP_LHLO && d->s->server.port != 25)
            d->dialect = &lmtp_dialect;
        client_is_called(d, c->arg);
        if (c->verb == SMTP_HELO && d->u.smtp.hello_refused)
            fact(d, FACT_HELO_INSTEAD);
        if (c->verb == SMTP_HELO && d->u.smtp.hello_refused && d->u.smtp.esmtp)
            evidence(d, EVIDENCE_HELLO_REFUSED, GRADE_POSSIBLE);
        open_push(d, (uint8_t)c->verb, 0);
        break;
    case SMTP_STARTTLS: {
        /* X-ANONYMOUSTLS has an offer of its own, which is not looked at: it may be missing, and refused. */
        bool other = !span_eq_nocase(c->word, "STARTTLS");
        uint8_t flags = other ? OTHER_WORD : upgrade_flags(d, c->arg.n > 0);
        upgrade_asked(d);
        open_push(d, SMTP_STARTTLS, flags);
        break;
    }
    case SMTP_AUTH:
        begin_auth(d, c->arg);
        break;
    case SMTP_BDAT:
        begin_bdat(d, c->arg, cut);
        break;
    case SMTP_DATA:
        open_push(d, SMTP_DATA, 0);
        d->waits = true;
        break;
    case SMTP_XEXCH50:
        begin_xexch50(d, c->arg, cut);
        break;
    case SMTP_UNKNOWN:
        if (span_eq_nocase(c->word, "USER"))
            show_command(d, c->word, c->arg, false);
        if (!cut && mask_of(c->word, "STARTTLS") == MASK_KEYWORD && !c->arg.n)
            evidence(d, EVIDENCE_MASKED_COMMAND, GRADE_LIKELY);
        open_push(d, SMTP_UNKNOWN, (uint8_t)((span_eq_nocase(c->word, "USER") ? IS_USER : 0) |
                                             (c->arg.n ? HAS_ARGUMENT : 0)));
        break;
    case SMTP_MAIL: case SMTP_RCPT: case SMTP_VRFY: case SMTP_EXPN: case SMTP_ETRN: case SMTP_RSET: case SMTP_NOOP:
    case SMTP_HELP: case SMTP_QUIT: case SMTP_XCLIENT: case SMTP_XFORWARD: case SMTP_TURN: case SMTP_SEND:
    case SMTP_SOML: case SMTP_SAML:
        open_push(d, (uint8_t)c->verb, 0);
        break;
    case SMTP_VERB_N:
        break;
    }
}

static void client_line(struct dialogue *d, struct span line, bool cut)
{
    struct smtp_command c;

    if (client_in_clear(d))
        return;
    smtp_command_parse(line, &c);
    /* With the answer to AUTH lost, or none ever seen, a line that is no command is a response. */
    /* The answer that ended a login may be lost; what has blanks, or is this word, is no response in Base64. */
    if (d->in[TO_CLIENT].lost && ((c.verb != SMTP_UNKNOWN && c.arg.n) || c.verb == SMTP_QUIT))
        d->sasl.asked = false;
    if (d->sasl.asked || (d->sasl.active && c.verb == SMTP_UNKNOWN && (d->hear_once || d->lost_reply))) {
        sasl_response(d, line);
        open_push(d, SMTP_AUTH_RESPONSE, 0);
        d->waits = true;
        return;
    }
    if (c.verb != SMTP_UNKNOWN) {
        mail_on_this_port(d);
        d->sasl.active = d->sasl.refused = false;
    } else {
        sasl_unheard(d, line);
    }
    take_command(d, &c, cut);
    if (c.verb == SMTP_DATA && d->hear_once) {
        d->in[TO_SERVER].reader = READ_BODY;
        d->in[TO_SERVER].body = (struct body){ 0 };
    }
}

static void body_done(struct dialogue *d, unsigned dir)
{
    d->u.smtp.mail_said = false;
    if (dir == TO_SERVER)
        open_push(d, SMTP_BODY, 0);
}

/* --- the server --- */

static void remember_word(struct dialogue *d, struct span text)
{
    if (!d->order && (d->order = pool_get(d->pool, sizeof *d->order)))
        *d->order = (struct word_order){ 0 };
    if (d->order)
        order_add(d->order, text);
    else
        d->mask_weak = true;            /* a mask may hide anything where the words around it are not known */
}

/* With "=" it is the form of old Outlooks and Exchanges; X-EXPS is AUTH among Exchanges. */
static void offer_mechanisms(struct dialogue *d, struct span word, struct span rest)
{
    static const char *const keywords[] = { "AUTH", "X-EXPS" };
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        size_t n = strlen(keywords[i]);
        bool equals = word.n > n && word.p[n] == '=';
        if (!span_starts_nocase(word, keywords[i]) || (word.n > n && !equals))
            continue;
        if (equals)
            sasl_offer(d, span_skip(word, n + 1));
        for (struct span name; (name = span_word(&rest)).n;)
            sasl_offer(d, name);
    }
}

static void list_line(struct dialogue *d, struct span text)
{
    struct span rest = text, word = span_word(&rest);
    show(d, text);
    if (span_eq_nocase(word, "STARTTLS"))
        list_offer(d);
    list_word(d, word, "STARTTLS");
    remember_word(d, text);
    offer_mechanisms(d, word, rest);
}

static bool is_list_reply(const struct dialogue *d, const struct smtp_reply_line *r, const struct open_command *c)
{
    if (r->code != 250)
        return false;
    if (c)
        return c->verb == SMTP_EHLO || c->verb == SMTP_LHLO;
    /* Only the server is heard: the first answer of several lines is the one to EHLO. */
    return d->greeted && !d->in[TO_SERVER].begun && !r->last && !has_fact(d, FACT_LIST_WHOLE);
}

/* By the time that the command reached the server it was masked: Postfix and others quote it. */
static bool echoes_mask(struct dialogue *d, const struct smtp_reply_line *r)
{
    const struct open_command *c = open_first(d);
    if (r->code < 500 || !c || (c->verb != SMTP_STARTTLS && (c->verb != SMTP_UNKNOWN || (c->flags & HAS_ARGUMENT))))
        return false;
    return mask_is_echoed(r->text, "STARTTLS");
}

static void take_greeting(struct dialogue *d, const struct smtp_reply_line *r)
{
    d->greeted = d->greeting_seen = true;
    reach(d, STAGE_GREETING);
    d->u.smtp.news_greeting = r->code == 200 || r->code == 201;
    if (r->code == 220 && d->u.smtp.masked_greeting && !d->u.smtp.plain_greeting)
        evidence(d, EVIDENCE_MASKED_GREETING, GRADE_POSSIBLE);
}

static void greeting_line(struct dialogue *d, struct span line, bool cut, const struct smtp_reply_line *r)
{
    bool asterisk = false;
    show(d, line);
    mail_on_this_port(d);
    if (r->code == 220 && !d->u.smtp.first_line_done && !cut)
        server_greets(d, r->text);
    if (span_find_nocase(r->text, "ESMTP") >= 0)
        d->u.smtp.esmtp = true;
    if (cut || !greeting_is_masked(line, &asterisk))
        d->u.smtp.plain_greeting = true;
    d->u.smtp.masked_greeting |= asterisk;
    if (r->last)
        take_greeting(d, r);
}

static void answer_to_starttls(struct dialogue *d, const struct smtp_reply_line *r, uint8_t flags)
{
    d->s->starttls_reply = STARTTLS_REPLY_CODE;
    d->s->starttls_code = (uint16_t)r->code;
    d->waits = false;
    if ((r->code == 382 || r->code == 580) && !d->confirmed) {  /* of news (RFC 4642 section 2.2.1) */
        not_mail(d);
    } else if (r->code == 220 && (flags & OTHER_WORD)) {
        upgrade_begins(d);
    } else if (r->code == 220) {
        upgrade_accepted(d);
    } else if (r->code < 300) {         /* no refusal if TLS follows all the same */
        d->two_hundred = true;
        upgrade_suspect(d);
        d->two_hundred_counts = (flags & ASKED_OFFERED) && !(flags & (ASKED_NOT_ALLOWED | ASKED_WITH_ARGUMENT));
    } else if (r->code < 500) {
        upgrade_refused(d, flags, r->code == 421 ? REFUSED_SILENTLY : REFUSED_FOR_NOW);
    } else {
        bool argument = r->code == 501 && (flags & ASKED_WITH_ARGUMENT);
        upgrade_refused(d, (uint8_t)(argument ? flags : flags & ~ASKED_WITH_ARGUMENT), REFUSED_FOR_GOOD);
    }
}

static void answer_to_auth(struct dialogue *d, const struct smtp_reply_line *r)
{
    d->waits = false;
    if (r->code == 334 && d->sasl.active)
        d->sasl.asked = true;
    else
        sasl_done(d, r->code == 235);
}

static void end_of_message(struct dialogue *d, const struct smtp_reply_line *r, const struct open_command *c)
{
    bool prdr = c->flags & BEHIND_353;
    bool nobodys = prdr && c->tag && c->tag >= d->u.smtp.recipients;
    if (r->code == 353 || (prdr && c->times > 1))       /* the end is yet to come */
        return;
    if (r->code == 250 && !nobodys && !d->u.smtp.counted_message) {
        handed_over(d);
        d->u.smtp.counted_message = true;
    }
    d->in_transaction = false;
}

static void body_begins(struct dialogue *d)
{
    struct direction_state *s = &d->in[TO_SERVER];
    d->waits = false;
    d->u.smtp.counted_message = false;
    if (s->reader == READ_LINES) {
        s->reader = READ_BODY;
        s->body = (struct body){ 0 };
        s->unsure = false;
    }
}

/* RFC 959: FEAT, SYST, PASV, EPSV and USER are answered so, and nothing unknown is by SMTP; which has
 * no 331 and 332 at all. */
static bool answers_as_ftp(const struct dialogue *d, unsigned code)
{
    bool sure = !d->confirmed && !d->midstream && !d->in[TO_SERVER].lost && !d->in[TO_CLIENT].lost;
    if (code == 331 || code == 332)
        return !d->confirmed;
    return sure && (code == 211 || code == 215 || code == 227 || code == 229 || code == 230);
}

static void take_answer(struct dialogue *d, const struct smtp_reply_line *r, const struct open_command *c)
{
    bool mail = r->code == 250 && (is_hello(c->verb) || c->verb == SMTP_MAIL);
    d->confirmed = d->confirmed || mail;
    if (mail || (r->code == 220 && c->verb == SMTP_STARTTLS))
        server_is_mail(d);
    switch (c->verb) {
    case SMTP_EHLO:
    case SMTP_LHLO:
        if (r->code >= 500) {
            d->u.smtp.hello_refused = true;
            upgrade_hello_refused(d);
        }
        if (c->verb == SMTP_LHLO && r->code == 250)
            d->dialect = &lmtp_dialect; /* on port 25 not before the server says so */
        d->in_transaction = false;
        break;
    case SMTP_STARTTLS:
        answer_to_starttls(d, r, c->flags);
        break;
    case SMTP_AUTH:
    case SMTP_AUTH_RESPONSE:
        if (r->code == 235 || r->code == 334)
            d->confirmed = true;
        if (r->code == 234)             /* AUTH TLS of FTP (RFC 4217) */
            not_mail(d);
        answer_to_auth(d, r);
        break;
    case SMTP_MAIL:
        if (r->code < 300) {
            d->in_transaction = true;
            d->u.smtp.recipients = 0;
            d->u.smtp.counted_message = false;
        }
        break;
    case SMTP_RCPT:
        if (r->code < 300 && d->u.smtp.recipients < UINT16_MAX)
            d->u.smtp.recipients++;
        break;
    case SMTP_DATA:
        d->waits = false;
        if (r->code == 354)
            body_begins(d);
        break;
    case SMTP_XEXCH50:
        d->waits = false;
        if (r->code == 354)
            xexch50_follows(d, c->tag);
        break;
    case SMTP_BODY:
    case SMTP_BDAT_LAST:
        end_of_message(d, r, c);
        break;
    case SMTP_RSET:
    case SMTP_HELO:
        d->in_transaction = false;
        break;
    case SMTP_UNKNOWN:
        if (((c->flags & IS_USER) && (r->code == 331 || r->code == 230 || (r->code == 530 && !d->confirmed))) ||
            answers_as_ftp(d, r->code))
            not_mail(d);
        break;
    default:                            /* the other verbs' answers change nothing */
        break;
    }
}

/* How Exchange answers XEXCH50; no message follows. */
static bool asks_for_binary(struct dialogue *d, struct span text)
{
    static const char words[] = "binary data";
    bool found = span_find_nocase(text, words) >= 0;
    if (found)
        show_text(d, text, words);
    return found;
}

/* An answer that belongs to no command seen: the client is not heard, or bytes were lost. */
static void answer_alone(struct dialogue *d, const struct smtp_reply_line *r)
{
    struct direction_state *client = &d->in[TO_SERVER];
    if (r->code != 211 && answers_as_ftp(d, r->code)) {     /* 211 may answer HELP */
        not_mail(d);
        return;
    }
    if (client->begun && !client->lost && !d->midstream)
        return;
    if (r->code == 235 && !has_fact(d, FACT_CREDENTIAL)) {
        if (d->sasl.active)
            sasl_done(d, true);
        else
            login_without_command(d, AUTH_COMMAND_AUTH);
    } else if (r->code == 334) {
        d->sasl.asked = d->sasl.active;
    } else if (r->code >= 400 && d->sasl.active) {
        sasl_done(d, false);
    } else if (r->code == 354) {
        spoke_mail(d);
        d->in_transaction = true;
        if (asks_for_binary(d, r->text))
            return;
        body_begins(d);
        if (!client->begun)
            open_push(d, SMTP_BODY, 0);
    } else if (r->code == 220 && !d->midstream && !has_fact(d, FACT_ACCEPTED)) {    /* STARTTLS was lost */
        upgrade_guessed(d);
        d->s->starttls_reply = STARTTLS_REPLY_CODE;
        d->s->starttls_code = 220;
    }
}

static bool fits(unsigned code, uint8_t verb)
{
    switch (code) {
    case 220:
        return verb == SMTP_STARTTLS;
    case 221:
        return verb == SMTP_QUIT;
    case 235:
    case 334:
        return verb == SMTP_AUTH || verb == SMTP_AUTH_RESPONSE;
    case 354:
        return verb == SMTP_DATA || verb == SMTP_XEXCH50;
    default:                            /* the others can answer anything */
        return true;
    }
}

/* Replies that have come whole behind the present line, and are not all that it may be the first line of. */
static unsigned replies_behind(const struct dialogue *d, const struct smtp_reply_line *now)
{
    struct span in = d->behind, line;
    struct smtp_reply_line r;
    unsigned n = 0;

    for (long used; (used = line_parse(in, &line)) > 0; in = span_skip(in, (size_t)used))
        n += smtp_reply_parse(line, &r) && r.last;
    return n && !now->last ? n - 1 : n;
}

/* Which open command an answer belongs to: the first one; where answers were lost, the one that
 * its code names, else the last that the server has acknowledged. */
static struct open_command *command_of(struct dialogue *d, const struct smtp_reply_line *r)
{
    struct open_command *c = open_first(d);
    if (!c || !d->lost_reply)
        return c;
    d->lost_reply = false;
    while (d->open_n > 1 && !fits(r->code, open_first(d)->verb))
        open_pop(d);
    if (r->code == 250 || r->code >= 400)
        open_resync(d, replies_behind(d, r));
    c = open_first(d);
    return c && fits(r->code, c->verb) ? c : NULL;
}

static void first_line_of_reply(struct dialogue *d, const struct smtp_reply_line *r)
{
    d->u.smtp.code = r->code;
    d->u.smtp.first_line_done = false;
    if (!d->greeted)
        return;
    struct open_command *c = command_of(d, r);
    if (is_list_reply(d, r, c) && !d->u.smtp.partial) {
        d->list_unasked = d->list_unasked || !c;
        list_begin(d);
        reach(d, STAGE_HELLO);
    }
}

/* Each recipient of a message has an answer of its own: with LMTP (RFC 2033 section 4.2), and behind a 353 (PRDR, as
 * Exim speaks it), where one for all of them ends it; that alone says whether there is a message, if not all refused it. */
static void answers_follow(struct dialogue *d, const struct smtp_reply_line *r, struct open_command *c)
{
    bool message = c->verb == SMTP_BODY || c->verb == SMTP_BDAT_LAST;
    uint16_t n = d->u.smtp.recipients;

    if (message && (c->flags & BEHIND_353) && c->times > 1)
        c->tag += r->code >= 400;
    if (!message || (c->flags & EACH_RECIPIENT) || (d->dialect != &lmtp_dialect && r->code != 353))
        return;
    c->flags |= EACH_RECIPIENT;
    c->times = n ? n : 1;
    if (r->code == 353) {
        c->flags |= BEHIND_353;
        c->tag = 0;
        c->times = n <= UINT16_MAX - 2 ? n + 2 : n;
    }
}

static void last_line_of_reply(struct dialogue *d, const struct smtp_reply_line *r)
{
    struct open_command *c = open_first(d);
    bool list = d->list_now;

    if (list) {
        d->s->auth.list_seen = true;
        list_end(d, true);
    }
    if (c) {
        struct open_command copy = *c;
        answers_follow(d, r, c);
        open_pop(d);
        take_answer(d, r, &copy);
    } else {
        answer_alone(d, r);
    }
    if (d->in[TO_SERVER].reader == READ_LINES && d->waits && !d->open_n)
        d->waits = false;
}

static void server_line(struct dialogue *d, struct span line, bool cut)
{
    struct smtp_reply_line r;

    if (!smtp_reply_parse(line, &r)) {
        d->list_now = false;
        return;
    }
    show(d, span_first(line, 4));
    if (r.code < 400 && r.code != 221)
        server_goes_on_unheard(d);
    if (server_in_clear(d))
        return;
    bool first = !d->u.smtp.code;
    /* With the greeting lost, what answers a command is none. */
    const struct open_command *c = open_first(d);
    bool go_ahead = d->midstream && c && c->verb == SMTP_STARTTLS;
    if (!d->greeted && (go_ahead || (r.code != 220 && (d->midstream || (d->in[TO_CLIENT].lost && c)))))
        d->greeted = true;
    if (!d->u.smtp.code)
        first_line_of_reply(d, &r);
    trace_reply(d, r.code, r.text, first, r.last);
    if (cut)                            /* what a cut line says of the list is not all of it */
        d->list_now = false;
    if (!d->greeted) {
        greeting_line(d, line, cut, &r);
    } else {
        if (!cut && echoes_mask(d, &r)) {
            show_echo(d, r.text, "STARTTLS");
            evidence(d, EVIDENCE_MASKED_COMMAND, GRADE_LIKELY);
        }
        if (d->list_now && d->u.smtp.first_line_done) {
            list_line(d, r.text);
        } else if (d->list_now) {
            struct span rest = r.text, name = span_word(&rest);
            show_between(d, r.text.p, name.p + name.n);
            list_name(d, name);
            server_answers_hello(d, name);
        }
        if (r.last)
            last_line_of_reply(d, &r);
    }
    d->u.smtp.first_line_done = true;
    if (r.last) {
        d->u.smtp.code = 0;
        d->u.smtp.partial = false;
    }
}

static void lost(struct dialogue *d, unsigned dir)
{
    /* Without answers, what follows the loss within a transaction may be the message. */
    if (dir == TO_SERVER && d->hear_once && d->u.smtp.mail_said) {
        d->in[TO_SERVER].reader = READ_BODY;
        d->in[TO_SERVER].body = (struct body){ .within_line = true };
    }
    if (dir != TO_CLIENT)
        return;
    d->u.smtp.code = 0;
    d->u.smtp.partial = true;
    /* The answer to DATA may be among what was lost: then what follows is the message. The next
     * answer will end it. */
    const struct open_command *last = open_last(d);
    if (last && last->verb == SMTP_DATA && d->in[TO_SERVER].reader == READ_LINES) {
        d->in[TO_SERVER].reader = READ_BODY;
        d->in[TO_SERVER].body = (struct body){ 0 };
        d->body_doubtful = true;
    }
}

static bool is_answer(struct span line, struct span command)
{
    struct smtp_reply_line r;
    (void)command;
    return smtp_reply_parse(line, &r);
}

static bool is_command(struct span line)
{
    struct smtp_command c;
    smtp_command_parse(line, &c);
    return c.verb != SMTP_UNKNOWN;
}

const struct dialect smtp_dialect = {
    PROTOCOL_SMTP, client_line, server_line, counted_done, body_done, lost, is_answer, is_command, NULL, NULL,
};
const struct dialect lmtp_dialect = {
    PROTOCOL_LMTP, client_line, server_line, counted_done, body_done, lost, is_answer, is_command, NULL, NULL,
};
