/* Reading a database for people and other programs: reports, the list of sessions, the closing
 * figures of a run. Everything is read-only.
 *
 * Functions give 0, or a status of <sysexits.h> and one sentence: 64 what was asked for does not
 * exist, 65 the file is no use, 66 it is not there, 74 the output could not be written, 75
 * another program holds the file. */
#ifndef MAILSEAL_REPORT_REPORT_H
#define MAILSEAL_REPORT_REPORT_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdio.h>

enum { REPORT_ERROR = 1024 };

enum report_format { REPORT_TABLE, REPORT_CSV, REPORT_JSON, REPORT_JSONL, REPORT_EVE, REPORT_ECS };

/* All but path and name may be NULL. */
struct report_request {
    const char *path;                   /* of the database */
    const char *name;                   /* one of report_list() */
    enum report_format format;
    const char *since, *until;          /* times or dates: buckets that begin in [since, until) */
    const char *by;                     /* hour, day, week, month */
    const char *hop, *direction, *verdict, *grade;  /* words of doc/measurement.md */
    const char *server, *client;        /* an address or a network, as they are stored */
    const char *ports;                  /* of a rehearsal: "25,587" */
    bool logins;                        /* likewise: only logins are refused */
    size_t width;                       /* columns of the terminal in which a table is read; 0: any */
};

/* Each report with the sentence its file begins with. */
int report_list(FILE *out, char error[REPORT_ERROR]);
/* Calls each with their names until it gives false. False: it did. */
bool report_names(bool (*each)(void *ctx, const char *name), void *ctx);
int report_run(const struct report_request *, FILE *out, char error[REPORT_ERROR]);

/* The sessions that begin in [since, until), or all, by number. The names and the order of the columns are
 * what other programs are built on; as REPORT_EVE and REPORT_ECS they are JSON lines with the names of Suricata's
 * log and of the Elastic Common Schema. Of the request name, by, ports and logins do not count. */
int sessions_run(const struct report_request *, const char *verdict, FILE *out, char error[REPORT_ERROR]);

/* The answer in one line, then each hop, then what was not encrypted, not decided and not seen. */
int report_summary(const char *path, FILE *out, char error[REPORT_ERROR]);

/* Writes all that is buffered: 0, or 74 and a sentence when anything since the beginning did not
 * reach its end. */
int output_finish(FILE *out, char error[REPORT_ERROR]);

#endif
