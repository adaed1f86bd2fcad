/* links: decode/decode.o decode/link.o decode/carrier.o decode/ip.o decode/tunnel.o decode/checksum.o
 *        base/endpoint.o
 * What is inside of tunnels and tags. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "decode/decode.h"

/* --- frames by hand --- */

enum { FIXES = 40 };

/* Lengths that are known once the frame is there. */
struct frame {
    uint8_t b[2048];
    size_t n;
    struct { char kind; size_t at; } fix[FIXES];
    size_t nfix;
};

static unsigned hex_digit(char c) { return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10); }

static void set16(struct frame *f, size_t at, size_t value)
{
    f->b[at] = (uint8_t)(value >> 8);
    f->b[at + 1] = (uint8_t)value;
}

static void put(struct frame *f, const char *text);

/* A header of the outside: <4pp and <6pp IP with a protocol number, <uPPPP UDP to a port. Lengths of two
 * bytes: <p of PPPoE, <g of GTP, <k of PPTP, <n and <N of an NFLOG attribute in both orders. */
static void put_header(struct frame *f, char kind)
{
    assert_true(f->nfix < FIXES);
    f->fix[f->nfix].kind = kind;
    f->fix[f->nfix++].at = f->n;
    switch (kind) {
    case '4':
        put(f, "4500 0000 0000 4000 40xx 0000 cb007101 cb007102");
        break;
    case '6':
        put(f, "60000000 0000 xx40 20010db800ff00000000000000000001 20010db800ff00000000000000000002");
        break;
    case 'u':
        put(f, "c001 xxxx 0000 0000");
        break;
    default:
        put(f, "0000");
    }
}

/* Hexadecimal; spaces are for the eye, xx takes the digits that follow a header's name. */
static void put(struct frame *f, const char *text)
{
    static const char *argument;

    while (*text) {
        assert_true(f->n < sizeof f->b);
        if (*text == ' ') {
            text++;
        } else if (*text == '<') {
            char kind = text[1];
            argument = text += 2;
            put_header(f, kind);
            text += kind == '4' || kind == '6' ? 2 : kind == 'u' ? 4 : 0;
        } else {
            const char *from = *text == 'x' ? argument : text;
            f->b[f->n++] = (uint8_t)(hex_digit(from[0]) << 4 | hex_digit(from[1]));
            argument += *text == 'x' ? 2 : 0;
            text += 2;
        }
    }
}

static void set_lengths(struct frame *f)
{
    for (size_t i = 0; i < f->nfix; i++) {
        size_t at = f->fix[i].at, n = f->n - at;
        switch (f->fix[i].kind) {
        case '4':   set16(f, at + 2, n);        break;
        case '6':   set16(f, at + 4, n - 40);   break;
        case 'u':   set16(f, at + 4, n);        break;
        case 'p':   set16(f, at, n - 2);        break;
        case 'g':   set16(f, at, n - 6);        break;
        case 'k':   set16(f, at, n - 8);        break;
        case 'N':   set16(f, at, n);            break;
        case 'n':
            f->b[at] = (uint8_t)n;
            f->b[at + 1] = (uint8_t)(n >> 8);
            break;
        }
    }
}

#define MACS    "020000000001 020000000002 "
#define ETH4    MACS "0800 "
#define PORTS   "9c40 0019 01020304 0a0b0c0d "
#define PAYLOAD "EHLO relay.example\r\n"
static const char in4[] = "<406 " PORTS "5018 2000 0000 0000";
static const char in6[] = "<606 " PORTS "5018 2000 0000 0000";

static struct frame frame_of(const char *outside, const char *inside)
{
    struct frame f = { .n = 0 };

    put(&f, outside);
    size_t ip = f.n;
    put(&f, inside);
    memcpy(f.b + f.n, PAYLOAD, strlen(PAYLOAD));
    f.n += strlen(PAYLOAD);
    set_lengths(&f);
    /* Other addresses than those outside. */
    f.b[ip + (inside == in6 ? 23 : 15)] = 0xaa;
    f.b[ip + (inside == in6 ? 39 : 19)] = 0xbb;
    return f;
}

