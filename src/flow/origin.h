/* Whether one segment of a direction came from another sender than the rest of it: by its TTL or hop limit
 * (RFC 791 section 3.1, RFC 8200 section 3), which is that of the sender less the hops of the way, and beside it
 * by IP identification (RFC 6864), TCP timestamp (RFC 7323) and window.
 *
 * Only the form "others, it, others" is taken for that: a way that changed shows the new TTL until the end, several
 * ways at once show it more than once, and a copy that a mirror or a second way adds repeats bytes. SYN-ACKs are not
 * looked at (SYN cookies are answered by boxes), nor are resets. */
#ifndef MAILSEAL_FLOW_ORIGIN_H
#define MAILSEAL_FLOW_ORIGIN_H

#include "decode/segment.h"

/* What a segment shows of its sender. */
struct stamp {
    uint32_t tsval;
    uint16_t id, window;
    bool has_tsval, has_id;             /* IPv6 has no id */
};

enum { ORIGIN_USUAL = 3 };              /* segments that have to show the usual TTL */

struct origin {
    uint8_t usual, odd;                 /* TTL or hop limit; odd: of the segments between */
    uint8_t usual_n;                    /* segments with it, up to ORIGIN_USUAL */
    uint8_t state;                      /* enum origin_state */
    uint32_t high;                      /* behind the last byte that was sent */
    uint32_t odd_begin, odd_end;        /* payload of the segments between */
    struct stamp last;                  /* the last usual one; once there is an odd one: the one before it */
    struct stamp between, behind;
};

/* A segment of this direction. */
void origin_note(struct origin *, const struct segment *);

/* What is known of bytes of it, which go on up to `end`. */
enum origin_answer {
    ORIGIN_SAME,                        /* nothing speaks against the sender of the rest */
    ORIGIN_OTHER_WAY,                   /* another TTL than all others, and nothing else tells */
    ORIGIN_OTHER_SENDER                 /* and another counter or clock, too */
};
enum origin_answer origin_of(const struct origin *, uint32_t begin, uint32_t end);
/* The TTL of the rest; 0: no segment was seen. */
uint8_t origin_usual(const struct origin *);

#endif
