/* mailseal enrich: registrable domains and autonomous systems beside what is stored. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "app/command.h"
#include "lookup/mmdb.h"
#include "lookup/suffixes.h"
#include "store/enrich.h"

enum { OPT_DB = 256, OPT_PSL, OPT_MMDB, OPT_HELP };

static const struct option options[] = {
    { "db", required_argument, NULL, OPT_DB },
    { "psl", required_argument, NULL, OPT_PSL },
    { "mmdb", required_argument, NULL, OPT_MMDB },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

_Static_assert((int)DOMAIN_TEXT <= (int)ENRICH_TEXT && (int)MMDB_NAME <= (int)ENRICH_TEXT, "what is found finds room");

struct knowledge {
    struct suffixes *suffixes;
    struct mmdb *mmdb;
};

static bool find_domain(void *ctx, const char *name, char out[ENRICH_TEXT])
{
    const struct knowledge *k = ctx;
    return suffixes_domain(k->suffixes, name, out);
}

static bool find_place(void *ctx, const uint8_t addr[16], struct enrich_place *out)
{
    const struct knowledge *k = ctx;
    struct mmdb_answer answer;
    if (!mmdb_find(k->mmdb, addr, &answer))
        return false;
    memcpy(out->network.addr, addr, 16);
    out->network.bits = answer.bits;
    out->asn = answer.asn;
    memcpy(out->name, answer.name, sizeof answer.name);
    return true;
}

static void show(const struct enrich_done *d, const struct knowledge *k)
{
    if (k->suffixes)
        printf("%" PRIu64 " of %" PRIu64 " names have a registrable domain (%" PRIu64 " changed); %" PRIu64 " servers got one\n",
               d->domains, d->names, d->domains_changed, d->servers_changed);
    if (k->mmdb)
        printf("%" PRIu64 " of %" PRIu64 " addresses have an autonomous system (%" PRIu64 " changed)\n", d->placed, d->addresses,
               d->places_changed);
}

static int open_all(struct knowledge *k, const char *psl, const char *mmdb)
{
    const char *why;
    if (psl && !(k->suffixes = suffixes_open(psl, &why)))
        return complain(EX_NOINPUT, "--psl: %s: %s", psl, why);
    if (mmdb && !(k->mmdb = mmdb_open(mmdb, &why)))
        return complain(EX_NOINPUT, "--mmdb: %s: %s", mmdb, why);
    return 0;
}

static int enrich_all(const char *db, const char *psl, const char *mmdb)
{
    struct knowledge k = { NULL, NULL };
    struct enrich_done done;
    char error[STORE_ERROR];
    int code = open_all(&k, psl, mmdb);

    const struct enrich_with with = { psl ? find_domain : NULL, mmdb ? find_place : NULL, &k };
    if (!code && (code = enrich(db, &with, &done, error)))
        complain(code, "%s", error);
    if (!code)
        show(&done, &k);
    suffixes_close(k.suffixes);
    mmdb_close(k.mmdb);
    return code ? code : finish_output();
}

int command_enrich(int argc, char **argv)
{
    const char *db = DATABASE_DEFAULT, *psl = NULL, *mmdb = NULL;
    int option;

    while ((option = option_next(argc, argv, options)) != -1)
        switch (option) {
        case OPT_DB:
            db = optarg;
            break;
        case OPT_PSL:
            psl = optarg;
            break;
        case OPT_MMDB:
            mmdb = optarg;
            break;
        case OPT_HELP:
            command_help(command_find("enrich"));
            return finish_output();
        default:
            return EX_USAGE;
        }
    if (optind < argc || (!psl && !mmdb)) {
        complain(EX_USAGE, "enrich: name a public suffix list with --psl, a MaxMind DB file with --mmdb, or both, and nothing else");
        return complain_usage("enrich");
    }
    return enrich_all(db, psl, mmdb);
}
