#include "base/x509.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <time.h>

/* --- where the parts lie --- */

enum { DER_INTEGER = 0x02, DER_SEQUENCE = 0x30, DER_VERSION = 0xa0 };

/* The next element of DER (X.690 section 8.1) with its header, and the same as a cursor over what it
 * holds. An element of another tag makes the cursor bad. */
static struct span der_next(struct cursor *c, uint8_t tag, struct cursor *inner)
{
    struct span at = c->rest;
    uint8_t first, len_bytes;

    if (get_u8(c) != tag)
        c->bad = true;
    first = get_u8(c);
    if (first < 0x80) {
        *inner = cursor_of(get_bytes(c, first));
    } else {
        len_bytes = first & 0x7f;       /* without indefinite lengths, and X509_MOST has two bytes */
        if (len_bytes < 1 || len_bytes > 3)
            c->bad = true;
        *inner = c->bad ? *c : get_block(c, len_bytes);
    }
    return span_first(at, at.n - c->rest.n);
}

struct parts {
    struct span issuer, validity, subject;
};

/* Certificate ::= SEQUENCE { tbsCertificate, … };  TBSCertificate ::= SEQUENCE { [0] version OPTIONAL,
 * serialNumber, signature, issuer, validity, subject, … } (RFC 5280 section 4.1). libcrypto would read
 * this too, and the public key with it: that takes ten times as long as all the rest, and hostile
 * bytes need not get there. */
static bool find_parts(struct span der, struct parts *out)
{
    struct cursor c = cursor_of(der), certificate, tbs, inner;

    der_next(&c, DER_SEQUENCE, &certificate);
    der_next(&certificate, DER_SEQUENCE, &tbs);
    if (tbs.rest.n && tbs.rest.p[0] == DER_VERSION)
        der_next(&tbs, DER_VERSION, &inner);
    der_next(&tbs, DER_INTEGER, &inner);
    der_next(&tbs, DER_SEQUENCE, &inner);
    out->issuer = der_next(&tbs, DER_SEQUENCE, &inner);
    out->validity = der_next(&tbs, DER_SEQUENCE, &inner);
    out->subject = der_next(&tbs, DER_SEQUENCE, &inner);
    return !c.bad && !c.rest.n && !certificate.bad && !tbs.bad;
}

/* --- names --- */

/* The end of what fits, where no escape (\, or \XX) is cut. */
static size_t whole_escapes(const char *text, size_t n)
{
    size_t at = 0;
    while (at < n) {
        size_t step = text[at] != '\\' ? 1 : strchr("0123456789ABCDEF", text[at + 1]) ? 3 : 2;
        if (at + step > n)
            break;
        at += step;
    }
    return at;
}

static void copy_text(char out[X509_TEXT], const char *text, size_t n)
{
    if (n >= X509_TEXT) {
        n = whole_escapes(text, X509_TEXT - 4);
        memcpy(out, text, n);
        memcpy(out + n, "...", 4);
        return;
    }
    memcpy(out, text, n);
    out[n] = 0;
}

static bool write_name(const X509_NAME *name, char out[X509_TEXT])
{
    BIO *bio = BIO_new(BIO_s_mem());
    bool good = bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0;
    char *text;

    if (good) {
        long n = BIO_get_mem_data(bio, &text);
        copy_text(out, n > 0 ? text : "", n > 0 ? (size_t)n : 0);     /* of an empty name there is no text */
    }
    BIO_free(bio);
    return good;
}

static X509_NAME *read_name(struct span der)
{
    const unsigned char *p = der.p;
    return d2i_X509_NAME(NULL, &p, (long)der.n);
}

static bool read_names(const struct parts *parts, struct x509_words *out)
{
    X509_NAME *subject = read_name(parts->subject), *issuer = read_name(parts->issuer);
    bool good = subject && issuer && write_name(subject, out->subject) && write_name(issuer, out->issuer);

    if (good)
        out->self_signed = X509_NAME_cmp(subject, issuer) == 0;
    X509_NAME_free(subject);
    X509_NAME_free(issuer);
    return good;
}

/* --- times --- */

static bool read_time(const ASN1_TIME *t, int64_t *out)
{
    struct tm tm;
    if (!ASN1_TIME_to_tm(t, &tm))
        return false;
    *out = timegm(&tm);
    return true;
}

static bool read_validity(struct span der, struct x509_words *out)
{
    const unsigned char *p = der.p;
    X509_VAL *v = d2i_X509_VAL(NULL, &p, (long)der.n);
    bool good = v && read_time(v->notBefore, &out->not_before) && read_time(v->notAfter, &out->not_after);
    X509_VAL_free(v);
    return good;
}

bool x509_read(struct span der, struct x509_words *out)
{
    struct parts parts;
    bool good = der.n <= X509_MOST && find_parts(der, &parts) && read_validity(parts.validity, out) &&
                read_names(&parts, out);
    ERR_clear_error();
    return good;
}
