/* generate MIX N OUT.pcap FOLDER
 * Writes a large capture out of the small ones of FOLDER (tests/pcaps): their dialogues and handshakes,
 * spoken by many clients at once, with right checksums and without loss. The same arguments give the
 * same bytes. N: connections to begin. Prints "packets N bytes N sessions N" (sessions: of mail). */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENT, SERVER };
enum { FIN = 1, SYN = 2, PSH = 8, ACK = 16 };
enum { MSS = 1448, CHUNKS = 64, RECORD = 16384, PAD = 1 << 20, FRAME = 14 + 40 + 20 + 65536 };

/* What grows a small dialogue to the size of a real one. */
enum grow { NOTHING, BODY, RECORDS_UP, RECORDS_DOWN };

struct chunk {
    uint8_t who, *p;
    uint32_t n;
};

struct template {
    const char *file;
    unsigned weight;
    enum grow grow;
    unsigned most;                      /* kilobytes that it may grow by */
    bool mail;
    uint16_t port;
    uint32_t chunks, grown;             /* grown: the chunk in front of which bytes are put */
    struct chunk chunk[CHUNKS];
};

/* Smtp, submission, imap and pop3 in the ways that are common on a provider's link. */
static struct template mail[] = {
    { "smtp-starttls-tls13", 24, RECORDS_UP, 60, true, 25, 0, 0, { { 0 } } },
    { "smtp-starttls-tls12", 10, RECORDS_UP, 60, true, 25, 0, 0, { { 0 } } },
    { "smtp-clear-offered", 6, BODY, 60, true, 25, 0, 0, { { 0 } } },
    { "smtp-clear", 4, BODY, 60, true, 25, 0, 0, { { 0 } } },
    { "smtp-submission-starttls", 8, RECORDS_UP, 60, true, 587, 0, 0, { { 0 } } },
    { "smtps-tls13", 8, RECORDS_UP, 60, true, 465, 0, 0, { { 0 } } },
    { "tls13-aes128", 20, RECORDS_DOWN, 120, true, 993, 0, 0, { { 0 } } },
    { "tls12-ticket-issued", 6, RECORDS_DOWN, 120, true, 993, 0, 0, { { 0 } } },
    { "imap-starttls", 4, RECORDS_DOWN, 60, true, 143, 0, 0, { { 0 } } },
    { "imap-login", 3, NOTHING, 0, true, 143, 0, 0, { { 0 } } },
    { "pop3-user-pass", 4, NOTHING, 0, true, 110, 0, 0, { { 0 } } },
    { "pop3-stls", 3, RECORDS_DOWN, 30, true, 110, 0, 0, { { 0 } } },
};
static struct template tiny[] = {
    { "smtp-ehlo-quit", 3, NOTHING, 0, true, 25, 0, 0, { { 0 } } },
    { "smtp-quit-only", 2, NOTHING, 0, true, 25, 0, 0, { { 0 } } },
    { "smtp-refusing-greeting", 1, NOTHING, 0, true, 25, 0, 0, { { 0 } } },
    { "pop3-quit-only", 2, NOTHING, 0, true, 110, 0, 0, { { 0 } } },
    { "pop3-user-pass", 1, NOTHING, 0, true, 110, 0, 0, { { 0 } } },
    { "smtp-hello-pipelined", 1, NOTHING, 0, true, 25, 0, 0, { { 0 } } },
};
/* A certificate in clear and a hello in each of them, for the mix in which all are new. */
static struct template fresh[] = {
    { "smtp-starttls-tls12", 2, RECORDS_UP, 30, true, 25, 0, 0, { { 0 } } },
    { "tls12-ticket-issued", 2, RECORDS_DOWN, 30, true, 993, 0, 0, { { 0 } } },
    { "tls12-rsa", 1, RECORDS_DOWN, 30, true, 993, 0, 0, { { 0 } } },
};
static uint8_t web_hello[] = "", get[] = "GET / HTTP/1.1\r\nHost: www.example\r\n\r\n", ssh[] = "SSH-2.0-OpenSSH_9.2\r\n",
               noise[] = "\x13\x97 a protocol of its own";
