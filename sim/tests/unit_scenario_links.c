/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Links of scenarios: presets, what stands over them, directions of their own, draws from them; and
 * how wrong ones are refused.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "punch_test.h"
#include "sim/link_presets.h"
#include "sim/scenario.h"

#define HEAD "{\"name\": \"x\", \"peers\": {\"a\": {\"link\": \"l\"}, \"b\": {\"link\": \"l\"}},\n"

enum { SITE_A = 0, SITE_B = 2 };

static sim_scenario *load(const char *path, const char *text) {
    sim_complaints complaints = {0};
    sim_scenario *scenario = sim_scenario_parse(path, text, strlen(text), NULL, 0, &complaints);
    sim_complaints_print(&complaints, stderr);
    sim_complaints_clear(&complaints);
    EXPECT("the scenario is right", scenario != NULL);
    return scenario;
}

typedef struct {
    const char *sentence;
    const char *link;
    const char *preset;      /* what both directions equal but for the next four; NULL: zeros */
    const char *down_preset; /* NULL: the same preset */
    punch_time_us up_delay_us;
    punch_time_us down_delay_us;
} preset_row;

static const preset_row preset_rows[] = {
    {"a preset fills both directions", "{\"preset\": \"dsl\"}", "dsl", NULL, 25000, 25000},
    {"what is set stands over it", "{\"preset\": \"dsl\", \"delay\": \"7ms\"}", "dsl", NULL, 7000,
     7000},
    {"whatever comes first", "{\"delay\": \"7ms\", \"preset\": \"dsl\"}", "dsl", NULL, 7000, 7000},
    {"in one direction", "{\"preset\": \"dsl\", \"up\": {\"delay\": \"7ms\"}}", "dsl", NULL, 7000,
     25000},
    {"each direction its own: satellite down, modem up",
     "{\"preset\": \"dsl\", \"down\": {\"preset\": \"satellite-geo\"}}", "dsl", "satellite-geo",
     25000, 260000},
    {"a preset in one direction leaves the other alone", "{\"up\": {\"preset\": \"dsl\"}}", "dsl",
     "none", 25000, 0},
};

static void check_direction(const preset_row *row, const char *name, sim_link_plan got, bool up,
                            punch_time_us delay_us) {
    sim_link_plan expected = {0};
    const sim_link_preset *preset = sim_link_preset_find(name);
    if (preset != NULL) {
        expected = up ? preset->up : preset->down;
    }
    EXPECT_INT(row->sentence, got.delay_us, delay_us);
    EXPECT_INT(row->sentence, got.jitter_us, expected.jitter_us);
    EXPECT_INT(row->sentence, got.rate_bps, expected.rate_bps);
    EXPECT_INT(row->sentence, got.queue_bytes, expected.queue_bytes);
    EXPECT_INT(row->sentence, got.loss, expected.loss);
}

static void presets_arrive(void) {
    for (size_t i = 0; i < sizeof preset_rows / sizeof preset_rows[0]; i++) {
        const preset_row *row = &preset_rows[i];
        char text[400];
        (void)snprintf(text, sizeof text, HEAD "\"link\": {\"l\": %s}}", row->link);
        sim_scenario *scenario = load("x.json", text);
        sim_plan *plan = scenario != NULL ? sim_scenario_plan_create(scenario) : NULL;
        if (plan != NULL) {
            const char *down = row->down_preset != NULL ? row->down_preset : row->preset;
            const sim_site_plan *b = &plan->sites[SITE_B];
            check_direction(row, row->preset, b->up, true, row->up_delay_us);
            check_direction(row, down, b->down, false, row->down_delay_us);
        }
        sim_scenario_plan_destroy(plan);
        sim_scenario_destroy(scenario);
    }
}

