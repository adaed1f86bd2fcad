/* A build without nDPI: mail on odd ports is found by its own first lines alone. */
#include "dpi/dpi.h"

static struct dpi {
    char none;
} nothing;

struct dpi *dpi_new(unsigned max_flows)
{
    (void)max_flows;
    return &nothing;
}

void dpi_free(struct dpi *d)
{
    (void)d;
}

enum dpi_answer dpi_ask(struct dpi *d, struct dpi_flow **flow, struct span ip, uint64_t ts_ns)
{
    (void)d;
    (void)flow;
    (void)ip;
    (void)ts_ns;
    return DPI_MORE;
}

void dpi_drop(struct dpi *d, struct dpi_flow **flow)
{
    (void)d;
    (void)flow;
}

const char *dpi_version(void) { return "none in this build; mail on odd ports is found by its first lines"; }
