/* Several changes after one another, by chance; the same chance each time. What a bad mirror port does:
 * packets lost, late, twice, cut, begun and ended anywhere, perhaps of one direction only. */
#include "derive.h"

enum { EACH = 40 };                     /* captures of each golden */

static uint32_t chance(uint64_t *state, uint32_t below)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    uint64_t x = *state ^ *state >> 29;
    return (uint32_t)((x * 0xbf58476d1ce4e5b9 >> 33) % below);
}

static uint64_t seed_of(const struct golden *g, size_t i)
{
    uint64_t h = 14695981039346656037u ^ i * 0x9e3779b97f4a7c15;
    for (const char *p = g->name; *p; p++)
        h = (h ^ (uint8_t)*p) * 1099511628211u;
    return h;
}

/* Percent of packets, or bytes; 0: not done. */
struct plan {
    uint32_t lost, late, twice, divided, snap, begin, end;
    unsigned side;                      /* that is not seen; 2: none */
};

static struct plan plan_of(uint64_t *r, size_t n)
{
    static const uint32_t rates[] = { 1, 2, 5, 10, 20 }, snaps[] = { 64, 68, 80, 96, 128, 192, 256 };
    struct plan p = { .side = 2, .end = (uint32_t)n };
    p.lost = chance(r, 4) ? rates[chance(r, 5)] : 0;
    p.late = chance(r, 2) ? rates[chance(r, 5)] : 0;
    p.twice = chance(r, 3) ? 0 : rates[chance(r, 5)];
    p.divided = chance(r, 3) ? 0 : 30;
    p.snap = chance(r, 4) ? 0 : snaps[chance(r, 7)];
    p.begin = chance(r, 4) ? 0 : chance(r, (uint32_t)n);
    p.end = chance(r, 4) ? (uint32_t)n : p.begin + chance(r, (uint32_t)n - p.begin) + 1;
    p.side = chance(r, 8) ? 2 : chance(r, 2);
    return p;
}

static size_t count_random(const struct golden *g) { return g->n > 1 ? EACH : 0; }

static void add(struct packets *out, const struct pkt *p, const struct plan *plan, uint64_t *r)
{
    if (p->tcp && plan->divided && pkt_divisible(p, 2) && chance(r, 100) < plan->divided) {
        uint32_t at = 1 + chance(r, p->seg.len - 1);
        packets_add_piece(out, p, 0, at);
        if (chance(r, 100) >= plan->lost)
            packets_add_piece(out, p, at, p->seg.len - at);
    } else {
        packets_add(out, &p->raw);
    }
}

/* A packet comes up to three places later; the times stay where they are. */
static void delay(struct packets *out, const struct plan *plan, uint64_t *r)
{
    for (size_t i = 0; i + 1 < out->n; i++) {
        size_t by = 1 + chance(r, 3), to = i + by < out->n ? i + by : out->n - 1;
        struct packet p = out->p[i];
        if (chance(r, 100) >= plan->late)
            continue;
        for (size_t k = i; k < to; k++) {
            uint64_t time = out->p[k].ts_ns;
            out->p[k] = out->p[k + 1];
            out->p[k].ts_ns = time;
        }
        p.ts_ns = out->p[to].ts_ns;
        out->p[to] = p;
    }
}

static enum rule_class make_random(const struct golden *g, size_t at, struct packets *out, char *what)
{
    uint64_t r = seed_of(g, at);
    struct plan plan = plan_of(&r, g->n);

    snprintf(what, WHAT, "lost %u%% late %u%% snap %u from %u to %u side %u", plan.lost, plan.late, plan.snap,
             plan.begin + 1, plan.end, plan.side);
    for (size_t i = plan.begin; i < plan.end; i++) {
        const struct pkt *p = &g->pkt[i];
        if ((p->tcp && p->side == plan.side) || chance(&r, 100) < plan.lost)
            continue;
        add(out, p, &plan, &r);
        if (chance(&r, 100) < plan.twice)
            packets_add(out, &p->raw);
    }
    delay(out, &plan, &r);
    for (size_t i = 0; plan.snap && i < out->n; i++)
        out->p[i].data = span_first(out->p[i].data, plan.snap);
    return out->n ? LOSES : SKIP;
}

static const struct derivation by_chance[] = {
    { .name = "by chance", count_random, make_random },
};
const struct derivation *const derivations_random = by_chance;
const size_t derivations_random_n = sizeof by_chance / sizeof *by_chance;
