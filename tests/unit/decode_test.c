/* links: decode/decode.o decode/link.o decode/carrier.o decode/ip.o decode/tunnel.o decode/checksum.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "decode/decode.h"

/* --- packets by hand --- */

struct frame {
    uint8_t b[1024];
    size_t n;
};

static unsigned hex_digit(char c) { return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10); }

/* Spaces are for the eye. */
static void put_hex(struct frame *f, const char *hex)
{
    for (; *hex; hex++) {
        if (*hex == ' ')
            continue;
        assert_true(f->n < sizeof f->b);
        f->b[f->n++] = (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
        hex++;
    }
}

static void put_text(struct frame *f, const char *text)
{
    memcpy(f->b + f->n, text, strlen(text));
    f->n += strlen(text);
}

static void set16(struct frame *f, size_t at, size_t value)
{
    f->b[at] = (uint8_t)(value >> 8);
    f->b[at + 1] = (uint8_t)value;
}

#define MACS     "020000000001 020000000002 "
#define V4_A     "c0000201"
#define V4_B     "c6336402"
#define V6_A     "20010db8000000000000000000000001"
#define V6_B     "20010db8000000000000000000000002"
#define TCP_PORTS "9c40 0019 01020304 0a0b0c0d "
#define TCP_20   TCP_PORTS "5018 2000 0000 0000"
#define PAYLOAD  "EHLO relay.example\r\n"

static const char v4[] = "4500 0000 1234 4000 4006 0000 " V4_A V4_B;
static const char v4_options[] = "4700 0000 1234 4000 4006 0000 " V4_A V4_B "01010101 94040000";
static const char v6[] = "60000000 0000 0640 " V6_A V6_B;
static const char tcp_plain[] = TCP_20;
static const char tcp_options[] = TCP_PORTS "8018 2000 0000 0000 0101080a 00000001 00000002";

/* Writes the true lengths into the IP header at `ip`. */
static void set_lengths(struct frame *f, size_t ip)
{
    if (f->b[ip] >> 4 == 4)
        set16(f, ip + 2, f->n - ip);
    else
        set16(f, ip + 4, f->n - ip - 40);
}

static struct frame frame_of(const char *link, const char *ip, const char *tcp, const char *payload)
{
    struct frame f = { .n = 0 };

    put_hex(&f, link);
    size_t at = f.n;
    put_hex(&f, ip);
    put_hex(&f, tcp);
    put_text(&f, payload);
    set_lengths(&f, at);
    return f;
}

/* Decodes a copy of exactly n bytes, so that a sanitizer sees any read beyond them. The copy is
 * the caller's to free after it has looked at the segment. */
static enum decode_result decode_cut(const struct frame *f, size_t n, int linktype, struct segment *seg,
                                     uint8_t **copy)
{
    *copy = malloc(n ? n : 1);
    assert_non_null(*copy);
    memcpy(*copy, f->b, n);
    uint8_t *exact = n ? *copy : *copy + 1;
    struct packet p = { .ts_ns = 77, .data = span_of(exact, n), .wire_len = (uint32_t)f->n,
                        .linktype = linktype };
    return decode(&p, seg);
}

static enum decode_result result_of(const struct frame *f, int linktype)
{
    struct segment seg;
    uint8_t *copy;
    enum decode_result result = decode_cut(f, f->n, linktype, &seg, &copy);
    free(copy);
    return result;
}

/* --- link layers --- */

struct link_case {
    const char *name;
    int linktype;
    const char *link;
    const char *ip;
    int nvlan;
    uint16_t vlan[SEGMENT_VLANS];
};

#define SLL     "0000 0001 0006 020000000001 0000 "
#define SLL2    " 0000 00000002 0001 00 06 020000000001 0000"

static const struct link_case links[] = {
    { "Ethernet", 1, MACS "0800", v4, 0, { 0 } },
    { "Ethernet, IPv6", 1, MACS "86dd", v6, 0, { 0 } },
    { "IPv4 options", 1, MACS "0800", v4_options, 0, { 0 } },
    { "VLAN", 1, MACS "8100 e00a 0800", v4, 1, { 10 } },
    { "QinQ", 1, MACS "88a8 0064 8100 000a 86dd", v6, 2, { 100, 10 } },
    { "old QinQ numbers", 1, MACS "9100 0001 9200 0002 9300 0003 0800", v4, 3, { 1, 2, 3 } },
    { "priority tag", 1, MACS "8100 e000 0800", v4, 0, { 0 } },
    { "five tags", 1, MACS "8100 0001 8100 0002 8100 0003 8100 0004 8100 0fff 0800", v4, 4, { 1, 2, 3, 4 } },
    { "SNAP", 1, MACS "0044 aaaa03 000000 0800", v4, 0, { 0 } },
    { "SNAP, bridge tunnel", 1, MACS "0044 aaaa03 0000f8 86dd", v6, 0, { 0 } },
    { "SNAP in a VLAN", 1, MACS "8100 0007 0044 aaaa03 000000 0800", v4, 1, { 7 } },
    { "cooked", 113, SLL "0800", v4, 0, { 0 } },
    { "cooked, IPv6", 113, SLL "86dd", v6, 0, { 0 } },
    { "cooked, VLAN", 113, SLL "8100 0005 0800", v4, 1, { 5 } },
    { "cooked, SNAP", 113, SLL "0004 aaaa03 000000 0800", v4, 0, { 0 } },
    { "cooked v2", 276, "0800" SLL2, v4, 0, { 0 } },
    { "cooked v2, IPv6", 276, "86dd" SLL2, v6, 0, { 0 } },
    { "cooked v2, QinQ", 276, "88a8" SLL2 "0006 8100 0007 0800", v4, 2, { 6, 7 } },
    { "raw", 101, "", v4, 0, { 0 } },
    { "raw, IPv6", 101, "", v6, 0, { 0 } },
    { "raw as OpenBSD has it", 14, "", v4, 0, { 0 } },
    { "raw as others have it", 12, "", v6, 0, { 0 } },
    { "raw IPv4", 228, "", v4, 0, { 0 } },
    { "raw IPv6", 229, "", v6, 0, { 0 } },
    { "null, little", 0, "02000000", v4, 0, { 0 } },
    { "null, big", 0, "00000002", v4, 0, { 0 } },
    { "null, NetBSD", 0, "18000000", v6, 0, { 0 } },
    { "null, FreeBSD", 0, "1c000000", v6, 0, { 0 } },
    { "null, Darwin", 0, "0000001e", v6, 0, { 0 } },
    { "loop", 108, "00000002", v4, 0, { 0 } },
    { "loop, IPv6", 108, "00000018", v6, 0, { 0 } },
};

static void assert_addresses(const struct segment *seg, bool is_v6)
{
    static const uint8_t v6_a[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
    static const uint8_t v6_b[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 };
    static const uint8_t v4_a[16] = { [10] = 0xff, 0xff, 0xc0, 0, 2, 1 };
    static const uint8_t v4_b[16] = { [10] = 0xff, 0xff, 0xc6, 0x33, 0x64, 2 };

    assert_memory_equal(seg->src.addr, is_v6 ? v6_a : v4_a, 16);
    assert_memory_equal(seg->dst.addr, is_v6 ? v6_b : v4_b, 16);
    assert_int_equal(seg->src.port, 40000);
    assert_int_equal(seg->dst.port, 25);
}

static void assert_segment(const struct link_case *c, const struct segment *seg, const struct frame *f,
                           size_t cut)
{
    struct frame link = { .n = 0 };
    size_t header = f->n - strlen(PAYLOAD);

    put_hex(&link, c->link);
    assert_int_equal(seg->ts_ns, 77);
    assert_addresses(seg, c->ip == v6);
    assert_int_equal(seg->seq, 0x01020304);
    assert_int_equal(seg->ack, 0x0a0b0c0d);
    assert_int_equal(seg->flags, TCP_PSH | TCP_ACK);
    assert_int_equal(seg->nvlan, c->nvlan);
    for (int i = 0; i < c->nvlan; i++)
        assert_int_equal(seg->vlan[i], c->vlan[i]);
    assert_int_equal(seg->len, strlen(PAYLOAD));
    assert_int_equal(seg->payload.n, cut - header);
    assert_memory_equal(seg->payload.p, PAYLOAD, seg->payload.n);
    assert_int_equal(segment_is_cut(seg), cut < f->n);
    assert_int_equal(seg->ip.n, cut - link.n);
    assert_int_equal(seg->ip.p[0] >> 4, c->ip == v6 ? 6 : 4);
    assert_true(seg->tcp.p + seg->tcp.n == seg->ip.p + seg->ip.n);
    assert_true(seg->tcp.p + 32 == seg->payload.p);
}

/* Every kind whole, and cut by the snap length at every byte. */
static void link_layers_are_taken_off(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        const struct link_case *c = &links[i];
        struct frame f = frame_of(c->link, c->ip, tcp_options, PAYLOAD);
        assert_true(decode_knows_link(c->linktype));
        for (size_t cut = 0; cut <= f.n; cut++) {
            struct segment seg;
            uint8_t *copy;
            enum decode_result result = decode_cut(&f, cut, c->linktype, &seg, &copy);
            enum decode_result expected = cut < f.n - strlen(PAYLOAD) ? DECODE_TRUNCATED : DECODE_TCP;
            if (result != expected)
                print_error("%s, cut at %zu\n", c->name, cut);
            assert_int_equal(result, expected);
            if (result == DECODE_TCP)
                assert_segment(c, &seg, &f, cut);
            free(copy);
        }
    }
}

static void other_link_types_are_unknown(void **state)
{
    (void)state;
    struct frame f = frame_of(MACS "0800", v4, tcp_plain, PAYLOAD);
    static const int types[] = { -1, 2, 105, 127, 147, 249, 65535 };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        assert_false(decode_knows_link(types[i]));
        assert_int_equal(result_of(&f, types[i]), DECODE_UNKNOWN_LINK);
    }
}

