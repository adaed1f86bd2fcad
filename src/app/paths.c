#include "app/paths.h"

#include <stdio.h>

enum { ITEM = 160, WORD = 64 };

/* Copies up to the comma, which is left out; NULL: it has no room. Otherwise what is behind it. */
static const char *next_item(const char *text, char *item, size_t room)
{
    size_t n = strcspn(text, ",");
    if (n >= room)
        return NULL;
    memcpy(item, text, n);
    item[n] = 0;
    return text + n + (text[n] == ',');
}

bool local_parse(struct local_networks *l, const char *text, char bad[ADDRESS_TEXT])
{
    char item[WORD];
    while (*text) {
        size_t n = strcspn(text, ",");
        snprintf(bad, ADDRESS_TEXT, "%.*s", (int)(n < ADDRESS_TEXT ? n : ADDRESS_TEXT - 1), text);
        const char *rest = next_item(text, item, sizeof item);
        if (!rest || l->n == LOCAL_NETWORKS || !network_parse(item, &l->net[l->n]))
            return false;
        l->n++;
        text = rest;
    }
    return true;
}

/* --- allowed paths --- */

/* The next word behind *at; "": there is none. */
static const char *next_word(const char **at, char word[WORD])
{
    const char *text = *at + strspn(*at, " \t");
    size_t n = strcspn(text, " \t");
    snprintf(word, WORD, "%.*s", (int)(n < WORD ? n : WORD - 1), text);
    *at = text + n;
    return word;
}

static bool take_network(const char *word, struct network *net, bool *named, const char *place, char error[PATHS_ERROR])
{
    if (*named)
        snprintf(error, PATHS_ERROR, "'%s' is a second network %s", word, place);
    else if (!*word)
        snprintf(error, PATHS_ERROR, "a network such as 192.0.2.0/24 is missing %s", place);
    else if (!network_parse(word, net))
        snprintf(error, PATHS_ERROR, "'%s' is no network such as 192.0.2.0/24", word);
    else
        return *named = true;
    return false;
}

/* DIRECTION_UNKNOWN: it is none. */
static enum direction direction_parse(const char *word)
{
    const struct word_list *l = vocabulary_of("direction");
    size_t i = word_find(l, word);
    return i < l->n ? (enum direction)i : DIRECTION_UNKNOWN;
}

static bool take_word(struct allowed_path *p, const char *word, const char **rest, char error[PATHS_ERROR])
{
    char network[WORD];
    enum direction d = direction_parse(word);

    if (strcmp(word, "from") == 0)
        return take_network(next_word(rest, network), &p->client, &p->at_client, "behind 'from'", error);
    if (strcmp(word, "to") == 0)
        return take_network(next_word(rest, network), &p->server, &p->at_server, "behind 'to'", error);
    if (d == DIRECTION_UNKNOWN)
        return take_network(word, &p->either, &p->at_either, "of client or server in one path", error);
    if (p->direction)
        snprintf(error, PATHS_ERROR, "a second direction '%s'", word);
    else
        p->direction = (uint8_t)d;
    return p->direction == d;
}

static bool take_path(struct paths *s, const char *item, char error[PATHS_ERROR])
{
    struct allowed_path p = { .direction = DIRECTION_UNKNOWN };
    char word[WORD];

    if (s->nallowed == ALLOWED_PATHS) {
        snprintf(error, PATHS_ERROR, "no more than %d paths can be allowed", ALLOWED_PATHS);
        return false;
    }
    while (*next_word(&item, word))
        if (!take_word(&p, word, &item, error))
            return false;
    if (!p.at_either && !p.at_client && !p.at_server && !p.direction) {
        snprintf(error, PATHS_ERROR, "a network is missing, or a direction");
        return false;
    }
    s->allowed[s->nallowed++] = p;
    return true;
}

bool allow_parse(struct paths *s, const char *text, char error[PATHS_ERROR])
{
    char item[ITEM];
    do {
        text = next_item(text, item, sizeof item);
        if (!text) {
            snprintf(error, PATHS_ERROR, "a path is named by no more than %d characters", ITEM - 1);
            return false;
        }
        if (!take_path(s, item, error))
            return false;
    } while (*text);
    return true;
}

bool paths_check(const struct paths *s, char error[PATHS_ERROR])
{
    for (size_t i = 0; i < s->nallowed && !s->local.n; i++)
        if (s->allowed[i].direction) {
            snprintf(error, PATHS_ERROR, "a direction means nothing without --local, which names the networks of your own");
            return false;
        }
    return true;
}

static bool is_narrow(const struct network *n)
{
    struct endpoint e = { .port = 0 };
    memcpy(e.addr, n->addr, sizeof e.addr);
    return n->bits > (endpoint_is_v4(&e) ? 96 + 24 : 48);
}

bool paths_are_narrow(const struct paths *s)
{
    for (size_t i = 0; i < s->nallowed; i++) {
        const struct allowed_path *p = &s->allowed[i];
        if ((p->at_either && is_narrow(&p->either)) || (p->at_client && is_narrow(&p->client)) || (p->at_server && is_narrow(&p->server)))
            return true;
    }
    return false;
}

/* --- sessions --- */

static bool is_local(const struct local_networks *l, const struct endpoint *e)
{
    for (size_t i = 0; i < l->n; i++)
        if (network_holds(&l->net[i], e->addr))
            return true;
    return false;
}

enum direction direction_of(const struct local_networks *l, const struct endpoint *client, const struct endpoint *server)
{
    if (!l->n)
        return DIRECTION_UNKNOWN;
    bool from_inside = is_local(l, client), to_inside = is_local(l, server);
    if (from_inside)
        return to_inside ? DIRECTION_INTERNAL : DIRECTION_OUTBOUND;
    return to_inside ? DIRECTION_INBOUND : DIRECTION_TRANSIT;
}

bool path_is_allowed(const struct paths *s, enum direction d, const struct endpoint *client, const struct endpoint *server)
{
    for (size_t i = 0; i < s->nallowed; i++) {
        const struct allowed_path *p = &s->allowed[i];
        if ((!p->direction || p->direction == d) && (!p->at_client || network_holds(&p->client, client->addr)) &&
            (!p->at_server || network_holds(&p->server, server->addr)) &&
            (!p->at_either || network_holds(&p->either, client->addr) || network_holds(&p->either, server->addr)))
            return true;
    }
    return false;
}
