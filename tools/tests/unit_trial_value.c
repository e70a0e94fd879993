/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One number per trial, of one call and of several, as tables say; and that many calls of few
 * worlds do not make intervals narrow.
 */
#include "trial_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "fake.h"
#include "file.h"
#include "process.h"
#include "punch/assert.h"
#include "punch_test.h"

enum { CALLS_MAX = 5 };
#define S PUNCH_US_PER_S
#define NO (-1) /* not connected */

typedef struct {
    const char *sentence;
    uint32_t calls;
    int64_t times_s[CALLS_MAX]; /* to connect; NO */
    double connected;
    double p50_s;
    double p95_s;
} row;

static const row rows[] = {
    {"a call speaks for itself", 1, {3}, 1.0, 3.0, 3.0},
    {"one that failed, too", 1, {NO}, 0.0, (double)INFINITY, (double)INFINITY},
    {"shares are means", 4, {1, 2, 3, NO}, 0.75, 2.0, (double)INFINITY},
    {"the middle one of an odd number", 3, {9, 1, 5}, 1.0, 5.0, 9.0},
    {"equal ones count as often as they are there", 5, {7, 7, 7, 1, 8}, 1.0, 7.0, 8.0},
    {"all failed", 2, {NO, NO}, 0.0, (double)INFINITY, (double)INFINITY},
};

static sim_trial_result made(const row *of, sim_call_result calls[CALLS_MAX]) {
    for (uint32_t c = 0; c < of->calls; c++) {
        calls[c] = (sim_call_result){.connected = of->times_s[c] != NO,
                                     .time_to_connect_us = of->times_s[c] * S,
                                     .intros_sent = {c, c}};
    }
    return (sim_trial_result){.packets_sent = 11, .calls = calls};
}

static double shown(const char *name, const sim_trial_result *trial, uint32_t calls) {
    uint32_t count = 0;
    const sim_measure *measure = &sim_measures(&count)[sim_measure_find(name)];
    return sim_measure_shown(measure, trial_value(measure, trial, calls));
}

static bool alike(double a, double b) {
    return a >= b && a <= b;
}

static void rows_hold(void) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sim_call_result calls[CALLS_MAX];
        const sim_trial_result trial = made(&rows[i], calls);
        const uint32_t n = rows[i].calls;
        const double got[3] = {shown("connected", &trial, n),
                               shown("time_to_connect_s_p50", &trial, n),
                               shown("time_to_connect_s_p95", &trial, n)};
        const double expected[3] = {rows[i].connected, rows[i].p50_s, rows[i].p95_s};
        for (uint32_t m = 0; m < 3; m++) {
            if (!EXPECT(rows[i].sentence, alike(got[m], expected[m]))) {
                fprintf(stderr, "number %u: got %g, expected %g\n", m, got[m], expected[m]);
            }
        }
    }
}

static void others(void) {
    sim_call_result calls[CALLS_MAX];
    sim_trial_result trial = made(&rows[4], calls);
    EXPECT_REAL("means are means of calls", shown("intros_sent_mean", &trial, 5), 4.0, 1e-12);
    EXPECT_REAL("what is of the trial stays", shown("packets_sent_mean", &trial, 5), 11.0, 1e-12);
    calls[1].lost_after = true;
    calls[2].connected = false;
    EXPECT_REAL("calls that do not count are left out", shown("held", &trial, 5), 0.75, 1e-12);
    trial = made(&rows[5], calls);
    EXPECT("none that counts: no value", isnan(shown("held", &trial, 2)));
}

static void kinds(void) {
    uint32_t count = 0;
    const sim_measure *table = sim_measures(&count);
    for (uint32_t m = 0; m < count; m++) {
        EXPECT_INT(table[m].name, trial_value_kind(&table[m], 1), table[m].kind);
        EXPECT_INT(table[m].name, trial_value_kind(&table[m], 30),
                   table[m].kind == SIM_MEASURE_QUANTILE ? SIM_MEASURE_QUANTILE : SIM_MEASURE_MEAN);
    }
}

/* --- an analysis: ten worlds of three calls, which all fail in half of the worlds */

enum { WORLDS = 10, CALLS = 3 };

