#include "report/words.h"

#include "facts/vocabulary.h"

bool word_check(const char *kind, const char *word, char error[REPORT_ERROR])
{
    const struct word_list *l = vocabulary_of(kind);
    if (word_find(l, word) < l->n)
        return true;
    int n = snprintf(error, REPORT_ERROR, "%.100s is no %s; there are:", word, kind);
    for (size_t i = 0; i < l->n; i++)
        n += snprintf(error + n, REPORT_ERROR - (size_t)n, " %s", l->word[i].word);
    return false;
}
