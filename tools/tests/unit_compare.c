/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Comparisons of made-up runs: the numbers against keeping everything and sorting, which cells are
 * paired, what is significant, what is refused, and the three forms.
 */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare_words.h"
#include "file.h"
#include "made_source.h"
#include "punch/rng.h"
#include "punch_test.h"
#include "report.h"

/* --- numbers */

/* p of as many being later than the smaller of two 95th percentiles, 917 against 600 trials of cell
 * 4. */
static double p_of_later(const made_quality *first, const made_quality *second,
                         const stats_estimate *first_estimates,
                         const stats_estimate *second_estimates) {
    const double limit_s = fmin(first_estimates[SIM_MEASURE_TIME_P95].value,
                                second_estimates[SIM_MEASURE_TIME_P95].value);
    stats_count later[2] = {{0, 917}, {0, 600}};
    const made_quality *const how[2] = {first, second};
    for (int side = 0; side < 2; side++) {
        for (uint64_t t = 0; t < later[side].n; t++) {
            const sim_call_result call = made_call_of(how[side], 4, t);
            const double time_s = call.connected ? (double)call.time_to_connect_us / 1e6 : INFINITY;
            later[side].successes += time_s > limit_s ? 1 : 0;
        }
    }
    return stats_fisher_test(&later[0], &later[1]);
}

/* p of pairs of which one is later than a time and the other is not, in 600 trials of cell 4. */
static double p_of_either_side(const made_quality *first, const made_quality *second,
                               double limit_s) {
    uint64_t only[2] = {0, 0};
    for (uint64_t t = 0; t < 600; t++) {
        const sim_call_result a = made_call_of(first, 4, t);
        const sim_call_result b = made_call_of(second, 4, t);
        const bool a_late = !a.connected || (double)a.time_to_connect_us / 1e6 > limit_s;
        const bool b_late = !b.connected || (double)b.time_to_connect_us / 1e6 > limit_s;
        only[0] += a_late && !b_late ? 1 : 0;
        only[1] += b_late && !a_late ? 1 : 0;
    }
    return stats_sign_test(only[0], only[1]);
}

