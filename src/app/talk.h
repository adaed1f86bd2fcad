/* One connection whose bytes are being understood: order, windows and dialogue of a flow. */
#ifndef MAILSEAL_APP_TALK_H
#define MAILSEAL_APP_TALK_H

#include "app/ports.h"
#include "dialogue/dialogue.h"
#include "flow/flow.h"
#include "flow/origin.h"

struct kept;

/* Given back as soon as the matter is settled. */
struct talk_work {
    struct reorder order;
    struct window window[2];            /* TO_SERVER, TO_CLIENT */
    struct where at[2];
    struct origin origin;               /* of what the server sends */
    struct dialogue dialogue;
};

/* The trace of a session that has evidence or an incident. */
struct trace_block {
    uint8_t *bytes;                     /* from the pool; NULL: none */
    uint32_t n, room;
};

enum { TRACE_ROOM = 256 };              /* bytes of a trace, by default */

struct talk {
    struct session_core session;
    struct names *names;                /* NULL: none */
    struct talk_work *work;             /* NULL: settled, or all was said */
    struct dpi_flow *dpi;
    uint8_t client_side;
    uint8_t payloads;                   /* segments with payload while it was a candidate */
    bool candidate;                     /* on an unknown port: not yet known to be mail */
    bool beginning_lost;                /* of the server's bytes */
    bool confirmed;                     /* set with the end: the dialogue was mail's */
    bool preamble;                      /* the last segment had bytes of a PROXY header */
    bool mail_port;                     /* a mail port on either side */
    bool keep_trace;                    /* whatever the session turns out to be */
    uint64_t discarded;                 /* bytes */
    struct trace_block trace;           /* since the matter is settled */
    struct kept *kept;                  /* its packets, while they are kept; of who does that, as it is set to NULL */
};
_Static_assert(offsetof(struct talk, session.first_ns) == 0, "the state of a flow begins with its first time");

/* The talk of a flow whose first payload seg is. NULL: no memory. */
struct talk *talk_new(struct pool *, const struct port_table *, const struct flow *, const struct segment *,
                      unsigned side);
/* Before its first segment: another room for the trace, at most POOL_LARGEST, and it is kept in any case. */
void talk_trace(struct talk *, const struct flow *, size_t room);
void talk_segment(struct talk *, struct pool *, struct flow *, const struct segment *, unsigned side, enum checksum);
/* Fetch what its next segment will need ahead, one behind the other; neither changes anything. */
static inline void talk_expect(const struct talk *t)
{
    __builtin_prefetch(&t->work);
    __builtin_prefetch(&t->session);
}
void talk_fetch(const struct talk *);
/* The flow has ended. input_ended: nothing else ended it. */
void talk_end(struct talk *, struct pool *, struct flow *, uint64_t clock_ns, bool input_ended);
/* The counters and times of the session as they stand. */
void talk_count(struct talk *, const struct flow *);
/* All that is known of the session. */
struct session talk_session(const struct talk *);
void talk_free(struct talk *, struct pool *);
struct session_counts counts_of(const struct flow *, unsigned client_side);

/* Whether an odd port's first payload could be mail: a greeting, a ClientHello, or a PROXY header. */
bool talk_could_begin(struct span payload);

#endif
