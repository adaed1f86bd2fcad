/* Why a session has its verdict: its facts, the rule that decided, and its dialogue as a trace tells it.
 * Everything shown is a word of this program, a number or a length, but for addresses of the two ends and
 * the path of the capture. */
#ifndef MAILSEAL_REPORT_EXPLAIN_H
#define MAILSEAL_REPORT_EXPLAIN_H

#include "base/bytes.h"
#include "base/endpoint.h"
#include "facts/vocabulary.h"
#include "report/report.h"

enum { EXPLAIN_PATH = 1024, EXPLAIN_WORD = 96, EXPLAIN_TRACE = 4096, EXPLAIN_ENDS = 32, EXPLAIN_CHANGES = 8 };

/* A row of `session` with its words. Texts are empty where the database has none. What an enemy may have
 * written into the database is cut to its room, and numbers may be any. */
struct explanation {
    int64_t id;
    char timestamp[EXPLAIN_WORD], end[EXPLAIN_WORD];
    char src_ip[EXPLAIN_WORD], dest_ip[EXPLAIN_WORD];
    char app_proto[EXPLAIN_WORD], hop[EXPLAIN_WORD], direction[EXPLAIN_WORD];
    char verdict[EXPLAIN_WORD], rule[EXPLAIN_WORD], stage[EXPLAIN_WORD];
    char tls_version[EXPLAIN_WORD], tls_client_max[EXPLAIN_WORD], tls_cipher[EXPLAIN_WORD], tls_group[EXPLAIN_WORD];
    char auth_command[EXPLAIN_WORD], auth_mechanism[EXPLAIN_WORD], auth_exposure[EXPLAIN_WORD];
    char strip_grade[EXPLAIN_WORD], vlan[EXPLAIN_WORD], tunnel[EXPLAIN_WORD];
    char source[EXPLAIN_PATH];
    char addresses[EXPLAIN_WORD];       /* a word of enum address_mode */
    int64_t first_us, lasted_us, source_id, grp, src_port, dest_port;
    int64_t protocol, verdict_code, facts, evidence, incidents, marks, flags;
    uint8_t client[16], server[16];     /* as they are stored */
    uint8_t trace[EXPLAIN_TRACE];       /* as stored; trace_n 0: none */
    size_t trace_n;
    char words[EVIDENCE_N][EXPLAIN_PATH];       /* of evidence that comes from other sessions; "" of the rest */
    /* How it was judged again, the last time first. */
    struct explain_change {
        char at[EXPLAIN_WORD], was[EXPLAIN_WORD], is[EXPLAIN_WORD], was_strip[EXPLAIN_WORD], is_strip[EXPLAIN_WORD];
        char why[EXPLAIN_PATH];
    } change[EXPLAIN_CHANGES];
    size_t changes;
};

/* 0, or a status and a sentence; 65 when there is no session of this number. */
int explain_load(const char *db, int64_t id, struct explanation *, char error[REPORT_ERROR]);

/* A capture of the group that the session was read from. */
struct explain_source {
    const char *path;                   /* until the call returns */
    int64_t size, first_us;             /* size -1: unknown */
    uint8_t ends[EXPLAIN_ENDS];
    bool has_ends;
    bool live;                          /* a link of a sensor, by its name; '-' is its standard input */
};
typedef bool explain_each(void *ctx, const struct explain_source *);
/* Tells the session's own source, and those read behind it as one stream, until `each` gives false. */
int explain_sources(const char *db, const struct explanation *, explain_each *, void *ctx,
                    char error[REPORT_ERROR]);

/* Where the dialogue comes from. */
enum explain_from { EXPLAIN_NOTHING, EXPLAIN_CAPTURE, EXPLAIN_STORED };

struct explain_dialogue {
    enum explain_from from;
    struct span trace;
    char said[REPORT_ERROR];            /* a sentence about the capture, or "" */
};

/* In text for a terminal of 80 columns, or as one JSON object. */
int explain_show(const struct explanation *, const struct explain_dialogue *, bool json, FILE *out,
                 char error[REPORT_ERROR]);

#endif
