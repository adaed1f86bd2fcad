#include "base/disguise.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/endpoint.h"

static const char *const words[ADDRESSES_N] = { NULL, "keep", "truncate", "pseudonym", "prefix" };

const char *address_mode_word(enum address_mode m) { return m < ADDRESSES_N ? words[m] : NULL; }

enum address_mode address_mode_parse(const char *text)
{
    for (unsigned i = 1; i < ADDRESSES_N; i++)
        if (strcmp(text, words[i]) == 0)
            return (enum address_mode)i;
    return ADDRESSES_DEFAULT;
}

/* --- the cipher --- */

enum { BLOCK = 16 };

static EVP_CIPHER_CTX *aes(const EVP_CIPHER *kind, const uint8_t *key)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    if (c && EVP_EncryptInit_ex(c, kind, NULL, key, NULL) == 1 && EVP_CIPHER_CTX_set_padding(c, 0) == 1)
        return c;
    EVP_CIPHER_CTX_free(c);
    return NULL;
}

/* Whole blocks, each for itself, in place. */
static bool encrypt(EVP_CIPHER_CTX *c, uint8_t *block, int n)
{
    int written = 0;
    return c && EVP_EncryptUpdate(c, block, &written, block, n * BLOCK) == 1 && written == n * BLOCK;
}

bool disguise_mark(const uint8_t key[ADDRESS_KEY], uint8_t mark[ADDRESS_KEY_MARK])
{
    static const char text[] = "address key mark";  /* no address: those begin otherwise */
    uint8_t block[BLOCK];
    memcpy(block, text, BLOCK);
    EVP_CIPHER_CTX *c = aes(EVP_aes_256_ecb(), key);
    bool done = c && encrypt(c, block, 1);
    memcpy(mark, block, ADDRESS_KEY_MARK);
    EVP_CIPHER_CTX_free(c);
    return done;
}

/* Crypto-PAn: the first half of the key is that of AES, the second one becomes the padding. */
static bool open_prefix(struct disguise *d, const uint8_t *key)
{
    d->cipher = aes(EVP_aes_128_ecb(), key);
    memcpy(d->pad, key + BLOCK, sizeof d->pad);
    return d->cipher && encrypt(d->cipher, d->pad, 1);
}

bool disguise_open(struct disguise *d, enum address_mode mode, const uint8_t *key)
{
    *d = (struct disguise){ .mode = mode };
    if (!address_mode_keyed(mode))
        return true;
    if (!key)
        return false;
    if (mode == ADDRESSES_PREFIX)
        return open_prefix(d, key);
    d->cipher = aes(EVP_aes_256_ecb(), key);
    return d->cipher != NULL;
}

void disguise_close(struct disguise *d)
{
    EVP_CIPHER_CTX_free(d->cipher);     /* which wipes the round keys */
    explicit_bzero(d, sizeof *d);
}

/* --- addresses --- */

static void must(bool done)
{
    if (!done)
        abort();                        /* an address must not be stored as it is */
}

static bool is_v4(const uint8_t addr[16])
{
    struct endpoint e;
    memcpy(e.addr, addr, sizeof e.addr);
    return endpoint_is_v4(&e);
}

static void pseudonym(const struct disguise *d, uint8_t addr[16])
{
    uint8_t block[2 * BLOCK];
    uint8_t family = is_v4(addr) ? 0xfc : 0xfd;

    memcpy(block, addr, BLOCK);
    memcpy(block + BLOCK, addr, BLOCK);
    address_truncate(block);
    must(encrypt(d->cipher, block, 2));
    addr[0] = family;
    memcpy(addr + 1, block, 5);
    memcpy(addr + 6, block + BLOCK + 6, 10);
}

/* Bit i is turned by the first bit of AES(the first i bits of the address, the rest of the padding): what it becomes
 * depends on the bits before it alone. All blocks are made first, and encrypted at once. */