/* --- what is no TCP segment --- */

static const struct {
    const char *name;
    int linktype;
    const char *hex;
    enum decode_result result;
} others[] = {
    { "ARP", 1, MACS "0806 0001 0800 0604 0001", DECODE_NOT_IP },
    { "ARP in a VLAN", 1, MACS "8100 0001 0806 0001", DECODE_NOT_IP },
    { "spanning tree", 1, MACS "0026 424203 0000000000", DECODE_NOT_IP },
    { "SNAP of a vendor", 1, MACS "0026 aaaa03 00000c 2000 00", DECODE_NOT_IP },
    { "SNAP, ARP", 1, MACS "0026 aaaa03 000000 0806 00", DECODE_NOT_IP },
    { "short LLC", 1, MACS "0003 424203", DECODE_NOT_IP },
    { "runt", 1, "020000000001", DECODE_MALFORMED },
    { "cooked ARP", 113, SLL "0806 0001", DECODE_NOT_IP },
    { "null, AppleTalk", 0, "10000000 00", DECODE_NOT_IP },
    { "null, absurd", 0, "ffffffff 45", DECODE_NOT_IP },
    { "raw, neither", 101, "00000000", DECODE_NOT_IP },
    { "UDP", 101, "4500 001c 0000 0000 4011 0000 " V4_A V4_B "0035 0035 0008 0000", DECODE_NOT_TCP },
    { "UDP, IPv6", 101, "60000000 0008 1140 " V6_A V6_B "0035 0035 0008 0000", DECODE_NOT_TCP },
    { "no next header", 101, "60000000 0000 3b40 " V6_A V6_B, DECODE_NOT_TCP },
    { "ESP", 101, "60000000 0008 3240 " V6_A V6_B "0000000000000000", DECODE_NOT_TCP },
    { "IPv6 said to be IPv4", 1, MACS "0800 60000000 0008 1140 " V6_A V6_B, DECODE_MALFORMED },
    { "IPv4 said to be IPv6", 1, MACS "86dd 4500 0028 0000 0000 4006 0000 " V4_A V4_B TCP_20,
      DECODE_MALFORMED },
    { "IPv4 header of 16", 101, "4400 0028 0000 0000 4006 0000 " V4_A V4_B TCP_20, DECODE_MALFORMED },
    { "total below the header", 101, "4600 0014 0000 0000 4006 0000 " V4_A V4_B "00000000",
      DECODE_MALFORMED },
    { "total ends in TCP", 101, "4500 0027 0000 0000 4006 0000 " V4_A V4_B TCP_20, DECODE_MALFORMED },
    { "TCP header of 16", 101, "4500 0028 0000 0000 4006 0000 " V4_A V4_B TCP_PORTS "4018 2000 0000 0000",
      DECODE_MALFORMED },
    { "TCP header over the end", 101,
      "4500 0028 0000 0000 4006 0000 " V4_A V4_B TCP_PORTS "6018 2000 0000 0000",
      DECODE_MALFORMED },
    { "first fragment", 101, "4500 002c 0000 2000 4006 0000 " V4_A V4_B TCP_20 "00000000", DECODE_FRAGMENT },
    { "last fragment", 101, "4500 0028 0000 0003 4006 0000 " V4_A V4_B TCP_20, DECODE_FRAGMENT },
    { "first fragment, IPv6", 101, "60000000 0020 2c40 " V6_A V6_B "0600 0001 00000001" TCP_20 "00000000",
      DECODE_FRAGMENT },
    { "first fragment, not of eights", 101, "4500 0028 0000 2000 4006 0000 " V4_A V4_B TCP_20,
      DECODE_MALFORMED },
    { "fragment of nothing", 101, "4500 0014 0000 0003 4006 0000 " V4_A V4_B, DECODE_MALFORMED },
    { "fragment beyond the end", 101, "4500 0028 0000 1fff 4006 0000 " V4_A V4_B TCP_20, DECODE_MALFORMED },
    { "fragment of ICMP", 101, "4500 001c 0000 2000 4001 0000 " V4_A V4_B "0800 0000 0000 0000",
      DECODE_NOT_TCP },
    { "fragment of DNS", 101, "4500 001c 0000 2000 4011 0000 " V4_A V4_B "0035 0400 0200 0000",
      DECODE_NOT_TCP },
    { "fragment of VXLAN", 101, "4500 001c 0000 2000 4011 0000 " V4_A V4_B "0035 12b5 0200 0000",
      DECODE_FRAGMENT },
    { "last fragment, IPv6", 101, "60000000 001c 2c40 " V6_A V6_B "0600 0008 00000001" TCP_20,
      DECODE_FRAGMENT },
    { "extension over the end", 101, "60000000 0008 0040 " V6_A V6_B "0601 000000000000", DECODE_MALFORMED },
};

