/* What the judge remembers, as bytes that outlive a run. They are those of its tables on this machine: whoever changes
 * one gives the kind another number, unless it has another size, too, for which it is not read. */
#ifndef MAILSEAL_AGGREGATE_MEMORY_H
#define MAILSEAL_AGGREGATE_MEMORY_H

#include "aggregate/history.h"
#include "aggregate/retries.h"
#include "base/bytes.h"

enum memory_kind { MEMORY_SERVER, MEMORY_RUN, MEMORY_PAIR, MEMORY_CLIENT, MEMORY_TLS, MEMORY_KINDS };
enum { MEMORY_BYTES = 200 };            /* an entry with its key at most */

struct memory_entry {
    enum memory_kind kind;              /* to be read in this order */
    struct span key, bytes;             /* the bytes come behind those of the key */
    uint64_t last_ns;                   /* packet time of what it knows last: the newest are worth most */
};

/* How it is called where it is kept: another number on machines that store numbers the other way round. */
static inline unsigned memory_number(enum memory_kind kind)
{
    return kind + (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0u : 100u);
}

/* Takes one entry that was changed since it was taken last; its spans hold until the next. False: there is none. */
bool memory_changed(struct history *, struct retries *, struct memory_entry *out);
/* An entry as it was taken, but for its time; from the oldest on, and from where anybody may have written. */
void memory_read(struct history *, struct retries *, const struct memory_entry *);
/* All that was read is as it is kept. */
void memory_settle(struct history *, struct retries *);

#endif
