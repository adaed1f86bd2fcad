/* links: fit/curve.o fit/rivals.o fit/logistic.o fit/samples.o fit/least_squares.o
 * The adoption curve, on curves of which the truth is known. All chance is from a fixed seed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "fit/curve.h"

static uint64_t seed;

static double uniform(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (double)(seed >> 11) / 9007199254740992.0;
}

static double normal(void) { return sqrt(-2 * log(uniform() + 1e-300)) * cos(6.283185307179586 * uniform()); }

/* Hits of n trials; of many trials by the normal approximation. */
static double hits(double n, double p)
{
    double k = 0;
    if (n <= 400) {
        for (int i = 0; i < (int)n; i++)
            k += uniform() < p;
        return k;
    }
    k = floor(n * p + sqrt(n * p * (1 - p)) * normal() + 0.5);
    return fmin(fmax(k, 0), n);
}

static struct sample sample[FIT_POINTS];

static struct curve fit(size_t n, bool counted, double ceiling)
{
    return curve_fit(&(struct samples){ sample, n, counted }, ceiling);
}

static void assert_near(double have, double want, double by)
{
    if (!(fabs(have - want) <= by))
        fail_msg("%.9g, and not %.9g", have, want);
}

static bool known(const struct estimate *e) { return !isnan(e->value); }
static bool holds(const struct estimate *e, double truth) { return e->low <= truth && truth <= e->high; }

static int fixed_seed(void **state)
{
    (void)state;
    seed = 88172645463325252u;
    return 0;
}

#define NEEDS_LIBRARY if (!least_squares_available()) skip()

/* --- numbers --- */

static void quantiles_are_those_of_the_tables(void **state)
{
    (void)state;
    static const struct { double freedom, t; } table[] = { { 1, 12.706 }, { 2, 4.303 }, { 3, 3.182 }, { 4, 2.776 },
        { 5, 2.571 }, { 10, 2.228 }, { 30, 2.042 }, { 120, 1.980 }, { 1e9, 1.960 } };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_near(t_quantile(table[i].freedom), table[i].t, 0.004);
    double low, high;
    wilson(81.0 / 263, 263, 1.959964, &low, &high);     /* Newcombe 1998, table I */
    assert_near(low, 0.2553, 5e-5);
    assert_near(high, 0.3662, 5e-5);
}

/* The slope is that of the residual, on both sides of no difference at all. */
static void slopes_are_those_of_residuals(void **state)
{
    (void)state;
    static const double shares[] = { 0, 0.3, 1 }, at[] = { 1e-4, 0.2, 0.3 - 1e-5, 0.3, 0.3 + 1e-9, 0.9, 1 - 1e-4 };
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < sizeof at / sizeof *at; j++) {
            struct sample x = { 0, shares[i], 1000 };
            struct samples s = { &x, 1, true };
            double h = 1e-6, slope, ignored;
            sample_residual(&s, 0, at[j], &slope);
            double want = (sample_residual(&s, 0, at[j] + h, &ignored) - sample_residual(&s, 0, at[j] - h, &ignored))
                        / (2 * h);
            assert_near(slope / want, 1, 1e-2);
        }
}

/* --- coverage: 1,000 curves, of which 95 % intervals have to hold the truth 93 to 97 % of the time --- */

struct truth {
    double ceiling, midpoint, rate;
    size_t n;
};

static double share_of(const struct truth *t, double day)
{
    return t->ceiling / (1 + exp(-t->rate * (day - t->midpoint)));
}

static struct truth simulate(bool counted)
{
    double span = 365.25 * (3 + 5 * uniform()), trials = pow(10, 1.7 + 2.5 * uniform());
    struct truth t = { .n = 24 + (size_t)(100 * uniform()), .ceiling = 0.5 + 0.48 * uniform() };

    if (counted) {
        t.midpoint = 16000 + span * (0.25 + 0.5 * uniform());
        t.rate = (6 + 12 * uniform()) / span;
    } else {                            /* shares that stay away from 0 and 1, where their scatter is cut off */
        t.midpoint = 16000 + span * (0.4 + 0.2 * uniform());
        t.rate = 5 / span;
    }
    for (size_t i = 0; i < t.n; i++) {
        double day = 16000 + span / (double)t.n * ((double)i + 0.5), n = floor(trials * (0.5 + uniform())) + 1;
        double p = share_of(&t, day);
        p = counted ? hits(n, p) / n : p + 0.008 * normal();
        sample[i] = (struct sample){ day, p, counted ? n : 0 };
    }
    return t;
}

static void assert_coverage(const char *what, int held, int of)
{
    double part = (double)held / of;
    if (part < 0.93 || part > 0.97)
        fail_msg("the intervals of the %s hold the truth %.1f %% of the time", what, 100 * part);
    print_message("%s: %.1f %% of %d\n", what, 100 * part, of);
}

