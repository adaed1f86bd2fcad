#include "flow/tags.h"

static bool has_vlan(const struct flow_tags *t, uint16_t vlan)
{
    for (unsigned i = 0; i < t->nvlan; i++)
        if (t->vlan[i] == vlan)
            return true;
    return false;
}

static bool has_tunnel(const struct flow_tags *t, uint8_t tunnel)
{
    return memchr(t->tunnel, tunnel, t->ntunnel) != NULL;
}

/* Adds what is new. False: nothing is. */
static bool merge(struct flow_tags *t, const struct segment *seg)
{
    unsigned before = t->nvlan + t->ntunnel;
    for (unsigned i = 0; i < seg->nvlan; i++)
        if (t->nvlan < FLOW_VLANS && !has_vlan(t, seg->vlan[i]))
            t->vlan[t->nvlan++] = seg->vlan[i];
    for (unsigned i = 0; i < seg->ntunnel; i++)
        if (t->ntunnel < FLOW_TUNNELS && !has_tunnel(t, seg->tunnel[i]))
            t->tunnel[t->ntunnel++] = seg->tunnel[i];
    return t->nvlan + t->ntunnel > before;
}

uint16_t tags_add(struct tag_sets *sets, const struct hash_key *key, uint16_t number, const struct segment *seg)
{
    struct flow_tags t = sets->set[number];
    if (!merge(&t, seg))
        return number;
    size_t at = hash_bytes(key, &t, sizeof t) % (2 * TAG_SETS);
    while (sets->place[at] && memcmp(&sets->set[sets->place[at]], &t, sizeof t) != 0)
        at = (at + 1) % (2 * TAG_SETS);
    if (sets->place[at])
        return sets->place[at];
    if (sets->n == TAG_SETS)
        return number;
    sets->place[at] = ++sets->n;
    sets->set[sets->n] = t;
    return sets->n;
}
