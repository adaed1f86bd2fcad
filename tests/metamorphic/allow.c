/* What is allowed: the rules of metamorphic.h. */
#include "metamorphic.h"

#include <stdarg.h>

__attribute__((format(printf, 2, 3))) static bool no(char why[256], const char *text, ...)
{
    va_list ap;
    va_start(ap, text);
    vsnprintf(why, 256, text, ap);
    va_end(ap);
    return false;
}

/* --- A: nothing may change --- */

static bool same_tls(const struct tls_seen *a, const struct tls_seen *b)
{
    return a->version == b->version && a->client_max == b->client_max && a->server_max == b->server_max &&
           a->cipher == b->cipher && a->group == b->group && a->client_hello == b->client_hello &&
           a->server_hello == b->server_hello && a->pq_offered == b->pq_offered && a->pq == b->pq &&
           a->resumed == b->resumed && a->downgraded == b->downgraded && a->alpn_chosen == b->alpn_chosen;
}

static bool same_names(const struct session_names *a, const struct session_names *b)
{
    return !strcmp(a->sni, b->sni) && !strcmp(a->alpn, b->alpn) && !strcmp(a->ja4, b->ja4) &&
           !memcmp(a->ja3, b->ja3, sizeof a->ja3) && !memcmp(a->certificate, b->certificate, sizeof a->certificate) &&
           !strcmp(a->mechanism, b->mechanism) && !strcmp(a->offered_others, b->offered_others);
}

static bool same_auth(const struct auth_seen *a, const struct auth_seen *b)
{
    return a->offered == b->offered && a->list_seen == b->list_seen && a->command == b->command &&
           a->mechanism == b->mechanism && a->exposure == b->exposure;
}

/* The VLANs and tunnels of a wrapping; else those of the golden. */
static bool same_way(const struct derivation *d, const struct session *a, const struct session *b,
                     const struct packets *p)
{
    uint8_t nvlan = d->wraps ? p->nvlan : b->nvlan, ntunnel = d->wraps ? p->ntunnel : b->ntunnel;
    bool vlan = a->nvlan == nvlan && !memcmp(a->vlan, d->wraps ? p->vlan : b->vlan, nvlan * sizeof *a->vlan);
    return a->ntunnel == ntunnel && !memcmp(a->tunnel, d->wraps ? p->tunnel : b->tunnel, ntunnel) &&
           (vlan || d->vlan || d->moves);
}

static bool same_session(const struct derivation *d, const struct session *a, const struct judgement *ja,
                         const struct session *b, const struct judgement *jb, char why[256])
{
    if (ja->verdict != jb->verdict || ja->rule != jb->rule || ja->hop != jb->hop || ja->grade != jb->grade)
        return no(why, "another judgement");
    if (!session_same_client(a, b))
        return no(why, "other ends");
    if (a->protocol != b->protocol || a->stage != b->stage || a->odd_port != b->odd_port ||
        a->port_is_tls != b->port_is_tls)
        return no(why, "another protocol or stage");
    if (a->facts != b->facts)
        return no(why, "other facts");
    uint32_t by_clock = d->time ? INCIDENT_EXPIRED_CERTIFICATE : 0;
    if (a->evidence != b->evidence || (a->incidents | by_clock) != (b->incidents | by_clock))
        return no(why, "other evidence or incidents");
    if (a->marks != b->marks)
        return no(why, "other marks");
    if (a->starttls_reply != b->starttls_reply || a->starttls_code != b->starttls_code ||
        a->messages_clear != b->messages_clear)
        return no(why, "another reply, or other messages");
    if (!same_tls(&a->tls, &b->tls))
        return no(why, "other TLS attributes");
    if (!same_auth(&a->auth, &b->auth))
        return no(why, "other attributes of authentication");
    if (!same_names(&a->names, &b->names))
        return no(why, "other names");
    if (a->bytes[0] != b->bytes[0] || a->bytes[1] != b->bytes[1])
        return no(why, "other counts of bytes");
    if (!d->time && !d->moves && (a->first_ns != b->first_ns || a->last_ns != b->last_ns))
        return no(why, "other times");
    return true;
}

