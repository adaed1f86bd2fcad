/* The subcommands and what they share: options and exit statuses (those of <sysexits.h>). */
#ifndef MAILSEAL_APP_COMMAND_H
#define MAILSEAL_APP_COMMAND_H

#include <getopt.h>
#include <stddef.h>
#include <stdint.h>

#include "app/paths.h"
#include "report/report.h"
#include "store/store.h"

#define DATABASE_DEFAULT "mailseal.db"

/* Each gets its own arguments, argv[0] being its name, and gives an exit status. */
int command_analyze(int argc, char **argv);
int command_monitor(int argc, char **argv);
int command_check_config(int argc, char **argv);
int command_top(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_report(int argc, char **argv);
int command_sessions(int argc, char **argv);
int command_incidents(int argc, char **argv);
int command_locate(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_rejudge(int argc, char **argv);
int command_retain(int argc, char **argv);
int command_curve(int argc, char **argv);
int command_enrich(int argc, char **argv);
int command_rehearse(int argc, char **argv);

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *synopsis, *does, *help; /* help: one option a line */
};
extern const struct command commands[];
const struct command *command_find(const char *name);   /* NULL: none */
void command_help(const struct command *);              /* to standard output */

/* One sentence on standard error, behind the program's name; gives status back. */
int complain(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same of what is no error. */
void remark(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* As getopt_long(), of long options only; argv[0] is the command. What is no option, or has no value, is complained of in
 * one line, with the option that may be meant, and gives '?', for which the command ends with EX_USAGE. */
int option_next(int argc, char **argv, const struct option *);
/* Behind a complaint: where to look. */
int complain_usage(const char *command);
/* Writes out what is buffered for standard output; 74 and a sentence when that fails. */
int finish_output(void);

/* "table", "csv", … False: it is none of the allowed (bit 1 << enum report_format). */
bool format_parse(const char *text, unsigned allowed, enum report_format *out);
/* "512M", "2G", "65536". False: no size. */
bool size_parse(const char *text, uint64_t *out);
/* A whole number from least to most. False: it is none. */
bool number_parse(const char *text, unsigned least, unsigned most, unsigned *out);
/* "keep", …; complains of what is none. */
int addresses_parse(struct store_options *, const char *text);
/* Columns of the terminal that standard output is, or of the variable COLUMNS, but not less than layout.h asks for;
 * 0: it is none. */
size_t terminal_width(void);
/* Whether mode and key belong together, as far as that is known without the database; 0 or a complaint's status. */
int addresses_check(const struct store_options *, const char *key_file);
/* The folder that a file lies in, in the buffer where it is not ".". */
enum { FOLDER_TEXT = 4096 };
const char *folder_of(const char *path, char buffer[FOLDER_TEXT]);
/* A quarter of the machine's memory, in bytes. */
uint64_t memory_default(void);
/* The options of commands that read packets; they complain, and give a status. */
int local_take(struct paths *, const char *text);
int allow_take(struct paths *, const char *text);
/* All options were taken: whether they go together. */
int paths_take(const struct paths *);
/* Those of a configuration file of the sensor; what else it says must be right, too. */
int config_paths(const char *path, struct paths *out);

#endif
