#include "app/ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* doc/measurement.md section 1. */
static const struct {
    uint16_t port;
    uint8_t service;
} mail_ports[] = {
    { 25, PROTOCOL_SMTP },            { 587, PROTOCOL_SMTP }, { 2525, PROTOCOL_SMTP }, { 465, PROTOCOL_SMTP | PORT_TLS },
    { 24, PROTOCOL_LMTP },            { 143, PROTOCOL_IMAP }, { 993, PROTOCOL_IMAP | PORT_TLS },
    { 110, PROTOCOL_POP3 },           { 995, PROTOCOL_POP3 | PORT_TLS },               { 4190, PROTOCOL_SIEVE },
};

/* Ports with another registered or customary use: mail on them is not looked for. */
static const uint16_t never[] = {
    20, 21, 22, 23, 53, 80, 88, 111, 119, 123, 135, 139, 179, 389, 443, 445, 464, 500, 514, 515, 543, 544, 554, 563,
    631, 636, 853, 873, 989, 990, 992, 994, 1080, 1194, 1433, 1521, 1723, 1883, 2049, 3128, 3260, 3268, 3269, 3306,
    3389, 5060, 5061, 5222, 5223, 5228, 5269, 5432, 5671, 5672, 5900, 6379, 6443, 6667, 6697, 8000, 8008, 8080, 8443,
    8883, 8888, 9000, 9042, 9090, 9092, 9200, 9418, 11211, 27017,
};

void ports_default(struct port_table *t)
{
    memset(t, 0, sizeof *t);
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        t->service[never[i]] = PORT_NEVER;
    for (size_t i = 0; i < sizeof mail_ports / sizeof *mail_ports; i++)
        t->service[mail_ports[i].port] = mail_ports[i].service;
}

static enum protocol protocol_named(const char *name, size_t n)
{
    for (unsigned p = PROTOCOL_SMTP; p < PROTOCOL_N; p++)
        if (strlen(protocol_word((enum protocol)p)) == n && memcmp(protocol_word((enum protocol)p), name, n) == 0)
            return (enum protocol)p;
    return PROTOCOL_UNKNOWN;
}

/* One "port:protocol[:tls]". */
static bool parse_one(struct port_table *t, const char *text, size_t n)
{
    char item[32], *end;
    if (n >= sizeof item || !n || *text < '0' || *text > '9')
        return false;
    memcpy(item, text, n);
    item[n] = 0;
    unsigned long port = strtoul(item, &end, 10);
    if (*end != ':' || port < 1 || port > 65535)
        return false;
    char *name = end + 1, *tls = strchr(name, ':');
    enum protocol p = protocol_named(name, tls ? (size_t)(tls - name) : strlen(name));
    if (p == PROTOCOL_UNKNOWN || (tls && strcmp(tls, ":tls") != 0))
        return false;
    t->service[port] = (uint8_t)(p | (tls ? PORT_TLS : 0));
    return true;
}

bool ports_parse(struct port_table *t, const char *text, char *error, size_t error_size)
{
    if (*text == '=') {
        /* On a mail port that is none any more, nDPI would guess TLS to be mail by the number. */
        for (unsigned port = 0; port < 65536; port++)
            if (port_is_mail(t, (uint16_t)port))
                t->service[port] = port_is_tls(t, (uint16_t)port) ? PORT_NEVER : 0;
        text++;
    }
    while (*text) {
        size_t n = strcspn(text, ",");
        if (!parse_one(t, text, n)) {
            snprintf(error, error_size,
                     "--ports: '%.*s' is not PORT:PROTOCOL or PORT:PROTOCOL:tls (smtp, lmtp, imap, pop3, sieve)",
                     (int)(n > 60 ? 60 : n), text);
            return false;
        }
        text += n + (text[n] == ',');
    }
    return true;
}
