#include "page/scale.h"

#include <math.h>
#include <stdio.h>

struct scale scale_of(enum scale_unit unit, double most, double height)
{
    static const struct {
        double top;
        int steps;
    } round[] = { { 1, 5 }, { 2, 4 }, { 2.5, 5 }, { 4, 4 }, { 5, 5 }, { 8, 4 }, { 10, 5 } };
    struct scale s = { unit, 1, 4, height };
    int i = 0;

    if (unit == SCALE_COUNT && !(most > 4)) {
        s.top = 4;
        return s;
    }
    if (unit == SCALE_WHOLE || (unit == SCALE_SHARE && (most > 0.5 || !(most > 0))))
        return s;
    double power = pow(10, floor(log10(most)));
    while (round[i].top * power < most * (1 - 1e-9) || (unit == SCALE_COUNT && power == 1 && i == 2))
        i++;
    s.top = round[i].top * power;
    s.steps = round[i].steps;
    return s;
}

double scale_y(const struct scale *s, double value)
{
    double part = value / s->top;
    if (!(part > 0))
        part = 0;
    return s->height * (1 - (part < 1 ? part : 1));
}

const char *scale_label(const struct scale *s, int step, char out[NUMBER])
{
    double value = s->top * step / s->steps;

    if (s->unit == SCALE_COUNT)
        return number_short(value, out);
    snprintf(out, NUMBER, "%.3g\xc2\xa0%%", 100 * value);
    return out;
}
