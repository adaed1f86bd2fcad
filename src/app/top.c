/* mailseal top: a terminal that shows what the sensor stores. It reads, and never holds the database for longer than a
 * glance takes. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

#include "app/command.h"
#include "report/screen.h"

enum { OPT_DB = 256, OPT_ONCE, OPT_HELP };
enum { REFRESH_MS = 2000, PLAIN_WIDTH = 120 };

static const struct option options[] = {
    { "db", required_argument, NULL, OPT_DB },
    { "once", no_argument, NULL, OPT_ONCE },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

static volatile sig_atomic_t ended;

static void note_end(int number)
{
    (void)number;
    ended = 1;
}

static void note_size(int number) { (void)number; }     /* ends poll() */

static void on_signals(void)
{
    static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
    const struct sigaction end = { .sa_handler = note_end }, size = { .sa_handler = note_size };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        sigaction(ends[i], &end, NULL);
    sigaction(SIGWINCH, &size, NULL);
}

/* Another screen without a cursor, and keys as they are pressed. */
static bool take_terminal(struct termios *before)
{
    bool keys = tcgetattr(STDIN_FILENO, before) == 0;
    struct termios now = *before;
    if (keys) {
        now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        now.c_cc[VMIN] = 1;
        now.c_cc[VTIME] = 0;
        tcsetattr(STDIN_FILENO, TCSANOW, &now);
    }
    fputs("\x1b[?1049h\x1b[?25l", stdout);
    return keys;
}

static void give_terminal_back(const struct termios *before, bool keys)
{
    fputs("\x1b[?25h\x1b[?1049l", stdout);
    fflush(stdout);
    if (keys)
        tcsetattr(STDIN_FILENO, TCSANOW, before);
}

/* Until it is time again, or a key was pressed. */
static void wait_for_key(bool keys)
{
    struct pollfd fd = { .fd = keys ? STDIN_FILENO : -1, .events = POLLIN };
    char key;
    if (poll(&fd, 1, REFRESH_MS) <= 0 || !keys)
        return;
    ssize_t n = read(STDIN_FILENO, &key, 1);
    if (n == 0 || (n == 1 && (key == 'q' || key == 'Q')) || (n < 0 && errno != EINTR))
        ended = 1;
}

static struct winsize size_of_terminal(void)
{
    struct winsize w = { 0 };
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0 || w.ws_col < 20 || w.ws_row < 4)
        w = (struct winsize){ .ws_col = 80, .ws_row = 24 };
    return w;
}

/* What goes wrong later stands on the screen; it may pass. Lines are erased before they are written: behind a full one
 * the cursor is still on its last character. */
static void show(const char *path)
{
    char error[REPORT_ERROR];
    struct winsize w = size_of_terminal();
    fputs("\x1b[H\x1b[K", stdout);
    if (screen_write(path, w.ws_col, w.ws_row - 1u, "\n\x1b[K", stdout, error))
        printf("mailseal top: %s\n", error);
    fputs("\x1b[J", stdout);
    if (fflush(stdout) != 0)
        ended = 1;
}

static int once(const char *path)
{
    char error[REPORT_ERROR];
    int code = screen_write(path, PLAIN_WIDTH, 0, "\n", stdout, error);
    return code ? complain(code, "%s", error) : finish_output();
}

static int go_on(const char *path)
{
    static char buffer[1 << 16];
    char error[REPORT_ERROR];
    struct termios before;
    FILE *nowhere = fopen("/dev/null", "we");
    int code = nowhere ? screen_write(path, 1, 1, "", nowhere, error) : 0;

    if (nowhere)
        fclose(nowhere);
    if (code)
        return complain(code, "%s", error);
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);     /* a picture at once */
    on_signals();
    bool keys = take_terminal(&before);
    while (!ended) {
        show(path);
        wait_for_key(keys);
    }
    give_terminal_back(&before, keys);
    return finish_output();
}

int command_top(int argc, char **argv)
{
    const char *path = DATABASE_DEFAULT;
    bool plain = !isatty(STDOUT_FILENO);
    int option;

    while ((option = option_next(argc, argv, options)) != -1)
        switch (option) {
        case OPT_DB:
            path = optarg;
            break;
        case OPT_ONCE:
            plain = true;
            break;
        case OPT_HELP:
            command_help(command_find("top"));
            return finish_output();
        default:
            return EX_USAGE;
        }
    if (optind != argc) {
        complain(EX_USAGE, "top: '%s' is no option", argv[optind]);
        return complain_usage("top");
    }
    return plain ? once(path) : go_on(path);
}
