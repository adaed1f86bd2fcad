/* mailseal rejudge: the arguments, and what has changed; the rest is store/rejudge.h. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "app/command.h"
#include "store/rejudge.h"

enum { OPT_DB = 256, OPT_ALLOW, OPT_CONFIG, OPT_DRY_RUN, OPT_HELP };

static const struct option options[] = {
    { "db", required_argument, NULL, OPT_DB },
    { "allow", required_argument, NULL, OPT_ALLOW },
    { "config", required_argument, NULL, OPT_CONFIG },
    { "dry-run", no_argument, NULL, OPT_DRY_RUN },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

/* Words of enum verdict and the like; the grades of stripping have one more. */
static const char *word_of(const char *kind, size_t code)
{
    const struct word_list *l = vocabulary_of(kind);
    if (code == GRADE_N && strcmp(kind, "grade") == 0)
        return "allowed";
    return code < l->n ? l->word[code].word : "unknown";
}

static void say(const char *before, const char *kind, uint64_t table[REJUDGE_CODES][REJUDGE_CODES])
{
    for (size_t was = 0; was < REJUDGE_CODES; was++)
        for (size_t is = 0; is < REJUDGE_CODES; is++)
            if (table[was][is])
                printf("%s%s -> %s: %" PRIu64 "\n", before, word_of(kind, was), word_of(kind, is), table[was][is]);
}

static void say_changes(struct rejudge_changes *c, bool dry)
{
    if (c->allowed || c->no_more)
        printf("on a path that is allowed now: %" PRIu64 ", on one that is allowed no more: %" PRIu64 "\n", c->allowed, c->no_more);
    if (!c->changed) {
        puts("nothing changes");
        return;
    }
    say("", "verdict", c->verdict);
    say("hop ", "hop", c->hop);
    say("strip ", "grade", c->strip);
    if (c->rule_only)
        printf("another rule, the same verdict: %" PRIu64 "\n", c->rule_only);
    printf("%" PRIu64 " of %" PRIu64 " sessions %s\n", c->changed, c->sessions,
           dry ? "would change; nothing was written" : "changed");
}

/* The directions are those that are stored, so no local networks have to be named beside them. */
static bool on_allowed_path(const void *ctx, enum direction d, const struct endpoint *client, const struct endpoint *server)
{
    return path_is_allowed(ctx, d, client, server);
}

static int take_allowed(struct paths *p, const char *text, bool *none)
{
    bool is_none = strcmp(text, "none") == 0;
    if (*none || (is_none && p->nallowed))
        return complain(EX_USAGE, "--allow: 'none' stands alone");
    *none = is_none;
    return is_none ? 0 : allow_take(p, text);
}

static int judge_again(const char *db, bool dry, const struct paths *paths)
{
    static struct rejudge_changes changes;
    struct rejudge_paths allowed = { on_allowed_path, paths, paths && paths_are_narrow(paths) };
    char error[STORE_ERROR];
    int code = rejudge(db, dry, paths ? &allowed : NULL, &changes, error);

    if (code)
        return complain(code, "%s", error);
    say_changes(&changes, dry);
    return finish_output();
}

int command_rejudge(int argc, char **argv)
{
    static struct paths paths;
    const char *db = DATABASE_DEFAULT;
    bool dry = false, named = false, none = false;
    int option, code;

    while ((option = option_next(argc, argv, options)) != -1)
        switch (option) {
        case OPT_DB:
            db = optarg;
            break;
        case OPT_ALLOW:
            named = true;
            if ((code = take_allowed(&paths, optarg, &none)))
                return code;
            break;
        case OPT_CONFIG:
            if (named)
                return complain(EX_USAGE, "rejudge: --config comes before --allow, and once");
            named = true;
            if ((code = config_paths(optarg, &paths)))
                return code;
            break;
        case OPT_DRY_RUN:
            dry = true;
            break;
        case OPT_HELP:
            command_help(command_find("rejudge"));
            return finish_output();
        default:
            return EX_USAGE;
        }
    if (optind < argc)
        return complain(EX_USAGE, "rejudge: '%s' is not an option; the database is named by --db", argv[optind]);
    return judge_again(db, dry, named ? &paths : NULL);
}
