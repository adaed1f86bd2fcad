#include "store/dictionary.h"

#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>

struct entry {
    int64_t id;                         /* 0: free */
    uint16_t n;
    uint8_t key[];
};

static struct cache cache_of(uint64_t *mem, size_t places, size_t entry_words)
{
    size_t key_size = entry_words * sizeof *mem - offsetof(struct entry, key);
    return (struct cache){ .places = places, .key_size = key_size, .entry_words = entry_words, .mem = mem };
}

static struct entry *cache_place(struct cache *c, struct span key)
{
    static const struct hash_key no_secret;
    size_t i = (size_t)hash_bytes(&no_secret, key.p, key.n) % c->places;
    return (struct entry *)(c->mem + i * c->entry_words);
}

/* 0: not there. */
static int64_t cache_get(struct cache *c, struct span key)
{
    const struct entry *e = cache_place(c, key);
    return e->id && e->n == key.n && memcmp(e->key, key.p, key.n) == 0 ? e->id : 0;
}

static void cache_put(struct cache *c, struct span key, int64_t id)
{
    struct entry *e = cache_place(c, key);
    if (key.n > c->key_size)
        return;
    c->used = true;
    e->id = id;
    e->n = (uint16_t)key.n;
    memcpy(e->key, key.p, key.n);
}

static void cache_clear(struct cache *c)
{
    if (c->used)
        memset(c->mem, 0, c->places * c->entry_words * sizeof *c->mem);
    c->used = false;
}

bool dictionary_open(struct dictionary *d, sqlite3 *db)
{
    d->db = db;
    d->endpoints = cache_of(d->endpoint_mem, CACHE_ENDPOINTS, ENDPOINT_WORDS);
    d->names = cache_of(d->name_mem, CACHE_NAMES, NAME_WORDS);
    d->profiles = cache_of(d->profile_mem, CACHE_PROFILES, PROFILE_WORDS);
    d->certificates = cache_of(d->certificate_mem, CACHE_CERTIFICATES, CERTIFICATE_WORDS);
    d->fingerprints = cache_of(d->fingerprint_mem, CACHE_FINGERPRINTS, FINGERPRINT_WORDS);
    d->endpoint_find = db_prepare(db, "endpoint_find");
    d->endpoint_add = db_prepare(db, "endpoint_add");
    d->name_find = db_prepare(db, "name_find");
    d->name_add = db_prepare(db, "name_add");
    d->profile_find = db_prepare(db, "profile_find");
    d->profile_add = db_prepare(db, "profile_add");
    d->certificate_find = db_prepare(db, "certificate_find");
    d->certificate_add = db_prepare(db, "certificate_add");
    d->fingerprint_find = db_prepare(db, "fingerprint_find");
    d->fingerprint_add = db_prepare(db, "fingerprint_add");
    d->server_name_count = db_prepare(db, "server_name_count");
    d->server_name_add = db_prepare(db, "server_name_add");
    return d->endpoint_find && d->endpoint_add && d->name_find && d->name_add && d->profile_find
        && d->profile_add && d->certificate_find && d->certificate_add && d->fingerprint_find
        && d->fingerprint_add && d->server_name_count && d->server_name_add;
}

void dictionary_close(struct dictionary *d)
{
    sqlite3_finalize(d->endpoint_find);
    sqlite3_finalize(d->endpoint_add);
    sqlite3_finalize(d->name_find);
    sqlite3_finalize(d->name_add);
    sqlite3_finalize(d->profile_find);
    sqlite3_finalize(d->profile_add);
    sqlite3_finalize(d->certificate_find);
    sqlite3_finalize(d->certificate_add);
    sqlite3_finalize(d->fingerprint_find);
    sqlite3_finalize(d->fingerprint_add);
    sqlite3_finalize(d->server_name_count);
    sqlite3_finalize(d->server_name_add);
}