static void cover(bool counted)
{
    enum { CURVES = 1000 };
    int midpoint = 0, slope = 0, ceiling = 0, logistic = 0;

    for (int i = 0; i < CURVES; i++) {
        struct truth t = simulate(counted);
        struct curve c = fit(t.n, counted, 0);
        if (c.model != CURVE_LOGISTIC)
            continue;
        logistic++;
        midpoint += holds(&c.midpoint, t.midpoint);
        slope += holds(&c.slope, t.rate * 365.25);
        ceiling += holds(&c.ceiling, t.ceiling);
    }
    assert_true(logistic >= CURVES * 99 / 100);
    assert_coverage("midpoint", midpoint, logistic);
    assert_coverage("slope", slope, logistic);
    assert_coverage("ceiling", ceiling, logistic);
}

static void intervals_of_counts_hold_the_truth(void **state)
{
    (void)state;
    NEEDS_LIBRARY;
    cover(true);
}

static void intervals_of_shares_hold_the_truth(void **state)
{
    (void)state;
    NEEDS_LIBRARY;
    cover(false);
}

/* --- which model --- */

static void fill(size_t n, double trials, double (*p)(double))
{
    for (size_t i = 0; i < n; i++)
        sample[i] = (struct sample){ 16000 + 30.4375 * (double)i, hits(trials, p((double)i)) / trials, trials };
}

static double never(double i) { return (void)i, 0.4; }
static double straight(double i) { return 0.15 + 0.015 * i; }
static double stepped(double i) { return i < 17 ? 0.29 : 0.95; }
static double risen(double i) { return 0.95 / (1 + exp(-0.15 * (i + 12))); }
static double begun(double i) { return 0.9 / (1 + exp(-0.12 * (i - 45))); }
static double passed(double i) { return 0.95 / (1 + exp(-0.08 * (i - 30))); }
static double sunk(double i) { return 0.8 / (1 + exp(0.15 * (i - 20))); }

static void models_are_told_apart(void **state)
{
    (void)state;
    NEEDS_LIBRARY;
    fill(40, 8000, straight);
    struct curve c = fit(40, true, 0);
    assert_int_equal(c.model, CURVE_LINEAR);
    assert_true(holds(&c.slope, 0.18));
    assert_true(known(&c.forecast));
    fill(40, 800, stepped);
    c = fit(40, true, 0);
    assert_int_equal(c.model, CURVE_STEP);
    assert_true(holds(&c.step_from, 0.29) && holds(&c.step_to, 0.95));
    assert_near(c.step_date.low, 16000 + 30.4375 * 16, 1e-6);
    assert_near(c.step_date.high, 16000 + 30.4375 * 17, 1e-6);
    assert_true(!known(&c.forecast) && c.refused);
    fill(40, 8000, risen);
    c = fit(40, true, 0);
    assert_int_equal(c.model, CURVE_SATURATED);
    assert_true(holds(&c.ceiling, 0.95) && !known(&c.midpoint));
    fill(40, 800, sunk);
    c = fit(40, true, 0);
    assert_int_equal(c.model, CURVE_LOGISTIC);
    assert_true(c.slope.high < 0 && c.ceiling_known);
}

/* Before it bends, the ceiling is not known, though the date of 50 % may be. */
static void ceilings_that_were_not_seen_are_not_named(void **state)
{
    (void)state;
    NEEDS_LIBRARY;
    fill(40, 800, begun);
    struct curve c = fit(40, true, 0);
    assert_int_equal(c.model, CURVE_LOGISTIC);
    assert_false(c.ceiling_known);
    assert_true(c.ceiling.low < 0.9 && c.ceiling.high >= 0.9999);
    assert_true(!known(&c.forecast) && c.refused);
    fill(40, 800, passed);
    c = fit(40, true, 0);
    assert_false(c.ceiling_known);
    assert_true(holds(&c.half, 16000 + 30.4375 * (30 + log(0.5 / 0.45) / 0.08)));
    assert_true(c.half.high - c.half.low < 60);
}

static void chance_is_seldom_a_trend(void **state)
{
    (void)state;
    NEEDS_LIBRARY;
    int flat = 0, held = 0;
    for (int i = 0; i < 500; i++) {
        fill(24, 300, never);
        struct curve c = fit(24, true, 0);
        flat += c.model == CURVE_FLAT;
        held += c.model == CURVE_FLAT && holds(&c.level, 0.4);
    }
    print_message("flat: %d of 500, level held %d\n", flat, held);
    assert_true(flat >= 475);
    assert_true(held >= flat * 93 / 100);
}

/* Sums of few big peers scatter more than trials do, and for weeks in the same direction. */
static void what_clusters_has_wider_intervals(void **state)
{
    (void)state;
    NEEDS_LIBRARY;
    double drift = 0;
    fill(60, 1000, never);
    struct curve plain = fit(60, true, 0);
    for (size_t i = 0; i < 60; i++) {
        drift = 0.8 * drift + 0.03 * normal();
        sample[i].share = fmin(fmax(0.4 + drift, 0), 1);
    }
    struct curve c = fit(60, true, 0);
    assert_true(c.fewer > 2 && c.scatter > 3);
    assert_true(c.level.high - c.level.low > 3 * (plain.level.high - plain.level.low));
}

/* --- the ends of what there can be --- */

