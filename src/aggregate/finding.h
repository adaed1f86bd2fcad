/* What other sessions tell of one: evidence with a grade, and why in words. */
#ifndef MAILSEAL_AGGREGATE_FINDING_H
#define MAILSEAL_AGGREGATE_FINDING_H

#include "facts/session.h"

enum { FINDING_WORDS = 320 };

struct finding {
    /* Of whom: the session of this row; or, with `path`, all from this row on that a client of this network had with
     * this server since then and that have evidence of this kind. */
    int64_t row;
    bool path;
    struct endpoint server;
    uint8_t network[16];                /* /24 or /48, see address_truncate() */
    uint64_t since_ns;

    enum evidence kind;
    enum grade grade;                   /* from now on; it may have been higher */
    int64_t other;                      /* row of the session that it names; 0: none */
    uint64_t at_ns;                     /* packet time of what led to it */
    char words[FINDING_WORDS];          /* one sentence: times, counts, numbers of sessions */
};

/* Who is told of older sessions; the finding is valid during the call. */
struct finding_sink {
    void (*found)(void *ctx, const struct finding *);
    void *ctx;
};

enum { FINDING_TIME = 24 };
/* "2026-01-05 10:00:07" */
void finding_time(uint64_t ns, char out[FINDING_TIME]);

/* A number for a network that is the same everywhere and always; two may have the same. */
uint32_t finding_network(const uint8_t network[16]);

#endif
