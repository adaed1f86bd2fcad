#include "capture/live.h"

#include <errno.h>
#include <net/if.h>
#include <pcap.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/pages.h"
#include "capture/reader.h"

enum {
    ARENA = CAPTURE_BLOCK,
    RETIRE_MS = 100,                    /* after which the kernel hands over what it has */
    PATIENCE_MS = 200,
    STATS_NS = 500000000
};
/* For packets of another link that came earlier and are still with the kernel. */
static const uint64_t hold_ns = 300000000, ahead_ns = 1000000000;

struct live_link {
    char name[IF_NAMESIZE];
    pcap_t *pcap;
    int fd, linktype;
    bool gone;
    struct pcap_pkthdr *header;         /* its next packet; NULL: none is there */
    const uint8_t *data;
};

struct live {
    struct live_link *link[CAPTURE_LINKS];
    unsigned n;
    struct link_counts counts[CAPTURE_LINKS];
    uint64_t stats_ns;                  /* when the kernel was asked last */
    atomic_bool stopped;
    size_t used;
    uint8_t *arena;
};

/* --- opening --- */

/* Of several the first that this kind of link can have, or none; one alone is what somebody asked for. */
static bool set_filter(pcap_t *pcap, const char *const *filters)
{
    struct bpf_program program;
    bool asked_for = filters[0] && !filters[1];
    for (; *filters; filters++)
        if (pcap_compile(pcap, &program, *filters, 1, PCAP_NETMASK_UNKNOWN) == 0) {
            bool good = pcap_setfilter(pcap, &program) == 0;
            pcap_freecode(&program);
            return good;
        }
    return !asked_for;
}

bool live_filter_good(const char *filter, char error[CAPTURE_ERROR])
{
    static const int kinds[] = { DLT_EN10MB, DLT_LINUX_SLL2, DLT_LINUX_SLL, DLT_RAW, DLT_PPP };
    bool good = false;
    *error = 0;
    for (size_t i = 0; !good && i < sizeof kinds / sizeof *kinds; i++) {
        struct bpf_program program;
        pcap_t *none = pcap_open_dead(kinds[i], 262144);
        good = none && pcap_compile(none, &program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0;
        if (good)
            pcap_freecode(&program);
        else if (!*error)
            snprintf(error, CAPTURE_ERROR, "'%.200s' is no filter: %.200s", filter, none ? pcap_geterr(none) : "no memory");
        if (none)
            pcap_close(none);
    }
    return good;
}

static const char *what_to_do(const char *name, int code)
{
    static char text[80];
    snprintf(text, sizeof text, "; 'ip link set %s up' lets it receive", name);
    return code == PCAP_ERROR_NO_SUCH_DEVICE ? "; 'ip link' lists interfaces" : code == PCAP_ERROR_IFACE_NOT_UP ? text : "";
}

static bool activate(pcap_t *pcap, const char *name, const struct live_options *o, enum capture_status *status,
                     char error[CAPTURE_ERROR])
{
    char ignored[PCAP_ERRBUF_SIZE];
    bool set = pcap_set_snaplen(pcap, (int)o->snaplen) == 0 && pcap_set_promisc(pcap, 1) == 0 &&
               pcap_set_timeout(pcap, RETIRE_MS) == 0 && pcap_set_buffer_size(pcap, (int)o->buffer) == 0;
    if (!set) {
        snprintf(error, CAPTURE_ERROR, "%s: cannot be captured from with a buffer of %zu bytes and packets of %u", name, (size_t)o->buffer,
                 (unsigned)o->snaplen);
        return false;
    }
    if (pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO) != 0) {
        snprintf(error, CAPTURE_ERROR, "%s: cannot be captured from: its packets have no time in nanoseconds", name);
        return false;
    }
    int code = pcap_activate(pcap);
    *status = code == PCAP_ERROR_NO_SUCH_DEVICE || code == PCAP_ERROR_IFACE_NOT_UP ? CAPTURE_NOT_ONE : CAPTURE_UNREADABLE;
    if (code == PCAP_ERROR_PERM_DENIED)
        snprintf(error, CAPTURE_ERROR, "%s: capturing needs root or the capability CAP_NET_RAW", name);
    else if (code < 0)
        snprintf(error, CAPTURE_ERROR, "%s: cannot be captured from: %.300s%s", name,
                 *pcap_geterr(pcap) ? pcap_geterr(pcap) : pcap_statustostr(code), what_to_do(name, code));
    if (code < 0)
        return false;
    if (!set_filter(pcap, o->filters) || pcap_setnonblock(pcap, 1, ignored) != 0) {
        snprintf(error, CAPTURE_ERROR, "%s: the filter cannot be set: %.300s", name, pcap_geterr(pcap));
        return false;
    }
    return true;
}

struct live_link *live_open(const char *name, const struct live_options *o, enum capture_status *status,
                            char error[CAPTURE_ERROR])
{
    char why[PCAP_ERRBUF_SIZE] = "";
    struct live_link *l = calloc(1, sizeof *l);
    *status = CAPTURE_UNREADABLE;
    if (!l || !(l->pcap = pcap_create(name, why))) {
        snprintf(error, CAPTURE_ERROR, "%s: cannot be captured from: %.300s", name, l ? why : "no memory");
        free(l);
        return NULL;
    }
    if (!activate(l->pcap, name, o, status, error)) {
        live_close(l);
        return NULL;
    }
    snprintf(l->name, sizeof l->name, "%s", name);
    l->fd = pcap_get_selectable_fd(l->pcap);
    l->linktype = libpcap_linktype(pcap_datalink(l->pcap));
    *status = CAPTURE_OK;
    return l;
}

