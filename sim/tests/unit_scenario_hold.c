/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What scenarios say about holding connections: timeouts drawn once, hosts that crash, sleep and
 * wake, an application that redials, radios; and how wrong ones are refused.
 */
#include <stdio.h>
#include <string.h>

#include "punch_test.h"
#include "radio.h"
#include "sim/backend.h"
#include "sim/scenario.h"

#define S PUNCH_US_PER_S
#define TRIALS 200

static sim_scenario *load(const char *text) {
    sim_complaints complaints = {0};
    sim_scenario *scenario = sim_scenario_parse("x.json", text, strlen(text), NULL, 0, &complaints);
    sim_complaints_print(&complaints, stderr);
    sim_complaints_clear(&complaints);
    EXPECT("the scenario is right", scenario != NULL);
    return scenario;
}

static const char hold_text[] =
    "{\"name\": \"x\", \"limit\": \"2h\", \"hold\": \"1h\", \"call\": {\"redial\": \"3s\"},"
    "\"nat\": {\"n\": {\"preset\": \"linux-masquerade\", \"udp_timeout\": {\"choice\": ["
    " {\"share\": \"50%\", \"value\": \"30s\"},"
    " {\"share\": \"50%\", \"value\": {\"loguniform\": [\"60s\", \"240s\"]}}]}}},"
    "\"peers\": {\"a\": {\"nat\": \"n\", \"radio\": \"3g\"}, \"b\": {\"radio\": \"custom\","
    " \"radio_high_tail\": \"5s\", \"radio_low_tail\": \"12s\", \"radio_high_ma\": 200.5,"
    " \"radio_low_ma\": 100, \"radio_idle_ma\": 3}},"
    "\"timeline\": [{\"at\": \"1s\", \"do\": \"peer-sleep\", \"on\": \"b\"},"
    " {\"at\": \"2s\", \"do\": \"peer-wake\", \"on\": \"b\"},"
    " {\"at\": \"3s\", \"do\": \"peer-wake\", \"on\": \"b\", \"network_changed\": false},"
    " {\"at\": \"4s\", \"do\": \"peer-crash\", \"on\": \"a\"}]}";

static void plans_have_it(void) {
    static const sim_radio_plan custom = {.high_tail_us = 5 * S,
                                          .low_tail_us = 12 * S,
                                          .high_ua = 200500,
                                          .low_ua = 100000,
                                          .idle_ua = 3000};
    sim_scenario *scenario = load(hold_text);
    sim_plan *plan = scenario != NULL ? sim_scenario_plan_create(scenario) : NULL;
    if (plan != NULL) {
        EXPECT_INT("redial", plan->calls[0].redial_us, 3 * S);
        EXPECT_BYTES("a's radio", &plan->hosts[0].radio, sim_radio_kind_plan(SIM_RADIO_3G),
                     sizeof custom);
        EXPECT_BYTES("b's radio", &plan->hosts[1].radio, &custom, sizeof custom);
        EXPECT_INT("four faults", plan->fault_count, 4);
        EXPECT_INT("the first strikes host b", plan->faults[0].index, 1);
        EXPECT_INT("puts it to sleep", plan->faults[0].kind, SIM_FAULT_PEER_SLEEP);
        EXPECT("cores are told of an awakening", plan->faults[1].network_changed);
        EXPECT("or not", !plan->faults[2].network_changed);
        EXPECT_INT("the last strikes host a", plan->faults[3].index, 0);
        EXPECT_INT("dead", plan->faults[3].kind, SIM_FAULT_PEER_CRASH);
    }
    sim_scenario_plan_destroy(plan);
    sim_scenario_destroy(scenario);
}

