/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judging what a scenario expects, on intervals: pass when the whole interval keeps the bound, fail
 * when none of it does, else inconclusive, with the number of trials that would decide it. A bound
 * on a difference is a test of non-inferiority (or superiority) with that margin.
 *
 * A bound on a share is judged by the exact binomial tail beyond what was found, which has to be as
 * small as that of an end of the interval, not by the end of Wilson's interval that is shown: near
 * 0 and 1 Wilson's ends leave out more than they say. One failure in 150 calls has a probability of
 * 14 % where 99.9 % of calls connect, and yet is outside.
 */
#ifndef EXPECT_H
#define EXPECT_H

#include "facts.h"
#include "stats.h"

typedef enum { EXPECT_PASS, EXPECT_FAIL, EXPECT_INCONCLUSIVE } expect_outcome;

typedef struct {
    expect_outcome outcome;
    stats_estimate estimate; /* of the value, difference or ratio */
    bool paired;             /* of a difference or ratio: trial by trial in the same worlds */
    uint64_t trials_needed;  /* per cell, about, when inconclusive; 0: no number would do */
    uint64_t example_trial;  /* of expect->cell, to look at after a failure; UINT64_MAX: none */
} expect_verdict;

/* What the whole run says: fails if one fails, else inconclusive if one is. */
expect_outcome expect_overall(const expect_verdict *verdicts, uint32_t count);

const char *expect_outcome_name(expect_outcome outcome); /* "pass", "fail", "inconclusive" */

/* "connected of cell 5 (pair linux x linux, loss 10%) at least 99 %": what was expected, in a line
 * without the outcome. */
void expect_print_claim(const facts *about, const sim_expect *expect, FILE *out);

/* "is 81.5 % [79.0, 83.8]; about 2,400 trials a cell would decide it": what was found. */
void expect_print_finding(const facts *about, const sim_expect *expect,
                          const expect_verdict *verdict, FILE *out);

/* The outcome of one bound given an interval of that confidence, and how many trials would decide
 * it from `trials` seen so far. The estimate of a share is stats_ratio's. */
expect_verdict expect_judge(const sim_expect *expect, const stats_estimate *estimate,
                            uint64_t trials, double confidence);

#endif