static struct template bulk[] = {
    { NULL, 70, RECORDS_DOWN, 4000, false, 443, 2, 2, { { CLIENT, web_hello, 0 }, { SERVER, noise, 20 } } },
    { NULL, 8, RECORDS_DOWN, 2000, false, 80, 2, 2, { { CLIENT, get, sizeof get - 1 }, { SERVER, noise, 20 } } },
    { NULL, 4, RECORDS_UP, 1000, false, 22, 2, 2, { { SERVER, ssh, sizeof ssh - 1 }, { CLIENT, ssh, sizeof ssh - 1 } } },
    { NULL, 14, RECORDS_DOWN, 3000, false, 6881, 2, 2, { { CLIENT, noise, 20 }, { SERVER, noise, 20 } } },
    { NULL, 4, RECORDS_DOWN, 3000, false, 9443, 2, 2, { { CLIENT, web_hello, 0 }, { SERVER, noise, 20 } } },
};

/* Of one kind each, and none ends: what one open session of it takes (verdicts prints it). */
static struct template settled[] = { { .file = "smtps-tls13", .weight = 1, .mail = true, .port = 465 } };
static struct template upgraded[] = { { .file = "smtp-starttls-tls12", .weight = 1, .mail = true, .port = 25 } };
static struct template greeted[] = { { .file = "smtp-clear", .weight = 1, .mail = true, .port = 25 } };
static struct template hello[] = { { .file = "tls13-aes128", .weight = 1, .mail = true, .port = 993 } };

struct mix {
    const char *name;
    struct template *t;
    size_t n;
    unsigned at_once;                   /* connections open; 0: all of them, and none is ever closed */
    unsigned bulk;                      /* of 100 packets */
    bool fresh;
    bool in_turn;                       /* all are open at last, but each has spoken before the next begins */
    uint32_t said;                      /* so many chunks, and then silence; 0: all */
} mixes[] = {
    { "mail", mail, sizeof mail / sizeof *mail, 2000, 0, false, false, 0 },
    { "link", mail, sizeof mail / sizeof *mail, 300, 97, false, false, 0 },
    { "tiny", tiny, sizeof tiny / sizeof *tiny, 2000, 0, false, false, 0 },
    { "open", mail, sizeof mail / sizeof *mail, 0, 0, false, false, 0 },
    { "fresh", fresh, sizeof fresh / sizeof *fresh, 2000, 0, true, false, 0 },
    { "settled", settled, 1, 0, 0, false, true, 0 },
    { "upgraded", upgraded, 1, 0, 0, false, true, 0 },
    { "greeted", greeted, 1, 0, 0, false, true, 3 },
    { "hello", hello, 1, 0, 0, false, true, 1 },
};

/* One connection as far as it has been spoken. */
struct talk {
    const struct template *t;
    uint32_t number;
    uint32_t seq[2];
    uint32_t at, off;                   /* chunk, offset in it */
    uint32_t grow_left;
    uint8_t step;                       /* 0 SYN, 1 SYN-ACK, 2 ACK, 3 talking, 4 to 6 closing, 7 over */
    uint8_t unacked;                    /* segments of one side since the other's acknowledgement */
    uint8_t last;                       /* who sent last */
};

static FILE *out;
static uint64_t clock_us = 1767600000000000, packets, bytes, rng = 0x9e3779b97f4a7c15;
static uint8_t pad[PAD + RECORD];
static const struct mix *mix;

static uint32_t chance(uint32_t below)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return below ? (uint32_t)((rng >> 32) * below >> 32) : 0;
}

static void die(const char *what, const char *name)
{
    fprintf(stderr, "generate: %s: %s\n", name, what);
    exit(1);
}

/* --- the small captures --- */

static uint16_t be16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }
static uint32_t be32(const uint8_t *p) { return (uint32_t)be16(p) << 16 | be16(p + 2); }

/* Of an Ethernet frame with IPv4 or IPv6 and TCP: where TCP begins, and how long the payload is. */
static const uint8_t *tcp_of(const uint8_t *p, uint32_t n, uint32_t *payload)
{
    bool v4 = be16(p + 12) == 0x0800;
    uint32_t ip = v4 ? (p[14] & 15) * 4u : 40, total = v4 ? be16(p + 16) : 40u + be16(p + 18);
    const uint8_t *tcp = p + 14 + ip;
    if (n < 14 + ip + 20 || (!v4 && be16(p + 12) != 0x86dd))
        return NULL;
    *payload = total - ip - (tcp[12] >> 4) * 4u;
    return tcp;
}

