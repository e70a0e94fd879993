/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runner over a backend that computes nothing: places of results, any number of jobs, and an
 * interruption in the middle. The scenario is real, the worlds are not.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"
#include "punch_test.h"
#include "reason.h"
#include "run.h"

static const char text[] =
    "{\"name\": \"fake\", \"title\": \"t\", \"nat\": {\"n\": {}}, \"link\": {\"l\": {}},"
    "\"peers\": {\"a\": {\"nat\": \"n\", \"link\": \"l\"}, \"b\": {\"nat\": \"n\","
    "\"link\": \"l\"}}, \"broker\": {\"link\": \"l\"},"
    "\"factors\": [{\"name\": \"loss\", \"set\": \"link.l.loss\", \"levels\": "
    "[\"0%\", \"1%\", \"2%\"]}]}";

/* A trial of the fake: everything follows from its seed. Every fourth fails. */
static void fake_fill(const sim_plan *plan, uint64_t seed, sim_trial_result *result) {
    sim_call_result *call = &result->calls[0];
    memset(call, 0, sizeof *call);
    result->digest = seed * 3;
    result->events = 10;
    result->packets_sent = 5;
    call->connected = seed % 4 != 0;
    call->time_to_connect_us = call->connected ? (punch_time_us)(seed % 1000000) : PUNCH_NEVER;
    if (!call->connected) {
        call->fail[0] = PUNCH_FAIL_NO_ANSWER;
        call->fail[1] = PUNCH_FAIL_NO_ANSWER;
        call->blocked[1] = 3;
        call->blocked_verdict[1] = NAT_DROP_FILTER_PORT;
        call->blocked_site[1] = plan->hosts[plan->calls[0].callee].site;
        call->arrived[0] = 1;
    }
}

static const char *refuses_nothing(const sim_plan *plan) {
    (void)plan;
    return NULL;
}

static const char *refuses_all(const sim_plan *plan) {
    (void)plan;
    return "it is a fake";
}

static void *fake_create(const sim_plan *largest) {
    (void)largest;
    return malloc(1);
}

static void fake_run(void *world, const sim_plan *plan, uint64_t seed, const sim_observer *observer,
                     sim_trial_result *result) {
    (void)world;
    (void)observer;
    fake_fill(plan, seed, result);
}

/* Trials run by the interrupting fake: a backend's run() has no place of its own for it. */
static atomic_int trials_run;

static void fake_run_interrupting(void *world, const sim_plan *plan, uint64_t seed,
                                  const sim_observer *observer, sim_trial_result *result) {
    fake_run(world, plan, seed, observer, result);
    if (atomic_fetch_add(&trials_run, 1) == 5000) {
        kill(getpid(), SIGINT);
    }
}

static const sim_backend_ops fake = {"fake",      "for tests", true, refuses_nothing,
                                     fake_create, fake_run,    free};
static const sim_backend_ops interrupting = {
    "fake", "for tests", true, refuses_nothing, fake_create, fake_run_interrupting, free};
static const sim_backend_ops refusing = {"fake",      "for tests", true, refuses_all,
                                         fake_create, fake_run,    free};

static sim_scenario *parse(void) {
    sim_complaints complaints = {0};
    sim_scenario *scenario =
        sim_scenario_parse("fake.json", text, strlen(text), NULL, 0, &complaints);
    sim_complaints_print(&complaints, stderr);
    sim_complaints_clear(&complaints);
    EXPECT("the scenario is well-formed", scenario != NULL);
    return scenario;
}

static run_request request_of(const sim_scenario *scenario, const sim_backend_ops *backend,
                              uint32_t jobs) {
    const run_request request = {.program = "prog",
                                 .file = "fake.json",
                                 .scenario = scenario,
                                 .backend = backend,
                                 .seed = 99,
                                 .trials = 777,
                                 .jobs = jobs};
    return request;
}

