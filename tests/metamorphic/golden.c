/* The goldens: captures named in the MANIFEST of a folder, with the ports given there. */
#include "metamorphic.h"

#include <stdlib.h>

static _Noreturn void die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(2);
}

static void golden_free(struct golden *g)
{
    for (size_t i = 0; i < g->n; i++)
        free((void *)(uintptr_t)g->pkt[i].raw.data.p);
    free(g->pkt);
    free(g->ports);
    result_free(&g->base);
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

/* --- one connection of a capture of many --- */

static bool same_connection(const struct pkt *a, const struct pkt *b)
{
    bool turned = a->side != b->side;
    return a->tcp && b->tcp && !endpoint_cmp(&a->seg.src, turned ? &b->seg.dst : &b->seg.src) &&
           !endpoint_cmp(&a->seg.dst, turned ? &b->seg.src : &b->seg.dst);
}

/* Moves the first packet of g and those of its connection into *one. */
static void take_connection(struct golden *g, struct golden *one)
{
    struct pkt first = g->pkt[0];
    size_t kept = 0;

    one->pkt = malloc(g->n * sizeof *one->pkt);
    if (!one->pkt)
        die(g->name, "no memory");
    for (size_t i = 0; i < g->n; i++) {
        if (!i || same_connection(&first, &g->pkt[i]))
            one->pkt[one->n++] = g->pkt[i];
        else
            g->pkt[kept++] = g->pkt[i];
    }
    g->n = kept;
}

/* Adds each connection of g to the n goldens at *all, and gives g back; returns how many there are then. */
static size_t divide(struct golden *g, struct golden **all, size_t n)
{
    for (unsigned number = 1; g->n; number++) {
        *all = realloc(*all, (n + 1) * sizeof **all);
        struct golden *one = *all ? &(*all)[n++] : NULL;
        if (!one)
            die(g->name, "no memory");
        *one = (struct golden){ .ports = malloc(sizeof *one->ports), .default_ports = g->default_ports };
        if (!one->ports)
            die(g->name, "no memory");
        *one->ports = *g->ports;
        snprintf(one->name, sizeof one->name, "%.70s/%u", g->name, number);
        take_connection(g, one);
        finish(one);
    }
    golden_free(g);
    return n;
}

size_t goldens_load(const char *folder, bool each, struct golden **out, size_t n)
{
    char path[512], line[1024];
    struct golden *g = *out;

    snprintf(path, sizeof path, "%s/MANIFEST", folder);
    FILE *f = fopen(path, "r");
    if (!f)
        die(path, "cannot be read");
    while (fgets(line, sizeof line, f)) {
        if (line[0] == '#' || line[0] == ' ' || line[0] == '\n')
            continue;
        struct golden whole;
        if (!load_entry(&whole, folder, line))
            continue;
        if (each) {
            n = divide(&whole, &g, n);
            continue;
        }
        g = realloc(g, (n + 1) * sizeof *g);
        if (!g)
            die(path, "no memory");
        g[n++] = whole;
    }
    fclose(f);
    *out = g;
    return n;
}

void goldens_free(struct golden *g, size_t n)
{
    for (size_t i = 0; i < n; i++)
        golden_free(&g[i]);
    free(g);
}
