/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Estimates of one sample, tests of two, Holm's adjustment and survival, each against R's own
 * functions: data/r/vectors.R made the files that are read here.
 */
#include <math.h>

#include "punch_test.h"
#include "stats.h"
#include "stats_difference.h"
#include "stats_survival.h"
#include "vectors.h"

/* Relative where numbers are large, absolute where small. */
static bool near(const vectors *rows, const char *sentence, double got, double expected) {
    if (isnan(got) && isnan(expected)) {
        return true;
    }
    const bool held = EXPECT_REAL(sentence, got, expected, 1e-9 * fmax(1.0, fabs(expected)));
    if (!held) {
        printf("line %zu of the vectors\n", rows->line);
    }
    return held;
}

static void wilson(void) {
    vectors rows;
    if (!vectors_open(&rows, "wilson")) {
        return;
    }
    while (vectors_next(&rows)) {
        const double *v = rows.numbers;
        const stats_estimate e = stats_ratio((uint64_t)v[0], (uint64_t)v[1], v[2]);
        near(&rows, "share", e.value, v[0] / v[1]);
        near(&rows, "lower end", e.lo, v[3]);
        near(&rows, "upper end", e.hi, v[4]);
    }
}

static void quantile_ranks(void) {
    vectors rows;
    if (!vectors_open(&rows, "quantile-ranks")) {
        return;
    }
    while (vectors_next(&rows)) {
        const double *v = rows.numbers;
        const stats_ranks ranks = stats_quantile_ranks((uint64_t)v[0], v[1], v[2]);
        near(&rows, "rank of the value", (double)ranks.value, v[3]);
        near(&rows, "rank of the lower end", (double)ranks.lo, v[4]);
        near(&rows, "rank of the upper end", (double)ranks.hi, v[5]);
    }
}

static void mean(void) {
    vectors rows;
    if (!vectors_open(&rows, "mean")) {
        return;
    }
    while (vectors_next(&rows)) {
        stats_moments moments = {0};
        for (size_t i = 4; i < rows.count; i++) {
            stats_moments_add(&moments, rows.numbers[i]);
        }
        const stats_estimate e = stats_mean_of(&moments, rows.numbers[0]);
        near(&rows, "mean", e.value, rows.numbers[1]);
        near(&rows, "lower end", e.lo, rows.numbers[2]);
        near(&rows, "upper end", e.hi, rows.numbers[3]);
    }
}

static void binomial(void) {
    vectors rows;
    if (!vectors_open(&rows, "binomial")) {
        return;
    }
    while (vectors_next(&rows)) {
        const double *v = rows.numbers;
        const stats_count found = {(uint64_t)v[0], (uint64_t)v[1]};
        near(&rows, "p of no more", stats_share_above_p(&found, v[2]), v[3]);
        near(&rows, "p of no less", stats_share_below_p(&found, v[2]), v[4]);
        const stats_estimate e = stats_ratio(found.successes, found.n, 0.95);
        EXPECT_INT("counts come back", stats_count_of(&e).successes, found.successes);
    }
}

static void welch(void) {
    vectors rows;
    if (!vectors_open(&rows, "welch")) {
        return;
    }
    while (vectors_next(&rows)) {
        const double *v = rows.numbers;
        const stats_estimate first = {(uint64_t)v[0], v[1], v[2], v[3]};
        const stats_estimate second = {(uint64_t)v[4], v[5], v[6], v[7]};
        near(&rows, "p", stats_means(&first, &second, 0.95).p, v[8]);
        near(&rows, "p the other way", stats_means(&second, &first, 0.95).p, v[8]);
    }
}

static void band(void) {
    vectors rows;
    if (!vectors_open(&rows, "band")) {
        return;
    }
    while (vectors_next(&rows)) {
        const double *v = rows.numbers;
        near(&rows, "half width", stats_ecdf_band((uint64_t)v[0], v[1]), v[2]);
    }
}

static void sign_test(void) {
    vectors rows;
    if (!vectors_open(&rows, "sign-test")) {
        return;
    }
    while (vectors_next(&rows)) {
        const double *v = rows.numbers;
        near(&rows, "p", stats_sign_test((uint64_t)v[0], (uint64_t)v[1]), v[2]);
        near(&rows, "p the other way", stats_sign_test((uint64_t)v[1], (uint64_t)v[0]), v[2]);
    }
}

