#include "facts/session.h"

#include <string.h>

enum grade evidence_grade(uint32_t evidence, enum evidence kind)
{
    return (enum grade)(evidence >> 2 * kind & 3);
}

void evidence_set(uint32_t *evidence, enum evidence kind, enum grade grade)
{
    *evidence = (*evidence & ~(3u << 2 * kind)) | (uint32_t)grade << 2 * kind;
}

void evidence_add(uint32_t *evidence, enum evidence kind, enum grade grade)
{
    if (evidence_grade(*evidence, kind) < grade)
        evidence_set(evidence, kind, grade);
}

enum grade evidence_highest(uint32_t evidence)
{
    enum grade highest = GRADE_NONE;
    for (unsigned kind = 0; kind < EVIDENCE_N; kind++) {
        enum grade g = evidence_grade(evidence, (enum evidence)kind);
        highest = g > highest ? g : highest;
    }
    return highest;
}

void session_count(struct session_core *s, const struct session_counts *c)
{
    s->last_ns = c->last_ns;
    memcpy(s->packets, c->packets, sizeof s->packets);
    memcpy(s->bytes, c->bytes, sizeof s->bytes);
    s->marks = (s->marks & ~(uint32_t)MARK_ONE_SIDED) | c->marks;
}
