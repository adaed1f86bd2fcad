/* The top of the page: the answer with its interval, each hop, and what speaks against believing it. */
#ifndef MAILSEAL_PAGE_HEADLINE_H
#define MAILSEAL_PAGE_HEADLINE_H

#include "page/figure.h"

/* Writes what was seen from when to when, and the answer. Sets the page's `recent`. 0, or
 * a status and a sentence. */
int headline_write(struct page *, char error[REPORT_ERROR]);

/* What has to be known before; nothing where there is nothing. */
int caveats_write(struct page *, char error[REPORT_ERROR]);

#endif
