/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "expect", "until" and "tradeoff" that are right: cells and their opposites, bounds in the unit of
 * the measure, order, and that none is part of what tells worlds apart.
 */
#include <stdio.h>
#include <string.h>

#include "punch_test.h"
#include "sim/measure.h"
#include "sim/scenario.h"

/* 2 x 3 x 2 cells: cell = 6 flag + 2 loss + how. */
#define BASE                                                                                   \
    "{\"name\": \"x\", \"peers\": {\"a\": {}, \"b\": {}}, \"hold\": \"9s\",\n"                 \
    "\"factors\": [{\"name\": \"flag\", \"set\": \"core.peer_reflexive\", \"levels\": [true, " \
    "false]},\n"                                                                               \
    "{\"name\": \"loss\", \"set\": \"internet.loss\", \"levels\": [\"0%\", 0.5, {\"label\": "  \
    "\"a lot, \\\"indeed\\\"\", \"value\": \"90%\"}]},\n"                                      \
    "{\"name\": \"how\", \"treatment\": true, \"levels\": [{\"label\": \"x\", \"set\": {}}, "  \
    "{\"label\": \"y\", \"set\": {\"call.messages\": 2}}]}],\n"

static sim_scenario *load_with(const char *text, const sim_override *overrides, size_t count) {
    sim_complaints complaints = {0};
    sim_scenario *scenario =
        sim_scenario_parse("x.json", text, strlen(text), overrides, count, &complaints);
    sim_complaints_print(&complaints, stderr);
    EXPECT("the scenario loads", scenario != NULL);
    sim_complaints_clear(&complaints);
    return scenario;
}

typedef struct {
    const char *sentence;
    const char *claim;
    const char *measure;
    sim_expect_form form;
    sim_expect_bound bound;
    double limit;
    uint32_t count;
    uint32_t cells[12];  /* as many as count */
    uint32_t others[12]; /* likewise; unused for values */
} claim_row;

