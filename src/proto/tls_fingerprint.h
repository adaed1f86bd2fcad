/* Names for the software behind a ClientHello, made of what it offers and in which order.
 *
 * JA3 (github.com/salesforce/ja3): MD5 of "version,ciphers,extensions,groups,point formats", each a
 * list of decimal numbers joined by "-", as they stand in the hello. JA4 (github.com/FoxIO-LLC/ja4,
 * technical_details/JA4.md): "t13d1516h2_8daaf6152771_e5627efa2ab1", whose parts are explained
 * where they are made. GREASE (RFC 8701) counts in neither. */
#ifndef MAILSEAL_PROTO_TLS_FINGERPRINT_H
#define MAILSEAL_PROTO_TLS_FINGERPRINT_H

#include "base/digest.h"
#include "base/hash.h"
#include "facts/session.h"
#include "proto/proto.h"

enum { FINGERPRINT_PLACES = 512 };

/* The names of offers met before, since most clients say the same in every session and the hashes cost
 * more than all else of a handshake. One place for each offer, taken over by who comes next. Not for
 * two threads. */
struct tls_fingerprints {
    struct hash_key key;                /* random; decides places, and which offers are the same */
    struct {
        uint64_t offer;                 /* its hash; 0: a free place */
        uint8_t ja3[DIGEST_MD5];
        char ja4[JA4_TEXT];
    } place[FINGERPRINT_PLACES];
};

/* hello: a whole ClientHello behind its 4-byte header; known may be NULL. False, and both are left
 * alone: it is not whole, or has a list longer than any client's (hundreds of numbers), or there is
 * no MD5. */
bool tls_fingerprint(struct tls_fingerprints *known, struct span hello, uint8_t ja3[DIGEST_MD5],
                     char ja4[JA4_TEXT]);

#endif
