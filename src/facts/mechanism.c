#include "facts/mechanism.h"

#define M(id, name, exposure, response) { name, EXPOSURE_##exposure, response },
const struct mechanism_row mechanisms[MECHANISM_N] = { MECHANISMS(M) };
#undef M

enum mechanism mechanism_find(struct span name)
{
    for (unsigned m = MECHANISM_PLAIN; m <= MECHANISM_ANONYMOUS; m++)
        if (span_eq_nocase(name, mechanisms[m].name))
            return (enum mechanism)m;
    return MECHANISM_UNKNOWN;
}

bool mechanism_name_valid(struct span name)
{
    if (name.n < 1 || name.n > 20)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        uint8_t c = ascii_upper(name.p[i]);
        if (!(c >= 'A' && c <= 'Z') && !ascii_digit(c) && c != '-' && c != '_')
            return false;
    }
    return true;
}
