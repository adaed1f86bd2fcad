#include "report/curve_show.h"

#include <math.h>

#include "report/text.h"

static const char *const rivals[CURVE_RIVALS] = { "flat", "linear", "step", "logistic" };

static bool there(const struct estimate *e) { return !isnan(e->value); }

/* --- text --- */

static void line(FILE *out, const char *name, const char *text) { fprintf(out, "  %-10s %s\n", name, text); }

static void line_share(FILE *out, const char *name, const struct estimate *e)
{
    char text[64];
    if (!there(e))
        return;
    if (e->low == e->high)
        snprintf(text, sizeof text, "%.1f %%, as given", 100 * e->value);
    else
        snprintf(text, sizeof text, "%.1f %% (%.1f to %.1f %%)", 100 * e->value, 100 * e->low, 100 * e->high);
    line(out, name, text);
}

static void line_day(FILE *out, const char *name, const struct estimate *e)
{
    char text[80], day[DAY_TEXT], low[DAY_TEXT], high[DAY_TEXT];
    if (!there(e))
        return;
    day_text(e->value, day);
    if (isfinite(e->low) && isfinite(e->high))
        snprintf(text, sizeof text, "%s (%s to %s)", day, day_text(e->low, low), day_text(e->high, high));
    else if (isfinite(e->low) || isfinite(e->high))
        snprintf(text, sizeof text, "%s (%s %s)", day, isfinite(e->low) ? "not before" : "not after",
                 day_text(isfinite(e->low) ? e->low : e->high, low));
    else
        snprintf(text, sizeof text, "%s (nothing bounds it)", day);
    line(out, name, text);
}

static void line_slope(FILE *out, const struct curve *c)
{
    double f = c->model == CURVE_LINEAR ? 100 : 1;
    char text[96];
    if (!there(&c->slope))
        return;
    snprintf(text, sizeof text, "%.2f (%.2f to %.2f) %s a year", f * c->slope.value, f * c->slope.low,
             f * c->slope.high, c->model == CURVE_LINEAR ? "points" : "of log-odds");
    line(out, "slope", text);
}

static void line_forecast(FILE *out, const struct curve *c)
{
    char text[128], day[DAY_TEXT];

    if (!there(&c->forecast))
        snprintf(text, sizeof text, "none: %s", c->refused);
    else
        snprintf(text, sizeof text, "%.1f %% (%.1f to %.1f %%) on %s", 100 * c->forecast.value,
                 100 * c->forecast.low, 100 * c->forecast.high, day_text(c->forecast_day, day));
    line(out, "forecast", text);
}

static void line_points(FILE *out, const struct curve_result *r)
{
    const struct samples *s = &r->samples;
    char first[DAY_TEXT], last[DAY_TEXT], text[160];

    if (!s->n)
        return;
    day_text(point_begin(r, 0), first);
    day_text(point_begin(r, s->n - 1), last);
    const char *unit = r->days == 7 ? " weeks" : r->days == 1 ? " days" : "";
    snprintf(text, sizeof text, s->n == 1 ? "%zu%.0s on %s%.0s, %s" : "%zu%s from %s to %s, %s",
             s->n, unit, first, last,
             s->counted ? "weighted by their counts" : "each with weight 1, since counts are not known of all");
    line(out, "points", text);
    if (r->curve.fewer > 1) {
        snprintf(text, sizeof text, "neighbours are alike: no more is known than from %.0f independent points",
                 (double)s->n / r->curve.fewer);
        line(out, "", text);
    }
}

static void line_models(FILE *out, const struct curve *c)
{
    char text[160] = "";
    size_t n = 0;

    for (int i = 0; i < CURVE_RIVALS; i++)
        if (isfinite(c->aicc[i]))
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s %.1f", n ? ", " : "", rivals[i], c->aicc[i]);
    if (n)
        line(out, "AICc", text);
}