void dictionary_forget(struct dictionary *d)
{
    cache_clear(&d->endpoints);
    cache_clear(&d->names);
    cache_clear(&d->profiles);
    cache_clear(&d->certificates);
    cache_clear(&d->fingerprints);
}

/* Looks, and adds what is not there. */
static int64_t find_or_add(struct dictionary *d, struct binder *find, struct binder *add)
{
    int64_t id = -1;
    int rc = bound_value(find, &id);

    if (rc == SQLITE_DONE)
        id = bound_run(add) == SQLITE_OK ? sqlite3_last_insert_rowid(d->db) : -1;
    else if (rc != SQLITE_ROW)
        id = -1;
    return id;
}

/* 0: not there. */
static int64_t find_endpoint(struct dictionary *d, const struct endpoint *e)
{
    struct binder find = binder_of(d->endpoint_find);
    int64_t id = 0;

    bind_blob(&find, e->addr, sizeof e->addr);
    bind_int(&find, e->port);
    int rc = bound_value(&find, &id);
    return rc == SQLITE_ROW ? id : rc == SQLITE_DONE ? 0 : -1;
}

/* 0: it was there. */
static int64_t add_endpoint(struct dictionary *d, const struct endpoint *e)
{
    struct binder add = binder_of(d->endpoint_add);
    char text[ADDRESS_TEXT];

    address_text(e->addr, text);
    bind_blob(&add, e->addr, sizeof e->addr);
    bind_int(&add, e->port);
    bind_text(&add, text);
    if (bound_run(&add) != SQLITE_OK)
        return -1;
    return sqlite3_changes(d->db) ? sqlite3_last_insert_rowid(d->db) : 0;
}

/* New ones come after new ones, known ones after known ones: what is likely is tried first. */
int64_t dictionary_endpoint(struct dictionary *d, const struct endpoint *e)
{
    struct span key = span_of(e, sizeof e->addr + sizeof e->port);
    int64_t id = cache_get(&d->endpoints, key);

    if (id)
        return id;
    bool was_new = d->endpoint_was_new;
    id = (was_new ? add_endpoint : find_endpoint)(d, e);
    d->endpoint_was_new = was_new == (id != 0);
    if (!id)
        id = (was_new ? find_endpoint : add_endpoint)(d, e);
    if (id > 0)
        cache_put(&d->endpoints, key, id);
    return id > 0 ? id : -1;
}

static int compare_endpoints(const void *a, const void *b) { return memcmp(a, b, sizeof(struct endpoint)); }

int dictionary_endpoints(struct dictionary *d, struct endpoint *e, size_t n)
{
    int64_t id = 1;

    qsort(e, n, sizeof *e, compare_endpoints);
    for (size_t i = 0; i < n && id > 0; i++)
        id = dictionary_endpoint(d, &e[i]);
    return id > 0 ? SQLITE_OK : SQLITE_ERROR;
}

int64_t dictionary_name(struct dictionary *d, const char *text)
{
    struct span key = span_of(text, strlen(text));
    int64_t id = key.n ? cache_get(&d->names, key) : 0;

    if (id || !key.n)
        return id;
    struct binder find = binder_of(d->name_find), add = binder_of(d->name_add);
    bind_text(&find, text);
    bind_text(&add, text);
    id = find_or_add(d, &find, &add);
    if (id > 0)
        cache_put(&d->names, key, id);
    return id;
}

static int64_t flags_of(const struct tls_seen *t)
{
    return (t->client_hello ? PROFILE_CLIENT_HELLO : 0) | (t->server_hello ? PROFILE_SERVER_HELLO : 0)
         | (t->pq_offered ? PROFILE_PQ_OFFERED : 0) | (t->pq ? PROFILE_PQ : 0)
         | (t->resumed ? PROFILE_RESUMED : 0) | (t->downgraded ? PROFILE_DOWNGRADED : 0)
         | (t->alpn_chosen ? PROFILE_ALPN_CHOSEN : 0);
}

