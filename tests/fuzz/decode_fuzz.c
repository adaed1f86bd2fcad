/* One packet: a byte for its link type, a byte for what the snap length took off, the frame. */
#include "decode/decode.h"
#include "fuzz.h"

static const int linktypes[] = { 0, 1, 12, 14, 101, 108, 113, 228, 229, 276, 147, 1000 };

static void check(const struct packet *p, const struct segment *s)
{
    const uint8_t *end = p->data.p + p->data.n;
    must(s->payload.n <= s->len && s->nvlan <= SEGMENT_VLANS);
    must(s->ip.p >= p->data.p && s->ip.p + s->ip.n <= end);
    must(s->tcp.p >= s->ip.p && s->tcp.p + s->tcp.n <= end && s->tcp.n >= 20);
    must(!s->payload.n || (s->payload.p >= s->tcp.p + 20 && s->payload.p + s->payload.n <= end));
    must(!segment_is_cut(s) || segment_checksum(s) == CHECKSUM_UNKNOWN);
    segment_checksum(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct segment seg;

    if (n < 2)
        return 0;
    uint8_t *frame = exact_copy(bytes + 2, n - 2);
    struct packet p = {
        .ts_ns = 1, .data = span_of(frame, n - 2), .wire_len = (uint32_t)(n - 2 + bytes[1]),
        .linktype = linktypes[bytes[0] % (sizeof linktypes / sizeof *linktypes)],
    };
    if (decode(&p, &seg) == DECODE_TCP)
        check(&p, &seg);
    free(frame);
    return 0;
}
