/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intervals against values from elsewhere: R's own functions (the command stands beside each
 * table) and published tables; checked again with exact rational arithmetic.
 */
#include <math.h>

#include "punch_test.h"
#include "stats.h"

/* R: prop.test(x, n, correct = FALSE)$conf.int. The rows 81/263 and 1/29 are also in Newcombe 1998
 * (Statistics in Medicine 17:857-872), Table I, method 3: 0.2553..0.3662 and 0.0061..0.1718. */
static void wilson(void) {
    static const struct {
        uint64_t successes;
        uint64_t n;
        double lo;
        double hi;
    } rows[] = {
        {0, 10, 0.0, 0.277532799863},
        {10, 10, 0.722467200137, 1.0},
        {5, 10, 0.236593090513, 0.763406909487},
        {81, 263, 0.255288519878, 0.366209576983},
        {1, 29, 0.006113214293, 0.171755218793},
        {152, 2000, 0.065181688047, 0.088443968048},
        {636, 1000, 0.605710772605, 0.665248349087},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const stats_estimate e = stats_ratio(rows[i].successes, rows[i].n, 0.95);
        EXPECT_INT("n is kept", e.n, rows[i].n);
        EXPECT_REAL("value is the share", e.value, (double)rows[i].successes / (double)rows[i].n,
                    1e-15);
        EXPECT_REAL("lower end as R's", e.lo, rows[i].lo, 1e-11);
        EXPECT_REAL("upper end as R's", e.hi, rows[i].hi, 1e-11);
    }
    const stats_estimate none = stats_ratio(0, 0, 0.95);
    EXPECT("no trials: no value", isnan(none.value));
    EXPECT("no trials: anything is possible", none.lo == 0.0 && none.hi == 1.0);
}

/* Ranks of the interval's ends, 0 = below all, n + 1 = above all.
 * R: qbinom(.025, n, p) and qbinom(.975, n, p) + 1; value: quantile(1:n, p, type = 1). */
static void quantile_ranks(void) {
    static const struct {
        uint64_t n;
        double p;
        uint64_t value_rank;
        uint64_t lo_rank;
        uint64_t hi_rank;
    } rows[] = {
        {1, 0.5, 1, 0, 2},      {5, 0.5, 3, 0, 6},          {6, 0.5, 3, 1, 6},
        {20, 0.5, 10, 6, 15},   {100, 0.5, 50, 40, 61},     {100, 0.95, 95, 90, 100},
        {20, 0.95, 19, 17, 21}, {200, 0.95, 190, 184, 197}, {1000, 0.5, 500, 469, 532},
    };
    double values[1000];
    for (int i = 0; i < 1000; i++) {
        values[i] = i + 1;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const stats_estimate e = stats_quantile(values, rows[i].n, rows[i].p, 0.95);
        const double hi = rows[i].hi_rank > rows[i].n ? INFINITY : (double)rows[i].hi_rank;
        EXPECT_INT("value's rank", e.value, rows[i].value_rank);
        EXPECT_INT("lower end's rank", e.lo, rows[i].lo_rank);
        EXPECT("upper end's rank, above all is infinity", e.hi == hi);
    }
}

static void quantile_with_failures(void) {
    double values[20];
    for (int i = 0; i < 20; i++) {
        values[i] = i < 12 ? (double)(i + 1) : (double)INFINITY;
    }
    const stats_estimate half = stats_quantile(values, 20, 0.5, 0.95);
    EXPECT_REAL("12 of 20 connected: the median exists", half.value, 10.0, 0.0);
    EXPECT_REAL("its lower end is the 6th", half.lo, 6.0, 0.0);
    EXPECT("its upper end (the 15th) is never", isinf(half.hi));
    const stats_estimate late = stats_quantile(values, 20, 0.95, 0.95);
    EXPECT("the 95th percentile is never", isinf(late.value));
    EXPECT("even its lower end (the 17th) is never", isinf(late.lo));
    const stats_estimate none = stats_quantile(values, 0, 0.5, 0.95);
    EXPECT("nothing measured: no value", isnan(none.value) && none.n == 0);
}