/* The copy is of exactly n bytes, and is to be freed after the segment was looked at. */
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

/* --- what is taken off --- */

#define NONE { 0 }, 0
#define ONE(t) { TUNNEL_##t }, 1
#define TWO(a, b) { TUNNEL_##a, TUNNEL_##b }, 2

static const struct wrapping {
    const char *name;
    int linktype;
    const char *outside;
    const char *inside;
    uint8_t tunnel[SEGMENT_TUNNELS];
    uint8_t n;
} wrappings[] = {
    { "802.1BR", 1, MACS "893f 000000010000 0800", in4, NONE },
    { "802.1BR, VLAN behind it", 1, MACS "893f 000000010000 8100 000a 86dd", in6, NONE },
    { "VN-tag", 1, MACS "8926 00010002 0800", in4, NONE },
    { "Cisco metadata", 1, MACS "8909 0101 0001 0007 0800", in4, NONE },
    { "802.1ah", 1, MACS "88a8 0005 88e7 40000001 " MACS "8100 0007 0800", in4, NONE },
    { "NFLOG, little", 239, "0200 0000 0800 0100 08000300 0500 0a00 61000000 <n 0900", in4, NONE },
    { "NFLOG, big", 239, "0a00 0000 0008 0001 86dd0300 <N 0009", in6, NONE },
    { "PPP", 9, "0021", in4, NONE },
    { "PPP, short protocol", 9, "57", in6, NONE },
    { "PPP, HDLC", 9, "ff03 0057", in6, NONE },
    { "PPP in HDLC", 50, "ff03 0021", in4, NONE },
    { "PPP in HDLC, Cisco's", 50, "0f00 0800", in4, NONE },
    { "Cisco HDLC", 104, "8f00 86dd", in6, NONE },
    { "PPP, direction", 204, "01 ff03 0021", in4, NONE },
    { "PPP, MPLS", 9, "0281 00010140", in4, ONE(MPLS) },
    { "PPPoE as a link", 51, "1100 0001 <p 0021", in4, ONE(PPPOE) },
    { "PPPoE", 1, MACS "8864 1100 0001 <p 0021", in4, ONE(PPPOE) },
    { "PPPoE, IPv6", 1, MACS "88a8 0005 8100 0006 8864 1100 0001 <p 0057", in6, ONE(PPPOE) },
    { "MPLS", 1, MACS "8847 00010140", in4, ONE(MPLS) },
    { "MPLS, stack, IPv6", 1, MACS "8848 00010040 00020040 00002140", in6, ONE(MPLS) },
    { "pseudowire, control word", 1, MACS "8847 00010140 00000000 " ETH4, in4, ONE(MPLS) },
    { "pseudowire, sequence number", 1, MACS "8847 00010140 00001234 " MACS "8100 0001 86dd",
      in6, ONE(MPLS) },
    { "pseudowire", 1, MACS "8847 00010140 " ETH4, in4, ONE(MPLS) },
    { "pseudowire, address like IPv4", 1, MACS "8847 00010140 400000000001 020000000002 0800",
      in4, ONE(MPLS) },
    { "pseudowire, high address", 1, MACS "8847 00010140 a00000000001 020000000002 0800", in4, ONE(MPLS) },
    { "GRE", 1, ETH4 "<42f 0000 0800", in4, ONE(GRE) },
    { "GRE, IPv6 outside", 101, "<62f 0000 86dd", in6, ONE(GRE) },
    { "GRE, all fields", 1, ETH4 "<42f b000 0800 12340000 00000001 00000002", in4, ONE(GRE) },
    { "GRE, checksum", 1, ETH4 "<42f 8000 86dd 12340000", in6, ONE(GRE) },
    { "GRE, key", 1, ETH4 "<42f 2000 0800 00000001", in4, ONE(GRE) },
    { "GRE, bridged", 1, ETH4 "<42f 2000 6558 00000001 " ETH4, in4, ONE(GRE) },
    { "GRE, PPP", 1, ETH4 "<42f 0000 880b ff03 0021", in4, ONE(GRE) },
    { "GRE, MPLS", 1, ETH4 "<42f 0000 8847 00010140", in4, TWO(GRE, MPLS) },
    { "WCCP", 1, ETH4 "<42f 0000 883e", in4, ONE(GRE) },
    { "WCCP 2", 1, ETH4 "<42f 0000 883e 00000000", in4, ONE(GRE) },
    { "PPTP", 1, ETH4 "<42f 3001 880b <k 0001 00000001 ff03 0021", in4, ONE(PPTP) },
    { "Ethernet over IP", 1, ETH4 "<42f 2001 6400 3600 1900 " ETH4, in4, ONE(GRE) },
    { "ERSPAN I", 1, ETH4 "<42f 0000 88be " ETH4, in4, ONE(ERSPAN) },
    { "ERSPAN II", 1, ETH4 "<42f 1000 88be 00000001 1000 0064 00000001 " ETH4, in4, ONE(ERSPAN) },
    { "ERSPAN II, VLAN", 101, "<42f 1000 88be 00000001 1000 0064 00000001 " MACS "8100 0007 86dd",
      in6, ONE(ERSPAN) },
    { "ERSPAN III", 1, ETH4 "<42f 1000 22eb 00000001 20000064 00000001 0000 0000 " ETH4, in4, ONE(ERSPAN) },
    { "ERSPAN III, subheader", 1,
      ETH4 "<42f 1000 22eb 00000001 20000064 00000001 0000 0001 0102030405060708" ETH4, in4,
      ONE(ERSPAN) },
    { "ERSPAN III, IP", 1, ETH4 "<42f 1000 22eb 00000001 20000064 00000001 0000 0800", in4, ONE(ERSPAN) },
    { "VXLAN", 1, ETH4 "<411 <u12b5 08000000 00000100 " ETH4, in4, ONE(VXLAN) },
    { "VXLAN, old port", 101, "<611 <u2118 08000000 00000100 " MACS "86dd", in6, ONE(VXLAN) },
    { "VXLAN, group policy", 1, ETH4 "<411 <u12b5 88000007 00000100 " ETH4, in4, ONE(VXLAN) },
    { "VXLAN, VLAN", 1, ETH4 "<411 <u12b5 08000000 00000100 " MACS "8100 0007 0800", in4, ONE(VXLAN) },
    { "VXLAN-GPE", 1, ETH4 "<411 <u12b6 0c000003 00000100 " ETH4, in4, ONE(VXLAN) },
    { "VXLAN-GPE without P", 1, ETH4 "<411 <u12b6 08000000 00000100 " MACS "86dd", in6, ONE(VXLAN) },
    { "VXLAN-GPE, IPv4", 1, ETH4 "<411 <u12b6 0c000001 00000100", in4, ONE(VXLAN) },
    { "VXLAN-GPE, IPv6", 1, ETH4 "<411 <u12b6 0c000002 00000100", in6, ONE(VXLAN) },
    { "GENEVE", 1, ETH4 "<411 <u17c1 0000 6558 00000100 " ETH4, in4, ONE(GENEVE) },
    { "GENEVE, options", 1, ETH4 "<411 <u17c1 0340 6558 00000100 010280020000000000000000 " ETH4,
      in4, ONE(GENEVE) },
    { "GENEVE, IP", 1, ETH4 "<411 <u17c1 0000 86dd 00000100", in6, ONE(GENEVE) },
    { "GTP", 1, ETH4 "<411 <u0868 30ff <g 00000001", in4, ONE(GTP) },
    { "GTP, sequence", 1, ETH4 "<411 <u0868 32ff <g 00000001 00010000", in6, ONE(GTP) },
    { "GTP, extensions", 1, ETH4 "<411 <u0868 34ff <g 00000001 00000085 01100985 02000000000000 00",
      in4, ONE(GTP) },
    { "IP in IP", 1, ETH4 "<404", in4, ONE(IPIP) },
    { "6in4", 1, ETH4 "<429", in6, ONE(6IN4) },
    { "4in6", 101, "<604", in4, ONE(4IN6) },
    { "6in6", 101, "<629", in6, ONE(6IN6) },
    { "6in6 behind an option", 101, "<63c 2900 010400000000", in6, ONE(6IN6) },
    { "6in4 behind AH", 101, "<433 2904 0000 00000001 00000001 000000000000000000000000", in6, ONE(6IN4) },
    { "MPLS over IP", 101, "<489 00010140", in4, ONE(MPLS) },
    { "6in4 in VXLAN", 1, ETH4 "<411 <u12b5 08000000 00000100 " ETH4 "<429", in6, TWO(VXLAN, 6IN4) },
    { "GTP in MPLS", 1, MACS "8847 00010140 <411 <u0868 30ff <g 00000001", in4, TWO(MPLS, GTP) },
};

