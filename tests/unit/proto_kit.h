/* What the tests of the parsers share. */
#ifndef MAILSEAL_TESTS_PROTO_KIT_H
#define MAILSEAL_TESTS_PROTO_KIT_H

#include <stdlib.h>
#include <string.h>

#include "proto/proto.h"

#define COUNT(table) (sizeof table / sizeof *table)
#define TEXT(literal) literal, sizeof literal - 1       /* bytes and their number; NULs are allowed */

/* Exactly n bytes, so that a sanitizer sees any read beyond them; to be freed. */
static inline uint8_t *copy_of(const void *p, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    if (n)
        memcpy(copy, p, n);
    return copy;
}

/* want NULL: an empty span. */
static inline void assert_span(struct span s, const char *want, const char *where)
{
    size_t n = want ? strlen(want) : 0;
    if (s.n != n || (n && memcmp(s.p, want, n) != 0))
        fail_msg("%s: \"%.*s\" is not \"%s\"", where, (int)s.n, s.n ? (const char *)s.p : "",
                 want ? want : "");
}

#endif
