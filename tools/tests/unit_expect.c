/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an expectation says about an interval, at every boundary; and its lines for people.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "expect.h"
#include "punch_test.h"
#include "words.h"

#define NEVER ((double)INFINITY)
#define UNKNOWN ((double)NAN)

static const struct {
    const char *sentence;
    sim_expect_bound bound;
    double limit;
    stats_estimate estimate;
    expect_outcome outcome;
} judged[] = {
    {"all above", SIM_EXPECT_AT_LEAST, 0.9, {99, 0.95, 0.91, 0.97}, EXPECT_PASS},
    {"the lower end on the limit", SIM_EXPECT_AT_LEAST, 0.9, {99, 0.95, 0.9, 0.97}, EXPECT_PASS},
    {"the limit within", SIM_EXPECT_AT_LEAST, 0.9, {99, 0.95, 0.89, 0.97}, EXPECT_INCONCLUSIVE},
    {"value below, limit within",
     SIM_EXPECT_AT_LEAST,
     0.9,
     {99, 0.88, 0.8, 0.91},
     EXPECT_INCONCLUSIVE},
    {"the upper end on the limit",
     SIM_EXPECT_AT_LEAST,
     0.9,
     {99, 0.85, 0.8, 0.9},
     EXPECT_INCONCLUSIVE},
    {"all below", SIM_EXPECT_AT_LEAST, 0.9, {99, 0.85, 0.8, 0.89}, EXPECT_FAIL},
    {"at least a while: never is", SIM_EXPECT_AT_LEAST, 5.0, {99, NEVER, 6.0, NEVER}, EXPECT_PASS},
    {"surely never", SIM_EXPECT_AT_LEAST, 5.0, {99, NEVER, NEVER, NEVER}, EXPECT_PASS},
    {"anything", SIM_EXPECT_AT_LEAST, 5.0, {1, 6.0, -NEVER, NEVER}, EXPECT_INCONCLUSIVE},
    {"all below", SIM_EXPECT_AT_MOST, 2.0, {99, 1.5, 1.0, 1.9}, EXPECT_PASS},
    {"the upper end on the limit", SIM_EXPECT_AT_MOST, 2.0, {99, 1.5, 1.0, 2.0}, EXPECT_PASS},
    {"the limit within", SIM_EXPECT_AT_MOST, 2.0, {99, 1.5, 1.0, 2.1}, EXPECT_INCONCLUSIVE},
    {"the lower end on the limit",
     SIM_EXPECT_AT_MOST,
     2.0,
     {99, 2.5, 2.0, 3.0},
     EXPECT_INCONCLUSIVE},
    {"all above", SIM_EXPECT_AT_MOST, 2.0, {99, 2.5, 2.1, 3.0}, EXPECT_FAIL},
    {"perhaps never", SIM_EXPECT_AT_MOST, 2.0, {99, 1.5, 1.0, NEVER}, EXPECT_INCONCLUSIVE},
    {"never, perhaps not", SIM_EXPECT_AT_MOST, 2.0, {99, NEVER, 1.0, NEVER}, EXPECT_INCONCLUSIVE},
    {"never, surely late", SIM_EXPECT_AT_MOST, 2.0, {99, NEVER, 2.1, NEVER}, EXPECT_FAIL},
    {"never is not at most never",
     SIM_EXPECT_AT_MOST,
     NEVER,
     {99, 1.0, 1.0, NEVER},
     EXPECT_INCONCLUSIVE},
    {"nothing measured", SIM_EXPECT_AT_LEAST, 0.0, {0, UNKNOWN, 0.0, 1.0}, EXPECT_INCONCLUSIVE},
    {"nothing measured", SIM_EXPECT_AT_MOST, 1.0, {0, UNKNOWN, 0.0, 1.0}, EXPECT_INCONCLUSIVE},
};

static void outcomes(void) {
    for (size_t i = 0; i < sizeof judged / sizeof judged[0]; i++) {
        const sim_expect expect = {
            .measure = SIM_MEASURE_TIME_P95, .bound = judged[i].bound, .limit = judged[i].limit};
        const expect_verdict verdict = expect_judge(&expect, &judged[i].estimate, 99, 0.95);
        EXPECT_TEXT(judged[i].sentence, expect_outcome_name(verdict.outcome),
                    expect_outcome_name(judged[i].outcome));
        EXPECT_INT("the estimate is kept", verdict.estimate.n, judged[i].estimate.n);
        EXPECT("only the inconclusive needs more",
               verdict.trials_needed == 0 || verdict.outcome == EXPECT_INCONCLUSIVE);
        EXPECT("no example is made up", verdict.example_trial == UINT64_MAX);
    }
}

/* Shares are judged by the binomial tail beyond them, at most 2.5 %. R:
 * pbinom(149, 150, .999) is 13.9 %, pbinom(148, 150, .999) 1.0 %. */