void curve_text(const struct curve_result *r, FILE *out)
{
    const struct curve *c = &r->curve;
    const char *name = series_label(r->series);
    char sentence[CURVE_SENTENCE];

    curve_sentence(r, sentence);
    if (*name) {
        text_terminal(out, span_of(name, strlen(name)));
        fputs(": ", out);
    } else {
        *sentence = (char)ascii_upper((uint8_t)*sentence);
    }
    fprintf(out, "%s.\n", sentence);
    line_points(out, r);
    if (c->model == CURVE_INSUFFICIENT)
        return;
    line(out, "model", curve_model_name(c->model));
    line_day(out, "midpoint", &c->midpoint);
    line_day(out, "50 %", &c->half);
    line_slope(out, c);
    line_share(out, "ceiling", &c->ceiling);
    line_share(out, "from", &c->step_from);
    line_share(out, "to", &c->step_to);
    line_day(out, "step", &c->step_date);
    if (c->model != CURVE_STEP)
        line_share(out, c->model == CURVE_FLAT ? "level" : "level now", &c->level);
    line_forecast(out, c);
    line_models(out, c);
}

/* --- JSON --- */

static void number(FILE *out, double x)
{
    if (isfinite(x))
        fprintf(out, "%.8g", x);
    else
        fputs("null", out);
}

static double same(double x) { return x; }

static void member(FILE *out, const char *name, const struct estimate *e, double (*unit)(double))
{
    if (!there(e))
        return;
    fprintf(out, ",\"%s\":", name);
    number(out, unit(e->value));
    fprintf(out, ",\"%s_low\":", name);
    number(out, unit(e->low));
    fprintf(out, ",\"%s_high\":", name);
    number(out, unit(e->high));
}

static void day(FILE *out, const char *name, const char *end, double at)
{
    char text[DAY_TEXT];
    day_text(at, text);
    fprintf(out, ",\"%s%s\":", name, end);
    fprintf(out, *text == '?' ? "null" : "\"%s\"", text);
}

static void member_day(FILE *out, const char *name, const struct estimate *e)
{
    if (!there(e))
        return;
    day(out, name, "", e->value);
    day(out, name, "_low", e->low);
    day(out, name, "_high", e->high);
}

static void member_forecast(FILE *out, const struct curve *c)
{
    if (!there(&c->forecast)) {
        fprintf(out, ",\"forecast\":null,\"forecast_refused\":\"%s\"", c->refused);
        return;
    }
    fputs(",\"forecast\":{\"date\":", out);
    char text[DAY_TEXT];
    fprintf(out, "\"%s\"", day_text(c->forecast_day, text));
    member(out, "share", &c->forecast, same);
    putc('}', out);
}

static void member_points(FILE *out, const struct curve_result *r)
{
    const struct samples *s = &r->samples;

    fprintf(out, ",\"points\":%zu", s->n);
    if (s->n) {
        day(out, "first", "", s->at[0].day);
        day(out, "last", "", s->at[s->n - 1].day);
    }
    fprintf(out, ",\"weights\":\"%s\",\"effective_points\":", s->counted ? "counts" : "equal");
    number(out, (double)s->n / r->curve.fewer);
}

static void member_models(FILE *out, const struct curve *c)
{
    fputs(",\"aicc\":{", out);
    for (int i = 0; i < CURVE_RIVALS; i++) {
        fprintf(out, "%s\"%s\":", i ? "," : "", rivals[i]);
        number(out, c->aicc[i]);
    }
    putc('}', out);
}

void curve_json(const struct curve_result *r, FILE *out)
{
    const struct curve *c = &r->curve;
    const char *name = series_label(r->series);
    char sentence[CURVE_SENTENCE];

    curve_sentence(r, sentence);
    fputs("{\"series\":", out);
    if (*name)
        text_json(out, span_of(name, strlen(name)));
    else
        fputs("null", out);
    fprintf(out, ",\"model\":\"%s\",\"sentence\":", curve_model_name(c->model));
    text_json(out, span_of(sentence, strlen(sentence)));
    member(out, "midpoint", &c->midpoint, day_year);
    member_day(out, "midpoint_date", &c->midpoint);
    member(out, "half", &c->half, day_year);
    member_day(out, "half_date", &c->half);
    member(out, "slope_per_year", &c->slope, same);
    member(out, "ceiling", &c->ceiling, same);
    if (there(&c->ceiling))
        fprintf(out, ",\"ceiling_is\":\"%s\"",
                c->ceiling_given ? "assumed" : c->ceiling_known ? "identified" : "not_identified");
    member(out, "level", &c->level, same);
    member(out, "step_from", &c->step_from, same);
    member(out, "step_to", &c->step_to, same);
    member_day(out, "step_date", &c->step_date);
    member_forecast(out, c);
    member_points(out, r);
    member_models(out, c);
    putc('}', out);
}
