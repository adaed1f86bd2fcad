/* What libpcap reads and we do not: old and odd kinds of pcap. */
#include "capture/reader.h"

#include "base/pages.h"

#include <pcap.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA = CAPTURE_BLOCK };         /* copies of the packets of one batch */
_Static_assert((int)ARENA >= (int)PACKET_MAX, "each packet finds room");

struct libpcap {
    struct input *input;
    pcap_t *pcap;
    int linktype;
    struct pcap_pkthdr *header;         /* a packet for which there was no room in the batch before */
    const uint8_t *data;
    size_t used;
    char reason[REASON_MAX];
    uint8_t *arena;                     /* ARENA bytes */
};

static ssize_t read_input(void *cookie, char *out, size_t n)
{
    struct input *in = cookie;

    if (!input_refill(in, 1))
        return 0;
    struct span got = span_first(input_window(in), n);
    memcpy(out, got.p, got.n);
    input_take(in, got.n);
    return (ssize_t)got.n;
}

/* libpcap gives DLT_ numbers; some differ from the LINKTYPE_ numbers of files. */
int libpcap_linktype(int dlt)
{
    static const struct { int dlt, linktype; } differ[] = {
        { 11, 100 }, { 12, 101 }, { 13, 109 }, { 14, 101 }, { 15, 102 }, { 16, 103 }, { 18, 246 },
        { 19, 106 },
    };

    for (size_t i = 0; i < sizeof differ / sizeof *differ; i++)
        if (differ[i].dlt == dlt)
            return differ[i].linktype;
    return dlt;
}

/* Unbuffered, so that libpcap reads no further than it understands and offsets are exact. */
static pcap_t *open_pcap(struct input *in)
{
    char ignored[PCAP_ERRBUF_SIZE];
    FILE *file = fopencookie(in, "rb", (cookie_io_functions_t){ .read = read_input });
    if (!file)
        return NULL;
    setvbuf(file, NULL, _IONBF, 0);
    pcap_t *pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, ignored);
    if (!pcap)
        fclose(file);
    return pcap;
}

struct libpcap *libpcap_open(struct input *in)
{
    pcap_t *pcap = open_pcap(in);
    struct libpcap *l = pcap ? calloc(1, sizeof *l) : NULL;

    if (!l || !(l->arena = pages_get(ARENA))) {
        if (pcap)
            pcap_close(pcap);
        free(l);
        return NULL;
    }
    l->input = in;
    l->pcap = pcap;
    l->linktype = libpcap_linktype(pcap_datalink(pcap));
    return l;
}

void *libpcap_exchange(struct libpcap *l, void *fresh)
{
    void *given = l->arena;
    l->arena = fresh;
    l->used = 0;
    return given;
}

void libpcap_close(struct libpcap *l)
{
    if (!l)
        return;
    pcap_close(l->pcap);
    pages_put(l->arena);
    free(l);
}

/* Makes l->header and l->data the next packet. False: the end, or damage and its reason. */
static bool read_packet(struct libpcap *l, const char **reason)
{
    int result = l->header ? 1 : pcap_next_ex(l->pcap, &l->header, &l->data);

    if (result == 1 && l->header->caplen <= PACKET_MAX)
        return true;
    if (result == 1)
        snprintf(l->reason, sizeof l->reason, "a packet of %u captured bytes is announced, more than any has",
                 l->header->caplen);
    else if (result == PCAP_ERROR && input_ended(l->input) && !input_window(l->input).n)
        snprintf(l->reason, sizeof l->reason, "the file ends in the middle of a packet");
    else if (result == PCAP_ERROR)
        snprintf(l->reason, sizeof l->reason, "libpcap cannot read on: %.100s", pcap_geterr(l->pcap));
    if (result == 1 || result == PCAP_ERROR)
        *reason = l->reason;
    l->header = NULL;
    return false;
}

/* With nanosecond precision tv_usec counts nanoseconds. */
uint64_t libpcap_time(const struct timeval *tv)
{
    if (tv->tv_sec < 0)
        return 0;
    if (tv->tv_sec >= INT64_MAX / 1000000000)
        return INT64_MAX;
    return time_clamped((uint64_t)tv->tv_sec * 1000000000 + (tv->tv_usec < 0 ? 0 : (uint64_t)tv->tv_usec));
}

size_t libpcap_next(struct libpcap *l, bool fresh, struct packet *out, size_t max, const char **reason)
{
    size_t n = 0;

    if (fresh)
        l->used = 0;
    while (n < max && read_packet(l, reason)) {
        size_t size = l->header->caplen;
        if (size > ARENA - l->used)
            break;
        uint8_t *copy = l->arena + l->used;
        memcpy(copy, l->data, size);
        explicit_bzero((void *)(uintptr_t)l->data, size);      /* its memory may land in a core file */
        out[n++] = (struct packet){
            .ts_ns = libpcap_time(&l->header->ts),
            .data = span_of(copy, size),
            .wire_len = l->header->len < size ? (uint32_t)size : l->header->len,
            .linktype = l->linktype,
        };
        l->used += size;
        l->header = NULL;
    }
    return n;
}

const char *capture_library(void) { return pcap_lib_version(); }
