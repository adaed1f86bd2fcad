/* pcapng (draft-ietf-opsawg-pcapng): sections, interfaces and packets; every other block is
 * passed over, whatever its size. */
#include "capture/reader.h"

#include <stdlib.h>

/* Block types, section 4 and 11.1 of the draft. */
enum {
    BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_PACKET = 2, BLOCK_SIMPLE_PACKET = 3,
    BLOCK_ENHANCED_PACKET = 6
};

enum {
    BLOCK_MIN = 12,                     /* type, length, and the length again at the end */
    PACKET_HEADER = 20,                 /* the same in the two kinds of packets with a time */
    INTERFACES_MAX = 65536,
    BLOCK_SHOWN = 32 + PACKET_MAX       /* as much is looked at of a block larger than INPUT_BLOCK */
};

#define ORDER_MAGIC 0x1a2b3c4du
#define SECOND_NS   UINT64_C(1000000000)

__extension__ typedef unsigned __int128 u128;
__extension__ typedef __int128 i128;

struct interface {
    int linktype;
    uint32_t snaplen;                   /* 0: no limit */
    uint8_t resolution;                 /* a time unit is 10^-n seconds, or 2^-n with the top bit set */
    int64_t offset;                     /* seconds to add to times */
};

struct pcapng {
    bool big;                           /* byte order of this section */
    bool in_section;
    uint64_t last_ns;                   /* of the packet before */
    struct interface *interface;        /* of this section */
    size_t n, room;
};

static uint32_t load32(const struct pcapng *s, const uint8_t *p)
{
    return s->big ? load_be32(p) : load_le32(p);
}

static uint16_t load16(const struct pcapng *s, const uint8_t *p)
{
    return (uint16_t)(s->big ? p[0] << 8 | p[1] : p[1] << 8 | p[0]);
}

/* --- time --- */

static u128 power_of_ten(unsigned n)
{
    u128 power = 1;
    while (n--)
        power *= 10;
    return power;
}

/* Ticks of an interface as nanoseconds since 1970; what is before is 1970, what is too late is
 * the latest. A resolution finer than 10^-28 s makes 2^64 ticks less than a nanosecond. */
static uint64_t time_of(const struct interface *f, uint64_t ticks)
{
    unsigned n = f->resolution & 0x7f;
    u128 ns;

    if (f->resolution == 6 && !f->offset && ticks < UINT64_MAX / 1000)
        return time_clamped(ticks * 1000);
    if (f->resolution & 0x80)
        ns = ((u128)ticks * SECOND_NS) >> n;
    else
        ns = n <= 9 ? ticks * power_of_ten(9 - n) : n <= 28 ? ticks / power_of_ten(n - 9) : 0;
    i128 sum = (i128)ns + (i128)f->offset * (i128)SECOND_NS;
    return sum < 0 ? 0 : sum > INT64_MAX ? INT64_MAX : (uint64_t)sum;
}

/* --- sections and interfaces --- */

static bool is_order(const uint8_t *p)
{
    return load_be32(p) == ORDER_MAGIC || load_le32(p) == ORDER_MAGIC;
}

static bool recognise(struct span head)
{
    return head.n >= 12 && load_be32(head.p) == BLOCK_SECTION && is_order(head.p + 8);
}

/* Section 4.1. It sets the byte order, its own length included. */
static enum record_step section_block(struct pcapng *s, struct span in, struct record *r)
{
    if (in.n < 16)
        return record_more(r, 16);
    if (!is_order(in.p + 8))
        return record_bad(r, "a pcapng section begins without a byte order");
    s->big = load_be32(in.p + 8) == ORDER_MAGIC;
    uint32_t size = load32(s, in.p + 4);
    if (size < 28 || size % 4)
        return record_bad(r, "a pcapng section header of %u bytes is announced", size);
    if (load16(s, in.p + 12) != 1)
        return record_bad(r, "the pcapng version %u.%u is not known",
                          load16(s, in.p + 12), load16(s, in.p + 14));
    s->in_section = true;
    s->n = 0;
    r->size = size;
    return RECORD_OTHER;
}

/* Section 3.5: code, length, value padded to four bytes. Options that contradict the block's end
 * are left alone. */
static void interface_options(const struct pcapng *s, struct span in, struct interface *f)
{
    enum { END = 0, TIME_RESOLUTION = 9, TIME_OFFSET = 14 };

    while (in.n >= 4) {
        unsigned code = load16(s, in.p), n = load16(s, in.p + 2);
        in = span_skip(in, 4);
        if (code == END || n > in.n)
            break;
        if (code == TIME_RESOLUTION && n >= 1)
            f->resolution = in.p[0];
        if (code == TIME_OFFSET && n >= 8)
            f->offset = (int64_t)((uint64_t)load32(s, in.p + (s->big ? 0 : 4)) << 32
                                  | load32(s, in.p + (s->big ? 4 : 0)));
        in = span_skip(in, (n + 3) & ~3u);
    }
}

static bool make_room(struct pcapng *s)
{
    if (s->n < s->room)
        return true;
    size_t room = s->room ? 2 * s->room : 8;
    struct interface *more = realloc(s->interface, room * sizeof *more);
    if (!more)
        return false;
    s->interface = more;
    s->room = room;
    return true;
}