/* Files of different lengths have chunks of different sizes: they are read in step all the same. */
static void numbers(void) {
    const made_quality good = {5, 2, 0, 0, 0};
    const made_quality bad = {9, 2, 10000, 3, 0};
    made_run old_made = made_run_like(&good);
    made_run new_made = made_run_like(&bad);
    new_made.trials = 917;
    made_source old_run;
    made_source new_run;
    if (!made_source_open(&old_run, &old_made) || !made_source_open(&new_run, &new_made)) {
        return;
    }
    const uint32_t cell = 4;
    stats_pairs pairs = {0};
    uint64_t lost_trial = UINT64_MAX;
    for (uint64_t t = 0; t < 600; t++) {
        const sim_call_result was = made_call_of(&good, cell, t);
        const sim_call_result is = made_call_of(&bad, cell, t);
        pairs.both += was.connected && is.connected ? 1 : 0;
        pairs.first_only += is.connected && !was.connected ? 1 : 0;
        pairs.second_only += was.connected && !is.connected ? 1 : 0;
        pairs.neither += !was.connected && !is.connected ? 1 : 0;
        lost_trial = was.connected && !is.connected && lost_trial == UINT64_MAX ? t : lost_trial;
    }
    const stats_difference share = stats_paired_shares(&pairs, 0.95);
    const compare_side new_side = {&new_run.source.file, cell,
                                   new_run.source.cells[cell].estimates};
    const compare_side old_side = {&old_run.source.file, cell,
                                   old_run.source.cells[cell].estimates};
    const compare_request all = compare_request_all();
    compare_how how = {.paired = true, .confidence = 0.95, .seed = 1};
    memcpy(how.wanted, all.wanted, sizeof how.wanted);
    compare_changes *changes = calloc(1, sizeof *changes);
    EXPECT("they can be compared", compare_cells(&new_side, &old_side, &how, changes));
    const compare_change *connected = &changes->of[SIM_MEASURE_CONNECTED];
    EXPECT_INT("pairs", connected->difference.estimate.n, 600);
    EXPECT_REAL("share", connected->difference.estimate.value, share.estimate.value, 1e-12);
    EXPECT_REAL("its lower end", connected->difference.estimate.lo, share.estimate.lo, 1e-12);
    EXPECT_REAL("its p", connected->difference.p, share.p, 1e-12);
    EXPECT_INT("the first that was lost", connected->worse_trial, lost_trial);
    const compare_change *median = &changes->of[SIM_MEASURE_TIME_P50];
    const stats_estimate *medians[2] = {&new_side.estimates[SIM_MEASURE_TIME_P50],
                                        &old_side.estimates[SIM_MEASURE_TIME_P50]};
    const stats_difference summary = stats_of_summaries(medians[0], medians[1], 0.95);
    EXPECT_REAL("difference of medians", median->difference.estimate.value,
                medians[0]->value - medians[1]->value, 1e-12);
    EXPECT_REAL("its lower end", median->difference.estimate.lo, summary.estimate.lo, 1e-12);
    EXPECT_REAL("its upper end", median->difference.estimate.hi, summary.estimate.hi, 1e-12);
    EXPECT_REAL("its p is that of pairs on either side", median->difference.p,
                p_of_either_side(&bad, &good, medians[1]->value), 1e-12);
    const compare_change *packets = &changes->of[sim_measure_find("packets_sent_mean")];
    EXPECT_REAL("three packets more", packets->difference.estimate.value, 3.0, 1e-12);
    EXPECT_REAL("always", packets->difference.estimate.lo, 3.0, 1e-12);
    EXPECT("held is not measured", changes->of[SIM_MEASURE_HELD].difference.estimate.n == 0);
    how.paired = false;
    EXPECT("and apart", compare_cells(&new_side, &old_side, &how, changes));
    EXPECT("which shows less", connected->difference.p > share.p && !connected->paired);
    EXPECT_INT("the smaller sample", connected->difference.estimate.n, 600);
    const compare_change *late = &changes->of[SIM_MEASURE_TIME_P95];
    EXPECT_REAL("quantiles by Fisher's test of being later", late->difference.p,
                p_of_later(&bad, &good, new_side.estimates, old_side.estimates), 1e-12);
    EXPECT("no trial stands for another", connected->worse_trial == UINT64_MAX);
    free(changes);
    made_source_close(&old_run);
    made_source_close(&new_run);
}

/* Only trials that both have are pairs, whichever of the two lacks some. */
static void gaps(void) {
    const made_quality usual = {5, 2, 0, 0, 0};
    const made_quality more = {5, 2, 0, 3, 0};
    const made_run whole_made = made_run_like(&usual);
    made_run part_made = made_run_like(&more);
    part_made.shard_count = 5; /* shares no factor with six cells: chunks of all of them */
    made_source whole;
    made_source part;
    if (!made_source_open(&whole, &whole_made) || !made_source_open(&part, &part_made)) {
        return;
    }
    const uint64_t present = part.source.file.cells[0].trials;
    EXPECT("a part is a part", present > 0 && present < 600);
    const compare_side sides[2] = {{&whole.source.file, 0, whole.source.cells[0].estimates},
                                   {&part.source.file, 0, whole.source.cells[0].estimates}};
    compare_how how = {.paired = true, .confidence = 0.95, .seed = 1};
    how.wanted[SIM_MEASURE_CONNECTED] = true;
    const uint32_t packets = sim_measure_find("packets_sent_mean");
    how.wanted[packets] = true;
    for (int first = 0; first < 2; first++) {
        compare_changes changes;
        EXPECT("they can be compared",
               compare_cells(&sides[first], &sides[1 - first], &how, &changes));
        const compare_change *connected = &changes.of[SIM_MEASURE_CONNECTED];
        EXPECT_INT("pairs", connected->difference.estimate.n, present);
        EXPECT_REAL("alike", connected->difference.p, 1.0, 0.0);
        EXPECT_REAL("three packets apart", changes.of[packets].difference.estimate.value,
                    first == 0 ? -3.0 : 3.0, 1e-12);
    }
    made_source_close(&whole);
    made_source_close(&part);
}

