/* What mailseal analyze does: captures in groups through a lane, its sessions judged and stored. */
#ifndef MAILSEAL_APP_ANALYSIS_H
#define MAILSEAL_APP_ANALYSIS_H

#include "app/command.h"
#include "app/ledger.h"
#include "app/pipeline.h"
#include "app/progress.h"
#include "app/stats.h"
#include "store/store.h"

struct analysis {
    /* what was asked for */
    const char *db;
    struct store_options store_options;
    const char *address_key;            /* its file; NULL: none */
    struct port_table ports;
    struct paths paths;
    uint64_t memory;
    unsigned lanes;                     /* 0: all in one thread */
    bool separate, quiet, show_stats;
    /* while it runs */
    struct store *store;
    struct ledger ledger;
    struct pipeline *pipeline;
    struct progress progress;
    struct stats stats;
    int status;                         /* the first thing that went wrong; 0: nothing */
    int store_status;                   /* nothing more can be written */
    uint64_t known;                     /* captures that were there already */
    unsigned group;
};

/* Reads what was named into the database, tells of what goes wrong, and prints the share; gives an exit status. */
int analysis_run(struct analysis *, char *const *paths, size_t n);

#endif