static void assert_inside(const struct wrapping *c, const struct segment *seg, const struct frame *f,
                          size_t cut)
{
    bool v6 = c->inside == in6;
    size_t ip = f->n - strlen(PAYLOAD) - 20 - (v6 ? 40 : 20);

    assert_int_equal(seg->ts_ns, 77);
    assert_int_equal(endpoint_is_v4(&seg->src), !v6);
    assert_int_equal(seg->src.addr[15], 0xaa);
    assert_int_equal(seg->dst.addr[15], 0xbb);
    assert_int_equal(seg->src.port, 40000);
    assert_int_equal(seg->dst.port, 25);
    assert_int_equal(seg->seq, 0x01020304);
    assert_int_equal(seg->len, strlen(PAYLOAD));
    assert_int_equal(seg->ip.n, cut - ip);
    assert_memory_equal(seg->ip.p, f->b + ip, cut - ip);
    assert_int_equal(seg->payload.n, cut - (f->n - strlen(PAYLOAD)));
    assert_int_equal(segment_is_cut(seg), cut < f->n);
    assert_int_equal(seg->ntunnel, c->n);
    assert_memory_equal(seg->tunnel, c->tunnel, c->n);
}

/* Each whole, and cut by the snap length at every byte. */
static void wrappings_are_taken_off(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrappings / sizeof *wrappings; i++) {
        const struct wrapping *c = &wrappings[i];
        struct frame f = frame_of(c->outside, c->inside);
        assert_true(decode_knows_link(c->linktype));
        for (size_t cut = 0; cut <= f.n; cut++) {
            struct segment seg;
            uint8_t *copy;
            enum decode_result result = decode_cut(&f, cut, c->linktype, &seg, &copy);
            enum decode_result expected = cut < f.n - strlen(PAYLOAD) ? DECODE_TRUNCATED : DECODE_TCP;
            if (result != expected)
                print_error("%s, cut at %zu of %zu\n", c->name, cut, f.n);
            assert_int_equal(result, expected);
            if (result == DECODE_TCP)
                assert_inside(c, &seg, &f, cut);
            free(copy);
        }
    }
}

