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
        const stats_estimate e = stats_ratio(rows[i].successes, rows[i].n);
        EXPECT_INT("n is kept", e.n, rows[i].n);
        EXPECT_REAL("value is the share", e.value, (double)rows[i].successes / (double)rows[i].n,
                    1e-15);
        EXPECT_REAL("lower end as R's", e.lo, rows[i].lo, 1e-11);
        EXPECT_REAL("upper end as R's", e.hi, rows[i].hi, 1e-11);
    }
    const stats_estimate none = stats_ratio(0, 0);
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
        const stats_estimate e = stats_quantile(values, rows[i].n, rows[i].p);
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
    const stats_estimate half = stats_quantile(values, 20, 0.5);
    EXPECT_REAL("12 of 20 connected: the median exists", half.value, 10.0, 0.0);
    EXPECT_REAL("its lower end is the 6th", half.lo, 6.0, 0.0);
    EXPECT("its upper end (the 15th) is never", isinf(half.hi));
    const stats_estimate late = stats_quantile(values, 20, 0.95);
    EXPECT("the 95th percentile is never", isinf(late.value));
    EXPECT("even its lower end (the 17th) is never", isinf(late.lo));
    const stats_estimate none = stats_quantile(values, 0, 0.5);
    EXPECT("nothing measured: no value", isnan(none.value) && none.n == 0);
}

/* R: t.test(c(2,4,4,4,5,5,7,9)): mean 5, sd 2.138090, 3.212512..6.787488. */
static void mean(void) {
    static const double values[] = {2, 4, 4, 4, 5, 5, 7, 9};
    const stats_estimate e = stats_mean(values, 8);
    EXPECT_REAL("mean", e.value, 5.0, 1e-15);
    EXPECT_REAL("lower end", e.lo, 3.2125120817638, 1e-10);
    EXPECT_REAL("upper end", e.hi, 6.7874879182362, 1e-10);
    const stats_estimate one = stats_mean(values, 1);
    EXPECT("one value says nothing about the spread", isinf(one.lo) && isinf(one.hi));
    EXPECT("no values: no mean", isnan(stats_mean(values, 0).value));
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
        {"half the width of the band", band},
        {"median and order", median},
    };
    return PUNCH_TEST_MAIN("stats", cases);
}