/* --- what is compared with what */

static void within(void) {
    const made_quality lossy = {0, 20, 0, 0, 0};
    const made_run made = made_run_like(&lossy);
    made_source run;
    if (!made_source_open(&run, &made)) {
        return;
    }
    compare_request request = compare_request_all();
    comparison of;
    EXPECT("it can be compared", compare_within(&of, &run.source, &request) == NULL);
    EXPECT_INT("two levels of loss for either pair", of.pair_count, 4);
    EXPECT_INT("five measures each", of.row_count, 20);
    EXPECT_INT("the first is compared with", of.pairs[1].old_cell, 0);
    EXPECT_INT("the third", of.pairs[1].new_cell, 2);
    EXPECT("in the same worlds", of.unpaired == NULL && of.pairs[1].paired);
    EXPECT("losses are worse", of.worse > 0 && of.better == 0);
    double p[20];
    for (size_t i = 0; i < of.row_count; i++) {
        p[i] = of.rows[i].change.difference.p;
    }
    stats_holm(p, of.row_count);
    for (size_t i = 0; i < of.row_count; i++) {
        EXPECT_REAL("p is adjusted for all rows", of.rows[i].p, p[i], 1e-15);
    }
    char *level = compare_level(&of, &of.pairs[1], 1);
    EXPECT_TEXT("both levels", level, "0% -> 10%");
    free(level);
    comparison_free(&of);
    request.against = "10%";
    memset(request.wanted, 0, sizeof request.wanted);
    request.wanted[SIM_MEASURE_CONNECTED] = true;
    EXPECT("against another level", compare_within(&of, &run.source, &request) == NULL);
    EXPECT_INT("one measure", of.row_count, 4);
    EXPECT_INT("the third is compared with", of.pairs[0].old_cell, 2);
    EXPECT_INT("everything is better", of.better, 4);
    comparison_free(&of);
    request.against = "1O%";
    char *why = compare_within(&of, &run.source, &request);
    EXPECT_TEXT("no such level", why, "no treatment has a level \"1O%\"; did you mean \"10%\"?");
    free(why);
    made_source_close(&run);
    made_run none = made;
    none.treatment = false;
    if (made_source_open(&run, &none)) {
        request.against = NULL;
        why = compare_within(&of, &run.source, &request);
        EXPECT("no treatment, nothing to compare",
               strstr(why, "there is nothing to compare") != NULL);
        free(why);
        made_source_close(&run);
    }
}

static void same_run(void) {
    const made_quality usual = {5, 2, 0, 0, 0};
    const made_run made = made_run_like(&usual);
    made_source run;
    made_source again;
    if (!made_source_open(&run, &made) || !made_source_open(&again, &made)) {
        return;
    }
    const compare_request request = compare_request_all();
    comparison of;
    EXPECT("it can be compared", compare_runs(&of, &run.source, &again.source, &request) == NULL);
    EXPECT_INT("every cell", of.pair_count, MADE_CELLS);
    EXPECT("nothing is shown", of.worse == 0 && of.better == 0);
    for (size_t i = 0; i < of.row_count; i++) {
        EXPECT_TEXT("nothing", compare_verdict_name(of.rows[i].verdict), "~");
        EXPECT_REAL("p", of.rows[i].p, 1.0, 0.0);
    }
    comparison_free(&of);
    made_source_close(&run);
    made_source_close(&again);
}