static void every_field_arrives(void) {
    static const char text[] = HEAD
        "\"link\": {\"l\": {\"burst_good\": \"1s\", \"burst_bad\": \"2ms\", \"burst_jitter\": "
        "\"3ms\", \"flap_every\": \"4s\", \"flap_delay\": \"5ms\"}}}";
    sim_scenario *scenario = load("x.json", text);
    sim_plan *plan = scenario != NULL ? sim_scenario_plan_create(scenario) : NULL;
    if (plan != NULL) {
        const sim_link_plan *up = &plan->sites[SITE_A].up;
        EXPECT_INT("burst_jitter", up->bad_jitter_us, 3000);
        EXPECT_INT("flap_every", up->flap_every_us, 4000000);
        EXPECT_INT("flap_delay", up->flap_delay_us, 5000);
    }
    sim_scenario_plan_destroy(plan);
    sim_scenario_destroy(scenario);
}

/* Which severity a link is, by its delay upwards; what no severity has is counted last. */
static uint32_t severity_of(const sim_link_plan *up) {
    uint32_t index = 0;
    punch_time_us delay_us = 4000;
    while (index < 8 && up->delay_us != delay_us) {
        delay_us *= 2;
        index++;
    }
    return index;
}

/* Draws severities for both peers and compares with shares in per cent of their sum. */
static void check_shares(const char *path, const char *text, const double percents[8]) {
    const uint32_t n = 4000;
    uint32_t seen[9] = {0};
    uint32_t same = 0;
    double sum = 0;
    double sum2 = 0;
    sim_scenario *scenario = load(path, text);
    sim_plan *plan = scenario != NULL ? sim_scenario_plan_create(scenario) : NULL;
    for (uint64_t trial = 0; plan != NULL && trial < n; trial++) {
        sim_scenario_plan(scenario, 0, sim_scenario_trial_seed(scenario, 1, 0, trial), plan);
        const sim_site_plan *a = &plan->sites[SITE_A];
        const sim_site_plan *b = &plan->sites[SITE_B];
        const uint32_t index = severity_of(&a->up);
        seen[index]++;
        same += index == severity_of(&b->up);
        EXPECT("both directions are of one severity", a->up.loss_bad == a->down.loss_bad);
    }
    for (uint32_t i = 0; i < 8; i++) {
        sum += percents[i];
    }
    for (uint32_t i = 0; i < 8; i++) {
        const double p = percents[i] / sum;
        EXPECT_REAL("share of a severity", (double)seen[i] / n, p, 4 * sqrt(p * (1 - p) / n));
        sum2 += p * p;
    }
    EXPECT_INT("nothing else", seen[8], 0);
    EXPECT_REAL("the peers draw apart", (double)same / n, sum2, 4 * sqrt(sum2 / n));
    sim_scenario_plan_destroy(plan);
    sim_scenario_destroy(scenario);
}

static void profiles_have_their_shares(const char *directory) {
    static const double percents[3][8] = {
        {50, 30, 15, 5, 0, 0, 0, 0}, {5, 25, 30, 25, 10, 0, 0, 0}, {5, 5, 10, 15, 20, 25, 15, 5}};
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/scenarios/x.json", directory);
    for (uint32_t i = 0; i < 3; i++) {
        char text[400];
        (void)snprintf(text, sizeof text,
                       HEAD
                       "\"link\": {\"l\": {\"preset\": {\"from\": "
                       "\"data/g1050-profile-%c.csv\", \"column\": \"preset\"}}}}",
                       "abc"[i]);
        check_shares(path, text, percents[i]);
    }
}

static void drawn_from_files_and_choices(void) {
    static const double halves[8] = {50, 0, 0, 0, 50, 0, 0, 0};
    const char *source = getenv("PUNCH_SOURCE_DIR");
    profiles_have_their_shares(source != NULL ? source : ".");
    check_shares("x.json",
                 HEAD
                 "\"link\": {\"l\": {\"preset\": {\"choice\": [{\"share\": \"50%\", "
                 "\"value\": \"g1050-a\"}, {\"share\": \"50%\", \"value\": "
                 "\"g1050-e\"}]}}}}",
                 halves);
}

