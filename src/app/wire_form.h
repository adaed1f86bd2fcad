/* The form of messages on the wire; of wire_out.c and wire_in.c. */
#ifndef MAILSEAL_APP_WIRE_FORM_H
#define MAILSEAL_APP_WIRE_FORM_H

#include "app/wire.h"

/* In front of the pieces of a message. Everything is a multiple of 16 bytes. */
struct wire_head {
    uint64_t run, batch;
    uint64_t first;                     /* 1: the first since the run began, or was told to begin again */
    uint64_t unused;
};

struct wire_piece {
    uint64_t number;
    uint32_t size;                      /* with this head */
    uint16_t type, trace_n;
};

struct wire_answer {
    uint64_t run, batch;                /* all up to this one is stored */
    uint64_t again;                     /* 1: the listener is new, and wants all again that is not stored */
};

_Static_assert(sizeof(struct wire_head) % 16 == 0 && sizeof(struct wire_piece) % 16 == 0, "bodies are aligned");

size_t wire_body(enum wire_type);       /* bytes */

#endif
