/* Packets of one to four connections on mail ports, fed to a lane. The first byte names the ports
 * and how much memory there is. A packet is a byte (bits 0-1: connection, 2: who, 3-5: what, 6-7:
 * how much later), a byte for what it does, two bytes of payload length, and the payload. */
#include "app/lane.h"
#include "facts/names.h"
#include "fuzz.h"
#include "verdict/verdict.h"

static const uint16_t ports[] = { 25, 143, 110, 465, 4190, 993, 24, 2526, 587, 995, 40025, 80 };
enum { CONNECTIONS = 4, LITTLE_MEMORY = 0x80 };

enum what { DATA, OPENS, FINISHES, RESETS, REPEATS, SKIPS, CUT, WRONG_SUM };

static const uint64_t later_ns[] = { 1000000, 1000000000, 31000000000, 3601000000000 };

struct world {
    struct lane *lane;
    uint32_t next[CONNECTIONS][2];      /* sequence numbers */
    uint64_t now_ns;
    unsigned first_port;
};

static void put16(uint8_t *p, unsigned v) { p[0] = (uint8_t)(v >> 8); p[1] = (uint8_t)v; }
static void put32(uint8_t *p, uint32_t v) { put16(p, v >> 16); put16(p + 2, v & 0xffff); }

static uint16_t sum_of(const uint8_t *ip, size_t n)
{
    uint32_t sum = (uint32_t)(n - 20) + 6;
    for (size_t i = 12; i < n; i++)
        sum += i & 1 ? ip[i] : (uint32_t)ip[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* IPv4 without a link layer. The captured bytes are a copy of their exact length. */
static void send(struct world *w, unsigned connection, unsigned who, uint8_t flags, uint32_t seq,
                 uint32_t ack,
                 struct span payload, enum what what, uint8_t with)
{
    static const uint8_t client[4] = { 198, 51, 100, 7 }, server[4] = { 192, 0, 2, 25 };
    size_t n = 40 + payload.n;
    uint8_t *ip = calloc(1, n);
    unsigned port = ports[(w->first_port + connection) % (sizeof ports / sizeof *ports)];

    must(ip);
    ip[0] = 0x45;
    put16(ip + 2, (unsigned)n & 0xffff);
    ip[8] = 64;
    ip[9] = 6;
    memcpy(ip + 12, who ? server : client, 4);
    memcpy(ip + 16, who ? client : server, 4);
    put16(ip + 20, who ? port : 40000 + connection);
    put16(ip + 22, who ? 40000 + connection : port);
    put32(ip + 24, seq);
    put32(ip + 28, ack);
    ip[32] = 0x50;
    ip[33] = flags;
    if (payload.n)
        memcpy(ip + 40, payload.p, payload.n);
    put16(ip + 36, sum_of(ip, n) ^ (what == WRONG_SUM ? 0x5555u : 0u));
    size_t captured = what == CUT && with < n ? n - with : n;
    uint8_t *frame = exact_copy(ip, captured);
    struct packet p = { .ts_ns = w->now_ns, .data = span_of(frame, captured), .wire_len = (uint32_t)n,
        .linktype = 101 };
    lane_packets(w->lane, &p, 1, 1);
    free(frame);
    free(ip);
}

static void take_packet(struct world *w, uint8_t head, uint8_t with, struct span payload)
{
    unsigned connection = head & 3, who = head >> 2 & 1;
    enum what what = (enum what)(head >> 3 & 7);
    uint32_t *next = &w->next[connection][who], seq = *next, ack = w->next[connection][!who];
    uint8_t flags = TCP_ACK | TCP_PSH;

    w->now_ns += later_ns[head >> 6];
    switch (what) {
    case OPENS:
        flags = who ? TCP_SYN | TCP_ACK : TCP_SYN;
        seq = *next += with & 1 ? 1000000 : 0;
        break;
    case FINISHES:
        flags |= TCP_FIN;
        break;
    case RESETS:
        flags = TCP_RST;
        break;
    case REPEATS:                       /* bytes from before, or the next ones too early */
        seq = with < 128 ? seq + with : seq - (256u - with);
        break;
    case SKIPS:
        seq = *next += with;
        break;
    case WRONG_SUM:                     /* and an acknowledgement that is not up to date */
        ack -= with;
        break;
    case DATA:
    case CUT:
        break;
    }
    send(w, connection, who, flags, seq, ack, payload, what, with);
    uint32_t end = seq + (uint32_t)payload.n + (flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
    if ((int32_t)(end - *next) > 0 && !(what == REPEATS && with < 128))
        *next = end;
}

static void take_session(void *ctx, const struct session *s, uint64_t number)
{
    (void)number;
    unsigned *n = ctx;
    ++*n;
    must(s->facts < 1u << FACT_N && s->marks < 1u << MARK_N && s->nvlan <= SESSION_VLANS);
    must(memchr(s->names.sni, 0, sizeof s->names.sni) && memchr(s->names.alpn, 0, sizeof s->names.alpn));
    must(memchr(s->names.ja4, 0, sizeof s->names.ja4));
    must(s->first_ns <= s->last_ns && s->bytes[0] + s->bytes[1] > 0);
    must(judge(s).rule < verdict_rules_n);
}

static void take_attempt(void *ctx, const struct attempt *a)
{
    unsigned *n = ctx;
    ++*n;
    must(a->outcome < ATTEMPT_N);
}

static void take_certificate(void *ctx, const struct certificate *c)
{
    (void)ctx;
    must(memchr(c->subject, 0, sizeof c->subject) && memchr(c->issuer, 0, sizeof c->issuer));
}

static void take_server_name(void *ctx, const struct server_name *n)
{
    (void)ctx;
    must(memchr(n->text, 0, sizeof n->text) && strchr(n->text, '.') && n->source < NAME_SOURCE_N);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct port_table table;
    unsigned seen = 0;
    struct lane_sink sink = { .session = take_session, .attempt = take_attempt, .certificate = take_certificate,
                              .server_name = take_server_name,
                              .ctx = &seen };

    if (n < 1)
        return 0;
    ports_default(&table);
    struct world w = { .now_ns = 1700000000000000000u, .first_port = bytes[0] & 15 };
    w.lane = lane_new(&table, bytes[0] & LITTLE_MEMORY ? 24 * 1024 : 4 << 20, &sink);
    must(w.lane);
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        w.next[i][0] = 0xfffffff0u;
        w.next[i][1] = 1000 * i;
    }
    for (size_t at = 1; at + 4 <= n;) {
        struct span payload = span_first(span_of(bytes + at + 4, n - at - 4), load_be16(bytes + at + 2));
        payload = span_first(payload, 60000);
        take_packet(&w, bytes[at], bytes[at + 1], payload);
        at += 4 + payload.n;
    }
    lane_end(w.lane);
    must(seen <= lane_counts(w.lane)->packets);
    lane_free(w.lane);
    return 0;
}
