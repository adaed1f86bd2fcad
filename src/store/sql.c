#include "store/sql.h"

#include <stddef.h>
#include <string.h>

const char *sql_find(const char *path)
{
    for (const struct sql_text *t = sql_texts; t->path; t++)
        if (strcmp(t->path, path) == 0)
            return t->text;
    return NULL;
}

const char *sql_summary(const char *text, int *n)
{
    const char *start = strncmp(text, "-- ", 3) == 0 ? text + 3 : text;
    *n = (int)strcspn(start, "\n");
    return start;
}
