#include "flow/table.h"

_Static_assert((int)WHEELS * (int)WHEEL_SLOTS <= UINT16_MAX, "a slot of any wheel has a number");
enum { BACK_SECONDS = 60, BACK_PACKETS = 65536 };       /* when a step back of the clock is followed */

static const uint64_t second_ns = 1000000000, ms_ns = FLOW_MS_NS;

/* doc/measurement.md section 1: an hour of silence, five minutes after one FIN; packets of a
 * finished connection belong to it for a minute. */
static const unsigned silence_s[FLOW_AGES] = {
    [FLOW_OPEN] = 3600, [FLOW_HALF_CLOSED] = 300, [FLOW_CLOSED] = 60,
};

/* --- slots --- */

/* Since when it is silent, or closed. */
static uint64_t age_ms(const struct flow *f)
{
    uint64_t last = f->last_ns / ms_ns;
    return last - (uint16_t)(last - f->heard_ms);
}

bool flow_is_silent(const struct flow *f, uint64_t now)
{
    uint64_t since = age_ms(f) * ms_ns;
    return now > since && now - since > silence_s[f->age] * second_ns;
}

static unsigned wheel_of(const struct flow *f)
{
    if (f->owner & FLOW_STATEFUL)
        return WHEEL_STATE;
    if (f->age == FLOW_CLOSED || !flow_saw_any(f, FLOW_PAYLOAD))
        return WHEEL_BARE;
    return f->owner & FLOW_SETTLED ? WHEEL_SETTLED : WHEEL_DULL;
}

static unsigned slot_of(const struct flow *f)
{
    uint64_t second = age_ms(f) / 1000 + silence_s[f->age];
    return wheel_of(f) * WHEEL_SLOTS + (unsigned)(second % WHEEL_SLOTS);
}

static struct wheel_slot *slot_at(struct flow_table *t, unsigned slot)
{
    return &t->wheel[slot / WHEEL_SLOTS].slot[slot % WHEEL_SLOTS];
}

static void mark_slot(struct flow_table *t, unsigned slot)
{
    uint64_t *word = &t->wheel[slot / WHEEL_SLOTS].filled[slot % WHEEL_SLOTS / 64];
    uint64_t bit = UINT64_C(1) << slot % 64;
    *word = slot_at(t, slot)->oldest ? *word | bit : *word & ~bit;
}

static uint32_t number_of(struct flow_table *t, const struct flow *f)
{
    return f->newer ? flow_at(t, f->newer)->older : slot_at(t, f->slot)->newest;
}

void wheel_unplace(struct flow_table *t, const struct flow *f)
{
    struct wheel_slot *s = slot_at(t, f->slot);
    *(f->newer ? &flow_at(t, f->newer)->older : &s->newest) = f->older;
    *(f->older ? &flow_at(t, f->older)->newer : &s->oldest) = f->newer;
    mark_slot(t, f->slot);
}

void wheel_place(struct flow_table *t, struct flow *f, uint32_t number)
{
    unsigned slot = slot_of(f);
    struct wheel_slot *s = slot_at(t, slot);
    f->slot = (uint16_t)slot;
    f->newer = 0;
    f->older = s->newest;
    *(s->newest ? &flow_at(t, s->newest)->newer : &s->oldest) = number;
    s->newest = number;
    mark_slot(t, slot);
}

void wheel_move(struct flow_table *t, struct flow *f)
{
    uint32_t number = number_of(t, f);
    wheel_unplace(t, f);
    wheel_place(t, f, number);
}

/* --- the order of ends --- */

static int cmp(uint64_t a, uint64_t b) { return (a > b) - (a < b); }

/* These come behind the others, by their number; the others by their first time. Both are the same in
 * whichever table a flow is. */
static bool is_settled(const struct flow *f) { return (f->owner & FLOW_SETTLED) != 0; }

static uint64_t since_of(const struct flow *f) { return is_settled(f) ? f->number : flow_first_ns(f); }

