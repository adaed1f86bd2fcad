/* The top of the page: the answer with its interval, each hop, and what speaks against believing it. */
#ifndef MAILSEAL_PAGE_HEADLINE_H
#define MAILSEAL_PAGE_HEADLINE_H

#include "page/figure.h"

/* Writes what was seen from when to when, and the answer. *recent is the day at which the latest 30 days begin, "" if
 * there is none; valid as long as the page's. 0, or a status and a sentence. */
enum { HEADLINE_DAY = 16 };
int headline_write(struct page *, char recent[HEADLINE_DAY], char error[REPORT_ERROR]);

/* What has to be known before; nothing where there is nothing. */
int caveats_write(struct page *, char error[REPORT_ERROR]);

#endif
