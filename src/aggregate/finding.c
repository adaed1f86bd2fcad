#include "aggregate/finding.h"

#include <stdio.h>
#include <time.h>

void finding_time(uint64_t ns, char out[FINDING_TIME])
{
    time_t seconds = (time_t)(ns / 1000000000);
    struct tm tm;

    if (!gmtime_r(&seconds, &tm) || !strftime(out, FINDING_TIME, "%Y-%m-%d %H:%M:%S", &tm))
        snprintf(out, FINDING_TIME, "an unknown time");
}

uint32_t finding_network(const uint8_t network[16])
{
    uint32_t hash = 2166136261u;        /* FNV-1a */
    for (unsigned i = 0; i < 16; i++)
        hash = (hash ^ network[i]) * 16777619u;
    return hash;
}
