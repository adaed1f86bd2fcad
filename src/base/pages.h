/* Memory for bytes as they were captured: packets, and what unpacks them. It is kept out of core files
 * (MADV_DONTDUMP), and what was in it is gone when it is given back: the pages go back to the system. */
#ifndef MAILSEAL_BASE_PAGES_H
#define MAILSEAL_BASE_PAGES_H

#include <stddef.h>

/* n zeroed bytes, in pages of their own: not for small things. NULL: no memory. */
void *pages_get(size_t n);
void pages_put(void *);                 /* NULL is allowed */

#endif