static void what_is_no_segment_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct frame f = { .n = 0 };
        put_hex(&f, others[i].hex);
        enum decode_result result = result_of(&f, others[i].linktype);
        if (result != others[i].result)
            print_error("%s\n", others[i].name);
        assert_int_equal(result, others[i].result);
    }
}

static void layers_are_bounded(void **state)
{
    (void)state;
    struct frame tags = { .n = 0 }, headers = { .n = 0 };

    put_hex(&tags, MACS "8100");
    for (int i = 0; i < 80; i++)
        put_hex(&tags, "0001 8100");
    assert_int_equal(result_of(&tags, 1), DECODE_TOO_DEEP);
    put_hex(&headers, "60000000 01a8 3c40 " V6_A V6_B);
    for (int i = 0; i < 50; i++)
        put_hex(&headers, "3c00 010400000000");
    put_hex(&headers, tcp_plain);
    assert_int_equal(result_of(&headers, 101), DECODE_TOO_DEEP);
}

/* --- IP --- */

static const char *const extension_chains[] = {
    /* next header, then headers, the last of which names TCP */
    "00", "0600 050200000104",
    "3c", "0601 0104000000000000000000000000",
    "2b", "0602 0000 00000000 " V6_B,
    "2c", "0600 0000 00000001",                         /* atomic */
    "33", "0604 0000 00000001 00000001 000000000000000000000000",
    "87", "0600 050000000000",
    "8b", "0600 000000000000",
    "8c", "0600 000000000000",
    "00", "2b00 050200000104 3c00 000000000000 2c00 010400000000 0600 0000 00000001",
};