/* Which runs are compared, and whether trial by trial. */
static void matching(void) {
    static const struct {
        const char *sentence;
        const char *scenario;
        const char *loss;
        uint64_t digest;
        uint64_t seed;
        const char *refused;  /* part of the reason, or NULL */
        const char *unpaired; /* part of the reason, or NULL */
    } rows[] = {
        {"the same", "made", "loss", 0x1234, 1, NULL, NULL},
        {"another seed", "made", "loss", 0x1234, 2, NULL, "the seeds differ (1 and 2)"},
        {"changed keys", "made", "loss", 0x1235, 1, NULL, "digests 0000000000001234 and"},
        {"another scenario", "other", "loss", 0x1234, 1, "is of scenario \"made\"", NULL},
        {"another factor", "made", "rate", 0x1234, 1, "has a factor \"loss\"", NULL},
    };
    const made_quality usual = {5, 2, 0, 0, 0};
    const made_run made = made_run_like(&usual);
    const compare_request request = compare_request_all();
    made_source old_run;
    if (!made_source_open(&old_run, &made)) {
        return;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        made_run other = made;
        other.scenario = rows[i].scenario;
        other.loss = rows[i].loss;
        other.digest = rows[i].digest;
        other.seed = rows[i].seed;
        made_source new_run;
        comparison of;
        if (!made_source_open(&new_run, &other)) {
            continue;
        }
        char *why = compare_runs(&of, &old_run.source, &new_run.source, &request);
        EXPECT(rows[i].sentence, (why != NULL) == (rows[i].refused != NULL));
        if (why != NULL && rows[i].refused != NULL) {
            EXPECT("refused for this reason", strstr(why, rows[i].refused) != NULL);
        }
        if (why == NULL) {
            EXPECT(rows[i].sentence, (of.unpaired != NULL) == (rows[i].unpaired != NULL));
            EXPECT("paired or not", of.pairs[0].paired == (rows[i].unpaired == NULL));
            if (of.unpaired != NULL && rows[i].unpaired != NULL) {
                EXPECT("not paired for this reason", strstr(of.unpaired, rows[i].unpaired) != NULL);
            }
            comparison_free(&of);
        }
        free(why);
        made_source_close(&new_run);
    }
    made_source_close(&old_run);
}

/* --- expectations of differences and ratios */

static void expectations(void) {
    static const struct {
        const char *sentence;
        sim_expect expect;
        const char *measure;
        expect_outcome outcome;
        bool paired;
    } rows[] = {
        {"worse by about 20 points, not by 30",
         {.form = SIM_EXPECT_DIFFERENCE, .cell = 1, .bound = SIM_EXPECT_AT_LEAST, .limit = -0.3},
         "connected",
         EXPECT_PASS,
         true},
        {"nor by only 10",
         {.form = SIM_EXPECT_DIFFERENCE, .cell = 1, .bound = SIM_EXPECT_AT_LEAST, .limit = -0.1},
         "connected",
         EXPECT_FAIL,
         true},
        {"perhaps by 20",
         {.form = SIM_EXPECT_DIFFERENCE, .cell = 1, .bound = SIM_EXPECT_AT_LEAST, .limit = -0.2},
         "connected",
         EXPECT_INCONCLUSIVE,
         true},
        {"four fifths of it",
         {.form = SIM_EXPECT_RATIO, .cell = 1, .bound = SIM_EXPECT_AT_LEAST, .limit = 0.7},
         "connected",
         EXPECT_PASS,
         true},
        {"another pair is in other worlds, and the same",
         {.form = SIM_EXPECT_DIFFERENCE, .cell = 3, .bound = SIM_EXPECT_AT_MOST, .limit = 0.05},
         "connected",
         EXPECT_PASS,
         false},
        {"as many packets",
         {.form = SIM_EXPECT_RATIO, .cell = 2, .bound = SIM_EXPECT_AT_MOST, .limit = 1.01},
         "packets_sent_mean",
         EXPECT_PASS,
         true},
        {"never is not at most a second",
         {.form = SIM_EXPECT_DIFFERENCE, .cell = 2, .bound = SIM_EXPECT_AT_MOST, .limit = 1.0},
         "time_to_connect_s_p95",
         EXPECT_FAIL,
         true},
    };
    sim_expect expects[sizeof rows / sizeof rows[0]];
    const made_quality lossy = {0, 20, 0, 0, 0};
    made_run made = made_run_like(&lossy);
    made.expects = expects;
    made.expect_count = sizeof rows / sizeof rows[0];
    for (uint32_t i = 0; i < made.expect_count; i++) {
        expects[i] = rows[i].expect;
        expects[i].measure = sim_measure_find(rows[i].measure);
    }
    made_source run;
    if (!made_source_open(&run, &made)) {
        return;
    }
    for (uint32_t i = 0; i < made.expect_count; i++) {
        const expect_verdict *verdict = &run.source.said.verdicts[i];
        EXPECT_TEXT(rows[i].sentence, expect_outcome_name(verdict->outcome),
                    expect_outcome_name(rows[i].outcome));
        EXPECT("in the same worlds or not", verdict->paired == rows[i].paired);
        EXPECT("there is a trial to look at", verdict->example_trial < 600);
    }
    const uint64_t lost = run.source.said.verdicts[1].example_trial;
    EXPECT("an example shows the difference",
           made_call_of(&lossy, 0, lost).connected && !made_call_of(&lossy, 1, lost).connected);
    made_source_close(&run);
}

