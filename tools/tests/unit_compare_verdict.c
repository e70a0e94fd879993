/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What comparisons of made-up runs say is worse, and what they must not: chance among many rows, p
 * without an interval, changes of a minority, examples of failed claims.
 */
#include <math.h>
#include <string.h>

#include "compare.h"
#include "made_source.h"
#include "punch/rng.h"
#include "punch_test.h"

/* Four of ten calls take a second longer: the median of what each took more is 0, but half of all
 * calls now take longer than before. */
static void minority(void) {
    sim_expect expect = {.form = SIM_EXPECT_DIFFERENCE,
                         .cell = 1,
                         .measure = SIM_MEASURE_TIME_P50,
                         .bound = SIM_EXPECT_AT_MOST,
                         .limit = 0.01};
    const made_quality slow_some = {0, 0, 0, 0, 40};
    made_run made = made_run_like(&slow_some);
    made.result = made_slow_with_loss;
    made.expects = &expect;
    made.expect_count = 1;
    made_source run;
    if (!made_source_open(&run, &made)) {
        return;
    }
    EXPECT_TEXT("that is no change of at most 10 ms",
                expect_outcome_name(run.source.said.verdicts[0].outcome), "fail");
    const compare_request request = compare_request_all();
    comparison of;
    EXPECT("it can be compared", compare_within(&of, &run.source, &request) == NULL);
    for (size_t i = 0; i < of.row_count; i++) {
        if (of.rows[i].measure == SIM_MEASURE_TIME_P50) {
            EXPECT_TEXT("the median is worse", compare_verdict_name(of.rows[i].verdict), "worse");
            EXPECT("by what p50 is later", of.rows[i].change.difference.estimate.value > 0.02 &&
                                               of.rows[i].change.difference.estimate.lo > 0.01);
        }
    }
    comparison_free(&of);
    made_source_close(&run);
}

/* The example of a failed claim goes the way that the bound forbids, be that better or worse: here
 * the first cell is not to be faster than the other by more than 10 ms. */
static void examples(void) {
    sim_expect expect = {.form = SIM_EXPECT_DIFFERENCE,
                         .cell = 0,
                         .other = 1,
                         .measure = SIM_MEASURE_TIME_P50,
                         .bound = SIM_EXPECT_AT_LEAST,
                         .limit = -0.01};
    const made_quality slow_some = {5, 0, 0, 0, 40};
    made_run made = made_run_like(&slow_some);
    made.result = made_slow_with_loss;
    made.expects = &expect;
    made.expect_count = 1;
    made_source run;
    if (!made_source_open(&run, &made)) {
        return;
    }
    const expect_verdict *verdict = &run.source.said.verdicts[0];
    const double median_s = run.source.cells[0].estimates[SIM_MEASURE_TIME_P50].value;
    EXPECT_TEXT("it is faster by more", expect_outcome_name(verdict->outcome), "fail");
    uint64_t shows = 0;
    double times_s[2] = {0.0, 0.0};
    do {
        for (uint32_t cell = 0; cell < 2; cell++) {
            sim_call_result call = {.time_to_connect_us = PUNCH_NEVER};
            sim_trial_result result = {.calls = &call};
            made_slow_with_loss(&slow_some, cell, shows, &result);
            times_s[cell] = call.connected ? (double)call.time_to_connect_us / 1e6 : INFINITY;
        }
        shows++;
    } while (shows < 600 && !(times_s[0] <= median_s && times_s[1] > median_s));
    EXPECT("the first trial does not show it", shows > 1);
    EXPECT_INT("the first that does", verdict->example_trial, shows - 1);
    made_source_close(&run);
}

/* --- what chance does */

/* Worlds that are all alike but for their draws. */
static void made_chance(const void *user, uint32_t cell, uint64_t trial, sim_trial_result *result) {
    const uint32_t *run = user;
    punch_rng rng = punch_rng_stream(trial, cell, *run);
    if (punch_rng_below(&rng, 100) >= 10) {
        made_connected(result, 200000 + (punch_time_us)punch_rng_below(&rng, 100000));
    }
    result->packets_sent = 20 + punch_rng_below(&rng, 5);
    result->calls[0].intros_sent[0] = (uint32_t)punch_rng_below(&rng, 3);
}

/* Runs that differ by chance alone: some of 300 rows look as if they differed, and would be called
 * better or worse were p not adjusted. */
