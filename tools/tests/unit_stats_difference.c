/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Differences where no R function stands beside: nevers, summaries, ratios, margins, and Fisher's
 * test against adding up every table.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "punch/rng.h"
#include "punch_test.h"
#include "stats_difference.h"

#define NEVER ((double)INFINITY)

/* Equal values, or near; infinities only equal. */
static void expect_end(const char *sentence, double got, double expected) {
    if (isinf(expected) || isinf(got)) {
        if (!EXPECT(sentence, got == expected)) {
            printf("expected %g, got %g\n", expected, got);
        }
        return;
    }
    (void)EXPECT_REAL(sentence, got, expected, 1e-9);
}

static void summaries(void) {
    static const struct {
        const char *sentence;
        stats_estimate first;
        stats_estimate second;
        stats_estimate difference;
        double p;
    } rows[] = {
        {"3-4-5 triangles", {50, 10, 7, 14}, {60, 4, 1, 8}, {50, 6, 1, 11}, 0.0186749449885},
        {"no spread, no change", {9, 2, 2, 2}, {9, 2, 2, 2}, {9, 0, 0, 0}, 1.0},
        {"no spread, a change", {9, 3, 3, 3}, {9, 2, 2, 2}, {9, 1, 1, 1}, 0.0},
        {"an end that is never", {9, 3, 2, NEVER}, {9, 2, 2, 2}, {9, 1, 0, NEVER}, 0.05},
        {"the other's end is never", {9, 3, 2, 4}, {9, 2, 2, NEVER}, {9, 1, -NEVER, 2}, 1.0},
        {"never, perhaps not", {9, NEVER, 2, NEVER}, {9, 2, 1, 3}, {9, NEVER, -1, NEVER}, 1.0},
        {"never, for sure later", {9, NEVER, 5, NEVER}, {9, 2, 1, 3}, {9, NEVER, 2, NEVER}, 0.05},
        {"never, surely", {9, NEVER, NEVER, NEVER}, {9, 2, 1, 3}, {9, NEVER, NEVER, NEVER}, 0.05},
        {"never both, surely",
         {9, NEVER, NEVER, NEVER},
         {9, NEVER, NEVER, NEVER},
         {9, 0, 0, 0},
         1.0},
        {"never both, perhaps",
         {9, NEVER, 5, NEVER},
         {9, NEVER, 7, NEVER},
         {9, 0, -NEVER, NEVER},
         1.0},
        {"nothing measured",
         {0, (double)NAN, 0, 1},
         {9, 1, 1, 1},
         {0, (double)NAN, -NEVER, NEVER},
         1.0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const stats_difference of = stats_of_summaries(&rows[i].first, &rows[i].second, 0.95);
        const stats_difference back = stats_of_summaries(&rows[i].second, &rows[i].first, 0.95);
        printf("%s\n", rows[i].sentence);
        EXPECT_INT("n", of.estimate.n, rows[i].difference.n);
        if (of.estimate.n > 0) {
            expect_end("value", of.estimate.value, rows[i].difference.value);
        }
        expect_end("lower end", of.estimate.lo, rows[i].difference.lo);
        expect_end("upper end", of.estimate.hi, rows[i].difference.hi);
        EXPECT_REAL("p", of.p, rows[i].p, 1e-6);
        expect_end("lower end of the opposite", back.estimate.lo, -rows[i].difference.hi);
        expect_end("upper end of the opposite", back.estimate.hi, -rows[i].difference.lo);
        EXPECT_REAL("p of the opposite", back.p, of.p, 1e-12);
    }
}

/* Quantiles of which one is never: the ranks of their ends say how many are later at least, and at
 * most. R: qbinom(.025, n, p) and qbinom(.975, n, p) + 1. */
static void endless_quantiles(void) {
    static const struct {
        const char *sentence;
        stats_estimate first;
        stats_estimate second;
        double p;
        stats_count late[2]; /* after the time between */
    } rows[] = {
        {"the least of few", {9, NEVER, 5, NEVER}, {9, 2, 1, 3}, 0.5, {{8, 9}, {1, 9}}},
        {"perhaps not never",
         {1000, NEVER, 2, NEVER},
         {1000, 2, 1, 3},
         0.5,
         {{501, 1000}, {468, 1000}}},
        {"for sure later",
         {1000, NEVER, NEVER, NEVER},
         {1000, 2, 1, 3},
         0.5,
         {{532, 1000}, {468, 1000}}},
        {"late quantiles",
         {1000, NEVER, NEVER, NEVER},
         {1000, 2, 1, 3},
         0.95,
         {{65, 1000}, {36, 1000}}},
        {"the other may be never too",
         {100, NEVER, 3, NEVER},
         {100, 2, 1, NEVER},
         0.5,
         {{61, 100}, {50, 100}}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const stats_difference of =
            stats_quantiles(&rows[i].first, &rows[i].second, rows[i].p, 0.95);
        const stats_difference back =
            stats_quantiles(&rows[i].second, &rows[i].first, rows[i].p, 0.95);
        printf("%s\n", rows[i].sentence);
        EXPECT_REAL("p", of.p, stats_fisher_test(&rows[i].late[0], &rows[i].late[1]), 1e-12);
        EXPECT_REAL("p of the opposite", back.p, of.p, 1e-12);
    }
    const stats_estimate never = {1000, NEVER, NEVER, NEVER};
    const stats_estimate soon = {1000, 2, 1, 3};
    EXPECT("one of nine rows can be significant",
           9.0 * stats_quantiles(&never, &soon, 0.5, 0.95).p < 0.05);
    EXPECT_REAL("never twice is no difference", stats_quantiles(&never, &never, 0.5, 0.95).p, 1.0,
                0.0);
}

/* Welch's p where its spread says too much, or nothing. */
static void means(void) {
    static const struct {
        const char *sentence;
        stats_estimate first;
        stats_estimate second;
        double p;
    } rows[] = {
        {"two and two without spread: 2 of 6 ways", {2, 3, 3, 3}, {2, 2, 2, 2}, 1.0 / 3.0},
        {"ten and ten", {10, 3, 3, 3}, {10, 2, 2, 2}, 2.0 / 184756.0},
        {"hardly any spread", {3, 3, 2.999999, 3.000001}, {2, 2, 1.999999, 2.000001}, 0.2},
        {"alike", {2, 3, 3, 3}, {2, 3, 3, 3}, 1.0},
        {"one value", {1, 3, -NEVER, NEVER}, {9, 2, 2, 2}, 1.0},
        {"nothing measured", {0, (double)NAN, 0, 1}, {9, 1, 1, 1}, 1.0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        EXPECT_REAL(rows[i].sentence, stats_means(&rows[i].first, &rows[i].second, 0.95).p,
                    rows[i].p, 1e-12);
    }
}

static void ratios(void) {
    static const struct {
        const char *sentence;
        stats_estimate first;
        stats_estimate second;
        stats_estimate ratio;
    } rows[] = {
        /* exp(-+ sqrt(log(2)^2 + log(4)^2)) = 0.212264.. and 4.711113.. */
        {"logarithms", {9, 4, 2, 8}, {9, 4, 1, 16}, {9, 1, 0.212264059831, 4.71111313332}},
        {"from nothing on", {9, 4, 0, 8}, {9, 2, 2, 2}, {9, 2, 0, 4}},
        {"a mean's interval below nothing", {9, 4, -1, 8}, {9, 2, 2, 2}, {9, 2, 0, 4}},
        {"nothing at all", {9, 0, 0, 3}, {9, 2, 1, 3}, {9, 0, 0, 3}},
        {"by nothing", {9, 2, 1, 3}, {9, 0, 0, 3}, {9, NEVER, 1.0 / 3.0, NEVER}},
        {"nothing by nothing", {9, 0, 0, 0}, {9, 0, 0, 0}, {9, 1, 1, 1}},
        {"never by a time", {9, NEVER, 6, NEVER}, {9, 2, 1, 3}, {9, NEVER, 2, NEVER}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const stats_difference of = stats_ratio_of_summaries(&rows[i].first, &rows[i].second, 0.95);
        printf("%s\n", rows[i].sentence);
        EXPECT_INT("n", of.estimate.n, rows[i].ratio.n);
        if (isinf(rows[i].ratio.value)) {
            EXPECT("value", of.estimate.value == rows[i].ratio.value);
        } else {
            EXPECT_REAL("value", of.estimate.value, rows[i].ratio.value, 1e-8);
        }
        EXPECT_REAL("lower end", of.estimate.lo, rows[i].ratio.lo, 1e-6);
        if (isinf(rows[i].ratio.hi)) {
            EXPECT("upper end", of.estimate.hi == rows[i].ratio.hi);
        } else {
            EXPECT_REAL("upper end", of.estimate.hi, rows[i].ratio.hi, 1e-6);
        }
    }
}

/* Pairs that always agree say more about a ratio than two samples apart do. */
static void paired_ratio(void) {
    const stats_pairs pairs = {700, 50, 20, 230};
    const stats_count first = {750, 1000};
    const stats_count second = {720, 1000};
    const stats_difference paired = stats_paired_shares_ratio(&pairs, 0.95);
    const stats_difference apart = stats_shares_ratio(&first, &second, 0.95);
    EXPECT_REAL("the same ratio", paired.estimate.value, apart.estimate.value, 1e-12);
    EXPECT_REAL("750 / 720", paired.estimate.value, 750.0 / 720.0, 1e-12);
    EXPECT("narrower",
           paired.estimate.hi - paired.estimate.lo < 0.7 * (apart.estimate.hi - apart.estimate.lo));
    EXPECT("1 is outside", paired.estimate.lo > 1.0);
    EXPECT("1 is within when they are apart", apart.estimate.lo < 1.0);
    EXPECT_REAL("p is McNemar's", paired.p, stats_sign_test(50, 20), 1e-15);
    EXPECT_REAL("p is Fisher's", apart.p, stats_fisher_test(&first, &second), 1e-15);
}

/* n choose k as a double: exact enough for n <= 60. */
static double choose(uint64_t n, uint64_t k) {
    double ways = 1.0;
    for (uint64_t i = 1; i <= k; i++) {
        ways = ways * (double)(n - k + i) / (double)i;
    }
    return ways;
}

static double fisher_by_adding(const stats_count *first, const stats_count *second) {
    const uint64_t white = first->successes + second->successes;
    const double all = choose(first->n + second->n, white);
    double seen = 0.0;
    double p = 0.0;
    for (int pass = 0; pass < 2; pass++) {
        for (uint64_t x = 0; x <= first->n && x <= white; x++) {
            if (white - x > second->n) {
                continue;
            }
            const double density = choose(first->n, x) * choose(second->n, white - x) / all;
            if (pass == 0 && x == first->successes) {
                seen = density;
            }
            p += pass == 1 && density <= seen * (1.0 + 1e-7) ? density : 0.0;
        }
    }
    return fmin(1.0, p);
}

static void fisher(void) {
    punch_rng rng = punch_rng_stream(1, 0, 0);
    for (int i = 0; i < 2000; i++) {
        stats_count first = {0, punch_rng_below(&rng, 30)};
        stats_count second = {0, punch_rng_below(&rng, 30)};
        first.successes = punch_rng_below(&rng, first.n + 1);
        second.successes = punch_rng_below(&rng, second.n + 1);
        if (!EXPECT_REAL("as adding up every table", stats_fisher_test(&first, &second),
                         fisher_by_adding(&first, &second), 1e-9)) {
            printf("%" PRIu64 "/%" PRIu64 " and %" PRIu64 "/%" PRIu64 "\n", first.successes,
                   first.n, second.successes, second.n);
        }
    }
    const stats_count million = {500000, 1000000};
    const stats_count other = {502000, 1000000};
    EXPECT("a million is no more work", stats_fisher_test(&million, &other) < 0.005);
}

static void margins(void) {
    static const struct {
        const char *sentence;
        stats_estimate worsening;
        double margin;
        stats_margin_outcome outcome;
        double p;
    } rows[] = {
        {"well within", {9, 0.0, -1.0, 1.0}, 2.0, STATS_NOT_WORSE, 0.0000443},
        {"just within", {9, 0.0, -1.0, 1.0}, 1.0, STATS_NOT_WORSE, 0.025},
        {"not shown", {9, 0.0, -1.0, 1.0}, 0.9, STATS_UNDECIDED, 0.0388687183091},
        {"beyond the margin, not shown", {9, 2.0, 1.0, 3.0}, 1.0, STATS_UNDECIDED, 0.975},
        {"beyond the margin", {9, 2.0, 1.0, 3.0}, 0.5, STATS_WORSE, 0.9983587},
        {"no change, no margin", {9, 0.0, 0.0, 0.0}, 0.0, STATS_NOT_WORSE, 0.5},
        {"never", {9, NEVER, 3.0, NEVER}, 1.0, STATS_WORSE, 0.975},
        {"perhaps never", {9, 0.5, 0.0, NEVER}, 1.0, STATS_UNDECIDED, 0.5},
        {"nothing", {0, (double)NAN, 0.0, 0.0}, 1.0, STATS_UNDECIDED, 1.0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const stats_margin_verdict verdict = stats_margin(&rows[i].worsening, rows[i].margin, 0.95);
        EXPECT_INT(rows[i].sentence, verdict.outcome, rows[i].outcome);
        EXPECT_REAL(rows[i].sentence, verdict.p, rows[i].p, 1e-6);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"two summaries, finite or not", summaries},
        {"quantiles of which one is never", endless_quantiles},
        {"means with few values", means},
        {"ratios of two summaries", ratios},
        {"a ratio of paired shares", paired_ratio},
        {"Fisher's test adds up tables", fisher},
        {"margins", margins},
    };
    return PUNCH_TEST_MAIN("stats difference", cases);
}
