/* mailseal incidents: the arguments; the rest is report/. */
#include <sysexits.h>

#include "app/command.h"
#include "app/request.h"
#include "report/incidents.h"

enum { OPT_FORMAT = REQUEST_OWN, OPT_HELP };
enum { FOUND_SOME = 1 };

static const struct option options[] = {
    REQUEST_OPTIONS, { "grade", required_argument, NULL, REQUEST_GRADE },
    { "format", required_argument, NULL, OPT_FORMAT }, { "help", no_argument, NULL, OPT_HELP }, { NULL, 0, NULL, 0 },
};

static int list(const struct report_request *q)
{
    char error[REPORT_ERROR];
    bool found;
    int code = incidents_run(q, terminal_width(), &found, stdout, error);
    if (code)
        return complain(code, "%s", error);
    code = finish_output();
    return code ? code : found ? FOUND_SOME : 0;
}

int command_incidents(int argc, char **argv)
{
    struct report_request q = { .path = DATABASE_DEFAULT, .format = REPORT_TABLE };
    bool lines;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        switch (option) {
        case OPT_FORMAT:
            if (!request_text_or(optarg, "jsonl", &lines))
                return EX_USAGE;
            q.format = lines ? REPORT_JSONL : REPORT_TABLE;
            break;
        case OPT_HELP:
            command_help(command_find("incidents"));
            return finish_output();
        default:
            if (!request_option(&q, option, optarg))
                return complain_usage("incidents");
        }
    if (optind < argc)
        return complain(EX_USAGE, "incidents: '%s' is no option; the database is named by --db", argv[optind]);
    return list(&q);
}
