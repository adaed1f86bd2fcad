/* How addresses are stored: as they are, as networks, or disguised by a key.
 *
 * Whatever the mode, address_truncate() of a stored address is its network as it is stored, so that what knows stored
 * addresses only (views, rejudge) needs no key:
 *   truncate   /24 and /48
 *   pseudonym  an IPv6 address that means nothing: fc for an IPv4 address or fd for an IPv6 one, 40 bits by the /24 or
 *              /48 that it is in (the /48 of the pseudonym), 80 bits by the whole address; AES-256 of both
 *   prefix     Crypto-PAn (Xu, Fan, Ammar, Moon 2002): addresses that share n bits share n bits of what is stored */
#ifndef MAILSEAL_BASE_DISGUISE_H
#define MAILSEAL_BASE_DISGUISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum address_mode {
    ADDRESSES_DEFAULT,                  /* as the database has it; a new one keeps them whole */
    ADDRESSES_KEEP,
    ADDRESSES_TRUNCATE,
    ADDRESSES_PSEUDONYM,
    ADDRESSES_PREFIX,
    ADDRESSES_N
};
/* "keep", …; NULL for the default. */
const char *address_mode_word(enum address_mode);
/* ADDRESSES_DEFAULT: it is none. */
enum address_mode address_mode_parse(const char *text);
static inline bool address_mode_keyed(enum address_mode m) { return m == ADDRESSES_PSEUDONYM || m == ADDRESSES_PREFIX; }

enum { ADDRESS_KEY = 32, ADDRESS_KEY_MARK = 8 };

/* Its fields belong to disguise.c. */
struct disguise {
    enum address_mode mode;
    void *cipher;
    uint8_t pad[16];
};

/* key: ADDRESS_KEY bytes for the modes that have one; it is not needed any more afterwards. False: no memory, or
 * libcrypto has no AES; or the key is missing. */
bool disguise_open(struct disguise *, enum address_mode, const uint8_t *key);
/* Wipes what was made of the key. Of zeroes it is allowed. */
void disguise_close(struct disguise *);

/* By what a key is known again that no one can find the key by; for both of the keyed modes. */
bool disguise_mark(const uint8_t key[ADDRESS_KEY], uint8_t mark[ADDRESS_KEY_MARK]);

/* From an address to what is stored of it. Not by two threads at once. */
void disguise_address(const struct disguise *, uint8_t addr[16]);
/* Those of the session that a text is of, which it may name in forms that could be anything else. */
enum { OWN_ADDRESSES = 4 };
struct own_addresses {
    size_t n;
    uint8_t addr[OWN_ADDRESSES][16];
};
static inline void own_add(struct own_addresses *own, const uint8_t addr[16])
{
    memcpy(own->addr[own->n++], addr, sizeof *own->addr);
}

/* Puts '*' in the place of each address within a name or a sentence, which does not become longer: four numbers of
 * IPv4 or eight and more groups of IPv6 with '.', '-', '_' or ':' between them (as in pool-192-0-2-1.example), and IPv6
 * as people write it. Of `own` also other digits that stand for one: hexadecimal (ip-c0000201.example) or decimal ones,
 * with joints or without, forwards or backwards, one number (3221225985), and the last two numbers of IPv4 or the last
 * four groups of IPv6 alone. With ADDRESSES_KEEP nothing changes. */
void disguise_text(const struct disguise *, char *text, const struct own_addresses *own);

#endif