static const claim_row claims[] = {
    {"without cells, every cell",
     "\"measure\": \"connected\", \"at_least\": \"99%\"",
     "connected",
     SIM_EXPECT_VALUE,
     SIM_EXPECT_AT_LEAST,
     0.99,
     12,
     {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
     {0}},
    {"one cell, factors in any order",
     "\"measure\": \"connected\", \"cell\": {\"how\": \"y\", \"flag\": false, \"loss\": \"0%\"}, "
     "\"at_most\": 0.25",
     "connected",
     SIM_EXPECT_VALUE,
     SIM_EXPECT_AT_MOST,
     0.25,
     1,
     {7},
     {0}},
    {"a level that is a number, as a number",
     "\"measure\": \"connected\", \"cell\": {\"loss\": 0.5, \"how\": \"x\"}, \"exactly\": 1",
     "connected",
     SIM_EXPECT_VALUE,
     SIM_EXPECT_EXACTLY,
     1.0,
     2,
     {2, 8},
     {0}},
    {"... and as a text",
     "\"measure\": \"connected\", \"cell\": {\"loss\": \"0.5\", \"how\": \"x\"}, \"exactly\": "
     "\"0%\"",
     "connected",
     SIM_EXPECT_VALUE,
     SIM_EXPECT_EXACTLY,
     0.0,
     2,
     {2, 8},
     {0}},
    {"lists of levels, in any order, with quotation marks in labels",
     "\"measure\": \"connected\", \"cell\": {\"loss\": [\"a lot, \\\"indeed\\\"\", \"0%\"], "
     "\"flag\": \"true\", \"how\": [\"x\"]}, \"at_least\": \"0.5%\"",
     "connected",
     SIM_EXPECT_VALUE,
     SIM_EXPECT_AT_LEAST,
     0.005,
     2,
     {0, 4},
     {0}},
    {"times are durations, shown in seconds",
     "\"measure\": \"time_to_connect_s_p95\", \"cell\": {\"how\": \"x\", \"flag\": true, \"loss\": "
     "\"0%\"}, \"at_most\": \"250ms\"",
     "time_to_connect_s_p95",
     SIM_EXPECT_VALUE,
     SIM_EXPECT_AT_MOST,
     0.25,
     1,
     {0},
     {0}},
    {"counts are plain numbers",
     "\"measure\": \"keepalives_sent_mean\", \"cell\": {\"how\": \"x\", \"flag\": true, \"loss\": "
     "\"0%\"}, \"at_most\": 2.125",
     "keepalives_sent_mean",
     SIM_EXPECT_VALUE,
     SIM_EXPECT_AT_MOST,
     2.125,
     1,
     {0},
     {0}},
    {"a measure that only some cells have",
     "\"measure\": \"messages_acked_mean\", \"cell\": {\"how\": \"y\", \"flag\": true}, "
     "\"at_least\": \"50%\"",
     "messages_acked_mean",
     SIM_EXPECT_VALUE,
     SIM_EXPECT_AT_LEAST,
     0.5,
     3,
     {1, 3, 5},
     {0}},
    {"a difference in points",
     "\"measure\": \"connected\", \"cell\": {\"how\": \"y\"}, \"minus\": {\"how\": \"x\"}, "
     "\"at_least\": \"-1%\"",
     "connected",
     SIM_EXPECT_DIFFERENCE,
     SIM_EXPECT_AT_LEAST,
     -0.01,
     6,
     {1, 3, 5, 7, 9, 11},
     {0, 2, 4, 6, 8, 10}},
    {"a difference of times",
     "\"measure\": \"outbound_gap_s_max_p50\", \"cell\": {\"flag\": false, \"loss\": \"0%\"}, "
     "\"minus\": {\"flag\": true}, \"at_most\": \"-1500us\"",
     "outbound_gap_s_max_p50",
     SIM_EXPECT_DIFFERENCE,
     SIM_EXPECT_AT_MOST,
     -0.0015,
     2,
     {6, 7},
     {0, 1}},
    {"a ratio, two levels replaced",
     "\"measure\": \"time_to_connect_s_p50\", \"cell\": {\"flag\": true, \"loss\": 0.5}, \"over\": "
     "{\"loss\": \"0%\", \"flag\": \"false\"}, \"at_most\": \"150%\"",
     "time_to_connect_s_p50",
     SIM_EXPECT_RATIO,
     SIM_EXPECT_AT_MOST,
     1.5,
     2,
     {2, 3},
     {6, 7}},
    {"a ratio as a plain number",
     "\"measure\": \"packets_sent_mean\", \"cell\": {\"flag\": true, \"loss\": 0.5, \"how\": "
     "\"x\"}, \"over\": {\"how\": \"y\"}, \"at_most\": 2.5",
     "packets_sent_mean",
     SIM_EXPECT_RATIO,
     SIM_EXPECT_AT_MOST,
     2.5,
     1,
     {2},
     {3}},
};

static void check_claim(const claim_row *row) {
    char text[2048];
    (void)snprintf(text, sizeof text, "%s\"expect\": [\n{%s, \"why\": \"so\"}]}", BASE, row->claim);
    sim_scenario *scenario = load_with(text, NULL, 0);
    uint32_t count = 0;
    const sim_expect *got = scenario != NULL ? sim_scenario_expects(scenario, &count) : NULL;
    uint32_t measure_count;
    EXPECT_INT(row->sentence, count, row->count);
    for (uint32_t i = 0; i < count && i < row->count; i++) {
        const bool value = row->form == SIM_EXPECT_VALUE;
        EXPECT_TEXT(row->sentence, sim_measures(&measure_count)[got[i].measure].name, row->measure);
        EXPECT_INT(row->sentence, got[i].form, row->form);
        EXPECT_INT(row->sentence, got[i].bound, row->bound);
        EXPECT_REAL(row->sentence, got[i].limit, row->limit, 1e-15);
        EXPECT_INT(row->sentence, got[i].cell, row->cells[i]);
        EXPECT_INT(row->sentence, got[i].other, value ? row->cells[i] : row->others[i]);
        EXPECT_TEXT("the author's words", got[i].why, "so");
        EXPECT_INT("the entry", got[i].entry, 0);
        EXPECT_INT("its line", got[i].line, 6);
    }
    sim_scenario_destroy(scenario);
}

static void claims_find_their_cells(void) {
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        check_claim(&claims[i]);
    }
}

