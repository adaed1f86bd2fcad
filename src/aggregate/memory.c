#include "aggregate/memory.h"

/* No byte of an entry is padding, which may hold anything. */
_Static_assert(sizeof(struct history_server) == 16 + 2 + 6 + 3 * 8 + 7 * 4 + HISTORY_VERSIONS * 4 + HISTORY_OPEN * 4, "padding");
_Static_assert(sizeof(struct history_run) == 32 + 2 + 6 + 4 * 8 + 5 * 4 + HISTORY_HAVE * 4 + 4 + HISTORY_SEEN * 2 + 8, "padding");
_Static_assert(sizeof(struct retry_broken) == 2 * 8 + 2 * 2 + 4, "padding");
_Static_assert(sizeof(struct retry_clear) == 2 * 8 + 2 + 6, "padding");
_Static_assert(sizeof(struct retry_pair) == 40 + RETRY_BROKEN * sizeof(struct retry_broken) + RETRY_CLEAR * sizeof(struct retry_clear) + 2 * 4,
               "padding");
_Static_assert(sizeof(struct retry_client) == 16 + 4 * 8 + 2 * 2 + 4, "padding");
_Static_assert(sizeof(struct retry_server) == 24 + 8 + RETRY_BLAMED * 16, "padding");

union any {
    struct history_server server;
    struct history_run run;
    struct retry_pair pair;
    struct retry_client client;
    struct retry_server tls;
};
_Static_assert(sizeof(union any) <= MEMORY_BYTES, "each finds room");

static struct recent *table_of(struct history *h, struct retries *r, enum memory_kind kind)
{
    switch (kind) {
    case MEMORY_SERVER:
        return &h->servers;
    case MEMORY_RUN:
        return &h->runs;
    case MEMORY_PAIR:
        return &r->pairs;
    case MEMORY_CLIENT:
        return &r->clients;
    case MEMORY_TLS:
    case MEMORY_KINDS:
        break;
    }
    return &r->servers;
}

static uint64_t last_of(enum memory_kind kind, const void *entry)
{
    switch (kind) {
    case MEMORY_SERVER:
        return ((const struct history_server *)entry)->last_ns;
    case MEMORY_RUN:
        return ((const struct history_run *)entry)->last_ns;
    case MEMORY_PAIR:
        return retry_pair_last(entry);
    case MEMORY_CLIENT:
        return ((const struct retry_client *)entry)->last_ns;
    case MEMORY_TLS:
    case MEMORY_KINDS:
        break;
    }
    return retry_server_last(entry);
}

/* Bytes of an entry that outlive the run: which evidence goes on at a server is in the runs. */
static size_t kept_of(const struct recent *table, enum memory_kind kind)
{
    return kind == MEMORY_SERVER ? offsetof(struct history_server, open) : table->entry;
}

bool memory_changed(struct history *h, struct retries *r, struct memory_entry *out)
{
    for (enum memory_kind kind = 0; kind < MEMORY_KINDS; kind++) {
        struct recent *table = table_of(h, r, kind);
        const uint8_t *entry = recent_changed(table);
        if (!entry)
            continue;
        *out = (struct memory_entry){ kind, span_of(entry, table->key), span_of(entry + table->key, kept_of(table, kind) - table->key),
                                      last_of(kind, entry) };
        return true;
    }
    return false;
}

void memory_read(struct history *h, struct retries *r, const struct memory_entry *e)
{
    union any read;
    struct recent *table = table_of(h, r, e->kind);

    if (e->key.n != table->key || e->bytes.n != kept_of(table, e->kind) - table->key)
        return;
    memset(&read, 0, sizeof read);
    memcpy(&read, e->key.p, e->key.n);
    memcpy((uint8_t *)&read + e->key.n, e->bytes.p, e->bytes.n);
    if (e->kind == MEMORY_SERVER)
        history_server_mend(&read.server);
    if (e->kind == MEMORY_PAIR)
        retry_pair_mend(&read.pair);
    void *entry = recent_get(table, &read);
    memcpy(entry, &read, table->entry);
    if (e->kind == MEMORY_RUN)
        history_run_mend(h, entry);
}

void memory_settle(struct history *h, struct retries *r)
{
    for (enum memory_kind kind = 0; kind < MEMORY_KINDS; kind++)
        while (recent_changed(table_of(h, r, kind)))
            ;
}
