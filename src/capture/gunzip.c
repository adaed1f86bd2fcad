#include "capture/gunzip.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/pages.h"

struct gunzip {
    z_stream z;
    bool between;                       /* at the end of a member */
};

/* zlib keeps the last 32 KiB that it unpacked. */
static void *get_memory(void *ctx, uInt items, uInt size)
{
    (void)ctx;
    return pages_get((size_t)items * size);
}

static void put_memory(void *ctx, void *p)
{
    (void)ctx;
    pages_put(p);
}

struct gunzip *gunzip_new(void)
{
    struct gunzip *g = calloc(1, sizeof *g);

    if (g) {
        g->z.zalloc = get_memory;
        g->z.zfree = put_memory;
    }
    if (g && inflateInit2(&g->z, 16 + MAX_WBITS) != Z_OK) {    /* 16: the gzip wrapping only */
        free(g);
        return NULL;
    }
    return g;
}

void gunzip_free(struct gunzip *g)
{
    if (!g)
        return;
    inflateEnd(&g->z);
    free(g);
}

bool gunzip_may_end(const struct gunzip *g) { return g->between; }

/* Tapes and disks are padded with zeros; anything else has to be another member. */
static bool next_member(struct gunzip *g, struct span *in)
{
    while (in->n && !in->p[0])
        *in = span_skip(*in, 1);
    if (!in->n)
        return false;
    g->between = false;
    inflateReset(&g->z);
    return true;
}

/* Also to be called with no bytes in, as zlib may hold some back for which there was no room. */
size_t gunzip(struct gunzip *g, struct span *in, uint8_t *out, size_t room, const char **why)
{
    size_t made = 0;

    while (made < room && (!g->between || next_member(g, in))) {
        uInt give = in->n > UINT_MAX ? UINT_MAX : (uInt)in->n;
        uInt take = room - made > UINT_MAX ? UINT_MAX : (uInt)(room - made);
        g->z.next_in = (z_const Bytef *)(uintptr_t)in->p;
        g->z.avail_in = give;
        g->z.next_out = out + made;
        g->z.avail_out = take;
        int result = inflate(&g->z, Z_NO_FLUSH);
        *in = span_skip(*in, give - g->z.avail_in);
        made += take - g->z.avail_out;
        if (result == Z_STREAM_END) {
            g->between = true;
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            *why = g->z.msg ? g->z.msg : "zlib cannot go on";
            break;
        } else if (g->z.avail_out && !in->n) {
            break;
        }
    }
    return made;
}

const char *gunzip_library(void) { return zlibVersion(); }