/* Section 4.2 */
static enum record_step interface_block(struct pcapng *s, struct span body, struct record *r)
{
    if (body.n < 8)
        return record_bad(r, "a pcapng interface block is too small");
    if (s->n == INTERFACES_MAX || !make_room(s))
        return record_bad(r, "there are more than %zu interfaces", s->n);
    struct interface *f = &s->interface[s->n++];
    *f = (struct interface){ .linktype = load16(s, body.p), .snaplen = load32(s, body.p + 4),
                             .resolution = 6 };
    interface_options(s, span_skip(body, 8), f);
    return RECORD_OTHER;
}

/* --- packets --- */

static enum record_step give(struct pcapng *s, const struct interface *f, struct span data, uint32_t wire,
                             struct packet *out)
{
    out->ts_ns = s->last_ns;
    out->data = data;
    out->wire_len = wire < data.n ? (uint32_t)data.n : wire;
    out->linktype = f->linktype;
    out->link = 0;
    return RECORD_PACKET;
}

/* Section 4.3, and appendix A for the older block, whose interface number has 16 bits. */
static enum record_step packet_block(struct pcapng *s, struct span body, uint32_t number,
                                     struct packet *out, struct record *r)
{
    if (body.n < PACKET_HEADER)
        return record_bad(r, "a pcapng packet block is too small");
    uint32_t captured = load32(s, body.p + 12), wire = load32(s, body.p + 16);
    if (captured > PACKET_MAX)
        return record_bad(r, "a packet of %u captured bytes is announced, more than any has", captured);
    if (captured > body.n - PACKET_HEADER)
        return record_bad(r, "a packet of %u captured bytes is announced in a smaller block", captured);
    if (number >= s->n)
        return record_bad(r, "a packet of interface %u, which was not described", number);
    uint64_t ticks = (uint64_t)load32(s, body.p + 4) << 32 | load32(s, body.p + 8);
    s->last_ns = time_of(&s->interface[number], ticks);
    return give(s, &s->interface[number], span_first(span_skip(body, PACKET_HEADER), captured), wire, out);
}

/* Section 4.4: no time and no captured length. It gets the time of the packet before; its length
 * is bounded by the interface and by the block. */
static enum record_step simple_packet_block(struct pcapng *s, struct span body, struct packet *out,
                                            struct record *r)
{
    if (body.n < 4)
        return record_bad(r, "a pcapng packet block is too small");
    if (!s->n)
        return record_bad(r, "a packet of an interface that was not described");
    uint32_t wire = load32(s, body.p), captured = wire;
    if (s->interface->snaplen && captured > s->interface->snaplen)
        captured = s->interface->snaplen;
    struct span data = span_first(span_skip(body, 4), captured);
    if (data.n > PACKET_MAX)
        return record_bad(r, "a packet of %zu captured bytes, more than any has", data.n);
    return give(s, s->interface, data, wire, out);
}

/* Section 3.1. The length counts the whole block; writers that forgot to pad it are forgiven. */
static enum record_step block_of(struct pcapng *s, uint32_t type, struct span in, struct packet *out,
                                 struct record *r)
{
    uint32_t length = load32(s, in.p + 4);
    bool whole = r->size <= INPUT_BLOCK;
    size_t shown = whole ? (size_t)r->size : BLOCK_SHOWN;

    if (in.n < shown)
        return record_more(r, shown);
    if (whole && load32(s, in.p + shown - 4) != length)
        return record_bad(r, "a pcapng block has two lengths, %u and %u",
                          length, load32(s, in.p + shown - 4));
    struct span body = span_of(in.p + 8, shown - (whole ? BLOCK_MIN : 8));
    if (type == BLOCK_INTERFACE)
        return interface_block(s, body, r);
    if (type == BLOCK_SIMPLE_PACKET)
        return simple_packet_block(s, body, out, r);
    bool old = type == BLOCK_PACKET;
    return packet_block(s, body, body.n < 4 ? 0 : old ? load16(s, body.p) : load32(s, body.p), out, r);
}

static enum record_step record(void *state, struct span in, struct packet *out, struct record *r)
{
    struct pcapng *s = state;

    if (in.n < BLOCK_MIN)
        return record_more(r, BLOCK_MIN);
    if (load_be32(in.p) == BLOCK_SECTION)
        return section_block(s, in, r);
    uint32_t type = load32(s, in.p), length = load32(s, in.p + 4);
    r->size = ((uint64_t)length + 3) & ~UINT64_C(3);
    if (!s->in_section || length < BLOCK_MIN)
        return record_bad(r, "a pcapng block of type %u and %u bytes is announced", type, length);
    switch (type) {
    case BLOCK_INTERFACE: case BLOCK_PACKET: case BLOCK_SIMPLE_PACKET: case BLOCK_ENHANCED_PACKET:
        return block_of(s, type, in, out, r);
    default:
        return RECORD_OTHER;
    }
}

static void *start(void) { return calloc(1, sizeof(struct pcapng)); }

static void stop(void *state)
{
    struct pcapng *s = state;

    if (s)
        free(s->interface);
    free(s);
}

const struct format format_pcapng = { recognise, start, record, stop };