/* Ends of the frame that are not there: never more is read than the frame has. */
static void frames_that_end_early_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrappings / sizeof *wrappings; i++) {
        struct frame f = frame_of(wrappings[i].outside, wrappings[i].inside);
        size_t whole = f.n;
        for (f.n = 0; f.n < whole; f.n++) {
            enum decode_result result = result_of(&f, wrappings[i].linktype);
            if (f.n < whole - strlen(PAYLOAD))
                assert_int_not_equal(result, DECODE_TCP);
        }
    }
}

static void vlans_of_all_levels_are_seen(void **state)
{
    (void)state;
    struct frame f = frame_of(MACS "8100 0005 0800 <411 <u12b5 08000000 00000100 "
                              MACS "88a8 0006 8100 0007 0800", in4);
    struct segment seg;
    uint8_t *copy;
    assert_int_equal(decode_cut(&f, f.n, 1, &seg, &copy), DECODE_TCP);
    free(copy);
    assert_int_equal(seg.nvlan, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(seg.vlan[i], 5 + i);
}

/* --- what is none --- */

static const struct {
    const char *name;
    const char *outside;
    enum decode_result result;
} others[] = {
    { "DNS from VXLAN's port", "<411 <u12b5 1234 8180 0001 0000", DECODE_NOT_TCP },
    { "VXLAN without I", "<411 <u12b5 00000000 00000100 " ETH4, DECODE_NOT_TCP },
    { "VXLAN, ARP", "<411 <u12b5 08000000 00000100 " MACS "0806", DECODE_NOT_TCP },
    { "VXLAN, noise", "<411 <u12b5 08000000 00000100 0102", DECODE_NOT_TCP },
    { "VXLAN-GPE, NSH", "<411 <u12b6 0c000004 00000100", DECODE_NOT_TCP },
    { "VXLAN-GPE, version 1", "<411 <u12b6 1c000001 00000100", DECODE_NOT_TCP },
    { "GENEVE 1", "<411 <u17c1 4000 6558 00000100 " ETH4, DECODE_NOT_TCP },
    { "GENEVE, options over the end", "<411 <u17c1 3f00 6558 00000100 " ETH4, DECODE_NOT_TCP },
    { "GENEVE, another protocol", "<411 <u17c1 0000 894f 00000100 " ETH4, DECODE_NOT_TCP },
    { "GTP-C", "<411 <u0868 48ff <g 00000001", DECODE_NOT_TCP },
    { "GTP echo", "<411 <u0868 3201 0004 00000000 00010000", DECODE_NOT_TCP },
    { "GTP, length over the end", "<411 <u0868 30ff 0100 00000001", DECODE_NOT_TCP },
    { "GTP, extension of nothing", "<411 <u0868 34ff <g 00000001 00000085 00100900", DECODE_NOT_TCP },
    { "GTP, extension over the end", "<411 <u0868 34ff <g 00000001 00000085 ff100900", DECODE_NOT_TCP },
    { "GTP, no IP", "<411 <u0868 30ff <g 00000001 ff030021", DECODE_NOT_TCP },
    { "UDP length below its header", "<411 c001 12b5 0007 0000 08000000 00000100 " ETH4, DECODE_NOT_TCP },
    { "UDP length over the end", "<411 c001 12b5 0107 0000 08000000 00000100 " ETH4, DECODE_NOT_TCP },
    { "another port", "<411 <u12b7 08000000 00000100 " ETH4, DECODE_NOT_TCP },
    { "GRE, source routes", "<42f 4000 0800 00000000", DECODE_NOT_TCP },
    { "GRE 2", "<42f 0002 0800", DECODE_NOT_TCP },
    { "GRE, ARP", "<42f 0000 0806", DECODE_NOT_IP },
    { "PPTP without a frame", "<42f 2081 880b 0000 0001 00000001", DECODE_NOT_TCP },
    { "PPTP, length over the end", "<42f 3001 880b 0100 0001 00000001 0021", DECODE_MALFORMED },
    { "ERSPAN 7", "<42f 1000 88be 00000001 7000 0064 00000001 " ETH4, DECODE_NOT_IP },
    { "ERSPAN III, radio frames", "<42f 1000 22eb 00000001 20000064 00000001 0000 0400 " ETH4,
      DECODE_NOT_IP },
    { "IPv6 said to be in 6in4", "<429", DECODE_MALFORMED },
};

static void what_is_no_tunnel_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct frame f = frame_of(others[i].outside, in4);
        enum decode_result result = result_of(&f, 101);
        if (result != others[i].result)
            print_error("%s: %d\n", others[i].name, (int)result);
        assert_int_equal(result, others[i].result);
    }
}

