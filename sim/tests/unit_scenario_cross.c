/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other hosts behind a NAT in scenario files: settings arrive, factors and populations set them,
 * absurd ones are refused with the arithmetic, and treatments meet the same flows.
 */
#include <stdio.h>
#include <string.h>

#include "punch_test.h"
#include "sim/backend.h"
#include "sim/scenario.h"

static sim_scenario *parse(const char *text, sim_complaints *complaints) {
    return sim_scenario_parse("x.json", text, strlen(text), NULL, 0, complaints);
}

static sim_scenario *load(const char *text) {
    sim_complaints complaints = {0};
    sim_scenario *scenario = parse(text, &complaints);
    sim_complaints_print(&complaints, stderr);
    sim_complaints_clear(&complaints);
    EXPECT("it loads", scenario != NULL);
    return scenario;
}

#define PEERS "\"peers\": {\"a\": {\"nat\": \"home\"}, \"b\": {\"nat\": \"home\"}}"

static void expect_cross(const char *sentence, const sim_cross_plan *got,
                         const sim_cross_plan *expected) {
    EXPECT_INT(sentence, got->rate_milli, expected->rate_milli);
    EXPECT_INT(sentence, got->dispersion_milli, expected->dispersion_milli);
    EXPECT_INT(sentence, got->hosts, expected->hosts);
    EXPECT_REAL(sentence, (double)got->answered, (double)expected->answered, 1e6);
}