static void few_points_carry_no_model(void **state)
{
    (void)state;
    NEEDS_LIBRARY;
    fill(40, 800, risen);
    for (size_t n = 1; n < CURVE_FEWEST; n++)
        assert_int_equal(fit(n, true, 0).model, CURVE_INSUFFICIENT);
    assert_int_not_equal(fit(CURVE_FEWEST, true, 0).model, CURVE_INSUFFICIENT);
    assert_int_equal(fit(CURVE_FEWEST_GIVEN - 1, true, 1).model, CURVE_INSUFFICIENT);
    assert_int_equal(fit(5, true, 0.2).model, CURVE_INSUFFICIENT);      /* all are above it */
    for (size_t i = 0; i < 40; i++)
        sample[i].day = 16000;
    assert_int_equal(fit(40, true, 0).model, CURVE_INSUFFICIENT);
}

static void assert_sound(const struct curve *c)
{
    const struct estimate *e[] = { &c->midpoint, &c->half, &c->slope, &c->ceiling, &c->level, &c->step_from,
                                   &c->step_to, &c->step_date, &c->forecast };
    for (size_t i = 0; i < sizeof e / sizeof *e; i++)
        if (known(e[i]) && !(e[i]->low <= e[i]->value + 1e-6 && e[i]->value <= e[i]->high + 1e-6))
            fail_msg("model %s, estimate %zu: %.9g in %.9g to %.9g", curve_model_name(c->model), i, e[i]->value,
                     e[i]->low, e[i]->high);
    assert_true(known(&c->forecast) == !c->refused);
}

static void anything_has_an_answer(void **state)
{
    (void)state;
    NEEDS_LIBRARY;
    for (int i = 0; i < 1500; i++) {
        size_t n = 1 + (size_t)(30 * uniform());
        int kind = (int)(6 * uniform());
        double day = -1e5 + 2e5 * uniform(), ceiling = uniform() < 0.3 ? uniform() : 0;
        for (size_t j = 0; j < n; j++) {
            day += kind == 1 ? 1e-5 : floor(20 * uniform());
            double p = kind == 0 ? uniform() : kind == 1 ? 1 : kind == 2 ? (double)(uniform() < 0.5)
                     : kind == 3 ? (j == n - 1) : kind == 4 ? 0 : 0.999999 - 1e-6 * uniform();
            sample[j] = (struct sample){ day, p, kind % 2 ? 1 + 1e15 * uniform() : 1 };
        }
        struct curve c = fit(n, uniform() < 0.7, ceiling);
        assert_sound(&c);
    }
}

static void as_many_points_as_there_is_room_for(void **state)
{
    (void)state;
    NEEDS_LIBRARY;
    for (size_t i = 0; i < FIT_POINTS; i++) {
        double p = 0.9 / (1 + exp(-0.001 * ((double)i - 9000)));
        sample[i] = (struct sample){ (double)i, hits(1000, p) / 1000, 1000 };
    }
    struct curve c = fit(FIT_POINTS, true, 0);
    assert_int_equal(c.model, CURVE_LOGISTIC);
    assert_near(c.ceiling.value, 0.9, 0.001);
    assert_near(c.midpoint.value, 9000, 10);
}

/* Google's inbound mail of 2013 to 2015 (adoption.csv), under the assumption that all of it will be encrypted. */
static void a_given_ceiling_is_taken(void **state)
{
    (void)state;
    NEEDS_LIBRARY;
    static const struct sample google[] = { { 16040.5, 0.33, 0 }, { 16224.5, 0.5, 0 }, { 16297.5, 0.55, 0 },
                                            { 16709.5, 0.61, 0 } };
    struct curve c = curve_fit(&(struct samples){ google, 4, false }, 1);
    assert_int_equal(c.model, CURVE_LOGISTIC);
    assert_near(c.midpoint.value, 16071 + 365.25 * 0.68, 3);   /* 2014.68 */
    assert_near(c.slope.value, 0.56, 0.005);
    assert_true(c.ceiling.low == 1 && c.ceiling.high == 1);
    assert_true(c.slope.low < 0);           /* four points do not even show that it grows */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(quantiles_are_those_of_the_tables, fixed_seed),
        cmocka_unit_test_setup(slopes_are_those_of_residuals, fixed_seed),
        cmocka_unit_test_setup(intervals_of_counts_hold_the_truth, fixed_seed),
        cmocka_unit_test_setup(intervals_of_shares_hold_the_truth, fixed_seed),
        cmocka_unit_test_setup(models_are_told_apart, fixed_seed),
        cmocka_unit_test_setup(ceilings_that_were_not_seen_are_not_named, fixed_seed),
        cmocka_unit_test_setup(chance_is_seldom_a_trend, fixed_seed),
        cmocka_unit_test_setup(what_clusters_has_wider_intervals, fixed_seed),
        cmocka_unit_test_setup(few_points_carry_no_model, fixed_seed),
        cmocka_unit_test_setup(anything_has_an_answer, fixed_seed),
        cmocka_unit_test_setup(as_many_points_as_there_is_room_for, fixed_seed),
        cmocka_unit_test_setup(a_given_ceiling_is_taken, fixed_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