bool allowed_same(const struct derivation *d, const struct golden *g, const struct packets *p,
                  const struct result *r, char why[256])
{
    size_t k = 0;
    for (size_t i = 0; i < g->base.n; i++) {
        const struct session *b = &g->base.s[i];
        if (k == r->n || !session_same_ends(b, &r->s[k])) {
            if (b->odd_port && d->pieces)
                continue;
            return no(why, "a session is missing");
        }
        if (!same_session(d, b, &g->base.j[i], &r->s[k], &r->j[k], why))
            return false;
        if (!same_way(d, &r->s[k], b, p))
            return no(why, "other VLANs or tunnels");
        k++;
    }
    if (k < r->n)
        return no(why, "a session too many");
    if (memcmp(g->base.attempts, r->attempts, sizeof r->attempts))
        return no(why, "other attempts");
    return true;
}

/* --- B: what the rest supports --- */

/* What a golden's rest may show beyond the rules, each with its reason. */
static const struct exception {
    const char *golden;
    enum verdict to;                    /* VERDICT_N: any that the rules allow */
    uint32_t marks, facts;              /* of the derived session: any of these, 0: no condition */
    bool attributes;                    /* facts, stage and the like may differ, too; evidence may not */
} exceptions[] = {
    /* Mail inside another protocol, whose own words were lost: what is left is mail. */
    { "other-socks", VERDICT_CLEAR, MARK_MIDSTREAM | MARK_GAP, 0, true },
    { "other-connect", VERDICT_CLEAR, MARK_MIDSTREAM | MARK_GAP, 0, true },
    { "other-http-post", VERDICT_CLEAR, MARK_MIDSTREAM | MARK_GAP, FACT_LOST, true },
    /* What their clients say is mail's, too; what tells them from it is the server's, or came before. */
    { "other-news-starttls", VERDICT_TLS_FAILED, MARK_ONE_SIDED, 0, true },
    { "other-news-refused", VERDICT_TLS_FAILED, MARK_ONE_SIDED, 0, true },
    { "other-ftp-auth-refused", VERDICT_CLEAR, MARK_TRUNCATED, 0, true },       /* "AUTH T" */
    /* Its server begins as no mail server does: of the transaction before that something is left, or it is other. */
    { "smtp-banner-before-greeting", VERDICT_OTHER, MARK_ONE_SIDED | MARK_GAP | MARK_MIDSTREAM, FACT_LOST | FACT_CUT_SHORT, true },
    { "other-ftp-early", VERDICT_CLEAR_AUTH, MARK_ONE_SIDED, 0, true },
    { "other-ftp-early", VERDICT_CLEAR, MARK_GAP, FACT_LOST | FACT_CUT_SHORT, true },
    { "other-irc", VERDICT_CLEAR_AUTH, MARK_ONE_SIDED | MARK_GAP, FACT_CUT_SHORT, true },
    /* Section 3, 1.3: a refusal takes the server's close; where it was not seen the handshake is complete. */
    { "tls13-client-certificate-refused", VERDICT_IMPLICIT_TLS, 0, FACT_CUT_SHORT, true },
    /* Section 3: of one direction seen alone its own records decide. */
    { "tls13-client-certificate-refused", VERDICT_IMPLICIT_TLS, MARK_ONE_SIDED, 0, true },
    { "tls13-refused-alert-lost", VERDICT_IMPLICIT_TLS, MARK_ONE_SIDED | MARK_GAP, FACT_CUT_SHORT, true },
    { "tls13-client-flight-lost-then-closed", VERDICT_IMPLICIT_TLS, MARK_ONE_SIDED, 0, true },
    { "smtp-tls12-one-finished", VERDICT_STARTTLS, MARK_ONE_SIDED, 0, true },
    { "tls-midstream-few", VERDICT_IMPLICIT_TLS, MARK_ONE_SIDED, 0, true },
    { "tls-midstream-few-cut", VERDICT_IMPLICIT_TLS, MARK_ONE_SIDED, 0, true },
    { "tls13-client-flight-lost", VERDICT_TLS_FAILED, MARK_ONE_SIDED | MARK_MIDSTREAM, 0, true },
    /* The client alone shows a command whose answer was lost, and the right order more than the golden's. */
    { "pop3-lost-refusal", VERDICT_INCOMPLETE, MARK_ONE_SIDED, 0, true },
    { "smtp-midstream-late-request", VERDICT_STARTTLS, MARK_MIDSTREAM, 0, true },
    /* Both ports are mail's, and only the beginning of the header that was cut off tells the client. */
    { "proxy-client-by-header", VERDICT_INCOMPLETE, MARK_MIDSTREAM, 0, true },
    /* Its checksum shows the forged segment; cut, it has none to show. */
    { "tcp-bad-segment", VERDICT_N, MARK_TRUNCATED, 0, true },
    /* Two commands sent at once, of whose answers the first is a refusal: with the capture's beginning, or
     * an answer, lost nothing says whose. No evidence comes of it. */
    { "noop-refused-pipelined", VERDICT_N, MARK_MIDSTREAM | MARK_GAP | MARK_TRUNCATED, 0, true },
    /* The answer to what was lost reads as the one to STARTTLS. */
    { "go-ahead-lost-then-text", VERDICT_N, MARK_GAP, 0, true },
    /* Where nothing that the client says behind it was seen, a 220 is the go-ahead of what was lost. */
    { "smtp-xclient-lost", VERDICT_N, MARK_GAP | MARK_ONE_SIDED, 0, true },
    /* Lines of its second client behind AUTH, whose refusal alone tells that they are no responses. */
    { "smtp-auth-unheard-refusal", VERDICT_CLEAR_AUTH, MARK_ONE_SIDED | MARK_GAP, 0, true },
    /* What was lost was the server's, of which the client alone shows nothing. */
    { "retry-gap", VERDICT_TLS_FAILED, MARK_ONE_SIDED, 0, true },
    /* A loss behind which nothing but silence comes cannot be seen. */
    { "tcp-silence", VERDICT_INCOMPLETE, 0, 0, false },
    /* A response that is the word STARTTLS, where AUTH or its answer was lost: the line is a command. */
    { "auth-response-like-command", VERDICT_N, MARK_GAP | MARK_ONE_SIDED | MARK_MIDSTREAM, 0, true },

    /* Recorded ones; a name without number means all connections of the capture. */
    /* Section 3: as tls13-client-certificate-refused. */
    { "tls-openssl-client-certificate", VERDICT_IMPLICIT_TLS, MARK_ONE_SIDED | MARK_GAP, FACT_CUT_SHORT, true },
    { "tls-openssl-client-certificate", VERDICT_STARTTLS, MARK_ONE_SIDED | MARK_GAP, FACT_CUT_SHORT, true },
    { "tls-gnutls-client-certificate", VERDICT_IMPLICIT_TLS, MARK_ONE_SIDED | MARK_GAP, FACT_CUT_SHORT, true },
    { "tls-gnutls-client-certificate", VERDICT_STARTTLS, MARK_ONE_SIDED | MARK_GAP, FACT_CUT_SHORT, true },
    { "sendmail-relay-tls/12", VERDICT_STARTTLS, MARK_ONE_SIDED | MARK_GAP, FACT_CUT_SHORT, true },
    { "cyrus-imap-tls/18", VERDICT_STARTTLS, MARK_ONE_SIDED, 0, true },
    { "courier-imap-tls/15", VERDICT_STARTTLS, MARK_ONE_SIDED | MARK_GAP, 0, true },
};

