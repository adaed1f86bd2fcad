/* Segments by hand, for the tests of flow/. Payload is copied to a block of its exact size. */
#ifndef MAILSEAL_TESTS_SEGMENT_KIT_H
#define MAILSEAL_TESTS_SEGMENT_KIT_H

#include <stdlib.h>
#include <string.h>

#include "decode/segment.h"

#define SECOND 1000000000u

struct made {
    struct segment seg;
    uint8_t *bytes;
};

static inline struct made segment_made(uint64_t ts_ns, uint8_t flags, uint32_t seq, uint32_t ack,
                                       const void *p, size_t n)
{
    struct made m = { .bytes = malloc(n ? n : 1) };
    if (n)
        memcpy(m.bytes, p, n);
    m.seg = (struct segment){ .ts_ns = ts_ns, .flags = flags, .seq = seq, .ack = ack, .len = (uint32_t)n,
                              .payload = span_of(m.bytes, n) };
    return m;
}

static inline void segment_free(struct made *m) { free(m->bytes); }

#endif
