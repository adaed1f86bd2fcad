/* The goldens: captures named in tests/pcaps/MANIFEST, with the ports given there. */
#include "metamorphic.h"

#include <stdlib.h>

static _Noreturn void die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(2);
}

void pkt_understand(struct pkt *p)
{
    p->tcp = decode(&p->raw, &p->seg) == DECODE_TCP;
    if (!p->tcp)
        return;
    p->sum = segment_checksum(&p->seg);
    p->ip = (size_t)(p->seg.ip.p - p->raw.data.p);
    p->tcp_at = (size_t)(p->seg.tcp.p - p->raw.data.p);
    p->payload = p->tcp_at + (p->seg.tcp.p[12] >> 4) * 4u;
    p->side = endpoint_cmp(&p->seg.src, &p->seg.dst) > 0;
}

/* Of several captures the one that begins first comes first, as the program sorts them. */
static void sort_captures(struct golden *g, size_t from)
{
    if (!from || from == g->n || g->pkt[from].raw.ts_ns >= g->pkt[0].raw.ts_ns)
        return;
    for (size_t i = from; i < g->n; i++) {
        struct pkt p = g->pkt[i];
        memmove(&g->pkt[i - from + 1], &g->pkt[i - from], from * sizeof p);
        g->pkt[i - from] = p;
    }
}

static void load_capture(struct golden *g, const char *path)
{
    size_t from = g->n;
    enum capture_status status;
    char error[CAPTURE_ERROR];
    struct packet batch[CAPTURE_BATCH];
    struct capture *c = capture_open(path, &status, error);

    if (!c)
        die(path, error);
    for (size_t n; (n = capture_next(c, batch, CAPTURE_BATCH)) > 0; ) {
        g->pkt = realloc(g->pkt, (g->n + n) * sizeof *g->pkt);
        for (size_t i = 0; g->pkt && i < n; i++) {
            struct pkt *p = &g->pkt[g->n++];
            uint8_t *copy = malloc(batch[i].data.n + 1);
            if (!copy)
                die(path, "no memory");
            memcpy(copy, batch[i].data.p, batch[i].data.n);
            *p = (struct pkt){ .raw = batch[i] };
            p->raw.data.p = copy;
            pkt_understand(p);
        }
    }
    capture_close(c);
    sort_captures(g, from);
}

static bool has_fragments(const struct golden *g)
{
    struct segment seg;
    for (size_t i = 0; i < g->n; i++)
        if (decode(&g->pkt[i].raw, &seg) == DECODE_FRAGMENT)
            return true;
    return false;
}

/* Out of order or with holes, judged by each sender's sequence numbers. */
static bool is_disordered(const struct golden *g)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct pkt *p = &g->pkt[i];
        if (!p->tcp || !p->seg.len)
            continue;
        for (size_t k = i; k-- > 0; ) {
            const struct pkt *q = &g->pkt[k];
            if (!q->tcp || q->side != p->side || endpoint_cmp(&q->seg.src, &p->seg.src) ||
                endpoint_cmp(&q->seg.dst, &p->seg.dst))
                continue;
            if (p->seg.seq != q->seg.seq + q->seg.len + ((q->seg.flags & TCP_SYN) != 0))
                return true;
            break;
        }
    }
    return false;
}

static void finish(struct golden *g)
{
    struct packet *p = malloc((g->n + 1) * sizeof *p);
    if (!p)
        die(g->name, "no memory");
    for (size_t i = 0; i < g->n; i++)
        p[i] = g->pkt[i].raw;
    result_init(&g->base);
    run_lane(g->ports, p, g->n, &g->base);
    free(p);
    for (size_t i = 0; i < g->base.n; i++)
        g->marks |= g->base.s[i].marks;
    g->disordered = is_disordered(g);
    g->fragments = has_fragments(g);
    for (size_t i = 1; i < g->n; i++) {
        uint64_t a = g->pkt[i - 1].raw.ts_ns, b = g->pkt[i].raw.ts_ns, wait = a > b ? a - b : b - a;
        g->longest_wait_ns = wait > g->longest_wait_ns ? wait : g->longest_wait_ns;
    }
}

/* One entry of the manifest. False: it adds nothing to others (another way to store or name the same). */
static bool load_entry(struct golden *g, const char *folder, char *line)
{
    char path[512], error[256], *words[16] = { line }, *save = NULL;
    size_t n = 0, captures = 0;

    memset(g, 0, sizeof *g);
    for (char *w = strtok_r(line, " \n", &save); w && n < 16; w = strtok_r(NULL, " \n", &save))
        words[n++] = w;
    for (size_t i = 1; i < n; i++)
        if (!strncmp(words[i], "--", 2) && strcmp(words[i], "--ports"))
            return false;
    snprintf(g->name, sizeof g->name, "%.79s", words[0]);
    g->ports = malloc(sizeof *g->ports);
    if (!g->ports)
        die(g->name, "no memory");
    ports_default(g->ports);
    g->default_ports = true;
    for (size_t i = 1; i < n; i++) {
        if (!strcmp(words[i], "--ports") && i + 1 < n) {
            g->default_ports = false;
            if (!ports_parse(g->ports, words[++i], error, sizeof error))
                die(g->name, error);
        } else {
            snprintf(path, sizeof path, "%s/%s", folder, words[i]);
            load_capture(g, path);
            captures++;
        }
    }
    if (!captures) {
        snprintf(path, sizeof path, "%.400s/%s.pcap", folder, g->name);
        load_capture(g, path);
    }
    finish(g);
    return true;
}

size_t goldens_load(const char *folder, struct golden **out)
{
    char path[512], line[1024];
    size_t n = 0;
    struct golden *g = NULL;

    snprintf(path, sizeof path, "%s/MANIFEST", folder);
    FILE *f = fopen(path, "r");
    if (!f)
        die(path, "cannot be read");
    while (fgets(line, sizeof line, f)) {
        if (line[0] == '#' || line[0] == ' ' || line[0] == '\n')
            continue;
        g = realloc(g, (n + 1) * sizeof *g);
        if (!g)
            die(path, "no memory");
        n += load_entry(&g[n], folder, line);
    }
    fclose(f);
    *out = g;
    return n;
}

void goldens_free(struct golden *g, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < g[i].n; k++)
            free((void *)(uintptr_t)g[i].pkt[k].raw.data.p);
        free(g[i].pkt);
        free(g[i].ports);
        result_free(&g[i].base);
    }
    free(g);
}