static void chance(void) {
    const compare_request request = compare_request_all();
    uint32_t looks_so = 0;
    uint32_t small_p = 0;
    size_t rows = 0;
    size_t shown = 0;
    for (uint32_t i = 0; i < 10; i++) {
        const uint32_t streams[2] = {2 * i, 2 * i + 1};
        made_source runs[2];
        for (uint32_t side = 0; side < 2; side++) {
            made_run made = made_run_like(NULL);
            made.seed = 1 + side;
            made.trials = 200;
            made.result = made_chance;
            made.user = &streams[side];
            if (!made_source_open(&runs[side], &made)) {
                return;
            }
        }
        comparison of;
        EXPECT("they can be compared",
               compare_runs(&of, &runs[0].source, &runs[1].source, &request) == NULL);
        for (size_t r = 0; r < of.row_count; r++) {
            const stats_difference *change = &of.rows[r].change.difference;
            const bool excludes = change->estimate.lo > 0.0 || change->estimate.hi < 0.0;
            small_p += change->p < 0.05 ? 1 : 0;
            looks_so += change->p < 0.05 && excludes ? 1 : 0;
        }
        rows += of.row_count;
        shown += of.better + of.worse;
        comparison_free(&of);
        made_source_close(&runs[0]);
        made_source_close(&runs[1]);
    }
    EXPECT_INT("rows", rows, 300);
    EXPECT("some look as if they differed", looks_so >= 3);
    EXPECT("p is below 5 % in about 5 %", small_p >= 3 && small_p <= 30);
    EXPECT_INT("none is said to differ", shown, 0);
}

/* Pairs show that calls are 4 ms slower, the interval of two medians does not: nothing is said. */
static void interval_and_p(void) {
    const made_quality usual = {0, 0, 0, 0, 0};
    const made_quality slower = {0, 0, 4000, 0, 0};
    const made_run old_made = made_run_like(&usual);
    const made_run new_made = made_run_like(&slower);
    made_source old_run;
    made_source new_run;
    if (!made_source_open(&old_run, &old_made) || !made_source_open(&new_run, &new_made)) {
        return;
    }
    compare_request request = compare_request_all();
    memset(request.wanted, 0, sizeof request.wanted);
    request.wanted[SIM_MEASURE_TIME_P50] = true;
    comparison of;
    EXPECT("they can be compared",
           compare_runs(&of, &old_run.source, &new_run.source, &request) == NULL);
    const compare_row *row = &of.rows[0];
    EXPECT("p is small", row->p < 0.001);
    EXPECT("the interval holds 0",
           row->change.difference.estimate.lo <= 0.0 && row->change.difference.estimate.hi > 0.0);
    EXPECT_TEXT("so it is not said to be worse", compare_verdict_name(row->verdict), "~");
    comparison_free(&of);
    made_source_close(&old_run);
    made_source_close(&new_run);
}

/* Runs with intervals of 95 and 99 %: those of their changes are of 95 %, whichever was first. */
static void confidences(void) {
    static const struct {
        double old_run;
        double new_run;
        double of_change;
    } rows[] = {{0.95, 0.99, 0.95}, {0.99, 0.95, 0.95}, {0.99, 0.99, 0.99}};
    const made_quality good = {5, 2, 0, 0, 0};
    const made_quality bad = {9, 2, 0, 0, 0};
    const made_run old_made = made_run_like(&good);
    const made_run new_made = made_run_like(&bad);
    made_source old_run;
    made_source new_run;
    if (!made_source_open(&old_run, &old_made) || !made_source_open(&new_run, &new_made)) {
        return;
    }
    stats_pairs pairs = {0};
    for (uint64_t t = 0; t < 600; t++) {
        const bool was = made_call_of(&good, 0, t).connected;
        const bool is = made_call_of(&bad, 0, t).connected;
        pairs.both += was && is ? 1 : 0;
        pairs.second_only += was && !is ? 1 : 0;
        pairs.neither += !was && !is ? 1 : 0;
    }
    const compare_request request = compare_request_all();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        old_run.source.confidence = rows[i].old_run;
        new_run.source.confidence = rows[i].new_run;
        comparison of;
        EXPECT("they can be compared",
               compare_runs(&of, &old_run.source, &new_run.source, &request) == NULL);
        const stats_difference said = stats_paired_shares(&pairs, rows[i].of_change);
        EXPECT_REAL("lower end", of.rows[0].change.difference.estimate.lo, said.estimate.lo, 1e-12);
        EXPECT_REAL("upper end", of.rows[0].change.difference.estimate.hi, said.estimate.hi, 1e-12);
        comparison_free(&of);
    }
    made_source_close(&old_run);
    made_source_close(&new_run);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"a minority of calls is slower", minority},
        {"examples go the way the bound forbids", examples},
        {"chance is not taken for a change", chance},
        {"a small p without an interval", interval_and_p},
        {"runs of different confidence", confidences},
    };
    return PUNCH_TEST_MAIN("compare: verdicts", cases);
}