/* --- margins */

static void margins(void) {
    static const struct {
        const char *sentence;
        uint32_t fails_percent;
        double margin;
        compare_verdict verdict;
    } rows[] = {
        {"no worse", 5, 0.02, COMPARE_NOT_WORSE},
        {"worse, within", 9, 0.10, COMPARE_NOT_WORSE},
        {"worse, perhaps beyond", 9, 0.04, COMPARE_UNDECIDED},
        {"worse, beyond", 25, 0.10, COMPARE_WORSE},
        {"worse, no margin", 9, (double)NAN, COMPARE_WORSE},
        {"better", 0, 0.02, COMPARE_BETTER},
    };
    const made_quality usual = {5, 0, 0, 0, 0};
    const made_run made = made_run_like(&usual);
    made_source old_run;
    if (!made_source_open(&old_run, &made)) {
        return;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const made_quality how = {rows[i].fails_percent, 0, 0, 0, 0};
        const made_run other = made_run_like(&how);
        made_source new_run;
        if (!made_source_open(&new_run, &other)) {
            continue;
        }
        compare_request request = compare_request_all();
        memset(request.wanted, 0, sizeof request.wanted);
        request.wanted[SIM_MEASURE_CONNECTED] = true;
        request.margins[SIM_MEASURE_CONNECTED] = rows[i].margin;
        comparison of;
        EXPECT("it can be compared",
               compare_runs(&of, &old_run.source, &new_run.source, &request) == NULL);
        EXPECT_TEXT(rows[i].sentence, compare_verdict_name(of.rows[0].verdict),
                    compare_verdict_name(rows[i].verdict));
        EXPECT_INT("only what is worse counts as worse", of.worse,
                   rows[i].verdict == COMPARE_WORSE ? MADE_CELLS : 0);
        comparison_free(&of);
        made_source_close(&new_run);
    }
    made_source_close(&old_run);
}

/* --- files of estimates */

static const char estimates[] =
    "{\"schema\":1,\"scenario\":\"made\",\"digest\":\"0000000000001234\",\"seed\":\"1\",\"cells\":["
    "{\"factors\":{\"loss\":\"0%\",\"pair\":\"hard x open\"},\"trials\":600,\"measures\":{"
    "\"connected\":{\"n\":600,\"value\":0.99,\"lo\":0.978,\"hi\":0.995},"
    "\"time_to_connect_s_p95\":{\"n\":600,\"value\":null,\"lo\":0.3,\"hi\":null,\"unbounded\":true}"
    ","
    "\"of_another_version\":{\"n\":1,\"value\":1,\"lo\":1,\"hi\":1}}}]}";

