#include "page/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPACE "\xc2\xa0"                /* U+00A0 */

const char *number_percent(double share, char out[NUMBER])
{
    for (int digits = 1; digits <= 6; digits++) {
        snprintf(out, NUMBER, "%.*f" SPACE "%%", digits, 100 * share);
        double shown = strtod(out, NULL) / 100;
        if ((shown > 0 || share <= 0) && (shown < 1 || share >= 1))
            break;
    }
    return out;
}

const char *number_count(double n, char out[NUMBER])
{
    char digits[NUMBER];
    size_t at = 0, length;

    if (!(fabs(n) < 1e18))
        n = copysign(1e18, n);
    length = (size_t)snprintf(digits, sizeof digits, "%.0f", n);
    for (size_t i = 0; i < length && at + 2 < NUMBER; i++) {
        out[at++] = digits[i];
        if ((length - i) % 3 == 1 && i + 1 < length && digits[i] != '-')
            out[at++] = ',';
    }
    out[at] = 0;
    return out;
}

const char *number_short(double n, char out[NUMBER])
{
    static const struct {
        double from;
        const char *unit;
    } units[] = { { 1e12, SPACE "T" }, { 1e9, SPACE "G" }, { 1e6, SPACE "M" }, { 1e4, SPACE "k" }, { 0, "" } };
    size_t i = 0;

    while (n < units[i].from)
        i++;
    snprintf(out, NUMBER, "%.4g%s", n / (i == 3 ? 1e3 : units[i].from > 0 ? units[i].from : 1), units[i].unit);
    return out;
}
