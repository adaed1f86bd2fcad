/* A dialogue as events. The first byte names the port and whether its beginning was seen; an
 * event is a byte (bit 0: who, bits 1-3: what), two bytes of length and, for bytes said, these. */
#include "dialogue/certificates.h"
#include "flow/reorder.h"
#include "dialogue/server_names.h"
#include "fuzz.h"
#include "unit/dialogue_kit.h"
#include "verdict/verdict.h"

static const struct {
    uint16_t port;
    enum protocol protocol;
    bool tls;
} ports[] = {
    { 25, PROTOCOL_SMTP, false },  { 143, PROTOCOL_IMAP, false }, { 110, PROTOCOL_POP3, false },
    { 4190, PROTOCOL_SIEVE, false }, { 24, PROTOCOL_LMTP, false }, { 465, PROTOCOL_SMTP, true },
    { 993, PROTOCOL_IMAP, true },  { 2526, PROTOCOL_UNKNOWN, false },
};
enum { MIDSTREAM = 8, BOTH_SEEN = 16, INPUT_ENDED = 32 };

enum event { SAYS, SAYS_UNKNOWING, SAYS_BYTEWISE, LOSES, FINISHES, WAITS, CONFLICTS, RESETS };

static void take_event(struct play *p, enum event what, unsigned dir, size_t length, struct span bytes)
{
    switch (what) {
    case SAYS:
    case SAYS_UNKNOWING:
        play_bytes(p, dir, bytes.p, bytes.n, what == SAYS);
        break;
    case SAYS_BYTEWISE:
        for (size_t i = 0; i < bytes.n; i++)
            play_bytes(p, dir, bytes.p + i, 1, true);
        break;
    case LOSES:
        play_gap(p, dir, (uint32_t)length + 1);
        break;
    case FINISHES:
        play_fin(p, dir);
        break;
    case WAITS:
        p->now_ns += (uint64_t)length * 1000000000;
        break;
    case CONFLICTS:
        if (!p->d.settled) {
            const struct chunk c = {
                .kind = CHUNK_CONFLICT, .first = bytes, .other = span_first(bytes, bytes.n / 2), .whole = true,
                .from = (uint32_t)bytes.n, .was = span_skip(bytes, bytes.n / 2), .is = span_first(bytes, bytes.n / 2),
            };
            dialogue_conflict(&p->d, dir, &c);
            dialogue_moved(&p->d, dir, p->d.suspect.begin, p->d.suspect.end - p->d.suspect.begin);
        }
        break;
    case RESETS:
        p->ending.rst[dir] = p->ending.seen[dir] = true;
        break;
    }
}

static void check(const struct session *s)
{
    must(s->facts < 1u << FACT_N && s->incidents < 1u << INCIDENT_N && s->evidence < 1u << 2 * EVIDENCE_N);
    must(s->protocol < PROTOCOL_N && s->stage < STAGE_N && s->starttls_reply < STARTTLS_REPLY_N);
    must(s->auth.mechanism < MECHANISM_N && s->auth.command < AUTH_COMMAND_N &&
        s->auth.exposure < EXPOSURE_N);
    must(memchr(s->names.ja4, 0, sizeof s->names.ja4));
    must(memchr(s->names.sni, 0, sizeof s->names.sni) && memchr(s->names.alpn, 0, sizeof s->names.alpn));
    must(memchr(s->names.mechanism, 0, sizeof s->names.mechanism));
    must(memchr(s->names.offered_others, 0, sizeof s->names.offered_others));
    must((s->auth.exposure > EXPOSURE_NONE) == ((s->facts & FACT_CREDENTIAL) != 0));
    struct judgement j = judge(s);
    must(j.verdict < VERDICT_N && j.rule < verdict_rules_n);
}

static void called(void *ctx, const struct server_name *n)
{
    (void)ctx;
    must(memchr(n->text, 0, sizeof n->text) && strchr(n->text, '.'));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct certificates known;
    static struct server_names servers = { .met = called };
    static const struct dialogue_others others = { .certificates = &known, .servers = &servers };
    struct play *p = malloc(sizeof *p);
    if (!p || n < 1) {
        free(p);
        return 0;
    }
    unsigned port = bytes[0] & 7;
    play_begin(p, ports[port].port, ports[port].protocol, ports[port].tls, bytes[0] & MIDSTREAM);
    p->d.others = &others;
    p->ending.seen[0] = p->ending.seen[1] = bytes[0] & BOTH_SEEN;     /* else one direction may be all there
        is */
    for (size_t at = 1; at + 3 <= n;) {
        size_t length = load_be16(bytes + at + 1);
        enum event what = (enum event)(bytes[at] >> 1 & 7);
        bool carries = what <= SAYS_BYTEWISE || what == CONFLICTS;
        struct span said = carries ? span_first(span_of(bytes + at + 3, n - at - 3),
            length) : (struct span){ NULL, 0 };
        if (what == SAYS_BYTEWISE)
            said = span_first(said, 256);
        take_event(p, what, bytes[at] & 1, length, said);
        at += 3 + said.n;
    }
    play_end(p, bytes[0] & INPUT_ENDED);
    check(&p->s);
    free(p);
    return 0;
}
