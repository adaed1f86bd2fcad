#include "base/endpoint.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t v4_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static bool is_v4(const uint8_t addr[16]) { return memcmp(addr, v4_prefix, 12) == 0; }

int endpoint_cmp(const struct endpoint *a, const struct endpoint *b)
{
    int c = memcmp(a->addr, b->addr, 16);
    return c ? c : (int)a->port - (int)b->port;
}

/* What inet_ntop() writes, at a tenth of its cost. */
static void v4_text(const uint8_t byte[4], char *out)
{
    for (unsigned i = 0; i < 4; i++) {
        unsigned b = byte[i];
        if (b >= 100)
            *out++ = (char)('0' + b / 100);
        if (b >= 10)
            *out++ = (char)('0' + b / 10 % 10);
        *out++ = (char)('0' + b % 10);
        *out++ = i < 3 ? '.' : 0;
    }
}

void address_text(const uint8_t addr[16], char out[ADDRESS_TEXT])
{
    if (is_v4(addr))
        v4_text(addr + 12, out);
    else
        inet_ntop(AF_INET6, addr, out, ADDRESS_TEXT);
}

void address_truncate(uint8_t addr[16])
{
    if (is_v4(addr))
        addr[15] = 0;
    else
        memset(addr + 6, 0, 10);
}

bool network_parse(const char *text, struct network *out)
{
    char host[ADDRESS_TEXT];
    const char *slash = strchr(text, '/');
    size_t n = slash ? (size_t)(slash - text) : strlen(text);
    unsigned width = 128;

    if (n >= sizeof host)
        return false;
    memcpy(host, text, n);
    host[n] = 0;
    if (inet_pton(AF_INET, host, out->addr + 12) == 1) {
        memcpy(out->addr, v4_prefix, sizeof v4_prefix);
        width = 32;
    } else if (inet_pton(AF_INET6, host, out->addr) != 1) {
        return false;
    }
    unsigned long bits = width;
    if (slash) {
        char *end;
        if (slash[1] < '0' || slash[1] > '9')
            return false;
        bits = strtoul(slash + 1, &end, 10);
        if (*end || bits > width)
            return false;
    }
    out->bits = (uint8_t)(bits + 128 - width);
    return true;
}

bool network_holds(const struct network *net, const uint8_t addr[16])
{
    unsigned whole = net->bits / 8, rest = net->bits % 8;
    if (memcmp(net->addr, addr, whole) != 0)
        return false;
    return !rest || ((net->addr[whole] ^ addr[whole]) >> (8 - rest)) == 0;
}

struct endpoint endpoint_address(const struct endpoint *e)
{
    struct endpoint address = *e;
    address.port = 0;
    return address;
}

struct endpoint endpoint_network(const struct endpoint *e)
{
    struct endpoint network = endpoint_address(e);
    address_truncate(network.addr);
    return network;
}