static const struct {
    const char *name;
    int linktype;
    const char *hex;
    enum decode_result result;
} links[] = {
    { "PPPoE discovery", 1, MACS "8863 1109 0000 0004 01010000", DECODE_NOT_IP },
    { "PPPoE, no session", 1, MACS "8864 1109 0000 0004 01010000", DECODE_NOT_IP },
    { "PPPoE, length over the end", 1, MACS "8864 1100 0001 0040 0021", DECODE_MALFORMED },
    { "PPP, negotiation", 9, "ff03 c021 01010004", DECODE_NOT_IP },
    { "PPP, nothing", 9, "", DECODE_MALFORMED },
    { "MPLS, a channel", 1, MACS "8847 00010140 10000021", DECODE_NOT_IP },
    { "MPLS, nothing behind it", 1, MACS "8847 00010140", DECODE_MALFORMED },
    { "MPLS, no bottom", 1, MACS "8847 00010040 00010040", DECODE_MALFORMED },
    { "metadata of another kind", 1, MACS "8909 0201 0001 0007 0800", DECODE_NOT_IP },
    { "NFLOG 1", 239, "0201 0000 0800 0100 08000300", DECODE_MALFORMED },
    { "NFLOG without a packet", 239, "0200 0000 0800 0100 08000300", DECODE_MALFORMED },
    { "NFLOG, attribute of 3", 239, "0200 0000 0300 0900 45", DECODE_MALFORMED },
    { "NFLOG, ARP", 239, "0300 0000 0800 0900 00010800", DECODE_NOT_IP },
    { "Cisco HDLC, keepalive", 104, "8f00 8035 00000002", DECODE_NOT_IP },
};

