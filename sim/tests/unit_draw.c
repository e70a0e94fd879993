/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Distributions against their closed forms: means and quantiles of 200,000 draws from one seed,
 * with tolerances of five standard errors; shares by counting.
 */
#include <math.h>
#include <stdlib.h>

#include "punch_test.h"
#include "scenario_draw.h"
#include "scenario_number.h"

enum { DRAWS = 200000, MIDDLE = DRAWS / 2 };

static int compare(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Sorted draws, or NULL; the caller frees them. */
static int64_t *draw_many(const scenario_draw *draw) {
    const scenario_value value = {.draw = draw};
    punch_rng rng = punch_rng_stream(1, 2, 3);
    int64_t *drawn = malloc(DRAWS * sizeof *drawn);
    EXPECT("there is memory", drawn != NULL);
    for (size_t i = 0; drawn != NULL && i < DRAWS; i++) {
        drawn[i] = scenario_draw_number(&value, &rng);
    }
    if (drawn != NULL) {
        qsort(drawn, DRAWS, sizeof *drawn, compare);
    }
    return drawn;
}

static double mean_of(const int64_t *drawn) {
    double sum = 0;
    for (size_t i = 0; i < DRAWS; i++) {
        sum += (double)drawn[i];
    }
    return sum / DRAWS;
}

static double sd_of(const int64_t *drawn) {
    const double mean = mean_of(drawn);
    double sum = 0;
    for (size_t i = 0; i < DRAWS; i++) {
        sum += ((double)drawn[i] - mean) * ((double)drawn[i] - mean);
    }
    return sqrt(sum / DRAWS);
}

static void fixed_values_draw_nothing(void) {
    const scenario_value value = {.number = 42};
    punch_rng rng = punch_rng_stream(1, 2, 3);
    const punch_rng before = rng;
    EXPECT_INT("a fixed value is itself", scenario_draw_number(&value, &rng), 42);
    EXPECT("its stream does not move", rng.state == before.state);
}

static void uniform(void) {
    const scenario_draw draw = {.kind = DRAW_UNIFORM, .low = 10, .high = 19};
    int64_t *drawn = draw_many(&draw);
    if (drawn == NULL) {
        return;
    }
    EXPECT_INT("the least value occurs", drawn[0], 10);
    EXPECT_INT("the greatest value occurs", drawn[DRAWS - 1], 19);
    EXPECT_REAL("mean (low + high) / 2", mean_of(drawn), 14.5, 5 * 2.873 / sqrt(DRAWS));
    EXPECT_REAL("standard deviation sqrt((n^2 - 1) / 12)", sd_of(drawn), 2.8723, 0.02);
    free(drawn);
}

static void uniform_from_below_zero(void) {
    const scenario_draw draw = {.kind = DRAW_UNIFORM, .low = -3, .high = 3};
    int64_t *drawn = draw_many(&draw);
    if (drawn == NULL) {
        return;
    }
    EXPECT_INT("the least value occurs", drawn[0], -3);
    EXPECT_INT("the greatest value occurs", drawn[DRAWS - 1], 3);
    free(drawn);
}

static void loguniform(void) {
    const scenario_draw draw = {.kind = DRAW_LOGUNIFORM, .low = 10000, .high = 1000000};
    int64_t *drawn = draw_many(&draw);
    if (drawn == NULL) {
        return;
    }
    EXPECT("no less than the least", drawn[0] >= 10000);
    EXPECT("no more than the greatest", drawn[DRAWS - 1] <= 1000000);
    EXPECT_REAL("median: the geometric mean", (double)drawn[MIDDLE], 1e5, 3e3);
    EXPECT_REAL("mean (high - low) / ln(high / low)", mean_of(drawn), 990000 / log(100), 4e3);
    free(drawn);
}

static void exponential(void) {
    const scenario_draw draw = {.kind = DRAW_EXPONENTIAL, .low = 1000000};
    int64_t *drawn = draw_many(&draw);
    if (drawn == NULL) {
        return;
    }
    EXPECT_REAL("mean", mean_of(drawn), 1e6, 5 * 1e6 / sqrt(DRAWS));
    EXPECT_REAL("standard deviation = mean", sd_of(drawn), 1e6, 2e4);
    EXPECT_REAL("median = mean x ln 2", (double)drawn[MIDDLE], 1e6 * log(2), 1.2e4);
    free(drawn);
}

static void lognormal(void) {
    const scenario_draw draw = {.kind = DRAW_LOGNORMAL, .low = 1000000, .high = 500};
    int64_t *drawn = draw_many(&draw);
    if (drawn == NULL) {
        return;
    }
    EXPECT_REAL("median", (double)drawn[MIDDLE], 1e6, 8e3);
    EXPECT_REAL("mean = median x e^(sigma^2 / 2)", mean_of(drawn), 1e6 * exp(0.125), 7e3);
    EXPECT_REAL("quantile 84.13 % = median x e^sigma", (double)drawn[(size_t)(0.8413447 * DRAWS)],
                1e6 * exp(0.5), 2e4);
    free(drawn);
}

static void quantiles(void) {
    static const scenario_draw_point points[] = {
        {SCENARIO_RATIO_ONE / 10, {.number = 100}},
        {SCENARIO_RATIO_ONE / 2, {.number = 500}},
        {SCENARIO_RATIO_ONE / 10 * 9, {.number = 10500}},
    };
    const scenario_draw draw = {.kind = DRAW_QUANTILES, .points = points, .point_count = 3};
    int64_t *drawn = draw_many(&draw);
    if (drawn == NULL) {
        return;
    }
    EXPECT_INT("flat before the first point", drawn[(size_t)(0.09 * DRAWS)], 100);
    EXPECT_INT("flat after the last point", drawn[(size_t)(0.91 * DRAWS)], 10500);
    EXPECT_REAL("the middle point", (double)drawn[MIDDLE], 500, 150);
    EXPECT_REAL("linear before the middle: 30 %", (double)drawn[(size_t)(0.3 * DRAWS)], 300, 6);
    EXPECT_REAL("linear after the middle: 70 %", (double)drawn[(size_t)(0.7 * DRAWS)], 5500, 130);
    free(drawn);
}

/* Two atoms and a slab: 20 % at 30, 30 % at 60, the rest uniform in 100..199. */
static void choice(void) {
    static const scenario_draw slab = {.kind = DRAW_UNIFORM, .low = 100, .high = 199};
    static const scenario_draw_point points[] = {
        {SCENARIO_RATIO_ONE / 10 * 2, {.number = 30}},
        {SCENARIO_RATIO_ONE / 10 * 3, {.number = 60}},
        {SCENARIO_RATIO_ONE / 10 * 5, {.draw = &slab}},
    };
    const scenario_draw draw = {
        .kind = DRAW_CHOICE, .points = points, .point_count = 3, .total = SCENARIO_RATIO_ONE};
    int64_t *drawn = draw_many(&draw);
    if (drawn == NULL) {
        return;
    }
    size_t count[3] = {0};
    for (size_t i = 0; i < DRAWS; i++) {
        count[drawn[i] == 30 ? 0 : drawn[i] == 60 ? 1 : 2]++;
    }
    EXPECT_REAL("share of the first atom", (double)count[0] / DRAWS, 0.2, 0.0045);
    EXPECT_REAL("share of the second atom", (double)count[1] / DRAWS, 0.3, 0.0052);
    EXPECT_INT("the slab begins at 100", drawn[count[0] + count[1]], 100);
    EXPECT_INT("the slab ends at 199", drawn[DRAWS - 1], 199);
    free(drawn);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"fixed values draw nothing", fixed_values_draw_nothing},
        {"uniform", uniform},
        {"uniform from below zero", uniform_from_below_zero},
        {"loguniform", loguniform},
        {"exponential", exponential},
        {"lognormal", lognormal},
        {"quantiles", quantiles},
        {"choice", choice},
    };
    return PUNCH_TEST_MAIN("unit_draw", cases);
}