/* Half are 30 s; of the others, half below the geometric mean of 60 s and 240 s. */
static void timeouts_are_drawn_once(void) {
    sim_scenario *scenario = load(hold_text);
    sim_plan *plan = scenario != NULL ? sim_scenario_plan_create(scenario) : NULL;
    uint32_t atoms = 0;
    uint32_t low = 0;
    uint32_t high = 0;
    for (uint64_t seed = 0; plan != NULL && seed < TRIALS; seed++) {
        sim_scenario_plan(scenario, 0, seed, plan);
        const nat_config *config = &plan->sites[0].nat;
        EXPECT_INT("first and stream alike", config->udp_timeout_first_us,
                   config->udp_timeout_stream_us);
        atoms += config->udp_timeout_first_us == 30 * S;
        low += config->udp_timeout_first_us >= 60 * S && config->udp_timeout_first_us < 120 * S;
        high += config->udp_timeout_first_us >= 120 * S && config->udp_timeout_first_us <= 240 * S;
    }
    EXPECT_INT("nothing else is drawn", atoms + low + high, TRIALS);
    /* Four standard deviations of a binomial each. */
    EXPECT_REAL("half are atoms", atoms, TRIALS / 2.0, 28);
    EXPECT_REAL("a quarter lies below the geometric mean", low, TRIALS / 4.0, 25);
    EXPECT_REAL("a quarter above", high, TRIALS / 4.0, 25);
    sim_scenario_plan_destroy(plan);
    sim_scenario_destroy(scenario);
}

typedef struct {
    const char *sentence;
    const char *text;
    const char *pointer;
    const char *what;
} bad_row;

static const bad_row bad_rows[] = {
    {"a broker that crashes like a peer",
     "\"timeline\": [{\"at\": \"1s\", \"do\": \"peer-crash\", \"on\": \"broker\"}]", "/timeline/0",
     "happens to peers only"},
    {"a loguniform from 0",
     "\"nat\": {\"n\": {\"udp_timeout\": {\"choice\": [{\"share\": \"100%\", \"value\": "
     "{\"loguniform\": [\"0s\", \"9s\"]}}]}}}",
     "/nat/n/udp_timeout/choice/0/value/loguniform/0", "0s is out of range"},
    {"a jitter log-uniform from 0",
     "\"link\": {\"l\": {\"jitter\": {\"loguniform\": [\"0s\", \"9s\"]}}}",
     "/link/l/jitter/loguniform", "begins above 0"},
    {"a loguniform upside down",
     "\"link\": {\"l\": {\"jitter\": {\"loguniform\": [\"9s\", \"1s\"]}}}",
     "/link/l/jitter/loguniform", "the least value stands first"},
    {"held for longer than there is time", "\"limit\": \"60s\", \"hold\": \"720h\"", "/hold",
     "\"hold\" 720h is more than \"limit\" 1min leaves after a call at 5s: together they need a "
     "limit "
     "of 2592005s"},
    {"by a call that may be late",
     "\"limit\": \"60s\", \"hold\": \"40s\", \"call\": {\"at\": {\"uniform\": [\"1s\", "
     "\"20001ms\"]}}",
     "/hold", "after a call at 20001ms"},
    {"by a choice of calls",
     "\"limit\": \"60s\", \"hold\": \"40s\", \"call\": {\"at\": {\"choice\": [{\"share\": \"99%\", "
     "\"value\": \"1s\"}, {\"share\": \"1%\", \"value\": {\"quantiles\": {\"0%\": \"2s\", "
     "\"100%\": \"30s\"}}}]}}",
     "/hold", "after a call at 30s"},
    {"in one cell",
     "\"factors\": [{\"name\": \"f\", \"set\": \"hold\", \"levels\": [\"115s\", \"116s\"]}]",
     "/factors/0", "and what it takes to connect in the cell f=116s"},
    {"a timeout said twice",
     "\"nat\": {\"n\": {\"udp_timeout\": \"30s\", \"udp_timeout_stream\": \"60s\"}}", "/nat/n",
     "give it or them"},
    {"a radio's figures for no radio", "\"peers\": {\"a\": {\"radio_idle_ma\": 3}, \"b\": {}}",
     "/peers/a", "\"radio\": \"custom\""},
    {"more than an ampere",
     "\"peers\": {\"a\": {\"radio\": \"custom\", \"radio_high_ma\": 1001}, \"b\": {}}",
     "/peers/a/radio_high_ma", "0 .. 1000"},
};

