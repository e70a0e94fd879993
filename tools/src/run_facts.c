/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The facts of a run, taken from its scenario.
 */
#include <stdlib.h>
#include <string.h>

#include "intervals.h"
#include "memory.h"
#include "punch/assert.h"
#include "run.h"
#include "version.h"

static void take_factors(const sim_scenario *scenario, facts *out) {
    out->factor_count = sim_scenario_factor_count(scenario);
    out->factors = memory_zeroed(out->factor_count, sizeof *out->factors);
    for (uint32_t f = 0; f < out->factor_count; f++) {
        const sim_factor_view view = sim_scenario_factor(scenario, f);
        facts_factor *factor = &out->factors[f];
        factor->name = memory_text(view.name);
        factor->treatment = view.treatment;
        factor->level_count = view.level_count;
        factor->levels = memory_zeroed(view.level_count, sizeof *factor->levels);
        for (uint32_t l = 0; l < view.level_count; l++) {
            factor->levels[l] = memory_text(view.levels[l]);
        }
    }
}

/* Names of all sites there are in any trial: an index means the same one in each. */
static void take_sites(const sim_scenario *scenario, facts *out) {
    sim_plan *largest = sim_scenario_largest_plan(scenario);
    PUNCH_ASSERT(largest != NULL);
    out->site_count = largest->site_count;
    out->sites = memory_zeroed(largest->site_count, sizeof *out->sites);
    for (uint32_t i = 0; i < largest->site_count; i++) {
        out->sites[i] = memory_text(largest->sites[i].name);
    }
    sim_scenario_plan_destroy(largest);
}

/* Names of hosts and calls, when this plan has more calls than those before. */
static void take_names(const sim_plan *plan, facts *out) {
    if (plan->call_count <= out->call_count) {
        return;
    }
    for (uint32_t i = 0; i < out->host_count; i++) {
        free(out->hosts[i]);
    }
    free(out->hosts);
    free(out->calls);
    out->host_count = plan->host_count;
    out->call_count = plan->call_count;
    out->hosts = memory_zeroed(plan->host_count, sizeof *out->hosts);
    out->calls = memory_zeroed(plan->call_count, sizeof *out->calls);
    for (uint32_t i = 0; i < plan->host_count; i++) {
        out->hosts[i] = memory_text(plan->hosts[i].name);
    }
    for (uint32_t c = 0; c < plan->call_count; c++) {
        out->calls[c] = (facts_call){plan->calls[c].caller, plan->calls[c].callee};
    }
}

static void take_cells(const run_request *request, facts *out) {
    sim_plan *plan = sim_scenario_plan_create(request->scenario);
    PUNCH_ASSERT(plan != NULL);
    take_sites(request->scenario, out);
    out->cell_count = sim_scenario_cell_count(request->scenario);
    out->cells = memory_zeroed(out->cell_count, sizeof *out->cells);
    for (uint32_t i = 0; i < out->cell_count; i++) {
        facts_cell *cell = &out->cells[i];
        run_plan(request, i, 0, plan);
        cell->call_count = plan->call_count;
        cell->holds = sim_measure_applies(SIM_MEASURED_HOLDING, plan);
        cell->messages = sim_measure_applies(SIM_MEASURED_MESSAGES, plan);
        cell->crashes = sim_measure_applies(SIM_MEASURED_CRASHES, plan);
        cell->faults = sim_measure_applies(SIM_MEASURED_FAULTS, plan);
        cell->radio = sim_measure_applies(SIM_MEASURED_RADIO, plan);
        cell->room = sim_measure_applies(SIM_MEASURED_ROOM, plan);
        cell->adapts = intervals_adapt(plan);
        take_names(plan, out);
        if (i == 0) {
            out->crypto = memory_text(plan->crypto->name);
        }
    }
    sim_scenario_plan_destroy(plan);
}

static void take_expects(const sim_scenario *scenario, facts *out) {
    const sim_expect *expects = sim_scenario_expects(scenario, &out->expect_count);
    out->expects = memory_zeroed(out->expect_count, sizeof *out->expects);
    for (uint32_t i = 0; i < out->expect_count; i++) {
        out->expects[i] = expects[i];
        out->expects[i].why = expects[i].why != NULL ? memory_text(expects[i].why) : NULL;
    }
}

static bool is_of_room(uint32_t measure) {
    uint32_t count = 0;
    return sim_measures(&count)[measure].where == SIM_MEASURED_ROOM;
}

/* What a scenario asks for is measured: that there was room enough is an answer, too. */
static void take_asked(facts *out) {
    const bool everywhere =
        (out->until.given && is_of_room(out->until.measure)) ||
        (out->tradeoff.given && (is_of_room(out->tradeoff.cost) || is_of_room(out->tradeoff.harm)));
    for (uint32_t i = 0; i < out->cell_count; i++) {
        out->cells[i].room = out->cells[i].room || everywhere;
    }
    for (uint32_t i = 0; i < out->expect_count; i++) {
        const sim_expect *expect = &out->expects[i];
        if (is_of_room(expect->measure)) {
            out->cells[expect->cell].room = true;
            if (expect->form != SIM_EXPECT_VALUE) {
                out->cells[expect->other].room = true;
            }
        }
    }
}

facts run_facts(const run_request *request) {
    const sim_scenario *scenario = request->scenario;
    facts out = {0};
    out.version = memory_text(version_number);
    out.commit = memory_text(version_commit);
    out.scenario = memory_text(sim_scenario_name(scenario));
    out.title = memory_text(sim_scenario_title(scenario));
    out.question = memory_text(sim_scenario_question(scenario));
    out.file = memory_text(request->file);
    out.digest = sim_scenario_digest(scenario);
    out.override_count = (uint32_t)request->override_count;
    out.overrides = memory_zeroed(request->override_count, sizeof *out.overrides);
    for (uint32_t i = 0; i < out.override_count; i++) {
        out.overrides[i].key = memory_text(request->overrides[i].key);
        out.overrides[i].value = memory_text(request->overrides[i].value);
    }
    out.plugin_count = (uint32_t)request->plugin_count;
    out.plugin_digest_count = out.plugin_count;
    out.plugins = memory_zeroed(request->plugin_count, sizeof *out.plugins);
    out.plugin_digests = memory_zeroed(request->plugin_count, sizeof *out.plugin_digests);
    for (uint32_t i = 0; i < out.plugin_count; i++) {
        out.plugins[i] = memory_text(request->plugins[i]);
        out.plugin_digests[i] = memory_text(request->plugin_digests[i]);
    }
    out.seed = request->seed;
    out.trials = request->trials;
    out.backend = memory_text(request->backend->name);
    out.virtual_time = request->backend->virtual_time;
    out.backend_given = strcmp(request->backend->name, sim_scenario_backend(scenario)) != 0;
    out.crypto_given = request->crypto != NULL;
    out.shard = request->shard;
    out.shard_count = request->shard_count;
    out.until = request->until;
    out.tradeoff = sim_scenario_tradeoff(scenario);
    take_factors(scenario, &out);
    take_cells(request, &out);
    take_expects(scenario, &out);
    take_asked(&out);
    return out;
}