static void shares(void) {
    static const struct {
        const char *sentence;
        sim_expect_bound bound;
        double limit;
        uint64_t successes;
        uint64_t n;
        double confidence;
        expect_outcome outcome;
    } rows[] = {
        {"one failure in 150 may be chance", SIM_EXPECT_AT_LEAST, 0.999, 149, 150, 0.95,
         EXPECT_INCONCLUSIVE},
        {"two: 1.0 % of runs", SIM_EXPECT_AT_LEAST, 0.999, 148, 150, 0.95, EXPECT_FAIL},
        {"not of five looks", SIM_EXPECT_AT_LEAST, 0.999, 148, 150, 0.99, EXPECT_INCONCLUSIVE},
        {"one success in 150 may be chance", SIM_EXPECT_AT_MOST, 0.001, 1, 150, 0.95,
         EXPECT_INCONCLUSIVE},
        {"two", SIM_EXPECT_AT_MOST, 0.001, 2, 150, 0.95, EXPECT_FAIL},
        {".99^367 is 2.501 %", SIM_EXPECT_AT_LEAST, 0.99, 367, 367, 0.95, EXPECT_INCONCLUSIVE},
        {".99^368 is 2.476 %", SIM_EXPECT_AT_LEAST, 0.99, 368, 368, 0.95, EXPECT_PASS},
        {"none of 368", SIM_EXPECT_AT_MOST, 0.01, 0, 368, 0.95, EXPECT_PASS},
        {"none of 367", SIM_EXPECT_AT_MOST, 0.01, 0, 367, 0.95, EXPECT_INCONCLUSIVE},
        {"far above", SIM_EXPECT_AT_LEAST, 0.5, 900, 1000, 0.95, EXPECT_PASS},
        {"far below", SIM_EXPECT_AT_LEAST, 0.5, 100, 1000, 0.95, EXPECT_FAIL},
        {"at least nothing", SIM_EXPECT_AT_LEAST, 0.0, 0, 1, 0.95, EXPECT_PASS},
        {"at most everything", SIM_EXPECT_AT_MOST, 1.0, 1, 1, 0.95, EXPECT_PASS},
        {"no exception", SIM_EXPECT_EXACTLY, 1.0, 99, 99, 0.95, EXPECT_PASS},
        {"one exception", SIM_EXPECT_EXACTLY, 1.0, 98, 99, 0.95, EXPECT_FAIL},
        {"none", SIM_EXPECT_EXACTLY, 0.0, 0, 99, 0.95, EXPECT_PASS},
        {"one", SIM_EXPECT_EXACTLY, 0.0, 1, 99, 0.95, EXPECT_FAIL},
        {"nothing measured", SIM_EXPECT_AT_LEAST, 0.0, 0, 0, 0.95, EXPECT_INCONCLUSIVE},
        {"nothing measured", SIM_EXPECT_AT_MOST, 1.0, 0, 0, 0.95, EXPECT_INCONCLUSIVE},
        {"nothing measured", SIM_EXPECT_EXACTLY, 0.0, 0, 0, 0.95, EXPECT_INCONCLUSIVE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const sim_expect expect = {
            .measure = SIM_MEASURE_CONNECTED, .bound = rows[i].bound, .limit = rows[i].limit};
        const stats_estimate e = stats_ratio(rows[i].successes, rows[i].n, rows[i].confidence);
        const expect_verdict verdict = expect_judge(&expect, &e, rows[i].n, rows[i].confidence);
        EXPECT_TEXT(rows[i].sentence, expect_outcome_name(verdict.outcome),
                    expect_outcome_name(rows[i].outcome));
        EXPECT_REAL("Wilson's interval is shown", verdict.estimate.lo, e.lo, 0.0);
    }
}

static void trials_needed(void) {
    const stats_estimate share = stats_ratio(10, 10, 0.95);
    sim_expect expect = {.bound = SIM_EXPECT_AT_LEAST, .limit = 0.99};
    EXPECT_INT("a share: as Wilson says", expect_judge(&expect, &share, 10, 0.95).trials_needed,
               381);
    const stats_estimate wide = {100, 0.02, -0.02, 0.06};
    expect.form = SIM_EXPECT_DIFFERENCE;
    expect.limit = 0.0;
    EXPECT_INT("a difference: by the square root",
               expect_judge(&expect, &wide, 100, 0.95).trials_needed, 818);
    const stats_estimate none = {100, 0.0, -0.02, 0.02};
    EXPECT_INT("no difference: no number", expect_judge(&expect, &none, 100, 0.95).trials_needed,
               0);
}

static void overall(void) {
    static const struct {
        const char *sentence;
        expect_outcome outcomes[3];
        uint32_t count;
        expect_outcome overall;
    } rows[] = {
        {"nothing expected", {EXPECT_FAIL}, 0, EXPECT_PASS},
        {"all pass", {EXPECT_PASS, EXPECT_PASS, EXPECT_PASS}, 3, EXPECT_PASS},
        {"one open", {EXPECT_PASS, EXPECT_INCONCLUSIVE, EXPECT_PASS}, 3, EXPECT_INCONCLUSIVE},
        {"one fails", {EXPECT_INCONCLUSIVE, EXPECT_PASS, EXPECT_FAIL}, 3, EXPECT_FAIL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect_verdict verdicts[3] = {0};
        for (uint32_t v = 0; v < rows[i].count; v++) {
            verdicts[v].outcome = rows[i].outcomes[v];
        }
        EXPECT_TEXT(rows[i].sentence, expect_outcome_name(expect_overall(verdicts, rows[i].count)),
                    expect_outcome_name(rows[i].overall));
    }
}

/* --- words */

/* Facts that only name things. */
typedef struct {
    char *pair_levels[2];
    char *loss_levels[2];
    facts_factor factors[2];
    facts about;
} naming;

static const facts *name_things(naming *names) {
    *names =
        (naming){.pair_levels = {"linux x linux", "hard x open"}, .loss_levels = {"0%", "10%"}};
    names->factors[0] = (facts_factor){"pair", false, 2, names->pair_levels};
    names->factors[1] = (facts_factor){"loss", true, 2, names->loss_levels};
    names->about.factors = names->factors;
    names->about.factor_count = 2;
    names->about.cell_count = 4;
    names->about.trials = 1000;
    return &names->about;
}

static void claims(void) {
    static const struct {
        const char *measure;
        sim_expect expect;
        const char *claim;
    } rows[] = {
        {"connected",
         {.cell = 1, .bound = SIM_EXPECT_AT_LEAST, .limit = 0.995},
         "connected of cell 1 (pair linux x linux, loss 10%) at least 99.5 %"},
        {"connected",
         {.cell = 2, .bound = SIM_EXPECT_EXACTLY, .limit = 1.0},
         "connected of cell 2 (pair hard x open, loss 0%) exactly 100 %, without an exception"},
        {"connected",
         {.cell = 1,
          .other = 0,
          .form = SIM_EXPECT_DIFFERENCE,
          .bound = SIM_EXPECT_AT_LEAST,
          .limit = -0.02},
         "connected of cell 1 (pair linux x linux, loss 10%) minus that of cell 0 (pair linux x "
         "linux, loss 0%) at least -2 points"},
        {"connected",
         {.cell = 1,
          .other = 0,
          .form = SIM_EXPECT_DIFFERENCE,
          .bound = SIM_EXPECT_AT_LEAST,
          .limit = -0.01},
         "connected of cell 1 (pair linux x linux, loss 10%) minus that of cell 0 (pair linux x "
         "linux, loss 0%) at least -1 point"},
        {"time_to_connect_s_p95",
         {.cell = 3, .bound = SIM_EXPECT_AT_MOST, .limit = 0.5},
         "time_to_connect_s_p95 of cell 3 (pair hard x open, loss 10%) at most 0.5 s"},
        {"packets_sent_mean",
         {.cell = 3,
          .other = 2,
          .form = SIM_EXPECT_RATIO,
          .bound = SIM_EXPECT_AT_MOST,
          .limit = 1.2},
         "packets_sent_mean of cell 3 (pair hard x open, loss 10%) divided by that of cell 2 (pair "
         "hard x open, loss 0%) at most 1.2"},
    };
    naming names;
    const facts *about = name_things(&names);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = NULL;
        size_t length = 0;
        sim_expect expect = rows[i].expect;
        expect.measure = sim_measure_find(rows[i].measure);
        FILE *out = open_memstream(&text, &length);
        expect_print_claim(about, &expect, out);
        (void)fclose(out);
        EXPECT_TEXT("the claim", text, rows[i].claim);
        free(text);
    }
}

static void findings(void) {
    static const struct {
        const char *measure;
        sim_expect expect;
        stats_estimate estimate;
        bool paired;
        const char *finding;
    } rows[] = {
        {"connected",
         {.bound = SIM_EXPECT_AT_LEAST, .limit = 0.99},
         {1000, 0.815, 0.79, 0.838},
         false,
         "is 81.5 % [79.0, 83.8]"},
        {"connected",
         {.bound = SIM_EXPECT_AT_LEAST, .limit = 0.8},
         {1000, 0.815, 0.79, 0.838},
         false,
         "is 81.5 % [79.0, 83.8]; about 5,500 trials a cell would decide it"},
        {"connected",
         {.form = SIM_EXPECT_DIFFERENCE, .bound = SIM_EXPECT_AT_LEAST, .limit = -0.01},
         {1000, -0.037, -0.049, -0.026},
         true,
         "is -3.7 points [-4.9, -2.6] in the same worlds"},
        {"time_to_connect_s_p50",
         {.bound = SIM_EXPECT_AT_MOST, .limit = 1.0},
         {1000, 0.278, 0.278, 0.279},
         false,
         "is 0.278 s [0.278, 0.279]"},
        {"time_to_connect_s_p50",
         {.bound = SIM_EXPECT_AT_MOST, .limit = 1.0},
         {1000, NEVER, 1.405, NEVER},
         false,
         "is never [1.405, never]"},
        {"time_to_connect_s_p50",
         {.form = SIM_EXPECT_DIFFERENCE, .bound = SIM_EXPECT_AT_MOST, .limit = 1.0},
         {1000, 0.000123, -0.0001, NEVER},
         false,
         "is +0.00012 s [-0.00010, +never]; about 4,000 trials a cell would decide it"},
        {"packets_sent_mean",
         {.bound = SIM_EXPECT_AT_MOST, .limit = 30.0},
         {1000, 26.04, 25.96, 26.12},
         false,
         "is 26.0 [26.0, 26.1]"},
        {"packets_sent_mean",
         {.form = SIM_EXPECT_RATIO, .bound = SIM_EXPECT_AT_MOST, .limit = 1.3},
         {1000, 1.3, 1.2, 1.4},
         false,
         "is 1.30 [1.20, 1.40]; no number of trials would decide it, for that is the limit"},
        {"held",
         {.bound = SIM_EXPECT_AT_LEAST, .limit = 0.9},
         {0, UNKNOWN, 0.0, 1.0},
         false,
         "was not measured: no call counts"},
    };
    naming names;
    const facts *about = name_things(&names);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = NULL;
        size_t length = 0;
        sim_expect expect = rows[i].expect;
        expect.measure = sim_measure_find(rows[i].measure);
        expect_verdict verdict = expect_judge(&expect, &rows[i].estimate, about->trials, 0.95);
        verdict.paired = rows[i].paired;
        FILE *out = open_memstream(&text, &length);
        expect_print_finding(about, &expect, &verdict, out);
        (void)fclose(out);
        EXPECT_TEXT("the finding", text, rows[i].finding);
        free(text);
    }
}

