#include "app/keep.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "app/command.h"

enum { DAYS_MOST = 36500, SIZE_LEAST = 1 << 20 };

const struct store_keep keep_default = { .session_days = 30, .incident_days = 400, .hourly_days = 400 };

int days_parse(const char *option, const char *text, uint32_t *out)
{
    unsigned days;
    if (!number_parse(text, 0, DAYS_MOST, &days))
        return complain(EX_USAGE, "--%s: '%s' is no number of days from 0, for ever, to %d", option, text, DAYS_MOST);
    *out = days;
    return 0;
}

int size_limit_parse(const char *text, uint64_t *out)
{
    return size_parse(text, out) && (!*out || *out >= SIZE_LEAST)
               ? 0
               : complain(EX_USAGE, "--size-limit: '%s' is no size of 1M or more, such as 512M or 20G, nor 0", text);
}

static void date_text(int64_t us, char out[16])
{
    time_t seconds = (time_t)(us / 1000000);
    struct tm t;
    if (us <= 0 || !gmtime_r(&seconds, &t) || !strftime(out, 16, "%Y-%m-%d", &t))
        snprintf(out, 16, "any time");
}

void let_go_text(const struct store_let_go *g, bool would, char out[LET_GO_TEXT])
{
    const char *be = would ? "would be" : "were";
    char date[16], marked[80] = "", room[80] = "";
    date_text(g->before_us, date);
    if (g->marked)
        snprintf(marked, sizeof marked, ", %" PRIu64 " of them with evidence or an incident,", g->marked);
    if (g->for_room)
        snprintf(room, sizeof room, ", %" PRIu64 " of them for want of room", g->for_room);
    snprintf(out, LET_GO_TEXT, "%" PRIu64 " sessions%s %s let go of%s, and %" PRIu64 " addresses; %" PRIu64
             " KiB %s given back", g->sessions, marked, be, room, g->addresses, g->bytes / 1024, be);
    if (g->before_us)
        snprintf(out + strlen(out), LET_GO_TEXT - strlen(out), "; sessions %s kept from %s on", would ? "would be" : "are", date);
    if (g->days_folded)
        snprintf(out + strlen(out), LET_GO_TEXT - strlen(out), "; hours of %" PRIu64 " days %s days", g->days_folded,
                 would ? "would become" : "became");
}
