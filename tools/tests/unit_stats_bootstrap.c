/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bootstrap against what it estimates: Student's t and R's own bootstrap, the normal
 * distribution where blocks hold many worlds, and how often it errs when nothing changed.
 */
#include <math.h>
#include <stdio.h>

#include "punch/rng.h"
#include "punch_test.h"
#include "stats_bootstrap.h"
#include "vectors.h"

static void as_r_does(void) {
    vectors rows;
    if (!vectors_open(&rows, "bootstrap")) {
        return;
    }
    while (vectors_next(&rows)) {
        const size_t n = (size_t)rows.numbers[0];
        const double *first = rows.numbers + 1;
        const double *second = first + n;
        const double *said = second + n;
        stats_blocks blocks;
        stats_blocks_init(&blocks, n);
        for (size_t i = 0; i < n; i++) {
            stats_blocks_add(&blocks, i, first[i], second[i]);
        }
        const stats_bootstrapped of = stats_bootstrap(&blocks, 0.95, 1);
        /* Student's needs no draws. An end of 2,000 resamples strays by about 2 % of the width. */
        const double share = n < STATS_BLOCKS_ENOUGH ? 1e-9 : 0.06;
        const double error = share * (said[2] - said[1]);
        EXPECT_REAL("difference", of.difference.estimate.value, said[0], 1e-9);
        EXPECT_REAL("lower end", of.difference.estimate.lo, said[1], error);
        EXPECT_REAL("upper end", of.difference.estimate.hi, said[2], error);
        const double ratio_error = share * (said[5] - said[4]);
        EXPECT_REAL("ratio", of.ratio.estimate.value, said[3], 1e-9);
        EXPECT_REAL("lower end of the ratio", of.ratio.estimate.lo, said[4], ratio_error);
        EXPECT_REAL("upper end of the ratio", of.ratio.estimate.hi, said[5], ratio_error);
        EXPECT_REAL("p", of.difference.p, said[6], 1e-9);
        EXPECT_REAL("p of the ratio", of.ratio.p, said[6], 1e-9);
    }
}

/* 20,480 worlds in 512 blocks: differences uniform in 0.. 1 minus a shift have a mean with a
 * standard error of sqrt(1 / 12 / n). */
static void many_worlds(void) {
    const uint64_t n = 20480;
    stats_blocks blocks;
    stats_blocks_init(&blocks, n);
    EXPECT_INT("blocks", blocks.count, STATS_BLOCKS_MAX);
    punch_rng rng = punch_rng_stream(3, 0, 0);
    for (uint64_t i = 0; i < n; i++) {
        stats_blocks_add(&blocks, i, punch_rng_unit(&rng), 0.5);
    }
    EXPECT_REAL("blocks are equally long", blocks.blocks[511].first_count, 40.0, 0.0);
    const stats_bootstrapped of = stats_bootstrap(&blocks, 0.95, 1);
    const double half = 1.959964 * sqrt(1.0 / 12.0 / (double)n);
    const double half_found = (of.difference.estimate.hi - of.difference.estimate.lo) / 2.0;
    EXPECT_REAL("half width as that of the normal distribution", half_found / half, 1.0, 0.1);
}

static void not_counted(void) {
    stats_blocks blocks;
    stats_blocks_init(&blocks, 4);
    stats_blocks_add(&blocks, 0, 4.0, (double)NAN);
    stats_blocks_add(&blocks, 1, 6.0, 1.0);
    stats_blocks_add(&blocks, 2, (double)NAN, 3.0);
    stats_blocks_add(&blocks, 3, 5.0, 2.0);
    const stats_bootstrapped of = stats_bootstrap(&blocks, 0.95, 1);
    EXPECT_INT("n is what counts in both", of.difference.estimate.n, 3);
    EXPECT_REAL("each mean is of its own", of.difference.estimate.value, 3.0, 1e-12);
    EXPECT("ends are numbers",
           isfinite(of.difference.estimate.lo) && isfinite(of.ratio.estimate.hi));
}

static stats_bootstrapped always(uint32_t pairs, double first, double second) {
    stats_blocks blocks;
    stats_blocks_init(&blocks, pairs);
    for (uint32_t i = 0; i < pairs; i++) {
        stats_blocks_add(&blocks, i, first, second);
    }
    return stats_bootstrap(&blocks, 0.95, 1);
}

