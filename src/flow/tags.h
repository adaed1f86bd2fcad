/* The VLANs and tunnels of connections. There are few distinct sets on a link, so each set is kept once
 * and a connection holds its number; sets beyond the bound are not made, and the connection keeps the
 * one it has. */
#ifndef MAILSEAL_FLOW_TAGS_H
#define MAILSEAL_FLOW_TAGS_H

#include "base/hash.h"
#include "decode/segment.h"

enum { FLOW_VLANS = 4, FLOW_TUNNELS = 8, TAG_SETS = 1024 };

struct flow_tags {
    uint16_t vlan[FLOW_VLANS];
    uint8_t tunnel[FLOW_TUNNELS];       /* enum tunnel */
    uint8_t nvlan, ntunnel;
};

struct tag_sets {
    uint16_t n;                         /* numbers given out */
    struct flow_tags set[TAG_SETS + 1]; /* 0: none */
    uint16_t place[2 * TAG_SETS];       /* open addressing, by hash */
};

/* The number of set `number` with the tags of a segment added. */
uint16_t tags_add(struct tag_sets *, const struct hash_key *, uint16_t number, const struct segment *);

#endif
