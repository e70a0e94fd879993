/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * punchlab replay: one trial, told packet by packet.
 */
#include <stdlib.h>

#include "commands.h"
#include "narrate.h"
#include "punch/assert.h"
#include "setup.h"

static const cli_option options[] = {
    {"cell", 0, "N", "which cell (default 0)"},
    {"trial", 0, "M", "which trial of it (default 0)"},
    {"seed", 0, "S", "seed of the run (default: the scenario's)"},
    {"backend", 0, "B", "backend (default: the scenario's)"},
    {"crypto", 0, "fast|sodium", "crypto provider (default: the scenario's)"},
    {"set", 0, "KEY=VALUE", "override a key of the scenario; may be repeated"},
    PLUGIN_OPTION,
    {"jsonl", 0, NULL, "one JSON object per record instead of words"},
    {"json-lines", 0, NULL, "the same"},
    {"help", 'h', NULL, "this text"},
};

static void print_factors(const setup *made, uint32_t cell, FILE *out) {
    const uint32_t factor_count = sim_scenario_factor_count(made->scenario);
    fprintf(out, "%s, cell %u", sim_scenario_name(made->scenario), cell);
    for (uint32_t f = 0; f < factor_count; f++) {
        const sim_factor_view factor = sim_scenario_factor(made->scenario, f);
        fprintf(out, ", %s %s", factor.name,
                factor.levels[sim_scenario_cell_level(made->scenario, cell, f)]);
    }
    fputc('\n', out);
}

/* The plan is filled when the trial begins, but the cast must be told first: so plan it here. */
static void plan_trial(const run_world *world, uint32_t cell, uint64_t trial) {
    const run_request *request = world->request;
    const uint64_t seed = sim_scenario_trial_seed(request->scenario, request->seed, cell, trial);
    sim_scenario_plan(request->scenario, cell, seed, world->plan);
}

static int tell(const setup *made, const cli_args *args, uint32_t cell, uint64_t trial) {
    const bool as_json = cli_has(args, "jsonl") || cli_has(args, "json-lines");
    run_world world;
    if (!run_world_create(&world, &made->request)) {
        run_world_destroy(&world);
        fprintf(args->err, "%s replay: out of memory\n", args->program);
        return CLI_FAILED;
    }
    plan_trial(&world, cell, trial);
    sim_call_result *calls = calloc(world.plan->call_count + 1u, sizeof *calls);
    PUNCH_ASSERT(calls != NULL);
    sim_trial_result result = {.calls = calls};
    narrator teller = narrator_of(args->out, world.plan, world.plan->host_count);
    if (!as_json) {
        print_factors(made, cell, args->out);
        fprintf(args->out, "trial %llu, seed %llu\n\n", (unsigned long long)trial,
                (unsigned long long)made->request.seed);
        narrate_cast(&teller);
    }
    const sim_observer observer = {as_json ? narrate_json : narrate_words, &teller};
    run_world_trial(&world, cell, trial, &observer, &result);
    if (as_json) {
        narrate_verdict_json(&teller, &result);
    } else {
        narrate_verdict_words(&teller, &result);
    }
    narrator_free(&teller);
    free(calls);
    run_world_destroy(&world);
    return CLI_OK;
}

static int replay_command(const cli_args *args) {
    setup made;
    int status = setup_load(&made, args);
    uint64_t cell = 0;
    uint64_t trial = 0;
    if (status == CLI_OK) {
        const uint64_t last_cell = sim_scenario_cell_count(made.scenario) - 1;
        const bool good = cli_number(args, "cell", 0, last_cell, &cell) &&
                          cli_number(args, "trial", 0, UINT64_MAX, &trial);
        status = good ? CLI_OK : CLI_USAGE;
    }
    if (status == CLI_OK) {
        status = tell(&made, args, (uint32_t)cell, trial);
    }
    setup_free(&made);
    return status;
}

const cli_command command_replay = {
    .name = "replay",
    .operands = "FILE [options]",
    .summary = "tell one trial packet by packet",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operand_min = 1,
    .operand_max = 1,
    .run = replay_command,
};
