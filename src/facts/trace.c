#include "facts/trace.h"

#include <string.h>
#include <strings.h>

enum { HAS__ = 0, HAS_T = 1, HAS_W = 2, HAS_N = 4, HAS_TW = 3, HAS_TN = 5, HAS_WN = 6, HAS_TWN = 7 };

static const struct {
    uint8_t has;
    const char *word;
} kinds[TRACE_KIND_N] = {
#define K(id, fields, word) [TRACE_##id] = { HAS_##fields, word },
    TRACE_KINDS(K)
#undef K
};

enum {
    SERVER = 0x80,
    EVENT_MOST = 1 + 10 + 5 + 5,
    FIRST_ROOM = 64,                    /* bytes, of those that become more */
    END_KEPT = 1 + 10 + 1,              /* bytes for the end */
    KEPT = END_KEPT + 60                /* and for what becomes known when there is no room for lines */
};

/* --- public words --- */

struct public_word {
    unsigned number;
    const char *word;
};

#define W(number, word) { number, word },
static const struct public_word by_word[] = {
#include "facts/trace_words.def"
};
#undef W
enum { WORDS = sizeof by_word / sizeof *by_word };

#define W(number, word) [number] = word,
static const char *const by_number[] = {
#include "facts/trace_words.def"
};
#undef W

static int compare(struct span word, const char *with)
{
    for (size_t i = 0; i < word.n; i++) {
        int order = (int)ascii_upper(word.p[i]) - (int)(uint8_t)with[i];    /* the end sorts before all */
        if (order || !with[i])
            return order ? order : 1;
    }
    return with[word.n] ? -1 : 0;
}

