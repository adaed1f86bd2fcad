#include "dialogue/certificates.h"

#include "base/digest.h"
#include "base/x509.h"

_Static_assert((int)CERTIFICATE_NAME == (int)X509_TEXT, "names are copied whole");

static struct known_certificate *place_of(struct certificates *c, const uint8_t sha256[32])
{
    return &c->place[load_be16(sha256) % CERTIFICATE_PLACES];
}

static void tell(const struct certificates *c, const uint8_t sha256[32], const struct x509_words *w, const struct session_core *s)
{
    struct certificate new = { .not_before = w->not_before, .not_after = w->not_after,
                               .self_signed = w->self_signed, .client = s->client, .server = s->server };
    memcpy(new.sha256, sha256, sizeof new.sha256);
    memcpy(new.subject, w->subject, sizeof new.subject);
    memcpy(new.issuer, w->issuer, sizeof new.issuer);
    c->met(c->ctx, &new);
}

const struct known_certificate *certificates_meet(struct certificates *c, struct span der, const struct session_core *s)
{
    struct x509_words words;
    uint8_t sha256[DIGEST_SHA256];

    digest_sha256(&der, 1, sha256);
    struct known_certificate *k = place_of(c, sha256);
    if (memcmp(k->sha256, sha256, sizeof sha256) == 0)
        return k;
    if (!x509_read(der, &words))
        return NULL;
    memcpy(k->sha256, sha256, sizeof sha256);
    k->not_before = words.not_before;
    k->not_after = words.not_after;
    if (c->met)
        tell(c, sha256, &words, s);
    return k;
}

void certificates_forget(struct certificates *c)
{
    memset(c->place, 0, sizeof c->place);
}
