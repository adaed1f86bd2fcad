/* What the fuzz targets share. A target is a file NAME_fuzz.c with one function; NAME is also
 * the folder of its inputs in corpora/. */
#ifndef MAILSEAL_TESTS_FUZZ_H
#define MAILSEAL_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Like assert(), and never compiled out. */
#define must(condition)                                                                 \
    do {                                                                                \
        if (!(condition)) {                                                             \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
            abort();                                                                    \
        }                                                                               \
    } while (0)

/* A copy of exactly n bytes, so that a sanitizer sees any read beyond them; to be freed. */
static inline uint8_t *exact_copy(const void *p, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    must(copy);
    if (n)
        memcpy(copy, p, n);
    return copy;
}

#endif
