#include "proto/tls.h"

long tls_header_parse(struct span in, struct tls_header *out)
{
    /* Each byte can already rule a record out, so noise is told as early as possible. */
    if (in.n >= 1 && (in.p[0] < TLS_CCS || in.p[0] > TLS_HEARTBEAT))
        return PARSE_BAD;
    if ((in.n >= 2 && in.p[1] != 3) || (in.n >= 3 && in.p[2] > 4))
        return PARSE_BAD;
    if (in.n < TLS_HEADER)
        return PARSE_MORE;
    out->type = in.p[0];
    out->version = load_be16(in.p + 1);
    out->len = load_be16(in.p + 3);
    return out->len == 0 || out->len > TLS_RECORD_MAX ? PARSE_BAD : TLS_HEADER;
}

/* msg_length with its high bit set, CLIENT-HELLO, version (RFC 5246 E.2). */
static long v2_begins(struct span in)
{
    if (!in.n || !(in.p[0] & 0x80) || (in.n > 2 && in.p[2] != TLS_CLIENT_HELLO))
        return PARSE_BAD;
    if (in.n < 5)
        return PARSE_MORE;
    uint16_t version = load_be16(in.p + 3);
    return version == SSL_2 || (version >= SSL_3 && version <= TLS_1_2) ? 1 : PARSE_BAD;
}

long ssl2_header_parse(struct span in, struct ssl2_header *out)
{
    size_t header = in.n && (in.p[0] & 0x80) ? 2 : 3;
    if (in.n < header)
        return PARSE_MORE;
    out->len = (uint16_t)(load_be16(in.p) & (header == 2 ? 0x7fff : 0x3fff));
    return out->len ? (long)header : PARSE_BAD;
}

long tls_begins(struct span in)
{
    struct tls_header h;
    long used = tls_header_parse(in, &h);
    if (used == PARSE_BAD)
        return v2_begins(in);
    if (used == PARSE_MORE || in.n < TLS_HEADER + 1)
        return in.n && in.p[0] != TLS_HANDSHAKE ? PARSE_BAD : PARSE_MORE;
    return h.type == TLS_HANDSHAKE && in.p[TLS_HEADER] == TLS_CLIENT_HELLO ? 1 : PARSE_BAD;
}

long tls_message_parse(struct span in, struct tls_message_header *out)
{
    if (in.n < TLS_MESSAGE_HEADER)
        return PARSE_MORE;
    out->type = in.p[0];
    out->len = (uint32_t)in.p[1] << 16 | load_be16(in.p + 2);
    return TLS_MESSAGE_HEADER;
}
