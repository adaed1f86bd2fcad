/* zstd (RFC 8878), any number of frames, skippable ones among them. Told bytes, gives bytes, as
 * gunzip.h does. Without libzstd (no HAVE_ZSTD) none can be made. */
#ifndef MAILSEAL_CAPTURE_UNZSTD_H
#define MAILSEAL_CAPTURE_UNZSTD_H

#include "base/bytes.h"

struct unzstd;

bool unzstd_is_there(void);             /* whether libzstd was there at build time */

struct unzstd *unzstd_new(void);        /* NULL: no memory */
/* Unpacks *in into out and moves *in behind what was used. Returns how many bytes were written:
 * fewer than room only if *in is used up or *why was set. *why is then half a sentence. A frame
 * that wants a window of more than 128 MiB is such a case; so much memory a window may take. */
size_t unzstd(struct unzstd *, struct span *in, uint8_t *out, size_t room, const char **why);
bool unzstd_may_end(const struct unzstd *);     /* the packed bytes may end here: between frames */
void unzstd_free(struct unzstd *);      /* NULL is allowed */
const char *unzstd_library(void);       /* version of libzstd, or that it is not there */

#endif
