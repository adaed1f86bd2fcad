/* The parent of the sensor. */
#include "app/sensor.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "app/filter.h"
#include "app/key_file.h"
#include "app/log.h"
#include "app/presence.h"
#include "app/rights.h"
#include "app/status.h"
#include "base/threads.h"

volatile sig_atomic_t sensor_stopped, sensor_asked, sensor_renewed;

static const uint64_t second_ns = 1000000000;
enum { TICK_MS = 100, GRACE_S = 15, STUCK = 3 };

struct child {
    const char *name;
    pid_t pid;                          /* 0: it does not run */
    uint64_t since_ns;                  /* when it was started last */
    unsigned starts;
    bool over;                          /* it has ended for good, with this status: */
    int code;
};

struct parent {
    struct sensor *sensor;
    struct child parser, writer;
    struct parser_life life;
    struct status status;
    struct presence presence;
    bool stopping;
    uint64_t stopping_ns;
    uint64_t packets;                   /* of standard input, told of before the last start; */
    unsigned stuck;                     /* starts that got no further */
    uint32_t missing;                   /* links that are not there, as bits */
    uint64_t looked_ns;                 /* when they were looked at last */
    int code;                           /* the first thing that went wrong */
};

static const struct sensor_settings *settings;  /* of sensor_run() */

static void line_of(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void line_of(enum log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_line(level, format, args);
    va_end(args);
}

static void say(enum log_level level, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

static void say(enum log_level level, const char *format, va_list args)
{
    if (settings && (int)level > atomic_load(&settings->log_level))
        return;
    static struct log_budget budget;    /* each process has its own */
    static atomic_flag busy = ATOMIC_FLAG_INIT;
    while (atomic_flag_test_and_set(&busy))     /* the writer's two threads */
        ;
    unsigned left_out = budget.left_out;
    if (log_may(&budget, wall_clock_ns())) {
        budget.left_out = 0;
        if (left_out)
            line_of(LOG_LEVEL_WARNING, "%u lines were left out", left_out);
        log_line(level, format, args);
    }
    atomic_flag_clear(&busy);
}

void sensor_say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(LOG_LEVEL_NOTICE, format, args);
    va_end(args);
}

void sensor_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(LOG_LEVEL_WARNING, format, args);
    va_end(args);
}

/* --- signals --- */

static void note_signal(int number)
{
    if (number == SIGUSR1)
        sensor_asked = 1;
    else if (number == SIGUSR2)
        sensor_renewed = 1;
    else
        sensor_stopped = 1;
}

static void on_signal(int number, void (*what)(int))
{
    struct sigaction a = { .sa_handler = what };
    sigaction(number, &a, NULL);
}

static sigset_t awaited(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    return set;
}

/* A child hears of the end by SIGTERM alone, and the writer by the parser. */
static void child_signals(bool ends)
{
    const sigset_t set = awaited();
    on_signal(SIGINT, SIG_IGN);
    on_signal(SIGHUP, SIG_IGN);
    on_signal(SIGTERM, ends ? note_signal : SIG_IGN);
    on_signal(SIGUSR1, note_signal);
    on_signal(SIGUSR2, ends ? note_signal : SIG_IGN);
    on_signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* --- children --- */

static void close_input(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd > 0) {
        dup2(fd, STDIN_FILENO);
        close(fd);
    }
}

static int live_as_parser(struct parent *p)
{
    struct sensor *s = p->sensor;
    prctl(PR_SET_NAME, "mailseal-parser");
    key_file_wipe(&s->key);
    child_signals(true);
    close(s->listening);
    status_close(&p->status);
    munmap(s->writer, sizeof *s->writer);
    mprotect(s->settings, sizeof *s->settings, PROT_READ);
    return parser_main(s, &p->life);
}

static int live_as_writer(struct parent *p)
{
    struct sensor *s = p->sensor;
    prctl(PR_SET_NAME, "mailseal-writer");
    child_signals(false);
    close(s->told);
    status_close(&p->status);
    close_input();
    munmap(s->parser, sizeof *s->parser);
    mprotect(s->settings, sizeof *s->settings, PROT_READ);
    s->again = p->writer.starts > 1;
    return writer_main(s);
}