static void ends_of_knowledge(void) {
    static const struct {
        const char *sentence;
        uint32_t pairs;
        double first;
        bool bounded;
        double p;
    } rows[] = {
        {"one pair says nothing about the spread", 1, 2.0, false, 1.0},
        {"three that agree do not say that all do", 3, 2.0, false, 0.25},
        {"nor do 19", 19, 2.0, false, 1.0 / 262144.0},
        {"20 may", 20, 2.0, true, 1.0 / 524288.0},
        {"no change is as it is", 3, 1.0, true, 1.0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const stats_bootstrapped of = always(rows[i].pairs, rows[i].first, 1.0);
        const stats_estimate *e = &of.difference.estimate;
        printf("%s\n", rows[i].sentence);
        EXPECT_REAL("value", e->value, rows[i].first - 1.0, 1e-12);
        EXPECT("the difference is bounded or not", isfinite(e->lo) == rows[i].bounded);
        EXPECT("on both sides", isfinite(e->hi) == rows[i].bounded);
        EXPECT("so is the ratio", isfinite(of.ratio.estimate.hi) == rows[i].bounded);
        EXPECT_REAL("p", of.difference.p, rows[i].p, 1e-15);
    }
    stats_bootstrapped of = always(0, 0.0, 0.0);
    EXPECT("nothing at all", of.difference.estimate.n == 0 && of.difference.p >= 1.0);
    of = always(100, 0.0, 0.0);
    EXPECT_REAL("nothing by nothing is 1", of.ratio.estimate.value, 1.0, 0.0);
    of = always(100, 2.0, 0.0);
    EXPECT("something by nothing is no number",
           isinf(of.ratio.estimate.value) && of.ratio.estimate.lo <= 0.0);
}

/* A value that few pairs change: resamples without one of them have no spread. */
static void few_differ(void) {
    /* R: qchisq(.975, 2 * (n + 1)) / 2: Poisson's mean may be as large */
    static const struct {
        uint32_t differing;
        double p_at_least; /* of changing signs: 2^(1 - n) */
        double rare_max;
    } rows[] = {{1, 1.0, 5.572}, {2, 0.5, 7.225}, {5, 0.0625, 11.668}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        stats_blocks blocks;
        stats_blocks_init(&blocks, 300);
        for (uint32_t w = 0; w < 300; w++) {
            stats_blocks_add(&blocks, w, w % 50 == 0 && w < 50 * rows[i].differing ? 11.0 : 10.0,
                             10.0);
        }
        const stats_bootstrapped of = stats_bootstrap(&blocks, 0.95, 1);
        const stats_estimate *e = &of.difference.estimate;
        EXPECT("the interval has ends", isfinite(e->lo) && isfinite(e->hi));
        EXPECT("and leaves room for a chance that small", e->hi * 300.0 >= 0.9 * rows[i].rare_max);
        EXPECT("signs say no more", of.difference.p >= rows[i].p_at_least);
    }
}

/* A value: normal, or exponential, of mean 0. */
static double drawn(punch_rng *rng, bool skewed) {
    const double unit = punch_rng_unit(rng);
    if (skewed) {
        return -log(unit) - 1.0;
    }
    return sqrt(-2.0 * log(unit)) * cos(6.283185307179586 * punch_rng_unit(rng));
}

/* How often nothing is taken for a change, and how often the interval holds the change of nothing:
 * samples of pairs whose differences have mean 0. An exact test errs in a twentieth, 100 of 2,000
 * give or take 10. Skewness of a few pairs is seen by no method. */
static void errs_rarely(void) {
    static const struct {
        uint32_t pairs;
        bool skewed;
        uint32_t samples;
        uint32_t shown_max;   /* p <= 0.05 */
        uint32_t covered_min; /* by the interval */
    } rows[] = {
        {3, false, 2000, 130, 1870}, {5, false, 2000, 130, 1870}, {10, false, 2000, 130, 1870},
        {50, false, 300, 27, 272},   {5, true, 2000, 290, 1720},  {10, true, 2000, 240, 1760},
        {50, true, 300, 36, 268},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        punch_rng rng = punch_rng_stream(11, (uint32_t)i, 0);
        uint32_t shown = 0;
        uint32_t covered = 0;
        for (uint32_t sample = 0; sample < rows[i].samples; sample++) {
            stats_blocks blocks;
            stats_blocks_init(&blocks, rows[i].pairs);
            for (uint32_t w = 0; w < rows[i].pairs; w++) {
                const double common = 5.0 * drawn(&rng, false);
                stats_blocks_add(&blocks, w, 50.0 + common + drawn(&rng, rows[i].skewed),
                                 50.0 + common);
            }
            const stats_bootstrapped of = stats_bootstrap(&blocks, 0.95, 1);
            shown += of.difference.p <= 0.05 ? 1 : 0;
            covered += of.difference.estimate.lo <= 0.0 && of.difference.estimate.hi >= 0.0 ? 1 : 0;
        }
        const bool held =
            EXPECT("nothing is rarely taken for a change", shown <= rows[i].shown_max);
        if (!EXPECT("the interval covers", covered >= rows[i].covered_min) || !held) {
            printf("%u pairs%s: %u shown, %u covered\n", rows[i].pairs,
                   rows[i].skewed ? ", skewed" : "", shown, covered);
        }
    }
}

static void same_seed(void) {
    stats_blocks blocks;
    stats_blocks_init(&blocks, 600);
    for (uint32_t i = 0; i < 600; i++) {
        stats_blocks_add(&blocks, i, (double)(i % 17), (double)(i % 5));
    }
    const stats_bootstrapped once = stats_bootstrap(&blocks, 0.95, 1);
    const stats_bootstrapped again = stats_bootstrap(&blocks, 0.95, 1);
    const stats_bootstrapped else_ = stats_bootstrap(&blocks, 0.95, 2);
    EXPECT_REAL("the same lower end", once.difference.estimate.lo, again.difference.estimate.lo,
                0.0);
    EXPECT_REAL("the same upper end", once.ratio.estimate.hi, again.ratio.estimate.hi, 0.0);
    EXPECT_REAL("the same p", once.difference.p, again.difference.p, 0.0);
    EXPECT("another seed draws otherwise",
           once.difference.estimate.lo < else_.difference.estimate.lo ||
               once.difference.estimate.lo > else_.difference.estimate.lo);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"R's own t and bootstrap", as_r_does},      {"many worlds in a block", many_worlds},
        {"values that do not count", not_counted},   {"nothing, one, no spread", ends_of_knowledge},
        {"few pairs that differ", few_differ},       {"how often it errs", errs_rarely},
        {"the same seed draws the same", same_seed},
    };
    return PUNCH_TEST_MAIN("stats bootstrap", cases);
}
