/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stats.h"

#include <math.h>
#include <stdlib.h>

#define MATHLIB_STANDALONE 1
#include <Rmath.h>

#include "punch/assert.h"

/* Two-sided 95 %: CONVENTION of every figure here. */
#define TAIL 0.025

stats_estimate stats_ratio(uint64_t successes, uint64_t n) {
    PUNCH_ASSERT(successes <= n);
    stats_estimate estimate = {n, NAN, 0.0, 1.0};
    if (n == 0) {
        return estimate;
    }
    const double z = qnorm5(1.0 - TAIL, 0.0, 1.0, 1, 0);
    const double count = (double)n;
    const double share = (double)successes / count;
    const double scale = 1.0 + z * z / count;
    const double centre = (share + z * z / (2.0 * count)) / scale;
    const double half =
        z / scale * sqrt(share * (1.0 - share) / count + z * z / (4.0 * count * count));
    estimate.value = share;
    /* At the ends the formula gives exactly 0 and 1, up to rounding. */
    estimate.lo = successes == 0 ? 0.0 : centre - half;
    estimate.hi = successes == n ? 1.0 : centre + half;
    return estimate;
}

stats_estimate stats_quantile(const double *sorted, uint64_t n, double p) {
    PUNCH_ASSERT(p > 0.0);
    PUNCH_ASSERT(p < 1.0);
    stats_estimate estimate = {n, NAN, 0.0, INFINITY};
    if (n == 0) {
        return estimate;
    }
    const double count = (double)n;
    /* The number of values below the quantile is binomial(n, p): it lies in low..high with at
     * least 95 %, so the quantile lies between the values of rank low and high + 1. */
    const double low = qbinom(TAIL, count, p, 1, 0);
    const double high = qbinom(1.0 - TAIL, count, p, 1, 0);
    const double rank = ceil(count * p - 1e-9); /* 1e-9: 0.95 * 20 is not quite 19 in binary */
    const uint64_t index = rank < 1.0 ? 0 : (uint64_t)rank - 1;
    estimate.value = sorted[index < n ? index : n - 1];
    if (low >= 1.0) {
        estimate.lo = sorted[(uint64_t)low - 1];
    }
    if (high < count) {
        estimate.hi = sorted[(uint64_t)high];
    }
    return estimate;
}

stats_estimate stats_mean(const double *values, uint64_t n) {
    stats_estimate estimate = {n, NAN, -INFINITY, INFINITY};
    if (n == 0) {
        return estimate;
    }
    double sum = 0.0;
    for (uint64_t i = 0; i < n; i++) {
        sum += values[i];
    }
    estimate.value = sum / (double)n;
    if (n == 1) {
        return estimate;
    }
    double squares = 0.0;
    for (uint64_t i = 0; i < n; i++) {
        const double off = values[i] - estimate.value;
        squares += off * off;
    }
    const double deviation = sqrt(squares / (double)(n - 1));
    const double half = qt(1.0 - TAIL, (double)(n - 1), 1, 0) * deviation / sqrt((double)n);
    estimate.lo = estimate.value - half;
    estimate.hi = estimate.value + half;
    return estimate;
}

double stats_ecdf_band(uint64_t n, double confidence) {
    PUNCH_ASSERT(n > 0);
    return sqrt(log(2.0 / (1.0 - confidence)) / (2.0 * (double)n));
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

void stats_sort(double *values, uint64_t n) {
    if (n > 1) {
        qsort(values, (size_t)n, sizeof *values, ascending);
    }
}

double stats_median(double *values, uint64_t n) {
    PUNCH_ASSERT(n > 0);
    stats_sort(values, n);
    return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2.0;
}
