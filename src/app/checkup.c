#include "app/checkup.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "decode/decode.h"

enum {
    CONNECTIONS = 1 << 16,              /* places for them; those that find none are not looked at */
    RECENT = 1 << 14,                   /* places for packets, in which later ones take the place of earlier ones */
    PROBES = 16,
    ENOUGH = 4,                         /* packets of a connection, before its other direction is missed */
    LARGEST = 9216 + 64,                /* bytes of a frame that a wire carries; larger ones were put together */
    SENTENCE = 400
};
static const uint64_t second_ns = 1000000000, ms_ns = 1000000;

struct connection {
    uint64_t name;                      /* 0: a free place */
    uint32_t packets[2];                /* by which end is the greater one */
    bool mail;
};

struct recent {
    uint64_t name, ts_ns;
    uint16_t vlan;
};

struct checkup {
    const struct port_table *ports;
    struct hash_key key;
    uint64_t packets, not_decoded, unknown_link, tcp, mail, cut, cut_mail, glued, back;
    uint64_t repeatable, twice, twice_vlan;
    uint32_t largest, longest_cut;
    uint64_t last_ns, worst_back_ns;
    int linktype;                       /* of the last that is not decoded */
    uint16_t vlans[2];                  /* of the last packet that came with two */
    struct connection connection[CONNECTIONS];
    struct recent recent[RECENT];
};

struct checkup *checkup_new(const struct port_table *ports)
{
    struct checkup *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->ports = ports;
    c->key = hash_key_random();
    return c;
}

void checkup_free(struct checkup *c) { free(c); }

/* --- packets --- */

static void note_connection(struct checkup *c, const struct segment *s, bool mail)
{
    bool greater = endpoint_cmp(&s->src, &s->dst) > 0;
    const struct endpoint ends[2] = { greater ? s->dst : s->src, greater ? s->src : s->dst };
    uint64_t name = hash_bytes(&c->key, ends, sizeof ends) | 1;
    for (unsigned i = 0; i < PROBES; i++) {
        struct connection *f = &c->connection[(name / 2 + i) % CONNECTIONS];
        if (f->name && f->name != name)
            continue;
        f->name = name;
        f->mail = mail;
        f->packets[greater] += f->packets[greater] < UINT32_MAX;
        return;
    }
}

/* A packet that is sent again has another number in IPv4's header; without one it comes later than a copy does. */
static void note_copies(struct checkup *c, const struct segment *s)
{
    struct {
        struct endpoint src, dst;
        uint32_t seq, ack, len, id;
    } what;
    if (!s->len && !(s->flags & (TCP_SYN | TCP_FIN)))
        return;                         /* acknowledgements are repeated on purpose */
    memset(&what, 0, sizeof what);
    what.src = s->src;
    what.dst = s->dst;
    what.seq = s->seq;
    what.ack = s->ack;
    what.len = s->len;
    what.id = endpoint_is_v4(&s->src) && s->ip.n >= 6 ? load_be16(s->ip.p + 4) : 0;
    uint64_t name = hash_bytes(&c->key, &what, sizeof what) | 1, within = what.id ? 50 * ms_ns : 2 * ms_ns;
    struct recent *r = &c->recent[name / 2 % RECENT];
    uint16_t vlan = s->nvlan ? s->vlan[0] : 0;
    uint64_t apart = s->ts_ns > r->ts_ns ? s->ts_ns - r->ts_ns : r->ts_ns - s->ts_ns;
    c->repeatable++;
    if (r->name == name && apart < within) {
        c->twice++;
        if (r->vlan != vlan) {
            c->twice_vlan++;
            c->vlans[0] = r->vlan;
            c->vlans[1] = vlan;
        }
    }
    *r = (struct recent){ name, s->ts_ns, vlan };
}

static void note_time(struct checkup *c, uint64_t ts_ns)
{
    if (ts_ns + second_ns < c->last_ns) {
        c->back++;
        if (c->last_ns - ts_ns > c->worst_back_ns)
            c->worst_back_ns = c->last_ns - ts_ns;
    }
    c->last_ns = ts_ns;
}