static const struct exception *exception_for(const struct golden *g, const struct session *s, enum verdict to)
{
    for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++) {
        const struct exception *e = &exceptions[i];
        size_t n = strlen(e->golden);
        bool named = !strncmp(e->golden, g->name, n) && (!g->name[n] || g->name[n] == '/');
        if (named && (e->to == VERDICT_N || e->to == to) &&
            ((!e->marks && !e->facts) || (s->marks & e->marks) || (s->facts & e->facts)))
            return e;
    }
    return NULL;
}

static bool offers_exposing(const struct session *b)
{
    for (unsigned i = 1; i < MECHANISM_N; i++)
        if ((b->auth.offered >> i & 1) && mechanisms[i].exposure != EXPOSURE_NONE)
            return true;
    return false;
}

/* Section 2: a reply that reports a login counts as a secret sent where the client's line, or which mechanism
 * it named, was lost; unless the list was seen, and all its mechanisms expose nothing. */
static bool is_login_by_reply(const struct session *b, const struct session *s)
{
    return s->auth.mechanism == MECHANISM_UNKNOWN && (b->facts & FACT_AUTH_TRIED) &&
           ((b->facts & FACT_CREDENTIAL) || !(s->facts & FACT_LIST_WHOLE) || offers_exposing(b));
}

static bool verdict_follows(const struct session *b, enum verdict from, const struct session *s,
                            enum verdict to)
{
    bool stripped = evidence_highest(b->evidence) >= GRADE_LIKELY, credential = b->facts & FACT_CREDENTIAL;
    bool mail = b->facts & FACT_MAIL, attempted = b->facts & FACT_ATTEMPTED;

    bool completed = to == VERDICT_STARTTLS || to == VERDICT_IMPLICIT_TLS;

