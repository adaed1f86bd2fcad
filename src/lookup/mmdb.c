#include "lookup/mmdb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/pages.h"

enum { FILE_MOST = 1 << 30, META_MOST = 128 << 10, GAP = 16, VALUES = 4096, DIGITS_MOST = 10 };

/* Before all there is: the file, and where its parts are. */
struct mmdb {
    struct span tree, data;
    uint32_t nodes;
    unsigned record;                    /* bits: 24, 28 or 32 */
    bool six;                           /* addresses have 128 bits, else 32 */
    uint8_t bytes[];
};

/* --- values --- */

enum kind { EXTENDED, POINTER, UTF8, DOUBLE, BYTES, UINT16, UINT32, MAP, INT32, UINT64, UINT128, ARRAY, CONTAINER, END, BOOLEAN,
            FLOAT };

struct value {
    enum kind kind;
    uint32_t size;                      /* bytes; of a map pairs, of an array values; of a pointer where it leads */
    size_t at;                          /* its bytes */
};

static uint32_t big_endian(const uint8_t *p, size_t n)
{
    uint32_t out = 0;
    for (size_t i = 0; i < n; i++)
        out = out << 8 | p[i];
    return out;
}

/* n bytes at *at, which moves behind them; NULL: they are not there. */
static const uint8_t *take(struct span s, size_t *at, size_t n)
{
    if (*at > s.n || s.n - *at < n)
        return NULL;
    *at += n;
    return s.p + *at - n;
}

static bool read_pointer(struct span s, uint8_t control, size_t *at, struct value *v)
{
    static const uint32_t base[] = { 0, 2048, 526336, 0 };
    unsigned n = control >> 3 & 3;
    const uint8_t *p = take(s, at, n + 1);
    if (!p)
        return false;
    v->size = big_endian(p, n + 1) + base[n] + (n < 3 ? (uint32_t)(control & 7) << 8 * (n + 1) : 0);
    return true;
}

static bool read_size(struct span s, uint8_t control, size_t *at, struct value *v)
{
    static const uint32_t base[] = { 29, 285, 65821 };
    unsigned size = control & 31;
    v->size = size;
    if (size < 29)
        return true;
    const uint8_t *p = take(s, at, size - 28);
    if (p)
        v->size = big_endian(p, size - 28) + base[size - 29];
    return p != NULL;
}

/* The value at *at, which moves behind it; of maps and arrays to the first value in it. */
static bool read_value(struct span s, size_t *at, struct value *v)
{
    const uint8_t *control = take(s, at, 1), *more;
    if (!control)
        return false;
    v->kind = *control >> 5;
    if (v->kind == POINTER)
        return read_pointer(s, *control, at, v);
    if (v->kind == EXTENDED) {
        if (!(more = take(s, at, 1)) || *more > 8)
            return false;
        v->kind = 7u + *more;
    }
    if (!read_size(s, *control, at, v))
        return false;
    v->at = *at;
    bool has_bytes = v->kind != MAP && (v->kind < ARRAY || v->kind == FLOAT);
    return !has_bytes || take(s, at, v->size) != NULL;
}

/* The same, and where it leads to, if it leads there at once. */
static bool follow(struct span s, size_t *at, struct value *v)
{
    if (!read_value(s, at, v))
        return false;
    if (v->kind != POINTER)
        return true;
    size_t there = v->size;
    return read_value(s, &there, v) && v->kind != POINTER;
}

/* Moves behind a value with all that is in it; *budget: how many values may be read. */
static bool skip(struct span s, size_t *at, unsigned *budget)
{
    struct value v;
    for (uint64_t left = 1; left; left--) {
        if (!*budget || !read_value(s, at, &v))
            return false;
        --*budget;
        left += v.kind == MAP ? 2 * (uint64_t)v.size : v.kind == ARRAY ? v.size : 0;
    }
    return true;
}

/* A value of a map by its key. */
static bool find_in(struct span s, const struct value *map, const char *key, struct value *out)
{
    unsigned budget = VALUES;
    struct value k;
    size_t at = map->at;

    for (uint32_t i = 0; map->kind == MAP && i < map->size; i++) {
        if (!follow(s, &at, &k) || k.kind != UTF8)
            return false;
        bool same = k.size == strlen(key) && memcmp(s.p + k.at, key, k.size) == 0;
        if (same)
            return follow(s, &at, out);
        if (!skip(s, &at, &budget))
            return false;
    }
    return false;
}

