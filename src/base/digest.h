/* Hashes and Base64, by libcrypto, which only these files, disguise.c and x509.c know. */
#ifndef MAILSEAL_BASE_DIGEST_H
#define MAILSEAL_BASE_DIGEST_H

#include "base/bytes.h"

enum { DIGEST_MD5 = 16, DIGEST_SHA1 = 20, DIGEST_SHA256 = 32 };

/* Of n parts as if they were one run of bytes (FIPS 180-4). They cannot fail but for lack of
 * memory, which ends the program. */
void digest_sha256(const struct span *parts, size_t n, uint8_t out[DIGEST_SHA256]);
void digest_sha1(const struct span *parts, size_t n, uint8_t out[DIGEST_SHA1]);
/* RFC 1321, for names that are made of it and for nothing else. False: this machine's libcrypto
 * has none (FIPS 140). */
bool digest_md5(struct span, uint8_t out[DIGEST_MD5]);

const char *digest_library(void);       /* "OpenSSL 3.0.17 1 Jul 2025", as it is loaded */

/* Base64 with padding and without line breaks (RFC 4648 section 4), NUL-terminated. Returns the
 * length without the NUL; 0 and an empty text if size is too small: it takes 4 characters for
 * every 3 bytes begun, and the NUL. */
size_t base64_text(struct span in, char *out, size_t size);

#endif
