/* What a service tells systemd of itself, by datagrams to the socket that NOTIFY_SOCKET names (sd_notify(3)). */
#ifndef MAILSEAL_APP_NOTIFY_H
#define MAILSEAL_APP_NOTIFY_H

#include <stdint.h>

/* A socket, or -1: nobody wants to know. *watchdog_ns: how often WATCHDOG=1 must be heard; 0: it need not. */
int notify_open(uint64_t *watchdog_ns);
/* "READY=1", "STATUS=…": lost without a word if it does not get through, for nothing waits for systemd. */
void notify_send(int fd, const char *text);

#endif
