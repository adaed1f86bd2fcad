#include "dialogue/first.h"

#include <strings.h>

#include "proto/imap.h"
#include "proto/pop3.h"
#include "proto/smtp.h"

const struct dialect *dialect_of(enum protocol p)
{
    switch (p) {
    case PROTOCOL_SMTP:
        return &smtp_dialect;
    case PROTOCOL_LMTP:
        return &lmtp_dialect;
    case PROTOCOL_IMAP:
        return &imap_dialect;
    case PROTOCOL_POP3:
        return &pop3_dialect;
    case PROTOCOL_SIEVE:
        return &sieve_dialect;
    case PROTOCOL_UNKNOWN:
    case PROTOCOL_N:
        break;
    }
    return NULL;
}

/* ONC RPC over TCP (RFC 5531 section 11): a last fragment, its xid, CALL with version 2, or REPLY. */
static bool is_rpc(struct span in)
{
    if (in.n < 16 || in.p[0] != 0x80)
        return false;
    uint32_t kind = load_be32(in.p + 8), next = load_be32(in.p + 12);
    return kind == 0 ? next == 2 : kind == 1 && next <= 1;
}

/* SOCKS version 4 with a command, version 5 with one to eight methods (RFC 1928). */
static bool is_socks(struct span in)
{
    return in.n >= 3 && ((in.p[0] == 4 && (in.p[1] == 1 || in.p[1] == 2)) ||
                         (in.p[0] == 5 && in.p[1] >= 1 && in.p[1] <= 8 && in.n == 2u + in.p[1]));
}

static const char *const foreign_words[] = {
    "GET /", "POST /", "PUT /", "HEAD /", "OPTIONS ", "CONNECT ", "DELETE /", "PATCH /", "TRACE /", "PRI * HTTP",
    "HTTP/", "SSH-", "RTSP/", "RFB 00", "SIP/2.0", "GIOP", "*1\r\n", "*2\r\n", "*3\r\n", "*4\r\n",
    "*5\r\n", NULL,
};

bool first_names_foreign(struct span in)
{
    for (size_t i = 0; in.n && foreign_words[i]; i++)
        if (in.p[0] == (uint8_t)foreign_words[i][0] && span_starts(in, foreign_words[i]))
            return true;
    return is_rpc(in);
}

bool first_is_foreign(struct span in)
{
    return first_names_foreign(in) || is_socks(in);
}

/* Too few bytes to rule out one of the words. */
static bool may_be_foreign(struct span in)
{
    for (size_t i = 0; foreign_words[i]; i++)
        if (in.n < strlen(foreign_words[i]) && memcmp(in.p, foreign_words[i], in.n) == 0)
            return true;
    return false;
}

bool first_is_text(struct span in)
{
    for (size_t i = 0; i < in.n && i < 16; i++) {
        uint8_t c = in.p[i];
        if (c == '\n' && i)
            break;
        if (c >= 0x7f || (c < ' ' && c != '\r' && c != '\n' && c != '\t'))
            return false;
    }
    return true;
}

bool first_is_text_of_client(struct span in, const struct dialect *dialect)
{
    struct span line = in;
    if (first_is_text(in))
        return true;
    line_parse(in, &line);
    return dialect && dialect->is_command(line);
}

/* RFC 5321 4.2, RFC 1939 4, RFC 9051 7.1, RFC 5804 1.7: what a server may begin with. */
static enum first_words server_words(struct span in, enum protocol expected, const struct dialect **dialect)
{
    static const struct {
        const char *words;
        enum protocol protocol;
        bool expected;                  /* too short to name it where something else is expected */
    } greetings[] = {
        { "+OK", PROTOCOL_POP3, false },      { "-ERR", PROTOCOL_POP3, false }, { "* OK", PROTOCOL_IMAP, false },
        { "* PREAUTH", PROTOCOL_IMAP, false }, { "* BYE", PROTOCOL_IMAP, false }, { "\"", PROTOCOL_SIEVE, true },
        { "OK", PROTOCOL_SIEVE, true },       { "BYE", PROTOCOL_SIEVE, true },  { "NO ", PROTOCOL_SIEVE, true },
        { "\"IMPLEMENTATION\"", PROTOCOL_SIEVE, false },       { "{", PROTOCOL_SIEVE, true },
    };
    struct smtp_reply_line reply;

    if (in.n >= 4) {
        struct span head = span_of(in.p, in.p[3] == '\r' || in.p[3] == '\n' ? 3 : 4);
        if (smtp_reply_parse(head, &reply)) {
            *dialect = expected == PROTOCOL_LMTP ? &lmtp_dialect : &smtp_dialect;
            return FIRST_MAIL;
        }
    }
    for (size_t i = 0; i < sizeof greetings / sizeof *greetings; i++) {
        if (greetings[i].expected && expected != greetings[i].protocol)
            continue;
        if (span_starts_nocase(in, greetings[i].words)) {
            *dialect = dialect_of(greetings[i].protocol);
            return FIRST_MAIL;
        }
        if (in.n < strlen(greetings[i].words) && strncasecmp(greetings[i].words, (const char *)in.p, in.n) == 0)
            return FIRST_MORE;
    }
    if (in.n < 4 && in.n && in.p[0] >= '2' && in.p[0] <= '5')
        return FIRST_MORE;
    if (first_is_foreign(in))
        return FIRST_FOREIGN;
    return may_be_foreign(in) ? FIRST_MORE : FIRST_NOISE;
}

static enum first_words client_words(struct span in, enum protocol expected, const struct dialect **dialect)
{
    struct span line;
    struct smtp_command smtp;
    struct pop3_command pop3;
    struct imap_command imap;

    if (first_is_foreign(in))
        return FIRST_FOREIGN;
    if (may_be_foreign(in))
        return FIRST_MORE;
    if (!first_is_text_of_client(in, dialect_of(expected)))
        return FIRST_NOISE;
    if ((*dialect = dialect_of(expected)))
        return FIRST_MAIL;
    if (line_parse(in, &line) <= 0)
        return FIRST_MORE;
    smtp_command_parse(line, &smtp);
    pop3_command_parse(line, &pop3);
    if (smtp.verb == SMTP_LHLO)
        *dialect = &lmtp_dialect;
    else if (smtp.verb == SMTP_EHLO || smtp.verb == SMTP_HELO)
        *dialect = &smtp_dialect;
    else if (pop3.verb == POP3_USER || pop3.verb == POP3_CAPA || pop3.verb == POP3_STLS || pop3.verb == POP3_APOP)
        *dialect = &pop3_dialect;
    else if (imap_command_parse(line, &imap) && imap.verb != IMAP_UNKNOWN)
        *dialect = &imap_dialect;
    return *dialect ? FIRST_MAIL : FIRST_NOISE;
}

enum first_words first_words(unsigned dir, struct span in, enum protocol expected, const struct dialect **dialect)
{
    return dir == TO_CLIENT ? server_words(in, expected, dialect) : client_words(in, expected, dialect);
}