void live_close(struct live_link *l)
{
    if (!l)
        return;
    pcap_close(l->pcap);
    free(l);
}

struct live *live_new(struct live_link *const *links, unsigned n)
{
    struct live *l = calloc(1, sizeof *l);
    if (!l || !(l->arena = pages_get(ARENA))) {
        free(l);
        return NULL;
    }
    l->n = n < CAPTURE_LINKS ? n : CAPTURE_LINKS;
    for (unsigned i = 0; i < l->n; i++) {
        l->link[i] = links[i];
        l->counts[i].linktype = links[i] ? links[i]->linktype : -1;
        l->counts[i].gone = !links[i];
    }
    return l;
}

void live_free(struct live *l)
{
    if (!l)
        return;
    for (unsigned i = 0; i < l->n; i++)
        live_close(l->link[i]);
    pages_put(l->arena);
    free(l);
}

/* --- reading --- */

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static bool is_there(const struct live_link *l) { return l && !l->gone; }

/* Makes header and data the next packet of a link; false: there is none now. */
static bool look(struct live *l, unsigned i)
{
    struct live_link *k = l->link[i];
    if (!is_there(k))
        return false;
    if (k->header)
        return true;
    int result = pcap_next_ex(k->pcap, &k->header, &k->data);
    if (result != 1)
        k->header = NULL;
    if (result < 0)
        k->gone = l->counts[i].gone = true;
    return result == 1;
}

/* The link whose packet comes next; -1: none, or it has to be waited for what others may still bring. */
static int next_link(struct live *l)
{
    uint64_t first_ns = UINT64_MAX;
    bool silent = false;
    int first = -1;
    for (unsigned i = 0; i < l->n; i++) {
        if (!look(l, i)) {
            silent = silent || is_there(l->link[i]);
            continue;
        }
        uint64_t at = libpcap_time(&l->link[i]->header->ts);
        if (at < first_ns) {
            first_ns = at;
            first = (int)i;
        }
    }
    if (first < 0 || !silent)
        return first;
    uint64_t at = now();
    bool fresh = first_ns + hold_ns > at && first_ns < at + ahead_ns;
    return fresh ? -1 : first;
}

static void count(struct link_counts *c, const struct packet *p)
{
    if (!c->packets)
        c->first_ns = p->ts_ns;
    c->last_ns = p->ts_ns;
    c->packets++;
    c->bytes += p->data.n;
}

/* False: there is no room for it. */
static bool take(struct live *l, unsigned i, struct packet *out)
{
    struct live_link *k = l->link[i];
    size_t size = k->header->caplen < PACKET_MAX ? k->header->caplen : PACKET_MAX;
    if (size > ARENA - l->used)
        return false;
    uint8_t *copy = l->arena + l->used;
    memcpy(copy, k->data, size);
    *out = (struct packet){
        .ts_ns = libpcap_time(&k->header->ts),
        .data = span_of(copy, size),
        .wire_len = k->header->len < size ? (uint32_t)size : k->header->len,
        .linktype = k->linktype,
        .link = (uint16_t)i,
    };
    l->used += size;
    k->header = NULL;
    count(&l->counts[i], out);
    return true;
}

static size_t take_some(struct live *l, struct packet *out, size_t max)
{
    size_t n = 0;
    for (int i; n < max && (i = next_link(l)) >= 0 && take(l, (unsigned)i, out + n);)
        n++;
    return n;
}

/* What the kernel had to drop so far. */
static void ask_kernel(struct live *l)
{
    struct pcap_stat s;
    uint64_t at = now();
    if (at - l->stats_ns < STATS_NS)
        return;
    l->stats_ns = at;
    for (unsigned i = 0; i < l->n; i++)
        if (is_there(l->link[i]) && pcap_stats(l->link[i]->pcap, &s) == 0) {
            /* they are 32 bits wide */
            l->counts[i].dropped_kernel += (uint32_t)(s.ps_drop - (uint32_t)l->counts[i].dropped_kernel);
            l->counts[i].dropped_interface += (uint32_t)(s.ps_ifdrop - (uint32_t)l->counts[i].dropped_interface);
        }
}

static void wait(struct live *l)
{
    struct pollfd fd[CAPTURE_LINKS];
    nfds_t n = 0;
    bool held = false;
    for (unsigned i = 0; i < l->n; i++)
        if (is_there(l->link[i])) {
            held = held || l->link[i]->header;
            fd[n++] = (struct pollfd){ .fd = l->link[i]->fd, .events = POLLIN };
        }
    if (held)                           /* another one is waited for: that takes its time */
        poll(NULL, 0, RETIRE_MS / 4);
    else
        poll(fd, n, PATIENCE_MS);
}

size_t live_next(struct live *l, bool fresh, struct packet *out, size_t max)
{
    if (fresh) {
        l->used = 0;
        ask_kernel(l);
    }
    size_t n = take_some(l, out, max);
    if (n || !fresh || atomic_load(&l->stopped))
        return n;
    wait(l);
    return take_some(l, out, max);
}

void *live_exchange(struct live *l, void *fresh)
{
    void *given = l->arena;
    l->arena = fresh;
    l->used = 0;
    return given;
}

void live_stop(struct live *l) { atomic_store(&l->stopped, true); }
bool live_is_stopped(const struct live *l) { return atomic_load(&l->stopped); }
uint64_t live_clock(void) { return now(); }

const struct link_counts *live_counts(const struct live *l, unsigned *n)
{
    *n = l->n;
    return l->counts;
}