static void add_segment(struct template *t, const uint8_t *tcp, uint32_t n, uint32_t next[2], uint16_t *client)
{
    if (!*client)
        *client = be16(tcp);
    unsigned who = be16(tcp) == *client ? CLIENT : SERVER;
    uint32_t seq = be32(tcp + 4);
    if (tcp[13] & SYN)
        next[who] = seq + 1;
    else if (n && seq == next[who] && t->chunks < CHUNKS) {
        struct chunk *c = &t->chunk[t->chunks++];
        *c = (struct chunk){ (uint8_t)who, malloc(n), n };
        memcpy(c->p, tcp + (tcp[12] >> 4) * 4, n);
        next[who] += n;
    }
}

/* Where a message's body or encrypted records can be put in. */
static uint32_t place_to_grow(const struct template *t)
{
    for (uint32_t i = 0; t->grow == BODY && i + 1 < t->chunks; i++)
        if (t->chunk[i].who == SERVER && !memcmp(t->chunk[i].p, "354", 3))
            return i + 1;
    return t->chunks;
}

static void load(struct template *t, const char *folder)
{
    char path[512];
    uint8_t head[24], record[16], frame[FRAME];
    uint32_t next[2] = { 0 }, n, payload;
    uint16_t client = 0;

    snprintf(path, sizeof path, "%s/%s.pcap", folder, t->file);
    FILE *f = fopen(path, "rb");
    if (!f || fread(head, sizeof head, 1, f) != 1)
        die("cannot be read", path);
    while (fread(record, sizeof record, 1, f) == 1) {
        memcpy(&n, record + 8, 4);
        if (n > sizeof frame || fread(frame, n, 1, f) != 1)
            die("is cut short", path);
        const uint8_t *tcp = tcp_of(frame, n, &payload);
        if (tcp)
            add_segment(t, tcp, payload, next, &client);
    }
    fclose(f);
    if (!t->chunks)
        die("has no payload", path);
    if (mix->said)
        t->chunks = mix->said;
    t->grown = place_to_grow(t);
}

/* --- packets --- */

static uint32_t sum(uint32_t s, const uint8_t *p, uint32_t n)
{
    for (; n > 1; p += 2, n -= 2)
        s += be16(p);
    return n ? s + (uint32_t)(*p << 8) : s;
}

static uint16_t folded(uint32_t s)
{
    while (s >> 16)
        s = (s & 0xffff) + (s >> 16);
    return (uint16_t)~s;
}

static void put16(uint8_t *p, uint32_t v) { p[0] = (uint8_t)(v >> 8); p[1] = (uint8_t)v; }
static void put32(uint8_t *p, uint32_t v) { put16(p, v >> 16); put16(p + 2, v); }

static void write_frame(uint8_t *frame, uint32_t n)
{
    uint32_t record[4] = { (uint32_t)(clock_us / 1000000), (uint32_t)(clock_us % 1000000), n, n };
    fwrite(record, sizeof record, 1, out);
    fwrite(frame, n, 1, out);
    packets++;
    bytes += n;
    clock_us += 1 + chance(19);
}

/* Each client address has one connection in 65,536. */
static void addresses(const struct talk *c, unsigned who, uint8_t *ip, uint8_t *tcp)
{
    uint32_t client = 0x64400000 + (c->number * 40503u & 0xffff), server = 0xc6120000 + (c->number * 7u & 63);
    put32(ip + 12, who == CLIENT ? client : server);
    put32(ip + 16, who == CLIENT ? server : client);
    uint32_t port = 20000 + (c->number >> 16);
    put16(tcp, who == CLIENT ? port : c->t->port);
    put16(tcp + 2, who == CLIENT ? c->t->port : port);
}

static void send_segment(struct talk *c, unsigned who, uint8_t flags, const uint8_t *payload, uint32_t n)
{
    static uint8_t frame[FRAME] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45 };
    uint8_t *ip = frame + 14, *tcp = ip + 20;

    put16(ip + 2, 40 + n);
    put16(ip + 4, (uint32_t)packets);
    put16(ip + 6, 0x4000);
    put16(ip + 8, 0x3c06);
    put16(ip + 10, 0);
    addresses(c, who, ip, tcp);
    put32(tcp + 4, c->seq[who]);
    put32(tcp + 8, flags & ACK ? c->seq[!who] : 0);
    put16(tcp + 12, 0x5000u | flags);
    put32(tcp + 14, 0x72100000);
    put16(tcp + 18, 0);
    if (n)
        memcpy(tcp + 20, payload, n);
    put16(ip + 10, folded(sum(0, ip, 20)));
    put16(tcp + 16, folded(sum(sum(6 + 20 + n, ip + 12, 8), tcp, 20 + n)));
    c->seq[who] += n + ((flags & (SYN | FIN)) != 0);
    write_frame(frame, 54 + n);
}