static void odd_links_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        struct frame f = { .n = 0 };
        put(&f, links[i].hex);
        enum decode_result result = result_of(&f, links[i].linktype);
        if (result != links[i].result)
            print_error("%s: %d\n", links[i].name, (int)result);
        assert_int_equal(result, links[i].result);
    }
}

/* --- depth --- */

static void tunnels_are_followed_to_a_bound(void **state)
{
    (void)state;
    for (int deep = 1; deep <= 12; deep++) {
        struct frame f = { .n = 0 };
        put(&f, MACS "0800");
        for (int i = 0; i < deep; i++)
            put(&f, "<411 <u12b5 08000000 00000100 " MACS "8100 0001 8100 0002 0800");
        struct frame all = f;
        put(&all, in4);
        set_lengths(&all);
        assert_int_equal(result_of(&all, 1), deep <= 8 ? DECODE_TCP : DECODE_TOO_DEEP);
    }
}

static void labels_are_bounded(void **state)
{
    (void)state;
    struct frame f = { .n = 0 };
    put(&f, MACS "8847");
    for (int i = 0; i < 40; i++)
        put(&f, "00010040");
    put(&f, "00010140");
    put(&f, in4);
    set_lengths(&f);
    assert_int_equal(result_of(&f, 1), DECODE_TOO_DEEP);
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

    for (int round = 0; round < 200000; round++) {
        const struct wrapping *c = &wrappings[next_random(&seed) % (sizeof wrappings / sizeof *wrappings)];
        struct frame f = frame_of(c->outside, c->inside);
        for (uint32_t n = next_random(&seed) % 6; n; n--)
            f.b[next_random(&seed) % f.n] = (uint8_t)next_random(&seed);
        size_t cut = next_random(&seed) % 4 ? f.n : next_random(&seed) % (f.n + 1);
        struct segment seg;
        uint8_t *copy;
        enum decode_result result = decode_cut(&f, cut, c->linktype, &seg, &copy);
        struct span all = span_of(copy, cut);
        if (result == DECODE_TCP) {
            assert_true(lies_in(seg.ip, all) && lies_in(seg.tcp, seg.ip) && lies_in(seg.payload, seg.tcp));
            assert_true(seg.payload.n <= seg.len && seg.ntunnel <= SEGMENT_TUNNELS);
            segment_checksum(&seg);
        } else if (result == DECODE_FRAGMENT) {
            assert_true(lies_in(seg.fragment.head, all) && lies_in(seg.fragment.data, all));
            assert_true(seg.fragment.data.n <= seg.fragment.len);
            assert_true(seg.fragment.next_at < seg.fragment.head.n);
        }
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrappings_are_taken_off),
        cmocka_unit_test(frames_that_end_early_are_named),
        cmocka_unit_test(vlans_of_all_levels_are_seen),
        cmocka_unit_test(what_is_no_tunnel_is_named),
        cmocka_unit_test(odd_links_are_named),
        cmocka_unit_test(tunnels_are_followed_to_a_bound),
        cmocka_unit_test(labels_are_bounded),
        cmocka_unit_test(damage_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
