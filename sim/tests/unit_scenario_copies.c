/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several b in scenario files: a plan has as many hosts, sites and calls, no two with the same
 * address, drawn apart and without disturbing the first; they connect; what cannot be is refused.
 */
#include <stdio.h>
#include <string.h>

#include "punch_test.h"
#include "sim/backend.h"
#include "sim/scenario.h"

static sim_scenario *load(const char *text) {
    sim_complaints complaints = {0};
    sim_scenario *scenario = sim_scenario_parse("x.json", text, strlen(text), NULL, 0, &complaints);
    sim_complaints_print(&complaints, stderr);
    sim_complaints_clear(&complaints);
    EXPECT("it loads", scenario != NULL);
    return scenario;
}

enum { HOST_FIRST_COPY = 3, COUNT_MAX = 64 };

/* Everything about b that can be drawn is; "counts" are the levels of the factor. */
#define DRAWN(more, counts)                                                                      \
    "{\"name\": \"x\", \"limit\": \"60s\", \"nat\": {\"home\": {\"filtering\": \"APDF\", "       \
    "\"udp_timeout\": {\"uniform\": [\"30s\", \"300s\"]}}, \"cgn\": {}}, \"link\": {\"dsl\": "   \
    "{\"delay\": {\"uniform\": [\"1ms\", \"99ms\"]}}}, \"peers\": {\"a\": {\"nat\": \"home\"}, " \
    "\"b\": {\"nat\": \"home\", \"link\": \"dsl\", \"clock_drift\": {\"uniform\": [\"-50ppm\", " \
    "\"50ppm\"]}" more                                                                           \
    "}}, \"call\": {\"at\": {\"uniform\": [\"2s\", \"9s\"]}}, \"factors\": "                     \
    "[{\"name\": \"peers\", \"set\": \"peers.b.count\", \"levels\": " counts "}]}"

static void plans_hold_all(void) {
    static const struct {
        const char *name;
        const char *text;
        uint32_t sites; /* of each b besides the first */
    } rows[] = {
        {"behind NATs of their own", DRAWN("", "[1, 2, 64]"), 1},
        {"behind carriers, too", DRAWN(", \"behind\": \"cgn\"", "[1, 2, 64]"), 2},
        {"with IPv6",
         "{\"name\": \"x\", \"peers\": {\"a\": {\"family\": \"ipv6\"}, \"b\": "
         "{\"family\": \"ipv6\"}}, \"factors\": [{\"name\": \"peers\", \"set\": "
         "\"peers.b.count\", \"levels\": [1, 2, 64]}]}",
         1},
    };
    static const uint32_t counts[] = {1, 2, 64};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sim_scenario *scenario = load(rows[i].text);
        sim_plan *plan = scenario != NULL ? sim_scenario_plan_create(scenario) : NULL;
        for (uint32_t cell = 0; plan != NULL && cell < 3; cell++) {
            sim_scenario_plan(scenario, cell, 7, plan);
            EXPECT_INT(rows[i].name, plan->host_count, HOST_FIRST_COPY - 1 + counts[cell]);
            EXPECT_INT(rows[i].name, plan->call_count, counts[cell]);
            EXPECT(rows[i].name,
                   counts[cell] == 1 ||
                       plan->hosts[HOST_FIRST_COPY + counts[cell] - 2].site + rows[i].sites ==
                           plan->site_count);
            /* Addresses given twice, sites that do not exist: all of that is refused. */
            const char *wrong = sim_backend_find("des")->refuses(plan);
            EXPECT_TEXT(rows[i].name, wrong != NULL ? wrong : "", "");
        }
        sim_scenario_plan_destroy(plan);
        sim_scenario_destroy(scenario);
    }
}

static void draws_are_apart(void) {
    sim_scenario *scenario = load(DRAWN("", "[1, 2, 30]"));
    sim_plan *plans[3] = {NULL};
    for (uint32_t cell = 0; scenario != NULL && cell < 3; cell++) {
        plans[cell] = sim_scenario_plan_create(scenario);
        sim_scenario_plan(scenario, cell, 5, plans[cell]);
    }
    if (plans[2] != NULL) {
        const sim_host_plan *b = &plans[2]->hosts[1];
        const sim_host_plan *b2 = &plans[2]->hosts[HOST_FIRST_COPY];
        const sim_host_plan *b3 = &plans[2]->hosts[HOST_FIRST_COPY + 1];
        EXPECT("clocks", b->clock_drift_ppb != b2->clock_drift_ppb &&
                             b2->clock_drift_ppb != b3->clock_drift_ppb);
        EXPECT("NATs", plans[2]->sites[b->site].nat.udp_timeout_stream_us !=
                           plans[2]->sites[b2->site].nat.udp_timeout_stream_us);
        EXPECT("links",
               plans[2]->sites[b2->site].up.delay_us != plans[2]->sites[b3->site].up.delay_us);
        EXPECT("moments", plans[2]->calls[1].at_us != plans[2]->calls[2].at_us);
        EXPECT_TEXT("names", b3->name, "b3");
        EXPECT_INT("the first is the same, however many there are", b->clock_drift_ppb,
                   plans[0]->hosts[1].clock_drift_ppb);
        EXPECT_INT("and is called at the same moment", plans[2]->calls[0].at_us,
                   plans[0]->calls[0].at_us);
        EXPECT_INT("so is the second", b2->clock_drift_ppb,
                   plans[1]->hosts[HOST_FIRST_COPY].clock_drift_ppb);
    }
    for (uint32_t cell = 0; cell < 3; cell++) {
        sim_scenario_plan_destroy(plans[cell]);
    }
    sim_scenario_destroy(scenario);
}