static bool start(struct parent *p, struct child *c, int (*live)(struct parent *))
{
    c->since_ns = wall_clock_ns();
    c->starts++;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(live(p));
    c->pid = pid > 0 ? pid : 0;
    if (pid < 0)
        sensor_warn("the %s cannot be started: %s", c->name, strerror(errno));
    return pid > 0;
}

static void signal_child(const struct child *c, int number)
{
    if (c->pid)
        kill(c->pid, number);
}

static uint64_t new_run(void)
{
    uint64_t run = 0;
    if (getrandom(&run, sizeof run, 0) != (ssize_t)sizeof run)
        run = wall_clock_ns();
    return run & INT64_MAX ? run & INT64_MAX : 1;
}

static bool can_resume(void)
{
    struct stat st;
    return fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode);
}

/* --- links --- */

/* Whether a network interface is there, and up. */
static bool is_up(const struct parent *p, const char *name)
{
    struct ifreq request = { .ifr_flags = 0 };
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    return ioctl(p->sensor->told, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP);
}

/* The first time each has to be there; later whoever is. False: none is. */
static bool open_links(struct parent *p)
{
    struct sensor *s = p->sensor;
    const char *const one[] = { s->filter, NULL }, *const none[] = { NULL };
    const struct live_options o = { .buffer = s->buffer, .snaplen = s->snaplen,
                                    .filters = s->all_ports ? none : s->filter ? one : filters_of(&s->ports) };
    bool first = !p->parser.starts, any = false;
    char error[CAPTURE_ERROR];
    enum capture_status status;

    for (unsigned i = 0; i < s->nlinks; i++) {
        bool wanted = first || is_up(p, s->link[i]);
        s->live[i] = wanted ? live_open(s->link[i], &o, &status, error) : NULL;
        any = any || s->live[i];
        if (!s->live[i] && first) {
            p->code = complain(status == CAPTURE_NOT_ONE ? EX_NOINPUT : EX_NOPERM, "%s", error);
            p->parser.over = true;
        } else if (!s->live[i] && !(p->missing >> i & 1)) {
            sensor_warn("%s is not there; it is waited for", s->link[i]);
        } else if (s->live[i] && (p->missing >> i & 1)) {
            sensor_say("%s is there again", s->link[i]);
        }
        p->missing = (p->missing & ~(1u << i)) | (s->live[i] ? 0u : 1u << i);
    }
    return any && !p->parser.over;
}

static void close_links(struct parent *p)
{
    for (unsigned i = 0; i < p->sensor->nlinks; i++) {
        live_close(p->sensor->live[i]);
        p->sensor->live[i] = NULL;
    }
}

/* A link that has gone and is there again needs a new parser, which gets it. */
static void look_at_links(struct parent *p)
{
    const struct sensor *s = p->sensor;
    uint64_t gone = atomic_load(&s->parser->gone), at = wall_clock_ns();
    if (s->from_stdin || !p->parser.pid || p->stopping || at - p->looked_ns < second_ns)
        return;
    p->looked_ns = at;
    for (unsigned i = 0; i < s->nlinks; i++) {
        if (!(gone >> i & 1))
            continue;
        if (!(p->missing >> i & 1))
            sensor_warn("%s has gone; it is waited for", s->link[i]);
        p->missing |= 1u << i;
        if (is_up(p, s->link[i]))
            signal_child(&p->parser, SIGUSR2);
    }
}

static void start_parser(struct parent *p)
{
    struct sensor *s = p->sensor;
    p->life = (struct parser_life){ .run = new_run(), .finish = p->stopping };
    if (s->from_stdin && p->parser.starts) {
        uint64_t packets = atomic_load(&s->parser->packets);
        p->stuck = packets > p->packets ? 0 : p->stuck + 1;
        p->life.resume = p->packets = packets;
        if ((!can_resume() || p->stuck > STUCK) && !p->life.finish) {
            sensor_warn("the rest of standard input is lost with the parser");
            p->life.finish = true;
            p->code = p->code ? p->code : EX_SOFTWARE;
        }
    }
    p->looked_ns = wall_clock_ns();
    if (!s->from_stdin && !p->life.finish && !open_links(p)) {
        p->parser.since_ns = wall_clock_ns();
        return;
    }
    atomic_store(&s->parser->gone, 0);
    start(p, &p->parser, live_as_parser);
    close_links(p);
}