/* --- a connection, packet by packet --- */

/* Payload of a chunk, with what has to differ in each connection of the mix "fresh": the cipher suites
 * change places, and the certificate is another one by the bytes of its key. */
static const uint8_t *chunk_bytes(const struct talk *c, const struct chunk *k)
{
    static uint8_t copy[1 << 17];
    if (!mix->fresh || k->n < 64 || k->p[0] != 22 || k->n > sizeof copy)
        return k->p;
    memcpy(copy, k->p, k->n);
    uint32_t number = c->number;
    if (k->p[5] == 1) {                 /* ClientHello: version, random, session id, suites */
        uint32_t at = 44u + copy[43], suites = be16(copy + at) / 2;
        for (uint32_t i = suites - 1; i > 0 && at + 2 + 2 * suites <= k->n; i--) {
            uint8_t *a = copy + at + 2 + 2 * i, *b = copy + at + 2 + 2 * (number % (i + 1)), two[2];
            memcpy(two, a, 2);
            memcpy(a, b, 2);
            memcpy(b, two, 2);
            number /= i + 1;
        }
        return copy;
    }
    static const uint8_t serial[] = { 0xa0, 3, 2, 1, 2, 2 };       /* version 3, and an integer follows */
    for (uint32_t i = 0; i + 16 < k->n; i++)
        if (!memcmp(copy + i, serial, sizeof serial) && copy[i + 6] >= 4)
            put32(copy + i + 7, number & 0x7fffffff);
    return copy;
}

static const uint8_t *grown_bytes(struct talk *c, uint32_t *n)
{
    static uint8_t record[5 + RECORD];
    uint32_t size = *n;
    if (c->t->grow == BODY) {
        static const char line[] = "A line of a message, as long as most of them are, with nothing in it.\r\n";
        for (uint32_t i = 0; i < size; i++)
            record[i] = (uint8_t)line[i % (sizeof line - 1)];
        *n = size / (sizeof line - 1) * (sizeof line - 1);
        return record;
    }
    memcpy(record, "\x17\x03\x03", 3);
    put16(record + 3, size - 5);
    memcpy(record + 5, pad + chance(PAD), size - 5);
    return record;
}

static bool acknowledge(struct talk *c, unsigned who)
{
    if (c->last == who && ++c->unacked >= 2) {
        send_segment(c, !who, ACK, NULL, 0);
        c->unacked = 0;
        return true;
    }
    c->last = (uint8_t)who;
    return false;
}

static void say_chunk(struct talk *c)
{
    const struct chunk *k = &c->t->chunk[c->at];
    uint32_t n = k->n - c->off > MSS ? MSS : k->n - c->off;
    if (c->off && acknowledge(c, k->who))
        return;
    send_segment(c, k->who, ACK | PSH, chunk_bytes(c, k) + c->off, n);
    c->last = k->who;
    c->off += n;
    if (c->off == k->n) {
        c->at++;
        c->off = 0;
    }
}

static void say_more(struct talk *c)
{
    unsigned who = c->t->grow == RECORDS_DOWN ? SERVER : CLIENT;
    if (acknowledge(c, who))
        return;
    uint32_t n = MSS;
    const uint8_t *p = grown_bytes(c, &n);
    send_segment(c, who, ACK, p, n);
    c->grow_left = c->grow_left > n ? c->grow_left - n : 0;
}

/* False: nothing is left to say. */
static bool talk_step(struct talk *c)
{
    switch (c->step) {
    case 0: send_segment(c, CLIENT, SYN, NULL, 0); break;
    case 1: send_segment(c, SERVER, SYN | ACK, NULL, 0); break;
    case 2: send_segment(c, CLIENT, ACK, NULL, 0); break;
    case 3:
        if (c->at == c->t->grown && c->grow_left) {
            say_more(c);
            return true;
        }
        if (c->at < c->t->chunks) {
            say_chunk(c);
            return true;
        }
        if (!mix->at_once)
            return false;
        send_segment(c, CLIENT, FIN | ACK, NULL, 0);
        c->step = 4;
        return true;
    case 4: send_segment(c, SERVER, FIN | ACK, NULL, 0); break;
    case 5: send_segment(c, CLIENT, ACK, NULL, 0); break;
    default: return false;
    }
    c->step++;
    return c->step < 6;
}

