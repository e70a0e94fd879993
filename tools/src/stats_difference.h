/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two samples: how far apart, and would chance do the same? Always first minus second, or first
 * divided by second; p is two-sided, and exact where the samples are counts.
 *
 *                  in the same worlds (pairs)            apart
 *   shares         Newcombe's method 10, exact McNemar   Newcombe's hybrid score, Fisher's exact
 *   quantiles      of summaries (compare_cells.h)        of summaries
 *   means          of blocks (stats_bootstrap.h)         of summaries, Welch's t
 *   summaries      -                                     MOVER, normal
 *
 * "Of summaries" needs no more than two estimates with their intervals: MOVER (Zou & Donner 2008,
 * Statistics in Medicine 27:1693-1702) puts the square root of the squared distances of both to
 * their ends around the difference; Newcombe's methods are the same of Wilson's intervals. A ratio
 * is the same of logarithms.
 */
#ifndef STATS_DIFFERENCE_H
#define STATS_DIFFERENCE_H

#include "stats.h"

typedef struct {
    stats_estimate estimate; /* n: pairs, or the smaller of two samples; 0: nothing to compare */
    double p;                /* 1 where there is nothing to compare */
} stats_difference;

/* --- shares */

/* Yes or no to two things asked in the same worlds. */
typedef struct {
    uint64_t both;
    uint64_t first_only;
    uint64_t second_only;
    uint64_t neither;
} stats_pairs;

/* Newcombe 1998, Statistics in Medicine 17:2635-2650, method 10; exact McNemar test. */
stats_difference stats_paired_shares(const stats_pairs *pairs, double confidence);
/* MOVER of logarithms with the correlation of method 10; exact McNemar test. */
stats_difference stats_paired_shares_ratio(const stats_pairs *pairs, double confidence);

/* Newcombe 1998, Statistics in Medicine 17:873-890, method 10; Fisher's exact test. */
stats_difference stats_shares(const stats_count *first, const stats_count *second,
                              double confidence);
stats_difference stats_shares_ratio(const stats_count *first, const stats_count *second,
                                    double confidence);

/* --- exact tests */

/* p of so many differences up and down, were both as likely: binomial with 1/2. Pairs without a
 * difference say nothing and are left out, as R's packages do. It is the sign test, and McNemar's
 * of the pairs that disagree. */
double stats_sign_test(uint64_t up, uint64_t down);

/* p of two shares being the same, given their total: all tables that are no more likely than this
 * one, up to a relative 1e-7, as R's fisher.test. O(log n). */
double stats_fisher_test(const stats_count *first, const stats_count *second);

/* --- summaries */

/* Of estimates with the given confidence. An infinite value has no distance to its ends: then the
 * difference runs from the least to the largest that the two intervals allow, and never minus never
 * is 0. p is that of the normal distribution for an interval that wide; 0 or 1 for one without
 * width. */
stats_difference stats_of_summaries(const stats_estimate *first, const stats_estimate *second,
                                    double confidence);
/* The same of two p-quantiles (stats_quantile_ranks); they differ in p where one is never: by
 * Fisher's test of the fewest values of the one, and the most of the other, that can be later than
 * a time between, given the ranks of the ends. */
stats_difference stats_quantiles(const stats_estimate *first, const stats_estimate *second,
                                 double p, double confidence);

/* The same of two means (stats_mean_of). p is Welch's (1947, Biometrika 34:28-35), the errors taken
 * from the widths of the intervals, but no less than that of the rarest ways to deal out the values
 * (Fisher's permutation test): 2 / choose(n1 + n2, n1). */
stats_difference stats_means(const stats_estimate *first, const stats_estimate *second,
                             double confidence);

/* Of values that are not negative. 0 / 0 and never / never are 1. */
stats_difference stats_ratio_of_summaries(const stats_estimate *first, const stats_estimate *second,
                                          double confidence);

/* p of a difference being `null`, from its interval alone. */
double stats_p_of_interval(const stats_estimate *estimate, double null, double confidence);

/* --- many, and margins */

/* Adjusts p values in place so that rejecting those <= alpha errs at all in alpha of cases (Holm
 * 1979, Scandinavian Journal of Statistics 6:65-70). */
void stats_holm(double *p, size_t count);

typedef enum { STATS_NOT_WORSE, STATS_WORSE, STATS_UNDECIDED } stats_margin_outcome;

typedef struct {
    stats_margin_outcome outcome;
    double p; /* one-sided, of being worse than the margin */
} stats_margin_verdict;

/* Is a worsening (positive is worse) shown to be no larger than the margin (>= 0), or shown to be
 * larger? Decided by the interval: at 95 % each claim errs in 2.5 % of cases. */
stats_margin_verdict stats_margin(const stats_estimate *worsening, double margin,
                                  double confidence);

#endif