    if (from == to || to == VERDICT_INCOMPLETE)
        return true;
    if ((b->incidents & INCIDENT_NULL_ENCRYPTION) && completed && !s->tls.version)
        return true;
    switch (from) {
    case VERDICT_STARTTLS:
        return (to == VERDICT_STRIPPED && stripped) || (to == VERDICT_CLEAR_AUTH && credential) ||
               (to == VERDICT_CLEAR && mail) || (to == VERDICT_TLS_FAILED &&
                ((b->facts & FACT_REFUSED) || (b->incidents & (INCIDENT_COMMAND_INJECTION | INCIDENT_RESPONSE_INJECTION))));
    case VERDICT_STRIPPED:
        return (to == VERDICT_CLEAR_AUTH && credential) || (to == VERDICT_CLEAR && mail) ||
               (to == VERDICT_TLS_FAILED && attempted);
    case VERDICT_CLEAR_AUTH:
        return to == VERDICT_CLEAR || (to == VERDICT_TLS_FAILED && attempted);
    case VERDICT_CLEAR:
        return (to == VERDICT_TLS_FAILED && attempted) ||
               (to == VERDICT_CLEAR_AUTH && is_login_by_reply(b, s));
    case VERDICT_TLS_FAILED:
        break;
    case VERDICT_OTHER:
        return !s->names.alpn[0] && ((to == VERDICT_IMPLICIT_TLS && (b->facts & FACT_TLS_DONE)) ||
                                   (to == VERDICT_TLS_FAILED && (b->facts & FACT_FAILED)));
    case VERDICT_INCOMPLETE: case VERDICT_IMPLICIT_TLS: case VERDICT_N:
        break;
    }
    return false;
}

/* Where the golden has two copies that differ, each of them may be the one that is left. */
static bool evidence_follows(const struct session *b, const struct session *s, char why[256])
{
    uint32_t incidents = s->incidents & ~b->incidents;
    for (unsigned i = 0; i < EVIDENCE_N; i++) {
        enum grade had = evidence_grade(b->evidence, (enum evidence)i);
        enum grade has = evidence_grade(s->evidence, (enum evidence)i);
        bool other_copy = (b->marks & MARK_OVERLAP) && i != EVIDENCE_OVERLAP_CONFLICT;
        bool offer_lost = i == EVIDENCE_MASKED_CAPABILITY && has == GRADE_POSSIBLE &&
                          (b->facts & FACT_OFFERED);
        if (has > had && !other_copy && !offer_lost)
            return no(why, "evidence that the golden does not have");
    }
    if (b->marks & MARK_OVERLAP)
        incidents &= ~(uint32_t)INCIDENT_DECRYPTED_MIRROR;
    if (evidence_grade(b->evidence, EVIDENCE_OVERLAP_CONFLICT))     /* a late copy of another length mixes two streams */
        incidents &= ~(uint32_t)INCIDENT_COMMAND_INJECTION;
    return incidents ? no(why, "an incident that the golden does not have") : true;
}

static bool attributes_follow(const struct session *b, const struct session *s, char why[256])
{
    bool login = is_login_by_reply(b, s);
    uint32_t strong = FACT_TLS_DONE | FACT_OFFERED | FACT_REQUESTED | FACT_ACCEPTED | FACT_REFUSED |
                      FACT_CREDENTIAL | FACT_AUTH_TRIED | FACT_MAIL | FACT_INVITED;
    if (login)
        strong &= ~(uint32_t)FACT_CREDENTIAL;
    if (b->incidents & INCIDENT_NULL_ENCRYPTION)
        strong &= ~(uint32_t)FACT_TLS_DONE;
    if (b->marks & MARK_OVERLAP)
        strong &= ~(uint32_t)(FACT_ACCEPTED | FACT_REFUSED);
    if (s->facts & strong & ~b->facts)
        return no(why, "a fact that the golden does not have: %x", s->facts & strong & ~b->facts);
    if (s->auth.exposure > b->auth.exposure && !login)
        return no(why, "a higher exposure");
    bool earlier = b->auth.offered >> s->auth.mechanism & 1;    /* a try before the one that was lost */
    if (s->auth.exposure == b->auth.exposure && s->auth.mechanism && b->auth.mechanism &&
        s->auth.mechanism != b->auth.mechanism && !earlier)
        return no(why, "another mechanism");
    if (s->stage > b->stage || s->messages_clear > b->messages_clear)
        return no(why, "a higher stage or more messages");
    if (s->tls.version && (s->tls.version != b->tls.version || s->tls.cipher != b->tls.cipher))
        return no(why, "another TLS version or suite");
    static const uint8_t none[sizeof s->names.certificate];
    if (memcmp(s->names.certificate, none, sizeof none) && memcmp(s->names.certificate, b->names.certificate, sizeof none))
        return no(why, "another certificate");
    if (s->names.ja4[0] && (strcmp(s->names.ja4, b->names.ja4) || memcmp(s->names.ja3, b->names.ja3, sizeof s->names.ja3)))
        return no(why, "another fingerprint");
    if (!session_same_client(b, s))
        return no(why, "the client is taken for the server");
    return true;
}