static struct talk talk_begin(struct template *t, size_t n, uint32_t number)
{
    unsigned all = 0, pick;
    for (size_t i = 0; i < n; i++)
        all += t[i].weight;
    pick = chance(all);
    while (pick >= t->weight)
        pick -= (t++)->weight;
    struct talk c = { .t = t, .number = number, .seq = { chance(~0u), chance(~0u) } };
    if (t->grow && mix->at_once)
        c.grow_left = 1024 * (1 + chance(t->most) * chance(t->most) / (t->most ? t->most : 1));
    return c;
}

/* --- the mixes --- */

/* As many as `at_once` open; one that is over makes room for the next. */
static uint32_t run_streams(uint32_t n)
{
    unsigned at_once = mix->at_once, extra = mix->bulk ? 400 : 0;
    struct talk *c = calloc(at_once + extra, sizeof *c);
    uint32_t begun = 0, open = 0, web = 1u << 31;

    for (unsigned i = 0; i < at_once && begun < n; i++, open++)
        c[i] = talk_begin(mix->t, mix->n, begun++);
    for (unsigned i = 0; i < extra; i++)
        c[at_once + i] = talk_begin(bulk, sizeof bulk / sizeof *bulk, web++);
    while (open) {
        if (extra && chance(100) < mix->bulk) {
            struct talk *b = &c[at_once + chance(extra)];
            if (!talk_step(b))
                *b = talk_begin(bulk, sizeof bulk / sizeof *bulk, web++);
            continue;
        }
        struct talk *m = &c[chance(open)];
        if (talk_step(m))
            continue;
        if (begun < n)
            *m = talk_begin(mix->t, mix->n, begun++);
        else
            *m = c[--open];
    }
    free(c);
    return begun;
}

static uint32_t run_in_turn(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct talk c = talk_begin(mix->t, mix->n, i);
        while (talk_step(&c))
            ;
    }
    return n;
}

/* All open at once: each says one packet in its turn, until all have said what they have. */
static uint32_t run_open(uint32_t n)
{
    struct talk *c = calloc(n, sizeof *c);
    bool more = true;
    for (uint32_t i = 0; i < n; i++)
        c[i] = talk_begin(mix->t, mix->n, i);
    for (int rounds = 0; more && rounds < 200; rounds++) {
        more = false;
        for (uint32_t i = 0; i < n; i++)
            more = talk_step(&c[i]) || more;
    }
    for (int rounds = 0; rounds < 4; rounds++)  /* what was settled long ago goes on a little */
        for (uint32_t i = 0; i < n; i++)
            send_segment(&c[i], rounds & 1, ACK | PSH, (const uint8_t *)"\x17\x03\x03\0\x10 sixteen bytes..", 21);
    free(c);
    return n;
}

static uint32_t run(uint32_t n)
{
    if (mix->in_turn)
        return run_in_turn(n);
    return mix->at_once ? run_streams(n) : run_open(n);
}

int main(int argc, char **argv)
{
    static const uint32_t head[6] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1 };
    if (argc != 5)
        die("generate MIX N OUT.pcap FOLDER", "usage");
    for (size_t i = 0; i < sizeof mixes / sizeof *mixes; i++)
        if (!strcmp(mixes[i].name, argv[1]))
            mix = &mixes[i];
    if (!mix)
        die("is no mix (mail, link, tiny, open, fresh, settled, upgraded, greeted, hello)", argv[1]);
    for (size_t i = 0; i < mix->n; i++)
        load(&mix->t[i], argv[4]);
    struct template web = { .file = "tls13-aes128" };
    load(&web, argv[4]);
    bulk[0].chunk[0] = bulk[4].chunk[0] = web.chunk[0];
    for (size_t i = 0; i < sizeof pad; i++)
        pad[i] = (uint8_t)chance(256);
    out = fopen(argv[3], "wb");
    if (!out || setvbuf(out, NULL, _IOFBF, 1 << 20))
        die("cannot be written", argv[3]);
    fwrite(head, sizeof head, 1, out);
    uint32_t n = (uint32_t)strtoul(argv[2], NULL, 10), begun = run(n);
    if (fflush(out) || ferror(out) || fclose(out))
        die("could not be written whole", argv[3]);
    printf("packets %llu bytes %llu sessions %u\n", (unsigned long long)packets, (unsigned long long)bytes, begun);
    return 0;
}