static void fisher(void) {
    vectors rows;
    if (!vectors_open(&rows, "fisher")) {
        return;
    }
    while (vectors_next(&rows)) {
        const double *v = rows.numbers;
        const stats_count first = {(uint64_t)v[0], (uint64_t)v[1]};
        const stats_count second = {(uint64_t)v[2], (uint64_t)v[3]};
        const double p = stats_fisher_test(&first, &second);
        near(&rows, "p", p, v[4]);
        EXPECT("as many digits where p is small", fabs(p / v[4] - 1.0) < 1e-6);
        near(&rows, "p the other way", stats_fisher_test(&second, &first), v[4]);
    }
}

static void newcombe(void) {
    vectors rows;
    if (!vectors_open(&rows, "newcombe")) {
        return;
    }
    while (vectors_next(&rows)) {
        const double *v = rows.numbers;
        const stats_count first = {(uint64_t)v[0], (uint64_t)v[1]};
        const stats_count second = {(uint64_t)v[2], (uint64_t)v[3]};
        const stats_difference of = stats_shares(&first, &second, v[4]);
        near(&rows, "difference", of.estimate.value, v[5]);
        near(&rows, "lower end", of.estimate.lo, v[6]);
        near(&rows, "upper end", of.estimate.hi, v[7]);
    }
}

static void newcombe_paired(void) {
    vectors rows;
    if (!vectors_open(&rows, "newcombe-paired")) {
        return;
    }
    while (vectors_next(&rows)) {
        const double *v = rows.numbers;
        const stats_pairs pairs = {(uint64_t)v[0], (uint64_t)v[1], (uint64_t)v[2], (uint64_t)v[3]};
        const stats_difference of = stats_paired_shares(&pairs, v[4]);
        near(&rows, "difference", of.estimate.value, v[5]);
        near(&rows, "lower end", of.estimate.lo, v[6]);
        near(&rows, "upper end", of.estimate.hi, v[7]);
        near(&rows, "McNemar is the sign test", of.p,
             stats_sign_test(pairs.first_only, pairs.second_only));
    }
}

static void holm(void) {
    vectors rows;
    if (!vectors_open(&rows, "holm")) {
        return;
    }
    while (vectors_next(&rows)) {
        const size_t count = (size_t)rows.numbers[0];
        if (!EXPECT_INT("p values, then adjusted ones", rows.count, 1 + 2 * count)) {
            continue;
        }
        stats_holm(rows.numbers + 1, count);
        for (size_t i = 0; i < count; i++) {
            near(&rows, "adjusted", rows.numbers[1 + i], rows.numbers[1 + count + i]);
        }
    }
}

#define SPANS_MAX 100u

static void survival(void) {
    vectors rows;
    if (!vectors_open(&rows, "survival")) {
        return;
    }
    while (vectors_next(&rows)) {
        const size_t n = (size_t)rows.numbers[1];
        stats_span spans[SPANS_MAX];
        stats_survival_point points[SPANS_MAX];
        for (size_t i = 0; i < n; i++) {
            /* from the last to the first: any order will do */
            spans[n - 1 - i] = (stats_span){rows.numbers[2 + i], rows.numbers[2 + n + i] != 0.0};
        }
        const size_t count = stats_survival(
            spans, n, rows.numbers[0] != 0.0 ? STATS_SURVIVAL_LOG_LOG : STATS_SURVIVAL_PLAIN, 0.95,
            points);
        const double *v = rows.numbers + 2 + 2 * n;
        if (!EXPECT_INT("as many points", count, v[0])) {
            continue;
        }
        v++;
        for (size_t i = 0; i < count; i++, v += 7) {
            near(&rows, "time", points[i].time, v[0]);
            near(&rows, "at risk", (double)points[i].at_risk, v[1]);
            near(&rows, "ended", (double)points[i].ended, v[2]);
            near(&rows, "survival", points[i].survival.value, v[3]);
            near(&rows, "deviation", points[i].deviation, v[4]);
            near(&rows, "lower end", points[i].survival.lo, isnan(v[5]) ? 0.0 : v[5]);
            near(&rows, "upper end", points[i].survival.hi, isnan(v[6]) ? 1.0 : v[6]);
        }
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"binomial tails", binomial},
        {"Welch's test", welch},
        {"prop.test: Wilson's interval", wilson},
        {"qbinom and quantile: ranks", quantile_ranks},
        {"t.test: a mean", mean},
        {"the band around a distribution function", band},
        {"binom.test: the sign test and McNemar's", sign_test},
        {"fisher.test", fisher},
        {"Newcombe's hybrid score interval", newcombe},
        {"Newcombe's interval of paired shares", newcombe_paired},
        {"p.adjust: Holm", holm},
        {"survfit: plain and log-log", survival},
    };
    return PUNCH_TEST_MAIN("stats against R", cases);
}
