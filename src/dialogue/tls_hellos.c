/* What the hello messages say goes into the attributes of the session. */
#include "base/x509.h"
#include "dialogue/certificates.h"
#include "dialogue/dialogue.h"
#include "facts/names.h"
#include "proto/tls.h"
#include "proto/tls_fingerprint.h"

static void copy_sni(struct dialogue *d, struct span sni)
{
    uint8_t lower[SNI_TEXT];
    if (!tls_sni_valid(sni))
        return;
    for (size_t i = 0; i < sni.n; i++)
        lower[i] = (uint8_t)(sni.p[i] >= 'A' && sni.p[i] <= 'Z' ? sni.p[i] - 'A' + 'a' : sni.p[i]);
    names_set(d->names, d->pool, NAME_SNI, span_of(lower, sni.n));
}

/* Protocol names may be any bytes (RFC 7301); what is no plain text is left out. */
static bool alpn_valid(struct span name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] <= ' ' || name.p[i] >= 0x7f)
            return false;
    return name.n > 0;
}

static void add_alpn(struct dialogue *d, struct span name)
{
    if (alpn_valid(name))
        names_add(d->names, d->pool, NAME_ALPN, name);
}

static bool is_mail_alpn(struct span name)
{
    return span_eq(name, "imap") || span_eq(name, "pop3") || span_eq(name, "managesieve") || span_eq(name, "smtp") ||
           span_eq(name, "lmtp");
}

/* TLS from the first byte whose ALPN names only other protocols is none of mail's. */
static void judge_alpn(struct dialogue *d)
{
    struct span rest = names_get(*d->names, NAME_ALPN), name;
    bool any = false;
    if (!has_fact(d, FACT_TLS_FIRST))
        return;
    while ((name = span_word(&rest)).n) {
        any = true;
        if (is_mail_alpn(name))
            return;
    }
    if (any)
        fact(d, FACT_NOT_MAIL);
}

static uint32_t hello_form(const struct dialogue *d, const struct tls_client_hello *h)
{
    return d->tls->v2_hello ? TRACE_HELLO_SSL2 : h->early_data ? TRACE_HELLO_EARLY : TRACE_HELLO_PLAIN;
}

void tls_note_client_hello(struct dialogue *d, const struct tls_client_hello *h)
{
    struct tls_seen *t = &d->s->tls;
    struct span list = h->alpn, name;

    trace_note(d, TRACE_CLIENT_HELLO, TO_SERVER, hello_form(d, h), h->max_version);
    if (d->tls->client_hello)            /* the second one, behind a HelloRetryRequest, says the same */
        return;
    d->tls->client_hello = true;
    d->tls->hello_ns = d->now_ns;
    d->tls->hello_ack = d->now_ack;
    d->tls->early_data = h->early_data;
    d->tls->hello_whole = h->whole;
    copy_sni(d, h->sni);
    /* What a cut hello does not say may stand behind the cut; supported_versions stands late. */
    if (!h->whole && !h->versions)
        return;
    t->client_hello = true;
    t->client_max = h->max_version;
    t->pq_offered = h->pq_group;
    while (h->whole && tls_next_name(&list, &name))
        add_alpn(d, name);
    d->tls->session_id_n = (uint8_t)(h->session_id.n <= 32 ? h->session_id.n : 0);
    memcpy(d->tls->session_id, h->session_id.p ? h->session_id.p : d->tls->session_id, d->tls->session_id_n);
    judge_alpn(d);
}

static bool is_null_suite(uint16_t cipher)
{
    const char *name = tls_cipher_name(cipher);
    return name && (strstr(name, "_WITH_NULL_") || strcmp(name, "TLS_SHA256_SHA256") == 0 ||
                    strcmp(name, "TLS_SHA384_SHA384") == 0);
}

