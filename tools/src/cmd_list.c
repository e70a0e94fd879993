/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * punchlab list: what there is: scenarios, presets, strategies, backends.
 */
#include "commands.h"
#include "found.h"
#include "preset_text.h"
#include "punch/keepalive.h"
#include "setup.h"

static const cli_option options[] = {
    {"help", 'h', NULL, "this text"},
};

static void list_scenarios(FILE *out) {
    found_files found = found_scenarios(setup_root());
    fputs("scenarios:\n", out);
    for (size_t i = 0; i < found.count; i++) {
        sim_complaints complaints = {0};
        sim_scenario *scenario = sim_scenario_load(found.paths[i], NULL, 0, &complaints);
        if (scenario == NULL) {
            fprintf(out, "  %s: does not load; 'validate' says why\n", found.paths[i]);
        } else {
            fprintf(out, "  %s (%u cells x %llu trials)\n      %s\n", found.paths[i],
                    sim_scenario_cell_count(scenario),
                    (unsigned long long)sim_scenario_trials(scenario),
                    sim_scenario_title(scenario));
        }
        sim_complaints_clear(&complaints);
        sim_scenario_destroy(scenario);
    }
    if (found.count == 0) {
        fprintf(out, "  none in %s/scenarios\n", setup_root());
    }
    found_free(&found);
}

static int list_command(const cli_args *args) {
    FILE *out = args->out;
    size_t count = 0;
    list_scenarios(out);
    fputs("\nNAT presets ('explain preset:NAME' shows fields and sources):\n", out);
    preset_print_list(out);
    fputs("\nkeepalive strategies:\n", out);
    const punch_keepalive *const *keepalives = punch_keepalive_builtin(&count);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "  %-24s %s\n", keepalives[i]->name, keepalives[i]->help);
    }
    fputs("\nbackends:\n", out);
    const sim_backend_ops *const *backends = sim_backends(&count);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "  %-24s %s\n", backends[i]->name, backends[i]->help);
    }
    return CLI_OK;
}

const cli_command command_list = {
    .name = "list",
    .operands = "",
    .summary = "list scenarios, NAT presets, keepalive strategies and backends",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operand_min = 0,
    .operand_max = 0,
    .run = list_command,
};
