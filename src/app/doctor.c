/* mailseal doctor: whether what is captured is good enough, and what mends it. */
#include <getopt.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "app/checkup.h"
#include "app/command.h"
#include "report/text.h"

enum { OPT_PORTS = 256, OPT_HELP };

static const struct option options[] = {
    { "ports", required_argument, NULL, OPT_PORTS },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

struct doctor {
    struct port_table ports;
    unsigned found[HEALTH_BAD + 1];
};

static void tell(void *ctx, enum health h, const char *what, const char *sentence, const char *mend)
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
        tell(d, HEALTH_BAD, "file", capture_error(c), NULL);
    checkup_report(k, NULL, tell, d);
    checkup_free(k);
    capture_close(c);
    return conclude(d);
}

int command_doctor(int argc, char **argv)
{
    static struct doctor d;
    char error[160];
    int option;

    ports_default(&d.ports);
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        switch (option) {
        case OPT_PORTS:
            if (!ports_parse(&d.ports, optarg, error, sizeof error))
                return complain(EX_USAGE, "%s", error);
            break;
        case OPT_HELP:
            command_help(command_find("doctor"));
            return finish_output();
        default:
            return complain_usage("doctor");
        }
    if (optind + 1 != argc) {
        complain(EX_USAGE, "doctor: one capture has to be named");
        return complain_usage("doctor");
    }
    return look_at_file(&d, argv[optind]);
}