static bool session_follows(const struct golden *g, size_t base, const struct session *s,
                            const struct judgement *j, char why[256])
{
    const struct session *b = &g->base.s[base];
    enum verdict from = g->base.j[base].verdict, to = j->verdict;
    const struct exception *e = exception_for(g, s, to);

    bool excepted = e && (e->to == to || to == VERDICT_TLS_FAILED || to == VERDICT_CLEAR);

    if (!verdict_follows(b, from, s, to) && !excepted)
        return no(why, "%s does not follow from %s", verdict_word(to), verdict_word(from));
    if (!evidence_follows(b, s, why))
        return false;
    if (!(e && e->attributes) && from != VERDICT_OTHER && !attributes_follow(b, s, why))
        return false;
    bool shows = (s->facts & (FACT_CUT_SHORT | FACT_LOST)) || (s->marks & ~(uint32_t)MARK_OVERLAP);
    if (to == VERDICT_INCOMPLETE && from != VERDICT_INCOMPLETE && from != VERDICT_OTHER && !s->odd_port &&
        !shows && !(e && e->to == to))
        return no(why, "incomplete, and nothing shows that something was lost");
    return true;
}

/* An acknowledgement of a connection that was seen both ways. */
static bool is_bare(const struct golden *g, size_t i)
{
    const struct pkt *p = &g->pkt[i];
    return p->tcp && !p->seg.len && !(p->seg.flags & (TCP_SYN | TCP_FIN | TCP_RST)) &&
           !(g->marks & (MARK_ONE_SIDED | MARK_GAP | MARK_MIDSTREAM | MARK_TRUNCATED));
}

static bool bare_changes_nothing(const struct golden *g, const struct result *r, char why[256])
{
    if (r->n != g->base.n)
        return no(why, "without a mere acknowledgement, another number of sessions");
    for (size_t i = 0; i < r->n; i++)
        if (r->j[i].verdict != g->base.j[i].verdict || r->s[i].evidence != g->base.s[i].evidence ||
            r->s[i].incidents != g->base.s[i].incidents)
            return no(why, "without a mere acknowledgement, another verdict");
    return true;
}

/* Whether the derived capture has a payload byte between these ends; then there must be a session. */
static bool has_payload(const struct packets *k, const struct session *b)
{
    struct segment seg;
    for (size_t i = 0; i < k->n; i++) {
        if (decode(&k->p[i], &seg) != DECODE_TCP || !seg.len)
            continue;
        struct session s = { .client = seg.src, .server = seg.dst };
        if (session_same_ends(&s, b))
            return true;
    }
    return false;
}

static bool none_missing(const struct golden *g, const struct packets *k, const struct result *r,
                         char why[256])
{
    for (size_t b = 0; b < g->base.n; b++) {
        const struct session *s = &g->base.s[b];
        size_t i = 0;
        while (i < r->n && !session_same_ends(s, &r->s[i]))
            i++;
        if (i == r->n && !s->odd_port && has_payload(k, s))
            return no(why, "no session, though there is payload");
    }
    return true;
}

bool allowed_less(const struct derivation *d, const struct golden *g, size_t i, const struct packets *packets,
                  const struct result *r, char why[256])
{
    char last[256];

    for (size_t k = 0; k < r->n; k++) {
        bool found = false;
        snprintf(last, sizeof last, "a session that the golden does not have");
        for (size_t b = 0; b < g->base.n && !found; b++)
            found = session_same_ends(&g->base.s[b], &r->s[k]) &&
                    session_follows(g, b, &r->s[k], &r->j[k], last);
        if (!found)
            return no(why, "%s", last);
    }
    if (!none_missing(g, packets, r, why))
        return false;
    return !d->removes_one || !is_bare(g, i) || bare_changes_nothing(g, r, why);
}