static bool find(struct span s, size_t map, const char *key, struct value *out)
{
    struct value m;
    return follow(s, &map, &m) && find_in(s, &m, key, out);
}

static bool find_number(struct span s, size_t map, const char *key, uint64_t *out)
{
    struct value v;
    if (!find(s, map, key, &v) || (v.kind != UINT16 && v.kind != UINT32 && v.kind != UINT64) || v.size > 8)
        return false;
    *out = 0;
    for (uint32_t i = 0; i < v.size; i++)
        *out = *out << 8 | s.p[v.at + i];
    return true;
}

/* --- the file --- */

static const char *read_file(const char *path, struct mmdb **out, size_t *n)
{
    struct stat st;
    const char *why = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return strerror(errno);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        why = "is no file";
    else if (st.st_size > FILE_MOST)
        why = "is larger than 1 GiB";
    else if (!(*out = pages_get(sizeof **out + (size_t)st.st_size)))
        why = "finds no room in memory";
    for (*n = 0; !why && *n < (size_t)st.st_size;) {
        ssize_t got = read(fd, (*out)->bytes + *n, (size_t)st.st_size - *n);
        if (got < 0)
            why = strerror(errno);
        if (got <= 0)
            break;
        *n += (size_t)got;
    }
    close(fd);
    return why;
}

/* What describes the file stands behind the last mark in it. */
static size_t find_meta(const uint8_t *p, size_t n)
{
    static const char mark[] = "\xab\xcd\xefMaxMind.com";
    size_t len = sizeof mark - 1, least = n > META_MOST ? n - META_MOST : 0;
    for (size_t at = n; at >= least + len; at--)
        if (memcmp(p + at - len, mark, len) == 0)
            return at;
    return 0;
}

static bool find_parts(struct mmdb *m, size_t n)
{
    size_t meta = find_meta(m->bytes, n);
    struct span s = span_of(m->bytes + meta, n - meta);
    uint64_t nodes, record, version, format;

    if (!meta || !find_number(s, 0, "node_count", &nodes) || !find_number(s, 0, "record_size", &record) ||
        !find_number(s, 0, "ip_version", &version) || !find_number(s, 0, "binary_format_major_version", &format))
        return false;
    if (format != 2 || (version != 4 && version != 6) || (record != 24 && record != 28 && record != 32) || !nodes || nodes > UINT32_MAX)
        return false;
    uint64_t tree = nodes * (record / 4), end = meta - (sizeof "\xab\xcd\xefMaxMind.com" - 1);
    if (tree + GAP > end)
        return false;
    m->nodes = (uint32_t)nodes;
    m->record = (unsigned)record;
    m->six = version == 6;
    m->tree = span_of(m->bytes, (size_t)tree);
    m->data = span_of(m->bytes + tree + GAP, (size_t)(end - tree - GAP));
    return true;
}

struct mmdb *mmdb_open(const char *path, const char **why)
{
    struct mmdb *m = NULL;
    size_t n = 0;

    *why = read_file(path, &m, &n);
    if (!*why && !find_parts(m, n))
        *why = "is no MaxMind DB file, or damaged";
    if (*why) {
        pages_put(m);
        return NULL;
    }
    return m;
}

void mmdb_close(struct mmdb *m) { pages_put(m); }

/* --- addresses --- */

static uint32_t record_of(const struct mmdb *m, uint32_t node, unsigned bit)
{
    const uint8_t *p = m->tree.p + (size_t)node * (m->record / 4);
    if (m->record != 28)
        return big_endian(p + bit * m->record / 8, m->record / 8);
    return (uint32_t)(bit ? p[3] & 15 : p[3] >> 4) << 24 | big_endian(p + 4 * bit, 3);
}

/* The record that an address leads to, and how many of its bits led there. */
static uint32_t descend(const struct mmdb *m, const uint8_t *bits, unsigned most, unsigned *used)
{
    uint32_t at = 0;
    for (*used = 0; *used < most && at < m->nodes; ++*used)
        at = record_of(m, at, (unsigned)bits[*used / 8] >> (7 - *used % 8) & 1u);
    return at;
}

