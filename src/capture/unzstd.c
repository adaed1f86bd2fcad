#include "capture/unzstd.h"

#ifdef HAVE_ZSTD
#include <stdlib.h>

#include "base/pages.h"

#define ZSTD_STATIC_LINKING_ONLY        /* memory of our own */
#include <zstd.h>

enum { WINDOW_LOG_MAX = 27 };           /* what `zstd -d` grants without being asked */

struct unzstd {
    ZSTD_DStream *z;
    bool between;                       /* at the end of a frame */
    size_t first, hint;                 /* bytes that the next step wants; first: that of a frame */
};

bool unzstd_is_there(void) { return true; }
const char *unzstd_library(void) { return ZSTD_versionString(); }

/* libzstd keeps what it has unpacked, as far back as the window reaches. */
static void *get_memory(void *ctx, size_t size)
{
    (void)ctx;
    return pages_get(size);
}

static void put_memory(void *ctx, void *p)
{
    (void)ctx;
    pages_put(p);
}


struct unzstd *unzstd_new(void)
{
    const ZSTD_customMem memory = { get_memory, put_memory, NULL };
    struct unzstd *u = calloc(1, sizeof *u);

    if (!u || !(u->z = ZSTD_createDStream_advanced(memory)) ||
        ZSTD_isError(ZSTD_DCtx_setParameter(u->z, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
        unzstd_free(u);
        return NULL;
    }
    u->first = u->hint = ZSTD_initDStream(u->z);
    return u;
}

void unzstd_free(struct unzstd *u)
{
    if (!u)
        return;
    ZSTD_freeDStream(u->z);
    free(u);
}

bool unzstd_may_end(const struct unzstd *u) { return u->between; }

/* Also to be called with no bytes in, as libzstd may hold some back for which there was no room.
 * Between frames it must not be: that would begin another one. No more is shown at a time than it
 * asks for: a frame that it sees whole it unpacks at one go, and when the checksum is wrong gives
 * nothing of it. */
size_t unzstd(struct unzstd *u, struct span *in, uint8_t *out, size_t room, const char **why)
{
    ZSTD_outBuffer o = { out, room, 0 };

    while (o.pos < room && (in->n || !u->between)) {
        ZSTD_inBuffer i = { in->p, in->n < u->hint ? in->n : u->hint, 0 };
        size_t before = o.pos, result = ZSTD_decompressStream(u->z, &o, &i);
        *in = span_skip(*in, i.pos);
        if (ZSTD_isError(result)) {
            *why = ZSTD_getErrorName(result);
            break;
        }
        u->between = result == 0;
        u->hint = result ? result : u->first;
        if (!in->n && o.pos == before)
            break;
    }
    return o.pos;
}

#else

bool unzstd_is_there(void) { return false; }
const char *unzstd_library(void) { return "none in this build"; }
struct unzstd *unzstd_new(void) { return NULL; }
void unzstd_free(struct unzstd *u) { (void)u; }
bool unzstd_may_end(const struct unzstd *u) { (void)u; return true; }

size_t unzstd(struct unzstd *u, struct span *in, uint8_t *out, size_t room, const char **why)
{
    (void)u, (void)in, (void)out, (void)room;
    *why = "no libzstd";
    return 0;
}

#endif