static void places(void) {
    sim_scenario *scenario = parse();
    uint64_t digests[3] = {0};
    static const uint32_t jobs[3] = {1, 2, 7};
    for (size_t j = 0; scenario != NULL && j < 3; j++) {
        const run_request request = request_of(scenario, &fake, jobs[j]);
        run_results results;
        EXPECT("it runs", run_trials(&request, &results));
        EXPECT_INT("three cells", results.cell_count, 3);
        EXPECT_INT("all trials", results.trials_done, 3 * 777);
        EXPECT("not interrupted", !results.interrupted);
        for (uint32_t c = 0; c < results.cell_count; c++) {
            EXPECT_INT("each cell has all its trials", results.cells[c].trials_done, 777);
            uint64_t wrong = 0;
            for (uint64_t t = 0; t < 777; t++) {
                const uint64_t seed = sim_scenario_trial_seed(scenario, 99, c, t);
                wrong += results.cells[c].trials[t].digest != seed * 3;
            }
            EXPECT_INT("each result stands in its place", wrong, 0);
        }
        digests[j] = run_digest(&results);
        run_results_free(&results);
    }
    EXPECT("two jobs, same results", digests[0] == digests[1]);
    EXPECT("seven jobs, same results", digests[0] == digests[2]);
    sim_scenario_destroy(scenario);
}

static void interruption(void) {
    sim_scenario *scenario = parse();
    if (scenario == NULL) {
        return;
    }
    run_request request = request_of(scenario, &interrupting, 2);
    request.trials = 20000000 / sizeof(sim_trial_result);
    atomic_store(&trials_run, 0);
    run_results results;
    EXPECT("it runs", run_trials(&request, &results));
    EXPECT("and says that it was interrupted", results.interrupted);
    EXPECT("something was finished", results.trials_done > 0);
    EXPECT("but not everything", results.trials_done < 3 * request.trials);
    for (uint32_t c = 0; c < results.cell_count; c++) {
        uint64_t wrong = 0;
        for (uint64_t t = 0; t < results.cells[c].trials_done; t++) {
            const uint64_t seed = sim_scenario_trial_seed(scenario, 99, c, t);
            wrong += results.cells[c].trials[t].digest != seed * 3;
        }
        EXPECT_INT("what is kept has no gaps", wrong, 0);
    }
    run_results_free(&results);
    sim_scenario_destroy(scenario);
}

static void refusal(void) {
    sim_scenario *scenario = parse();
    if (scenario == NULL) {
        return;
    }
    const run_request good = request_of(scenario, &fake, 1);
    const run_request bad = request_of(scenario, &refusing, 1);
    EXPECT("a backend that can, may", run_refused(&good) == NULL);
    EXPECT_TEXT("one that cannot says why", run_refused(&bad), "it is a fake");
    sim_scenario_destroy(scenario);
}

static void measured(void) {
    sim_scenario *scenario = parse();
    if (scenario == NULL) {
        return;
    }
    const run_request request = request_of(scenario, &fake, 1);
    run_results results;
    EXPECT("it runs", run_trials(&request, &results));
    uint64_t connected = 0;
    uint64_t first_failed = UINT64_MAX;
    for (uint64_t t = 0; t < 777; t++) {
        const bool good = results.cells[0].trials[t].calls[0].connected;
        connected += good ? 1 : 0;
        first_failed = !good && first_failed == UINT64_MAX ? t : first_failed;
    }
    measure_cell cell = measure_cell_of(&results.cells[0]);
    size_t count = 0;
    const measure *table = measures(&count);
    EXPECT_TEXT("the first measure", table[MEASURE_CONNECTED].name, "connected");
    EXPECT_TEXT("the second", table[MEASURE_TIME_P50].name, "time_to_connect_s_p50");
    EXPECT_TEXT("the third", table[MEASURE_TIME_P95].name, "time_to_connect_s_p95");
    const stats_estimate share = table[MEASURE_CONNECTED].estimate(&cell);
    EXPECT_REAL("share that connected", share.value, (double)connected / 777.0, 1e-15);
    const stats_estimate p95 = table[MEASURE_TIME_P95].estimate(&cell);
    EXPECT("a quarter fails, so the 95th percentile is never", p95.value > 1e300);
    measure_cell_free(&cell);
    const reason_top top = reason_of_cell(&results, 0);
    EXPECT_TEXT("the reason in words", top.text,
                "no_answer; b's NAT dropped a: other port (filter-port)");
    EXPECT_INT("every failure", top.failed_count, 777 - connected);
    EXPECT_INT("all for it", top.count, top.failed_count);
    EXPECT_INT("the first is the example", top.example_trial, first_failed);
    run_results_free(&results);
    sim_scenario_destroy(scenario);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"each result stands in its place, for any number of jobs", places},
        {"an interrupted run keeps a prefix of each cell", interruption},
        {"a backend's refusal is passed on", refusal},
        {"measures and reasons of a cell", measured},
    };
    return PUNCH_TEST_MAIN("run", cases);
}
