/* Lines on standard error: one for each event, behind the program's name. Where standard error goes to the journal of
 * systemd, each begins with its level as sd-daemon(3) has it, as in "<4>". */
#ifndef MAILSEAL_APP_LOG_H
#define MAILSEAL_APP_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

/* Numbers of syslog (RFC 5424 section 6.2.1). */
enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE };

/* "error", "warning", "notice". False: it is none of them. */
bool log_level_parse(const char *text, enum log_level *out);
/* What stands in front of the lines that follow, such as "file:line"; NULL: nothing. It must live as long. */
void log_at(const char *place);
/* One line; what could move a terminal's cursor is shown as \x1b. */
void log_line(enum log_level, const char *format, va_list) __attribute__((format(printf, 2, 0)));

/* How many lines a process may still write: LOG_BURST at once, then one a second. */
enum { LOG_BURST = 20 };
struct log_budget {
    uint64_t at_ns;                     /* of the last line asked for; 0: none yet */
    uint64_t left_ns;                   /* each line takes a second of it */
    unsigned left_out;                  /* since the last line that was allowed */
};
/* Whether a line may be written at this time, by a clock that nobody sets. */
bool log_may(struct log_budget *, uint64_t now_ns);

#endif