static void write_trials(const char *path, const facts *about) {
    sim_call_result calls[WORLDS][CALLS];
    sim_trial_result results[WORLDS];
    memset(calls, 0, sizeof calls);
    memset(results, 0, sizeof results);
    for (uint32_t t = 0; t < WORLDS; t++) {
        for (uint32_t c = 0; c < CALLS; c++) {
            calls[t][c].connected = t % 2 == 0;
            calls[t][c].time_to_connect_us = t % 2 == 0 ? (c + 1) * S : PUNCH_NEVER;
        }
        results[t].calls = calls[t];
    }
    trials_writer writer;
    trials_buffer buffer = {0};
    EXPECT_INT("the file is made", trials_create(&writer, path, about), 0);
    const uint32_t size = trials_chunk_size(about);
    for (uint32_t first = 0; first < WORLDS; first += size) {
        for (uint32_t cell = 0; cell < about->cell_count; cell++) {
            const uint32_t left = WORLDS - first;
            const trials_chunk chunk = {cell, first, left < size ? left : size};
            buffer.length = 0;
            trials_encode(&chunk, &about->cells[cell], &results[first], &buffer);
            EXPECT_INT("it takes a frame", trials_append(&writer, &buffer), 0);
        }
    }
    trials_buffer_free(&buffer);
    EXPECT_INT("and is whole", trials_finish(&writer), 0);
}

/* As uncertain as a call per world. */
static void check_estimate(const char *sentence, const stats_estimate *got) {
    const stats_estimate expected = stats_ratio(WORLDS / 2, WORLDS, STATS_CONFIDENCE);
    EXPECT_INT(sentence, got->n, WORLDS);
    EXPECT_REAL(sentence, got->value, 0.5, 1e-12);
    EXPECT_REAL(sentence, got->lo, expected.lo, 1e-12);
    EXPECT_REAL(sentence, got->hi, expected.hi, 1e-12);
}

static void check_analysis(const analysis *of) {
    check_estimate("a share counts worlds", analysis_estimate(of, 0, SIM_MEASURE_CONNECTED));
    const stats_estimate *median = analysis_estimate(of, 0, SIM_MEASURE_TIME_P50);
    EXPECT_INT("so does a quantile", median->n, WORLDS);
    EXPECT_REAL("of the middle one of each world", median->value, 2.0, 1e-12);
    EXPECT_INT("all calls are counted as such", of->cells[0].calls, WORLDS * CALLS);
    EXPECT_INT("and make the distribution", of->cells[0].point_count, CALLS);
    EXPECT_REAL("a sixth after a second", of->cells[0].points[0].share, 1.0 / 6.0, 1e-12);
    EXPECT("the tradeoff is there", of->judged != NULL);
    for (uint32_t r = 0; of->judged != NULL && r < 2; r++) {
        const tradeoff_row *at = &of->judged->tables[0].rows[r];
        check_estimate("the tradeoff's share, too", &at->estimates[TRADEOFF_HARM]);
        const stats_estimate *change = &at->changes[TRADEOFF_HARM].difference.estimate;
        EXPECT("equal worlds do not differ",
               change->n == 0 || (alike(change->lo, 0.0) && alike(change->hi, 0.0)));
    }
}

static void worlds_are_what_counts(void) {
    static const char text[] =
        "{\"name\": \"x\", \"trials\": 10, \"peers\": {\"a\": {}, \"b\": {\"count\": 3}}, "
        "\"factors\": [{\"name\": \"t\", \"treatment\": true, \"levels\": ["
        "{\"label\": \"a\", \"set\": {\"core.backoff\": 1.5}}, "
        "{\"label\": \"b\", \"set\": {\"core.backoff\": 2}}]}], \"tradeoff\": {\"cost\": "
        "\"intros_sent_mean\", \"harm\": \"connected\", \"baseline\": \"a\"}}";
    sim_complaints complaints = {0};
    sim_scenario *scenario =
        sim_scenario_parse("x.json", text, sizeof text - 1, NULL, 0, &complaints);
    sim_complaints_print(&complaints, stderr);
    PUNCH_ASSERT(scenario != NULL);
    run_request request = fake_request(scenario, &fake_backend, 1);
    request.trials = WORLDS;
    facts about = run_facts(&request);
    sim_scenario_destroy(scenario);
    char directory[256];
    process_make_directory(directory, sizeof directory);
    char *path = file_join(directory, "t");
    write_trials(path, &about);
    trials_file file;
    analysis made;
    EXPECT("the file is good", trials_open(&file, path) == NULL);
    EXPECT("and can be analysed", analysis_make(&made, &file, "punchlab", 1) == NULL);
    check_analysis(&made);
    analysis_free(&made);
    trials_close(&file);
    facts_free(&about);
    free(path);
    process_remove_directory(directory);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"rows", rows_hold},
        {"other measures", others},
        {"kinds", kinds},
        {"worlds are what counts", worlds_are_what_counts},
    };
    return PUNCH_TEST_MAIN("unit_trial_value", cases);
}
