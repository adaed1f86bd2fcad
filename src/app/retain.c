/* mailseal retain: lets go of old sessions, as the sensor does by itself. */
#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

#include "app/command.h"
#include "app/keep.h"

enum { OPT_DB = 256, OPT_RETAIN_SESSIONS, OPT_RETAIN_INCIDENTS, OPT_RETAIN_HOURLY, OPT_SIZE_LIMIT, OPT_PACK, OPT_DRY_RUN, OPT_HELP };

static const struct option options[] = {
    { "db", required_argument, NULL, OPT_DB },
    { "retain-sessions", required_argument, NULL, OPT_RETAIN_SESSIONS },
    { "retain-incidents", required_argument, NULL, OPT_RETAIN_INCIDENTS },
    { "retain-hourly", required_argument, NULL, OPT_RETAIN_HOURLY },
    { "size-limit", required_argument, NULL, OPT_SIZE_LIMIT },
    { "pack", no_argument, NULL, OPT_PACK },
    { "dry-run", no_argument, NULL, OPT_DRY_RUN },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

struct retain {
    const char *db;
    struct store_keep keep;
    bool pack, dry_run, help;
};

static int take_option(struct retain *r, int option)
{
    switch (option) {
    case OPT_DB:
        r->db = optarg;
        return 0;
    case OPT_RETAIN_SESSIONS:
        return days_parse("retain-sessions", optarg, &r->keep.session_days);
    case OPT_RETAIN_INCIDENTS:
        return days_parse("retain-incidents", optarg, &r->keep.incident_days);
    case OPT_RETAIN_HOURLY:
        return days_parse("retain-hourly", optarg, &r->keep.hourly_days);
    case OPT_SIZE_LIMIT:
        return size_limit_parse(optarg, &r->keep.bytes);
    case OPT_PACK:
        r->pack = true;
        return 0;
    case OPT_DRY_RUN:
        r->dry_run = true;
        return 0;
    case OPT_HELP:
        r->help = true;
        return 0;
    default:
        return EX_USAGE;
    }
}

static int say(const struct store_let_go *gone, bool would)
{
    char text[LET_GO_TEXT];
    let_go_text(gone, would, text);
    puts(text);
    if (gone->too_large)
        puts("The sums alone are larger than the limit; they stay.");
    return finish_output();
}

static int try_to_let_go(struct store *s, const struct retain *r)
{
    struct store_let_go would;
    int code = store_would_let_go(s, &r->keep, &would);
    return code ? complain(code, "%s", store_error(s)) : say(&would, true);
}

static int let_go(struct store *s, const struct retain *r)
{
    struct store_let_go gone = { 0 };
    uint64_t before = store_size(s);
    bool more = true;
    int code = 0;
    while (more && !code)
        code = store_let_go(s, &r->keep, &gone, &more);
    if (!code && r->pack)
        code = store_pack(s);
    if (code)
        return complain(code, "%s", store_error(s));
    if (r->pack)
        gone.bytes = before > store_size(s) ? before - store_size(s) : 0;
    return say(&gone, false);
}

int command_retain(int argc, char **argv)
{
    struct retain r = { .db = DATABASE_DEFAULT, .keep = keep_default };
    struct store_options o = { .there = true };
    char error[STORE_ERROR];
    int option, code = 0;

    while (!code && (option = option_next(argc, argv, options)) != -1)
        code = take_option(&r, option);
    if (code)
        return code;
    if (r.help) {
        command_help(command_find("retain"));
        return finish_output();
    }
    if (optind < argc)
        return complain(EX_USAGE, "retain: '%s' is not an option; the database is named by --db", argv[optind]);
    if (r.pack && r.dry_run)
        return complain(EX_USAGE, "retain: --dry-run writes nothing, so that --pack cannot go with it; leave one of them out");
    o.as_is = r.dry_run;
    struct store *s = store_open(r.db, &o, &code, error);
    if (!s)
        return complain(code, "%s", error);
    code = r.dry_run ? try_to_let_go(s, &r) : let_go(s, &r);
    store_close(s);
    return code;
}