static void has_ended(struct parent *p, struct child *c, int status)
{
    c->pid = 0;
    if (WIFEXITED(status) && (c == &p->writer || WEXITSTATUS(status) != EX_UNAVAILABLE)) {
        c->over = true;
        c->code = WEXITSTATUS(status);
        p->code = p->code ? p->code : c->code;
        return;
    }
    if (WIFSIGNALED(status))
        sensor_warn("the %s was ended by signal %d (%s); it is started again", c->name, WTERMSIG(status), strsignal(WTERMSIG(status)));
}

static void reap(struct parent *p)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        if (pid == p->parser.pid)
            has_ended(p, &p->parser, status);
        else if (pid == p->writer.pid)
            has_ended(p, &p->writer, status);
}

/* At once, but not more often than twice a second. */
static bool may_start(const struct child *c)
{
    return !c->pid && !c->over && (!c->since_ns || wall_clock_ns() - c->since_ns > second_ns / 2);
}

/* --- the loop --- */

static void stop(struct parent *p)
{
    if (!p->stopping) {
        p->stopping_ns = wall_clock_ns();
        status_stopping(&p->status);
    }
    p->stopping = true;
    signal_child(&p->parser, SIGTERM);
}

static void set_paths(struct sensor *s)
{
    unsigned next = !atomic_load(&s->settings->current);
    s->settings->paths[next] = s->paths;
    atomic_store(&s->settings->current, next);
}

void sensor_paths(const struct sensor *s, struct paths *out)
{
    *out = s->settings->paths[atomic_load(&s->settings->current)];
}

static void set_keep(struct sensor *s)
{
    atomic_store(&s->settings->session_days, s->keep.session_days);
    atomic_store(&s->settings->incident_days, s->keep.incident_days);
    atomic_store(&s->settings->hourly_days, s->keep.hourly_days);
    atomic_store(&s->settings->size_limit, s->keep.bytes);
}

struct store_keep sensor_keep(const struct sensor *s)
{
    return (struct store_keep){ atomic_load(&s->settings->session_days), atomic_load(&s->settings->incident_days),
                                atomic_load(&s->settings->size_limit), atomic_load(&s->settings->hourly_days) };
}

static bool same_links(const struct sensor *a, const struct sensor *b)
{
    bool same = a->nlinks == b->nlinks;
    for (unsigned i = 0; same && i < a->nlinks; i++)
        same = strcmp(a->link[i], b->link[i]) == 0;
    return same;
}

static bool same_text(const char *a, const char *b) { return a && b ? strcmp(a, b) == 0 : a == b; }

/* Settings that the running processes were made with, by name; empty: they are the same. */
static void list_changes(const struct sensor *is, const struct sensor *was, char *out, size_t room)
{
    const struct {
        const char *name;
        bool changed;
    } all[] = {
        { "interface or read", !same_links(is, was) },
        { "db", !same_text(is->db, was->db) },
        { "sensor", !same_text(is->store_options.sensor, was->store_options.sensor) },
        { "addresses", is->store_options.addresses != was->store_options.addresses },
        { "address-key", !same_text(is->address_key, was->address_key) },
        { "ports", memcmp(&is->ports, &was->ports, sizeof is->ports) != 0 },
        { "memory", is->memory != was->memory },
        { "lanes", is->lanes != was->lanes },
        { "all-ports", is->all_ports != was->all_ports },
        { "filter", !same_text(is->filter, was->filter) },
        { "buffer", is->buffer != was->buffer },
        { "snaplen", is->snaplen != was->snaplen },
        { "user", !same_text(is->user, was->user) },
        { "write", !same_text(is->evidence.folder, was->evidence.folder) || is->evidence.memory != was->evidence.memory ||
                       is->evidence.files != was->evidence.files || is->evidence.file_size != was->evidence.file_size },
    };
    size_t n = 0;
    *out = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].changed && n < room)
            n += (size_t)snprintf(out + n, room - n, "%s%s", n ? ", " : "", all[i].name);
}

