/* Derivations that lose something: the kinds of B in metamorphic.h. */
#include "derive.h"

static size_t count_each(const struct golden *g) { return g->n; }
static size_t count_later(const struct golden *g) { return g->n ? g->n - 1 : 0; }

static const uint32_t snaps[] = { 68, 96, 256, 56, 60, 64, 72, 80, 88, 112, 128, 160, 192, 320, 512 };
enum { SNAPS = sizeof snaps / sizeof *snaps };
static size_t count_snaps(const struct golden *g) { return g->n ? SNAPS : 0; }

static enum rule_class make_snapped(const struct golden *g, size_t how, struct packets *out, char *what)
{
    snprintf(what, WHAT, "to %u", snaps[how]);
    copy_range(g, 0, g->n, out);
    for (size_t i = 0; i < g->n; i++)
        out->p[i].data = span_first(out->p[i].data, snaps[how]);
    return LOSES;
}

static size_t count_sides(const struct golden *g) { return g->n ? 2 : 0; }

static enum rule_class make_one_sided(const struct golden *g, size_t side, struct packets *out, char *what)
{
    snprintf(what, WHAT, "side %zu removed", side);
    for (size_t i = 0; i < g->n; i++)
        if (!g->pkt[i].tcp || g->pkt[i].side != side)
            packets_add(out, &g->pkt[i].raw);
    return out->n && out->n < g->n ? LOSES : SKIP;
}

static enum rule_class make_started(const struct golden *g, size_t i, struct packets *out, char *what)
{
    snprintf(what, WHAT, "at packet %zu", i + 2);
    copy_range(g, i + 1, g->n, out);
    return LOSES;
}

static enum rule_class make_ended(const struct golden *g, size_t i, struct packets *out, char *what)
{
    snprintf(what, WHAT, "behind packet %zu", i + 1);
    copy_range(g, 0, i + 1, out);
    return LOSES;
}

static enum rule_class make_without(const struct golden *g, size_t i, struct packets *out, char *what)
{
    snprintf(what, WHAT, "packet %zu", i + 1);
    copy_range(g, 0, i, out);
    copy_range(g, i + 1, g->n, out);
    return LOSES;
}

static enum rule_class make_without_two(const struct golden *g, size_t i, struct packets *out, char *what)
{
    snprintf(what, WHAT, "packets %zu and %zu", i + 1, i + 2);
    copy_range(g, 0, i, out);
    copy_range(g, i + 2, g->n, out);
    return LOSES;
}

static const struct derivation losing[] = {
    { .name = "packets cut", count_snaps, make_snapped },
    { .name = "one direction", count_sides, make_one_sided },
    { .name = "started", count_later, make_started },
    { .name = "ended", count_later, make_ended },
    { .name = "removed one", count_each, make_without, .removes_one = true },
    { .name = "removed two", count_later, make_without_two },
};
const struct derivation *const derivations_losing = losing;
const size_t derivations_losing_n = sizeof losing / sizeof *losing;
