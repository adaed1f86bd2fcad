/* Capability lists, and the negotiation of STARTTLS and STLS (RFC 3207, RFC 2595, RFC 9051
 * section 6.2.1, RFC 5804 section 2.2), as far as the protocols share them. */
#include "dialogue/copies.h"
#include "dialogue/dialogue.h"
#include "dialogue/mask.h"
#include "proto/proto.h"
#include "flow/reorder.h"
#include "proto/tls.h"

/* Copies that nothing explains, by which it is known that none will be: of what a box put in itself one of each direction is seen
 * before it shows. */
enum { OUT_OF_STEP = 3 };

void list_begin(struct dialogue *d)
{
    d->list_now = true;
    d->list_at = d->now_begin;
    d->offer_now = d->mask_now = d->mask_other_length = d->mask_weak = false;
    d->print_now = 0;
    list_drop(d);
}

void list_drop(struct dialogue *d)
{
    pool_put(d->pool, d->order, sizeof *d->order);
    d->order = NULL;
}

/* Where these words came from is of interest. A refusal matters more than a list, and a list more than that there is none. */
static void suspect(struct dialogue *d, uint8_t why, uint32_t begin)
{
    if (d->suspect.why >= why)
        return;
    d->suspect = (struct suspect){ .why = why, .begin = begin, .end = d->now_end,
                                   .number = d->now_at ? begin - d->now_at->first + 1 : 0 };
}

void upgrade_suspect(struct dialogue *d)
{
    suspect(d, SUSPECT_REFUSAL, d->now_begin);
}

static bool hides_another(const struct dialogue *d) { return d->order && mask_hides_another(d->order); }

void list_offer(struct dialogue *d)
{
    d->offer_now = true;
    if (!d->authenticated && !has_fact(d, FACT_TLS_DONE))
        fact(d, FACT_OFFERED);
}

/* FNV-1a over a word, any case. Words are added up: their order, and one said twice, should not matter much. It is
 * stored, so it must not depend on the machine. */
static uint32_t print_of(struct span word, uint32_t hash)
{
    for (size_t i = 0; i < word.n; i++)
        hash = (hash ^ (uint32_t)(word.p[i] >= 'a' && word.p[i] <= 'z' ? word.p[i] - 32 : word.p[i])) * 16777619u;
    return hash;
}

