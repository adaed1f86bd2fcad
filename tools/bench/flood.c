/* flood KIND N OUT.pcap [BASE.pcap]
 * Writes N hostile packets, spread evenly among those of BASE (an Ethernet capture of generate), with right
 * checksums. Attackers have addresses of 10.0.0.0/8, which BASE has none of. The same arguments give the same
 * bytes. Prints "packets N", those of BASE among them. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { ATTACKER = 0x0a000000, LARGEST = 256 * 1024 };

struct talker {
    uint32_t addr;
    uint16_t port;
};

static FILE *out;
static uint64_t clock_us = 1767600000000000, packets;

static void put16(uint8_t *p, uint32_t v) { p[0] = (uint8_t)(v >> 8); p[1] = (uint8_t)v; }
static void put32(uint8_t *p, uint32_t v) { put16(p, v >> 16); put16(p + 2, v); }

static uint32_t sum(uint32_t s, const uint8_t *p, uint32_t n)
{
    for (; n > 1; p += 2, n -= 2)
        s += (uint32_t)(p[0] << 8 | p[1]);
    return n ? s + (uint32_t)(*p << 8) : s;
}

static uint16_t folded(uint32_t s)
{
    while (s >> 16)
        s = (s & 0xffff) + (s >> 16);
    return (uint16_t)~s;
}

/* A number that looks like chance, the same for the same i. */
static uint32_t mixed(uint64_t i)
{
    i = (i + 1) * 0x9e3779b97f4a7c15;
    i = (i ^ i >> 30) * 0xbf58476d1ce4e5b9;
    return (uint32_t)(i >> 32);
}

static void write_packet(const uint8_t *frame, uint32_t n)
{
    uint32_t record[4] = { (uint32_t)(clock_us / 1000000), (uint32_t)(clock_us % 1000000), n, n };
    fwrite(record, sizeof record, 1, out);
    fwrite(frame, n, 1, out);
    packets++;
}

/* fragment: the fragment field of the IP header. */
static void send_tcp(struct talker from, struct talker to, unsigned flags, const char *payload, uint32_t ack, unsigned fragment)
{
    uint8_t frame[256] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45 }, *ip = frame + 14, *tcp = ip + 20;
    uint32_t n = (uint32_t)strlen(payload);

    put16(ip + 2, 40 + n);
    put16(ip + 4, (uint32_t)packets);
    put16(ip + 6, fragment);
    put16(ip + 8, 0x3c06);
    put32(ip + 12, from.addr);
    put32(ip + 16, to.addr);
    put16(tcp, from.port);
    put16(tcp + 2, to.port);
    put32(tcp + 4, flags & SYN ? 1000 : 1001);
    put32(tcp + 8, ack);
    put16(tcp + 12, 0x5000u | flags);
    put16(tcp + 14, 0x7210);
    memcpy(tcp + 20, payload, n);
    put16(ip + 10, folded(sum(0, ip, 20)));
    put16(tcp + 16, folded(sum(sum(6 + 20 + n, ip + 12, 8), tcp, 20 + n)));
    write_packet(frame, 54 + n);
}

/* Who attacks in connection i: an address in 2^24, and a port that changes with it. */
static struct talker attacker(uint64_t i)
{
    uint32_t m = mixed(i);
    return (struct talker){ ATTACKER | (m & 0xffffff), (uint16_t)(1024 + mixed(i + m) % 60000) };
}

static const struct talker server = { 0xc6120000, 25 };      /* one of BASE's */

static void syn(uint64_t i) { send_tcp(attacker(i), server, SYN, "", 0, 0); }

/* Each SYN is answered, and nobody goes on: as from a server with SYN cookies. */
static void answered(uint64_t i)
{
    if (i % 2 == 0)
        send_tcp(attacker(i / 2), server, SYN, "", 0, 0);
    else
        send_tcp(server, attacker(i / 2), SYN | ACK, "", 1001, 0);
}

static void ack(uint64_t i) { send_tcp(attacker(i), server, ACK, "", 1001, 0); }

/* Addresses and ports that go up and down together, so that the sum (of even ones) or the difference in bits
 * (of odd ones) of a connection's ends is always the same. */
