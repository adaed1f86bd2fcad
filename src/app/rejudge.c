/* mailseal rejudge: the arguments, and what has changed; the rest is store/rejudge.h. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "app/command.h"
#include "store/rejudge.h"

enum { OPT_DB = 256, OPT_DRY_RUN, OPT_HELP };

static const struct option options[] = {
    { "db", required_argument, NULL, OPT_DB },
    { "dry-run", no_argument, NULL, OPT_DRY_RUN },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

/* Words of enum verdict and the like; the grades of stripping have one more. */
static const char *word_of(const char *kind, size_t code)
{
    const struct word_list *l = vocabulary_of(kind);
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

int command_rejudge(int argc, char **argv)
{
    static struct rejudge_changes changes;
    const char *db = DATABASE_DEFAULT;
    char error[STORE_ERROR];
    bool dry = false;
    int option, code;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        switch (option) {
        case OPT_DB:
            db = optarg;
            break;
        case OPT_DRY_RUN:
            dry = true;
            break;
        case OPT_HELP:
            command_help(command_find("rejudge"));
            return finish_output();
        default:
            return complain_usage("rejudge");
        }
    if (optind < argc)
        return complain(EX_USAGE, "rejudge: '%s' is not an option; the database is named by --db", argv[optind]);
    if ((code = rejudge(db, dry, &changes, error)))
        return complain(code, "%s", error);
    say_changes(&changes, dry);
    return finish_output();
}