static stats_estimate mean_of(const double *values, size_t n, double confidence) {
    stats_moments moments = {0};
    for (size_t i = 0; i < n; i++) {
        stats_moments_add(&moments, values[i]);
    }
    return stats_mean_of(&moments, confidence);
}

/* R: t.test(c(2,4,4,4,5,5,7,9)): mean 5, sd 2.138090, 3.212512..6.787488; with conf.level = 0.99:
 * 2.354639279..7.645360721. */
static void mean(void) {
    static const double values[] = {2, 4, 4, 4, 5, 5, 7, 9};
    const stats_estimate e = mean_of(values, 8, 0.95);
    EXPECT_REAL("mean", e.value, 5.0, 1e-15);
    EXPECT_REAL("lower end", e.lo, 3.2125120817638, 1e-10);
    EXPECT_REAL("upper end", e.hi, 6.7874879182362, 1e-10);
    const stats_estimate wide = mean_of(values, 8, 0.99);
    EXPECT_REAL("lower end at 99 %", wide.lo, 2.354639279, 1e-9);
    EXPECT_REAL("upper end at 99 %", wide.hi, 7.645360721, 1e-9);
    const stats_estimate one = mean_of(values, 1, 0.95);
    EXPECT("one value says nothing about the spread", isinf(one.lo) && isinf(one.hi));
    EXPECT("no values: no mean", isnan(mean_of(values, 0, 0.95).value));
}

/* A mean of shares is wide where Student's has no width. */
static void mean_of_shares(void) {
    static const struct {
        double value;
        uint64_t successes; /* Wilson's interval is that of so many of ten */
    } rows[] = {{1.0, 10}, {0.0, 0}, {0.5, 5}, {0.7, 7}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        stats_moments moments = {0};
        for (int k = 0; k < 10; k++) {
            stats_moments_add(&moments, rows[i].value);
        }
        const stats_estimate e = stats_mean_of_shares(&moments, 0.95);
        const stats_estimate wilson_said = stats_ratio(rows[i].successes, 10, 0.95);
        EXPECT_INT("n", e.n, 10);
        EXPECT_REAL("value", e.value, rows[i].value, 1e-15);
        EXPECT_REAL("lower end", e.lo, wilson_said.lo, 1e-12);
        EXPECT_REAL("upper end", e.hi, wilson_said.hi, 1e-12);
    }
    const stats_moments none = {0};
    const stats_estimate e = stats_mean_of_shares(&none, 0.95);
    EXPECT("nothing: anything is possible", e.n == 0 && e.lo == 0.0 && e.hi == 1.0);
}

/* A million and one numbers around 10^9: the naive sum of squares would have lost all digits. */
static void mean_is_stable(void) {
    stats_moments moments = {0};
    for (int i = -500000; i <= 500000; i++) {
        stats_moments_add(&moments, 1e9 + (double)(i % 2));
    }
    EXPECT_REAL("mean", moments.mean, 1e9, 1e-2);
    EXPECT_REAL("sum of squares: half of them are 1 off", moments.squares, 500000.0, 100.0);
}

static void looks(void) {
    EXPECT_REAL("one look", stats_confidence_of_looks(1), 0.95, 1e-15);
    EXPECT_REAL("five share the error", stats_confidence_of_looks(5), 0.99, 1e-15);
}

/* How likely it is that Wilson's interval of so many calls, each with that chance, leaves the limit
 * out: the sum over all numbers of successes. */
static double power_of(double share, double limit, uint64_t n) {
    double power = 0.0;
    for (uint64_t x = 0; x <= n; x++) {
        const double log_density = lgamma((double)n + 1.0) - lgamma((double)x + 1.0) -
                                   lgamma((double)(n - x) + 1.0) + (double)x * log(share) +
                                   (double)(n - x) * log(1.0 - share);
        const stats_estimate e = stats_ratio(x, n, 0.95);
        power += e.lo > limit || e.hi < limit ? exp(log_density) : 0.0;
    }
    return power;
}

