/* What the two files of derivations share. */
#ifndef MAILSEAL_METAMORPHIC_DERIVE_H
#define MAILSEAL_METAMORPHIC_DERIVE_H

#include "metamorphic.h"

/* A whole segment of at least so many bytes; not a SYN, whose data (RFC 7413) no end divides. */
bool pkt_divisible(const struct pkt *, uint32_t at_least);
void copy_range(const struct golden *, size_t from, size_t to, struct packets *out);

#endif
