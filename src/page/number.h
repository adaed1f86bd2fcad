/* Numbers as people read them. */
#ifndef MAILSEAL_PAGE_NUMBER_H
#define MAILSEAL_PAGE_NUMBER_H

#include <stdint.h>

enum { NUMBER = 32 };

/* "94.2 %" of 0.942. What is not all is not written as 100 %, nor what is not nothing as 0: then there are more
 * digits, up to six. The space does not break. */
const char *number_percent(double share, char out[NUMBER]);
/* "1,234,567" */
const char *number_count(double n, char out[NUMBER]);
/* "1.2 M", "350 k", "12": short, for an axis. */
const char *number_short(double n, char out[NUMBER]);

#endif
