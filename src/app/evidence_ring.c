#include "app/evidence_ring.h"

#include <string.h>
#include <sys/mman.h>

bool evidence_ring_make(struct evidence_ring *r, size_t size)
{
    size -= size % 4096;
    void *shared = mmap(NULL, sizeof *r->shared + size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return false;
    madvise(shared, sizeof *r->shared + size, MADV_DONTDUMP);
    *r = (struct evidence_ring){ .size = size, .shared = shared };
    return true;
}

void evidence_ring_free(struct evidence_ring *r)
{
    if (r->shared)
        munmap(r->shared, sizeof *r->shared + r->size);
    r->shared = NULL;
}

bool evidence_ring_protect(struct evidence_ring *r)
{
    return mprotect(r->shared, sizeof *r->shared + r->size, PROT_READ) == 0;
}

uint8_t *evidence_ring_room(const struct evidence_ring *r, size_t n, uint64_t *place)
{
    uint64_t at = atomic_load(&r->shared->begun), left = r->size - at % r->size;
    if (n > EVIDENCE_ENTRY_MOST || n > r->size / 2)
        return NULL;
    if (left < n)                       /* an entry lies in one piece */
        at += left;
    atomic_store(&r->shared->begun, at + n);    /* before a byte of it is overwritten */
    atomic_thread_fence(memory_order_seq_cst);
    *place = at;
    return r->shared->bytes + at % r->size;
}

/* Whether nothing that was put in since may have touched it. */
static bool is_there(const struct evidence_ring *r, uint64_t place)
{
    uint64_t begun = atomic_load(&r->shared->begun);
    return place < begun && begun - place <= r->size;
}

static bool is_whole(const uint8_t *entry, size_t size)
{
    struct evidence_head h;
    struct evidence_packet p;
    size_t at = sizeof h;
    memcpy(&h, entry, sizeof h);
    for (uint32_t i = 0; i < h.packets; i++) {
        if (size - at < sizeof p)
            return false;
        memcpy(&p, entry + at, sizeof p);
        at += sizeof p;
        if (p.n > EVIDENCE_PACKET_MOST || p.n > size - at || evidence_padded(p.n) > size - at)
            return false;
        at += evidence_padded(p.n);
    }
    return at == size;
}

size_t evidence_ring_take(const struct evidence_ring *r, uint64_t place, uint8_t *to, size_t room)
{
    uint64_t offset = place % r->size, behind = r->size - offset;
    struct evidence_head h;
    if (!is_there(r, place) || offset % 8 || behind < sizeof h)
        return 0;
    memcpy(&h, r->shared->bytes + offset, sizeof h);
    uint32_t size = h.size;
    if (h.place != place || size < sizeof h || size > room || size > behind)
        return 0;
    memcpy(to, r->shared->bytes + offset, size);
    atomic_thread_fence(memory_order_seq_cst);
    if (!is_there(r, place))
        return 0;
    memcpy(to, &h, sizeof h);           /* which may have been changed since by one who is not to be trusted */
    return is_whole(to, size) ? size : 0;
}