struct flow_turn flow_turn_of(const struct flow_table *t, const struct flow *f)
{
    return (struct flow_turn){ .place = 2 * t->place + is_settled(f), .since = since_of(f), .key = f->key };
}

static int key_cmp(const struct flow_key *a, const struct flow_key *b)
{
    int c = endpoint_cmp(&a->a, &b->a);
    return c ? c : endpoint_cmp(&a->b, &b->b);
}

int flow_turn_cmp(const struct flow_turn *a, const struct flow_turn *b)
{
    int c = cmp(a->place, b->place);
    c = c ? c : cmp(a->since, b->since);
    return c ? c : key_cmp(&a->key, &b->key);
}

static bool is_before(const struct flow *a, const struct flow *b)
{
    int c = (int)is_settled(a) - (int)is_settled(b);
    c = c ? c : cmp(since_of(a), since_of(b));
    return (c ? c : key_cmp(&a->key, &b->key)) < 0;
}

/* Of two chains along newer, both sorted. */
static uint32_t merge(const struct flow_table *t, uint32_t a, uint32_t b)
{
    uint32_t first, *end = &first;
    while (a && b) {
        uint32_t *next = is_before(flow_at(t, a), flow_at(t, b)) ? &a : &b;
        *end = *next;
        end = &flow_at(t, *next)->newer;
        *next = *end;
    }
    *end = a ? a : b;
    return first;
}

/* Takes the flows that are sorted already off the front of *rest. */
static uint32_t take_run(const struct flow_table *t, uint32_t *rest)
{
    uint32_t run = *rest;
    struct flow *f = flow_at(t, run);
    while (f->newer && is_before(f, flow_at(t, f->newer)))
        f = flow_at(t, f->newer);
    *rest = f->newer;
    f->newer = 0;
    return run;
}

/* Runs are merged with those of about their length: 2 to the power of i of them are in runs[i]. */
static uint32_t sorted(const struct flow_table *t, uint32_t rest)
{
    uint32_t runs[32] = { 0 }, all = 0;
    while (rest) {
        uint32_t run = take_run(t, &rest);
        unsigned i = 0;
        for (; runs[i]; i++) {
            run = merge(t, runs[i], run);
            runs[i] = 0;
        }
        runs[i] = run;
    }
    for (unsigned i = 0; i < 32; i++)
        all = merge(t, all, runs[i]);
    return all;
}

static bool is_sorted(const struct flow_table *t, uint32_t number)
{
    for (uint32_t next; number && (next = flow_at(t, number)->newer); number = next)
        if (!is_before(flow_at(t, number), flow_at(t, next)))
            return false;
    return true;
}

/* They are placed about in order, so there is rarely anything to be done. */
static void sort_slot(struct flow_table *t, struct wheel_slot *s)
{
    if (is_sorted(t, s->oldest))
        return;
    s->oldest = sorted(t, s->oldest);
    uint32_t older = 0;
    for (uint32_t number = s->oldest; number; number = flow_at(t, number)->newer) {
        flow_at(t, number)->older = older;
        older = number;
    }
    s->newest = older;
}

/* --- silence --- */

static void sweep_slot(struct flow_table *t, unsigned slot, uint64_t now)
{
    sort_slot(t, slot_at(t, slot));
    uint32_t last = slot_at(t, slot)->newest, next;
    for (uint32_t number = slot_at(t, slot)->oldest; number; number = next) {
        struct flow *f = flow_at(t, number);
        next = number == last ? 0 : f->newer;
        if (flow_is_silent(f, now))
            table_end(t, f, false);
        else
            wheel_move(t, f);
    }
}

static bool follows_back(struct flow_clock *c, uint64_t ordinal)
{
    c->behind = c->ordinal + 1 == ordinal ? c->behind + 1 : 1;
    c->ordinal = ordinal;
    return c->behind > BACK_PACKETS || c->behind > ordinal - c->behind;
}

bool flow_second_begins(struct flow_clock *c, uint64_t ordinal, uint64_t now_ns)
{
    uint64_t now = now_ns / second_ns;
    if (now == c->second || (now < c->second && (c->second - now <= BACK_SECONDS || !follows_back(c, ordinal))))
        return false;
    *c = (struct flow_clock){ .second = now };
    return true;
}

