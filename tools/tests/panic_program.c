/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program in which an invariant breaks: a backend that asserts in one trial, half a second into
 * the simulated time. For cli_panic.
 */
#include <stdlib.h>
#include <string.h>

#include "punch/assert.h"
#include "run.h"

static const char text[] =
    "{\"name\": \"fake\", \"title\": \"t\", \"nat\": {\"n\": {}}, \"link\": {\"l\": {}},"
    "\"peers\": {\"a\": {\"nat\": \"n\", \"link\": \"l\"}, \"b\": {\"nat\": \"n\","
    "\"link\": \"l\"}}, \"broker\": {\"link\": \"l\"}}";

#define RUN_SEED 5
#define BROKEN_TRIAL 42

static const char *refuses_nothing(const sim_plan *plan) {
    (void)plan;
    return NULL;
}

static void *create(const sim_plan *largest) {
    (void)largest;
    return malloc(1);
}

/* A world remembers nothing, so the trial to break is told by the seed that main() puts here before
 * any thread runs. */
static uint64_t broken_seed;

static void run(void *world, const sim_plan *plan, uint64_t seed, const sim_observer *observer,
                sim_trial_result *result) {
    (void)world;
    (void)plan;
    memset(&result->calls[0], 0, sizeof result->calls[0]);
    result->calls[0].time_to_connect_us = PUNCH_NEVER;
    if (observer != NULL) {
        const sim_saw record = {.kind = SIM_SAW_FAULT, .at_us = 500000};
        observer->saw(observer->user, &record);
    }
    PUNCH_ASSERT(seed != broken_seed);
}

int main(void) {
    static const sim_backend_ops fake = {"fake", "for tests", true, refuses_nothing,
                                         create, run,         free};
    static const sim_override overrides[] = {{"core.fire_rule", "on_receipt"}};
    sim_complaints complaints = {0};
    sim_scenario *scenario =
        sim_scenario_parse("fake.json", text, strlen(text), overrides, 1, &complaints);
    sim_complaints_print(&complaints, stderr);
    if (scenario == NULL) {
        return 1;
    }
    broken_seed = sim_scenario_trial_seed(scenario, RUN_SEED, 0, BROKEN_TRIAL);
    const run_request request = {.program = "tools/punchlab",
                                 .file = "a file.json",
                                 .overrides = overrides,
                                 .override_count = 1,
                                 .scenario = scenario,
                                 .backend = &fake,
                                 .seed = RUN_SEED,
                                 .trials = 100,
                                 .jobs = 2,
                                 .shard_count = 1};
    char path[64];
    FILE *nameless = tmpfile();
    if (nameless == NULL) {
        return 1;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(nameless));
    run_outcome outcome;
    (void)run_trials(&request, path, NULL, &outcome);
    return 0; /* not reached: the assert ends the process */
}
