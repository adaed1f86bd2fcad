/* What a dialogue writes into its trace (facts/trace.h) while it reads. Without room for a trace all of
 * this does nothing. Only lengths are taken of what comes off the wire, unless it is in a list. */
#ifndef MAILSEAL_DIALOGUE_TRACING_H
#define MAILSEAL_DIALOGUE_TRACING_H

#include "facts/trace.h"

struct dialogue;
struct dialogue_end;

enum { TRACED_RECORDS = 4 };            /* encrypted records of each side */

struct tracing {
    struct trace t;
    uint32_t facts, incidents, evidence;        /* of the session, as far as they are in the trace */
    uint64_t skipped[2];                /* bytes of the body or literal being read */
    uint32_t line_n;                    /* bytes of the line being read */
    bool described;                     /* an event stands for it */
    bool place;                         /* its place is wanted, too */
    uint16_t lines;                     /* further ones of the present SMTP reply */
    uint8_t records[2];
};

/* Any event, of a direction. */
void trace_note(struct dialogue *, enum trace_kind, unsigned dir, uint32_t word, uint32_t number);

/* --- the reading of bytes --- */

void trace_line(struct dialogue *, unsigned dir, struct span line);     /* comes now */
/* n bytes of a direction were read, which was in this state before. What became known by them is added. */
void trace_step(struct dialogue *, unsigned dir, uint8_t reader, size_t n);
void trace_known(struct dialogue *);
/* The bytes of the line being read and the segments that carried them are wanted, too. */
static inline void trace_place(struct tracing *x) { x->place = true; }
void trace_end(struct dialogue *, const struct dialogue_end *);

/* --- the client's lines --- */

enum trace_argument { ARGUMENT_PLAIN, ARGUMENT_SECRET, ARGUMENT_MECHANISM };   /* the last: sasl_begin() tells */
/* known: the word is one of the dialect's commands. keyword: what a mask of it may hide. */
void trace_command(struct dialogue *, bool known, struct span word, struct span arg, enum trace_argument);
/* Of a command, or offered; not known ones show their length. */
void trace_mechanism(struct dialogue *, unsigned dir, unsigned mechanism, struct span name);
void trace_rest(struct dialogue *, unsigned dir, struct span line);        /* of a command or answer, behind a literal */
void trace_initial(struct dialogue *, struct span response);
void trace_response(struct dialogue *, struct span line);

/* --- the server's --- */

void trace_reply(struct dialogue *, unsigned code, struct span text, bool first, bool last);
/* code: what stands in [ ] at the start of text, or empty. */
void trace_status(struct dialogue *, unsigned status_and_form, struct span code, struct span text);
void trace_data(struct dialogue *, struct span text);
/* Of a capability list. */
void trace_offer(struct dialogue *, struct span word, bool masked);

#endif
