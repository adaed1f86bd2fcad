#include "aggregate/recent.h"

#include <stdlib.h>
#include <string.h>

bool recent_open(struct recent *r, size_t key, size_t entry, uint32_t most)
{
    *r = (struct recent){ .hash = hash_key_random(), .key = key, .entry = entry, .most = most, .places = 1 };
    while (r->places < most)
        r->places *= 2;
    r->place = calloc(r->places, sizeof *r->place);
    r->link = calloc((size_t)most + 1, sizeof *r->link);
    r->entries = calloc((size_t)most + 1, entry);
    return r->place && r->link && r->entries;
}

void recent_close(struct recent *r)
{
    free(r->place);
    free(r->link);
    free(r->entries);
    *r = (struct recent){ 0 };
}

void recent_clear(struct recent *r)
{
    if (r->n) {
        memset(r->place, 0, r->places * sizeof *r->place);
        memset(r->link, 0, ((size_t)r->most + 1) * sizeof *r->link);
    }
    r->n = r->newest = r->oldest = r->changed = 0;
}

static uint8_t *at(const struct recent *r, uint32_t number) { return r->entries + (size_t)number * r->entry; }

static uint32_t *place_of(const struct recent *r, const void *key)
{
    return &r->place[hash_bytes(&r->hash, key, r->key) & (r->places - 1)];
}

static uint32_t number_of(const struct recent *r, const void *key)
{
    uint32_t i = *place_of(r, key);
    while (i && memcmp(at(r, i), key, r->key) != 0)
        i = r->link[i].next;
    return i;
}

/* Takes an entry out of the order of age. */
static void leave(struct recent *r, uint32_t i)
{
    struct recent_link *l = &r->link[i];
    if (l->newer)
        r->link[l->newer].older = l->older;
    else
        r->newest = l->older;
    if (l->older)
        r->link[l->older].newer = l->newer;
    else
        r->oldest = l->newer;
}

static void become_newest(struct recent *r, uint32_t i)
{
    r->link[i].newer = 0;
    r->link[i].older = r->newest;
    if (r->newest)
        r->link[r->newest].newer = i;
    else
        r->oldest = i;
    r->newest = i;
}

/* Forgets the oldest; gives its place. */
static uint32_t make_room(struct recent *r)
{
    uint32_t i = r->oldest, *from = place_of(r, at(r, i));
    leave(r, i);
    while (*from != i)
        from = &r->link[*from].next;
    *from = r->link[i].next;
    return i;
}

void *recent_find(struct recent *r, const void *key)
{
    uint32_t i = number_of(r, key);
    return i ? at(r, i) : NULL;
}

void *recent_get(struct recent *r, const void *key)
{
    uint32_t i = number_of(r, key);
    if (i) {
        leave(r, i);
    } else {
        i = r->n < r->most ? ++r->n : make_room(r);
        memset(at(r, i), 0, r->entry);
        memcpy(at(r, i), key, r->key);
        uint32_t *place = place_of(r, key);
        r->link[i].next = *place;
        *place = i;
    }
    become_newest(r, i);
    recent_change(r, at(r, i));
    return at(r, i);
}

/* The list of them ends with one that points to itself. */
void recent_change(struct recent *r, const void *entry)
{
    uint32_t i = recent_number(r, entry);
    if (r->link[i].changed)
        return;
    r->link[i].changed = r->changed ? r->changed : i;
    r->changed = i;
}

void *recent_changed(struct recent *r)
{
    uint32_t i = r->changed;
    if (!i)
        return NULL;
    r->changed = r->link[i].changed == i ? 0 : r->link[i].changed;
    r->link[i].changed = 0;
    return at(r, i);
}

uint32_t recent_number(const struct recent *r, const void *entry)
{
    return (uint32_t)((size_t)((const uint8_t *)entry - r->entries) / r->entry);
}

void *recent_at(struct recent *r, uint32_t number) { return at(r, number); }

void *recent_next(struct recent *r, const void *entry)
{
    uint32_t i = entry ? r->link[recent_number(r, entry)].older : r->newest;
    return i ? at(r, i) : NULL;
}
