/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rest of the laboratory may ask a loaded scenario, and the seeds of its trials.
 */
#include <stdlib.h>

#include "punch/assert.h"
#include "scenario_internal.h"

void sim_scenario_destroy(sim_scenario *scenario) {
    if (scenario != NULL) {
        scenario_arena_free(&scenario->arena);
        free(scenario);
    }
}

static const char *text_at(const sim_scenario *scenario, int64_t index) {
    return index >= 0 ? scenario->texts[index] : "";
}

const char *sim_scenario_name(const sim_scenario *scenario) {
    return text_at(scenario, scenario->root.name);
}

const char *sim_scenario_title(const sim_scenario *scenario) {
    return text_at(scenario, scenario->root.title);
}

const char *sim_scenario_question(const sim_scenario *scenario) {
    return text_at(scenario, scenario->root.question);
}

const char *sim_scenario_path(const sim_scenario *scenario) {
    return scenario->path;
}

const char *sim_scenario_backend(const sim_scenario *scenario) {
    return scenario_option_find(SECTION_ROOT, "backend")->names[scenario->root.backend];
}

uint64_t sim_scenario_seed(const sim_scenario *scenario) {
    return scenario->root.seed;
}

uint64_t sim_scenario_trials(const sim_scenario *scenario) {
    return scenario->until.given ? scenario->until.trials_max : scenario->root.trials;
}

sim_until sim_scenario_until(const sim_scenario *scenario) {
    return scenario->until;
}

sim_tradeoff sim_scenario_tradeoff(const sim_scenario *scenario) {
    return scenario->tradeoff;
}

const sim_expect *sim_scenario_expects(const sim_scenario *scenario, uint32_t *count_out) {
    *count_out = scenario->expect_count;
    return scenario->expects;
}

uint64_t sim_scenario_digest(const sim_scenario *scenario) {
    return scenario->digest;
}

uint32_t sim_scenario_factor_count(const sim_scenario *scenario) {
    return scenario->factor_count;
}

sim_factor_view sim_scenario_factor(const sim_scenario *scenario, uint32_t factor) {
    PUNCH_ASSERT(factor < scenario->factor_count);
    const scenario_factor *about = &scenario->factors[factor];
    return (sim_factor_view){.name = about->name,
                             .treatment = about->treatment,
                             .level_count = about->level_count,
                             .levels = about->labels};
}

uint32_t sim_scenario_cell_count(const sim_scenario *scenario) {
    return scenario->cell_count;
}

uint32_t sim_scenario_cell_level(const sim_scenario *scenario, uint32_t cell, uint32_t factor) {
    PUNCH_ASSERT(cell < scenario->cell_count);
    PUNCH_ASSERT(factor < scenario->factor_count);
    return scenario_cell_at(scenario, cell, 0).levels[factor];
}

static uint64_t hash_text(uint64_t hash, const char *text) {
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211); /* FNV-1a, 64 bit */
    }
    return punch_mix64(hash);
}

/* Labels, not indices: a level added in front leaves the worlds of the others alone. */
uint64_t sim_scenario_trial_seed(const sim_scenario *scenario, uint64_t seed, uint32_t cell,
                                 uint64_t trial) {
    const scenario_cell at = scenario_cell_at(scenario, cell, 0);
    uint64_t worlds = punch_mix64(seed + PUNCH_RNG_GAMMA);
    for (uint32_t f = 0; f < scenario->factor_count; f++) {
        const scenario_factor *factor = &scenario->factors[f];
        if (!factor->treatment) {
            worlds = hash_text(worlds, factor->name);
            worlds = hash_text(worlds, factor->labels[at.levels[f]]);
        }
    }
    return punch_mix64(worlds + (trial + 1) * PUNCH_RNG_GAMMA);
}