static void extension_headers_are_taken_off(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof extension_chains / sizeof *extension_chains; i += 2) {
        struct frame f = { .n = 0 };
        put_hex(&f, "60000000 0000 ");
        put_hex(&f, extension_chains[i]);
        put_hex(&f, "40" V6_A V6_B);
        put_hex(&f, extension_chains[i + 1]);
        put_hex(&f, tcp_plain);
        put_text(&f, PAYLOAD);
        set_lengths(&f, 0);
        for (size_t cut = 0; cut <= f.n; cut++) {
            struct segment seg;
            uint8_t *copy;
            enum decode_result result = decode_cut(&f, cut, 229, &seg, &copy);
            assert_int_equal(result, cut < f.n - strlen(PAYLOAD) ? DECODE_TRUNCATED : DECODE_TCP);
            if (result == DECODE_TCP) {
                assert_addresses(&seg, true);
                assert_int_equal(seg.len, strlen(PAYLOAD));
            }
            free(copy);
        }
    }
}

static void padding_is_no_payload(void **state)
{
    (void)state;
    static const char *const headers[] = { v4, v6 };

    for (int i = 0; i < 2; i++) {
        struct frame f = frame_of(i ? MACS "86dd" : MACS "0800", headers[i], tcp_plain, "hi");
        size_t unpadded = f.n;
        put_hex(&f, "0000 0000 0000 0000 dead beef");
        struct segment seg;
        uint8_t *copy;
        assert_int_equal(decode_cut(&f, f.n, 1, &seg, &copy), DECODE_TCP);
        assert_int_equal(seg.len, 2);
        assert_int_equal(seg.payload.n, 2);
        assert_int_equal(seg.ip.n, unpadded - 14);
        assert_int_equal(seg.tcp.n, 22);
        free(copy);
    }
}

