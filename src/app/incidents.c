/* mailseal incidents: the arguments; the rest is report/. */
#include <getopt.h>
#include <string.h>
#include <sysexits.h>

#include "app/command.h"
#include "report/incidents.h"

enum { OPT_DB = 256, OPT_FORMAT, OPT_SINCE, OPT_UNTIL, OPT_HOP, OPT_DIRECTION, OPT_GRADE, OPT_HELP };
enum { FOUND_SOME = 1 };

static const struct option options[] = {
    { "db", required_argument, NULL, OPT_DB },       { "format", required_argument, NULL, OPT_FORMAT },
    { "since", required_argument, NULL, OPT_SINCE }, { "until", required_argument, NULL, OPT_UNTIL },
    { "hop", required_argument, NULL, OPT_HOP },     { "direction", required_argument, NULL, OPT_DIRECTION },
    { "grade", required_argument, NULL, OPT_GRADE }, { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
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
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        switch (option) {
        case OPT_DB:
            q.path = optarg;
            break;
        case OPT_FORMAT:
            q.format = strcmp(optarg, "jsonl") == 0 ? REPORT_JSONL : REPORT_TABLE;
            if (q.format == REPORT_TABLE && strcmp(optarg, "text") != 0)
                return complain(EX_USAGE, "--format: '%s' is neither text nor jsonl", optarg);
            break;
        case OPT_SINCE:
            q.since = optarg;
            break;
        case OPT_UNTIL:
            q.until = optarg;
            break;
        case OPT_HOP:
            q.hop = optarg;
            break;
        case OPT_DIRECTION:
            q.direction = optarg;
            break;
        case OPT_GRADE:
            q.grade = optarg;
            break;
        case OPT_HELP:
            command_help(command_find("incidents"));
            return finish_output();
        default:
            return complain_usage("incidents");
        }
    if (optind < argc)
        return complain(EX_USAGE, "incidents: '%s' is no option; the database is named by --db", argv[optind]);
    return list(&q);
}
