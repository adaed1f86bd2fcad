/* Making packets out of packets. */
#include "metamorphic.h"

#include <stdlib.h>

enum { PACKETS_ROOM = 1 << 17, BYTES_ROOM = 64 << 20 };

void packets_init(struct packets *k)
{
    *k = (struct packets){ .room = PACKETS_ROOM, .size = BYTES_ROOM };
    k->p = malloc(k->room * sizeof *k->p);
    k->bytes = malloc(k->size);
    if (!k->p || !k->bytes) {
        fputs("no memory\n", stderr);
        exit(2);
    }
}

void packets_free(struct packets *k)
{
    free(k->p);
    free(k->bytes);
}

void packets_clear(struct packets *k)
{
    k->n = k->used = 0;
    k->ntunnel = k->nvlan = 0;
}

struct packet *packets_add(struct packets *k, const struct packet *p)
{
    if (k->n == k->room) {
        fputs("a derived capture has too many packets\n", stderr);
        exit(2);
    }
    k->p[k->n] = *p;
    return &k->p[k->n++];
}

uint8_t *packets_own(struct packets *k, struct packet *p, size_t n)
{
    uint8_t *at = k->bytes + k->used;
    if (k->size - k->used < n) {
        fputs("a derived capture has too many bytes\n", stderr);
        exit(2);
    }
    k->used += n;
    if (p->data.n)
        memcpy(at, p->data.p, p->data.n < n ? p->data.n : n);
    p->data = span_of(at, n);
    return at;
}

void store_be16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

void store_be32(uint8_t *p, uint32_t v)
{
    store_be16(p, v >> 16);
    store_be16(p + 2, v);
}

static uint32_t sum_of(uint32_t sum, const uint8_t *p, size_t n)
{
    for (; n > 1; p += 2, n -= 2)
        sum += load_be16(p);
    if (n)
        sum += (uint32_t)p[0] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

/* Zero would say "not summed up"; in ones' complement 0xffff is the same number. */
void packet_sum(struct packet *p, const struct pkt *like)
{
    uint8_t *at = (uint8_t *)(uintptr_t)p->data.p, *ip = at + like->ip;
    uint8_t *tcp = at + like->tcp_at;
    bool v4 = ip[0] >> 4 == 4;
    size_t n = (size_t)(at + p->data.n - tcp);

    if (v4) {
        store_be16(ip + 10, 0);
        store_be16(ip + 10, 0xffff ^ sum_of(0, ip, (ip[0] & 15) * 4u));
    }
    if (like->sum == CHECKSUM_UNKNOWN) {
        store_be16(tcp + 16, 0);
        return;
    }
    store_be16(tcp + 16, 0);
    uint32_t sum = sum_of(0, v4 ? ip + 12 : ip + 8, v4 ? 8 : 32);
    sum = sum_of(sum + 6 + (uint32_t)n, tcp, n);
    sum ^= 0xffff;
    if (like->sum == CHECKSUM_WRONG)
        sum ^= 0x0101;
    store_be16(tcp + 16, sum ? sum : 0xffff);
}

void packets_add_piece(struct packets *k, const struct pkt *p, uint32_t from, uint32_t n)
{
    struct packet *q = packets_add(k, &p->raw);
    size_t head = p->payload;
    uint8_t *at = packets_own(k, q, head + n), *tcp = at + p->tcp_at;
    bool first = from == 0, last = from + n == p->seg.len, syn = p->seg.flags & TCP_SYN;

    memcpy(at + head, p->seg.payload.p + from, n);
    store_be32(tcp + 4, p->seg.seq + from + (syn && !first));
    if (!first)
        tcp[13] &= (uint8_t)~TCP_SYN;
    if (!last)
        tcp[13] &= (uint8_t)~(TCP_FIN | TCP_RST);
    if (at[p->ip] >> 4 == 4) {
        if (load_be16(at + p->ip + 2))
            store_be16(at + p->ip + 2, (uint32_t)(head + n - p->ip));
    } else {
        store_be16(at + p->ip + 4, (uint32_t)(head + n - p->ip - 40));
    }
    q->wire_len = (uint32_t)(head + n);
    packet_sum(q, p);
}