/* IPv4 is in ::/96 of a file for both. */
static bool place_of(const struct mmdb *m, const uint8_t addr[16], size_t *data, uint8_t *bits)
{
    uint8_t low[16] = { 0 };
    struct endpoint e = { .port = 0 };
    unsigned used;
    memcpy(e.addr, addr, 16);
    bool four = endpoint_is_v4(&e);
    memcpy(low + 12, addr + 12, 4);
    if (!four && !m->six)
        return false;
    uint32_t at = !m->six ? descend(m, addr + 12, 32, &used) : descend(m, four ? low : addr, 128, &used);
    if (at < m->nodes + (uint64_t)GAP)
        return false;
    *data = at - m->nodes - (size_t)GAP;
    *bits = (uint8_t)(m->six ? used : 96 + used);
    if (four && *bits < 96)
        *bits = 96;
    return true;
}

/* --- what is known of them --- */

/* Length of a character of UTF-8 that may be shown; 0: it is none. */
static size_t character(const uint8_t *p, size_t n)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t len = *p < 0x80 ? 1 : *p >> 5 == 6 ? 2 : *p >> 4 == 14 ? 3 : *p >> 3 == 30 ? 4 : 0;
    if (!len || len > n)
        return 0;
    uint32_t c = len == 1 ? *p : *p & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if (p[i] >> 6 != 2)
            return 0;
        c = c << 6 | (p[i] & 0x3f);
    }
    bool shown = c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0) && !(c >= 0xd800 && c < 0xe000);
    /* Nor what turns the direction of writing (U+200E, U+202A to U+202E, U+2066 to U+2069). */
    bool turns = c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    return c >= least[len] && c <= 0x10ffff && shown && !turns ? len : 0;
}

static void text_of(struct span s, const struct value *v, char out[MMDB_NAME])
{
    const uint8_t *p = s.p + v->at;
    size_t room = 0;
    for (size_t i = 0; i < v->size;) {
        size_t len = character(p + i, v->size - i), n = len ? len : 1;
        if (room + n >= MMDB_NAME)
            break;
        memcpy(out + room, len ? (const char *)p + i : "?", n);
        room += n;
        i += n;
    }
    out[room] = 0;
}

static bool text_at(struct span s, size_t map, const char *key, char out[MMDB_NAME])
{
    struct value v;
    bool there = find(s, map, key, &v) && v.kind == UTF8;
    if (there)
        text_of(s, &v, out);
    return there && *out;
}

static uint32_t asn_at(struct span s, size_t map)
{
    char text[MMDB_NAME], *end;
    uint64_t n;
    if (find_number(s, map, "autonomous_system_number", &n) || find_number(s, map, "asn", &n))
        return n <= UINT32_MAX ? (uint32_t)n : 0;
    if (!text_at(s, map, "asn", text) || memcmp(text, "AS", 2) != 0 || strlen(text) > 2 + DIGITS_MOST || text[2] < '0' || text[2] > '9')
        return 0;
    unsigned long number = strtoul(text + 2, &end, 10);
    return *end || number > UINT32_MAX ? 0 : (uint32_t)number;
}

static bool is_capital(uint8_t c) { return c >= 'A' && c <= 'Z'; }

/* Two letters, as ISO 3166-1 has them. */
static bool country_of(struct span s, const struct value *v, char out[MMDB_COUNTRY])
{
    if (v->kind != UTF8 || v->size != 2 || !is_capital(s.p[v->at]) || !is_capital(s.p[v->at + 1]))
        return false;
    memcpy(out, s.p + v->at, 2);
    out[2] = 0;
    return true;
}

bool mmdb_country(const struct mmdb *m, const uint8_t addr[16], char out[MMDB_COUNTRY])
{
    static const char *const maps[] = { "country", "registered_country" };
    struct value v, code;
    uint8_t bits;
    size_t map;

    out[0] = 0;
    if (!place_of(m, addr, &map, &bits))
        return false;
    for (unsigned i = 0; i < sizeof maps / sizeof *maps; i++)
        if (find(m->data, map, maps[i], &v) && find_in(m->data, &v, "iso_code", &code) && country_of(m->data, &code, out))
            return true;
    return find(m->data, map, "country_code", &v) && country_of(m->data, &v, out);
}

bool mmdb_find(const struct mmdb *m, const uint8_t addr[16], struct mmdb_answer *out)
{
    static const char *const names[] = { "autonomous_system_organization", "as_name", "name" };
    size_t map;

    *out = (struct mmdb_answer){ .asn = 0 };
    if (!place_of(m, addr, &map, &out->bits))
        return false;
    out->asn = asn_at(m->data, map);
    for (unsigned i = 0; i < sizeof names / sizeof *names && !text_at(m->data, map, names[i], out->name); i++)
        out->name[0] = 0;
    return out->asn != 0;
}
