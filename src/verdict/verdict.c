#include "verdict/verdict.h"

/* doc/measurement.md section 2. The first rule that holds decides, the last one always does. Clear
 * dialogue may be among what was lost behind a failure, so that is left to the last line. */
const struct rule verdict_rules[] = {
    /* verdict              all of                          none of       name, sentence, section, RFC */
    { VERDICT_OTHER,        FACT_NOT_MAIL,                 0,
      "not_mail", "the bytes are another protocol's", "1 and 2", "" },
    { VERDICT_IMPLICIT_TLS, FACT_TLS_DONE | FACT_TLS_FIRST, 0,
      "tls_first", "TLS from the first byte, and the handshake completed", "2 and 3", "RFC 8314 3, RFC 8446 4.4.4" },
    { VERDICT_STARTTLS,     FACT_TLS_DONE,                 FACT_TLS_FIRST,
      "upgraded", "a clear start, and a TLS handshake that completed", "2 and 3", "RFC 8446 4.4.4" },
    { VERDICT_STRIPPED,     RULE_STRIPPED,                 FACT_TLS_DONE,
      "stripped", "evidence that something on the path kept TLS away", "2 and 5", "" },
    { VERDICT_CLEAR_AUTH,   FACT_CREDENTIAL,               FACT_TLS_DONE,
      "credential_in_clear", "stayed in clear, and the client sent a credential", "2 and 4", "RFC 8314 3" },
    { VERDICT_CLEAR,        FACT_MAIL,                     FACT_TLS_DONE,
      "mail_in_clear", "stayed in clear, and mail was spoken", "2", "RFC 8314 3" },
    { VERDICT_TLS_FAILED,   FACT_ATTEMPTED | FACT_FAILED,  FACT_TLS_DONE | FACT_LOST_SINCE,
      "tls_failed", "TLS was attempted, and its failure was seen", "2 and 3", "RFC 8446 6" },
    { VERDICT_INCOMPLETE,   0,                             0,
      "too_little", "too little happened or was seen", "2", "" },
};
const unsigned verdict_rules_n = sizeof verdict_rules / sizeof *verdict_rules;

static bool holds(const struct rule *r, uint32_t seen)
{
    return (seen & r->all) == r->all && !(seen & r->none);
}

unsigned verdict_rule(uint32_t facts, enum grade highest)
{
    uint32_t seen = (facts & (RULE_STRIPPED - 1)) | (highest >= GRADE_LIKELY ? RULE_STRIPPED : 0);
    unsigned i = 0;
    while (!holds(&verdict_rules[i], seen))
        i++;
    return i;
}

/* Section 1: the hop of a mail port, else of the protocol. */
static enum hop hop_of_port(uint16_t port)
{
    switch (port) {
    case 25:
        return HOP_RELAY;
    case 587: case 465: case 2525:
        return HOP_SUBMISSION;
    case 143: case 993: case 110: case 995:
        return HOP_RETRIEVAL;
    case 24:
        return HOP_DELIVERY;
    case 4190:
        return HOP_FILTER;
    default:
        return HOP_OTHER;
    }
}

static enum hop hop_of_protocol(const struct session *s)
{
    switch ((enum protocol)s->protocol) {
    case PROTOCOL_SMTP:
        return s->facts & FACT_AUTH_TRIED ? HOP_SUBMISSION : HOP_RELAY;
    case PROTOCOL_LMTP:
        return HOP_DELIVERY;
    case PROTOCOL_IMAP:
    case PROTOCOL_POP3:
        return HOP_RETRIEVAL;
    case PROTOCOL_SIEVE:
        return HOP_FILTER;
    case PROTOCOL_UNKNOWN:
    case PROTOCOL_N:
        break;
    }
    return HOP_OTHER;
}

struct judgement judge(const struct session *s)
{
    struct judgement j = { .grade = evidence_highest(s->evidence) };
    j.allowed = j.grade && (s->facts & FACT_ALLOWED);
    j.rule = verdict_rule(s->facts, j.allowed ? GRADE_NONE : j.grade);
    j.verdict = verdict_rules[j.rule].verdict;
    j.hop = hop_of_port(s->server.port);
    if (j.hop == HOP_OTHER)
        j.hop = hop_of_protocol(s);
    return j;
}