static void claims_come_in_order(void) {
    static const struct {
        uint32_t entry, cell;
        sim_expect_bound bound;
    } expected[] = {{0, 0, SIM_EXPECT_AT_LEAST},
                    {0, 0, SIM_EXPECT_AT_MOST},
                    {0, 2, SIM_EXPECT_AT_LEAST},
                    {0, 2, SIM_EXPECT_AT_MOST},
                    {1, 1, SIM_EXPECT_EXACTLY}};
    sim_scenario *scenario = load_with(
        BASE
        "\"expect\": [{\"measure\": \"connected\", \"cell\": {\"flag\": true, \"how\": \"x\", "
        "\"loss\": [0.5, \"0%\"]}, \"at_most\": \"20%\", \"at_least\": \"20%\"},\n{\"measure\": "
        "\"connected\", \"cell\": {\"flag\": true, \"how\": \"y\", \"loss\": \"0%\"}, "
        "\"exactly\": \"100%\"}]}",
        NULL, 0);
    uint32_t count = 0;
    const sim_expect *got = scenario != NULL ? sim_scenario_expects(scenario, &count) : NULL;
    EXPECT_INT("five claims", count, sizeof expected / sizeof expected[0]);
    for (uint32_t i = 0; i < count && i < sizeof expected / sizeof expected[0]; i++) {
        EXPECT_INT("by entry", got[i].entry, expected[i].entry);
        EXPECT_INT("then by cell", got[i].cell, expected[i].cell);
        EXPECT_INT("then by bound", got[i].bound, expected[i].bound);
        EXPECT("without a reason there is none", got[i].why == NULL);
    }
    EXPECT_INT("the second entry's line", count == 5 ? got[4].line : 0, 6);
    sim_scenario_destroy(scenario);
}

static void nothing_is_expected_by_default(void) {
    uint32_t count = 9;
    sim_scenario *scenario = load_with(BASE "\"trials\": 70}", NULL, 0);
    if (scenario != NULL) {
        (void)sim_scenario_expects(scenario, &count);
        EXPECT_INT("no claims", count, 0);
        EXPECT("no rule", !sim_scenario_until(scenario).given);
        EXPECT("nothing to trade", !sim_scenario_tradeoff(scenario).given);
        EXPECT_INT("as many trials as the file says", sim_scenario_trials(scenario), 70);
    }
    sim_scenario_destroy(scenario);
}

typedef struct {
    const char *sentence;
    const char *text;
    const char *key; /* of an override, or NULL */
    const char *value;
    const char *measure;
    double half_width;
    uint64_t trials_max;
} until_row;

static const until_row rules[] = {
    {"a share", BASE "\"until\": {\"half_width\": \"0.5%\"}}", NULL, NULL, "connected", 0.005,
     100000},
    {"a share as a number",
     BASE "\"until\": {\"measure\": \"held\", \"half_width\": 0.02, \"max_trials\": 7}}", NULL,
     NULL, "held", 0.02, 7},
    {"a time", BASE "\"until\": {\"measure\": \"time_to_connect_s_p50\", \"half_width\": \"5ms\"}}",
     NULL, NULL, "time_to_connect_s_p50", 0.005, 100000},
    {"a count", BASE "\"until\": {\"measure\": \"intros_sent_mean\", \"half_width\": 0.25}}", NULL,
     NULL, "intros_sent_mean", 0.25, 100000},
    {"another width behind --set", BASE "\"until\": {\"half_width\": \"1%\", \"max_trials\": 50}}",
     "until.half_width", "2%", "connected", 0.02, 50},
    {"another measure behind --set, in whose unit the width is read",
     BASE "\"until\": {\"measure\": \"intros_sent_mean\", \"half_width\": 0.25}}", "until.measure",
     "held", "held", 0.25, 100000},
    {"a rule behind --set is stronger than the file's trials", BASE "\"trials\": 5}",
     "until.half_width", "1%", "connected", 0.01, 100000},
};

static void rules_are_read_in_the_measures_unit(void) {
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const until_row *row = &rules[i];
        const sim_override override = {row->key, row->value};
        sim_scenario *scenario = load_with(row->text, &override, row->key != NULL ? 1 : 0);
        uint32_t count;
        if (scenario != NULL) {
            const sim_until until = sim_scenario_until(scenario);
            EXPECT(row->sentence, until.given);
            EXPECT_TEXT(row->sentence, sim_measures(&count)[until.measure].name, row->measure);
            EXPECT_REAL(row->sentence, until.half_width, row->half_width, 1e-15);
            EXPECT_INT(row->sentence, until.trials_max, row->trials_max);
            EXPECT_INT(row->sentence, sim_scenario_trials(scenario), row->trials_max);
        }
        sim_scenario_destroy(scenario);
    }
}

