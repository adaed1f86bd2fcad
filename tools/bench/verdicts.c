/* verdicts CAPTURE [MIB]
 * Everything from the file to the verdict of each session, on one lane, and nothing is stored. Prints
 * the number of packets, of sessions, of those encrypted, and the bytes that the lane had taken for
 * connections, at most MIB (8,192) and an index, when the file was at its end, before they were ended. */
#include <stdio.h>
#include <stdlib.h>

#include "app/command.h"
#include "app/lane.h"
#include "capture/capture.h"
#include "verdict/verdict.h"

struct count {
    unsigned long long sessions, encrypted, bytes;
};

static void take(void *ctx, const struct session *s, uint64_t number)
{
    (void)number;
    struct count *c = ctx;
    struct judgement j = judge(s);
    c->sessions++;
    c->encrypted += j.verdict == VERDICT_IMPLICIT_TLS || j.verdict == VERDICT_STARTTLS;
}

static void count(void *ctx, uint64_t number, const struct session_counts *c)
{
    (void)number;
    ((struct count *)ctx)->bytes += c->bytes[0] + c->bytes[1];
}

int main(int argc, char **argv)
{
    static struct port_table ports;
    char error[CAPTURE_ERROR] = "name a capture";
    enum capture_status status;
    struct packet batch[CAPTURE_BATCH];
    struct count seen = { 0 };
    struct lane_sink sink = { .session = take, .counts = count, .ctx = &seen };
    struct capture *c = argc == 2 || argc == 3 ? capture_open(argv[1], &status, error) : NULL;
    size_t n;

    if (!c) {
        fprintf(stderr, "verdicts: %s\n", error);
        return 1;
    }
    ports_default(&ports);
    struct lane *lane = lane_new(&ports, argc == 3 ? strtoul(argv[2], NULL, 10) << 20 : (size_t)8 << 30, &sink);
    while ((n = capture_next(c, batch, CAPTURE_BATCH)) > 0)
        lane_packets(lane, batch, n, 1);
    size_t memory = lane_memory(lane);
    lane_end(lane);
    printf("packets %llu sessions %llu encrypted %llu memory %zu\n", (unsigned long long)lane_counts(lane)->packets,
           seen.sessions, seen.encrypted, memory);
    lane_free(lane);
    capture_close(c);
    return 0;
}
