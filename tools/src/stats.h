/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Estimates with 95 % intervals. Failures are +infinity, never missing values: a quantile beyond
 * the share that succeeded is "never". Distributions come from R's maths library.
 */
#ifndef STATS_H
#define STATS_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t n;
    double value; /* NaN when n is 0 */
    double lo;
    double hi;
} stats_estimate;

/* Share of successes with Wilson's score interval (Wilson 1927, JASA 22:209-212). n 0: 0..1. */
stats_estimate stats_ratio(uint64_t successes, uint64_t n);

/* The p-quantile of non-negative values in ascending order (+infinity allowed), 0 < p < 1: the
 * value is the inverse of the ECDF; the interval runs between order statistics whose ranks come
 * from the binomial distribution (David & Nagaraja, Order Statistics, 3rd ed., 7.1), without any
 * assumption on the distribution. A rank below the first is 0, above the last +infinity. */
stats_estimate stats_quantile(const double *sorted, uint64_t n, double p);

/* Mean of finite values with Student's t interval; n 1: unbounded. */
stats_estimate stats_mean(const double *values, uint64_t n);

/* Half the width of the band around an ECDF of n values that covers the whole distribution function
 * with the given confidence: sqrt(ln(2 / (1 - confidence)) / (2 n)). Dvoretzky, Kiefer, Wolfowitz
 * 1956 with Massart's constant (Annals of Probability 18(3), 1990). n >= 1. */
double stats_ecdf_band(uint64_t n, double confidence);

/* Ascending order, +infinity last. No NaN. */
void stats_sort(double *values, uint64_t n);

/* Middle of the values (mean of the middle two); sorts them. n >= 1. */
double stats_median(double *values, uint64_t n);

#endif