unsigned trace_word_find(struct span word)
{
    size_t low = 0, high = WORDS;
    int first = word.n ? ascii_upper(word.p[0]) : 0;
    while (low < high) {
        size_t mid = (low + high) / 2;
        int order = first - (int)(uint8_t)by_word[mid].word[0];
        if (!order)
            order = compare(word, by_word[mid].word);
        if (!order)
            return by_word[mid].number;
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return 0;
}

const char *trace_word(unsigned number)
{
    return number < sizeof by_number / sizeof *by_number ? by_number[number] : NULL;
}

const char *trace_kind_word(enum trace_kind kind) { return kinds[kind].word; }
bool trace_begins_line(const struct trace_event *e) { return kinds[e->kind].has & HAS_T; }

/* --- writing --- */

void trace_begin(struct trace *t, void *bytes, size_t room, uint64_t begin_ns)
{
    *t = (struct trace){ .bytes = bytes, .room = (uint32_t)room, .limit = (uint32_t)room, .begin_ns = begin_ns,
                         .now_ns = begin_ns };
    if (room)
        t->bytes[t->n++] = TRACE_FORMAT;
    t->last_kind = TRACE_KIND_N;
}

void trace_begin_in(struct trace *t, struct pool *pool, size_t limit, uint64_t begin_ns)
{
    size_t room = limit < FIRST_ROOM ? limit : FIRST_ROOM;
    void *bytes = pool_get(pool, room);
    trace_begin(t, bytes, bytes ? room : 0, begin_ns);
    t->pool = pool;
    t->limit = bytes ? (uint32_t)limit : 0;
}

void trace_drop(struct trace *t)
{
    if (t->pool)
        pool_put(t->pool, t->bytes, t->room);
    *t = (struct trace){ .bytes = NULL };
}

/* False: no memory. */
static bool grow(struct trace *t)
{
    uint32_t room = t->room < t->limit / 2 ? 2 * t->room : t->limit;
    uint8_t *more = t->pool ? pool_get(t->pool, room) : NULL;
    if (!more)
        return false;
    memcpy(more, t->bytes, t->n);
    pool_put(t->pool, t->bytes, t->room);
    t->bytes = more;
    t->room = room;
    return true;
}

static size_t put_number(uint8_t *out, uint64_t value)
{
    size_t n = 0;
    for (; value > 0x7f; value >>= 7)
        out[n++] = (uint8_t)(value | 0x80);
    out[n++] = (uint8_t)value;
    return n;
}

static uint64_t zigzag(int64_t v)
{
    return v < 0 ? ~((uint64_t)v << 1) : (uint64_t)v << 1;
}

static size_t encode(const struct trace *t, const struct trace_event *e, int64_t ms, uint8_t out[EVENT_MOST])
{
    uint8_t has = kinds[e->kind].has;
    size_t n = 0;
    out[n++] = (uint8_t)(e->kind | (e->dir ? SERVER : 0));
    if (has & HAS_T)
        n += put_number(out + n, zigzag(ms - t->last_ms));
    if (has & HAS_W)
        n += put_number(out + n, e->word);
    if (has & HAS_N)
        n += put_number(out + n, e->number);
    return n;
}

static bool put(struct trace *t, const struct trace_event *e, uint32_t kept)
{
    uint8_t event[EVENT_MOST];
    int64_t ms = (int64_t)(t->now_ns - t->begin_ns) / 1000000;
    bool ample = t->n + EVENT_MOST + kept <= t->limit && t->n + EVENT_MOST <= t->room;
    size_t n = encode(t, e, ms, ample ? t->bytes + t->n : event);

    if (t->n + n + kept > t->limit)
        return false;
    while (t->n + n > t->room)
        if (!grow(t))
            return false;
    if (!ample)
        memcpy(t->bytes + t->n, event, n);
    t->n += (uint32_t)n;
    if (kinds[e->kind].has & HAS_T)
        t->last_ms = ms;
    return true;
}

static bool is_note(unsigned kind)
{
    return kind == TRACE_FACT || kind == TRACE_EVIDENCE || kind == TRACE_INCIDENT || kind == TRACE_END;
}

/* Belongs to a note, and there may be any number: the room kept for notes is not for them. */
static bool is_place(unsigned kind) { return kind == TRACE_BYTES || kind == TRACE_SEGMENT || kind == TRACE_WAY; }

void trace_settle(struct trace *t)
{
    struct trace_event repeated = { .kind = TRACE_REPEATED, .number = t->repeated };
    struct trace_event left_out = { .kind = TRACE_LEFT_OUT, .number = t->left_out };

    if (t->repeated)
        put(t, &repeated, END_KEPT);
    if (t->left_out)
        put(t, &left_out, END_KEPT);
    t->repeated = t->left_out = 0;
    t->last_kind = TRACE_KIND_N;
}

static bool repeats(const struct trace *t, const struct trace_event *e)
{
    return (e->kind == TRACE_DATA || e->kind == TRACE_LINE) && t->last_kind == (e->kind | e->dir << 8) &&
           (e->kind == TRACE_LINE || t->last_word == e->word);
}

void trace_add(struct trace *t, const struct trace_event *e)
{
    bool note = is_note(e->kind), place = is_place(e->kind);

    if (!t->room)
        return;
    if (repeats(t, e)) {
        t->repeated++;
        return;
    }
    if (t->repeated || note || place)
        trace_settle(t);
    if (note || place)
        put(t, e, e->kind == TRACE_END ? 0 : note ? END_KEPT : KEPT);
    else
        t->full = t->full || !put(t, e, KEPT);
    t->left_out += t->full && trace_begins_line(e) && !note && !place;
    t->last_kind = (uint16_t)(e->kind | e->dir << 8);
    t->last_word = (uint16_t)e->word;
}

/* --- reading --- */

bool trace_read(struct trace_reader *r, struct span bytes)
{
    *r = (struct trace_reader){ .c = cursor_of(bytes) };
    return get_u8(&r->c) == TRACE_FORMAT && !r->c.bad;
}

static uint64_t get_number(struct cursor *c)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = get_u8(c);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    c->bad = true;
    return 0;
}

static uint32_t get_small(struct cursor *c)
{
    uint64_t value = get_number(c);
    c->bad = c->bad || value > UINT32_MAX;
    return (uint32_t)value;
}

/* Times of more than some thousand years are no times. */
static bool move_time(struct trace_reader *r, uint64_t zigzagged)
{
    static const uint64_t most = 1ull << 50;
    uint64_t n = zigzagged >> 1;
    if (n > most)
        return false;
    r->ms += zigzagged & 1 ? -(int64_t)n - 1 : (int64_t)n;
    return r->ms < (int64_t)most && r->ms > -(int64_t)most;
}

bool trace_next(struct trace_reader *r, struct trace_event *out)
{
    if (!r->c.rest.n || r->c.bad)
        return false;
    uint8_t first = get_u8(&r->c), kind = first & 0x7f;
    if (kind >= TRACE_KIND_N) {
        r->c.bad = true;
        return false;
    }
    uint8_t has = kinds[kind].has;
    *out = (struct trace_event){ .kind = kind, .dir = first >> 7 };
    if ((has & HAS_T) && !move_time(r, get_number(&r->c)))
        r->c.bad = true;
    if (has & HAS_W)
        out->word = get_small(&r->c);
    if (has & HAS_N)
        out->number = get_small(&r->c);
    out->ms = r->ms;
    return !r->c.bad;
}
