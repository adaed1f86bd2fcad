#include "dialogue/names.h"

#include <string.h>

/* Bytes of each at most, without the zero behind it. */
static const uint16_t most[NAME_N] = {
    [NAME_SNI] = SNI_TEXT - 1, [NAME_ALPN] = ALPN_TEXT - 1, [NAME_MECHANISM] = MECHANISM_TEXT - 1,
    [NAME_OTHERS] = MECHANISMS_TEXT - 1, [NAME_PROXY] = 2 * sizeof(struct endpoint), [NAME_GREETING] = HOST_NAME_TEXT - 1,
};

static size_t begin_of(const struct names *names, enum name which)
{
    size_t at = 0;
    for (unsigned i = 0; i < which; i++)
        at += names->n[i];
    return at;
}

/* A block with so many bytes of text, and more where the pool has no smaller one. */
static struct names *block_of(struct pool *pool, size_t text)
{
    size_t size = pool_room(sizeof(struct names) + text);
    struct names *names = pool_get(pool, size);
    if (!names)
        return NULL;
    memset(names, 0, size);
    names->room = (uint16_t)(size - sizeof *names);
    return names;
}

struct names *names_make(struct names **place, struct pool *pool)
{
    if (!*place)
        *place = block_of(pool, 0);
    return *place;
}

static bool grow(struct names **place, struct pool *pool, size_t text)
{
    struct names *old = *place, *bigger = block_of(pool, text);
    if (!bigger)
        return false;
    uint16_t room = bigger->room;
    memcpy(bigger, old, sizeof *old + begin_of(old, NAME_N));
    bigger->room = room;
    *place = bigger;
    pool_put(pool, old, sizeof *old + old->room);
    return true;
}

bool names_set(struct names **place, struct pool *pool, enum name which, struct span value)
{
    if (value.n > most[which] || !names_make(place, pool))
        return false;
    size_t all = begin_of(*place, NAME_N) - (*place)->n[which] + value.n;
    if (all > (*place)->room && !grow(place, pool, all))
        return false;
    struct names *names = *place;
    size_t at = begin_of(names, which), behind = at + names->n[which], end = begin_of(names, NAME_N);
    memmove(names->text + at + value.n, names->text + behind, end - behind);
    if (value.n)
        memcpy(names->text + at, value.p, value.n);
    names->n[which] = (uint16_t)value.n;
    return true;
}

void names_add(struct names **place, struct pool *pool, enum name which, struct span word)
{
    _Static_assert((int)SNI_TEXT >= (int)ALPN_TEXT && (int)SNI_TEXT >= (int)MECHANISMS_TEXT, "the longest of them");
    uint8_t all[SNI_TEXT];
    struct span before = names_get(*place, which);
    size_t n = before.n;

    if (n + 1 + word.n > most[which])
        return;
    if (n) {
        memcpy(all, before.p, n);
        all[n++] = ' ';
    }
    memcpy(all + n, word.p, word.n);
    names_set(place, pool, which, span_of(all, n + word.n));
}

struct span names_get(const struct names *names, enum name which)
{
    return names ? span_of(names->text + begin_of(names, which), names->n[which]) : (struct span){ NULL, 0 };
}

static void copy(void *out, const struct names *names, enum name which)
{
    struct span value = names_get(names, which);
    if (value.n)
        memcpy(out, value.p, value.n);
}

void names_copy(const struct names *names, struct session_names *out)
{
    struct endpoint proxy[2] = { { .port = 0 } };

    *out = (struct session_names){ .sni = "" };
    if (!names)
        return;
    memcpy(out->ja3, names->ja3, sizeof out->ja3);
    memcpy(out->certificate, names->certificate, sizeof out->certificate);
    memcpy(out->ja4, names->ja4, sizeof out->ja4);
    copy(out->sni, names, NAME_SNI);
    copy(out->alpn, names, NAME_ALPN);
    copy(out->mechanism, names, NAME_MECHANISM);
    copy(out->offered_others, names, NAME_OTHERS);
    copy(proxy, names, NAME_PROXY);
    out->proxy_client = proxy[0];
    out->proxy_server = proxy[1];
}

void names_drop(struct names **place, struct pool *pool)
{
    if (*place)
        pool_put(pool, *place, sizeof **place + (*place)->room);
    *place = NULL;
}