static void collide(uint64_t i)
{
    uint32_t k = (uint32_t)(i / 2 % 60000), up = (uint32_t)(i / 120000);
    struct talker even = { ATTACKER + (up << 16) + k, (uint16_t)(65000 - k) };
    struct talker odd = { ATTACKER + (up << 16) + ((k + 1024) ^ 0x5a5a), (uint16_t)(k + 1024) };
    send_tcp(i % 2 ? odd : even, server, SYN, "", 0, 0);
}

/* A connection half open, and one byte of payload in it. */
static void byte(uint64_t i)
{
    if (i % 2 == 0)
        send_tcp(attacker(i / 2), server, SYN, "", 0, 0);
    else
        send_tcp(attacker(i / 2), server, ACK | PSH, "E", 1001, 0);
}

/* Each time another server that greets. */
static void servers(uint64_t i)
{
    struct talker client = { 0xc0000201, (uint16_t)(1024 + i / 3 % 60000) };
    struct talker one = { ATTACKER + (uint32_t)(i / 3 & 0xffffff), 25 };
    switch (i % 3) {
    case 0: send_tcp(client, one, SYN, "", 0, 0); break;
    case 1: send_tcp(one, client, SYN | ACK, "", 1001, 0); break;
    default: send_tcp(one, client, ACK | PSH, "220 mail.example ESMTP\r\n", 1001, 0); break;
    }
}

/* The first fragment of a packet, and never the others. */
static void fragments(uint64_t i) { send_tcp(attacker(i), server, ACK | PSH, "123456781234567812345678123456781234", 1001, 0x2000); }

static const struct kind {
    const char *name;
    void (*one)(uint64_t i);
} kinds[] = { { "syn", syn }, { "answered", answered }, { "ack", ack }, { "collide", collide },
              { "byte", byte }, { "servers", servers }, { "fragments", fragments } };

static void die(const char *what, const char *name)
{
    fprintf(stderr, "flood: %s: %s\n", name, what);
    exit(1);
}

/* False: the base is over. */
static bool copy_packet(FILE *base)
{
    static uint8_t frame[LARGEST];
    uint32_t record[4];
    if (!base || fread(record, sizeof record, 1, base) != 1)
        return false;
    if (record[2] > sizeof frame || fread(frame, record[2], 1, base) != 1)
        die("is cut short", "the base");
    clock_us = (uint64_t)record[0] * 1000000 + record[1];
    write_packet(frame, record[2]);
    return true;
}

static uint64_t packets_of(FILE *base)
{
    uint32_t record[4];
    uint64_t n = 0;
    while (base && fread(record, sizeof record, 1, base) == 1 && !fseek(base, (long)record[2], SEEK_CUR))
        n++;
    if (base)
        fseek(base, 24, SEEK_SET);
    return n;
}

int main(int argc, char **argv)
{
    static const uint32_t head[6] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1 };
    const struct kind *kind = NULL;
    FILE *base = NULL;

    if (argc != 4 && argc != 5)
        die("flood KIND N OUT.pcap [BASE.pcap]", "usage");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kinds[i].name, argv[1]))
            kind = &kinds[i];
    if (!kind)
        die("is no kind (syn, answered, ack, collide, byte, servers, fragments)", argv[1]);
    if (argc == 5 && (!(base = fopen(argv[4], "rb")) || fseek(base, 24, SEEK_SET)))
        die("cannot be read", argv[4]);
    out = fopen(argv[3], "wb");
    if (!out || setvbuf(out, NULL, _IOFBF, 1 << 20))
        die("cannot be written", argv[3]);
    fwrite(head, sizeof head, 1, out);
    uint64_t n = strtoull(argv[2], NULL, 10), of_base = packets_of(base), copied = 0;
    for (uint64_t i = 0; i < n; i++) {
        while (copied * n < of_base * i && copy_packet(base))
            copied++;
        clock_us += !base;
        kind->one(i);
    }
    while (copy_packet(base))
        ;
    if (fflush(out) || ferror(out) || fclose(out))
        die("could not be written whole", argv[3]);
    printf("packets %llu\n", (unsigned long long)packets);
    return 0;
}