static void reload(struct parent *p)
{
    struct sensor *s = p->sensor;
    char changes[200];
    const struct sensor *fresh = s->config ? s->read_again() : NULL;
    if (!s->config) {
        sensor_say("there is no configuration file to be read again; see --config");
    } else if (!fresh) {
        sensor_warn("%s is not taken: the settings stay as they were", s->config);
    } else {
        list_changes(fresh, s, changes, sizeof changes);
        s->paths = fresh->paths;
        s->keep = fresh->keep;
        set_paths(s);
        set_keep(s);
        atomic_store(&s->settings->log_level, (int)fresh->log_level);
        sensor_say("%s was read again%s%s", s->config, *changes ? "; these wait until the sensor is started again: " : "", changes);
    }
}

static void take_signal(struct parent *p, int number)
{
    if (number == SIGHUP)
        reload(p);
    else if (number == SIGTERM || number == SIGINT) {
        stop(p);
    } else if (number == SIGUSR1) {
        sensor_say("parser started %u times, writer %u times", p->parser.starts, p->writer.starts);
        signal_child(&p->parser, SIGUSR1);
        signal_child(&p->writer, SIGUSR1);
    }
}

/* A parser that said what none says is not asked to leave. */
static void look_at_pages(struct parent *p)
{
    if (p->parser.pid && atomic_load(&p->sensor->writer->bad_run) == p->life.run) {
        atomic_store(&p->sensor->writer->bad_run, 0);
        kill(p->parser.pid, SIGKILL);
    }
}

/* The writer is the last to end: whatever it ended with, nothing more can be stored. */
static bool is_over(struct parent *p)
{
    bool parser_failed = p->parser.over && (p->parser.code == EX_OSERR || !p->parser.starts);
    bool too_long = p->stopping && wall_clock_ns() - p->stopping_ns > GRACE_S * second_ns;
    return p->writer.over || parser_failed || too_long;
}

static void watch(struct parent *p)
{
    const sigset_t set = awaited();
    const struct timespec tick = { .tv_nsec = TICK_MS * 1000000 };
    while (!is_over(p)) {
        if (may_start(&p->parser))
            start_parser(p);
        if (may_start(&p->writer) && !p->parser.over)
            start(p, &p->writer, live_as_writer);
        int number = sigtimedwait(&set, NULL, &tick);
        if (number > 0)
            take_signal(p, number);
        reap(p);
        look_at_pages(p);
        look_at_links(p);
        status_look(&p->status, p->sensor);
        const char *line;
        while ((line = presence_look(&p->presence, p->sensor, wall_clock_ns())))
            sensor_say("%s", line);
    }
}

static void end_child(struct child *c)
{
    if (!c->pid)
        return;
    kill(c->pid, SIGKILL);
    waitpid(c->pid, NULL, 0);
}

static void *new_page(size_t n)
{
    void *page = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? NULL : page;
}

int sensor_run(struct sensor *s)
{
    struct parent p = { .sensor = s, .parser = { .name = "parser" }, .writer = { .name = "writer" } };
    const sigset_t set = awaited();
    char why[RIGHTS_ERROR];
    int ends[2];

    s->parser = new_page(sizeof *s->parser);
    s->writer = new_page(sizeof *s->writer);
    s->settings = new_page(sizeof *s->settings);
    if (!s->parser || !s->writer || !s->settings || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return complain(EX_OSERR, "the processes cannot be connected: %s", strerror(errno));
    if (s->evidence.folder && !evidence_ring_make(&s->ring, s->evidence.memory / 2))
        return complain(EX_OSERR, "there is not enough memory for --evidence-memory");
    atomic_store(&s->settings->log_level, (int)s->log_level);
    set_paths(s);
    set_keep(s);
    settings = s->settings;
    s->told = ends[0];
    s->listening = ends[1];
    s->parent = getpid();
    sigprocmask(SIG_BLOCK, &set, NULL);
    status_open(&p.status);
    presence_begin(&p.presence, s);
    if (!rights_drop(&(struct rights){ .role = RIGHTS_PARENT }, why))
        return complain(EX_OSERR, "%s", why);
    watch(&p);
    end_child(&p.parser);
    if (p.writer.pid && p.parser.starts)
        p.code = p.code ? p.code : EX_SOFTWARE;
    end_child(&p.writer);
    return p.code;
}