static void all_connect(void) {
    static const struct {
        const char *name;
        const char *text;
    } rows[] = {
        {"behind NATs of their own", DRAWN("", "[64, 3]")},
        {"behind carriers, too", DRAWN(", \"behind\": \"cgn\"", "[64, 3]")},
        {"with IPv6",
         "{\"name\": \"x\", \"limit\": \"60s\", \"peers\": {\"a\": {\"family\": "
         "\"ipv6\"}, \"b\": {\"family\": \"ipv6\"}}, \"factors\": [{\"name\": "
         "\"peers\", \"set\": \"peers.b.count\", \"levels\": [64, 3]}]}"},
    };
    const sim_backend_ops *des = sim_backend_find("des");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sim_scenario *scenario = load(rows[i].text);
        sim_plan *largest = scenario != NULL ? sim_scenario_largest_plan(scenario) : NULL;
        sim_plan *plan = scenario != NULL ? sim_scenario_plan_create(scenario) : NULL;
        void *world = largest != NULL ? des->create(largest) : NULL;
        EXPECT("there is room", world != NULL);
        for (uint32_t cell = 0; world != NULL && cell < 2; cell++) {
            sim_call_result calls[COUNT_MAX];
            sim_trial_result result = {.calls = calls};
            uint32_t connected = 0;
            sim_scenario_plan(scenario, cell, 3, plan);
            des->run(world, plan, 3, NULL, &result);
            for (uint32_t c = 0; c < plan->call_count; c++) {
                connected += calls[c].connected ? 1 : 0;
            }
            EXPECT_INT(rows[i].name, connected, plan->call_count);
        }
        if (world != NULL) {
            des->destroy(world);
        }
        sim_scenario_plan_destroy(plan);
        sim_scenario_plan_destroy(largest);
        sim_scenario_destroy(scenario);
    }
}

static void nonsense_is_refused(void) {
    static const struct {
        const char *text;
        const char *what;
    } rows[] = {
        {"{\"name\": \"x\", \"peers\": {\"a\": {\"count\": 2}, \"b\": {}}}", "\"count\" is of b"},
        {"{\"name\": \"x\", \"peers\": {\"a\": {}, \"b\": {\"count\": 0}}}", "1 .. 64"},
        {"{\"name\": \"x\", \"peers\": {\"a\": {}, \"b\": {\"count\": 65}}}", "1 .. 64"},
        {"{\"name\": \"x\", \"peers\": {\"a\": {}, \"b\": {\"count\": {\"uniform\": [1, 9]}}}}",
         "count"},
        {"{\"name\": \"x\", \"same_site\": true, \"peers\": {\"a\": {}, \"b\": {\"count\": 2}}}",
         "does not go with \"same_site\""},
        {"{\"name\": \"x\", \"same_carrier\": true, \"peers\": {\"a\": {}, \"b\": {\"count\": 2}}}",
         "does not go with \"same_site\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sim_complaints complaints = {0};
        sim_scenario *scenario =
            sim_scenario_parse("x.json", rows[i].text, strlen(rows[i].text), NULL, 0, &complaints);
        EXPECT(rows[i].text, scenario == NULL);
        EXPECT_INT(rows[i].text, complaints.count, 1);
        if (complaints.count == 1 && strstr(complaints.items[0].what, rows[i].what) == NULL) {
            EXPECT_TEXT(rows[i].text, complaints.items[0].what, rows[i].what);
        }
        sim_complaints_clear(&complaints);
        sim_scenario_destroy(scenario);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"plans hold all of them", plans_hold_all},
        {"draws are apart", draws_are_apart},
        {"all connect", all_connect},
        {"nonsense is refused", nonsense_is_refused},
    };
    return PUNCH_TEST_MAIN("unit_scenario_copies", cases);
}
