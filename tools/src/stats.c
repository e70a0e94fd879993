/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stats.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define MATHLIB_STANDALONE 1
#include <Rmath.h>

#include "punch/assert.h"

/* The probability left over at each end of a two-sided interval. */
static double tail_of(double confidence) {
    PUNCH_ASSERT(confidence > 0.0);
    PUNCH_ASSERT(confidence < 1.0);
    return (1.0 - confidence) / 2.0;
}

/* n >= 1 */
static stats_estimate wilson(double share, uint64_t n, double confidence) {
    stats_estimate estimate = {n, share, 0.0, 1.0};
    const double z = qnorm5(tail_of(confidence), 0.0, 1.0, 0, 0);
    const double count = (double)n;
    const double scale = 1.0 + z * z / count;
    const double centre = (share + z * z / (2.0 * count)) / scale;
    const double half =
        z / scale * sqrt(share * (1.0 - share) / count + z * z / (4.0 * count * count));
    /* At the ends the formula gives exactly 0 and 1, up to rounding. */
    estimate.lo = share <= 0.0 ? 0.0 : centre - half;
    estimate.hi = share >= 1.0 ? 1.0 : centre + half;
    return estimate;
}

stats_estimate stats_ratio(uint64_t successes, uint64_t n, double confidence) {
    PUNCH_ASSERT(successes <= n);
    if (n == 0) {
        return (stats_estimate){0, NAN, 0.0, 1.0};
    }
    return wilson((double)successes / (double)n, n, confidence);
}

double stats_share_above_p(const stats_count *found, double limit) {
    if (found->n == 0 || found->successes == 0) {
        return 1.0;
    }
    return pbinom((double)found->successes - 1.0, (double)found->n, limit, 0, 0);
}

double stats_share_below_p(const stats_count *found, double limit) {
    if (found->n == 0) {
        return 1.0;
    }
    return pbinom((double)found->successes, (double)found->n, limit, 1, 0);
}

stats_count stats_count_of(const stats_estimate *share) {
    if (share->n == 0) {
        return (stats_count){0, 0};
    }
    return (stats_count){(uint64_t)(share->value * (double)share->n + 0.5), share->n};
}

void stats_moments_add(stats_moments *moments, double value) {
    PUNCH_ASSERT(isfinite(value));
    const double off = value - moments->mean;
    moments->n++;
    moments->mean += off / (double)moments->n;
    moments->squares += off * (value - moments->mean);
}

stats_estimate stats_mean_of(const stats_moments *moments, double confidence) {
    stats_estimate estimate = {moments->n, NAN, -INFINITY, INFINITY};
    if (moments->n == 0) {
        return estimate;
    }
    estimate.value = moments->mean;
    if (moments->n == 1) {
        return estimate;
    }
    const double count = (double)moments->n;
    const double deviation = sqrt(moments->squares / (count - 1.0));
    const double half = qt(tail_of(confidence), count - 1.0, 0, 0) * deviation / sqrt(count);
    estimate.lo = estimate.value - half;
    estimate.hi = estimate.value + half;
    return estimate;
}

stats_estimate stats_mean_of_shares(const stats_moments *moments, double confidence) {
    if (moments->n == 0) {
        return (stats_estimate){0, NAN, 0.0, 1.0};
    }
    /* rounding of a mean of ones may leave 0..1 by an ulp */
    return wilson(fmin(fmax(moments->mean, 0.0), 1.0), moments->n, confidence);
}

stats_ranks stats_quantile_ranks(uint64_t n, double p, double confidence) {
    PUNCH_ASSERT(p > 0.0);
    PUNCH_ASSERT(p < 1.0);
    const double tail = tail_of(confidence);
    stats_ranks ranks = {0, 0, 1};
    if (n == 0) {
        return ranks;
    }
    const double count = (double)n;
    /* The number of values below the quantile is binomial(n, p): it lies in low..high with at
     * least the confidence, so the quantile lies between the values of rank low and high + 1. */
    ranks.lo = (uint64_t)qbinom(tail, count, p, 1, 0);
    ranks.hi = (uint64_t)qbinom(tail, count, p, 0, 0) + 1;
    /* 0.95 * 20 is not quite 19 in binary; R's quantile() allows for as much. */
    const double rank = ceil(count * p * (1.0 - 4.0 * DBL_EPSILON));
    ranks.value = rank < 1.0 ? 1 : (uint64_t)rank;
    return ranks;
}

stats_estimate stats_quantile(const double *sorted, uint64_t n, double p, double confidence) {
    const stats_ranks ranks = stats_quantile_ranks(n, p, confidence);
    stats_estimate estimate = {n, NAN, 0.0, INFINITY};
    if (n == 0) {
        return estimate;
    }
    estimate.value = sorted[ranks.value - 1];
    if (ranks.lo >= 1) {
        estimate.lo = sorted[ranks.lo - 1];
    }
    if (ranks.hi <= n) {
        estimate.hi = sorted[ranks.hi - 1];
    }
    return estimate;
}

double stats_confidence_of_looks(uint32_t looks) {
    PUNCH_ASSERT(looks >= 1);
    return 1.0 - (1.0 - STATS_CONFIDENCE) / (double)looks;
}

/* How likely a number of trials that is said to decide does: the usual power of a planned test
 * (Cohen, Statistical Power Analysis, 2nd ed., 1988, 2.4). */
#define POWER 0.8

/* How many trials a factor on their number makes, rounded up, at least as many as there were. */
static uint64_t scaled_trials(uint64_t trials, double factor) {
    const double needed = ceil((double)trials * factor);
    if (!(needed > (double)trials)) {
        return trials;
    }
    return needed < 1e18 ? (uint64_t)needed : UINT64_C(1000000000000000000);
}

uint64_t stats_trials_needed(const stats_estimate *estimate, double limit, uint64_t trials) {
    if (estimate->n == 0 || estimate->value == limit) {
        return 0;
    }
    const double distance = fabs(estimate->value - limit);
    const double half =
        limit < estimate->value ? estimate->value - estimate->lo : estimate->hi - estimate->value;
    if (!isfinite(distance) || !isfinite(half)) {
        return scaled_trials(trials, 4.0);
    }
    const double z = qnorm5(tail_of(STATS_CONFIDENCE), 0.0, 1.0, 0, 0);
    const double errors = (z + qnorm5(POWER, 0.0, 1.0, 1, 0)) / z;
    return scaled_trials(trials, pow(errors * half / distance, 2.0));
}

uint64_t stats_trials_needed_share(const stats_estimate *share, double limit, uint64_t trials) {
    if (share->n == 0 || share->value == limit) {
        return 0;
    }
    const double end = share->lo > 0.0 ? share->lo : share->hi;
    const double off = share->value - end;
    /* z, from the end that is not 0 or 1 by itself */
    const double z = fabs(off) * sqrt((double)share->n / (end * (1.0 - end)));
    const double at_limit = z * sqrt(limit * (1.0 - limit));
    const double at_value =
        qnorm5(POWER, 0.0, 1.0, 1, 0) * sqrt(share->value * (1.0 - share->value));
    const double needed = pow((at_limit + at_value) / (share->value - limit), 2.0);
    return scaled_trials(trials, needed / (double)share->n);
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
