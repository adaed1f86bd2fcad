/* The options that commands share which read a database: what is asked of it. */
#ifndef MAILSEAL_APP_REQUEST_H
#define MAILSEAL_APP_REQUEST_H

#include <getopt.h>

#include "report/report.h"

/* Their numbers; a command's own come from REQUEST_OWN on. */
enum { REQUEST_DB = 256, REQUEST_SINCE, REQUEST_UNTIL, REQUEST_BY, REQUEST_HOP, REQUEST_DIRECTION, REQUEST_GRADE, REQUEST_SERVER, REQUEST_CLIENT,
       REQUEST_OWN };

/* For every command's table. */
#define REQUEST_OPTIONS                                                                                              \
    { "db", required_argument, NULL, REQUEST_DB }, { "since", required_argument, NULL, REQUEST_SINCE },              \
    { "until", required_argument, NULL, REQUEST_UNTIL }, { "hop", required_argument, NULL, REQUEST_HOP },            \
    { "direction", required_argument, NULL, REQUEST_DIRECTION }

/* False: it is none of these. The text must outlive the request. */
bool request_option(struct report_request *, int option, const char *text);
/* "--format: 'x' is neither text nor NAME". False with that complaint. */
bool request_text_or(const char *text, const char *name, bool *is_name);

#endif