static void note_server_hello(struct dialogue *d, const struct tls_server_hello *h)
{
    struct tls_seen *t = &d->s->tls;
    struct tls_dialogue *x = d->tls;

    trace_note(d, TRACE_SERVER_HELLO, TO_CLIENT, h->retry ? TRACE_HELLO_RETRY : TRACE_HELLO_PLAIN, h->version);
    if (h->retry)                       /* a second ClientHello will come, and is none of a Finished */
        x->first_server_ack_known = false;
    upgrade_answered(d);
    if (h->retry || x->server_hello)
        return;
    if (!h->whole) {                    /* which version it chose lies behind the cut */
        x->side[TO_CLIENT].lost = true;
        return;
    }
    x->server_hello = true;
    x->server_hello_end = d->now_end;
    t->server_hello = true;
    t->version = h->version;
    t->cipher = h->cipher;
    t->group = h->group;
    t->pq = tls_group_is_pq(h->group);
    t->server_max = h->sentinel > h->version ? h->sentinel : h->version;
    t->downgraded = t->client_max && t->version < (t->client_max < t->server_max ? t->client_max : t->server_max);
    bool echoed = x->session_id_n && h->session_id.n == x->session_id_n &&
                  memcmp(h->session_id.p, x->session_id, x->session_id_n) == 0;
    t->resumed = h->version == TLS_1_3 ? h->psk : echoed;
    if (alpn_valid(h->alpn)) {
        names_set(d->names, d->pool, NAME_ALPN, span_first(h->alpn, 0));
        t->alpn_chosen = true;
        add_alpn(d, h->alpn);
        d->s->facts &= ~(uint32_t)FACT_NOT_MAIL;
        judge_alpn(d);
    }
    x->null_suite = is_null_suite(h->cipher);
    if (t->downgraded)
        incident(d, INCIDENT_TLS_DOWNGRADE);
    if (x->null_suite)
        incident(d, INCIDENT_NULL_ENCRYPTION);
}

void tls_note_certificate(struct dialogue *d, struct span der)
{
    static const uint8_t none[sizeof (*d->names)->certificate];
    struct names *names = d->others->certificates && der.n ? names_make(d->names, d->pool) : NULL;
    int64_t now = (int64_t)(d->now_ns / 1000000000);

    if (!names || memcmp(names->certificate, none, sizeof none) != 0)
        return;
    const struct known_certificate *k = certificates_meet(d->others->certificates, der, d->s);
    if (!k)
        return;
    memcpy(names->certificate, k->sha256, sizeof names->certificate);
    if (now < k->not_before || now > k->not_after)      /* both ends belong to it, RFC 5280 4.1.2.5 */
        incident(d, INCIDENT_EXPIRED_CERTIFICATE);
}

static void take_client_hello(struct dialogue *d, struct span body, uint32_t len)
{
    struct tls_client_hello h;

    if (!tls_client_hello_parse(body, &h))
        return;
    h.whole = h.whole && body.n == len;
    struct names *names = h.whole && !d->tls->client_hello ? names_make(d->names, d->pool) : NULL;
    if (names)
        tls_fingerprint(d->others->fingerprints, body, names->ja3, names->ja4);
    tls_note_client_hello(d, &h);
}

void tls_take_message(struct dialogue *d, unsigned dir, uint8_t type, struct span body, uint32_t len)
{
    struct tls_server_hello server;

    if (dir == TO_SERVER && type == TLS_CLIENT_HELLO)
        take_client_hello(d, body, len);
    else if (dir == TO_CLIENT && type == TLS_SERVER_HELLO && tls_server_hello_parse(body, &server))
        note_server_hello(d, &server);
    else if (dir == TO_CLIENT && type == TLS_SERVER_KEY_EXCHANGE && !d->s->tls.group) {
        const char *suite = tls_cipher_name(d->s->tls.cipher);
        if (suite && strstr(suite, "ECDHE"))
            d->s->tls.group = tls_named_curve(body);
    } else if (dir == TO_CLIENT && type == TLS_CERTIFICATE && d->tls->server_hello && d->s->tls.version < TLS_1_3) {
        tls_note_certificate(d, tls_leaf(body, len));   /* behind its ServerHello it is the server's for sure */
    }
}

bool tls_wants_message(unsigned dir, uint8_t type)
{
    return dir == TO_SERVER ? type == TLS_CLIENT_HELLO
                            : type == TLS_SERVER_HELLO || type == TLS_CERTIFICATE || type == TLS_SERVER_KEY_EXCHANGE;
}

uint32_t tls_wanted_part(uint8_t type, struct span body, uint32_t len)
{
    uint32_t end = type == TLS_CERTIFICATE ? tls_leaf_end(body, len) : len;
    return type == TLS_CERTIFICATE && end > X509_MOST ? X509_MOST : end;
}