void checkup_packet(struct checkup *c, const struct packet *p)
{
    struct segment s;
    enum decode_result r = decode(p, &s);
    bool cut = p->data.n < p->wire_len;

    c->packets++;
    note_time(c, p->ts_ns);
    c->largest = p->wire_len > c->largest ? p->wire_len : c->largest;
    c->glued += p->wire_len > LARGEST;
    c->cut += cut;
    c->not_decoded += r == DECODE_MALFORMED || r == DECODE_TRUNCATED || r == DECODE_TOO_DEEP;
    if (cut && p->data.n > c->longest_cut)
        c->longest_cut = (uint32_t)p->data.n;
    if (r == DECODE_UNKNOWN_LINK) {
        c->unknown_link++;
        c->linktype = p->linktype;
    }
    if (r != DECODE_TCP)
        return;
    bool mail = port_is_mail(c->ports, s.src.port) || port_is_mail(c->ports, s.dst.port);
    c->tcp++;
    c->mail += mail;
    c->cut_mail += mail && cut;
    note_connection(c, &s, mail);
    note_copies(c, &s);
}

/* --- what was found --- */

struct saying {
    const struct checkup *c;
    const char *interface;              /* NULL: a file */
    checkup_say *say;
    void *ctx;
};

void mend_with(const char *mend, const char *interface, char *out, size_t room)
{
    const char *at = mend && interface ? strstr(mend, "IF") : NULL;
    if (at)
        snprintf(out, room, "%.*s%s%s", (int)(at - mend), mend, interface, at + 2);
    else
        snprintf(out, room, "%s", mend ? mend : "");
}

static void say(const struct saying *w, enum health h, const char *what, const char *mend, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static void say(const struct saying *w, enum health h, const char *what, const char *mend, const char *format, ...)
{
    char sentence[SENTENCE], command[SENTENCE];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    mend_with(mend, w->interface, command, sizeof command);
    w->say(w->ctx, h, what, sentence, mend ? command : NULL);
}

static unsigned long long n(uint64_t x) { return x; }
static double percent(uint64_t part, uint64_t all) { return all ? 100.0 * (double)part / (double)all : 0; }
static enum health by_share(uint64_t part, uint64_t all, double note, double bad)
{
    double p = percent(part, all);
    return p >= bad ? HEALTH_BAD : p >= note ? HEALTH_NOTE : HEALTH_GOOD;
}

static void say_link(const struct saying *w)
{
    const struct checkup *c = w->c;
    if (c->unknown_link)
        say(w, HEALTH_BAD, "link type", w->interface ? "tcpdump -L -i IF" : "tcpdump -i INTERFACE -y EN10MB -s 0 -w FILE",
            "%llu of %llu packets are of link type %d, which is not decoded", n(c->unknown_link), n(c->packets), c->linktype);
    else
        say(w, HEALTH_GOOD, "link type", NULL, "all packets are of types that are decoded");
    enum health h = by_share(c->not_decoded, c->packets, 0.1, 5);
    say(w, h, "headers", h ? (w->interface ? "mailseal monitor --interface IF --snaplen 262144" : "tcpdump -s 0 -w FILE") : NULL,
        "%llu of %llu packets cannot be decoded (cut, contradictory or too deep)", n(c->not_decoded), n(c->packets));
}

static void say_mail(const struct saying *w)
{
    const struct checkup *c = w->c;
    if (c->mail)
        say(w, HEALTH_GOOD, "mail", NULL, "%llu of %llu TCP packets are of mail ports", n(c->mail), n(c->tcp));
    else
        say(w, HEALTH_BAD, "mail", w->interface ? "tcpdump -n -c 10 -i IF 'tcp port 25 or tcp port 587 or tcp port 993'" : "tcpdump -s 0 -w FILE 'tcp port 25 or tcp port 587 or tcp port 993'",
            "no packet of %llu TCP packets is of a mail port: mirror the port or the VLAN of the mail server, or name its ports by --ports", n(c->tcp));
}

/* Of mail, if there is any, else of all TCP. */
static void say_directions(const struct saying *w)
{
    const struct checkup *c = w->c;
    uint64_t seen = 0, one = 0;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        const struct connection *f = &c->connection[i];
        if (!f->name || f->packets[0] + (uint64_t)f->packets[1] < ENOUGH || (c->mail && !f->mail))
            continue;
        seen++;
        one += !f->packets[0] || !f->packets[1];
    }
    enum health h = by_share(one, seen, 5, 30);
    const char *which = c->mail ? "mail connections" : "TCP connections";
    if (!seen)
        say(w, HEALTH_NOTE, "directions", NULL, "no connection had enough packets to tell");
    else
        say(w, h, "directions", h ? (w->interface ? "mailseal monitor --interface IF,OTHER   (two halves of a tap; on a switch: mirror both, rx and tx)"
                                                   : "mergecap -w FILE ONE OTHER   (two halves of a tap; on a switch: mirror both, rx and tx)") : NULL,
            "%llu of %llu %s were seen in one direction only (%.0f %%)", n(one), n(seen), which, percent(one, seen));
}

