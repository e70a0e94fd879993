/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bootstrap against what it estimates: all 27 resamples of three pairs, R's own bootstrap of
 * larger samples, and the normal distribution where blocks hold many worlds.
 */
#include <math.h>
#include <stdlib.h>

#include "punch/rng.h"
#include "punch_test.h"
#include "stats_bootstrap.h"
#include "vectors.h"

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Differences of three pairs whose 27 resampled means are well apart: at 80 % the interval runs
 * from the second least to the second largest (1/27 and 3/27 of resamples each are beyond or at
 * them), and the share not above 0 is counted. */
static void three_pairs(void) {
    static const double first[] = {1.0, 5.0, 12.0};
    static const double second[] = {3.0, 4.0, 5.0};
    double means[27];
    size_t count = 0;
    double not_above = 0.0;
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
            for (int k = 0; k < 3; k++) {
                means[count] = (first[i] + first[j] + first[k]) / 3.0 -
                               (second[i] + second[j] + second[k]) / 3.0;
                not_above += means[count++] <= 0.0 ? 1.0 / 27.0 : 0.0;
            }
        }
    }
    qsort(means, count, sizeof means[0], ascending);
    stats_blocks blocks;
    stats_blocks_init(&blocks, 3);
    for (uint32_t i = 0; i < 3; i++) {
        stats_blocks_add(&blocks, i, first[i], second[i]);
    }
    const stats_bootstrap_how how = {0.80, 39999, 7};
    const stats_bootstrapped of = stats_bootstrap(&blocks, &how);
    EXPECT_INT("n", of.difference.estimate.n, 3);
    EXPECT_REAL("value", of.difference.estimate.value, 2.0, 1e-12);
    EXPECT_REAL("lower end", of.difference.estimate.lo, means[1], 1e-12);
    EXPECT_REAL("upper end", of.difference.estimate.hi, means[25], 1e-12);
    EXPECT_REAL("p", of.difference.p, 2.0 * not_above, 0.02);
    EXPECT_REAL("ratio", of.ratio.estimate.value, 1.5, 1e-12);
}

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
        const stats_bootstrap_how how = {0.95, 39999, 1};
        const stats_bootstrapped of = stats_bootstrap(&blocks, &how);
        /* An end of 40,000 resamples strays by about 0.4 % of the width; 2 % is five times that. */
        const double error = 0.02 * (said[2] - said[1]);
        EXPECT_REAL("difference", of.difference.estimate.value, said[0], 1e-9);
        EXPECT_REAL("lower end", of.difference.estimate.lo, said[1], error);
        EXPECT_REAL("upper end", of.difference.estimate.hi, said[2], error);
        const double ratio_error = 0.02 * (said[5] - said[4]);
        EXPECT_REAL("ratio", of.ratio.estimate.value, said[3], 1e-9);
        EXPECT_REAL("lower end of the ratio", of.ratio.estimate.lo, said[4], ratio_error);
        EXPECT_REAL("upper end of the ratio", of.ratio.estimate.hi, said[5], ratio_error);
        EXPECT_REAL("p", of.difference.p, said[6], 0.01);
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
    const stats_bootstrap_how how = {0.95, 9999, 1};
    const stats_bootstrapped of = stats_bootstrap(&blocks, &how);
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
    const stats_bootstrap_how how = {0.95, 1999, 1};
    const stats_bootstrapped of = stats_bootstrap(&blocks, &how);
    EXPECT_INT("n is what counts in both", of.difference.estimate.n, 3);
    EXPECT_REAL("each mean is of its own", of.difference.estimate.value, 3.0, 1e-12);
    EXPECT("ends are numbers",
           isfinite(of.difference.estimate.lo) && isfinite(of.ratio.estimate.hi));
}

static void ends_of_knowledge(void) {
    stats_blocks blocks;
    const stats_bootstrap_how how = {0.95, 1999, 1};
    stats_blocks_init(&blocks, 0);
    stats_bootstrapped of = stats_bootstrap(&blocks, &how);
    EXPECT("nothing at all", of.difference.estimate.n == 0 && of.difference.p >= 1.0);
    stats_blocks_init(&blocks, 1);
    stats_blocks_add(&blocks, 0, 2.0, 1.0);
    of = stats_bootstrap(&blocks, &how);
    EXPECT("one pair says nothing about the spread",
           isinf(of.difference.estimate.lo) && isinf(of.difference.estimate.hi));
    EXPECT_REAL("nor whether it is chance", of.difference.p, 1.0, 0.0);
    stats_blocks_init(&blocks, 100);
    for (uint32_t i = 0; i < 100; i++) {
        stats_blocks_add(&blocks, i, 3.0, 2.0);
    }
    of = stats_bootstrap(&blocks, &how);
    EXPECT_REAL("always the same change", of.difference.estimate.lo, 1.0, 1e-12);
    EXPECT_REAL("least p", of.difference.p, 2.0 / 2000.0, 1e-15);
    stats_blocks_init(&blocks, 100);
    for (uint32_t i = 0; i < 100; i++) {
        stats_blocks_add(&blocks, i, 0.0, 0.0);
    }
    of = stats_bootstrap(&blocks, &how);
    EXPECT_REAL("nothing by nothing is 1", of.ratio.estimate.value, 1.0, 0.0);
    EXPECT_REAL("no change", of.difference.p, 1.0, 0.0);
}

static void same_seed(void) {
    stats_blocks blocks;
    stats_blocks_init(&blocks, 600);
    for (uint32_t i = 0; i < 600; i++) {
        stats_blocks_add(&blocks, i, (double)(i % 17), (double)(i % 5));
    }
    const stats_bootstrap_how how = {0.95, 1999, 1};
    const stats_bootstrap_how other = {0.95, 1999, 2};
    const stats_bootstrapped once = stats_bootstrap(&blocks, &how);
    const stats_bootstrapped again = stats_bootstrap(&blocks, &how);
    const stats_bootstrapped else_ = stats_bootstrap(&blocks, &other);
    EXPECT_REAL("the same lower end", once.difference.estimate.lo, again.difference.estimate.lo,
                0.0);
    EXPECT_REAL("the same upper end", once.ratio.estimate.hi, again.ratio.estimate.hi, 0.0);
    EXPECT_REAL("the same p", once.difference.p, again.difference.p, 0.0);
    EXPECT("another seed draws otherwise",
           once.difference.estimate.lo < else_.difference.estimate.lo ||
               once.difference.estimate.lo > else_.difference.estimate.lo);
}

static void resamples(void) {
    EXPECT_INT("one", stats_bootstrap_resamples(1), 1999);
    EXPECT_INT("a hundred", stats_bootstrap_resamples(100), 7999);
    EXPECT_INT("no end", stats_bootstrap_resamples(1000000), 99999);
    EXPECT("the least p, adjusted for 1,000, is significant",
           2.0 / (stats_bootstrap_resamples(1000) + 1.0) * 1000.0 < 0.05);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"all resamples of three pairs", three_pairs},  {"R's own bootstrap", as_r_does},
        {"many worlds in a block", many_worlds},        {"values that do not count", not_counted},
        {"nothing, one, no spread", ends_of_knowledge}, {"the same seed draws the same", same_seed},
        {"resamples for many comparisons", resamples},
    };
    return PUNCH_TEST_MAIN("stats bootstrap", cases);
}
