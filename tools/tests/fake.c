/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake.h"

#include <stdlib.h>
#include <string.h>

#include "punch_test.h"

static const char text_begin[] =
    "{\"name\": \"fake\", \"title\": \"t\", \"nat\": {\"n\": {}}, \"link\": {\"l\": {}},"
    "\"peers\": {\"a\": {\"nat\": \"n\", \"link\": \"l\"}, \"b\": {\"nat\": \"n\","
    "\"link\": \"l\"}}, \"broker\": {\"link\": \"l\"},"
    "\"factors\": [{\"name\": \"loss\", \"set\": \"link.l.loss\", \"treatment\": true, "
    "\"levels\": [\"0%\", \"1%\", \"2%\"]}]";

void fake_fill(const sim_plan *plan, uint64_t seed, sim_trial_result *result) {
    sim_call_result *call = &result->calls[0];
    sim_call_result *calls = result->calls;
    memset(call, 0, sizeof *call);
    memset(result, 0, sizeof *result);
    result->calls = calls;
    result->digest = seed * 3;
    result->events = 10;
    result->packets_sent = 5 + seed % 7;
    result->ended_at_us = PUNCH_NEVER;
    call->connected = seed % 4 != 0;
    call->time_to_connect_us = call->connected ? (punch_time_us)(seed % 1000000) : PUNCH_NEVER;
    call->connected_us[0] = call->time_to_connect_us;
    call->connected_us[1] = -1;
    if (!call->connected) {
        call->fail[0] = PUNCH_FAIL_NO_ANSWER;
        call->fail[1] = PUNCH_FAIL_NO_ANSWER;
        call->blocked[1] = 3;
        call->blocked_verdict[1] = NAT_DROP_FILTER_PORT;
        call->blocked_site[1] = plan->hosts[plan->calls[0].callee].site;
        call->arrived[0] = 1;
        call->lost_elsewhere[1][SIM_LOSS_NOWHERE] = 4;
        call->to_broker[0].blocked = (uint32_t)(seed / 4 % 3);
        call->to_broker[0].verdict = NAT_DROP_TABLE_FULL;
        call->from_broker[0].blocked = 2;
        call->from_broker[0].verdict = NAT_DROP_RATE;
        result->packets_blocked = 3;
        result->verdicts[NAT_DROP_FILTER_PORT] = 3;
        result->verdicts[NAT_DROP_RATE] = 2;
    }
    result->packets_lost_elsewhere[SIM_LOSS_TTL] = seed % 5;
    result->packets_copied = seed % 3;
}

const char *fake_refuses_nothing(const sim_plan *plan) {
    (void)plan;
    return NULL;
}

void *fake_create(const sim_plan *largest) {
    (void)largest;
    return malloc(1);
}

void fake_run(void *world, const sim_plan *plan, uint64_t seed, const sim_observer *observer,
              sim_trial_result *result) {
    (void)world;
    (void)observer;
    fake_fill(plan, seed, result);
}

const sim_backend_ops fake_backend = {"fake",      "for tests", true, fake_refuses_nothing,
                                      fake_create, fake_run,    free};

sim_scenario *fake_scenario(const char *more) {
    char text[2048];
    const int length = snprintf(text, sizeof text, "%s%s}", text_begin, more);
    sim_complaints complaints = {0};
    sim_scenario *scenario =
        sim_scenario_parse("fake.json", text, (size_t)length, NULL, 0, &complaints);
    sim_complaints_print(&complaints, stderr);
    sim_complaints_clear(&complaints);
    EXPECT("the scenario is well-formed", scenario != NULL);
    return scenario;
}

run_request fake_request(const sim_scenario *scenario, const sim_backend_ops *backend,
                         uint32_t jobs) {
    const run_request request = {.program = "prog",
                                 .file = "fake.json",
                                 .scenario = scenario,
                                 .backend = backend,
                                 .seed = 99,
                                 .trials = 777,
                                 .jobs = jobs,
                                 .shard_count = 1};
    return request;
}
