#include "base/pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#ifdef __SANITIZE_ADDRESS__
/* Blocks of their own, so that the sanitizer sees every overrun and every use after return. */
void *pages_get(size_t n) { return calloc(1, n); }
void pages_put(void *p) { free(p); }
#else

enum { HEAD = 64 };                     /* holds the size; keeps what follows aligned */

void *pages_get(size_t n)
{
    if (n > SIZE_MAX - HEAD)
        return NULL;
    size_t *p = mmap(NULL, HEAD + n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    madvise(p, HEAD + n, MADV_DONTDUMP);
    *p = HEAD + n;
    return (char *)p + HEAD;
}

void pages_put(void *p)
{
    if (!p)
        return;
    size_t *head = (size_t *)(void *)((char *)p - HEAD);
    munmap(head, *head);
}
#endif
