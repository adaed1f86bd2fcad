/* mailseal curve: the arguments; the rest is report/ and fit/. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "app/command.h"
#include "app/request.h"
#include "report/curve_report.h"

enum { OPT_DB = 256, OPT_SERIES, OPT_HOP, OPT_VERDICT, OPT_SINCE, OPT_UNTIL, OPT_CEILING, OPT_FORMAT, OPT_HELP };

static const struct option options[] = {
    { "db", required_argument, NULL, OPT_DB },           { "series", required_argument, NULL, OPT_SERIES },
    { "hop", required_argument, NULL, OPT_HOP },         { "ceiling", required_argument, NULL, OPT_CEILING },
    { "verdict", required_argument, NULL, OPT_VERDICT },
    { "since", required_argument, NULL, OPT_SINCE },     { "until", required_argument, NULL, OPT_UNTIL },
    { "format", required_argument, NULL, OPT_FORMAT },   { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

/* "0.95", "95%" */
static bool ceiling_parse(const char *text, double *out)
{
    char *end;
    if (strspn(text, "0123456789.% ") != strlen(text))
        return false;
    *out = strtod(text, &end);
    if (end == text)
        return false;
    end += strspn(end, " ");
    if (*end == '%') {
        *out /= 100;
        end++;
    }
    return !*end && *out > 0 && *out <= 1;
}

/* What does not go together; 0: all does. */
static int check(const struct curve_request *q)
{
    if (q->csv && q->database)
        return complain(EX_USAGE, "curve: either a database by --db or the file %s", q->csv);
    if (q->csv && (q->since || q->until))
        return complain(EX_USAGE, "curve: --since and --until are for a database");
    if (q->csv && (q->hop || q->verdict))
        return complain(EX_USAGE, "curve: --hop and --verdict are for a database; the series of a file are chosen by --series");
    if (!q->csv && q->series)
        return complain(EX_USAGE, "curve: --series is for a CSV file; a database is asked by --hop and --verdict");
    return 0;
}

int command_curve(int argc, char **argv)
{
    struct curve_request q = { .ceiling = 0 };
    char error[REPORT_ERROR];
    int option;

    while ((option = option_next(argc, argv, options)) != -1)
        switch (option) {
        case OPT_DB:
            q.database = optarg;
            break;
        case OPT_SERIES:
            q.series = optarg;
            break;
        case OPT_HOP:
            q.hop = optarg;
            break;
        case OPT_VERDICT:
            q.verdict = optarg;
            break;
        case OPT_SINCE:
            q.since = optarg;
            break;
        case OPT_UNTIL:
            q.until = optarg;
            break;
        case OPT_CEILING:
            if (!ceiling_parse(optarg, &q.ceiling))
                return complain(EX_USAGE, "--ceiling: '%s' is no share above 0 and up to 1", optarg);
            break;
        case OPT_FORMAT:
            if (!request_text_or(optarg, "json", &q.json))
                return EX_USAGE;
            break;
        case OPT_HELP:
            command_help(command_find("curve"));
            return finish_output();
        default:
            return EX_USAGE;
        }
    if (argc - optind > 1)
        return complain(EX_USAGE, "curve: one file at a time; '%s' is too many", argv[optind + 1]);
    q.csv = argv[optind];
    int status = check(&q);
    if (status)
        return status;
    if (!q.csv && !q.database)
        q.database = DATABASE_DEFAULT;
    status = curve_report(&q, stdout, error);
    return status ? complain(status, "%s", error) : finish_output();
}
