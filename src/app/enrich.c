/* mailseal enrich: registrable domains, autonomous systems and countries beside what is stored. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "app/command.h"
#include "lookup/mmdb.h"
#include "lookup/suffixes.h"
#include "store/enrich.h"

enum { OPT_DB = 256, OPT_PSL, OPT_MMDB, OPT_COUNTRY, OPT_HELP };

static const struct option options[] = {
    { "db", required_argument, NULL, OPT_DB },
    { "psl", required_argument, NULL, OPT_PSL },
    { "mmdb", required_argument, NULL, OPT_MMDB },
    { "country", required_argument, NULL, OPT_COUNTRY },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

_Static_assert((int)DOMAIN_TEXT <= (int)ENRICH_TEXT && (int)MMDB_NAME <= (int)ENRICH_TEXT
               && (int)MMDB_COUNTRY == (int)ENRICH_COUNTRY, "what is found finds room");

/* Paths; NULL: not named. */
struct files {
    const char *psl, *mmdb, *country;
};

struct knowledge {
    struct suffixes *suffixes;
    struct mmdb *mmdb, *countries;
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

static bool find_country(void *ctx, const uint8_t addr[16], char out[ENRICH_COUNTRY])
{
    const struct knowledge *k = ctx;
    return mmdb_country(k->countries, addr, out);
}

static void show(const struct enrich_done *d, const struct knowledge *k)
{
    if (k->suffixes)
        printf("%" PRIu64 " of %" PRIu64 " names have a registrable domain (%" PRIu64 " changed); %" PRIu64 " servers got one\n",
               d->domains, d->names, d->domains_changed, d->servers_changed);
    if (k->mmdb)
        printf("%" PRIu64 " of %" PRIu64 " addresses have an autonomous system (%" PRIu64 " changed)\n", d->placed, d->addresses,
               d->places_changed);
    if (k->countries)
        printf("%" PRIu64 " of %" PRIu64 " addresses have a country (%" PRIu64 " changed)\n", d->located, d->looked_for,
               d->countries_changed);
}

static int open_all(struct knowledge *k, const struct files *f)
{
    const char *why;
    if (f->psl && !(k->suffixes = suffixes_open(f->psl, &why)))
        return complain(EX_NOINPUT, "--psl: %s: %s", f->psl, why);
    if (f->mmdb && !(k->mmdb = mmdb_open(f->mmdb, &why)))
        return complain(EX_NOINPUT, "--mmdb: %s: %s", f->mmdb, why);
    if (f->country && !(k->countries = mmdb_open(f->country, &why)))
        return complain(EX_NOINPUT, "--country: %s: %s", f->country, why);
    return 0;
}

static int enrich_all(const char *db, const struct files *f)
{
    struct knowledge k = { .suffixes = NULL };
    struct enrich_done done;
    char error[STORE_ERROR];
    int code = open_all(&k, f);

    const struct enrich_with with = { f->psl ? find_domain : NULL, f->mmdb ? find_place : NULL, f->country ? find_country : NULL, &k };
    if (!code && (code = enrich(db, &with, &done, error)))
        complain(code, "%s", error);
    if (!code)
        show(&done, &k);
    suffixes_close(k.suffixes);
    mmdb_close(k.mmdb);
    mmdb_close(k.countries);
    return code ? code : finish_output();
}

int command_enrich(int argc, char **argv)
{
    const char *db = DATABASE_DEFAULT;
    struct files f = { .psl = NULL };
    int option;

    while ((option = option_next(argc, argv, options)) != -1)
        switch (option) {
        case OPT_DB:
            db = optarg;
            break;
        case OPT_PSL:
            f.psl = optarg;
            break;
        case OPT_MMDB:
            f.mmdb = optarg;
            break;
        case OPT_COUNTRY:
            f.country = optarg;
            break;
        case OPT_HELP:
            command_help(command_find("enrich"));
            return finish_output();
        default:
            return EX_USAGE;
        }
    if (optind < argc || (!f.psl && !f.mmdb && !f.country)) {
        complain(EX_USAGE, "enrich: name a public suffix list with --psl, MaxMind DB files with --mmdb and --country, or some of these,"
                           " and nothing else");
        return complain_usage("enrich");
    }
    return enrich_all(db, &f);
}
