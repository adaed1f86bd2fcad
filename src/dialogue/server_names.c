#include "dialogue/server_names.h"

static uint64_t hash_of(const struct server_names *names, const struct server_name *n, uint64_t ns)
{
    enum { ENDS = sizeof n->server.addr + sizeof n->server.port };
    const uint64_t day = ns / UINT64_C(86400000000000);
    uint8_t all[sizeof day + ENDS + SERVER_NAME_TEXT];
    size_t text = strlen(n->text);

    memcpy(all, &day, sizeof day);
    memcpy(all + sizeof day, &n->server, ENDS);
    memcpy(all + sizeof day + ENDS, n->text, text);
    return hash_bytes(&names->key, all, sizeof day + ENDS + text) | 1;
}

/* Its place, and what would be there. NULL: it is no name, or is there already. */
static uint64_t *place_of(struct server_names *names, struct server_name *new, struct span word, uint64_t ns, uint64_t *hash)
{
    if (!names->met || !host_name_read(word, new->text))
        return NULL;
    *hash = hash_of(names, new, ns);
    uint64_t *place = &names->place[(*hash >> 1) % SERVER_NAME_PLACES];
    return *place == *hash ? NULL : place;
}

bool server_names_would_tell(struct server_names *names, const struct session_core *s, struct span word, uint64_t ns)
{
    struct server_name new = { .server = s->server };
    uint64_t hash;
    return place_of(names, &new, word, ns, &hash);
}

void server_names_meet(struct server_names *names, const struct session_core *s, enum name_source source, struct span word, uint64_t ns)
{
    struct server_name new = { .server = s->server, .source = (uint8_t)source, .client = s->client };
    uint64_t hash, *place = place_of(names, &new, word, ns, &hash);
    if (!place)
        return;
    *place = hash;
    names->met(names->ctx, &new);
}

void server_names_forget(struct server_names *names) { memset(names->place, 0, sizeof names->place); }
