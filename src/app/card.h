/* What the kernel says of a network interface. */
#ifndef MAILSEAL_APP_CARD_H
#define MAILSEAL_APP_CARD_H

#include <stdbool.h>
#include <stdint.h>

struct card {
    bool there, up;
    bool promiscuous;                   /* somebody has it so, at the moment */
    bool gro, lro;                      /* packets are put together by the kernel; by the card */
    uint32_t ring, ring_most;           /* places for packets that came; 0: not known */
    uint64_t missed, errors;            /* packets since it is there, by its own counters */
};

void card_look(const char *name, struct card *);

#endif
