/* The doctor at a network interface. Packets are read by a process that has no other right, as in the sensor. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "app/card.h"
#include "app/command.h"
#include "app/doctor.h"
#include "app/rights.h"
#include "base/threads.h"
#include "capture/live.h"

enum { SENTENCE = 600, BUFFER = 64 << 20, SNAPLEN = 262144 };
static const uint64_t second_ns = 1000000000, gigabyte = 1ull << 30;

static void say(struct doctor *d, enum health h, const char *what, const char *mend, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static void say(struct doctor *d, enum health h, const char *what, const char *mend, const char *format, ...)
{
    char sentence[SENTENCE], command[SENTENCE];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    mend_with(mend, d->interface, command, sizeof command);
    doctor_tell(d, h, what, sentence, h == HEALTH_GOOD ? NULL : command);
}

/* --- the machine --- */

static void look_at_card(struct doctor *d, const struct card *c)
{
    char mend[100];
    say(d, c->gro || c->lro ? HEALTH_NOTE : HEALTH_GOOD, "offloads", "ethtool -K IF gro off lro off", "packets are %s",
        c->gro && c->lro ? "put together by the card and the kernel (LRO and GRO)" : c->lro ? "put together by the card (LRO)"
        : c->gro ? "put together by the kernel (GRO)" : "left as they come");
    snprintf(mend, sizeof mend, "ethtool -G IF rx %u", c->ring_most);
    if (c->ring_most)
        say(d, c->ring < c->ring_most ? HEALTH_NOTE : HEALTH_GOOD, "ring", mend, "the card has room for %u packets, of %u that it could have", c->ring,
            c->ring_most);
}

static void look_at_clock(struct doctor *d)
{
    struct timex t = { .modes = 0 };
    bool set = adjtimex(&t) != TIME_ERROR && !(t.status & STA_UNSYNC);
    say(d, set ? HEALTH_GOOD : HEALTH_NOTE, "clock", "timedatectl set-ntp true", set ? "it is synchronised" : "nobody synchronises it");
}

static void look_at_disk(struct doctor *d, const char *db)
{
    struct statvfs s;
    char buffer[FOLDER_TEXT], mend[FOLDER_TEXT + 100];
    const char *folder = folder_of(db, buffer);
    snprintf(mend, sizeof mend, "df -h %s   (make room, or name another place by --db)", folder);
    if (statvfs(folder, &s) != 0) {
        say(d, HEALTH_BAD, "disk", mend, "%s cannot be looked at: %s", folder, strerror(errno));
        return;
    }
    uint64_t left = (uint64_t)s.f_bavail * s.f_frsize, all = (uint64_t)s.f_blocks * s.f_frsize;
    enum health h = s.f_flag & ST_RDONLY || left < gigabyte / 4 ? HEALTH_BAD : left < 4 * gigabyte ? HEALTH_NOTE : HEALTH_GOOD;
    say(d, h, "disk", mend, "%.1f of %.1f GiB are free in %s%s", (double)left / (double)gigabyte, (double)all / (double)gigabyte, folder,
        s.f_flag & ST_RDONLY ? ", which cannot be written" : "");
}

/* --- packets --- */

static void look_at_losses(struct doctor *d, const struct capture *c)
{
    unsigned n;
    const struct link_counts *l = capture_links(c, &n);
    uint64_t lost = l->dropped_kernel + l->dropped_interface;
    say(d, lost ? HEALTH_BAD : HEALTH_GOOD, "drops", "mailseal monitor --interface IF --buffer 512M", "%llu packets were dropped by the kernel, %llu by the interface",
        (unsigned long long)l->dropped_kernel, (unsigned long long)l->dropped_interface);
}

static int read_packets(struct doctor *d, struct live_link *link, const char *interface, unsigned seconds)
{
    struct packet batch[CAPTURE_BATCH];
    struct checkup *k = checkup_new(&d->ports);
    struct capture *c = k ? capture_live(&link, 1) : NULL;
    if (!c)
        return EX_OSERR;
    uint64_t end = wall_clock_ns() + seconds * second_ns;
    while (wall_clock_ns() < end) {
        size_t n = capture_next(c, batch, CAPTURE_BATCH);
        for (size_t i = 0; i < n; i++)
            checkup_packet(k, &batch[i]);
        if (!n && !capture_is_idle(c))
            break;
    }
    look_at_losses(d, c);
    checkup_report(k, interface, doctor_tell, d);
    fflush(stdout);
    return 0;
}

/* Its words come by a pipe: it may write to no file. */
static int run_reader(struct doctor *d, struct live_link *link, const char *interface, unsigned seconds)
{
    struct rights rights = { .role = RIGHTS_PARSER };
    char why[RIGHTS_ERROR], text[4096];
    int ends[2], status = 0;
    if (!rights_find_user(NULL, &rights.uid, &rights.gid))
        return complain(EX_NOUSER, "there is neither the user mailseal nor nobody, whom what reads the packets could become");
    fflush(stdout);
    pid_t pid = pipe(ends) == 0 ? fork() : -1;
    if (pid < 0)
        return complain(EX_OSERR, "no process can be started: %s", strerror(errno));
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        _exit(rights_drop(&rights, why) ? read_packets(d, link, interface, seconds) : complain(EX_OSERR, "%s", why));
    }
    close(ends[1]);
    for (ssize_t n; (n = read(ends[0], text, sizeof text)) > 0;)
        fwrite(text, 1, (size_t)n, stdout);
    close(ends[0]);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : complain(EX_SOFTWARE, "what reads the packets has failed");
}

static int look_at_packets(struct doctor *d, const char *interface, unsigned seconds, const struct card *before)
{
    static const char *const no_filter[] = { NULL };
    const struct live_options o = { .buffer = BUFFER, .snaplen = SNAPLEN, .filters = no_filter };
    enum capture_status status;
    char error[CAPTURE_ERROR];
    struct card now;
    struct live_link *link = live_open(interface, &o, &status, error);
    if (!link) {
        say(d, HEALTH_BAD, "rights", "sudo mailseal doctor --interface IF   (or as a service, with CAP_NET_RAW)", "%s", error);
        return 0;
    }
    card_look(interface, &now);
    say(d, HEALTH_GOOD, "rights", NULL, "packets may be read");
    say(d, now.promiscuous ? HEALTH_GOOD : HEALTH_NOTE, "promiscuous", "ip link set IF promisc on",
        now.promiscuous ? "all packets are taken, whomever they are for" : "only packets for this machine are taken, as far as is known");
    int code = run_reader(d, link, interface, seconds);
    live_close(link);
    card_look(interface, &now);
    say(d, now.missed > before->missed ? HEALTH_BAD : now.errors > before->errors ? HEALTH_NOTE : HEALTH_GOOD, "card",
        "ethtool -S IF   (a larger ring: ethtool -G; wrong packets: the cable)", "it missed %llu packets, and %llu were wrong",
        (unsigned long long)(now.missed - before->missed), (unsigned long long)(now.errors - before->errors));
    return code;
}

int doctor_interface(struct doctor *d, const char *interface, unsigned seconds, const char *db)
{
    struct card card;
    int code = 0;
    d->interface = interface;
    card_look(interface, &card);
    say(d, card.up ? HEALTH_GOOD : HEALTH_BAD, "interface", card.there ? "ip link set IF up" : "ip link", "%s is %s", interface,
        !card.there ? "not there" : card.up ? "up" : "down");
    if (card.up) {
        look_at_card(d, &card);
        code = look_at_packets(d, interface, seconds, &card);
    }
    look_at_clock(d);
    look_at_disk(d, db);
    return code;
}
