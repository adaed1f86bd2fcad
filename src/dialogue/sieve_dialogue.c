/* ManageSieve (RFC 5804): capability lines, STARTTLS, AUTHENTICATE and what goes beyond them.
 * Strings and literals are counted as in IMAP; commands have no tags and are answered in order. */
#include "dialogue/dialogue.h"
#include "dialogue/mask.h"
#include "proto/imap.h"

enum sieve_verb {
    SIEVE_UNKNOWN, SIEVE_STARTTLS, SIEVE_AUTHENTICATE, SIEVE_AUTH_RESPONSE, SIEVE_CAPABILITY, SIEVE_SCRIPT, SIEVE_OTHER
};

static enum sieve_verb verb_of(struct span word)
{
    static const struct {
        const char *word;
        enum sieve_verb verb;
    } words[] = {
        { "STARTTLS", SIEVE_STARTTLS },     { "AUTHENTICATE", SIEVE_AUTHENTICATE }, { "CAPABILITY", SIEVE_CAPABILITY },
        { "PUTSCRIPT", SIEVE_SCRIPT },      { "CHECKSCRIPT", SIEVE_SCRIPT },        { "LISTSCRIPTS", SIEVE_SCRIPT },
        { "GETSCRIPT", SIEVE_SCRIPT },      { "SETACTIVE", SIEVE_SCRIPT },          { "DELETESCRIPT", SIEVE_SCRIPT },
        { "RENAMESCRIPT", SIEVE_SCRIPT },   { "HAVESPACE", SIEVE_SCRIPT },          { "LOGOUT", SIEVE_OTHER },
        { "NOOP", SIEVE_OTHER },            { "UNAUTHENTICATE", SIEVE_OTHER },
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (span_eq_nocase(word, words[i].word))
            return words[i].verb;
    return SIEVE_UNKNOWN;
}

static struct span unquoted(struct span s)
{
    if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
        return span_of(s.p + 1, s.n - 2);
    return s;
}

/* What a string says as a response; of a literal its announcement stands for it, unless it is
 * announced as empty. */
static struct span response_of(struct span s)
{
    struct literal l;
    return literal_announced(s, &l) && !l.n ? span_first(s, 0) : unquoted(s);
}

/* Literals of a client need no go-ahead here, with "+" or without (RFC 5804 section 1.2). */
static void literal(struct dialogue *d, unsigned dir, const struct literal *l)
{
    d->u.sieve.continuing[dir] = true;
    if (l->n && !d->u.sieve.word_n[dir]) {
        d->in[dir].reader = READ_COUNTED;
        d->in[dir].left = l->n;
    }
}

static void look_for_literal(struct dialogue *d, unsigned dir, struct span line)
{
    struct literal l;
    if (!literal_announced(line, &l))
        return;
    show_literal(d, line);
    literal(d, dir, &l);
}

/* False: there is none, or it announces a literal and is not the last on its line, as that would be. */
static bool next_argument(struct span *line, struct span *arg, bool *announced)
{
    return imap_argument(line, arg, announced) && !(*announced && line->n);
}

/* A keyword or the name of a mechanism may be a literal, too: that is read, not counted. False: it is none. */
static bool expect_word(struct dialogue *d, unsigned dir, struct span announced)
{
    struct literal l;
    if (!literal_announced(announced, &l) || !l.n || l.n >= MECHANISM_TEXT)
        return false;
    d->u.sieve.word_n[dir] = (uint8_t)l.n;
    return true;
}

/* Takes it off the front of a line. Empty: it has a line end in it. */
static struct span take_word(struct dialogue *d, unsigned dir, struct span *line)
{
    uint32_t n = d->u.sieve.word_n[dir], used = d->now_end - d->now_begin;
    struct span word = span_first(*line, n);

