/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stats_difference.h"

#include <math.h>
#include <stdlib.h>

#define MATHLIB_STANDALONE 1
#include <Rmath.h>

#include "punch/assert.h"

static uint64_t smaller(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* a - b where the same infinity twice is no difference. */
static double minus(double a, double b) {
    return a == b ? 0.0 : a - b;
}

/* --- summaries */

/* sqrt(a^2 - 2 correlation a b + b^2) of distances that may be infinite */
static double joined(double a, double b, double correlation) {
    if (isinf(a) || isinf(b)) {
        return INFINITY;
    }
    /* rounding may leave a little less than nothing */
    return sqrt(fmax(a * a - 2.0 * correlation * a * b + b * b, 0.0));
}

/* The interval of a difference from those of its parts. */
static stats_estimate mover(const stats_estimate *first, const stats_estimate *second,
                            double correlation) {
    stats_estimate of = {smaller(first->n, second->n), NAN, -INFINITY, INFINITY};
    if (of.n == 0) {
        return of;
    }
    of.value = minus(first->value, second->value);
    if (isinf(first->value) || isinf(second->value)) {
        of.lo = minus(first->lo, second->hi);
        of.hi = minus(first->hi, second->lo);
        return of;
    }
    of.lo = of.value -
            joined(minus(first->value, first->lo), minus(second->hi, second->value), correlation);
    of.hi = of.value +
            joined(minus(first->hi, first->value), minus(second->value, second->lo), correlation);
    return of;
}

double stats_p_of_interval(const stats_estimate *estimate, double null, double confidence) {
    const double distance = estimate->n == 0 ? 0.0 : fabs(minus(estimate->value, null));
    if (distance == 0.0) {
        return 1.0;
    }
    const double end = estimate->value > null ? estimate->lo : estimate->hi;
    if (isinf(distance)) {
        /* No telling but whether null is within. */
        return estimate->lo <= null && null <= estimate->hi ? 1.0 : 1.0 - confidence;
    }
    const double half = fabs(estimate->value - end);
    if (half == 0.0) {
        return 0.0;
    }
    const double z = qnorm5((1.0 - confidence) / 2.0, 0.0, 1.0, 0, 0);
    return 2.0 * pnorm5(z * distance / half, 0.0, 1.0, 0, 0);
}

stats_difference stats_of_summaries(const stats_estimate *first, const stats_estimate *second,
                                    double confidence) {
    stats_difference of = {mover(first, second, 0.0), 1.0};
    of.p = stats_p_of_interval(&of.estimate, 0.0, confidence);
    return of;
}

/* Of one never and one finite quantile: at least so many of the first are later than some time, at
 * most so many of the second. */
static double p_of_never(const stats_estimate *never, const stats_estimate *finite, double p,
                         double confidence) {
    const stats_ranks of_never = stats_quantile_ranks(never->n, p, confidence);
    const stats_ranks of_finite = stats_quantile_ranks(finite->n, p, confidence);
    const bool ends = isfinite(finite->hi);
    const double time = ends ? finite->hi : finite->value;
    const uint64_t not_later = ends ? of_finite.hi : of_finite.value;
    const uint64_t first_later = never->lo > time ? of_never.lo : of_never.value;
    /* an end of a summary may be at rank 0, which no value has */
    const stats_count late[2] = {{never->n + 1 - (first_later > 1 ? first_later : 1), never->n},
                                 {finite->n - smaller(not_later, finite->n), finite->n}};
    const bool later = (double)late[0].successes * (double)finite->n >
                       (double)late[1].successes * (double)never->n;
    return later ? stats_fisher_test(&late[0], &late[1]) : 1.0;
}

stats_difference stats_quantiles(const stats_estimate *first, const stats_estimate *second,
                                 double p, double confidence) {
    stats_difference of = stats_of_summaries(first, second, confidence);
    if (of.estimate.n > 0 && isinf(of.estimate.value)) {
        of.p = of.estimate.value > 0.0 ? p_of_never(first, second, p, confidence)
                                       : p_of_never(second, first, p, confidence);
    }
    return of;
}

/* p of two means whose values could be dealt out to the samples in any way: the largest difference
 * and its opposite are two of so many. */
static double least_p(uint64_t first_n, uint64_t second_n) {
    const double all = (double)first_n + (double)second_n;
    return fmin(1.0, 2.0 * exp(-lchoose(all, (double)first_n)));
}

/* Student's interval is t standard errors wide on either side, with n - 1 degrees of freedom. */
static double squared_error(const stats_estimate *mean, double confidence) {
    const double t = qt((1.0 - confidence) / 2.0, (double)mean->n - 1.0, 0, 0);
    const double error = (mean->hi - mean->lo) / 2.0 / t;
    return error * error;
}

static double p_of_means(const stats_estimate *first, const stats_estimate *second,
                         double confidence) {
    const double distance = fabs(first->value - second->value);
    if (distance == 0.0 || first->n < 2 || second->n < 2) {
        return 1.0;
    }
    const double a = squared_error(first, confidence);
    const double b = squared_error(second, confidence);
    const double least = least_p(first->n, second->n);
    if (a + b == 0.0) {
        return least;
    }
    const double freedom =
        (a + b) * (a + b) / (a * a / ((double)first->n - 1.0) + b * b / ((double)second->n - 1.0));
    return fmax(least, 2.0 * pt(-distance / sqrt(a + b), freedom, 1, 0));
}

stats_difference stats_means(const stats_estimate *first, const stats_estimate *second,
                             double confidence) {
    stats_difference of = {mover(first, second, 0.0), 1.0};
    if (of.estimate.n > 0) {
        of.p = p_of_means(first, second, confidence);
    }
    return of;
}

static stats_estimate logarithm(const stats_estimate *of) {
    /* Student's interval of a mean that is not negative may begin below 0. */
    stats_estimate log_of = {of->n, log(fmax(of->value, 0.0)), log(fmax(of->lo, 0.0)),
                             log(fmax(of->hi, 0.0))};
    if (of->n == 0) {
        log_of.value = NAN;
    }
    return log_of;
}

static stats_estimate exponential(const stats_estimate *of) {
    const stats_estimate exp_of = {of->n, exp(of->value), exp(of->lo), exp(of->hi)};
    return exp_of;
}

stats_difference stats_ratio_of_summaries(const stats_estimate *first, const stats_estimate *second,
                                          double confidence) {
    const stats_estimate log_first = logarithm(first);
    const stats_estimate log_second = logarithm(second);
    const stats_estimate log_ratio = mover(&log_first, &log_second, 0.0);
    const stats_difference of = {exponential(&log_ratio),
                                 stats_p_of_interval(&log_ratio, 0.0, confidence)};
    return of;
}

/* --- shares */

/* Newcombe's phi of a 2 x 2 table: the correlation, moved towards 0 by n / 2 in the numerator when
 * it is positive; 0 when a margin is empty. */
static double correlation_of(const stats_pairs *pairs) {
    const double a = (double)pairs->both;
    const double b = (double)pairs->first_only;
    const double c = (double)pairs->second_only;
    const double d = (double)pairs->neither;
    const double margins = sqrt(a + b) * sqrt(c + d) * sqrt(a + c) * sqrt(b + d);
    if (margins == 0.0) {
        return 0.0;
    }
    double above = a * d - b * c;
    if (above > 0.0) {
        above = fmax(above - (a + b + c + d) / 2.0, 0.0);
    }
    return above / margins;
}

static uint64_t pair_count(const stats_pairs *pairs) {
    return pairs->both + pairs->first_only + pairs->second_only + pairs->neither;
}

stats_difference stats_paired_shares(const stats_pairs *pairs, double confidence) {
    const uint64_t n = pair_count(pairs);
    const stats_estimate first = stats_ratio(pairs->both + pairs->first_only, n, confidence);
    const stats_estimate second = stats_ratio(pairs->both + pairs->second_only, n, confidence);
    const stats_difference of = {mover(&first, &second, correlation_of(pairs)),
                                 stats_sign_test(pairs->first_only, pairs->second_only)};
    return of;
}

stats_difference stats_paired_shares_ratio(const stats_pairs *pairs, double confidence) {
    const uint64_t n = pair_count(pairs);
    const stats_estimate first = stats_ratio(pairs->both + pairs->first_only, n, confidence);
    const stats_estimate second = stats_ratio(pairs->both + pairs->second_only, n, confidence);
    const stats_estimate log_first = logarithm(&first);
    const stats_estimate log_second = logarithm(&second);
    const stats_estimate log_ratio = mover(&log_first, &log_second, correlation_of(pairs));
    const stats_difference of = {exponential(&log_ratio),
                                 stats_sign_test(pairs->first_only, pairs->second_only)};
    return of;
}

stats_difference stats_shares(const stats_count *first, const stats_count *second,
                              double confidence) {
    const stats_estimate a = stats_ratio(first->successes, first->n, confidence);
    const stats_estimate b = stats_ratio(second->successes, second->n, confidence);
    const stats_difference of = {mover(&a, &b, 0.0), stats_fisher_test(first, second)};
    return of;
}

stats_difference stats_shares_ratio(const stats_count *first, const stats_count *second,
                                    double confidence) {
    const stats_estimate a = stats_ratio(first->successes, first->n, confidence);
    const stats_estimate b = stats_ratio(second->successes, second->n, confidence);
    stats_difference of = stats_ratio_of_summaries(&a, &b, confidence);
    of.p = stats_fisher_test(first, second);
    return of;
}

/* --- exact tests */

double stats_sign_test(uint64_t up, uint64_t down) {
    const double n = (double)(up + down);
    if (up == down) {
        return 1.0;
    }
    return fmin(1.0, 2.0 * pbinom((double)smaller(up, down), n, 0.5, 1, 0));
}

/* The hypergeometric distribution of the first sample's successes, margins given. */
typedef struct {
    double white; /* successes of both */
    double black; /* failures of both */
    double drawn; /* the first sample */
    double lo;    /* fewest possible */
    double hi;    /* most possible */
} table;

static double log_density(const table *of, double successes) {
    return dhyper(successes, of->white, of->black, of->drawn, 1);
}

/* Between a likely number of successes and one beyond the end of a tail: the first on the way there
 * that is no more likely than the bound. */
static double first_unlikely(const table *of, double likely, double beyond, double log_bound) {
    double unlikely = beyond;
    while (fabs(unlikely - likely) > 1.0) {
        const double middle = floor((likely + unlikely) / 2.0);
        if (log_density(of, middle) > log_bound) {
            likely = middle;
        } else {
            unlikely = middle;
        }
    }
    return unlikely;
}

double stats_fisher_test(const stats_count *first, const stats_count *second) {
    PUNCH_ASSERT(first->successes <= first->n);
    PUNCH_ASSERT(second->successes <= second->n);
    table of;
    of.white = (double)first->successes + (double)second->successes;
    of.black = (double)first->n + (double)second->n - of.white;
    of.drawn = (double)first->n;
    of.lo = fmax(0.0, of.drawn - of.black);
    of.hi = fmin(of.drawn, of.white);
    const double seen = (double)first->successes;
    const double log_bound = log_density(&of, seen) + log1p(1e-7);
    const double mode = floor((of.drawn + 1.0) * (of.white + 1.0) / (of.white + of.black + 2.0));
    const double middle = fmin(fmax(mode, of.lo), of.hi);
    if (log_density(&of, middle) <= log_bound) {
        return 1.0;
    }
    const double left = first_unlikely(&of, middle, of.lo - 1.0, log_bound);
    const double right = first_unlikely(&of, middle, of.hi + 1.0, log_bound);
    const double below = left < of.lo ? 0.0 : phyper(left, of.white, of.black, of.drawn, 1, 0);
    const double above =
        right > of.hi ? 0.0 : phyper(right - 1.0, of.white, of.black, of.drawn, 0, 0);
    return fmin(1.0, below + above);
}

/* --- many, and margins */

typedef struct {
    double p;
    size_t place;
} ranked;

static int ascending(const void *a, const void *b) {
    const ranked *x = a;
    const ranked *y = b;
    if (x->p != y->p) {
        return x->p < y->p ? -1 : 1;
    }
    return (x->place > y->place) - (x->place < y->place);
}

void stats_holm(double *p, size_t count) {
    if (count == 0) {
        return;
    }
    ranked *order = calloc(count, sizeof *order);
    PUNCH_ASSERT(order != NULL);
    for (size_t i = 0; i < count; i++) {
        order[i] = (ranked){p[i], i};
    }
    qsort(order, count, sizeof *order, ascending);
    double largest = 0.0;
    for (size_t i = 0; i < count; i++) {
        largest = fmax(largest, fmin(1.0, (double)(count - i) * order[i].p));
        p[order[i].place] = largest;
    }
    free(order);
}

stats_margin_verdict stats_margin(const stats_estimate *worsening, double margin,
                                  double confidence) {
    PUNCH_ASSERT(margin >= 0.0);
    stats_margin_verdict verdict = {STATS_UNDECIDED, 1.0};
    if (worsening->n == 0) {
        return verdict;
    }
    if (worsening->hi <= margin) {
        verdict.outcome = STATS_NOT_WORSE;
    } else if (worsening->lo > margin) {
        verdict.outcome = STATS_WORSE;
    }
    const double both = stats_p_of_interval(worsening, margin, confidence);
    verdict.p = worsening->value < margin ? both / 2.0 : 1.0 - both / 2.0;
    return verdict;
}
