/* TLS as seen from outside: record headers (RFC 8446 section 5, RFC 5246 section 6.2) and the
 * two hello messages (RFC 8446 section 4.1, RFC 5246 section 7.4.1, RFC 6101 for SSLv3, and
 * the SSLv2 form of a ClientHello, RFC 5246 appendix E.2). */
#ifndef MAILSEAL_PROTO_TLS_H
#define MAILSEAL_PROTO_TLS_H

#include "proto/proto.h"

enum tls_type { TLS_CCS = 20, TLS_ALERT = 21, TLS_HANDSHAKE = 22, TLS_DATA = 23, TLS_HEARTBEAT = 24 };

enum tls_message {
    TLS_CLIENT_HELLO = 1, TLS_SERVER_HELLO = 2, TLS_CERTIFICATE = 11, TLS_SERVER_KEY_EXCHANGE = 12
};

enum { TLS_HEADER = 5, TLS_RECORD_MAX = 16384 + 2048, TLS_MESSAGE_HEADER = 4 };

enum { SSL_2 = 0x0002, SSL_3 = 0x0300, TLS_1_0 = 0x0301, TLS_1_1 = 0x0302, TLS_1_2 = 0x0303, TLS_1_3 = 0x0304 };

struct tls_header {
    uint8_t type;                       /* enum tls_type */
    uint16_t version, len;
};
/* TLS_HEADER bytes used; the body is not waited for. */
long tls_header_parse(struct span in, struct tls_header *out);

/* Whether the bytes begin like the first record of a client: a handshake record with a
 * ClientHello in it, or its SSLv2 form. PARSE_MORE: too few bytes to tell; 1: yes. */
long tls_begins(struct span in);

/* RFC 8701: values of the form 0x?A?A are noise on purpose. */
static inline bool tls_is_grease(uint16_t v) { return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff); }

struct tls_message_header {
    uint8_t type;
    uint32_t len;
};
long tls_message_parse(struct span in, struct tls_message_header *out);

struct tls_client_hello {
    uint16_t max_version;               /* supported_versions counts; GREASE does not */
    struct span session_id, sni, alpn;  /* alpn: the list as on the wire, RFC 7301 */
    bool versions;                      /* supported_versions was there */
    bool pq_group;                      /* a post-quantum group among supported_groups */
    bool early_data, whole;             /* whole: nothing was cut off */
};
/* body: the message behind its 4-byte header, whatever there is of it. False: not even the version. */
bool tls_client_hello_parse(struct span body, struct tls_client_hello *out);
/* Record header of SSLv2: two bytes, or three with padding. Message types of its handshake. */
enum { SSL2_SERVER_HELLO = 4, SSL2_CLIENT_MASTER_KEY = 2 };
struct ssl2_header {
    uint16_t len;                       /* of what follows the header, with any padding */
};
long ssl2_header_parse(struct span in, struct ssl2_header *out);
/* record: the 2-byte header of SSLv2 and what it counts. */
bool tls_v2_hello_parse(struct span record, struct tls_client_hello *out);

struct tls_server_hello {
    uint16_t version, cipher, group;    /* group of key_share; 0: none */
    uint16_t sentinel;                  /* TLS_1_2 or TLS_1_3: what the server could do, RFC 8446 4.1.3; else 0 */
    struct span session_id, alpn;       /* alpn: the one name chosen */
    bool retry;                         /* HelloRetryRequest: no ServerHello yet */
    bool psk;                           /* pre_shared_key chosen */
    bool whole;
};
bool tls_server_hello_parse(struct span body, struct tls_server_hello *out);

/* The sender's own certificate of a Certificate message up to TLS 1.2 (RFC 5246 section 7.4.2), the
 * first in its list. body: at least so much of the message as tls_leaf_end() says; len: what its
 * header says. An empty span: it has none, or it is not there to its end. */
struct span tls_leaf(struct span body, uint32_t len);
/* How many bytes of a message that begins so one must have for it: all where too few are there to tell. */
uint32_t tls_leaf_end(struct span body, uint32_t len);
/* The certificate of an SSLv2 SERVER-HELLO: a record without its header. */
struct span ssl2_certificate(struct span record);

/* The named curve of a ServerKeyExchange (RFC 8422 section 5.4); 0: it has none. */
uint16_t tls_named_curve(struct span body);

/* Takes the next name off a list of names with one byte of length each. False: the end. */
bool tls_next_name(struct span *list, struct span *name);

/* A host name or IP literal as SNI may hold it: letters, digits, ". - _ :". */
bool tls_sni_valid(struct span);

#endif
