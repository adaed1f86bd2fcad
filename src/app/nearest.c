#include "app/nearest.h"

#include <stddef.h>
#include <string.h>

enum { WORD_MOST = 32 };

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

/* Letters to be put in, taken out or replaced to make one of the other (Levenshtein). */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[WORD_MOST + 1];
    size_t n = strlen(b);
    if (strlen(a) > WORD_MOST || n > WORD_MOST)
        return WORD_MOST;
    for (unsigned j = 0; j <= n; j++)
        row[j] = j;
    for (unsigned i = 1; *a; a++, i++) {
        unsigned corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            unsigned replaced = corner + (*a != b[j - 1]);
            corner = row[j];
            row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[n];
}

struct nearest nearest_to(const char *wrong)
{
    return (struct nearest){ .wrong = wrong, .distance = WORD_MOST };
}

void nearest_try(struct nearest *n, const char *word)
{
    unsigned d = distance(n->wrong, word);
    if (d < n->distance) {
        n->distance = d;
        n->best = word;
    }
}

const char *nearest_word(const struct nearest *n)
{
    return n->distance <= 1 + strlen(n->wrong) / 3 ? n->best : NULL;
}
