/* Registrable domains, by the public suffix list (publicsuffix.org) and libpsl, which only suffixes.c knows. */
#ifndef MAILSEAL_LOOKUP_SUFFIXES_H
#define MAILSEAL_LOOKUP_SUFFIXES_H

#include <stdbool.h>

enum { DOMAIN_TEXT = 256 };

struct suffixes;

const char *suffixes_library(void);     /* "libpsl 0.21.2", or that this build has none */

/* Reads a list, as text. NULL: *why is what is wrong with the file, as the end of a sentence. */
struct suffixes *suffixes_open(const char *path, const char **why);
void suffixes_close(struct suffixes *); /* NULL is allowed */

/* The registrable domain of a host name, in small letters: of a.mail.example.co.uk it is example.co.uk. False: it has
 * none, being a suffix itself, an address, or no name. */
bool suffixes_domain(const struct suffixes *, const char *name, char out[DOMAIN_TEXT]);

#endif
