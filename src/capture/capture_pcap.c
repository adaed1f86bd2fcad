/* The classic pcap format, version 2.4 (draft-ietf-opsawg-pcap section 4 and 5). Older versions
 * and the variants with longer record headers are libpcap's. */
#include "capture/reader.h"

#include <stdlib.h>

enum { FILE_HEADER = 24, RECORD_HEADER = 16 };

#define MAGIC_MICRO 0xa1b2c3d4u
#define MAGIC_NANO  0xa1b23c4du

struct pcap_state {
    bool started;                       /* the file header has been read */
    bool big;                           /* numbers have their high byte first */
    uint32_t unit_ns;                   /* of the fraction of a second */
    int linktype;
};

static uint32_t load32(const struct pcap_state *s, const uint8_t *p)
{
    return s->big ? load_be32(p) : load_le32(p);
}

static bool read_magic(struct pcap_state *s, const uint8_t *p)
{
    for (int big = 0; big <= 1; big++) {
        s->big = big;
        uint32_t magic = load32(s, p);
        s->unit_ns = magic == MAGIC_MICRO ? 1000 : 1;
        if (magic == MAGIC_MICRO || magic == MAGIC_NANO)
            return true;
    }
    return false;
}

static bool recognise(struct span head)
{
    struct pcap_state s = { 0 };
    static const uint8_t version_big[] = { 0, 2, 0, 4 }, version_little[] = { 2, 0, 4, 0 };

    if (head.n < 4 || !read_magic(&s, head.p))
        return false;
    return head.n < 8 || memcmp(head.p + 4, s.big ? version_big : version_little, 4) == 0;
}

static void *start(void) { return calloc(1, sizeof(struct pcap_state)); }

/* The snapshot length is not believed. The upper half of the link type field says whether frames
 * end with a checksum; IP packets have a length of their own, so it does not matter. */
static enum record_step file_header(struct pcap_state *s, struct span in, struct record *r)
{
    if (in.n < FILE_HEADER)
        return record_more(r, FILE_HEADER);
    read_magic(s, in.p);
    s->linktype = (int)(load32(s, in.p + 20) & 0xffff);
    s->started = true;
    r->size = FILE_HEADER;
    return RECORD_OTHER;
}

/* Captures that were written one behind the other (cat): as a record, the header of the next one would be of no bytes. */
static bool begins_again(const struct pcap_state *s, struct span in)
{
    return recognise(in) && load32(s, in.p + 8) == 0;
}

static enum record_step record(void *state, struct span in, struct packet *out, struct record *r)
{
    struct pcap_state *s = state;

    if (!s->started)
        return file_header(s, in, r);
    if (in.n < RECORD_HEADER)
        return record_more(r, RECORD_HEADER);
    if (begins_again(s, in))
        return file_header(s, in, r);
    uint32_t captured = load32(s, in.p + 8), wire = load32(s, in.p + 12);
    if (captured > PACKET_MAX)
        return record_bad(r, "a packet of %u captured bytes is announced, more than any has", captured);
    if (in.n < RECORD_HEADER + captured)
        return record_more(r, RECORD_HEADER + captured);
    out->ts_ns = time_clamped(load32(s, in.p) * UINT64_C(1000000000)
                              + load32(s, in.p + 4) * (uint64_t)s->unit_ns);
    out->data = span_of(in.p + RECORD_HEADER, captured);
    out->wire_len = wire < captured ? captured : wire;
    out->linktype = s->linktype;
    out->link = 0;
    r->size = RECORD_HEADER + captured;
    return RECORD_PACKET;
}

const struct format format_pcap = { recognise, start, record, free };
