/* What a certificate says of itself (RFC 5280), by libcrypto. Nothing is verified. */
#ifndef MAILSEAL_BASE_X509_H
#define MAILSEAL_BASE_X509_H

#include "base/bytes.h"

enum {
    X509_TEXT = 256,
    X509_MOST = 16384                   /* bytes of a certificate that are read */
};

struct x509_words {
    char subject[X509_TEXT], issuer[X509_TEXT];
    int64_t not_before, not_after;      /* unix seconds; both belong to it */
    bool self_signed;                   /* subject and issuer are the same name */
};

/* der: one certificate and nothing behind it; any bytes are allowed. Names are as in RFC 2253, in
 * printable ASCII: what is not stands as \XX for each byte of its UTF-8. One that is longer than fits
 * ends with "...". False: no certificate, or one with a name that is no text. */
bool x509_read(struct span der, struct x509_words *out);

#endif
