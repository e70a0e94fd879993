/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every committed scenario runs: a few trials of each cell, from a world made for the largest of
 * them, and what the file expects without exceptions holds in each of those trials.
 */
#include <stdio.h>
#include <stdlib.h>

#include "punch_test.h"
#include "sim/backend.h"
#include "sim/measure.h"
#include "sim/scenario.h"

enum { TRIALS = 4 };

static const char *const names[] = {
    "quickstart",           "pair-matrix",         "population-gvod",    "same-nat",
    "lossy-broker",         "keepalive-hold",      "impaired-links",     "own-measurements",
    "link-severities",      "crowded-nat",         "ipv6-firewall",      "access-lines",
    "carrier-nat",          "published/dcutr2025", "published/ford2005", "published/halkes2011",
    "published/richter2016"};

/* Claims about single trials: shares that rules decide. */
static void check_claims(const sim_scenario *scenario, uint32_t cell, uint64_t trial,
                         const sim_trial_result *result) {
    uint32_t count;
    uint32_t measure_count;
    const sim_expect *expects = sim_scenario_expects(scenario, &count);
    const sim_measure *measures = sim_measures(&measure_count);
    for (uint32_t i = 0; i < count; i++) {
        if (expects[i].cell == cell && expects[i].bound == SIM_EXPECT_EXACTLY) {
            char sentence[160];
            (void)snprintf(sentence, sizeof sentence, "%s, line %u: cell %u, trial %u",
                           sim_scenario_name(scenario), (unsigned)expects[i].line, (unsigned)cell,
                           (unsigned)trial);
            EXPECT_REAL(sentence, measures[expects[i].measure].value(result, 0), expects[i].limit,
                        0);
        }
    }
}

static void run_cells(const sim_scenario *scenario, void *world, sim_plan *plan) {
    const uint64_t seed = sim_scenario_seed(scenario);
    for (uint32_t cell = 0; cell < sim_scenario_cell_count(scenario); cell++) {
        for (uint64_t trial = 0; trial < TRIALS; trial++) {
            sim_call_result call = {0};
            sim_trial_result result = {.calls = &call};
            const uint64_t trial_seed = sim_scenario_trial_seed(scenario, seed, cell, trial);
            sim_scenario_plan(scenario, cell, trial_seed, plan);
            sim_backend_des.run(world, plan, trial_seed, NULL, &result);
            EXPECT("packets were sent", result.packets_sent > 0);
            check_claims(scenario, cell, trial, &result);
        }
    }
}

static void run_scenario(const char *directory, const char *name) {
    char path[1024];
    sim_complaints complaints = {0};
    (void)snprintf(path, sizeof path, "%s/scenarios/%s.json", directory, name);
    sim_scenario *scenario = sim_scenario_load(path, NULL, 0, &complaints);
    sim_complaints_print(&complaints, stderr);
    sim_complaints_clear(&complaints);
    if (!EXPECT(path, scenario != NULL)) {
        return;
    }
    sim_plan *plan = sim_scenario_plan_create(scenario);
    sim_plan *largest = sim_scenario_largest_plan(scenario);
    void *world = largest != NULL ? sim_backend_des.create(largest) : NULL;
    if (EXPECT("there is memory for a world", plan != NULL && world != NULL)) {
        EXPECT_INT("one call a trial", plan->call_count, 1);
        run_cells(scenario, world, plan);
    }
    sim_backend_des.destroy(world);
    sim_scenario_plan_destroy(largest);
    sim_scenario_plan_destroy(plan);
    sim_scenario_destroy(scenario);
}

static void every_committed_scenario_runs(void) {
    const char *source = getenv("PUNCH_SOURCE_DIR");
    EXPECT("ctest says where the sources are", source != NULL);
    for (size_t i = 0; source != NULL && i < sizeof names / sizeof names[0]; i++) {
        run_scenario(source, names[i]);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"every committed scenario runs", every_committed_scenario_runs},
    };
    return PUNCH_TEST_MAIN("unit_scenario_runs", cases);
}
