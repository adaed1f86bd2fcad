/* mailseal analyze: captures in, sessions into the database, the share to the terminal. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "app/analysis.h"

enum { OPT_DB = 256, OPT_SENSOR, OPT_ADDRESSES, OPT_ADDRESS_KEY, OPT_PORTS, OPT_LOCAL, OPT_ALLOW, OPT_SEPARATE, OPT_QUIET, OPT_MEMORY, OPT_LANES, OPT_STATS, OPT_HELP };

static const struct option options[] = {
    { "db", required_argument, NULL, OPT_DB },
    { "sensor", required_argument, NULL, OPT_SENSOR },
    { "addresses", required_argument, NULL, OPT_ADDRESSES },
    { "address-key", required_argument, NULL, OPT_ADDRESS_KEY },
    { "ports", required_argument, NULL, OPT_PORTS },
    { "local", required_argument, NULL, OPT_LOCAL },
    { "allow", required_argument, NULL, OPT_ALLOW },
    { "separate", no_argument, NULL, OPT_SEPARATE },
    { "quiet", no_argument, NULL, OPT_QUIET },
    { "memory", required_argument, NULL, OPT_MEMORY },
    { "lanes", required_argument, NULL, OPT_LANES },
    { "stats", no_argument, NULL, OPT_STATS },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

static int take_option(struct analysis *a, int option, const char *value)
{
    char error[160];
    switch (option) {
    case OPT_DB:
        a->db = value;
        return 0;
    case OPT_SENSOR:
        a->store_options.sensor = value;
        return sensor_name_valid(value) ? 0
                                        : complain(EX_USAGE, "--sensor: a name has 1 to 64 of A-Z a-z 0-9 . _ -");
    case OPT_ADDRESSES:
        return addresses_parse(&a->store_options, value);
    case OPT_ADDRESS_KEY:
        a->address_key = value;
        return 0;
    case OPT_PORTS:
        return ports_parse(&a->ports, value, error, sizeof error) ? 0 : complain(EX_USAGE, "%s", error);
    case OPT_LOCAL:
        return local_take(&a->paths, value);
    case OPT_ALLOW:
        return allow_take(&a->paths, value);
    case OPT_SEPARATE:
        a->separate = true;
        return 0;
    case OPT_QUIET:
        a->quiet = true;
        return 0;
    case OPT_MEMORY:
        return size_parse(value, &a->memory) && a->memory >= 1 << 20
                   ? 0
                   : complain(EX_USAGE, "--memory: '%s' is no size of 1M or more, such as 512M or 2G", value);
    case OPT_LANES:
        return number_parse(value, 0, LANES_MOST, &a->lanes) ? 0 : complain(EX_USAGE, "--lanes: '%s' is no number from 0 to %d", value, LANES_MOST);
    case OPT_STATS:
        a->show_stats = true;
        return 0;
    default:
        return EX_USAGE;
    }
}

int command_analyze(int argc, char **argv)
{
    static struct analysis a;           /* the port table is too large for a stack */
    int option, status;

    a.db = DATABASE_DEFAULT;
    a.memory = memory_default();
    a.lanes = pipeline_lanes_default();
    ports_default(&a.ports);
    while ((option = option_next(argc, argv, options)) != -1) {
        if (option == OPT_HELP) {
            command_help(command_find("analyze"));
            return finish_output();
        }
        if ((status = take_option(&a, option, optarg)))
            return status;
    }
    if (optind == argc) {
        complain(EX_USAGE, "analyze: no capture was named");
        return complain_usage("analyze");
    }
    if ((status = paths_take(&a.paths)) || (status = addresses_check(&a.store_options, a.address_key)))
        return status;
    status = analysis_run(&a, argv + optind, (size_t)(argc - optind));
    int output = finish_output();
    return status ? status : output;
}
