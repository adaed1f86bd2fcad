/* A name by which a host is known. */
#ifndef MAILSEAL_FACTS_HOST_NAME_H
#define MAILSEAL_FACTS_HOST_NAME_H

#include <stdbool.h>

#include "base/bytes.h"

enum { HOST_NAME_TEXT = 254 };          /* with the zero behind it */

/* In small letters. False, and out "": no name of RFC 1123 section 2.1 with a dot in it; an address is none. */
bool host_name_read(struct span text, char out[HOST_NAME_TEXT]);

#endif
