/* gzip (RFC 1952), any number of members. Told bytes, gives bytes; knows nothing of files.
 * unzstd.h has the same four functions. */
#ifndef MAILSEAL_CAPTURE_GUNZIP_H
#define MAILSEAL_CAPTURE_GUNZIP_H

#include "base/bytes.h"

struct gunzip;

struct gunzip *gunzip_new(void);        /* NULL: no memory */
/* Unpacks *in into out and moves *in behind what was used. Returns how many bytes were written:
 * fewer than room only if *in is used up or *why was set. *why is then half a sentence. */
size_t gunzip(struct gunzip *, struct span *in, uint8_t *out, size_t room, const char **why);
/* Whether the packed bytes may end here: after a member, or after zeros that follow one. */
bool gunzip_may_end(const struct gunzip *);
void gunzip_free(struct gunzip *);      /* NULL is allowed */
const char *gunzip_library(void);       /* version of zlib */

#endif
