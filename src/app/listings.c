/* mailseal incidents and mailseal locate: the arguments; the rest is report/. */
#include <sysexits.h>

#include "app/command.h"
#include "app/request.h"
#include "report/listing.h"

enum { OPT_FORMAT = REQUEST_OWN, OPT_HELP };
enum { FOUND_SOME = 1 };

static const struct option incidents_options[] = {
    REQUEST_OPTIONS, { "grade", required_argument, NULL, REQUEST_GRADE },
    { "format", required_argument, NULL, OPT_FORMAT }, { "help", no_argument, NULL, OPT_HELP }, { NULL, 0, NULL, 0 },
};

static const struct option locate_options[] = {
    REQUEST_OPTIONS, { "grade", required_argument, NULL, REQUEST_GRADE }, { "server", required_argument, NULL, REQUEST_SERVER },
    { "client", required_argument, NULL, REQUEST_CLIENT }, { "format", required_argument, NULL, OPT_FORMAT },
    { "help", no_argument, NULL, OPT_HELP }, { NULL, 0, NULL, 0 },
};

static int list(const struct listing *l, const struct report_request *q)
{
    char error[REPORT_ERROR];
    bool found;
    int code = listing_run(l, q, terminal_width(), &found, stdout, error);
    if (code)
        return complain(code, "%s", error);
    code = finish_output();
    return code ? code : found ? FOUND_SOME : 0;
}

/* The name of the command is that of its report. */
static int run(int argc, char **argv, const struct option *options, const struct listing *l)
{
    struct report_request q = { .path = DATABASE_DEFAULT, .format = REPORT_TABLE };
    bool lines;
    int option;

    while ((option = option_next(argc, argv, options)) != -1)
        switch (option) {
        case OPT_FORMAT:
            if (!request_text_or(optarg, "jsonl", &lines))
                return EX_USAGE;
            q.format = lines ? REPORT_JSONL : REPORT_TABLE;
            break;
        case OPT_HELP:
            command_help(command_find(l->report));
            return finish_output();
        default:
            if (!request_option(&q, option, optarg))
                return EX_USAGE;
        }
    if (optind < argc)
        return complain(EX_USAGE, "%s: '%s' is no option; the database is named by --db", l->report, argv[optind]);
    return list(l, &q);
}

int command_incidents(int argc, char **argv) { return run(argc, argv, incidents_options, &incidents_listing); }
int command_locate(int argc, char **argv) { return run(argc, argv, locate_options, &locate_listing); }
