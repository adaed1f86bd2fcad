/* nDPI 4.2 and newer; nothing of it is known outside of this file. */
#include "dpi/dpi.h"

#include <malloc.h>
#include <ndpi_api.h>
#include <stdlib.h>
#include <string.h>

#include "base/threads.h"

#define NDPI_AT_LEAST(major, minor) (NDPI_MAJOR > (major) || (NDPI_MAJOR == (major) && NDPI_MINOR >= (minor)))

#if !NDPI_AT_LEAST(4, 2)
#error "nDPI 4.2 or newer is needed; build with NDPI=no to do without"
#endif

struct dpi {
    struct ndpi_detection_module_struct *module;
    unsigned flows, max_flows;
};

/* FTP is asked for so that its greeting, which is like SMTP's, is told early. */
static const u_int16_t wanted[] = {
    NDPI_PROTOCOL_MAIL_SMTP,  NDPI_PROTOCOL_MAIL_IMAP,  NDPI_PROTOCOL_MAIL_POP, NDPI_PROTOCOL_MAIL_SMTPS,
    NDPI_PROTOCOL_MAIL_IMAPS, NDPI_PROTOCOL_MAIL_POPS,  NDPI_PROTOCOL_TLS,      NDPI_PROTOCOL_FTP_CONTROL,
};

/* nDPI's macros convert as they like. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
static void choose_protocols(struct ndpi_detection_module_struct *module)
{
    NDPI_PROTOCOL_BITMASK mask;
    NDPI_BITMASK_RESET(mask);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        NDPI_ADD_PROTOCOL_TO_BITMASK(mask, wanted[i]);
    (void)ndpi_set_protocol_detection_bitmask2(module, &mask);  /* void before 4.6 */
}
#pragma GCC diagnostic pop

/* nDPI copies names and passwords out of packets, and frees them without wiping. */
static void wipe_and_free(void *p)
{
    if (p)
        explicit_bzero(p, malloc_usable_size(p));
    free(p);
}

/* nDPI keeps to the module of a lane, but for what it does while it makes one. */
static void make_module(void *ctx)
{
    struct dpi *d = ctx;
    set_ndpi_free(wipe_and_free);
    set_ndpi_flow_free(wipe_and_free);
#if NDPI_AT_LEAST(4, 10)
    d->module = ndpi_init_detection_module(NULL);
#else
    d->module = ndpi_init_detection_module(ndpi_no_prefs);
#endif
    if (!d->module)
        return;
    choose_protocols(d->module);
    (void)ndpi_finalize_initialization(d->module);              /* void before 4.10 */
}

struct dpi *dpi_new(unsigned max_flows)
{
    struct dpi *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    one_at_a_time(make_module, d);
    if (!d->module) {
        free(d);
        return NULL;
    }
    d->max_flows = max_flows;
    return d;
}

void dpi_free(struct dpi *d)
{
    if (!d)
        return;
    ndpi_exit_detection_module(d->module);
    free(d);
}

void dpi_drop(struct dpi *d, struct dpi_flow **flow)
{
    struct ndpi_flow_struct *f = (struct ndpi_flow_struct *)(void *)*flow;
    if (!f)
        return;
    /* nDPI may have copied a user name or a password: what hangs on the flow goes first. */
    ndpi_free_flow_data(f);
    explicit_bzero(f, sizeof *f);
    ndpi_flow_free(f);
    *flow = NULL;
    d->flows--;
}

static enum dpi_answer meaning_of(u_int16_t protocol)
{
    switch (protocol) {
    case NDPI_PROTOCOL_UNKNOWN:
        return DPI_MORE;
    case NDPI_PROTOCOL_MAIL_SMTP:
    case NDPI_PROTOCOL_MAIL_SMTPS:
        return DPI_SMTP;
    case NDPI_PROTOCOL_MAIL_IMAP:
    case NDPI_PROTOCOL_MAIL_IMAPS:
        return DPI_IMAP;
    case NDPI_PROTOCOL_MAIL_POP:
    case NDPI_PROTOCOL_MAIL_POPS:
        return DPI_POP3;
    case NDPI_PROTOCOL_TLS:
        return DPI_TLS;
    default:                            /* hundreds of others */
        return DPI_OTHER;
    }
}

static ndpi_protocol inspect(struct dpi *d, struct ndpi_flow_struct *f, struct span ip, uint64_t ms)
{
    unsigned short n = ip.n > 65535 ? 65535 : (unsigned short)ip.n;
#if NDPI_AT_LEAST(4, 6)
    return ndpi_detection_process_packet(d->module, f, ip.p, n, ms, NULL);
#else
    return ndpi_detection_process_packet(d->module, f, ip.p, n, ms);
#endif
}

enum dpi_answer dpi_ask(struct dpi *d, struct dpi_flow **flow, struct span ip, uint64_t ts_ns)
{
    if (!*flow) {
        if (d->flows >= d->max_flows)
            return DPI_MORE;
        *flow = ndpi_flow_malloc(SIZEOF_FLOW_STRUCT);
        if (!*flow)
            return DPI_MORE;
        memset(*flow, 0, SIZEOF_FLOW_STRUCT);
        d->flows++;
    }
    ndpi_protocol p = inspect(d, (struct ndpi_flow_struct *)(void *)*flow, ip, ts_ns / 1000000);
#if NDPI_AT_LEAST(4, 12)
    u_int16_t master = p.proto.master_protocol, app = p.proto.app_protocol;
#else
    u_int16_t master = p.master_protocol, app = p.app_protocol;
#endif
    enum dpi_answer answer = meaning_of(app);
    if (answer == DPI_OTHER && master == NDPI_PROTOCOL_TLS)
        answer = DPI_TLS;
    if (answer != DPI_MORE)
        dpi_drop(d, flow);
    return answer;
}

const char *dpi_version(void)
{
    return ndpi_revision();
}
