/* mailseal explain: why a session has its verdict. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "app/command.h"
#include "app/request.h"
#include "app/reread.h"
#include "report/explain.h"

enum { OPT_DB = 256, OPT_CAPTURE, OPT_FORMAT, OPT_HELP };

static const struct option options[] = {
    { "db", required_argument, NULL, OPT_DB },         { "capture", required_argument, NULL, OPT_CAPTURE },
    { "format", required_argument, NULL, OPT_FORMAT }, { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

static bool id_parse(const char *text, int64_t *id)
{
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    *id = n;
    return *text >= '0' && *text <= '9' && !*end && !errno && n > 0;
}

static int explain(struct reread *r, int64_t id, bool json)
{
    static struct explanation x;        /* large, and once */
    static struct explain_dialogue d;
    char error[REPORT_ERROR];
    int code = explain_load(r->db, id, &x, error);

    if (!code)
        code = reread(r, &x, error);
    if (code)
        return complain(code, "%s", error);
    memcpy(d.said, r->said, sizeof d.said);
    if (r->trace_n) {
        d.from = EXPLAIN_CAPTURE;
        d.trace = span_of(r->trace, r->trace_n);
    } else if (x.trace_n) {
        d.from = EXPLAIN_STORED;
        d.trace = span_of(x.trace, x.trace_n);
    }
    code = explain_show(&x, &d, json, stdout, error);
    return code ? complain(code, "%s", error) : finish_output();
}

int command_explain(int argc, char **argv)
{
    static struct reread r = { .db = DATABASE_DEFAULT };
    bool json = false;
    int64_t id;
    int option;

    while ((option = option_next(argc, argv, options)) != -1)
        switch (option) {
        case OPT_DB:
            r.db = optarg;
            break;
        case OPT_CAPTURE:
            r.capture = optarg;
            break;
        case OPT_FORMAT:
            if (!request_text_or(optarg, "json", &json))
                return EX_USAGE;
            break;
        case OPT_HELP:
            command_help(command_find("explain"));
            return finish_output();
        default:
            return EX_USAGE;
        }
    if (argc - optind != 1) {
        complain(EX_USAGE, "explain: name one session by its number; mailseal sessions lists them");
        return complain_usage("explain");
    }
    if (!id_parse(argv[optind], &id))
        return complain(EX_USAGE, "explain: '%s' is no number of a session; mailseal sessions lists them",
                        argv[optind]);
    return explain(&r, id, json);
}
