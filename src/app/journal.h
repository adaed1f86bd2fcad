/* What the writer was told and has not stored yet, in order. It may be stored as
 * often as it takes until it succeeds. Its room is the caller's to look after: JOURNAL_MESSAGE bytes for each message. */
#ifndef MAILSEAL_APP_JOURNAL_H
#define MAILSEAL_APP_JOURNAL_H

#include "app/ledger.h"
#include "app/wire.h"

struct journal;

enum { JOURNAL_MESSAGE = WIRE_MESSAGE + 64 };

struct journal *journal_new(size_t bytes);      /* NULL: no memory */
bool journal_has_room(const struct journal *);  /* for another message */
void journal_free(struct journal *);
void journal_clear(struct journal *);
/* Sessions in it, and other records. */
size_t journal_rows(const struct journal *);
bool journal_is_empty(const struct journal *);

/* What follows came in this message of this run. */
void journal_batch(struct journal *, uint64_t run, uint64_t batch);
void journal_record(struct journal *, const struct wire_record *);

uint64_t journal_run(const struct journal *);   /* of the last message in it */
uint64_t journal_last(const struct journal *);  /* its number; 0: none */
bool journal_ended(const struct journal *);     /* the run has told everything */

/* Judges and stores it in one transaction. links: their names. What the database has already is not stored again. A
 * status of the store; then nothing was stored, and the ledger knows nothing of sessions before. */
int journal_store(const struct journal *, struct ledger *, const char *const *links, unsigned nlinks);

#endif
