/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long holes last: from trials with known losses to curves, survival.csv and the page.
 */
#include "report_survival.h"

#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "file.h"
#include "process.h"
#include "punch/assert.h"
#include "punch_test.h"
#include "report.h"
#include "report_html.h"

#define S PUNCH_US_PER_S
#define TRIALS 5u

/* Per trial: held, first loss of either side. The fifth was never connected. */
static const punch_time_us held_us[TRIALS] = {100 * S, 20 * S, 100 * S, 40 * S, 0};
static const punch_time_us lost_us[TRIALS][2] = {{10 * S, 60 * S},
                                                 {PUNCH_NEVER, PUNCH_NEVER},
                                                 {PUNCH_NEVER, 30 * S},
                                                 {PUNCH_NEVER, PUNCH_NEVER},
                                                 {PUNCH_NEVER, PUNCH_NEVER}};

static void write_trials(const char *path, const facts *about) {
    sim_call_result calls[TRIALS];
    sim_trial_result results[TRIALS];
    memset(calls, 0, sizeof calls);
    memset(results, 0, sizeof results);
    for (uint32_t t = 0; t < TRIALS; t++) {
        calls[t].connected = held_us[t] > 0;
        calls[t].time_to_connect_us = held_us[t] > 0 ? S : PUNCH_NEVER;
        calls[t].hold.held_us = held_us[t];
        memcpy(calls[t].hold.hole_lost_at_us, lost_us[t], sizeof lost_us[t]);
        results[t].calls = &calls[t];
    }
    trials_writer writer;
    EXPECT_INT("the file is made", trials_create(&writer, path, about), 0);
    const uint32_t size = trials_chunk_size(about);
    trials_buffer buffer = {0};
    for (uint32_t first = 0; first < TRIALS; first += size) {
        for (uint32_t cell = 0; cell < about->cell_count; cell++) {
            const uint32_t left = TRIALS - first;
            const trials_chunk chunk = {cell, first, left < size ? left : size};
            buffer.length = 0;
            trials_encode(&chunk, &about->cells[cell], &results[first], &buffer);
            EXPECT_INT("it takes a frame", trials_append(&writer, &buffer), 0);
        }
    }
    trials_buffer_free(&buffer);
    EXPECT_INT("and is whole", trials_finish(&writer), 0);
}

static char *csv_of(const analysis *of) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    EXPECT("the trials can be read", report_survival_csv(of, out));
    fclose(out);
    return text;
}

static char *section_of(const analysis *of) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    html_survival(of, out);
    fclose(out);
    return text;
}

static void check_curves(const analysis *of) {
    survival_plot plot;
    EXPECT("there is something to show", survival_plot_of(of, &plot));
    EXPECT_INT("a curve for each level of the treatment", plot.curves, 2);
    survival_curve curve;
    EXPECT("the trials can be read", survival_curve_at(&plot, 1, &curve));
    EXPECT_INT("who was never connected does not count; three cells are pooled", curve.calls, 12);
    EXPECT_INT("two losses", (long long)curve.count, 2);
    EXPECT_REAL("the first at 10 s: one in four", curve.points[0].survival.value, 0.75, 1e-12);
    EXPECT_REAL("the first of a call's losses counts", curve.points[1].time, 30.0, 0.0);
    EXPECT_INT("what was cut off before is not at risk", (long long)curve.points[1].at_risk, 6);
    EXPECT_REAL("half of those", curve.points[1].survival.value, 0.375, 1e-12);
    EXPECT_REAL("seen for 40 s at last", curve.last_s, 40.0, 0.0);
    char *title = survival_title(&plot, 1);
    EXPECT_TEXT("by its level", title, "strategy b");
    free(title);
    survival_free(&curve);
}

static void known_losses(void) {
    static const char text[] =
        "{\"name\": \"x\", \"trials\": 5, \"hold\": \"100s\", \"peers\": {\"a\": {}, \"b\": {}}, "
        "\"factors\": [{\"name\": \"loss\", \"set\": \"internet.loss\", \"levels\": [\"0%\", "
        "\"1%\", "
        "\"2%\"]}, {\"name\": \"strategy\", \"treatment\": true, \"levels\": ["
        "{\"label\": \"a\", \"set\": {\"core.backoff\": 1.5}}, "
        "{\"label\": \"b\", \"set\": {\"core.backoff\": 2}}]}]}";
    sim_complaints complaints = {0};
    sim_scenario *scenario =
        sim_scenario_parse("x.json", text, sizeof text - 1, NULL, 0, &complaints);
    sim_complaints_print(&complaints, stderr);
    PUNCH_ASSERT(scenario != NULL);
    run_request request = fake_request(scenario, &fake_backend, 1);
    request.trials = TRIALS;
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
    check_curves(&made);
    char *csv = csv_of(&made);
    EXPECT("a row per cell and loss",
           strstr(csv,
                  "cell,loss,strategy,held_s,at_risk,intact,intact_lo,intact_hi\n"
                  "0,0%,a,10.000000,4,0.75,") == csv &&
               strstr(csv, "\n5,2%,b,30.000000,2,0.375,") != NULL);
    char *section = section_of(&made);
    EXPECT("the page has both curves", strstr(section, "strategy a</li>") != NULL &&
                                           strstr(section, "strategy b</li>") != NULL);
    free(section);
    free(csv);
    analysis_free(&made);
    trials_close(&file);
    facts_free(&about);
    free(path);
    process_remove_directory(directory);
}

int main(void) {
    static const punch_test_case cases[] = {{"known losses", known_losses}};
    return PUNCH_TEST_MAIN("unit_survival", cases);
}
