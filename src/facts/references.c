#include "facts/references.h"

#define R(id, section, rfc) [EVIDENCE_##id] = { section, rfc },
static const struct reference of_evidence[EVIDENCE_N] = { EVIDENCE_REFERENCES(R) };
#undef R

#define R(id, section, rfc) [INCIDENT_BIT_##id] = { section, rfc },
static const struct reference of_incident[INCIDENT_N] = { INCIDENT_REFERENCES(R) };
#undef R

static struct reference filled(struct reference r, enum protocol p)
{
    r.rfc = r.rfc ? r.rfc : starttls_rfc(p);
    return r;
}

struct reference evidence_reference(enum evidence e, enum protocol p) { return filled(of_evidence[e], p); }
struct reference incident_reference(enum incident_bit i, enum protocol p) { return filled(of_incident[i], p); }

const char *starttls_rfc(enum protocol p)
{
    switch (p) {
    case PROTOCOL_SMTP:
    case PROTOCOL_LMTP:
        return "RFC 3207 4";
    case PROTOCOL_IMAP:
        return "RFC 9051 6.2.1";
    case PROTOCOL_POP3:
        return "RFC 2595 4";
    case PROTOCOL_SIEVE:
        return "RFC 5804 2.2";
    case PROTOCOL_UNKNOWN:
    case PROTOCOL_N:
        break;
    }
    return "";
}
