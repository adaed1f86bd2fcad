/* mailseal monitor: packets as they come, for as long as they come. */
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "app/config.h"
#include "app/key_file.h"
#include "app/pipeline.h"
#include "app/rights.h"
#include "app/sensor.h"
#include "app/surroundings.h"

enum { OPT_DB = 256, OPT_READ, OPT_SENSOR, OPT_ADDRESSES, OPT_ADDRESS_KEY, OPT_PORTS, OPT_LOCAL, OPT_ALLOW, OPT_MEMORY, OPT_LANES, OPT_USER,
       OPT_INTERFACE, OPT_BUFFER, OPT_SNAPLEN, OPT_ALL_PORTS, OPT_FILTER, OPT_LOG_LEVEL,
       OPT_RETAIN_SESSIONS, OPT_RETAIN_INCIDENTS, OPT_RETAIN_HOURLY, OPT_SIZE_LIMIT,
       OPT_WRITE, OPT_WRITE_SIZE, OPT_WRITE_FILES, OPT_EVIDENCE_MEMORY, OPT_CONFIG, OPT_HELP };

static const struct option options[] = {
    { "db", required_argument, NULL, OPT_DB },
    { "read", required_argument, NULL, OPT_READ },
    { "sensor", required_argument, NULL, OPT_SENSOR },
    { "addresses", required_argument, NULL, OPT_ADDRESSES },
    { "address-key", required_argument, NULL, OPT_ADDRESS_KEY },
    { "ports", required_argument, NULL, OPT_PORTS },
    { "local", required_argument, NULL, OPT_LOCAL },
    { "allow", required_argument, NULL, OPT_ALLOW },
    { "memory", required_argument, NULL, OPT_MEMORY },
    { "lanes", required_argument, NULL, OPT_LANES },
    { "user", required_argument, NULL, OPT_USER },
    { "interface", required_argument, NULL, OPT_INTERFACE },
    { "buffer", required_argument, NULL, OPT_BUFFER },
    { "snaplen", required_argument, NULL, OPT_SNAPLEN },
    { "all-ports", no_argument, NULL, OPT_ALL_PORTS },
    { "filter", required_argument, NULL, OPT_FILTER },
    { "log-level", required_argument, NULL, OPT_LOG_LEVEL },
    { "retain-sessions", required_argument, NULL, OPT_RETAIN_SESSIONS },
    { "retain-incidents", required_argument, NULL, OPT_RETAIN_INCIDENTS },
    { "retain-hourly", required_argument, NULL, OPT_RETAIN_HOURLY },
    { "size-limit", required_argument, NULL, OPT_SIZE_LIMIT },
    { "write", required_argument, NULL, OPT_WRITE },
    { "write-size", required_argument, NULL, OPT_WRITE_SIZE },
    { "write-files", required_argument, NULL, OPT_WRITE_FILES },
    { "evidence-memory", required_argument, NULL, OPT_EVIDENCE_MEMORY },
    { "config", required_argument, NULL, OPT_CONFIG },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

static int take_read(struct sensor *s, const char *value)
{
    if (strcmp(value, "-") != 0)
        return complain(EX_USAGE, "--read: only '-' is read, which is standard input; mailseal analyze reads files");
    s->from_stdin = true;
    return 0;
}

static bool is_link(const struct sensor *s, const char *name, size_t n)
{
    for (unsigned i = 0; i < s->nlinks; i++)
        if (strlen(s->link[i]) == n && memcmp(s->link[i], name, n) == 0)
            return true;
    return false;
}

/* "eth1" or "eth1,eth2". */
static int take_interfaces(struct sensor *s, const char *value)
{
    while (*value) {
        size_t n = strcspn(value, ",");
        if (!n || n >= IF_NAMESIZE)
            return complain(EX_USAGE, "--interface: '%s' is no name of an interface; 'ip link' lists them", value);
        if (is_link(s, value, n))
            return complain(EX_USAGE, "--interface: '%.*s' is named twice; each of its packets would count twice", (int)n, value);
        if (s->nlinks == STORE_LINKS)
            return complain(EX_USAGE, "--interface: no more than %d can be followed by one sensor", STORE_LINKS);
        memcpy(s->link_name[s->nlinks], value, n);
        s->link_name[s->nlinks][n] = 0;
        s->link[s->nlinks] = s->link_name[s->nlinks];
        s->nlinks++;
        value += n + (value[n] == ',');
    }
    return 0;
}

static int take_evidence(struct evidence_options *e, int option, const char *value)
{
    switch (option) {
    case OPT_WRITE_SIZE:
        return size_parse(value, &e->file_size) && e->file_size >= 64 << 10 && e->file_size <= 1 << 30
                   ? 0
                   : complain(EX_USAGE, "--write-size: '%s' is no size from 64K to 1024M", value);
    case OPT_WRITE_FILES:
        return number_parse(value, 1, 1000, &e->files) ? 0 : complain(EX_USAGE, "--write-files: '%s' is no number from 1 to 1000", value);
    case OPT_EVIDENCE_MEMORY:
        return size_parse(value, &e->memory) && e->memory >= 4 << 20
                   ? 0
                   : complain(EX_USAGE, "--evidence-memory: '%s' is no size of 4M or more", value);
    default:
        e->folder = value;
        return strlen(value) < EVIDENCE_FOLDER ? 0 : complain(EX_USAGE, "--write: the name of the folder is too long");
    }
}

static int take_filter(struct sensor *s, const char *value)
{
    char error[CAPTURE_ERROR];
    s->filter = value;
    return live_filter_good(value, error) ? 0 : complain(EX_USAGE, "--filter: %s", error);
}

static int take_option(struct sensor *s, int option, const char *value)
{
    char error[160];
    switch (option) {
    case OPT_DB:
        s->db = value;
        return 0;
    case OPT_READ:
        return take_read(s, value);
    case OPT_SENSOR:
        s->store_options.sensor = value;
        return sensor_name_valid(value) ? 0
                                        : complain(EX_USAGE, "--sensor: a name has 1 to 64 of A-Z a-z 0-9 . _ -");
    case OPT_ADDRESSES:
        return addresses_parse(&s->store_options, value);
    case OPT_ADDRESS_KEY:
        s->address_key = value;
        return 0;
    case OPT_PORTS:
        return ports_parse(&s->ports, value, error, sizeof error) ? 0 : complain(EX_USAGE, "%s", error);
    case OPT_LOCAL:
        return local_take(&s->paths, value);
    case OPT_ALLOW:
        return allow_take(&s->paths, value);
    case OPT_MEMORY:
        return size_parse(value, &s->memory) && s->memory >= 1 << 20
                   ? 0
                   : complain(EX_USAGE, "--memory: '%s' is no size of 1M or more, such as 512M or 2G", value);
    case OPT_LANES:
        return number_parse(value, 0, LANES_MOST, &s->lanes) ? 0 : complain(EX_USAGE, "--lanes: '%s' is no number from 0 to %d", value, LANES_MOST);
    case OPT_INTERFACE:
        return take_interfaces(s, value);
    case OPT_BUFFER:
        return size_parse(value, &s->buffer) && s->buffer >= 1 << 18 && s->buffer <= INT32_MAX
                   ? 0
                   : complain(EX_USAGE, "--buffer: '%s' is no size from 256K to 2047M", value);
    case OPT_SNAPLEN:
        return number_parse(value, 64, 262144, &s->snaplen) ? 0 : complain(EX_USAGE, "--snaplen: '%s' is no number from 64 to 262144", value);
    case OPT_ALL_PORTS:
        s->all_ports = true;
        return 0;
    case OPT_FILTER:
        return take_filter(s, value);
    case OPT_USER:
        s->user = value;
        return 0;
    case OPT_LOG_LEVEL:
        return log_level_parse(value, &s->log_level) ? 0 : complain(EX_USAGE, "--log-level: '%s' is none of error, warning, notice", value);
    case OPT_RETAIN_SESSIONS:
        return days_parse("retain-sessions", value, &s->keep.session_days);
    case OPT_RETAIN_INCIDENTS:
        return days_parse("retain-incidents", value, &s->keep.incident_days);
    case OPT_RETAIN_HOURLY:
        return days_parse("retain-hourly", value, &s->keep.hourly_days);
    case OPT_SIZE_LIMIT:
        return size_limit_parse(value, &s->keep.bytes);
    case OPT_WRITE: case OPT_WRITE_SIZE: case OPT_WRITE_FILES: case OPT_EVIDENCE_MEMORY:
        return take_evidence(&s->evidence, option, value);
    case OPT_CONFIG:                    /* read before the others */
        return 0;
    default:
        return EX_USAGE;
    }
}

/* Who the parser becomes. */
static int find_user(struct sensor *s)
{
    return rights_find_user(s->user, &s->uid, &s->gid)
               ? 0
               : complain(EX_NOUSER, "'%s' is no user that the parser could become; name one with --user", s->user ? s->user : "nobody");
}

/* The writer becomes who owns the database, or the folder that it will be in. */
static int find_owner(struct sensor *s)
{
    struct stat st;
    char folder[FOLDER_TEXT];
    if (stat(s->db, &st) != 0 && stat(folder_of(s->db, folder), &st) != 0)
        return complain(EX_CANTCREAT, "%s cannot be made: its folder: %s; make that, or name another file with --db", s->db, strerror(errno));
    if (geteuid() == 0) {
        s->writer_uid = st.st_uid;
        s->writer_gid = st.st_gid;
    }
    return 0;
}

/* A folder that is not there is made, for the writer. */
static int prepare_evidence(struct sensor *s)
{
    const char *folder = s->evidence.folder;
    struct stat st;
    if (!folder)
        return 0;
    if (stat(folder, &st) == 0 && !S_ISDIR(st.st_mode))
        return complain(EX_CANTCREAT, "%s cannot be written in: it is no folder; name one with --write", folder);
    if (mkdir(folder, 0750) == 0 && geteuid() == 0 && s->writer_uid && chown(folder, s->writer_uid, s->writer_gid) != 0)
        return complain(EX_CANTCREAT, "%s cannot be given to the writer: %s", folder, strerror(errno));
    return 0;
}

/* --- settings: those of the file, and behind them those of the command line --- */

struct settings {
    struct sensor sensor;               /* the port table is too large for a stack */
    struct config config;               /* has the file's text */
    unsigned left_alone;                /* interfaces of the file, since the command line names standard input */
};

static int take_setting(void *ctx, int option, const char *value) { return take_option(ctx, option, value); }

static void set_defaults(struct settings *t)
{
    struct sensor *s = &t->sensor;
    memset(t, 0, sizeof *t);
    s->db = DATABASE_DEFAULT;
    s->store_options.live = true;
    s->keep = keep_default;
    s->memory = memory_default();
    s->lanes = pipeline_lanes_default();
    s->buffer = 64 << 20;
    s->snaplen = 262144;
    s->log_level = LOG_LEVEL_NOTICE;
    s->evidence = (struct evidence_options){ .memory = 64 << 20, .file_size = 16 << 20, .files = 64 };
    ports_default(&s->ports);
    t->config.options = options;
    t->config.take = take_setting;
    t->config.ctx = s;
}

/* The value of an option in the command line, or its name when it has none; NULL: it is not there. */
static const char *find_option(int wanted, int argc, char **argv)
{
    const char *value = NULL;
    int option, at;
    opterr = optind = 0;                /* what is wrong is said later */
    while ((option = getopt_long(argc, argv, "", options, &at)) != -1)
        if (option == wanted)
            value = optarg ? optarg : options[at].name;
    opterr = 1;
    optind = 0;
    return value;
}

/* Whether the settings go together. A database that is there may say that addresses are not kept: with --write it is
 * asked for by name. */
static int check_settings(struct sensor *s)
{
    struct store_options *o = &s->store_options;
    int status = paths_take(&s->paths);
    if (status)
        return status;
    if (s->evidence.folder && o->addresses == ADDRESSES_DEFAULT)
        o->addresses = ADDRESSES_KEEP;
    if (s->evidence.folder && o->addresses != ADDRESSES_KEEP)
        return complain(EX_USAGE, "--write: captures show addresses as they are; it can only be had with --addresses keep");
    return addresses_check(o, s->address_key);
}

/* What is read, when all is known that may be. of_file: interfaces that the file names, if the command line names standard
 * input, which takes their place. */
static int settle_links(struct settings *t, unsigned of_file)
{
    struct sensor *s = &t->sensor;
    if (!s->from_stdin && !s->nlinks && s->config)
        return complain(EX_USAGE, "monitor: nothing is named to be read: put the line 'interface = NAME' into %s ('ip link' lists those"
                        " of this machine)", s->config);
    if (s->from_stdin ? s->nlinks != of_file : !s->nlinks)
        return complain(EX_USAGE, "monitor: either --interface or --read - has to be named, and %s",
                        s->nlinks ? "not both" : "nothing is; 'ip link' lists interfaces");
    if (!s->from_stdin)
        return 0;
    t->left_alone = of_file;
    s->link[0] = "-";
    s->nlinks = 1;
    return 0;
}

static int read_settings(struct settings *t, int argc, char **argv)
{
    int option, status;
    unsigned of_file;
    set_defaults(t);
    t->sensor.config = find_option(OPT_CONFIG, argc, argv);
    if (t->sensor.config && (status = config_read(&t->config, t->sensor.config)))
        return status;
    of_file = t->sensor.from_stdin ? 0 : t->sensor.nlinks;
    while ((option = option_next(argc, argv, options)) != -1)
        if ((status = take_option(&t->sensor, option, optarg)))
            return status;
    if (optind != argc)
        return complain(EX_USAGE, "monitor: '%s' is no option; captures are read by mailseal analyze", argv[optind]);
    status = settle_links(t, of_file);
    return status ? status : check_settings(&t->sensor);
}

static struct {
    int argc;
    char **argv;
} line;                                 /* the command line, to be read again */

static const struct sensor *read_again(void)
{
    static struct settings fresh;
    return read_settings(&fresh, line.argc, line.argv) == 0 ? &fresh.sensor : NULL;
}

int command_monitor(int argc, char **argv)
{
    static struct settings t;
    struct sensor *s = &t.sensor;
    int status;

    if (find_option(OPT_HELP, argc, argv)) {
        command_help(command_find("monitor"));
        return finish_output();
    }
    line.argc = argc;
    line.argv = argv;
    if ((status = read_settings(&t, argc, argv)))
        return status;
    s->read_again = read_again;
    if (t.left_alone)
        remark("packets come from standard input, as the command line has it: the interface%s of %s %s left alone",
               t.left_alone == 1 ? "" : "s", s->config, t.left_alone == 1 ? "is" : "are");
    if ((status = find_user(s)))
        return status;
    if ((status = find_owner(s)) || (status = prepare_evidence(s)))
        return status;
    /* Before any process gives up the right to: a writer that is started again takes the same. */
    if (s->address_key && (status = key_file_read(s->address_key, s->store_options.addresses, false, &s->key)))
        return status;
    status = sensor_run(s);
    key_file_wipe(&s->key);
    return status;
}

int config_paths(const char *path, struct paths *out)
{
    static struct settings t;
    set_defaults(&t);
    int status = config_read(&t.config, path);
    if (!status)
        *out = t.sensor.paths;
    return status ? status : paths_take(out);
}

int command_check_config(int argc, char **argv)
{
    static struct settings t;
    const char *path = argc > 1 ? argv[1] : CONFIG_DEFAULT;
    int status;
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        command_help(command_find("check-config"));
        return finish_output();
    }
    if (argc > 2 || *path == '-') {
        complain(EX_USAGE, "check-config: one file at most can be checked");
        return complain_usage("check-config");
    }
    set_defaults(&t);
    if ((status = config_read(&t.config, path)))
        return status;
    bool none = !t.sensor.nlinks && !t.sensor.from_stdin;
    if ((!none && settle_links(&t, 0)) || check_settings(&t.sensor))
        return EX_CONFIG;
    unsigned missing = surroundings_check(&t.sensor);
    printf("%s is good: %u setting%s%s\n", path, t.config.n, t.config.n == 1 ? "" : "s",
           missing ? ", but this machine does not have all that it names" : "");
    if (none)
        puts("It names nothing to read: the command line has to, or a line such as 'interface = eth1', without which the service does"
             " not start.");
    return finish_output();
}
