/* Packets through a lane, its sessions into a list: sorted by endpoints, then by time. */
#include "metamorphic.h"

#include <stdlib.h>

enum { MEMORY = 64 << 20 };

void result_init(struct result *r)
{
    memset(r, 0, sizeof *r);
}

void result_free(struct result *r)
{
    free(r->s);
    free(r->j);
    memset(r, 0, sizeof *r);
}

static int by_ends(const struct session *a, const struct session *b)
{
    bool fa = endpoint_cmp(&a->client, &a->server) < 0, fb = endpoint_cmp(&b->client, &b->server) < 0;
    int c = endpoint_cmp(fa ? &a->client : &a->server, fb ? &b->client : &b->server);
    return c ? c : endpoint_cmp(fa ? &a->server : &a->client, fb ? &b->server : &b->client);
}

bool session_same_client(const struct session *a, const struct session *b)
{
    return !endpoint_cmp(&a->client, &b->client) && !endpoint_cmp(&a->server, &b->server);
}

bool session_same_ends(const struct session *a, const struct session *b)
{
    return by_ends(a, b) == 0;
}

/* Those between the same ends stay in the order in which they ended: one ends before the next begins. */
static void sort_sessions(struct result *r)
{
    for (size_t i = 1; i < r->n; i++) {
        struct session s = r->s[i];
        size_t k = i;
        for (; k > 0 && by_ends(&r->s[k - 1], &s) > 0; k--)
            r->s[k] = r->s[k - 1];
        r->s[k] = s;
    }
}

static void take_session(void *ctx, const struct session *s, uint64_t number)
{
    (void)number;
    struct result *r = ctx;
    if (r->n == SESSIONS_MAX) {
        r->overrun = true;
        return;
    }
    if (!(r->n & (r->n - 1))) {
        size_t room = r->n ? 2 * r->n : 1;
        r->s = realloc(r->s, room * sizeof *r->s);
        r->j = realloc(r->j, room * sizeof *r->j);
        if (!r->s || !r->j)
            abort();
    }
    r->s[r->n++] = *s;
}

static void take_attempt(void *ctx, const struct attempt *a)
{
    ((struct result *)ctx)->attempts[a->outcome]++;
}

/* One lane for many captures in a row with the same ports: an end of input must leave nothing behind. */
void run_lane(const struct port_table *ports, const struct packet *p, size_t n, struct result *r)
{
    static struct lane *lane;
    static const struct port_table *table;
    static unsigned runs;
    static struct result own;
    const struct lane_sink sink = { .session = take_session, .attempt = take_attempt, .ctx = &own };

    if (!p) {
        lane_free(lane);
        lane = NULL;
        return;
    }
    if (!lane || table != ports || runs++ % 512 == 0) {
        lane_free(lane);
        table = ports;
        if (!(lane = lane_new(ports, MEMORY, &sink)))
            abort();
    }
    own = *r;
    own.n = 0;
    own.overrun = false;
    memset(own.attempts, 0, sizeof own.attempts);
    lane_packets(lane, p, n, 0);
    lane_end(lane);
    *r = own;
    memset(&own, 0, sizeof own);
    sort_sessions(r);
    for (size_t i = 0; i < r->n; i++)
        r->j[i] = judge(&r->s[i]);
}
