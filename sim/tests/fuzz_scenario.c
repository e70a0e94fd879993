/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a scenario: refused with a complaint, or loaded and good for plans of its first and
 * last cell. Nothing in between.
 */
#include <stddef.h>
#include <stdint.h>

#include "punch/assert.h"
#include "sim/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sim_complaints complaints = {0};
    sim_scenario *scenario =
        sim_scenario_parse("fuzz.json", (const char *)data, size, NULL, 0, &complaints);
    PUNCH_ASSERT((scenario != NULL) == (complaints.count == 0));
    if (scenario != NULL) {
        const uint32_t last = sim_scenario_cell_count(scenario) - 1;
        sim_plan *plan = sim_scenario_plan_create(scenario);
        sim_plan *largest = sim_scenario_largest_plan(scenario);
        PUNCH_ASSERT(plan != NULL);
        PUNCH_ASSERT(largest != NULL);
        for (uint64_t trial = 0; trial < 4; trial++) {
            const uint32_t cell = trial % 2 == 0 ? 0 : last;
            const uint64_t seed = sim_scenario_trial_seed(scenario, 1, cell, trial);
            sim_scenario_plan(scenario, cell, seed, plan);
            for (uint32_t i = 0; i < plan->site_count; i++) {
                if (plan->sites[i].has_nat) {
                    PUNCH_ASSERT(nat_config_check(&plan->sites[i].nat) == NULL);
                    PUNCH_ASSERT(plan->sites[i].nat.table_max <= largest->sites[0].nat.table_max);
                }
            }
        }
        sim_scenario_plan_destroy(plan);
        sim_scenario_plan_destroy(largest);
    }
    sim_scenario_destroy(scenario);
    sim_complaints_clear(&complaints);
    return 0;
}
