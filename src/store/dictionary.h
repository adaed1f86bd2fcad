/* What repeats is stored once and referred to by its number: endpoints, names, TLS profiles,
 * certificates and fingerprints. */
#ifndef MAILSEAL_STORE_DICTIONARY_H
#define MAILSEAL_STORE_DICTIONARY_H

#include "facts/session.h"
#include "store/db.h"

/* A cache with one place for each hash: a key that comes to a taken place takes it over, so it
 * is bounded, never wrong, and an enemy gains nothing but a query for each session. */
struct cache {
    size_t places, key_size, entry_words;
    uint64_t *mem;
    bool used;                          /* else mem was not touched */
};

enum {
    CACHE_ENDPOINTS = 1 << 15, CACHE_NAMES = 1 << 12, CACHE_PROFILES = 1 << 10,
    CACHE_CERTIFICATES = 1 << 12, CACHE_FINGERPRINTS = 1 << 12,
    ENDPOINT_WORDS = 4, NAME_WORDS = 34, PROFILE_WORDS = 9,     /* of 8 bytes, for each entry */
    CERTIFICATE_WORDS = 6, FINGERPRINT_WORDS = 8
};

/* Its fields belong to dictionary.c. */
struct dictionary {
    sqlite3 *db;
    struct cache endpoints, names, profiles, certificates, fingerprints;
    sqlite3_stmt *endpoint_find, *endpoint_add, *name_find, *name_add, *profile_find, *profile_add,
                 *certificate_find, *certificate_add, *fingerprint_find, *fingerprint_add, *server_name_count, *server_name_add;
    bool endpoint_was_new;              /* the last one that no cache knew */
    uint64_t endpoint_mem[CACHE_ENDPOINTS * ENDPOINT_WORDS];
    uint64_t name_mem[CACHE_NAMES * NAME_WORDS];
    uint64_t profile_mem[CACHE_PROFILES * PROFILE_WORDS];
    uint64_t certificate_mem[CACHE_CERTIFICATES * CERTIFICATE_WORDS];
    uint64_t fingerprint_mem[CACHE_FINGERPRINTS * FINGERPRINT_WORDS];
};

/* All of *d is zero. Not to be copied. false: see db_failure(). */
bool dictionary_open(struct dictionary *d, sqlite3 *);
void dictionary_close(struct dictionary *);

/* Forgets what it remembers of numbers: after a rollback, or when another program wrote. */
void dictionary_forget(struct dictionary *);

/* Numbers, made where there is none yet, within a transaction of the caller. 0: nothing to refer
 * to ("" or no handshake), -1: see db_failure(). */
int64_t dictionary_endpoint(struct dictionary *, const struct endpoint *);
/* Makes many known, which costs less than one by one, and sorts them. SQLite's result. */
int dictionary_endpoints(struct dictionary *, struct endpoint *, size_t n);
int64_t dictionary_name(struct dictionary *, const char *text);
int64_t dictionary_profile(struct dictionary *, const struct session *);
int64_t dictionary_fingerprint(struct dictionary *, const struct session_names *);
int64_t dictionary_certificate_add(struct dictionary *, const struct certificate *);
/* One that the server has already, or that would be more than so many, is left out. SQLite's result. */
int dictionary_server_name_add(struct dictionary *, const struct server_name *, int most);
/* Only looks: 0 as well where it was never added. */
int64_t dictionary_certificate(struct dictionary *, const uint8_t sha256[32]);

/* The bits of tls_profile.flags. */
enum {
    PROFILE_CLIENT_HELLO = 1, PROFILE_SERVER_HELLO = 2, PROFILE_PQ_OFFERED = 4, PROFILE_PQ = 8,
    PROFILE_RESUMED = 16, PROFILE_DOWNGRADED = 32, PROFILE_ALPN_CHOSEN = 64
};

#endif