static void changes(void) {
    static const struct {
        sim_measure_unit unit;
        stats_estimate change;
        const char *text;
    } rows[] = {
        {SIM_UNIT_SHARE, {9, 0.012, -0.0001, 0.03}, "+1.2 points [0.0, +3.0]"},
        {SIM_UNIT_SHARE, {9, 0.0004, -0.0002, 0.001}, "+0.04 points [-0.02, +0.10]"},
        {SIM_UNIT_SECONDS, {9, -0.25, -0.3, -0.2}, "-0.250 s [-0.300, -0.200]"},
        {SIM_UNIT_SECONDS, {9, NEVER, 2.0, NEVER}, "+never [+2.000, +never]"},
        {SIM_UNIT_SECONDS, {9, 0.0, 0.0, 0.0}, "0.000 s [0.000, 0.000]"},
        {SIM_UNIT_COUNT, {9, 1.26, 0.04, 20.0}, "+1.3 [0.0, +20.0]"},
        {SIM_UNIT_COUNT, {0, UNKNOWN, 0.0, 1.0}, "-"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[WORDS_CAP];
        EXPECT_TEXT("a change", words_change(rows[i].unit, &rows[i].change, text), rows[i].text);
    }
    char text[WORDS_CAP];
    const stats_estimate third = {9, 1.32, 1.2, 1.45};
    EXPECT_TEXT("a relative change", words_relative(&third, text), "+32 % [+20, +45]");
    const stats_estimate small = {9, 0.99, 0.98, 1.01};
    EXPECT_TEXT("a small one", words_relative(&small, text), "-1.0 % [-2.0, +1.0]");
    const stats_estimate endless = {9, 2.0, 1.0, NEVER};
    EXPECT_TEXT("no end", words_relative(&endless, text), "+100 % [0, +unbounded]");
    EXPECT_TEXT("about", words_about(2380, text), "2,400");
    EXPECT_TEXT("rounded up", words_about(1234567, text), "1,300,000");
    EXPECT_TEXT("small numbers as they are", words_about(99, text), "99");
}

int main(void) {
    static const punch_test_case cases[] = {
        {"outcomes at every boundary", outcomes},
        {"shares by their exact tails", shares},
        {"trials needed", trials_needed},
        {"the overall outcome", overall},
        {"claims in words", claims},
        {"findings in words", findings},
        {"changes in words", changes},
    };
    return PUNCH_TEST_MAIN("expect", cases);
}