static void with_estimates(void) {
    compare_source kept;
    char *why = compare_source_parse(&kept, "kept.json", estimates, sizeof estimates - 1);
    if (!EXPECT_TEXT("estimates can be read", why == NULL ? "" : why, "")) {
        free(why);
        return;
    }
    const stats_estimate *p95 = &kept.cells[0].estimates[SIM_MEASURE_TIME_P95];
    EXPECT("null is never", isinf(p95->value) && isinf(p95->hi) && p95->lo == 0.3);
    const made_quality lossy = {10, 2, 0, 0, 0};
    const made_run made = made_run_like(&lossy);
    made_source run;
    if (made_source_open(&run, &made)) {
        const compare_request request = compare_request_all();
        comparison of;
        EXPECT("with trials", compare_runs(&of, &kept, &run.source, &request) == NULL);
        EXPECT_INT("the one cell they share, factors in any order", of.pair_count, 1);
        EXPECT_INT("its levels", of.pairs[0].new_cell, MADE_LOSSES);
        EXPECT_INT("others are left aside", of.only_new, MADE_CELLS - 1);
        EXPECT("not trial by trial", of.unpaired != NULL && !of.pairs[0].paired);
        EXPECT_INT("connected is worse", of.rows[0].verdict, COMPARE_WORSE);
        const stats_count was = {594, 600};
        const uint64_t connected = 600 - run.source.said.cells[MADE_LOSSES].failed;
        const stats_count is = {connected, 600};
        EXPECT_REAL("by Fisher's test", of.rows[0].change.difference.p,
                    stats_fisher_test(&is, &was), 1e-12);
        comparison_free(&of);
        why = compare_within(&of, &kept, &request);
        EXPECT("alone it has no treatments", why != NULL);
        free(why);
        made_source_close(&run);
    }
    compare_source_close(&kept);
}

/* Nothing that is nearly right does harm: under the sanitizers this is a small fuzzer. */
static void hostile_estimates(void) {
    static const struct {
        const char *text;
        const char *refused;
    } rows[] = {
        {"", "not JSON"},
        {"[]", "not what 'punchlab run --json' writes"},
        {"{\"schema\":1,\"scenario\":\"x\",\"cells\":[]}", "not what"},
        {"{\"schema\":2,\"scenario\":\"x\",\"cells\":[{}]}", "its schema is 2"},
        {"{\"schema\":1,\"scenario\":\"x\",\"cells\":[{}]}", "no factors"},
        {"{\"schema\":1,\"scenario\":\"x\",\"confidence\":7,\"cells\":[{\"factors\":{}}]}",
         "its confidence is 7"},
        {"{\"schema\":1,\"scenario\":\"x\",\"cells\":[{\"factors\":{\"a\":\"1\"}},{\"factors\":{}}]"
         "}",
         "cell 1 does not have the factors"},
    };
    compare_source source;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *why = compare_source_parse(&source, "x", rows[i].text, strlen(rows[i].text));
        EXPECT("it is refused, for that reason",
               why != NULL && strstr(why, rows[i].refused) != NULL);
        free(why);
    }
    punch_rng rng = punch_rng_stream(5, 0, 0);
    for (int i = 0; i < 3000; i++) {
        char text[sizeof estimates];
        memcpy(text, estimates, sizeof estimates);
        static const char bytes[] = "0123456789-\"[]{},:.enul";
        for (uint64_t edits = 1 + punch_rng_below(&rng, 3); edits > 0; edits--) {
            text[punch_rng_below(&rng, sizeof estimates - 1)] =
                bytes[punch_rng_below(&rng, sizeof bytes - 1)];
        }
        char *why = compare_source_parse(&source, "x", text, sizeof estimates - 1);
        if (why == NULL) {
            const stats_estimate *e = source.cells[0].estimates;
            EXPECT("what is taken is an interval",
                   e->n == 0 || (e->lo <= e->value && e->value <= e->hi));
            compare_source_close(&source);
        }
        free(why);
    }
}

/* --- what the new run lacks */

#define ONE_CELL(measures)                                                                \
    "{\"schema\":1,\"scenario\":\"made\",\"digest\":\"0000000000001234\",\"seed\":\"1\"," \
    "\"cells\":"                                                                          \
    "[{\"factors\":{\"loss\":\"0%\",\"pair\":\"hard x "                                   \
    "open\"},\"trials\":600,\"measures\":{" measures "}}]}"
#define CONNECTED "\"connected\":{\"n\":600,\"value\":0.99,\"lo\":0.978,\"hi\":0.995}"
#define PACKETS "\"packets_sent_mean\":{\"n\":600,\"value\":21,\"lo\":20,\"hi\":22}"
#define NO_PACKETS "\"packets_sent_mean\":{\"n\":0,\"value\":null,\"lo\":null,\"hi\":null}"

