/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * punchlab validate: checks scenario files and runs nothing.
 */
#include <stdint.h>

#include "commands.h"
#include "sim/scenario.h"

static const cli_option options[] = {
    {"quiet", 'q', NULL, "say nothing about files that are right"},
    {"help", 'h', NULL, "this text"},
};

static int validate_command(const cli_args *args) {
    int status = CLI_OK;
    for (size_t i = 0; i < args->operand_count; i++) {
        sim_complaints complaints = {0};
        sim_scenario *scenario = sim_scenario_load(args->operands[i], NULL, 0, &complaints);
        if (scenario == NULL) {
            sim_complaints_print(&complaints, args->err);
            status = CLI_USAGE;
        } else if (!cli_has(args, "quiet")) {
            fprintf(args->out, "%s: fine: %u cells x %llu trials\n", args->operands[i],
                    sim_scenario_cell_count(scenario),
                    (unsigned long long)sim_scenario_trials(scenario));
        }
        sim_complaints_clear(&complaints);
        sim_scenario_destroy(scenario);
    }
    return status;
}

const cli_command command_validate = {
    .name = "validate",
    .operands = "FILE...",
    .summary = "check scenario files without running them",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operand_min = 1,
    .operand_max = SIZE_MAX,
    .run = validate_command,
};
