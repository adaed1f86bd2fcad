/* The bytes of one capture, from a file or standard input, unpacked where they are gzip or zstd.
 *
 * They lie in one block of memory. The part of it that has been read and not been taken is the
 * window; records are parsed in place there. Only input_refill() and input_exchange() move bytes, so what the window
 * showed stays where it is until then. */
#ifndef MAILSEAL_CAPTURE_INPUT_H
#define MAILSEAL_CAPTURE_INPUT_H

#include "capture/capture.h"

enum {
    INPUT_BLOCK = CAPTURE_BLOCK,        /* the window is never larger */
    INPUT_END = 64 * 1024               /* bytes at either end that identify a source */
};

struct input;

/* "-" is standard input. The first bytes are read at once, to see whether they are packed. NULL:
 * CAPTURE_UNREADABLE, or CAPTURE_NOT_ONE for packings that are known and not unpacked, and in
 * error one sentence. */
struct input *input_open(const char *path, enum capture_status *, char error[CAPTURE_ERROR]);
void input_close(struct input *);       /* NULL is allowed */

/* What sentences call it: the path, or only the end of a long one. */
const char *input_name(const struct input *);

struct span input_window(const struct input *);
/* Takes n bytes off the front. n may go beyond the window: what is missing is passed over by
 * later refills. */
void input_take(struct input *, uint64_t n);
/* Moves the window to the front of the block and reads more until there are at least need bytes,
 * need <= INPUT_BLOCK. False: there are fewer and no more will come; input_status() knows why. */
bool input_refill(struct input *, size_t need);
/* Puts fresh in the place of the block, the window with it, and gives the block: both INPUT_BLOCK bytes in pages. */
void *input_exchange(struct input *, void *fresh);
/* From now on input_refill() gives up, too, when nothing has come by a pipe for a fifth of a second: it is idle then,
 * has not ended, and may be asked again. */
void input_be_restless(struct input *);
bool input_is_idle(const struct input *);
/* Of what is no file no more is read. May be called by another thread. */
void input_stop(struct input *);
/* How many bytes that were taken turned out not to exist; final once input_refill() gave false. */
uint64_t input_missing(const struct input *);

/* CAPTURE_OK while nothing went wrong, the end included. CAPTURE_UNREADABLE, CAPTURE_DAMAGED (the
 * packing is): input_error() is the sentence. */
enum capture_status input_status(const struct input *);
const char *input_error(const struct input *);          /* owned by the input */

/* Where the window begins, counted in unpacked bytes. */
uint64_t input_position(const struct input *);
bool input_is_packed(const struct input *);
bool input_is_file(const struct input *);               /* can be opened and read once more */
bool input_has_grown(const struct input *);             /* a file, since it was opened */
bool input_ended(const struct input *);                 /* the window is all that is left */

uint64_t input_stored_read(const struct input *);       /* bytes as stored, read so far */
uint64_t input_stored_size(const struct input *);       /* 0: unknown */
bool input_identify(const struct input *, struct capture_identity *out);

#endif