typedef struct {
    const char *sentence;
    const char *text;
    sim_override overrides[3];
    size_t override_count;
    const char *cost;
    const char *harm;
    uint32_t factor;
    uint32_t baseline;
    double margin; /* below 0: none */
} tradeoff_row;

#define TRADED(text) \
    BASE "\"tradeoff\": {\"cost\": \"intros_sent_mean\", \"harm\": \"held\", " text "}}"

static const tradeoff_row trades[] = {
    {"the only treatment is meant",
     TRADED("\"baseline\": \"y\""),
     {{0}},
     0,
     "intros_sent_mean",
     "held",
     2,
     1,
     -1.0},
    {"or it is named",
     TRADED("\"baseline\": \"x\", \"treatment\": \"how\""),
     {{0}},
     0,
     "intros_sent_mean",
     "held",
     2,
     0,
     -1.0},
    {"a margin in the unit of harm",
     TRADED("\"baseline\": \"x\", \"margin\": \"0.5%\""),
     {{0}},
     0,
     "intros_sent_mean",
     "held",
     2,
     0,
     0.005},
    {"another harm behind --set, in whose unit the margin is read",
     TRADED("\"baseline\": \"x\", \"margin\": 0.25"),
     {{"tradeoff.harm", "packets_sent_mean"}},
     1,
     "intros_sent_mean",
     "packets_sent_mean",
     2,
     0,
     0.25},
    {"all of it behind --set",
     BASE "\"trials\": 5}",
     {{"tradeoff.harm", "connected"},
      {"tradeoff.cost", "packets_sent_mean"},
      {"tradeoff.baseline", "y"}},
     3,
     "packets_sent_mean",
     "connected",
     2,
     1,
     -1.0},
};

static void tradeoffs_name_levels_and_measures(void) {
    for (size_t i = 0; i < sizeof trades / sizeof trades[0]; i++) {
        const tradeoff_row *row = &trades[i];
        sim_scenario *scenario = load_with(row->text, row->overrides, row->override_count);
        uint32_t count;
        const sim_measure *table = sim_measures(&count);
        if (scenario != NULL) {
            const sim_tradeoff got = sim_scenario_tradeoff(scenario);
            EXPECT(row->sentence, got.given);
            EXPECT_TEXT(row->sentence, table[got.cost].name, row->cost);
            EXPECT_TEXT(row->sentence, table[got.harm].name, row->harm);
            EXPECT_INT(row->sentence, got.factor, row->factor);
            EXPECT_INT(row->sentence, got.baseline, row->baseline);
            EXPECT(row->sentence, got.has_margin == (row->margin >= 0.0));
            EXPECT_REAL(row->sentence, got.margin, row->margin >= 0.0 ? row->margin : 0.0, 1e-15);
        }
        sim_scenario_destroy(scenario);
    }
}

static void none_is_part_of_the_digest(void) {
    static const char *const texts[] = {
        BASE "\"trials\": 5}",
        BASE "\"until\": {\"half_width\": \"1%\"}}",
        TRADED("\"baseline\": \"x\""),
        BASE "\"expect\": [{\"measure\": \"connected\", \"at_least\": \"9%\"}]}",
    };
    uint64_t first = 0;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        sim_scenario *scenario = load_with(texts[i], NULL, 0);
        const uint64_t digest = scenario != NULL ? sim_scenario_digest(scenario) : 0;
        first = i == 0 ? digest : first;
        EXPECT("the same worlds, the same digest", digest == first);
        sim_scenario_destroy(scenario);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"claims find their cells", claims_find_their_cells},
        {"claims come in order", claims_come_in_order},
        {"nothing is expected by default", nothing_is_expected_by_default},
        {"rules are read in the measure's unit", rules_are_read_in_the_measures_unit},
        {"tradeoffs name levels and measures", tradeoffs_name_levels_and_measures},
        {"none is part of the digest", none_is_part_of_the_digest},
    };
    return PUNCH_TEST_MAIN("unit_claims", cases);
}