/* Segmentation offload: the length field did not hold the length. */
static void no_length_is_the_length_of_the_frame(void **state)
{
    (void)state;
    static const char *const headers[] = { v4, v6 };

    for (int i = 0; i < 2; i++) {
        struct frame f = frame_of(i ? MACS "86dd" : MACS "0800", headers[i], tcp_plain, PAYLOAD);
        set16(&f, 14 + (i ? 4 : 2), 0);
        struct segment seg;
        uint8_t *copy;
        assert_int_equal(decode_cut(&f, f.n, 1, &seg, &copy), DECODE_TCP);
        assert_int_equal(seg.len, strlen(PAYLOAD));
        assert_int_equal(seg.payload.n, strlen(PAYLOAD));
        assert_int_equal(segment_checksum(&seg), CHECKSUM_UNKNOWN);
        free(copy);
        assert_int_equal(decode_cut(&f, f.n - 3, 1, &seg, &copy), DECODE_TCP);
        assert_int_equal(seg.len, strlen(PAYLOAD));
        assert_int_equal(seg.payload.n, strlen(PAYLOAD) - 3);
        free(copy);
    }
}

/* --- checksums --- */

/* The sum by the book, 16 bits at a time (RFC 1071 section 4.1). */
static unsigned sum16(unsigned sum, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum += i % 2 ? p[i] : (unsigned)p[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static unsigned pseudo_sum(const struct frame *f, size_t tcp)
{
    bool is_v4 = f->b[0] >> 4 == 4;
    unsigned sum = is_v4 ? sum16(0, f->b + 12, 8) : sum16(0, f->b + 8, 32);
    uint8_t tail[4] = { 0, 6, (uint8_t)((f->n - tcp) >> 8), (uint8_t)(f->n - tcp) };
    return sum16(sum, tail, 4);
}

static void set_checksum(struct frame *f, size_t tcp)
{
    set16(f, tcp + 16, 0);
    set16(f, tcp + 16, ~sum16(pseudo_sum(f, tcp), f->b + tcp, f->n - tcp));
}

static enum checksum checksum_of(const struct frame *f, size_t cut)
{
    struct segment seg;
    uint8_t *copy;
    assert_int_equal(decode_cut(f, cut, 101, &seg, &copy), DECODE_TCP);
    enum checksum result = segment_checksum(&seg);
    free(copy);
    return result;
}

static void checksums_are_summed_up(void **state)
{
    (void)state;
    static const char *const payloads[] = { "", "a", "ab", "abc", "abcd", PAYLOAD, "\xff\xff\xff\xff\xff" };
    static const char *const headers[] = { v4, v4_options, v6 };
    static const size_t lengths[] = { 20, 28, 40 };

    for (size_t h = 0; h < 3; h++) {
        for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
            struct frame f = frame_of("", headers[h], tcp_plain, payloads[i]);
            size_t tcp = lengths[h];
            set_checksum(&f, tcp);
            assert_int_equal(checksum_of(&f, f.n), CHECKSUM_RIGHT);
            for (size_t at = tcp + 4; at < f.n; at++) {
                if (at == tcp + 12)     /* the header length */
                    continue;
                f.b[at] ^= 0x10;
                assert_int_equal(checksum_of(&f, f.n), CHECKSUM_WRONG);
                f.b[at] ^= 0x10;
            }
            if (*payloads[i])
                assert_int_equal(checksum_of(&f, f.n - 1), CHECKSUM_UNKNOWN);
            set16(&f, tcp + 16, 0);
            assert_int_equal(checksum_of(&f, f.n), CHECKSUM_UNKNOWN);
            set16(&f, tcp + 16, pseudo_sum(&f, tcp));
            assert_int_equal(checksum_of(&f, f.n), CHECKSUM_UNKNOWN);
        }
    }
}

/* The sum is over the last destination, which the header does not have yet. */
static void source_routes_leave_it_open(void **state)
{
    (void)state;
    static const char routed_v4[] = "4700 0000 1234 4000 4006 0000 " V4_A V4_B "01830704 cb007101";
    static const char *const routed_v6[] = {
        "60000000 0000 2b40 " V6_A V6_B "0602 0000 00000000 " V6_A,
        "60000000 0000 2b40 " V6_A V6_B "0602 0001 00000000 " V6_A,
    };

    struct frame f = frame_of("", routed_v4, tcp_plain, PAYLOAD);
    set_checksum(&f, 28);
    assert_int_equal(checksum_of(&f, f.n), CHECKSUM_UNKNOWN);
    for (int left = 0; left < 2; left++) {
        f = frame_of("", routed_v6[left], tcp_plain, PAYLOAD);
        set_checksum(&f, 64);
        assert_int_equal(checksum_of(&f, f.n), left ? CHECKSUM_UNKNOWN : CHECKSUM_RIGHT);
    }
}

/* --- anything --- */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static bool lies_in(struct span inner, struct span outer)
{
    return inner.p >= outer.p && inner.p + inner.n <= outer.p + outer.n;
}

/* Damaged packets: whatever comes out borrows from the packet. */
static void damage_is_survived(void **state)
{
    (void)state;
    uint32_t seed = 1;

    for (int round = 0; round < 100000; round++) {
        const struct link_case *c = &links[next_random(&seed) % (sizeof links / sizeof *links)];
        struct frame f = frame_of(c->link, c->ip, tcp_options, PAYLOAD);
        for (uint32_t n = next_random(&seed) % 6; n; n--)
            f.b[next_random(&seed) % f.n] = (uint8_t)next_random(&seed);
        size_t cut = next_random(&seed) % 4 ? f.n : next_random(&seed) % (f.n + 1);
        struct segment seg;
        uint8_t *copy;
        if (decode_cut(&f, cut, c->linktype, &seg, &copy) == DECODE_TCP) {
            struct span all = span_of(copy, cut);
            assert_true(lies_in(seg.ip, all) && lies_in(seg.tcp, seg.ip) && lies_in(seg.payload, seg.tcp));
            assert_true(seg.payload.n <= seg.len && seg.nvlan <= SEGMENT_VLANS);
            segment_checksum(&seg);
        }
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(link_layers_are_taken_off),
        cmocka_unit_test(other_link_types_are_unknown),
        cmocka_unit_test(what_is_no_segment_is_named),
        cmocka_unit_test(layers_are_bounded),
        cmocka_unit_test(extension_headers_are_taken_off),
        cmocka_unit_test(padding_is_no_payload),
        cmocka_unit_test(no_length_is_the_length_of_the_frame),
        cmocka_unit_test(checksums_are_summed_up),
        cmocka_unit_test(source_routes_leave_it_open),
        cmocka_unit_test(damage_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