void flow_tick(struct flow_table *t, uint64_t now_ns)
{
    uint64_t from = t->second;
    t->second = now_ns / second_ns;
    if (t->second > from + WHEEL_SLOTS)
        from = t->second - WHEEL_SLOTS;
    t->place = 0;
    for (uint64_t s = from; s < t->second; s++)
        for (unsigned w = 0; w < WHEELS; w++, t->place++)
            sweep_slot(t, w * WHEEL_SLOTS + s % WHEEL_SLOTS, now_ns);
}

/* --- eviction, and the end --- */

/* The next slot with a flow in it, `slot` or behind it, over the end to the beginning; -1: none. */
static int next_filled(const struct wheel *w, unsigned slot)
{
    uint64_t word = w->filled[slot / 64] & ~UINT64_C(0) << slot % 64;
    for (unsigned i = slot / 64, n = 0; n <= WHEEL_SLOTS / 64; n++) {
        if (word)
            return (int)(i * 64 + (unsigned)__builtin_ctzll(word));
        i = (i + 1) % (WHEEL_SLOTS / 64);
        word = w->filled[i];
    }
    return -1;
}

/* The flow of a wheel whose silence ends first, but not `keep`. Those that have spoken since they were
 * placed go to their present slot on the way. */
static struct flow *oldest(struct flow_table *t, unsigned wheel, const struct flow *keep)
{
    unsigned at = (unsigned)(t->second % WHEEL_SLOTS), rounds = 0;
    for (int slot; (slot = next_filled(&t->wheel[wheel], at)) >= 0 && rounds < 2 * WHEEL_SLOTS; rounds++) {
        uint32_t number = t->wheel[wheel].slot[slot].oldest, last = t->wheel[wheel].slot[slot].newest, next;
        for (; number; number = next) {
            struct flow *f = flow_at(t, number);
            next = number == last ? 0 : f->newer;
            if (slot_of(f) != f->slot)
                wheel_move(t, f);
            else if (f != keep)
                return f;
        }
        at = ((unsigned)slot + 1) % WHEEL_SLOTS;
    }
    return NULL;
}

static bool evict_from(struct flow_table *t, unsigned wheel, const struct flow *keep)
{
    struct flow *f = oldest(t, wheel, keep);
    if (f)
        table_end(t, f, true);
    return f != NULL;
}

bool table_make_room(struct flow_table *t)
{
    for (unsigned wheel = 0; wheel < WHEELS; wheel++)
        if (evict_from(t, wheel, NULL))
            return true;
    return false;
}

bool flow_evict(struct flow_table *t, const struct flow *keep) { return evict_from(t, WHEEL_STATE, keep); }

uint64_t flow_oldest_ns(const struct flow_table *t)
{
    const struct wheel *w = &t->wheel[WHEEL_STATE];
    uint64_t first = UINT64_MAX;
    for (int slot = next_filled(w, 0), last = -1; slot > last; slot = next_filled(w, (unsigned)(slot + 1) % WHEEL_SLOTS)) {
        last = slot;
        for (uint32_t number = w->slot[slot].oldest; number; number = flow_at(t, number)->newer)
            if (flow_first_ns(flow_at(t, number)) < first)
                first = flow_first_ns(flow_at(t, number));
    }
    return first == UINT64_MAX ? 0 : first;
}

void flow_end_all(struct flow_table *t)
{
    unsigned begin = (unsigned)(t->second % WHEEL_SLOTS);
    for (unsigned w = 0; w < WHEELS; w++)
        for (int slot; (slot = next_filled(&t->wheel[w], begin)) >= 0;) {
            struct wheel_slot *s = &t->wheel[w].slot[slot];
            t->place = w * WHEEL_SLOTS + ((unsigned)slot - begin) % WHEEL_SLOTS;
            sort_slot(t, s);
            while (s->oldest)
                table_end(t, flow_at(t, s->oldest), false);
        }
}