static void lacking(void) {
    static const struct {
        const char *sentence;
        const char *old_run;
        const char *new_run;
        uint32_t only_old;
        size_t lost;
        const char *says; /* or refuses with */
        bool refused;
    } rows[] = {
        {"all is there", ONE_CELL(CONNECTED), ONE_CELL(CONNECTED), 0, 0, "", false},
        {"more than there was", ONE_CELL(CONNECTED), ONE_CELL(CONNECTED "," PACKETS), 0, 0, "",
         false},
        {"a measure less", ONE_CELL(CONNECTED "," PACKETS), ONE_CELL(CONNECTED), 0, 1,
         "no success: the new run lacks 1 measure that the old one has", false},
        {"a measure of nothing", ONE_CELL(CONNECTED "," PACKETS),
         ONE_CELL(CONNECTED "," NO_PACKETS), 0, 1, "lacks 1 measure that", false},
        {"no trials", ONE_CELL(PACKETS), ONE_CELL(NO_PACKETS), 0, 0, "nothing can be compared",
         true},
        {"nothing in common", ONE_CELL(PACKETS), ONE_CELL(CONNECTED), 0, 0,
         "nothing can be compared", true},
    };
    const compare_request request = compare_request_all();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        compare_source old_run;
        compare_source new_run;
        comparison of;
        char *why =
            compare_source_parse(&old_run, "old.json", rows[i].old_run, strlen(rows[i].old_run));
        EXPECT("the old run can be read", why == NULL);
        why = compare_source_parse(&new_run, "new.json", rows[i].new_run, strlen(rows[i].new_run));
        EXPECT("the new run can be read", why == NULL);
        why = compare_runs(&of, &old_run, &new_run, &request);
        EXPECT(rows[i].sentence, (why != NULL) == rows[i].refused);
        char *words = why != NULL ? why : compare_not_whole_words(&of);
        if (!EXPECT("in so many words", strstr(words, rows[i].says) != NULL)) {
            printf("expected: %s\ngot: %s\n", rows[i].says, words);
        }
        if (why == NULL) {
            EXPECT_INT("cells", of.only_old, rows[i].only_old);
            EXPECT_INT("measures", of.lost, rows[i].lost);
            EXPECT(rows[i].sentence, compare_is_whole(&of) == (rows[i].says[0] == '\0'));
            comparison_free(&of);
        }
        free(words);
        compare_source_close(&old_run);
        compare_source_close(&new_run);
    }
}

/* Cells and trials that are missing, in either order. */
static void lacking_trials(void) {
    const made_quality usual = {5, 2, 0, 0, 0};
    const made_run whole_made = made_run_like(&usual);
    made_run part_made = whole_made;
    part_made.shard_count = 5;
    const char *text = ONE_CELL(CONNECTED "," PACKETS);
    const compare_request request = compare_request_all();
    compare_source kept;
    made_source whole;
    made_source part;
    if (!made_source_open(&whole, &whole_made) || !made_source_open(&part, &part_made) ||
        !EXPECT("it can be read",
                compare_source_parse(&kept, "kept.json", text, strlen(text)) == NULL)) {
        return;
    }
    const struct {
        const char *sentence;
        const compare_source *old_run;
        const compare_source *new_run;
        const char *says;
    } rows[] = {
        {"a part of the trials", &whole.source, &part.source,
         "the new run lacks 20 measures that the old one has, and was not finished"},
        {"of the old run", &part.source, &whole.source, ""},
        {"one cell of six", &whole.source, &kept,
         "the new run lacks 5 cells, 3 measures that the old one has"},
        {"six cells now", &kept, &whole.source, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        comparison of;
        EXPECT("they can be compared",
               compare_runs(&of, rows[i].old_run, rows[i].new_run, &request) == NULL);
        char *words = compare_not_whole_words(&of);
        EXPECT(rows[i].sentence, compare_is_whole(&of) == (rows[i].says[0] == '\0'));
        if (!EXPECT("in so many words", strstr(words, rows[i].says) != NULL)) {
            printf("expected: %s\ngot: %s\n", rows[i].says, words);
        }
        free(words);
        comparison_free(&of);
    }
    comparison of;
    char *why = compare_within(&of, &part.source, &request);
    EXPECT("a part has no two levels of a treatment",
           why != NULL && strstr(why, "nothing can be compared") != NULL);
    free(why);
    whole.source.partial = true;
    EXPECT("levels of a run", compare_within(&of, &whole.source, &request) == NULL);
    char *words = compare_not_whole_words(&of);
    EXPECT_TEXT("that was not finished", words, "no success: the run was not finished");
    free(words);
    comparison_free(&of);
    compare_source_close(&kept);
    made_source_close(&whole);
    made_source_close(&part);
}

/* --- forms */

static char *form_of(const comparison *of, void (*write)(const comparison *of, FILE *out)) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    write(of, out);
    (void)fclose(out);
    return text;
}

