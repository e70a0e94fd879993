/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Estimates with intervals, from counts and streams: nothing here keeps the values. Failures are
 * +infinity, never missing values: a quantile beyond the share that succeeded is "never".
 * All intervals are two-sided and take their confidence, normally STATS_CONFIDENCE.
 *
 *   one sample          here; exact order statistics of many values: stats_select.h
 *   two samples         stats_difference.h, stats_bootstrap.h
 *   times to an event   stats_survival.h
 */
#ifndef STATS_H
#define STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATS_CONFIDENCE 0.95 /* chosen, as almost everywhere; 1 in 20 intervals misses */

typedef struct {
    uint64_t n;
    double value; /* NaN when n is 0 */
    double lo;
    double hi;
} stats_estimate;

typedef struct {
    uint64_t successes;
    uint64_t n;
} stats_count;

/* Share of successes with Wilson's score interval (Wilson 1927, JASA 22:209-212). n 0: 0..1. */
stats_estimate stats_ratio(uint64_t successes, uint64_t n, double confidence);

/* Exact p values of a share being no more than the limit, and no less, given the successes found:
 * one tail each of the binomial distribution (R's binom.test). n 0: 1. */
double stats_share_above_p(const stats_count *found, double limit);
double stats_share_below_p(const stats_count *found, double limit);

/* The counts of an estimate that stats_ratio made. */
stats_count stats_count_of(const stats_estimate *share);

/* Mean and sum of squared deviations of a stream of finite values (Welford 1962, Technometrics
 * 4(3):419-420). All zero: empty. */
typedef struct {
    uint64_t n;
    double mean;
    double squares;
} stats_moments;

void stats_moments_add(stats_moments *moments, double value);

/* The mean with Student's t interval; n 1: unbounded. */
stats_estimate stats_mean_of(const stats_moments *moments, double confidence);

/* The mean of values in 0..1 with Wilson's interval of a share that large: of all variables in 0..1
 * with the same mean those that are 0 or 1 vary most, so it is no narrower than it may be, and not
 * without width where no value differed so far. n 0: 0..1. */
stats_estimate stats_mean_of_shares(const stats_moments *moments, double confidence);

/* Ranks, from 1, in ascending order: lo 0 is before the first value, hi n + 1 is never. */
typedef struct {
    uint64_t value;
    uint64_t lo;
    uint64_t hi;
} stats_ranks;

/* Which of n ordered values are the p-quantile (the inverse of the ECDF) and the ends of its
 * interval, 0 < p < 1: the ends come from the binomial distribution (David & Nagaraja, Order
 * Statistics, 3rd ed., 7.1), without any assumption on the distribution of the values. n 0: 0, 0
 * and 1. */
stats_ranks stats_quantile_ranks(uint64_t n, double p, double confidence);

/* The same of non-negative values in ascending order (+infinity allowed): before the first is 0,
 * after the last +infinity. */
stats_estimate stats_quantile(const double *sorted, uint64_t n, double p, double confidence);

/* The confidence of each of so many looks at growing data, set before the first, that are wrong
 * together in at most 5 % of runs: 1 - 0.05 / looks (Bonferroni; group-sequential boundaries would
 * be narrower, but bind to a distribution). looks >= 1. */
double stats_confidence_of_looks(uint32_t looks);

/* About how many trials it takes until the interval leaves the limit out with a probability of
 * 80 %, if the value found is the true one and the width shrinks with the square root of the
 * number: trials is how many there were. With as many as bring its end just to the limit it were
 * even odds; this is ((z + 0.84) / z)^2 of that, z of STATS_CONFIDENCE, so about twice. Never less
 * than trials. 0: none would do, for the value is the limit, or there is none. Where an end or the
 * value is infinite nothing tells how far it is: four times as many are said, which would halve the
 * interval. */
uint64_t stats_trials_needed(const stats_estimate *estimate, double limit, uint64_t trials);

/* The same of stats_ratio's estimates: Wilson's interval is the shares L with |value - L| <=
 * z sqrt(L (1 - L) / n), z is known from one of its ends, and the share found varies as its value
 * says: not at all where that is 0 or 1. */
uint64_t stats_trials_needed_share(const stats_estimate *share, double limit, uint64_t trials);

/* Half the width of the band around an ECDF of n values that covers the whole distribution function
 * with the given confidence: sqrt(ln(2 / (1 - confidence)) / (2 n)). Dvoretzky, Kiefer, Wolfowitz
 * 1956 with Massart's constant (Annals of Probability 18(3), 1990). n >= 1. */
double stats_ecdf_band(uint64_t n, double confidence);

/* Ascending order, +infinity last. No NaN. */
void stats_sort(double *values, uint64_t n);

/* Middle of the values (mean of the middle two); sorts them. n >= 1. */
double stats_median(double *values, uint64_t n);

#endif