/* A preset is part of what tells scenarios apart. */
static void presets_change_the_digest(void) {
    sim_scenario *e = load("x.json", HEAD "\"link\": {\"l\": {\"preset\": \"g1050-e\"}}}");
    sim_scenario *f = load("x.json", HEAD "\"link\": {\"l\": {\"preset\": \"g1050-f\"}}}");
    if (e != NULL && f != NULL) {
        EXPECT("another preset, another digest", sim_scenario_digest(e) != sim_scenario_digest(f));
    }
    sim_scenario_destroy(e);
    sim_scenario_destroy(f);
}

typedef struct {
    const char *sentence;
    const char *link;
    const char *pointer;
    const char *what;
} bad_row;

static const bad_row bad_rows[] = {
    {"an unknown preset", "{\"preset\": \"g1050-x\"}", "/link/l/preset",
     "there is no link preset \"g1050-x\"; did you mean \"g1050-"},
    {"a NAT's preset", "{\"preset\": \"pf\"}", "/link/l/preset", "there is no link preset \"pf\""},
    {"a preset that is no text", "{\"preset\": 7}", "/link/l/preset",
     "\"preset\" must be a name in quotation marks, not a number"},
    {"shares that do not add up",
     "{\"preset\": {\"choice\": [{\"share\": \"95%\", \"value\": \"dsl\"}]}}",
     "/link/l/preset/choice", "the shares sum to 95%, not to 100%"},
    {"numbers between presets", "{\"preset\": {\"uniform\": [\"dsl\", \"lte\"]}}",
     "/link/l/preset/uniform", "\"preset\" is no number"},
    {"a longer route without changes", "{\"flap_delay\": \"5ms\"}", "/link/l",
     "\"flap_delay\" needs \"flap_every\""},
    {"changes switched off over a preset", "{\"preset\": \"g1050-e\", \"flap_every\": \"0s\"}",
     "/link/l", "\"flap_delay\" needs \"flap_every\""},
    {"an outage longer than its preset's interval",
     "{\"preset\": \"g1050-h\", \"outage_for\": \"61s\"}", "/link/l", "must not be longer"},
    {"bursts without the good state, over a preset that has none",
     "{\"preset\": \"dsl\", \"burst_bad\": \"1s\"}", "/link/l",
     "\"burst_bad\" needs \"burst_good\""},
    {"a negative jitter", "{\"jitter\": \"-1ms\"}", "/link/l/jitter", "-1ms"},
    {"a negative detour", "{\"flap_every\": \"1s\", \"flap_delay\": \"-1ms\"}",
     "/link/l/flap_delay", "-1ms"},
    {"jitter of an hour", "{\"burst_jitter\": \"1h\"}", "/link/l/burst_jitter",
     "1h is out of range; \"burst_jitter\" may be 0s .. 60s"},
};

static void wrong_ones_are_refused(void) {
    for (size_t i = 0; i < sizeof bad_rows / sizeof bad_rows[0]; i++) {
        char text[400];
        sim_complaints complaints = {0};
        (void)snprintf(text, sizeof text, HEAD "\"link\": {\"l\": %s}}", bad_rows[i].link);
        sim_scenario *scenario =
            sim_scenario_parse("x.json", text, strlen(text), NULL, 0, &complaints);
        EXPECT(bad_rows[i].sentence, scenario == NULL);
        EXPECT_INT(bad_rows[i].sentence, complaints.count, 1);
        if (complaints.count > 0) {
            EXPECT_TEXT(bad_rows[i].sentence, complaints.items[0].pointer, bad_rows[i].pointer);
            if (!EXPECT(bad_rows[i].sentence,
                        strstr(complaints.items[0].what, bad_rows[i].what) != NULL)) {
                (void)fprintf(stderr, "  expected \"%s\" in \"%s\"\n", bad_rows[i].what,
                              complaints.items[0].what);
            }
        }
        sim_complaints_clear(&complaints);
        sim_scenario_destroy(scenario);
    }
}

int main(void) {
    static const punch_test_case cases[] = {
        {"presets arrive", presets_arrive},
        {"every field arrives", every_field_arrives},
        {"drawn from files and choices", drawn_from_files_and_choices},
        {"presets change the digest", presets_change_the_digest},
        {"wrong ones are refused", wrong_ones_are_refused},
    };
    return PUNCH_TEST_MAIN("unit_scenario_links", cases);
}