static void settings_arrive(void) {
    static const struct {
        const char *name;
        const char *text;
        uint32_t cell;
        sim_cross_plan expected;
    } rows[] = {
        {"nobody else",
         "{\"name\": \"x\", \"nat\": {\"home\": {}}, " PEERS "}",
         0,
         {0, 1000, 50, PUNCH_PROBABILITY_ONE}},
        {"behind a preset",
         "{\"name\": \"x\", \"nat\": {\"home\": {\"preset\": \"pf\", \"cross_rate\": 2.5}}, " PEERS
         "}",
         0,
         {2500, 1000, 50, PUNCH_PROBABILITY_ONE}},
        {"all of it",
         "{\"name\": \"x\", \"nat\": {\"home\": {\"cross_rate\": 20, \"cross_dispersion\": 4, "
         "\"cross_hosts\": 7, \"cross_answered\": \"75%\"}}, " PEERS "}",
         0,
         {20000, 4000, 7, PUNCH_PROBABILITY_ONE / 4 * 3}},
        {"a level",
         "{\"name\": \"x\", \"nat\": {\"home\": {\"cross_hosts\": 9}}, " PEERS
         ", \"factors\": [{\"name\": \"rate\", \"set\": \"nat.home.cross_rate\", \"levels\": [0, "
         "30]}]}",
         1,
         {30000, 1000, 9, PUNCH_PROBABILITY_ONE}},
        {"a population's",
         "{\"name\": \"x\", \"populations\": {\"p\": {\"source\": \"s\", \"common\": "
         "{\"cross_rate\": 3}, \"classes\": [{\"share\": \"100%\", \"cross_hosts\": 2}]}}, "
         "\"peers\": {\"a\": {\"nat\": {\"population\": \"p\"}}, \"b\": {\"nat\": {\"population\": "
         "\"p\"}}}}",
         0,
         {3000, 1000, 2, PUNCH_PROBABILITY_ONE}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sim_scenario *scenario = load(rows[i].text);
        if (scenario == NULL) {
            continue;
        }
        sim_plan *plan = sim_scenario_plan_create(scenario);
        sim_plan *largest = sim_scenario_largest_plan(scenario);
        sim_scenario_plan(scenario, rows[i].cell, 1, plan);
        expect_cross(rows[i].name, &plan->sites[0].cross, &rows[i].expected);
        expect_cross(rows[i].name, &plan->sites[2].cross, &rows[i].expected);
        EXPECT_INT("the broker's site is empty", plan->sites[1].cross.rate_milli, 0);
        EXPECT("the largest plan has room for them",
               largest->sites[0].cross.rate_milli >= rows[i].expected.rate_milli &&
                   largest->sites[2].cross.rate_milli >= rows[i].expected.rate_milli);
        EXPECT("des runs it", sim_backend_des.refuses(plan) == NULL);
        EXPECT("and the largest", sim_backend_des.refuses(largest) == NULL);
        sim_scenario_plan_destroy(largest);
        sim_scenario_plan_destroy(plan);
        sim_scenario_destroy(scenario);
    }
}

static void too_much_is_refused(void) {
    static const struct {
        const char *name;
        const char *text;
        const char *pointer; /* NULL: it loads */
        const char *what;
    } rows[] = {
        {"a dispersion below Poisson's",
         "{\"name\": \"x\", \"nat\": {\"home\": {\"cross_dispersion\": 0.9}}, " PEERS "}",
         "/nat/home/cross_dispersion", "0.9 is out of range"},
        {"no hosts", "{\"name\": \"x\", \"nat\": {\"home\": {\"cross_hosts\": 0}}, " PEERS "}",
         "/nat/home/cross_hosts", "0 is out of range"},
        /* 3 x 300 s and 120 s at 9,803 are 9,999,060; at 9,804 10,000,080. */
        {"just what a trial has time for",
         "{\"name\": \"x\", \"nat\": {\"home\": {\"cross_rate\": 9803}}, " PEERS "}", NULL, NULL},
        {"more than a trial has time for",
         "{\"name\": \"x\", \"nat\": {\"home\": {\"cross_rate\": 9804}}, " PEERS "}", "/nat/home",
         "\"cross_rate\" 9804 makes 10000080 flows a trial: that many a second for three times as "
         "long as a mapping of theirs lasts (5min), so that the table is in its stride when the "
         "world begins, and "
         "for the limit (2min); at most 10000000 are allowed"},
        {"through a day",
         "{\"name\": \"x\", \"limit\": \"720h\", \"nat\": {\"home\": {\"cross_rate\": 4}}, " PEERS
         "}",
         "/nat/home", "for the limit (720h)"},
        {"in one cell",
         "{\"name\": \"x\", \"nat\": {\"home\": {}}, " PEERS ", \"factors\": [{\"name\": \"rate\", "
         "\"set\": \"nat.home.cross_rate\", \"levels\": [0, 20000]}]}",
         "/nat/home", "in the cell rate=20000"},
        {"in a class",
         "{\"name\": \"x\", \"nat\": {\"home\": {}}, " PEERS
         ", \"populations\": {\"p\": {\"source\": "
         "\"s\", \"classes\": [{\"share\": \"100%\", \"cross_rate\": 20000}]}}}",
         "/populations/p/classes/0", "flows a trial"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sim_complaints complaints = {0};
        sim_scenario *scenario = parse(rows[i].text, &complaints);
        EXPECT_INT(rows[i].name, scenario == NULL, rows[i].pointer != NULL);
        EXPECT_INT(rows[i].name, complaints.count, rows[i].pointer != NULL ? 1 : 0);
        if (complaints.count == 1) {
            EXPECT_TEXT(rows[i].name, complaints.items[0].pointer, rows[i].pointer);
            if (!EXPECT(rows[i].name, strstr(complaints.items[0].what, rows[i].what) != NULL)) {
                (void)fprintf(stderr, "%s\n", complaints.items[0].what);
            }
        }
        sim_scenario_destroy(scenario);
        sim_complaints_clear(&complaints);
    }
}

/* What a table does when it is full is a treatment: the same flows come. */
static void treatments_meet_the_same_flows(void) {
    sim_scenario *scenario = load(
        "{\"name\": \"x\", \"nat\": {\"home\": {\"table_max\": 20, \"udp_timeout_first\": \"10s\", "
        "\"udp_timeout_stream\": \"10s\", \"cross_rate\": 40, \"cross_dispersion\": 3}}, " PEERS
        ", \"hold\": \"1s\", \"limit\": \"20s\", \"factors\": [{\"name\": \"full\", \"treatment\": "
        "true, \"set\": \"nat.home.table_full\", \"levels\": [\"refuse\", \"evict-oldest\", "
        "\"evict-random\"]}, {\"name\": \"after\", \"treatment\": true, \"set\": "
        "\"nat.home.udp_timeout_first\", \"levels\": [\"10s\", \"5s\"]}]}");
    sim_plan *plan = sim_scenario_plan_create(scenario);
    sim_plan *largest = sim_scenario_largest_plan(scenario);
    void *world = sim_backend_des.create(largest);
    double rate_sum = 0;
    uint32_t refusing = 0;
    for (uint32_t trial = 0; trial < 50; trial++) {
        double flows_per_s[6] = {0};
        for (uint32_t cell = 0; cell < sim_scenario_cell_count(scenario); cell++) {
            sim_call_result call = {0};
            sim_trial_result result = {.calls = &call};
            const uint64_t seed = sim_scenario_trial_seed(scenario, 1, cell, trial);
            sim_scenario_plan(scenario, cell, seed, plan);
            /* Ends at the limit, so that all last as long. */
            plan->hold_us = plan->limit_us;
            sim_backend_des.run(world, plan, seed, NULL, &result);
            EXPECT_INT("all end at the limit", result.ended_at_us, plan->limit_us);
            flows_per_s[cell] = (double)result.cross_flows / 20;
            refusing += result.cross_refused > 0;
            EXPECT("only a table that refuses does",
                   result.cross_refused == 0 || plan->sites[0].nat.full == NAT_FULL_REFUSE);
            EXPECT_REAL("the same flows", flows_per_s[cell], flows_per_s[0], 0);
        }
        rate_sum += flows_per_s[0];
    }
    EXPECT_INT("every refusing world refused", refusing, 100);
    /* Two NATs at 40 flows a second: 80 +- 4 sqrt(3 x 80 / (20 x 50)). */
    EXPECT_REAL("flows a second", rate_sum / 50, 80, 1.96);
    sim_backend_des.destroy(world);
    sim_scenario_plan_destroy(largest);
    sim_scenario_plan_destroy(plan);
    sim_scenario_destroy(scenario);
}

static void digests_know_them(void) {
    sim_scenario *plain = load("{\"name\": \"x\", \"nat\": {\"home\": {}}, " PEERS "}");
    sim_scenario *crowd =
        load("{\"name\": \"x\", \"nat\": {\"home\": {\"cross_rate\": 1}}, " PEERS "}");
    EXPECT("another scenario", sim_scenario_digest(plain) != sim_scenario_digest(crowd));
    sim_scenario_destroy(plain);
    sim_scenario_destroy(crowd);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"settings arrive", settings_arrive},
        {"too much is refused", too_much_is_refused},
        {"treatments meet the same flows", treatments_meet_the_same_flows},
        {"digests know them", digests_know_them},
    };
    return PUNCH_TEST_MAIN("unit_scenario_cross", cases);
}