    d->u.sieve.word_n[dir] = 0;
    *line = span_skip(*line, n);
    if (word.n < n)
        literal(d, dir, &(struct literal){ .n = n > used ? n - used : 0 });
    return word.n < n ? span_first(word, 0) : word;
}

static void authenticate(struct dialogue *d, struct span mechanism, struct span rest)
{
    struct span initial = { NULL, 0 }, arg;
    bool announced;
    if (imap_argument(&rest, &arg, &announced)) {
        initial = response_of(arg);
        show_between(d, mechanism.p + mechanism.n + (mechanism.p[mechanism.n] == '"'), arg.p);
        show_quotes(d, arg);
    }
    sasl_begin(d, AUTH_COMMAND_AUTHENTICATE, mechanism, initial);
    d->waits = true;
}

static void take_command(struct dialogue *d, struct span line)
{
    struct span rest = line, arg;
    bool announced;
    struct span word = span_word(&rest);
    enum sieve_verb verb = verb_of(word);
    uint8_t flags = 0;

    trace_command(d, verb != SIEVE_UNKNOWN, word, rest,
                  verb == SIEVE_AUTHENTICATE ? ARGUMENT_MECHANISM : ARGUMENT_PLAIN);
    if (verb == SIEVE_UNKNOWN && !rest.n && mask_of(word, "STARTTLS") == MASK_KEYWORD)
        evidence(d, EVIDENCE_MASKED_COMMAND, GRADE_LIKELY);

    if (verb != SIEVE_UNKNOWN) {
        mail_on_this_port(d);
        d->sasl.refused = false;
    } else if (!rest.n) {
        sasl_unheard(d, unquoted(word));
    }
    if (verb == SIEVE_CAPABILITY)
        reach(d, STAGE_HELLO);
    if (verb == SIEVE_SCRIPT)
        spoke_mail(d);
    if (verb == SIEVE_STARTTLS) {
        flags = upgrade_flags(d, false);
        upgrade_asked(d);
    } else if (verb == SIEVE_AUTHENTICATE && next_argument(&rest, &arg, &announced) && !expect_word(d, TO_SERVER, arg)) {
        authenticate(d, unquoted(arg), rest);
    }
    open_push(d, (uint8_t)verb, flags);
}

/* Behind a literal. */
static void client_rest(struct dialogue *d, struct span line)
{
    if (!d->u.sieve.word_n[TO_SERVER])
        return;
    struct span mechanism = take_word(d, TO_SERVER, &line);
    if (mechanism.n)
        authenticate(d, mechanism, line);
}

static void client_line(struct dialogue *d, struct span line, bool cut)
{
    if (client_in_clear(d))
        return;
    if (d->u.sieve.continuing[TO_SERVER]) {
        d->u.sieve.continuing[TO_SERVER] = false;
        trace_rest(d, TO_SERVER, line);
        client_rest(d, line);
    } else if (d->sasl.asked) {
        show_quotes(d, line);
        sasl_response(d, response_of(line));
        open_push(d, SIEVE_AUTH_RESPONSE, 0);
        d->waits = true;
    } else if (line.n) {
        take_command(d, line);
    }
    if (!cut)
        look_for_literal(d, TO_SERVER, line);
}

/* "SASL" "PLAIN LOGIN", "STARTTLS", one to a line (RFC 5804 section 1.7). */
static void capability(struct dialogue *d, struct span name, struct span value)
{
    struct span arg, word;
    bool announced;
    if (!d->list_now) {
        list_begin(d);
        trace_note(d, TRACE_LIST, TO_CLIENT, 0, 0);
    }
    d->u.sieve.in_list = true;
    list_word(d, name, "STARTTLS");
    if (span_eq_nocase(name, "STARTTLS")) {
        list_offer(d);
    } else if (span_eq_nocase(name, "SASL")) {
        d->s->auth.list_seen = true;
        if (imap_argument(&value, &arg, &announced))
            for (arg = unquoted(arg); (word = span_word(&arg)).n;)
                sasl_offer(d, word);
    }
}

static void capability_line(struct dialogue *d, struct span line)
{
    struct span arg;
    bool announced;
    show(d, line);
    if (next_argument(&line, &arg, &announced) && !expect_word(d, TO_CLIENT, arg) && !announced)
        capability(d, unquoted(arg), line);
}

/* Behind a literal. */
static void server_rest(struct dialogue *d, struct span line)
{
    if (!d->u.sieve.word_n[TO_CLIENT])
        return;
    show(d, line);
    struct span name = take_word(d, TO_CLIENT, &line);
    if (name.n)
        capability(d, name, line);
}

static void answer(struct dialogue *d, bool ok, const struct open_command *c)
{
    d->confirmed = d->confirmed || c->verb != SIEVE_UNKNOWN;
    if (c->verb == SIEVE_STARTTLS) {
        d->waits = false;
        d->s->starttls_reply = ok ? STARTTLS_REPLY_OK : STARTTLS_REPLY_NO;
        if (ok)
            upgrade_accepted(d);
        else
            upgrade_refused(d, c->flags, REFUSED_FOR_GOOD);
    } else if (c->verb == SIEVE_AUTHENTICATE || c->verb == SIEVE_AUTH_RESPONSE) {
        d->waits = false;
        sasl_done(d, ok);
    } else if (c->verb == SIEVE_SCRIPT && ok) {
        reach(d, STAGE_DONE);
    }
}

/* RFC 5804 section 1.3. */
static struct span code_of(struct span text)
{
    const uint8_t *end = text.n && text.p[0] == '(' ? memchr(text.p, ')', text.n) : NULL;
    return end ? span_of(text.p + 1, (size_t)(end - text.p) - 1) : span_first(text, 0);
}

static void status_line(struct dialogue *d, enum trace_status status, struct span text)
{
    bool ok = status == TRACE_STATUS_OK;
    if (d->lost_reply)
        open_resync(d, 0);
    if (d->in[TO_CLIENT].lost && d->open_n)
        d->greeted = true;              /* it was lost */
    struct open_command *c = open_first(d), copy;

    trace_status(d, status, code_of(text), text);
    if (d->u.sieve.in_list) {
        list_end(d, ok && !d->in[TO_CLIENT].lost);
        d->u.sieve.in_list = false;
    }
    if (!d->greeted) {
        d->greeted = true;
        reach(d, STAGE_GREETING);
        mail_on_this_port(d);
        return;
    }
    if (!c) {
        if (d->in[TO_SERVER].lost && d->sasl.active && !ok)
            sasl_done(d, false);
        return;
    }
    copy = *c;
    open_pop(d);
    answer(d, ok, &copy);
}

static bool is_status(struct span word)
{
    return span_eq_nocase(word, "OK") || span_eq_nocase(word, "NO") || span_eq_nocase(word, "BYE");
}

static void server_line(struct dialogue *d, struct span line, bool cut)
{
    struct span rest = line, word = span_word(&rest);
    struct open_command *c = open_first(d);
    bool behind_literal = d->u.sieve.continuing[TO_CLIENT];
    if (!behind_literal && is_status(word))
        show_command(d, word, rest, false);

    d->u.sieve.continuing[TO_CLIENT] = false;
    if (behind_literal) {               /* of a go-ahead, too: it is no line of its own */
        trace_rest(d, TO_CLIENT, line);
        server_rest(d, line);
    } else if (server_in_clear(d))
        return;
    else if (span_eq_nocase(word, "OK"))
        status_line(d, TRACE_STATUS_OK, rest);
    else if (span_eq_nocase(word, "NO") || span_eq_nocase(word, "BYE"))
        status_line(d, span_eq_nocase(word, "NO") ? TRACE_STATUS_NO : TRACE_STATUS_BYE, rest);
    else if (c && d->sasl.active && (c->verb == SIEVE_AUTHENTICATE || c->verb == SIEVE_AUTH_RESPONSE)) {
        d->sasl.asked = true;           /* a challenge, as a string */
        d->waits = false;
        open_pop(d);
    } else if ((!c && !d->greeted) || (c && c->verb == SIEVE_CAPABILITY)) {
        capability_line(d, line);
    }
    if (!cut)
        look_for_literal(d, TO_CLIENT, line);
}

static void counted_done(struct dialogue *d, unsigned dir)
{
    /* A challenge or response in a literal ends with the line behind it, which is empty. */
    (void)d;
    (void)dir;
}

static void body_done(struct dialogue *d, unsigned dir)
{
    (void)d;                            /* no dot lines here */
    (void)dir;
}

static void lost(struct dialogue *d, unsigned dir)
{
    if (dir == TO_CLIENT)
        d->u.sieve.in_list = false;
    d->u.sieve.continuing[dir] = false;
    d->u.sieve.word_n[dir] = 0;
}

static bool is_answer(struct span line, struct span command)
{
    struct span word = span_word(&line);
    (void)command;
    return is_status(word) || (word.n && word.p[0] == '"');
}

static bool is_command(struct span line)
{
    return verb_of(span_word(&line)) != SIEVE_UNKNOWN;
}

const struct dialect sieve_dialect = {
    PROTOCOL_SIEVE, client_line, server_line, counted_done, body_done, lost, is_answer, is_command, NULL, literal,
};
