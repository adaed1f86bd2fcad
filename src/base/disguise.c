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

/* --- the addresses that a session has, in forms that may be anything else --- */

/* Groups of `unit` bytes each, as hexadecimal or decimal numbers; padded: with as many digits as they can have. */
struct form {
    bool hex, padded, joints, backwards;
    uint8_t unit, from;                 /* bytes before `from` are left out */
    uint8_t least;                      /* digits; fewer are anything */
};

static const struct form forms_of_v4[] = {
    { .hex = true, .unit = 1, .padded = true }, { .hex = true, .unit = 1, .padded = true, .backwards = true },
    { .hex = true, .unit = 1, .padded = true, .joints = true }, { .hex = true, .unit = 1, .padded = true, .joints = true, .backwards = true },
    { .hex = true, .unit = 1, .joints = true }, { .hex = true, .unit = 1, .joints = true, .backwards = true },
    { .hex = true, .unit = 2, .padded = true, .joints = true }, { .hex = true, .unit = 2, .joints = true },
    { .hex = true, .unit = 4, .least = 7 },
    { .unit = 1, .padded = true }, { .unit = 1, .padded = true, .backwards = true },
    { .unit = 1, .padded = true, .joints = true }, { .unit = 1, .padded = true, .joints = true, .backwards = true },
    { .unit = 1, .joints = true }, { .unit = 1, .joints = true, .backwards = true },
    { .unit = 1, .least = 7 }, { .unit = 1, .least = 7, .backwards = true },
    { .unit = 4, .least = 7 }, { .unit = 4, .least = 7, .backwards = true },
    /* The host within a network that is named before it, or is not. */
    { .unit = 1, .padded = true, .joints = true, .from = 2 }, { .unit = 1, .padded = true, .joints = true, .from = 2, .backwards = true },
    { .unit = 1, .joints = true, .from = 2 }, { .unit = 1, .joints = true, .from = 2, .backwards = true },
};

static const struct form forms_of_v6[] = {
    { .hex = true, .unit = 2, .padded = true }, { .hex = true, .unit = 2, .padded = true, .joints = true },
    { .hex = true, .unit = 2, .joints = true },
    { .hex = true, .unit = 2, .padded = true, .from = 8 }, { .hex = true, .unit = 2, .padded = true, .joints = true, .from = 8 },
    { .hex = true, .unit = 2, .joints = true, .from = 8 },
};

enum { NUMBER_TEXT = 11 };

static size_t write_number(char out[NUMBER_TEXT], uint32_t value, bool hex, size_t width)
{
    size_t n = 0;
    for (uint32_t v = value; v || n < width || !n; v /= hex ? 16 : 10)
        out[n++] = "0123456789abcdef"[v % (hex ? 16 : 10)];
    return n;                           /* the last digit first */
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

static size_t begins_with_number(const char *p, uint32_t value, bool hex, size_t width)
{
    char digits[NUMBER_TEXT];
    size_t n = write_number(digits, value, hex, width);
    for (size_t i = 0; i < n; i++)
        if (lower(p[i]) != digits[n - 1 - i])
            return 0;
    return n;
}

/* Digits around it would make it another number; a full row of hexadecimal ones is none by chance. */
static bool stands_alone(const struct form *f, char before, char behind)
{
    if (f->hex)
        return f->padded || (!is_hex(before) && !is_hex(behind));
    return !is_digit(before) && !is_digit(behind);
}

static size_t form_at(const struct form *f, const char *p, char before, const uint8_t *bytes, size_t size)
{
    size_t n = 0, digits = 0, groups = (size - f->from) / f->unit;
    size_t width = !f->padded ? 0 : f->hex ? 2u * f->unit : 3;

    for (size_t g = 0; g < groups; g++) {
        uint32_t value = 0;
        for (size_t i = 0; i < f->unit; i++) {
            size_t at = g * f->unit + i;
            value = value << 8 | bytes[f->backwards ? size - 1 - at : f->from + at];
        }
        if (g && f->joints && !is_joint(p[n++]))
            return 0;
        size_t used = begins_with_number(p + n, value, f->hex, width);
        if (!used)
            return 0;
        n += used;
        digits += used;
    }
    return digits >= f->least && stands_alone(f, before, p[n]) ? n : 0;
}

/* As people write it, with any joint for a colon, as in 2001-db8-9--77. */
static size_t written_at(const char *p, char before, const uint8_t addr[16])
{
    char text[ADDRESS_TEXT];
    size_t n;
    address_text(addr, text);
    for (n = 0; text[n]; n++)
        if (text[n] == ':' ? !is_joint(p[n]) : lower(p[n]) != text[n])
            return 0;
    return is_hex(before) || is_hex(p[n]) ? 0 : n;
}

static size_t own_at(const char *p, char before, const uint8_t addr[16])
{
    bool v4 = is_v4(addr);
    const struct form *forms = v4 ? forms_of_v4 : forms_of_v6;
    size_t count = v4 ? sizeof forms_of_v4 / sizeof *forms : sizeof forms_of_v6 / sizeof *forms;
    size_t most = v4 ? 0 : written_at(p, before, addr);

    for (size_t i = 0; i < count; i++) {
        size_t n = form_at(&forms[i], p, before, v4 ? addr + 12 : addr, v4 ? 4 : 16);
        if (n > most)
            most = n;
    }
    return most;
}

/* Length of an address that begins here, behind `before`, in a form that nothing else has. */
static size_t address_at(const char *p, char before)
{
    size_t n = is_digit(*p) && !is_digit(before) ? row_of(p, is_digit, 3, 4) : 0;
    size_t six = is_hex(*p) && !is_digit(before) ? row_of(p, is_hex, 4, 8) : 0;
    if (six > n)
        n = six;
    if (!n && (is_hex(*p) || *p == ':') && !is_digit(before) && before != ':')
        n = short_form_of(p);
    return n;
}

void disguise_text(const struct disguise *d, char *text, const struct own_addresses *own)
{
    char *out = text, before = 0;
    if (d->mode == ADDRESSES_KEEP || d->mode == ADDRESSES_DEFAULT)
        return;
    for (const char *p = text; *p;) {
        size_t n = address_at(p, before);
        for (size_t i = 0; is_hex(*p) && i < own->n; i++) {
            size_t as_own = own_at(p, before, own->addr[i]);
            n = as_own > n ? as_own : n;
        }
        before = n ? p[n - 1] : *p;     /* out never overtakes p */
        *out++ = n ? '*' : *p;
        p += n ? n : 1;
    }
    *out = 0;
}