/* The number said decides in 80 % of cases. */
static void trials_needed_share(void) {
    static const struct {
        uint64_t successes;
        uint64_t n;
        double limit;
    } rows[] = {
        {10, 10, 0.99},    {0, 10, 0.01}, {815, 1000, 0.80},
        {815, 1000, 0.83}, {1, 2, 0.45},  {500, 1000, 0.51},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const stats_estimate e = stats_ratio(rows[i].successes, rows[i].n, 0.95);
        const uint64_t needed = stats_trials_needed_share(&e, rows[i].limit, rows[i].n);
        EXPECT("more than there were", needed > rows[i].n);
        if (e.value > 0.0 && e.value < 1.0) {
            EXPECT_REAL("as many decide four times in five",
                        power_of(e.value, rows[i].limit, needed), 0.8, 0.03);
        }
    }
    const stats_estimate half = stats_ratio(5, 10, 0.95);
    EXPECT_INT("at the limit itself no number would do", stats_trials_needed_share(&half, 0.5, 10),
               0);
    const stats_estimate all = stats_ratio(10, 10, 0.95);
    EXPECT_INT("all of 10, limit 99 %: z^2 .99 / .01", stats_trials_needed_share(&all, 0.99, 10),
               381);
}

static void trials_needed(void) {
    static const struct {
        stats_estimate estimate;
        double limit;
        uint64_t trials;
        uint64_t needed;
    } rows[] = {
        {{100, 2.0, 1.0, 3.0}, 2.5, 100, 818},            /* twice as narrow: 400, in 80 % */
        {{100, 2.0, 1.0, 6.0}, 1.5, 100, 818},            /* the end towards the limit counts */
        {{100, 2.0, 1.0, 3.0}, 2.0, 100, 0},              /* at the limit */
        {{0, (double)NAN, 0.0, 1.0}, 0.5, 100, 0},        /* nothing measured */
        {{9, 2.0, 1.0, (double)INFINITY}, 2.5, 100, 400}, /* no telling: half the interval */
        {{9, (double)INFINITY, 1.0, (double)INFINITY}, 2.5, 100, 400},
        {{100, 2.0, 1.0, 3.0}, 9.0, 100, 100}, /* it is outside already */
        {{100, 2.0, 1.0, 3.0}, 2.0 + 1e-12, 100, UINT64_C(1000000000000000000)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        EXPECT_INT("trials needed",
                   stats_trials_needed(&rows[i].estimate, rows[i].limit, rows[i].trials),
                   rows[i].needed);
    }
}

/* R: sqrt(log(2 / .05) / (2 * n)) */
static void band(void) {
    EXPECT_REAL("n 1", stats_ecdf_band(1, 0.95), 1.35810151574062, 1e-12);
    EXPECT_REAL("n 100", stats_ecdf_band(100, 0.95), 0.135810151574062, 1e-12);
    EXPECT_REAL("n 50, 99 %", stats_ecdf_band(50, 0.99), 0.230180741300137, 1e-12);
}

static void median(void) {
    double odd[] = {9.0, 1.0, 5.0};
    double even[] = {4.0, 1.0, 3.0, 2.0};
    EXPECT_REAL("of three", stats_median(odd, 3), 5.0, 0.0);
    EXPECT_REAL("of four: between the middle two", stats_median(even, 4), 2.5, 0.0);
    double endless[] = {INFINITY, 1.0, INFINITY, 0.0};
    stats_sort(endless, 4);
    EXPECT("infinity sorts last", endless[0] == 0.0 && endless[1] == 1.0 && isinf(endless[3]));
}

int main(void) {
    static const punch_test_case cases[] = {
        {"Wilson's interval as in R and in Newcombe's table", wilson},
        {"quantile and its interval have the ranks R gives", quantile_ranks},
        {"failures count as never", quantile_with_failures},
        {"mean and t interval as in R", mean},
        {"a long mean of large numbers keeps its digits", mean_is_stable},
        {"a mean of shares as Wilson's", mean_of_shares},
        {"looks share the error", looks},
        {"trials needed for a share decide in 80 %", trials_needed_share},
        {"trials needed shrink the interval by the square root", trials_needed},
        {"half the width of the band", band},
        {"median and order", median},
    };
    return PUNCH_TEST_MAIN("stats", cases);
}