static void say_copies(const struct saying *w)
{
    const struct checkup *c = w->c;
    enum health h = by_share(c->twice, c->repeatable, 1, 10);
    char vlans[80] = "";
    if (c->twice_vlan)
        snprintf(vlans, sizeof vlans, "; %llu with another VLAN tag, such as %u and %u", n(c->twice_vlan), c->vlans[0], c->vlans[1]);
    say(w, h, "duplicates", h ? (w->interface ? "mailseal monitor --interface IF --filter 'vlan N and tcp'   (or mirror rx only, or one VLAN)" : "editcap -D 64 FILE OUT   (or mirror rx only, or one VLAN)") : NULL,
        "%llu of %llu packets came twice (%.1f %%)%s", n(c->twice), n(c->repeatable), percent(c->twice, c->repeatable), vlans);
}

static void say_sizes(const struct saying *w)
{
    const struct checkup *c = w->c;
    enum health h = c->cut_mail ? HEALTH_BAD : c->cut ? HEALTH_NOTE : HEALTH_GOOD;
    say(w, h, "snap length", h ? (w->interface ? "mailseal monitor --interface IF --snaplen 262144" : "tcpdump -s 0 -w FILE") : NULL,
        c->cut ? "%llu of %llu packets are cut, %llu of them of mail, after %u bytes" : "none of the packets is cut",
        n(c->cut), n(c->packets), n(c->cut_mail), c->longest_cut);
    if (c->glued)
        say(w, HEALTH_NOTE, "glued packets", w->interface ? "ethtool -K IF gro off lro off" : "ethtool -K INTERFACE gro off lro off tso off gso off",
            "%llu packets are larger than any on the wire (%u bytes): the network card or the kernel put them together", n(c->glued), c->largest);
    else
        say(w, HEALTH_GOOD, "glued packets", NULL, "none is larger than what a wire carries; the largest has %u bytes", c->largest);
}

static void say_clock(const struct saying *w)
{
    const struct checkup *c = w->c;
    say(w, c->back ? HEALTH_NOTE : HEALTH_GOOD, "packet times", c->back ? (w->interface ? "timedatectl set-ntp true" : "reordercap FILE OUT") : NULL,
        c->back ? "the time went back by more than a second %llu times, by %.1f s at most" : "they never go back by more than a second", n(c->back),
        (double)c->worst_back_ns / 1e9);
}

void checkup_report(const struct checkup *c, const char *interface, checkup_say *tell, void *ctx)
{
    const struct saying w = { c, interface, tell, ctx };
    if (!c->packets) {
        say(&w, HEALTH_BAD, "packets", interface ? "tcpdump -n -c 10 -i IF" : NULL, "there is none: %s",
            interface ? "look at the cable and at the switch's mirror session" : "the file is empty");
        return;
    }
    say(&w, HEALTH_GOOD, "packets", NULL, "%llu, of which %llu are TCP", n(c->packets), n(c->tcp));
    say_link(&w);
    say_mail(&w);
    say_directions(&w);
    say_copies(&w);
    say_sizes(&w);
    say_clock(&w);
}