/* What somebody on the path, or a server for a login in clear, adds and takes away along with the offer. */
static bool is_part_of_offer(struct span word, const char *keyword)
{
    static const char *const words[] = { "AUTH", "LOGINDISABLED", "SASL", "USER" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (span_starts_nocase(word, words[i]))
            return true;
    return span_eq_nocase(word, keyword);
}

void list_name(struct dialogue *d, struct span name) { d->print_now += print_of(name, 0x5bd1e995); }

void list_word(struct dialogue *d, struct span word, const char *keyword)
{
    enum mask mask = mask_of(word, keyword);
    trace_offer(d, word, mask != MASK_NONE);
    if (mask == MASK_NONE && !is_part_of_offer(word, keyword))
        d->print_now += print_of(word, 2166136261u);
    switch (mask) {
    case MASK_KEYWORD:
        d->mask_now = true;
        break;
    case MASK_OTHER_LENGTH:
        d->mask_other_length = true;
        break;
    case MASK_NONE:
        break;
    }
}

static void judge_list(struct dialogue *d, bool whole)
{
    /* In mid-stream a login may lie behind, or a message be shown. */
    bool whole_list = whole && d->list_now && (!d->midstream || d->greeting_seen);
    d->list_now = false;
    if (has_fact(d, FACT_TLS_DONE) || d->authenticated)
        return;
    if (whole_list) {
        fact(d, FACT_LIST_WHOLE);
        d->s->list_print = d->print_now ? d->print_now : 1;
        d->lost_since_list = false;
    }
    if (!whole_list || has_fact(d, FACT_OFFERED))
        return;
    suspect(d, SUSPECT_LIST, d->list_at);
    /* IMAP offers in its greeting, too: where that was not seen, nothing is known to be missing. */
    if (d->dialect == &imap_dialect && !d->greeted)
        d->mask_weak = true;
    if (d->mask_now && !d->mask_weak && !hides_another(d))
        evidence(d, EVIDENCE_MASKED_CAPABILITY, GRADE_LIKELY);
    else if (d->mask_now || d->mask_other_length)
        evidence(d, EVIDENCE_MASKED_CAPABILITY, GRADE_POSSIBLE);
}

void list_end(struct dialogue *d, bool whole)
{
    judge_list(d, whole);
    list_drop(d);
}

void upgrade_asked(struct dialogue *d)
{
    fact(d, FACT_REQUESTED | FACT_ATTEMPTED);
    reach(d, STAGE_TLS);
    d->upgrade = UPGRADE_ASKED;
    d->request_alone = !d->open_n;
    d->request_ack = d->now_ack;
    d->unanswered_ns = d->now_ns;
    d->waits = true;
}

uint8_t upgrade_flags(const struct dialogue *d, bool argument)
{
    return (uint8_t)((has_fact(d, FACT_OFFERED) ? ASKED_OFFERED : 0) |
                     (d->in_transaction || d->authenticated ? ASKED_NOT_ALLOWED : 0) |
                     (argument ? ASKED_WITH_ARGUMENT : 0));
}

void upgrade_begins(struct dialogue *d)
{
    fact(d, FACT_ACCEPTED | FACT_ATTEMPTED);
    reach(d, STAGE_TLS);
    d->upgrade = UPGRADE_ACCEPTED;
    d->unanswered_ns = 0;
    d->two_hundred = false;
    d->go_ahead_end = d->now_end;
    d->go_ahead_ns = d->now_ns;
    d->go_ahead_ack = d->now_ack;
    d->behind_go_ahead = false;
    open_clear(d);
}

void upgrade_accepted(struct dialogue *d)
{
    if (has_fact(d, FACT_LIST_WHOLE) && !has_fact(d, FACT_OFFERED))
        evidence(d, EVIDENCE_ACCEPTED_WITHOUT_OFFER, GRADE_POSSIBLE);
    upgrade_begins(d);
}

void upgrade_guessed(struct dialogue *d)
{
    uint32_t before = d->s->facts;
    fact(d, FACT_REQUESTED);
    upgrade_begins(d);
    d->guessed = d->s->facts & ~before;
}

/* The client goes on in clear, so what was lost before that answer was no STARTTLS. */
static void guessed_wrong(struct dialogue *d)
{
    d->s->facts &= ~d->guessed;
    d->s->starttls_reply = STARTTLS_REPLY_NONE;
    d->s->starttls_code = 0;
    d->guessed = 0;
    d->upgrade = UPGRADE_NONE;
}

/* Sent without waiting for the go-ahead, or after it was received. */
static bool knew_go_ahead(const struct dialogue *d)
{
    return !d->now_has_ack || (int32_t)(d->now_ack - d->go_ahead_end) >= 0;
}

/* Sent with STARTTLS, by a client that had heard nothing since. */
static bool blindly(const struct dialogue *d)
{
    return d->upgrade == UPGRADE_ASKED && d->now_has_ack && (int32_t)(d->now_ack - d->request_ack) <= 0;
}

static bool both_whole(const struct dialogue *d) { return !d->in[TO_CLIENT].lost && !d->in[TO_SERVER].lost; }

static void command_injected(struct dialogue *d)
{
    if (!both_whole(d))                 /* the go-ahead may be none */
        return;
    incident(d, INCIDENT_COMMAND_INJECTION);
    trace_place(&d->tracing);
}

static void throw(struct dialogue *d)
{
    if (d->showing)
        d->showing->thrown = true;
}

bool client_in_clear(struct dialogue *d)
{
    if (blindly(d)) {                   /* the answer, by which it counts or not, never came */
        d->blindly_said = true;
        trace_place(&d->tracing);
        throw(d);
        return true;
    }
    if (d->two_hundred)
        upgrade_refused(d, d->two_hundred_counts ? ASKED_OFFERED : 0, REFUSED_FOR_GOOD);
    if (d->upgrade != UPGRADE_ACCEPTED)
        return false;
    if (d->guessed && knew_go_ahead(d)) {
        guessed_wrong(d);
        return false;
    }
    if (!knew_go_ahead(d)) {
        command_injected(d);
        throw(d);
        return true;                    /* a careful server throws it away */
    }
    trace_place(&d->tracing);
    fact(d, FACT_FAILED);
    d->upgrade = UPGRADE_CLEAR;
    return false;
}

void server_goes_on_unheard(struct dialogue *d)
{
    bool answers = d->now_has_ack && (int32_t)(d->now_ack - d->go_ahead_ack) > 0;
    if (d->upgrade != UPGRADE_ACCEPTED || tls_of(d)->begun || d->in[TO_SERVER].begun || !answers)
        return;
    fact(d, FACT_FAILED);
    d->upgrade = UPGRADE_NONE;
}

bool server_in_clear(struct dialogue *d)
{
    if (d->upgrade == UPGRADE_CLEAR) {
        evidence(d, EVIDENCE_CLEAR_AFTER_ACCEPT, GRADE_POSSIBLE);
        incident(d, INCIDENT_DECRYPTED_MIRROR);
        d->upgrade = UPGRADE_NONE;
    }
    if (tls_of(d)->begun && d->upgrade != UPGRADE_ASKED) {
        tls_not_answered(d);
        if (d->upgrade == UPGRADE_ACCEPTED && tls_of(d)->not_answered) {
            d->behind_hello = true;
            trace_place(&d->tracing);
        }
        return false;
    }
    if (d->upgrade != UPGRADE_ACCEPTED)
        return false;
    /* Bytes that come much later are a goodbye, and such as acknowledge more of the client's an
     * answer to it; an injected one rides with the go-ahead. */
    bool answers = d->now_has_ack && (int32_t)(d->now_ack - d->go_ahead_ack) > 0;
    trace_place(&d->tracing);
    if (d->in[TO_CLIENT].lost)          /* it may be none that is taken for the go-ahead */
        return true;
    d->behind_hello |= answers;
    if (answers)
        return true;
    if (d->now_ns < d->go_ahead_ns + 1000000000)
        incident(d, INCIDENT_RESPONSE_INJECTION);
    d->behind_go_ahead = true;
    return true;
}

/* --- text before TLS --- */

/* Where a hello begins within the first line, 0: nowhere. */
static size_t hello_in_line(unsigned dir, struct span in)
{
    struct tls_header h;
    for (size_t i = 1; i < in.n && in.p[i - 1] != '\n'; i++) {
        struct span rest = span_skip(in, i);
        if (in.p[i] != TLS_HANDSHAKE || tls_header_parse(rest, &h) <= 0 || rest.n <= TLS_HEADER)
            continue;
        if (rest.p[TLS_HEADER] == (dir == TO_SERVER ? TLS_CLIENT_HELLO : TLS_SERVER_HELLO))
            return i;
    }
    return 0;
}

size_t upgrade_stray(const struct dialogue *d, unsigned dir, struct span in)
{
    if (d->upgrade != UPGRADE_ACCEPTED)
        return 0;
    size_t n = hello_in_line(dir, in);
    if (n || dir == TO_CLIENT || memchr(in.p, '\n', in.n))
        return n;
    return knew_go_ahead(d) ? 0 : in.n;
}

void upgrade_strayed(struct dialogue *d, unsigned dir)
{
    if (dir == TO_SERVER) {
        command_injected(d);
        return;
    }
    d->behind_hello = true;
    trace_place(&d->tracing);
}

void upgrade_turns(struct dialogue *d, unsigned dir, struct span in)
{
    bool hello = in.n > TLS_HEADER && in.p[0] == TLS_HANDSHAKE;

    if (dir == TO_SERVER && d->upgrade == UPGRADE_CLEAR && hello) {     /* it was no dialogue: TLS comes all the same */
        if (both_whole(d))
            incident(d, INCIDENT_COMMAND_INJECTION);
        d->upgrade = UPGRADE_ACCEPTED;
    }
    bool heard = d->now_has_ack && (int32_t)(d->now_ack - d->request_ack) > 0;
    if (dir == TO_SERVER && d->blindly_said && hello && heard && d->hear_once && !d->in[TO_SERVER].lost)
        incident(d, INCIDENT_COMMAND_INJECTION);
    if (d->behind_go_ahead)
        incident(d, INCIDENT_RESPONSE_INJECTION);
}

void upgrade_answered(struct dialogue *d)
{
    if (d->behind_hello && !d->in[TO_CLIENT].lost)
        incident(d, INCIDENT_RESPONSE_INJECTION);
}

void upgrade_unanswered(struct dialogue *d, uint32_t begin)
{
    if (begin != d->request_ack || !both_whole(d) || d->midstream || d->hear_once)
        return;
    incident(d, INCIDENT_RESPONSE_INJECTION);
    trace_place(&d->tracing);
}

/* Which command an answer belongs to, and what came before, is known only without loss; but what was lost before a
 * list that was seen whole is of no matter where nothing else awaits an answer. A greeting of IMAP may be a PREAUTH. */
static bool knows_what_is_answered(const struct dialogue *d)
{
    if (d->in[TO_SERVER].lost || d->overrun || d->midstream || d->list_unasked || d->renumbered)
        return false;
    if (!d->in[TO_CLIENT].lost)
        return true;
    return !d->lost_since_list && d->request_alone && d->dialect != &imap_dialect;
}

void upgrade_hello_refused(struct dialogue *d)
{
    if (both_whole(d) && knows_what_is_answered(d))
        suspect(d, SUSPECT_HELLO, d->now_begin);
}

void upgrade_refused(struct dialogue *d, uint8_t flags, enum refusal refusal)
{
    /* Commands sent behind MAIL or a login at once: the state at the answer decides, too. */
    bool counts = (flags & ASKED_OFFERED) && !(flags & ASKED_NOT_ALLOWED) && !d->in_transaction && !d->authenticated;
    /* A server may allow one try for each connection. */
    if (!knows_what_is_answered(d) || tls_of(d)->begun)
        counts = false;
    if (counts && !d->two_hundred)
        upgrade_suspect(d);
    fact(d, FACT_REFUSED | FACT_FAILED);
    d->upgrade = UPGRADE_NONE;
    d->unanswered_ns = 0;
    d->two_hundred = false;
    switch (refusal) {
    case REFUSED_FOR_GOOD:
        if (counts && !(flags & ASKED_WITH_ARGUMENT))
            evidence(d, EVIDENCE_REFUSED_AFTER_OFFER, GRADE_LIKELY);
        break;
    case REFUSED_FOR_NOW:
        if (counts)
            evidence(d, EVIDENCE_REFUSED_FOR_NOW, GRADE_POSSIBLE);
        break;
    case REFUSED_SILENTLY:
        break;
    }
}

/* --- second copies --- */

static bool is_unsure(const struct dialogue *d, unsigned dir)
{
    return d->renumbered || d->in[dir].unsure || (dir == TO_SERVER && d->hear_once && d->in[dir].lost) || has_fact(d, FACT_TLS_DONE);
}

static enum protocol protocol_of(const struct dialogue *d) { return d->dialect ? d->dialect->protocol : d->port_protocol; }

static void note_conflict(struct dialogue *d, unsigned dir)
{
    trace_note(d, TRACE_CONFLICT, dir, 0, 0);
    trace_known(d);
}

static void copies_conflict(struct dialogue *d, unsigned dir, bool offered)
{
    if (offered)                        /* one of the copies is the real one */
        fact(d, FACT_OFFERED);
    evidence(d, EVIDENCE_OVERLAP_CONFLICT, GRADE_PROVEN);
    note_conflict(d, dir);
    d->conflict = true;
}

/* The same numbers, and both readings of the lines in which they differ. */
static bool overwritten(struct dialogue *d, unsigned dir, struct span first, struct span other)
{
    enum protocol p = protocol_of(d);
    bool names_tls = conflict_is_offer_or_command(dir, p, first, other);
    bool told = names_tls || (dir == TO_CLIENT && has_fact(d, FACT_REQUESTED) && conflict_is_answer(p, first, other));
    if (told)
        copies_conflict(d, dir, names_tls && dir == TO_CLIENT);
    return told;
}

/* Whether the line that was read from there on is the answer to STARTTLS: where all was seen. */
static bool is_answer_at(const struct dialogue *d, uint32_t from, struct span was)
{
    struct span line;
    long used = line_parse(was, &line);
    if (!has_fact(d, FACT_REQUESTED) || d->in[TO_SERVER].lost || d->in[TO_CLIENT].lost || d->midstream || d->hear_once)
        return false;
    bool went_ahead = used > 0 && d->upgrade >= UPGRADE_ACCEPTED && from + (uint32_t)used == d->go_ahead_end;
    return went_ahead || (d->suspect.why == SUSPECT_REFUSAL && d->suspect.begin == from);
}

/* Copies that need not have the same length: what was read from that sequence number on, and all of a segment. */
static bool shifted(struct dialogue *d, unsigned dir, uint32_t from, struct span was, struct span is)
{
    enum protocol p = protocol_of(d);
    bool command = dir == TO_SERVER && !d->in[TO_SERVER].lost && copies_lack_command(p, was, is);
    bool offer = dir == TO_CLIENT && copies_lack_offer(p, was, is);
    bool answer = dir == TO_CLIENT && !offer && is_answer_at(d, from, was) && copies_answer_unlike(p, was, is);
    if (command || offer || answer)
        copies_conflict(d, dir, offer);
    return command || offer || answer;
}

void dialogue_conflict(struct dialogue *d, unsigned dir, const struct chunk *c)
{
    if (is_unsure(d, dir))
        return;
    bool in_step = !d->out_of_step;
    bool told = in_step && c->whole && overwritten(d, dir, c->first, c->other);
    told = (in_step && shifted(d, dir, c->from, c->was, c->is)) || told;
    if (!told && !c->whole && !d->conflict && d->out_of_step < OUT_OF_STEP)
        d->out_of_step++;
}

/* What refuses never left the server, which said something else in its place. */
static bool is_inserted(const struct dialogue *d, unsigned dir, uint32_t from, uint32_t by)
{
    return d->out_of_step < OUT_OF_STEP && dir == TO_CLIENT && from == d->suspect.begin && from + by == d->suspect.end && both_whole(d) &&
           !d->midstream && !d->hear_once && !is_unsure(d, dir);
}

void dialogue_moved(struct dialogue *d, unsigned dir, uint32_t from, uint32_t by)
{
    if (!is_inserted(d, dir, from, by))
        return;
    if (d->suspect.why == SUSPECT_REFUSAL)
        copies_conflict(d, dir, false);
    if (d->suspect.why == SUSPECT_HELLO && has_fact(d, FACT_HELO_INSTEAD)) {
        evidence(d, EVIDENCE_HELLO_REFUSED, GRADE_LIKELY);
        note_conflict(d, dir);
    }
}

/* --- the end --- */

void upgrade_end(struct dialogue *d, const struct dialogue_end *e)
{
    bool other = d->s->evidence != 0, sure = e->origin == ORIGIN_OTHER_SENDER;

    if (!d->suspect.why || e->origin == ORIGIN_SAME)
        return;
    if (d->suspect.why == SUSPECT_HELLO && has_fact(d, FACT_LIST_WHOLE | FACT_OFFERED))
        return;                         /* EHLO was said again, and answered */
    evidence(d, EVIDENCE_FORGED_REPLY, sure && other ? GRADE_LIKELY : GRADE_POSSIBLE);
    if (sure && evidence_grade(d->s->evidence, EVIDENCE_REFUSED_FOR_NOW))
        evidence(d, EVIDENCE_REFUSED_FOR_NOW, GRADE_LIKELY);
    d->s->forged_ttl = e->odd_ttl;
    trace_note(d, TRACE_WAY, TO_CLIENT, e->odd_ttl | (uint32_t)d->s->server_ttl << 8 | (sure ? 1u << 16 : 0u),
               d->suspect.number);
}
