#include "report/series.h"

#include <strings.h>
#include <sysexits.h>

const char *series_label(const struct series *s)
{
    static char label[SERIES_NAME + sizeof s->direction + 2];

    if (!s->mixed)
        return s->name;
    snprintf(label, sizeof label, "%s, %s", s->name, *s->direction ? s->direction : "no direction");
    return label;
}

static bool is_named(const struct series *s, const char *name)
{
    return strcasecmp(series_label(s), name) == 0 || strcasecmp(s->name, name) == 0;
}

static bool has_words(const struct series *s, const char *name)
{
    char whole[SERIES_NAME + sizeof s->direction + 2], copy[SERIES_NAME];
    struct span rest = span_of(name, strlen(name)), word;
    bool any = false;

    snprintf(whole, sizeof whole, "%s, %s", s->name, s->direction);
    while ((word = span_word(&rest)).n) {
        if (word.n >= sizeof copy)
            return false;
        memcpy(copy, word.p, word.n);
        copy[word.n] = 0;
        if (span_find_nocase(span_of(whole, strlen(whole)), copy) < 0)
            return false;
        any = true;
    }
    return any;
}

static size_t choose_by(struct series_table *t, const char *name, bool (*fits)(const struct series *, const char *))
{
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++)
        n += t->series[i].chosen = fits(&t->series[i], name);
    return n;
}

static bool any(const struct series *s, const char *name) { return (void)s, (void)name, true; }

int series_choose(struct series_table *t, const char *name, char error[REPORT_ERROR])
{
    if (!name)
        return choose_by(t, name, any), 0;
    if (choose_by(t, name, is_named) || choose_by(t, name, has_words))
        return 0;
    int n = snprintf(error, REPORT_ERROR, "there is no series '%.100s'; there are:", name);
    for (size_t i = 0; i < t->n && n < REPORT_ERROR - 2 * SERIES_NAME; i++)
        n += snprintf(error + n, REPORT_ERROR - (size_t)n, "%s %s", i ? ";" : "", series_label(&t->series[i]));
    return EX_USAGE;
}
