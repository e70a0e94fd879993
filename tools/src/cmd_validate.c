/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * punchlab validate: checks scenario files and runs nothing. A directory stands for the *.json
 * right in it; a JSON Schema, as lies beside every scenario, is no scenario and no mistake.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "commands.h"
#include "found.h"
#include "plugin.h"
#include "setup.h"

static const cli_option options[] = {
    {"quiet", 'q', NULL, "say nothing about files that are right"},
    PLUGIN_OPTION,
    {"help", 'h', NULL, "this text"},
};

static int validate_file(const cli_args *args, const plugins *with, const char *path) {
    int status = CLI_OK;
    sim_complaints complaints = {0};
    sim_scenario *scenario = sim_scenario_load_with(
        path, &(sim_scenario_with){.plugins = with->strategies, .plugin_count = with->count},
        &complaints);
    const bool quiet = cli_has(args, "quiet");
    if (scenario == NULL && sim_scenario_is_schema(path)) {
        if (!quiet) {
            fprintf(args->out, "%s: skipped: a JSON Schema, not a scenario\n", path);
        }
    } else if (scenario == NULL) {
        sim_complaints_print(&complaints, args->err);
        status = CLI_USAGE;
    } else if (!quiet) {
        fprintf(args->out, "%s: fine: %u cells x %llu trials\n", path,
                sim_scenario_cell_count(scenario),
                (unsigned long long)sim_scenario_trials(scenario));
    }
    sim_complaints_clear(&complaints);
    sim_scenario_destroy(scenario);
    return status;
}

static int validate_directory(const cli_args *args, const plugins *with, const char *path) {
    found_files found = found_in(path);
    int status = CLI_OK;
    if (found.count == 0) {
        fprintf(args->err, "%s validate: %s: no *.json in this directory\n", args->program, path);
        status = CLI_USAGE;
    }
    for (size_t i = 0; i < found.count; i++) {
        const int checked = validate_file(args, with, found.paths[i]);
        status = checked != CLI_OK ? checked : status;
    }
    found_free(&found);
    return status;
}

static int validate_command(const cli_args *args) {
    plugins with;
    const int loaded = plugins_load(&with, args);
    int status = loaded;
    for (size_t i = 0; loaded == CLI_OK && i < args->operand_count; i++) {
        char *path = found_scenario(setup_root(), args->operands[i]);
        struct stat info;
        const bool is_directory = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
        int checked = CLI_USAGE;
        if (!setup_is_absent(args, path)) {
            checked = is_directory ? validate_directory(args, &with, path)
                                   : validate_file(args, &with, path);
        }
        status = checked != CLI_OK ? checked : status;
        free(path);
    }
    plugins_free(&with);
    return status;
}

const cli_command command_validate = {
    .name = "validate",
    .operands = "FILE|DIRECTORY...",
    .summary = "check scenario files without running them",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operand_min = 1,
    .operand_max = SIZE_MAX,
    .run = validate_command,
};
