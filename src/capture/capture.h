/* Packets out of capture files, in batches. */
#ifndef MAILSEAL_CAPTURE_CAPTURE_H
#define MAILSEAL_CAPTURE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* Link types are the LINKTYPE_ numbers of the pcap file format (draft-ietf-opsawg-pcaplinktype). */
struct packet {
    uint64_t ts_ns;                     /* nanoseconds since 1970 UTC */
    struct span data;                   /* what was captured, from the link header on */
    uint32_t wire_len;                  /* length on the wire; data.n may be less */
    int linktype;
    uint16_t link;                      /* which of several it came by, from 0 on */
};

enum { CAPTURE_BATCH = 256, CAPTURE_BLOCK = 512 * 1024, CAPTURE_ERROR = 512, CAPTURE_END_HASH = 32,
       CAPTURE_LINKS = 16 };

enum capture_status {
    CAPTURE_OK,
    CAPTURE_UNREADABLE,                 /* no such file, no right to read, an I/O error */
    CAPTURE_NOT_ONE,                    /* the bytes are not a capture, or the file is empty */
    CAPTURE_DAMAGED                     /* it was a capture up to some offset */
};

struct capture;

/* Opens a file, or standard input as "-". pcap (micro- and nanoseconds, both byte orders) and
 * pcapng are told apart by their first bytes, as is gzip or zstd around them; what else libpcap reads
 * is left to libpcap. NULL: *status and error say why, in one sentence that names the file. */
struct capture *capture_open(const char *path, enum capture_status *status, char error[CAPTURE_ERROR]);

/* Fills at most max packets and returns how many; 0 at the end or at damage, which
 * capture_status() tells apart. The packets stay valid until the next call or close. */
size_t capture_next(struct capture *, struct packet *out, size_t max);

/* Fills in packets of what capture_next() has read already, so that those given out before stay valid, too. 0:
 * there are no more of these. */
size_t capture_more(struct capture *, struct packet *out, size_t max);

/* Gives the memory in which the packets given out so far lie to the caller: they stay valid as long as he leaves
 * it alone. It was made by pages_get(), as must be fresh, which takes its place: CAPTURE_BLOCK bytes. */
void *capture_exchange(struct capture *, void *fresh);

/* From now on capture_next() gives 0, too, when nothing has come by a pipe for a fifth of a second, and
 * capture_is_idle() holds: it has not ended, and may be asked again. Not with the formats that only libpcap reads. */
void capture_be_restless(struct capture *);
bool capture_is_idle(const struct capture *);

/* What each link of capture_live() (capture/live.h) has brought; *n is 0 for files. */
struct link_counts {
    uint64_t packets, bytes, first_ns, last_ns;
    uint64_t dropped_kernel, dropped_interface;
    int linktype;                       /* -1: not known */
    bool gone;                          /* its interface is not there */
};
const struct link_counts *capture_links(const struct capture *, unsigned *n);
/* Time of an idle capture: that of the machine while it is read live, 0: nobody knows. */
uint64_t capture_clock_ns(const struct capture *);

/* May be called by another thread: from now on a capture that comes by a pipe ends with what has been read, within
 * a fifth of a second even if nothing comes. */
void capture_stop(struct capture *);

/* CAPTURE_OK: all that there was has been read. Otherwise capture_error() is one sentence
 * with the file, the offset and the reason; the packets before it were given out. */
enum capture_status capture_status(const struct capture *);
const char *capture_error(const struct capture *);      /* owned by the capture */

/* Bytes of the file read so far (packed ones of a packed file), and its size or 0 if unknown. */
uint64_t capture_offset(const struct capture *);
uint64_t capture_size(const struct capture *);

/* Who the source is, for recognising it again: size in bytes and SHA-256 of its first and last
 * 64 KiB as stored. Of a file at any time; of standard input once it has been read to its end. */
struct capture_identity {
    uint64_t size;
    uint8_t ends[CAPTURE_END_HASH];
};
bool capture_identify(const struct capture *, struct capture_identity *out);

/* Reads everything left without giving it out: how many packets there were and the time of the
 * last one. */
void capture_skim(struct capture *, uint64_t *packets, uint64_t *last_ns);

void capture_close(struct capture *);   /* NULL is allowed */

/* "libpcap version …", as it calls itself. */
const char *capture_library(void);

/* --- which files, and in which order --- */

struct capture_file {
    char *path;                         /* as given, or folder/name */
    uint64_t first_ns;
    int linktype;                       /* of the first packet */
    bool empty;                         /* a capture without a packet */
    struct capture *open;               /* what cannot be opened twice (standard input, a pipe): to be
                                           read from here, closed with the list; else NULL */
};

struct capture_list {
    struct capture_file *file;          /* sorted by first packet, then path */
    size_t n;
    unsigned refused;                   /* sentences told to `complain` */
};

/* Looks at each path; a file with two names is listed once. Folders are read recursively, links in
 * them are not followed, and files in them that are no captures are passed over. Told to
 * `complain`, one sentence each, and counted: named files that cannot be used, captures in folders
 * that cannot be used, what in a folder cannot be read, and a named folder without a capture. */
void capture_list_make(struct capture_list *, char *const *paths, size_t n,
                       void (*complain)(void *ctx, enum capture_status, const char *sentence), void *ctx);
void capture_list_free(struct capture_list *);

#endif
