/* Names for the software behind a ClientHello, made of what it offers and in which order.
 *
 * JA3 (github.com/salesforce/ja3): MD5 of "version,ciphers,extensions,groups,point formats", each a
 * list of decimal numbers joined by "-", as they stand in the hello. JA4 (github.com/FoxIO-LLC/ja4,
 * technical_details/JA4.md): "t13d1516h2_8daaf6152771_e5627efa2ab1", whose parts are explained
 * where they are made. GREASE (RFC 8701) counts in neither. */
#ifndef MAILSEAL_PROTO_TLS_FINGERPRINT_H
#define MAILSEAL_PROTO_TLS_FINGERPRINT_H

#include "base/digest.h"
#include "facts/session.h"
#include "proto/proto.h"

/* hello: a whole ClientHello behind its 4-byte header. False, and both are left alone: it is not
 * whole, or has a list longer than any client's (hundreds of numbers), or there is no MD5. */
bool tls_fingerprint(struct span hello, uint8_t ja3[DIGEST_MD5], char ja4[JA4_TEXT]);

#endif
