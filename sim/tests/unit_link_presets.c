/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every link preset: names and sources are complete, a packet through it keeps to its bounds, and
 * what a source text says a field was chosen for is so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nat/presets.h"
#include "punch_test.h"
#include "scenario_options.h"
#include "sim/link.h"
#include "sim/link_presets.h"

enum { SEED = 3, OBJECT = 2, IP_BYTES = 100 };

static const char *source_of(const sim_link_preset *preset, const char *field) {
    for (const sim_link_field_source *at = preset->sources; at->field != NULL; at++) {
        if (strcmp(at->field, field) == 0) {
            return at->source;
        }
    }
    return NULL;
}

static bool is_set(const scenario_option *option, const sim_link_plan *plan) {
    const scenario_link at = {.preset = -1, .plan = *plan};
    return scenario_option_load(option, &at) != 0;
}

static void sources_are_complete(void) {
    size_t preset_count;
    size_t option_count;
    const sim_link_preset *presets = sim_link_presets(&preset_count);
    const scenario_option *options = scenario_options(&option_count);
    for (size_t p = 0; p < preset_count; p++) {
        char sentence[120];
        for (size_t i = 0; i < option_count; i++) {
            if (options[i].section != SECTION_LINK || options[i].type != TYPE_NUMBER) {
                continue;
            }
            const char *key = scenario_option_key(&options[i]);
            const bool set =
                is_set(&options[i], &presets[p].up) || is_set(&options[i], &presets[p].down);
            (void)snprintf(sentence, sizeof sentence, "%s has a source for %s", presets[p].name,
                           key);
            EXPECT(sentence, !set || source_of(&presets[p], key) != NULL);
        }
        for (const sim_link_field_source *at = presets[p].sources; at->field != NULL; at++) {
            (void)snprintf(sentence, sizeof sentence, "%s: %s is a key of links", presets[p].name,
                           at->field);
            EXPECT(sentence, scenario_option_find(SECTION_LINK, at->field) != NULL);
            EXPECT(sentence, strlen(at->source) > 8);
        }
    }
}

static void names_are_their_own(void) {
    size_t count;
    const sim_link_preset *presets = sim_link_presets(&count);
    for (size_t i = 0; i < count; i++) {
        EXPECT(presets[i].name, sim_link_preset_find(presets[i].name) == &presets[i]);
        EXPECT("no NAT preset is called so", nat_preset_find(presets[i].name) == NULL);
    }
    EXPECT("others are not found", sim_link_preset_find("g1050") == NULL);
}

static uint32_t probability_permille(punch_probability p) {
    return (uint32_t)(p / (PUNCH_PROBABILITY_ONE / 1000));
}

/* What a plan may add to a packet that finds the waiting room empty. */
static punch_time_us most_us(const sim_link_plan *plan) {
    const punch_time_us wire_us =
        plan->rate_bps > 0 ? (punch_time_us)(IP_BYTES * 8000000 / plan->rate_bps) + 1 : 0;
    return wire_us + plan->delay_us + plan->jitter_us + plan->bad_jitter_us + plan->reorder_us +
           plan->flap_delay_us;
}

static void walk(const char *name, const sim_link_plan *plan) {
    sim_link link;
    uint32_t passed = 0;
    sim_link_init(&link, plan, SEED, OBJECT);
    for (uint32_t i = 0; i < 30000; i++) {
        const punch_time_us now_us = (punch_time_us)i * 20000;
        sim_link_arrivals arrivals = {0};
        if (sim_link_offer(&link, plan, IP_BYTES, now_us, &arrivals) == SIM_LINK_PASSED) {
            passed++;
            EXPECT(name, arrivals.at_us[0] >= now_us + plan->delay_us);
            EXPECT(name, arrivals.at_us[0] <= now_us + most_us(plan));
        }
    }
    EXPECT(name, probability_permille(plan->loss_bad) < 500 && passed > 27000);
}

static void packets_keep_to_the_bounds(void) {
    size_t count;
    const sim_link_preset *presets = sim_link_presets(&count);
    for (size_t i = 0; i < count; i++) {
        walk(presets[i].name, &presets[i].up);
        walk(presets[i].name, &presets[i].down);
    }
}

/* The text of "jitter" there: half of all round trips exceed 20 ms, a tenth 100 ms. */
static void busy_wifi_is_as_slow_as_it_says(void) {
    const sim_link_preset *preset = sim_link_preset_find("wifi-busy");
    const uint32_t n = 40000;
    uint32_t above[2] = {0, 0};
    sim_link up;
    sim_link down;
    sim_link_init(&up, &preset->up, SEED, 0);
    sim_link_init(&down, &preset->down, SEED, 1);
    uint32_t both = 0;
    for (uint32_t i = 0; i < n; i++) {
        const punch_time_us now_us = (punch_time_us)i * 1000000;
        sim_link_arrivals there = {0};
        sim_link_arrivals back = {0};
        if (sim_link_offer(&up, &preset->up, IP_BYTES, now_us, &there) == SIM_LINK_PASSED &&
            sim_link_offer(&down, &preset->down, IP_BYTES, there.at_us[0], &back) ==
                SIM_LINK_PASSED) {
            both++;
            above[0] += back.at_us[0] - now_us > 20000;
            above[1] += back.at_us[0] - now_us > 100000;
        }
    }
    EXPECT_REAL("above 20 ms", (double)above[0] / both, 0.52, 0.03);
    EXPECT_REAL("above 100 ms", (double)above[1] / both, 0.10, 0.01);
}

static void explained_with_values_and_sources(void) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        EXPECT("memory", false);
        return;
    }
    sim_link_preset_explain(sim_link_preset_find("g1050-e"), out);
    (void)fclose(out);
    EXPECT("its title", strstr(text, "g1050-e: ITU-T G.1050 severity E") == text);
    EXPECT("a value up and none down",
           strstr(text, "\n  delay            64ms         -            ITU-T") != NULL);
    EXPECT("a ratio in both",
           strstr(text, "\n  burst_loss_bad   0.4%         0.4%         ITU-T") != NULL);
    EXPECT("nothing about what it has not", strstr(text, "queue") == NULL);
    free(text);
}

int main(void) {
    static const punch_test_case cases[] = {
        {"sources are complete", sources_are_complete},
        {"names are their own", names_are_their_own},
        {"packets keep to the bounds", packets_keep_to_the_bounds},
        {"busy Wi-Fi is as slow as it says", busy_wifi_is_as_slow_as_it_says},
        {"explained with values and sources", explained_with_values_and_sources},
    };
    return PUNCH_TEST_MAIN("unit_link_presets", cases);
}
