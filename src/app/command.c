#include "app/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "app/log.h"
#include "app/nearest.h"
#include "report/layout.h"

enum { OPTION_TEXT = 80 };

int complain(int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_line(LOG_LEVEL_ERROR, format, args);
    va_end(args);
    return status;
}

void remark(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_line(LOG_LEVEL_NOTICE, format, args);
    va_end(args);
}

/* "--formt" of "--formt=json". */
static void name_in(const char *text, char out[OPTION_TEXT])
{
    snprintf(out, OPTION_TEXT, "%.*s", (int)strcspn(text, "="), text);
}

static int no_option(const char *command, const char *text, const struct option *o)
{
    char name[OPTION_TEXT];
    name_in(text, name);
    struct nearest near = nearest_to(name + strspn(name, "-"));
    bool several = false;
    for (; o->name; o++) {
        nearest_try(&near, o->name);
        several = several || (strncmp(name, "--", 2) == 0 && name[2] && strncmp(o->name, name + 2, strlen(name + 2)) == 0);
    }
    const char *meant = several ? NULL : nearest_word(&near);
    if (meant)
        complain(EX_USAGE, "%s: '%s' is no option; is '--%s' meant?", command, name, meant);
    else
        complain(EX_USAGE, "%s: '%s' %s; 'mailseal %s --help' lists them", command, name,
                 several ? "may be several options" : "is no option", command);
    return '?';
}

/* The argument that getopt_long() refused: it stays at one of several letters ("-db") until the last of them. */
static const char *refused(char **argv)
{
    const char *last = argv[optind - 1];
    return !optopt || (last[0] == '-' && last[1] == optopt && !last[2]) ? last : argv[optind];
}

int option_next(int argc, char **argv, const struct option *options)
{
    const struct option *o = options;
    opterr = 0;
    int option = getopt_long(argc, argv, ":", options, NULL);
    if (option != '?' && option != ':')
        return option;
    while (o->name && o->val != optopt)
        o++;
    if (!o->name)
        return no_option(argv[0], refused(argv), options);
    complain(EX_USAGE, "%s: '--%s' takes %s; see 'mailseal %s --help'", argv[0], o->name, option == ':' ? "a value" : "no value",
             argv[0]);
    return '?';
}

int complain_usage(const char *command)
{
    fprintf(stderr, "mailseal: see 'mailseal %s --help'\n", command);
    return EX_USAGE;
}

int finish_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EX_OK;
    if (errno == EPIPE)                 /* the reader has seen enough */
        return EX_OK;
    return complain(EX_IOERR, "standard output could not be written: %s", strerror(errno));
}

bool format_parse(const char *text, unsigned allowed, enum report_format *out)
{
    static const char *const names[] = { "table", "csv", "json", "jsonl", "eve", "ecs" };
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0 && (allowed >> i & 1)) {
            *out = (enum report_format)i;
            return true;
        }
    return false;
}

bool size_parse(const char *text, uint64_t *out)
{
    static const char units[] = "KMGT";
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    if (errno || (*end && (!unit || end[1])) || n > UINT64_MAX >> shift)
        return false;
    *out = (uint64_t)n << shift;
    return true;
}

bool number_parse(const char *text, unsigned least, unsigned most, unsigned *out)
{
    char *end;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    *out = (unsigned)n;
    return *text >= '0' && *text <= '9' && !*end && !errno && n >= least && n <= most;
}

int addresses_parse(struct store_options *o, const char *text)
{
    o->addresses = address_mode_parse(text);
    return o->addresses ? 0 : complain(EX_USAGE, "--addresses: '%s' is none of keep, truncate, pseudonym, prefix", text);
}

int addresses_check(const struct store_options *o, const char *key_file)
{
    if (address_mode_keyed(o->addresses) && !key_file)
        return complain(EX_USAGE, "--addresses %s takes a key: name its file with --address-key", address_mode_word(o->addresses));
    if (key_file && o->addresses && !address_mode_keyed(o->addresses))
        return complain(EX_USAGE, "--address-key is of no use with --addresses %s", address_mode_word(o->addresses));
    return 0;
}

static size_t at_least(size_t width) { return width < LAYOUT_LEAST ? LAYOUT_LEAST : width; }

size_t terminal_width(void)
{
    const char *text = getenv("COLUMNS");
    struct winsize w;
    unsigned n;

    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col)
        return at_least(w.ws_col);
    return text && number_parse(text, 1, 10000, &n) ? at_least(n) : 0;
}

const char *folder_of(const char *path, char buffer[FOLDER_TEXT])
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return ".";
    snprintf(buffer, FOLDER_TEXT, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    return buffer;
}

uint64_t memory_default(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size / 4 : (uint64_t)256 << 20;
}

int local_take(struct paths *s, const char *text)
{
    char bad[ADDRESS_TEXT];
    return local_parse(&s->local, text, bad) ? 0 : complain(EX_USAGE, "--local: '%s' is no network such as 192.0.2.0/24", bad);
}

int allow_take(struct paths *s, const char *text)
{
    char error[PATHS_ERROR];
    return allow_parse(s, text, error) ? 0 : complain(EX_USAGE, "--allow: %s", error);
}

int paths_take(const struct paths *s)
{
    char error[PATHS_ERROR];
    return paths_check(s, error) ? 0 : complain(EX_USAGE, "--allow: %s", error);
}
