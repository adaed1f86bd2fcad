/* Whether what is captured is good enough, and what mends it. */
#include <getopt.h>
#include <net/if.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "app/command.h"
#include "app/doctor.h"
#include "report/text.h"

enum { OPT_PORTS = 256, OPT_INTERFACE, OPT_SECONDS, OPT_DB, OPT_HELP };

static const struct option options[] = {
    { "ports", required_argument, NULL, OPT_PORTS },
    { "interface", required_argument, NULL, OPT_INTERFACE },
    { "seconds", required_argument, NULL, OPT_SECONDS },
    { "db", required_argument, NULL, OPT_DB },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

void doctor_tell(void *ctx, enum health h, const char *what, const char *sentence, const char *mend)
{
    static const char *const words[] = { "good", "note", "BAD" };
    struct doctor *d = ctx;
    d->found[h]++;
    printf("%-5s %-14s ", words[h], what);
    text_terminal(stdout, span_of((const uint8_t *)sentence, strlen(sentence)));
    if (mend) {
        printf("\n      %-14s   ", "");
        text_terminal(stdout, span_of((const uint8_t *)mend, strlen(mend)));
    }
    putchar('\n');
}

static int conclude(const struct doctor *d)
{
    unsigned bad = d->found[HEALTH_BAD], notes = d->found[HEALTH_NOTE];
    if (bad || notes)
        printf("\n%u bad, %u to note; what mends it stands below each.\n", bad, notes);
    else
        puts("\nAll is well.");
    int status = finish_output();
    return status ? status : bad ? EX_DATAERR : 0;
}

static int look_at_file(struct doctor *d, const char *path)
{
    struct packet batch[CAPTURE_BATCH];
    char error[CAPTURE_ERROR];
    enum capture_status status;
    struct capture *c = capture_open(path, &status, error);
    struct checkup *k = c ? checkup_new(&d->ports) : NULL;
    if (!k) {
        capture_close(c);
        return c ? complain(EX_OSERR, "there is not enough memory") : complain(status == CAPTURE_UNREADABLE ? EX_NOINPUT : EX_DATAERR, "%s", error);
    }
    for (size_t n; (n = capture_next(c, batch, CAPTURE_BATCH)) > 0;)
        for (size_t i = 0; i < n; i++)
            checkup_packet(k, &batch[i]);
    if (capture_status(c) != CAPTURE_OK)
        doctor_tell(d, HEALTH_BAD, "file", capture_error(c), NULL);
    checkup_report(k, NULL, doctor_tell, d);
    checkup_free(k);
    capture_close(c);
    return conclude(d);
}

static int usage(const char *sentence)
{
    complain(EX_USAGE, "doctor: %s", sentence);
    return complain_usage("doctor");
}

/* What a process writes into it that reads packets is seen here. */
static struct doctor *new_doctor(void)
{
    void *d = mmap(NULL, sizeof(struct doctor), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (d == MAP_FAILED)
        return NULL;
    ports_default(&((struct doctor *)d)->ports);
    return d;
}

int command_doctor(int argc, char **argv)
{
    struct doctor *d = new_doctor();
    const char *interface = NULL, *db = DATABASE_DEFAULT;
    unsigned seconds = 10;
    char error[160];
    int option, status;

    if (!d)
        return complain(EX_OSERR, "there is not enough memory");
    while ((option = option_next(argc, argv, options)) != -1)
        switch (option) {
        case OPT_INTERFACE:
            interface = optarg;
            if (!*interface || strlen(interface) >= IF_NAMESIZE || strpbrk(interface, "/,"))
                return complain(EX_USAGE, "--interface: '%s' is no name of an interface; 'ip link' lists them", interface);
            break;
        case OPT_SECONDS:
            if (!number_parse(optarg, 1, 3600, &seconds))
                return complain(EX_USAGE, "--seconds: '%s' is no number from 1 to 3600", optarg);
            break;
        case OPT_DB:
            db = optarg;
            break;
        case OPT_PORTS:
            if (!ports_parse(&d->ports, optarg, error, sizeof error))
                return complain(EX_USAGE, "%s", error);
            break;
        case OPT_HELP:
            command_help(command_find("doctor"));
            return finish_output();
        default:
            return EX_USAGE;
        }
    if (interface ? optind != argc : optind + 1 != argc)
        return usage("either one --interface or one capture has to be named");
    if (!interface)
        return look_at_file(d, argv[optind]);
    status = doctor_interface(d, interface, seconds, db);
    return status ? status : conclude(d);
}
