/* From sessions as lanes tell them to what is stored: judged together with those before them. The same for captures and
 * for the sensor. */
#ifndef MAILSEAL_APP_LEDGER_H
#define MAILSEAL_APP_LEDGER_H

#include "aggregate/judge.h"
#include "app/command.h"
#include "app/evidence_files.h"
#include "store/store.h"

/* For those who watch a sensor; what is revised later is not in them. */
struct ledger_figures {
    uint64_t decided, encrypted;        /* sessions of the headline: section 6 of doc/measurement.md */
    uint64_t packets, dropped;          /* of links */
};

/* Its fields but store, figures and wishes belong to ledger.c. */
struct ledger {
    struct store *store;                /* the caller's, with a transaction open when a session comes */
    struct judge *judge;
    const struct paths *paths;
    struct evidence_wishes *wishes;     /* the caller's: sessions whose packets are to be written; NULL: none are */
    int64_t known;                      /* store_others() when the judge was told what the store remembers; 0: it was not */
    int status;                         /* of a failure within a call */
    struct ledger_figures figures;      /* since the caller cleared them */
};

/* paths must outlive it. False: no memory; close it then, too. */
bool ledger_open(struct ledger *, const struct paths *);
void ledger_close(struct ledger *);
/* What became known since the last commit is forgotten: it was rolled back. */
void ledger_forget(struct ledger *);

/* Before the store commits: what the judge has learned is kept. A status of the store. */
int ledger_keep(struct ledger *);

/* In the order in which sessions become known. number: as a lane's sink has it, 0 or that of a settled one. A status of
 * the store, and the session is stored if that is 0. */
int ledger_session(struct ledger *, const struct session *, uint64_t number, struct span trace);
/* The judgement of a session for itself. Sets or takes away its fact `allowed`, by which it will be judged again. */
void ledger_judge(const struct paths *, struct session *, struct judgement *, enum direction *);

#endif
