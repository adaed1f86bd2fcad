/* Words that a person gives and that have to be in a list of facts/vocabulary.h. */
#ifndef MAILSEAL_REPORT_WORDS_H
#define MAILSEAL_REPORT_WORDS_H

#include "report/report.h"

#include <stdbool.h>

/* False: *error says which words of this kind there are. */
bool word_check(const char *kind, const char *word, char error[REPORT_ERROR]);

#endif
