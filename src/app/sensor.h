/* mailseal monitor: what its three processes have in common.
 *
 *   parent   opens what is read, parses nothing, starts the other two and starts them again when they die
 *   parser   reads packets and follows connections; has no right to anything but telling the writer of them
 *   writer   checks what it is told, judges, and owns the database */
#ifndef MAILSEAL_APP_SENSOR_H
#define MAILSEAL_APP_SENSOR_H

#include <net/if.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "app/command.h"
#include "app/evidence_files.h"
#include "app/keep.h"
#include "app/log.h"
#include "app/ports.h"
#include "capture/live.h"
#include "store/store.h"

struct sensor {
    /* what was asked for */
    const char *db;
    struct store_options store_options;
    struct store_keep keep;             /* of what is stored */
    const char *address_key;            /* its file; NULL: none */
    uint8_t *key;                       /* what is in it: the parent's and the writer's */
    struct port_table ports;
    struct paths paths;
    uint64_t memory;                    /* for connections */
    unsigned lanes;
    bool from_stdin;                    /* --read - */
    unsigned nlinks;
    const char *link[STORE_LINKS];      /* names */
    char link_name[STORE_LINKS][IF_NAMESIZE];   /* where those of interfaces lie */
    const char *config;                 /* the file it was read from; NULL: none */
    enum log_level log_level;           /* less urgent lines are left out */
    const char *user;                   /* who the parser becomes; NULL: the usual one */
    uint64_t buffer;                    /* bytes of each link's ring in the kernel */
    unsigned snaplen;
    bool all_ports;                     /* no filter in the kernel */
    const char *filter;                 /* instead of the usual one; NULL: none */
    struct evidence_options evidence;
    uid_t uid;                          /* of the parser, when the parent is root; 0: it is not */
    gid_t gid;
    uid_t writer_uid;                   /* the same of the writer */
    gid_t writer_gid;
    /* while it runs */
    pid_t parent;
    struct live_link *live[STORE_LINKS];        /* as the parent opened them for the next parser; NULL: not there */
    bool again;                         /* of a writer: it is not the first */
    int told, listening;                /* the two ends of the socket: the parser's, the writer's */
    struct sensor_page *parser, *writer;
    struct sensor_settings *settings;
    struct evidence_ring ring;          /* with evidence.folder */
    /* reads the configuration again, and the command line; NULL: it is no good, which was said */
    const struct sensor *(*read_again)(void);
};

/* What may change while it runs: the parent writes it, the others read it. */
struct sensor_settings {
    atomic_int log_level;
    atomic_uint current;                /* which of the two is the right one */
    struct paths paths[2];
    atomic_uint session_days, incident_days, hourly_days;    /* struct store_keep */
    atomic_uint_least64_t size_limit;
};

/* Shared with the parent by either child, which alone writes it. The parent takes it for hints. */
struct sensor_page {
    atomic_uint_least64_t beats;        /* grows while it gets on */
    atomic_uint_least64_t packets;      /* parser: taken in and told of */
    atomic_uint_least64_t gone;         /* parser: bits of links whose interface has gone */
    atomic_uint_least64_t bad_run;      /* writer: this run said what no parser says */
    /* writer: of what is stored */
    atomic_uint_least64_t decided, encrypted;   /* sessions of the headline */
    atomic_uint_least64_t packets_stored, dropped;
    atomic_bool trouble;                /* the database cannot be written */
};

/* One line of the sensor to standard error: what happened; what went wrong, or is lost. No more than log_may() allows. */
void sensor_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void sensor_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The whole life of a child; both give its exit status. run: a number that no other life has. resume: packets of the
 * input that lives before have told of. finish: nothing is read, only the end is told. */
struct parser_life {
    uint64_t run, resume;
    bool finish;
};
int parser_main(struct sensor *, const struct parser_life *);
int writer_main(struct sensor *);
/* As they are now. */
void sensor_paths(const struct sensor *, struct paths *out);
struct store_keep sensor_keep(const struct sensor *);

/* Signals that a process of the sensor has got: set by handlers. */
extern volatile sig_atomic_t sensor_stopped, sensor_asked, sensor_renewed;      /* TERM or INT; USR1; USR2 */

int sensor_run(struct sensor *);        /* the parent: an exit status */

#endif
