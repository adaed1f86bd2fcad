/* mailseal report and mailseal sessions: the arguments; the rest is report/. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "app/command.h"
#include "app/nearest.h"
#include "app/output.h"
#include "app/request.h"
#include "page/page.h"

enum { OPT_FORMAT = REQUEST_OWN, OPT_OUTPUT, OPT_VERDICT, OPT_HELP };

static const struct option report_options[] = {
    REQUEST_OPTIONS, { "by", required_argument, NULL, REQUEST_BY }, { "format", required_argument, NULL, OPT_FORMAT },
    { "output", required_argument, NULL, OPT_OUTPUT }, { "help", no_argument, NULL, OPT_HELP }, { NULL, 0, NULL, 0 },
};

static const struct option sessions_options[] = {
    REQUEST_OPTIONS, { "verdict", required_argument, NULL, OPT_VERDICT }, { "format", required_argument, NULL, OPT_FORMAT },
    { "help", no_argument, NULL, OPT_HELP }, { NULL, 0, NULL, 0 },
};

/* What went wrong was said by report/; nothing is to be added to it. */
static int finish(int status, const char *error)
{
    if (status)
        return complain(status, "%s", error);
    return finish_output();
}

static int run(const struct report_request *r, bool page, FILE *out, char error[REPORT_ERROR])
{
    if (page)
        return page_write(r, out, error);
    return r->name ? report_run(r, out, error) : report_list(out, error);
}

static int run_into(const char *path, const struct report_request *r, bool page)
{
    char error[REPORT_ERROR];
    struct output o;

    int status = output_open(&o, path, error);
    if (!status)
        status = output_close(&o, run(r, page, o.file, error), error);
    return finish(status, error);
}

/* nearest_try() keeps the word itself, so that it has to stay. */
struct near_report {
    struct nearest near;
    char kept[64];
};

static bool try_report(void *ctx, const char *name)
{
    struct near_report *r = ctx;
    struct nearest before = r->near;
    nearest_try(&r->near, name);
    if (r->near.best != before.best) {
        snprintf(r->kept, sizeof r->kept, "%s", name);
        r->near.best = r->kept;
    }
    return strcmp(name, r->near.wrong) != 0;
}

static int check_name(const char *name)
{
    struct near_report r = { .near = nearest_to(name) };
    if (!report_names(try_report, &r))
        return 0;
    const char *meant = nearest_word(&r.near);
    if (meant)
        return complain(EX_USAGE, "there is no report %s; is '%s' meant?", name, meant);
    return complain(EX_USAGE, "there is no report %s; mailseal report lists them", name);
}

/* What the page cannot be asked with; 0: nothing. */
static int check_page(const struct report_request *r)
{
    if (r->name)
        return complain(EX_USAGE, "report: --format html is one page of all reports; leave out '%s'", r->name);
    if (r->hop)
        return complain(EX_USAGE, "report: the page shows each hop; leave out --hop");
    return 0;
}

int command_report(int argc, char **argv)
{
    struct report_request r = { .path = DATABASE_DEFAULT, .format = REPORT_TABLE };
    const char *output = "-";
    bool page = false;
    int option;

    while ((option = option_next(argc, argv, report_options)) != -1)
        switch (option) {
        case OPT_FORMAT:
            page = strcmp(optarg, "html") == 0;
            if (!page && !format_parse(optarg, 1u << REPORT_TABLE | 1u << REPORT_CSV | 1u << REPORT_JSON | 1u << REPORT_JSONL,
                                       &r.format))
                return complain(EX_USAGE, "--format: '%s' is none of table, csv, json, jsonl, html", optarg);
            break;
        case OPT_OUTPUT:
            output = optarg;
            break;
        case OPT_HELP:
            command_help(command_find("report"));
            return finish_output();
        default:
            if (!request_option(&r, option, optarg))
                return EX_USAGE;
        }
    if (argc - optind > 1)
        return complain(EX_USAGE, "report: one report at a time; '%s' is too many", argv[optind + 1]);
    r.name = argv[optind];
    r.width = strcmp(output, "-") == 0 ? terminal_width() : 0;
    int status = page ? check_page(&r) : r.name ? check_name(r.name) : 0;
    return status ? status : run_into(output, &r, page);
}

int command_sessions(int argc, char **argv)
{
    const unsigned formats = 1u << REPORT_TABLE | 1u << REPORT_CSV | 1u << REPORT_JSON | 1u << REPORT_JSONL
                           | 1u << REPORT_EVE | 1u << REPORT_ECS;
    struct report_request q = { .path = DATABASE_DEFAULT, .format = REPORT_TABLE };
    const char *verdict = NULL;
    char error[REPORT_ERROR];
    int option;

    while ((option = option_next(argc, argv, sessions_options)) != -1)
        switch (option) {
        case OPT_FORMAT:
            if (!format_parse(optarg, formats, &q.format))
                return complain(EX_USAGE, "--format: '%s' is none of table, csv, json, jsonl, eve, ecs", optarg);
            break;
        case OPT_VERDICT:
            verdict = optarg;
            break;
        case OPT_HELP:
            command_help(command_find("sessions"));
            return finish_output();
        default:
            if (!request_option(&q, option, optarg))
                return EX_USAGE;
        }
    if (optind < argc)
        return complain(EX_USAGE, "sessions: '%s' is not an option; the database is named by --db", argv[optind]);
    q.width = terminal_width();
    return finish(sessions_run(&q, verdict, stdout, error), error);
}