/* Up to there, and for calls whose time has no end, by what is usual of them. */
static void holds_that_fit_are_not(void) {
    static const char *const texts[] = {
        "\"limit\": \"60s\", \"hold\": \"55s\"",
        "\"limit\": \"60s\", \"hold\": \"40s\", \"call\": {\"at\": {\"uniform\": [\"1s\", "
        "\"20s\"]}}",
        "\"limit\": \"60s\", \"hold\": \"40s\", \"call\": {\"at\": {\"exponential\": {\"mean\": "
        "\"20s\"}}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[400];
        (void)snprintf(text, sizeof text,
                       "{\"name\": \"x\", \"peers\": {\"a\": {}, \"b\": {}}, %s}", texts[i]);
        sim_scenario_destroy(load(text));
    }
}

static void mistakes_are_refused(void) {
    for (size_t i = 0; i < sizeof bad_rows / sizeof bad_rows[0]; i++) {
        const bad_row *row = &bad_rows[i];
        const bool has_peers = strstr(row->text, "\"peers\"") != NULL;
        char text[400];
        (void)snprintf(text, sizeof text, "{\"name\": \"x\", %s%s}",
                       has_peers ? "" : "\"peers\": {\"a\": {}, \"b\": {}}, ", row->text);
        sim_complaints complaints = {0};
        sim_scenario *scenario =
            sim_scenario_parse("x.json", text, strlen(text), NULL, 0, &complaints);
        EXPECT(row->sentence, scenario == NULL && complaints.count > 0);
        if (complaints.count > 0) {
            EXPECT_TEXT(row->sentence, complaints.items[0].pointer, row->pointer);
            if (!EXPECT(row->sentence, strstr(complaints.items[0].what, row->what) != NULL)) {
                (void)fprintf(stderr, "got \"%s\"\n", complaints.items[0].what);
            }
        }
        sim_complaints_clear(&complaints);
        sim_scenario_destroy(scenario);
    }
}

/* Outages longer than a call is set up for: the broker may ring for a call that its caller has
 * given up and placed anew meanwhile. */
static void late_rings_do_no_harm(void) {
    sim_scenario *scenario = load(
        "{\"name\": \"x\", \"limit\": \"3h\", \"hold\": \"2h\", \"nat\": {\"box\": {\"filtering\": "
        "\"APDF\", \"allocation\": \"random\", \"refresh_inbound\": false, \"udp_timeout\": "
        "\"60s\"}}, \"link\": {\"access\": {\"delay\": \"10ms\", \"burst_good\": \"60s\", "
        "\"burst_bad\": \"20s\", \"burst_loss_bad\": \"100%\"}}, \"peers\": {\"a\": {\"nat\": "
        "\"box\", \"link\": \"access\"}, \"b\": {\"nat\": \"box\", \"link\": \"access\"}}, "
        "\"call\": {\"at\": \"2s\", \"redial\": \"1s\"}}");
    const sim_backend_ops *des = sim_backend_find("des");
    sim_plan *plan = scenario != NULL ? sim_scenario_largest_plan(scenario) : NULL;
    void *world = plan != NULL ? des->create(plan) : NULL;
    for (uint32_t trial = 0; world != NULL && trial < 5; trial++) {
        sim_call_result call;
        sim_trial_result result = {.calls = &call};
        const uint64_t seed = sim_scenario_trial_seed(scenario, 1, 0, trial);
        sim_scenario_plan(scenario, 0, seed, plan);
        des->run(world, plan, seed, NULL, &result);
        EXPECT("it was called again and again", call.hold.redials > 5);
    }
    if (world != NULL) {
        des->destroy(world);
    }
    sim_scenario_plan_destroy(plan);
    sim_scenario_destroy(scenario);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"plans have what scenarios say", plans_have_it},
        {"timeouts are drawn once", timeouts_are_drawn_once},
        {"holds that fit are not refused", holds_that_fit_are_not},
        {"late rings do no harm", late_rings_do_no_harm},
        {"mistakes are refused", mistakes_are_refused},
    };
    return PUNCH_TEST_MAIN("unit_scenario_hold", cases);
}