static void keep_prefixes(const struct disguise *d, uint8_t *addr, unsigned bits)
{
    uint8_t block[128 * BLOCK], mixed[BLOCK];

    memcpy(mixed, d->pad, BLOCK);
    for (unsigned i = 0; i < bits; i++) {
        uint8_t bit = (uint8_t)(0x80 >> i % 8);
        memcpy(block + i * BLOCK, mixed, BLOCK);
        mixed[i / 8] = (uint8_t)((mixed[i / 8] & ~bit) | (addr[i / 8] & bit));
    }
    must(encrypt(d->cipher, block, (int)bits));
    for (unsigned i = 0; i < bits; i++)
        addr[i / 8] ^= (uint8_t)(block[i * BLOCK] >> 7 << (7 - i % 8));
    explicit_bzero(mixed, sizeof mixed);
    explicit_bzero(block, bits * BLOCK);
}

void disguise_address(const struct disguise *d, uint8_t addr[16])
{
    switch (d->mode) {
    case ADDRESSES_TRUNCATE:
        address_truncate(addr);
        return;
    case ADDRESSES_PSEUDONYM:
        pseudonym(d, addr);
        return;
    case ADDRESSES_PREFIX:
        if (is_v4(addr))
            keep_prefixes(d, addr + 12, 32);
        else
            keep_prefixes(d, addr, 128);
        return;
    case ADDRESSES_DEFAULT:
    case ADDRESSES_KEEP:
    case ADDRESSES_N:
        return;
    }
}

/* --- addresses in texts --- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
static bool is_joint(char c) { return c == '.' || c == '-' || c == '_' || c == ':'; }

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* Length of a row of at least `least` groups of at most `most` digits, one joint between each; 0: none begins here.
 * The first letters of a word are no hexadecimal digits. */
static size_t row_of(const char *p, bool (*digit)(char), size_t most, unsigned least)
{
    size_t n = 0, end = 0;
    unsigned groups = 0;
    for (;;) {
        size_t begin = n;
        while (digit(p[n]))
            n++;
        if (n == begin || n - begin > most || (digit == is_hex && is_letter(p[n])))
            break;
        groups++;
        end = n;
        if (!is_joint(p[n++]))
            break;
    }
    return groups >= least ? end : 0;
}

/* The same of IPv6 with "::" in it. */
static size_t short_form_of(const char *p)
{
    char text[ADDRESS_TEXT];
    uint8_t addr[16];
    size_t n = 0;

    while (is_hex(p[n]) || p[n] == ':' || p[n] == '.')
        n++;
    for (; n > 1 && (p[n - 1] == '.' || (p[n - 1] == ':' && p[n - 2] != ':')); n--)
        ;                               /* the end of a sentence */
    if (n < 2 || n >= sizeof text)
        return 0;
    memcpy(text, p, n);
    text[n] = 0;
    return inet_pton(AF_INET6, text, addr) == 1 ? n : 0;
}

static size_t run_of(const char *p, bool (*digit)(char))
{
    size_t n = 0;
    while (digit(p[n]))
        n++;
    return n;
}

/* An address without joints, as some name their customers: 8 or 32 hexadecimal digits, or 12 decimal ones, before which any
 * letter may stand, as in static192000002001. */
static size_t plain_form_of(const char *p, char before)
{
    size_t hex = run_of(p, is_hex), decimal = run_of(p, is_digit);
    if (decimal == 12 && !is_digit(before) && !is_letter(p[decimal]))
        return decimal;
    return !is_hex(before) && !is_letter(p[hex]) && (hex == 8 || hex == 32) ? hex : 0;
}

/* Length of an address that begins here, behind `before`. */
static size_t address_at(const char *p, char before)
{
    size_t n = is_digit(*p) && !is_digit(before) ? row_of(p, is_digit, 3, 4) : 0;
    size_t six = is_hex(*p) && !is_digit(before) ? row_of(p, is_hex, 4, 8) : 0;
    if (six > n)
        n = six;
    if (!n && (is_hex(*p) || *p == ':') && !is_digit(before) && before != ':')
        n = short_form_of(p);
    if (!n)
        n = plain_form_of(p, before);
    return n;
}

void disguise_text(const struct disguise *d, char *text)
{
    char *out = text, before = 0;
    if (d->mode == ADDRESSES_KEEP || d->mode == ADDRESSES_DEFAULT)
        return;
    for (const char *p = text; *p;) {
        size_t n = address_at(p, before);
        before = n ? p[n - 1] : *p;     /* out never overtakes p */
        *out++ = n ? '*' : *p;
        p += n ? n : 1;
    }
    *out = 0;
}
