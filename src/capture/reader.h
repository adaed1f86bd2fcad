/* How the formats of capture files are read. For the files of this folder only. */
#ifndef MAILSEAL_CAPTURE_READER_H
#define MAILSEAL_CAPTURE_READER_H

#include "capture/capture.h"
#include "capture/input.h"
#include "capture/live.h"

#include <sys/time.h>

enum {
    PACKET_MAX = 262144,                /* captured bytes; libpcap's bound too. More is damage. */
    HEAD_MAX = 24,                      /* bytes that tell the formats apart */
    REASON_MAX = 160
};

enum record_step {
    RECORD_PACKET,
    RECORD_OTHER,                       /* a record without a packet */
    RECORD_MORE,                        /* the window must show more */
    RECORD_BAD
};

struct record {
    uint64_t size;                      /* PACKET, OTHER: bytes of the record, even beyond the window */
    size_t need;                        /* MORE: bytes to show, at most INPUT_BLOCK */
    char reason[REASON_MAX];            /* BAD: half a sentence */
};

/* A parser of one format. It is shown the bytes from the next record on and keeps only what file
 * headers said. The file header counts as a record. */
struct format {
    /* By the first bytes of a file: HEAD_MAX of them, or all there are. */
    bool (*recognise)(struct span head);
    void *(*start)(void);               /* the parser's state; NULL: no memory */
    /* With RECORD_PACKET, *packet is filled and borrows from in. */
    enum record_step (*record)(void *state, struct span in, struct packet *packet, struct record *);
    void (*stop)(void *state);
};

extern const struct format format_pcap, format_pcapng;

static inline enum record_step record_more(struct record *r, size_t need)
{
    r->need = need;
    return RECORD_MORE;
}

enum record_step record_bad(struct record *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Times are kept so that they fit a signed 64-bit number, as SQL has them: until 2262. */
static inline uint64_t time_clamped(uint64_t ns)
{
    return ns > INT64_MAX ? INT64_MAX : ns;
}

/* --- what only libpcap knows; capture_libpcap.c and capture_live.c are the files that include <pcap.h> --- */

struct libpcap;

/* Takes the input over from its window on, until libpcap_close(). NULL: not a capture either. */
struct libpcap *libpcap_open(struct input *);
/* As capture_next(); the packets are copies and stay valid until a call with fresh true. At the end
 * 0; at damage *reason is set too, to half a sentence owned by the libpcap. */
size_t libpcap_next(struct libpcap *, bool fresh, struct packet *out, size_t max, const char **reason);
void *libpcap_exchange(struct libpcap *, void *fresh);   /* as capture_exchange() */
void libpcap_close(struct libpcap *);   /* NULL is allowed */

int libpcap_linktype(int dlt);          /* LINKTYPE_ of a DLT_ */
uint64_t libpcap_time(const struct timeval *);  /* of a capture in nanoseconds */

/* --- capture_live.c --- */

struct live;

struct live *live_new(struct live_link *const *, unsigned n);   /* NULL: no memory */
void live_free(struct live *);          /* NULL is allowed */
size_t live_next(struct live *, bool fresh, struct packet *out, size_t max);
void *live_exchange(struct live *, void *fresh);
void live_stop(struct live *);
bool live_is_stopped(const struct live *);
uint64_t live_clock(void);
const struct link_counts *live_counts(const struct live *, unsigned *n);

/* --- capture.c --- */

/* The next packet, which capture_next() will give out again. It stays valid until the call of
 * capture_next() after that one. */
bool capture_peek(struct capture *, struct packet *out);
bool capture_is_file(const struct capture *);   /* can be opened again */

#endif
