#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "app/config.h"
#include "app/nearest.h"
#include "base/digest.h"
#include "capture/capture.h"
#include "capture/gunzip.h"
#include "capture/unzstd.h"
#include "dpi/dpi.h"
#include "fit/least_squares.h"
#include "report/rehearse.h"
#include "lookup/suffixes.h"
#include "store/store.h"

const struct command commands[] = {
    { "analyze", command_analyze, "analyze [OPTION]... CAPTURE...",
      "reads captures (pcap, pcapng, packed by gzip or zstd, '-', a folder) and prints the encrypted share",
      "  --db FILE             the database; default " DATABASE_DEFAULT "\n"
      "  --local NET,...       networks of your own, for the direction of a session\n"
      "  --allow PATH,...      paths on which keeping TLS away is known and wanted: NET, 'from NET', 'to NET', both, or\n"
      "                        a direction (and these); counted as allowed, never as stripped\n"
      "  --ports PORT:PROTOCOL[:tls],...\n"
      "                        further mail ports; with '=' in front, the only ones\n"
      "  --separate            never joins rotated captures into one stream\n"
      "  --sensor NAME         who saw it; default local\n"
      "  --addresses keep|truncate|pseudonym|prefix\n"
      "                        what is stored of each address: all, the /24 or /48, a pseudonym by a key, or one\n"
      "                        that keeps common prefixes (Crypto-PAn)\n"
      "  --address-key FILE    the key of the last two; made with mode 0600 if it is not there\n"
      "  --memory SIZE         for open connections; default a quarter of the machine's\n"
      "  --lanes N             threads that follow connections, beside one that reads and one that stores;\n"
      "                        0 does all in one; default by the number of cores\n"
      "  --stats               at the end, what it cost: time by thread, throughput, memory; to standard error\n"
      "  --quiet               prints nothing but errors\n" },
    { "monitor", command_monitor, "monitor [OPTION]... --interface NAME[,NAME] | --read -",
      "follows packets for as long as they come, and keeps the database up to date",
      "  --interface NAME,...  network interfaces, such as the two of a tap; may be given several times\n"
      "  --read -              a capture from standard input, with its own packet time\n"
      "  --db FILE             the database; default " DATABASE_DEFAULT "\n"
      "  --local NET,...       networks of your own, for the direction of a session\n"
      "  --allow PATH,...      paths on which keeping TLS away is known and wanted: NET, 'from NET', 'to NET', both, or\n"
      "                        a direction (and these); counted as allowed, never as stripped\n"
      "  --ports PORT:PROTOCOL[:tls],...\n"
      "                        further mail ports; with '=' in front, the only ones\n"
      "  --sensor NAME         who sees it; default local\n"
      "  --addresses keep|truncate|pseudonym|prefix\n"
      "                        what is stored of each address: all, the /24 or /48, a pseudonym by a key, or one\n"
      "                        that keeps common prefixes (Crypto-PAn)\n"
      "  --address-key FILE    the key of the last two; made with mode 0600 if it is not there\n"
      "  --memory SIZE         for open connections; default a quarter of the machine's\n"
      "  --lanes N             threads that follow connections\n"
      "  --all-ports           the kernel passes everything on: mail on odd ports is looked for\n"
      "  --filter EXPRESSION   what the kernel passes on instead, in the language of libpcap\n"
      "  --buffer SIZE         of the ring in the kernel, for each interface; default 64M\n"
      "  --snaplen BYTES       of each packet; default 262144\n"
      "  --user NAME           who the parser becomes when it is started as root; default mailseal, else nobody\n"
      "  --config FILE         settings: lines 'name = value' with the names of these options, which come behind it\n"
      "  --retain-sessions DAYS\n"
      "                        how long sessions are kept; default 30, 0 is for ever. The sums stay\n"
      "  --retain-incidents DAYS\n"
      "                        the same of sessions with evidence or an incident; default 400\n"
      "  --retain-hourly DAYS  how long sums are kept by the hour, behind that by the day; default 400, 0 is for ever\n"
      "  --size-limit SIZE     of the database: the oldest sessions go first, then those with evidence or an incident\n"
      "  --log-level LEVEL     error, warning or notice, the default: lines less urgent are not written\n"
      "  --write FOLDER        keeps captures there of the sessions with an incident, what is secret in them blanked\n"
      "  --write-size SIZE     of each of those files; default 16M\n"
      "  --write-files N       of them at most, the oldest is removed; default 64\n"
      "  --evidence-memory SIZE\n"
      "                        for packets of sessions that are not judged yet; default 64M\n"
      "\nTERM ends it: sessions that are open end as they stand. USR1 prints figures to standard error.\n"
      "HUP reads the configuration again: local, allow, log-level and what is kept change at once, the rest at the next start.\n" },
    { "check-config", command_check_config, "check-config [FILE]",
      "says whether a configuration of the sensor is good; default " CONFIG_DEFAULT,
      "The status is 78 if a line is no good or settings do not go together. What this machine does not have of what it names\n"
      "(interfaces, user, folders) is a warning, and the status 0: it may be for another machine.\n" },
    { "top", command_top, "top [OPTION]...",
      "shows the last minute and hour as the sensor stores them, over and over again",
      "  --db FILE             the database; default " DATABASE_DEFAULT "\n"
      "  --once                once, as plain text; so it is, too, where the output is no terminal\n"
      "\nq ends it.\n" },
    { "doctor", command_doctor, "doctor [OPTION]... --interface NAME | CAPTURE",
      "says whether a capture, or an interface, is good enough to be measured by, and what mends it",
      "  --interface NAME      looks at it, and at what the sensor needs beside it\n"
      "  --seconds N           for so long; default 10\n"
      "  --db FILE             where there has to be room for it; default " DATABASE_DEFAULT "\n"
      "  --ports PORT:PROTOCOL[:tls],...\n"
      "                        further mail ports\n"
      "\nThe status is 65 if something is bad.\n" },
    { "report", command_report, "report [OPTION]... [NAME]",
      "prints a report; without a name, which there are; all of them as one page with --format html",
      "  --db FILE             the database; default " DATABASE_DEFAULT "\n"
      "  --format table|csv|json|jsonl, or html without a NAME\n"
      "  --output FILE         instead of standard output; replaced when all of it is written\n"
      "  --since T, --until T  a date or an RFC 3339 time; from since up to, not with, until\n"
      "  --by hour|day|week|month\n"
      "  --hop HOP             relay, submission, retrieval, delivery, filter, other\n"
      "  --direction DIRECTION inbound, outbound, internal, transit, unknown\n" },
    { "sessions", command_sessions, "sessions [OPTION]...",
      "lists each session with all that was seen of it",
      "  --db FILE             the database; default " DATABASE_DEFAULT "\n"
      "  --verdict VERDICT     only these\n"
      "  --since T, --until T  a date or an RFC 3339 time; those that begin from since up to, not with, until\n"
      "  --hop HOP, --direction DIRECTION\n"
      "  --format table|csv|json|jsonl, or JSON lines with the names of others: eve (Suricata), ecs (Elastic)\n" },
    { "incidents", command_incidents, "incidents [OPTION]...",
      "lists whose TLS was kept away on the way to which server, and other incidents, each path once",
      "  --db FILE             the database; default " DATABASE_DEFAULT "\n"
      "  --since T, --until T  a date or an RFC 3339 time; sessions that began from since up to, not with, until\n"
      "  --hop HOP             relay, submission, retrieval, delivery, filter, other\n"
      "  --direction DIRECTION inbound, outbound, internal, transit, unknown\n"
      "  --grade GRADE         possible, likely, proven: stripping of this grade at least, and nothing else;\n"
      "                        none: everything; allowed: that on paths of --allow; default what is likely,\n"
      "                        and other incidents\n"
      "  --format text|jsonl\n"
      "\nThe status is 1 if there is one, 0 if there is none.\n" },
    { "locate", command_locate, "locate [OPTION]...",
      "says where whoever keeps TLS away stands, and what kind of box it is, as far as can be known",
      "  --db FILE             the database; default " DATABASE_DEFAULT "\n"
      "  --since T, --until T  a date or an RFC 3339 time; sessions that began from since up to, not with, until\n"
      "  --server ADDRESS      only these servers: an address or a network, as they are stored\n"
      "  --client ADDRESS      likewise\n"
      "  --hop HOP             relay, submission, retrieval, delivery, filter, other\n"
      "  --direction DIRECTION inbound, outbound, internal, transit, unknown\n"
      "  --grade GRADE         possible, likely, proven: stripping of this grade at least; default likely\n"
      "  --format text|jsonl\n"
      "\nThe status is 1 if there is stripping, 0 if there is none.\n" },
    { "explain", command_explain, "explain [OPTION]... ID",
      "shows why a session has its verdict: its dialogue, and the rule that decided",
      "  --db FILE             the database; default " DATABASE_DEFAULT "\n"
      "  --capture FILE        where the capture is now\n"
      "  --format text|json\n"
      "\nID is the number in the list of sessions. The dialogue is read again from the capture; where that\n"
      "is gone, the trace that was stored is shown. Names, addresses and texts are lengths, secrets nothing.\n" },
    { "rejudge", command_rejudge, "rejudge [OPTION]...",
      "judges all stored sessions again, by the rules of this version, and says what changed",
      "  --db FILE             the database; default " DATABASE_DEFAULT "\n"
      "  --allow PATH,...      the paths that are allowed now, as of monitor, in the place of those that were; or none\n"
      "  --config FILE         the same, as a sensor's configuration file names them\n"
      "  --dry-run             says what would change, and writes nothing\n" },
    { "retain", command_retain, "retain [OPTION]...",
      "lets go of old sessions, as the sensor does by itself; the sums stay",
      "  --db FILE             the database; default " DATABASE_DEFAULT "\n"
      "  --retain-sessions DAYS\n"
      "                        how long sessions are kept, up to the newest packet; default 30, 0 is for ever\n"
      "  --retain-incidents DAYS\n"
      "                        the same of those with evidence or an incident; default 400\n"
      "  --retain-hourly DAYS  how long sums are kept by the hour, behind that by the day; default 400\n"
      "  --size-limit SIZE     of the file: the oldest sessions go first, then those with evidence or an incident\n"
      "  --pack                writes the file anew, without gaps, when nobody else has it\n"
      "  --dry-run             says what would go, and lets nothing go\n" },
    { "enrich", command_enrich, "enrich [OPTION]... --psl FILE | --mmdb FILE | --country FILE",
      "looks up whose the stored names and addresses are, and stores that beside them",
      "  --db FILE             the database; default " DATABASE_DEFAULT "\n"
      "  --psl FILE            a public suffix list, for registrable domains\n"
      "  --mmdb FILE           a MaxMind DB file, for networks and autonomous systems\n"
      "  --country FILE        one with countries, for the regions of 'mailseal report safer_email'\n"
      "\nDone again it brings up to date what is there. 'mailseal report providers' shows who holds the share down.\n" },
    { "curve", command_curve, "curve [OPTION]... [FILE.csv]",
      "fits the adoption curve: growing, saturated, stepped, or no trend",
      "  --db FILE             the database; default " DATABASE_DEFAULT "\n"
      "  --hop HOP             of the database: relay, submission, …; default the headline's three\n"
      "  --verdict VERDICT     of the database: the part that has it, such as implicit_tls; default all that is encrypted\n"
      "  --since T, --until T  of the database: a date or an RFC 3339 time\n"
      "  --series NAME         of the file: this one, or those with all these words; default all\n"
      "  --ceiling SHARE       does not look for the ceiling, but takes it to be this\n"
      "  --format text|json\n"
      "\nThe first line of a file names its columns: date and numerator,denominator, or date and value; series\n"
      "where there are several. '-' is standard input. Intervals are 95 % ones.\n" },
    { "rehearse", command_rehearse, "rehearse [OPTION]...",
      "says what would fail if clear ports, or logins in clear, were closed today",
      "  --db FILE             the database; default " DATABASE_DEFAULT "\n"
      "  --require-tls PORT,...\n"
      "                        the ports that would ask for TLS; default " REHEARSAL_PORTS "\n"
      "  --logins              only logins in clear would be refused\n"
      "  --since T, --until T  a date or an RFC 3339 time; default the last 30 days that were seen\n"
      "  --hop HOP             relay, submission, retrieval, delivery, filter, other\n"
      "  --direction DIRECTION inbound, outbound, internal, transit, unknown\n"
      "  --format text|json\n" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct command *command_find(const char *name)
{
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

void command_help(const struct command *c)
{
    printf("usage: mailseal %s\n%s\n\n%s", c->synopsis, c->does, c->help);
}

static int no_command(const char *name)
{
    struct nearest near = nearest_to(name);
    for (const struct command *c = commands; c->name; c++)
        nearest_try(&near, c->name);
    const char *meant = nearest_word(&near);
    if (meant)
        return complain(EX_USAGE, "'%s' is no command; is '%s' meant?", name, meant);
    return complain(EX_USAGE, "'%s' is no command; 'mailseal --help' lists them", name);
}

static int help(void)
{
    puts("usage: mailseal COMMAND [OPTION]...\n\n"
         "How much e-mail is encrypted in transit.\n");
    for (const struct command *c = commands; c->name; c++)
        printf("  %-12s %s\n", c->name, c->does);
    puts("\n'mailseal COMMAND --help' or 'mailseal help COMMAND' lists a command's options;\n"
         "'mailseal --version' the libraries.");
    return finish_output();
}

static int help_of(const char *name)
{
    const struct command *c = command_find(name);
    if (!c)
        return no_command(name);
    command_help(c);
    return finish_output();
}

/* As they are loaded, but for cminpack. */
static void show_libraries(void)
{
    printf("mailseal %s\n%s\nSQLite %s\nlibcrypto: %s\nzlib %s\nlibzstd %s\nnDPI: %s\n%s\n%s\n", MAILSEAL_VERSION, capture_library(),
           store_library(), digest_library(), gunzip_library(), unzstd_library(), dpi_version(), least_squares_library(), suffixes_library());
}

/* If one of the three was closed, what is opened next would take its place, and be written to. Opened
 * the wrong way round, so that using it fails as it should. */
static void fill_standard_files(void)
{
    for (int fd = 0; fd <= 2; fd++)
        while (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            if (open("/dev/null", fd ? O_RDONLY : O_WRONLY) < 0)
                _exit(EX_OSERR);
}

int main(int argc, char **argv)
{
    const struct rlimit none = { 0, 0 };

    fill_standard_files();
    setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
    signal(SIGPIPE, SIG_IGN);           /* a reader that leaves is noticed at the write, */
    signal(SIGXFSZ, SIG_IGN);           /* and so is a limit on the size of files */
    setrlimit(RLIMIT_CORE, &none);      /* captured passwords must not land in a core file, */
    prctl(PR_SET_DUMPABLE, 0);          /* nor in what a core pattern pipes to a program */
    if (argc < 2) {
        help();
        return EX_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return argc > 2 ? help_of(argv[2]) : help();
    if (strcmp(argv[1], "--version") == 0) {
        show_libraries();
        return finish_output();
    }
    const struct command *c = command_find(argv[1]);
    return c ? c->run(argc - 1, argv + 1) : no_command(argv[1]);
}