int64_t dictionary_profile(struct dictionary *d, const struct session *s)
{
    const struct tls_seen *t = &s->tls;
    if (!t->client_hello && !t->server_hello)
        return 0;
    int64_t row[7] = { t->version, t->client_max, t->server_max, t->cipher, t->group, flags_of(t),
                       dictionary_name(d, s->names.alpn) };
    struct span key = span_of(row, sizeof row);
    int64_t id = row[6] < 0 ? -1 : cache_get(&d->profiles, key);

    if (id)
        return id;
    struct binder find = binder_of(d->profile_find), add = binder_of(d->profile_add);
    for (size_t i = 0; i < 7; i++) {
        bind_int(&find, row[i]);
        bind_int(&add, row[i]);
    }
    id = find_or_add(d, &find, &add);
    if (id > 0)
        cache_put(&d->profiles, key, id);
    return id;
}

int64_t dictionary_certificate(struct dictionary *d, const uint8_t sha256[32])
{
    static const uint8_t none[32];
    struct span key = span_of(sha256, 32);
    int64_t id = 0;

    if (memcmp(sha256, none, 32) == 0 || (id = cache_get(&d->certificates, key)))
        return id;
    struct binder find = binder_of(d->certificate_find);
    bind_blob(&find, sha256, 32);
    int rc = bound_value(&find, &id);
    if (rc == SQLITE_ROW)
        cache_put(&d->certificates, key, id);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? id : -1;
}

int64_t dictionary_certificate_add(struct dictionary *d, const struct certificate *c)
{
    struct span key = span_of(c->sha256, sizeof c->sha256);
    int64_t id = dictionary_certificate(d, c->sha256);

    if (id)
        return id;
    struct binder add = binder_of(d->certificate_add);
    bind_blob(&add, c->sha256, sizeof c->sha256);
    bind_text(&add, c->subject);
    bind_text(&add, c->issuer);
    bind_int(&add, c->not_before);
    bind_int(&add, c->not_after);
    bind_int(&add, c->self_signed);
    id = bound_run(&add) == SQLITE_OK ? sqlite3_last_insert_rowid(d->db) : -1;
    if (id > 0)
        cache_put(&d->certificates, key, id);
    return id;
}

int64_t dictionary_fingerprint(struct dictionary *d, const struct session_names *n)
{
    uint8_t both[sizeof n->ja3 + sizeof n->ja4];
    struct span key = span_of(both, sizeof both);
    char ja3[2 * sizeof n->ja3 + 1];

    if (!n->ja4[0])
        return 0;
    memcpy(both, n->ja3, sizeof n->ja3);
    memcpy(both + sizeof n->ja3, n->ja4, sizeof n->ja4);
    int64_t id = cache_get(&d->fingerprints, key);
    if (id)
        return id;
    for (size_t i = 0; i < sizeof n->ja3; i++)
        snprintf(ja3 + 2 * i, 3, "%02x", n->ja3[i]);
    struct binder find = binder_of(d->fingerprint_find), add = binder_of(d->fingerprint_add);
    bind_text(&find, ja3);
    bind_text(&find, n->ja4);
    bind_text(&add, ja3);
    bind_text(&add, n->ja4);
    id = find_or_add(d, &find, &add);
    if (id > 0)
        cache_put(&d->fingerprints, key, id);
    return id;
}

int dictionary_server_name_add(struct dictionary *d, const struct server_name *n, int most)
{
    int64_t server = dictionary_endpoint(d, &n->server), known = 0;
    struct binder count = binder_of(d->server_name_count), add = binder_of(d->server_name_add);

    bind_int(&count, server);
    int rc = server > 0 ? bound_value(&count, &known) : SQLITE_ERROR;
    if (rc != SQLITE_ROW || known >= most)
        return rc == SQLITE_ROW ? SQLITE_OK : SQLITE_ERROR;
    int64_t name = dictionary_name(d, n->text);
    bind_int(&add, server);
    bind_int(&add, name);
    bind_int(&add, n->source);
    return name > 0 ? bound_run(&add) : SQLITE_ERROR;
}
