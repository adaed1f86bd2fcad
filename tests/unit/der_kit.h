/* Certificates by hand: DER (X.690) with what RFC 5280 section 4.1 wants, and no signature that
 * anybody could verify. */
#ifndef MAILSEAL_TESTS_DER_KIT_H
#define MAILSEAL_TESTS_DER_KIT_H

#include "unit/tls_kit.h"

enum { DER_UTF8 = 0x0c, DER_PRINTABLE = 0x13, DER_UTC = 0x17, DER_GENERALIZED = 0x18 };

/* What goes into one; zero or NULL: as usual. */
struct der_certificate {
    const char *subject, *issuer;       /* CN; "mx.example", and the subject */
    size_t subject_n;                   /* where it is no text */
    const char *before, *after;         /* UTCTime, or GeneralizedTime with four digits of the year */
    size_t key;                         /* bytes of the public key */
};

static inline void der_put(struct bytes *o, unsigned tag, const void *p, size_t n)
{
    put8(o, tag);
    if (n >= 128) {
        put8(o, 0x82);
        put16(o, (unsigned)n);
    } else {
        put8(o, (unsigned)n);
    }
    put_n(o, p, n);
}

static inline void der_wrap(struct bytes *o, unsigned tag, const struct bytes *inner)
{
    der_put(o, tag, inner->b, inner->n);
}

static inline void der_name(struct bytes *o, const char *cn, size_t n)
{
    static struct bytes a, b, c;
    a.n = b.n = c.n = 0;
    put_n(&a, "\x06\x03\x55\x04\x03", 5);       /* commonName */
    der_put(&a, DER_UTF8, cn, n);
    der_wrap(&b, 0x30, &a);
    der_wrap(&c, 0x31, &b);
    der_wrap(o, 0x30, &c);
}

static inline void der_time(struct bytes *o, const char *text)
{
    der_put(o, strlen(text) > 13 ? DER_GENERALIZED : DER_UTC, text, strlen(text));
}

static inline void der_certificate(struct bytes *o, const struct der_certificate *d)
{
    static const char rsa[] = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00";
    static struct bytes tbs, whole, part;
    const char *subject = d->subject ? d->subject : "mx.example";
    const char *issuer = d->issuer ? d->issuer : subject;
    size_t subject_n = d->subject_n ? d->subject_n : strlen(subject);

    tbs.n = whole.n = part.n = o->n = 0;
    put_n(&tbs, "\xa0\x03\x02\x01\x02" "\x02\x01\x07", 8);      /* v3, serial number */
    put_n(&tbs, rsa, 15);
    der_name(&tbs, issuer, issuer == subject ? subject_n : strlen(issuer));
    der_time(&part, d->before ? d->before : "250101000000Z");
    der_time(&part, d->after ? d->after : "280101000000Z");
    der_wrap(&tbs, 0x30, &part);
    der_name(&tbs, subject, subject_n);
    part.n = 0;
    put_fill(&part, d->key ? d->key : 20, 0x6b);        /* nobody looks at it */
    der_wrap(&tbs, 0x30, &part);
    der_wrap(&whole, 0x30, &tbs);
    put_n(&whole, rsa, 15);
    put_n(&whole, "\x03\x03\x00\x55\xaa", 5);
    der_wrap(o, 0x30, &whole);
}

#endif