static void plain_table(const comparison *of, FILE *out) {
    compare_table(of, out, false);
}

static void forms(void) {
    const made_quality good = {0, 0, 0, 0, 0};
    const made_quality bad = {20, 0, 0, 0, 0};
    const made_run old_made = made_run_like(&good);
    const made_run new_made = made_run_like(&bad);
    made_source old_run;
    made_source new_run;
    if (!made_source_open(&old_run, &old_made) || !made_source_open(&new_run, &new_made)) {
        return;
    }
    const compare_request request = compare_request_all();
    comparison of;
    EXPECT("it can be compared",
           compare_runs(&of, &old_run.source, &new_run.source, &request) == NULL);
    char *table = form_of(&of, plain_table);
    EXPECT("a change in points", strstr(table, " points [") != NULL);
    EXPECT("its verdict", strstr(table, "  worse\n") != NULL);
    EXPECT("what came of it", strstr(table, "30 comparisons (p adjusted for all, Holm): ") != NULL);
    EXPECT("how it was",
           strstr(table, "    was: punchlab replay made.json --cell 0 --trial ") != NULL);
    EXPECT("how it is",
           strstr(table, "    now: punchlab replay made.json --cell 0 --trial ") != NULL);
    free(table);
    char *markdown = form_of(&of, compare_markdown);
    EXPECT("worse rows are marked", strstr(markdown, "| **worse** |") != NULL);
    EXPECT("others are folded", strstr(markdown, "<details>") != NULL);
    EXPECT("short enough for a comment", strlen(markdown) < REPORT_MARKDOWN_BYTES_MAX);
    free(markdown);
    char *json = form_of(&of, compare_json);
    cJSON *object = cJSON_Parse(json);
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(object, "rows");
    EXPECT_INT("every row", cJSON_GetArraySize(rows), of.row_count);
    const cJSON *first = cJSON_GetArrayItem(rows, 0);
    EXPECT_TEXT("its verdict", cJSON_GetStringValue(cJSON_GetObjectItem(first, "verdict")),
                "worse");
    EXPECT_REAL("its change",
                cJSON_GetNumberValue(
                    cJSON_GetObjectItem(cJSON_GetObjectItem(first, "difference"), "value")),
                of.rows[0].change.difference.estimate.value, 1e-15);
    cJSON_Delete(object);
    free(json);
    comparison_free(&of);
    made_source_close(&old_run);
    made_source_close(&new_run);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"changes are those of all trials kept and sorted", numbers},
        {"trials that are missing in one", gaps},
        {"the treatments of a run", within},
        {"a run and itself", same_run},
        {"which runs are compared, and which trial by trial", matching},
        {"expectations of differences and ratios", expectations},
        {"margins", margins},
        {"a file of estimates and a directory", with_estimates},
        {"files that are no estimates", hostile_estimates},
        {"what the new run lacks of one cell", lacking},
        {"cells and trials that the new run lacks", lacking_trials},
        {"table, Markdown and JSON", forms},
    };
    return PUNCH_TEST_MAIN("compare", cases);
}
