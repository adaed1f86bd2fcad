/* The folder of captures that the writer keeps as evidence (monitor --write): pcapng files of bounded size and number,
 * named by the time at which they were begun; the oldest is removed for a new one. In them only sessions that raised an
 * incident, each as one piece behind the other, with a comment on its first packet that says what it was. */
#ifndef MAILSEAL_APP_EVIDENCE_FILES_H
#define MAILSEAL_APP_EVIDENCE_FILES_H

#include "app/evidence_ring.h"
#include "facts/session.h"

enum { EVIDENCE_FOLDER = 4096, EVIDENCE_WISHES = 6000, EVIDENCE_OTHERS = 65536 };

struct evidence_options {
    const char *folder;                 /* NULL: none is kept */
    uint64_t memory;                    /* for packets of sessions that are not known, or not judged yet */
    uint64_t file_size;                 /* bytes, about */
    unsigned files;                     /* at most */
};

/* A session that is to be written. */
struct evidence_wish {
    uint64_t kept;                      /* as in the session */
    uint32_t evidence, incidents;
    uint8_t verdict;                    /* enum verdict */
    int64_t later;                      /* its row, if a later session told of the evidence, by which the verdict may have changed; 0: it did not */
};
/* Where the packets of a session are that is no incident yet. */
struct evidence_other {
    int64_t row;
    uint64_t kept;
    uint8_t verdict;
    bool wished;                        /* in this transaction or before */
};
/* Those of a transaction, and of sessions that are none, where their packets are, for what later ones may tell of them. */
struct evidence_wishes {
    unsigned n;
    uint64_t lost;                      /* there was no room here */
    int64_t newest, committed;          /* the highest row; that of the transactions before */
    struct evidence_wish wish[EVIDENCE_WISHES];
    struct evidence_other other[EVIDENCE_OTHERS];       /* by row */
};
/* If it is an incident that is not allowed, and its packets are kept. row: its number in the database. */
void evidence_wish(struct evidence_wishes *, int64_t row, const struct session *, const struct judgement *);
/* The session of this row has evidence of a kind. */
void evidence_wish_later(struct evidence_wishes *, int64_t row, enum evidence, enum grade);
/* The transaction is over, and its wishes are done with; or it was rolled back, and all of it will be told again: of
 * sessions before it is still known where their packets are. */
void evidence_committed(struct evidence_wishes *);
void evidence_rolled_back(struct evidence_wishes *);
/* Rows are those of another file from now on. */
void evidence_forget(struct evidence_wishes *);

struct evidence_files {
    struct evidence_options options;
    const struct evidence_ring *ring;
    int folder, file;                   /* -1: none is open */
    uint64_t size;                      /* of the file */
    char name[64];                      /* of the newest one */
    uint8_t *entry, *text;              /* a session as it was kept, and as it is written */
    uint64_t sessions, late, failed, removed;   /* written; gave way before; could not be written; files */
    bool trouble;                       /* the last one could not */
};

/* False: errno says why. */
bool evidence_files_open(struct evidence_files *, const struct evidence_options *, const struct evidence_ring *);
/* Writes what is wished. Failures are counted, and leave no half session behind. */
void evidence_files_write(struct evidence_files *, const struct evidence_wishes *);
void evidence_files_close(struct evidence_files *);

#endif
