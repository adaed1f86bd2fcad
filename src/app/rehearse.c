/* mailseal rehearse: the arguments; the rest is report/. */
#include <string.h>
#include <sysexits.h>

#include "app/command.h"
#include "app/request.h"
#include "report/rehearse.h"

enum { OPT_PORTS = REQUEST_OWN, OPT_LOGINS, OPT_FORMAT, OPT_HELP };

static const struct option options[] = {
    REQUEST_OPTIONS, { "require-tls", required_argument, NULL, OPT_PORTS }, { "logins", no_argument, NULL, OPT_LOGINS },
    { "format", required_argument, NULL, OPT_FORMAT }, { "help", no_argument, NULL, OPT_HELP }, { NULL, 0, NULL, 0 },
};

/* "25,587" */
static bool ports_valid(const char *text)
{
    for (;;) {
        char item[8];
        unsigned port;
        size_t n = strcspn(text, ",");
        if (n >= sizeof item)
            return false;
        memcpy(item, text, n);
        item[n] = 0;
        if (!number_parse(item, 1, 65535, &port) || item[0] == '0')
            return false;
        if (!text[n])
            return true;
        text += n + 1;
    }
}

static int run(const struct report_request *q, bool json)
{
    char error[REPORT_ERROR];
    int status = rehearse(q, json, stdout, error);
    return status ? complain(status, "%s", error) : finish_output();
}

int command_rehearse(int argc, char **argv)
{
    struct report_request q = { .path = DATABASE_DEFAULT, .ports = REHEARSAL_PORTS };
    bool json = false;
    int option;

    while ((option = option_next(argc, argv, options)) != -1)
        switch (option) {
        case OPT_PORTS:
            q.ports = optarg;
            if (!ports_valid(optarg))
                return complain(EX_USAGE, "--require-tls: '%s' is no list of ports, as in 25,587,143,110", optarg);
            break;
        case OPT_LOGINS:
            q.logins = true;
            break;
        case OPT_FORMAT:
            if (!request_text_or(optarg, "json", &json))
                return EX_USAGE;
            break;
        case OPT_HELP:
            command_help(command_find("rehearse"));
            return finish_output();
        default:
            if (!request_option(&q, option, optarg))
                return EX_USAGE;
        }
    if (optind < argc)
        return complain(EX_USAGE, "rehearse: '%s' is not an option; the ports are named by --require-tls", argv[optind]);
    return run(&q, json);
}
