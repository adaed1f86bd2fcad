/* TCP packets by hand: IPv4 without a link layer, with right checksums. Each lies in a block of
 * its exact size. */
#ifndef MAILSEAL_TESTS_PACKET_KIT_H
#define MAILSEAL_TESTS_PACKET_KIT_H

#include <stdlib.h>
#include <string.h>

#include "capture/capture.h"
#include "decode/segment.h"

#define SECOND 1000000000u
#define START  (1700000000ull * SECOND)

enum { LINK_RAW = 101 };

/* Who sends: the last three bytes of 10.0.0.0/8, and a port. */
struct who {
    uint32_t host;
    uint16_t port;
};

struct tcp {
    struct who from, to;
    uint64_t ts_ns;
    uint32_t seq, ack;
    uint8_t flags;
    const void *bytes;
    size_t n;
    size_t cut;                         /* bytes that the snap length took off */
    bool wrong_sum, no_sum;
};

static inline void store16(uint8_t *p, uint32_t v) { p[0] = (uint8_t)(v >> 8); p[1] = (uint8_t)v; }
static inline void store32(uint8_t *p, uint32_t v) { store16(p, v >> 16); store16(p + 2, v & 0xffff); }

static inline uint16_t sum_of_packet(const uint8_t *ip, size_t n)
{
    uint32_t sum = (uint32_t)(n - 20) + 6;
    for (size_t i = 12; i < n; i++)
        sum += i & 1 ? ip[i] : (uint32_t)ip[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* The packet; its bytes are to be given to packet_free(). */
static inline struct packet packet_of(const struct tcp *t)
{
    size_t n = 40 + t->n;
    uint8_t *whole = calloc(1, n), *ip = malloc(n - t->cut);

    whole[0] = 0x45;
    store16(whole + 2, (uint32_t)n);
    whole[8] = 64;
    whole[9] = 6;
    store32(whole + 12, 10u << 24 | t->from.host);
    store32(whole + 16, 10u << 24 | t->to.host);
    store16(whole + 20, t->from.port);
    store16(whole + 22, t->to.port);
    store32(whole + 24, t->seq);
    store32(whole + 28, t->ack);
    whole[32] = 0x50;
    whole[33] = t->flags;
    if (t->n)
        memcpy(whole + 40, t->bytes, t->n);
    if (!t->no_sum)
        store16(whole + 36, sum_of_packet(whole, n) ^ (t->wrong_sum ? 0x1111u : 0u));
    memcpy(ip, whole, n - t->cut);
    free(whole);
    return (struct packet){ .ts_ns = t->ts_ns, .data = span_of(ip, n - t->cut), .wire_len = (uint32_t)n,
                            .linktype = LINK_RAW };
}

static inline void packet_free(const struct packet *p) { free((void *)(uintptr_t)p->data.p); }

#endif
