/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * punchlab list: what there is: scenarios, presets, strategies, backends.
 */
#include <string.h>

#include "commands.h"
#include "found.h"
#include "plugin.h"
#include "preset_text.h"
#include "punch/lab.h"
#include "setup.h"

static const cli_option options[] = {
    PLUGIN_OPTION,
    {"help", 'h', NULL, "this text"},
};

static void list_scenarios(FILE *out, const plugins *with) {
    const sim_scenario_with more = {.plugins = with->strategies, .plugin_count = with->count};
    found_files found = found_scenarios(setup_root());
    fputs("scenarios:\n", out);
    for (size_t i = 0; i < found.count; i++) {
        sim_complaints complaints = {0};
        sim_scenario *scenario = sim_scenario_load_with(found.paths[i], &more, &complaints);
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

static void list_presets(FILE *out, const plugins *with) {
    (void)with;
    fputs("NAT presets ('explain preset:NAME' shows fields and sources):\n", out);
    preset_print_list(out);
    fputs("\nlink presets, likewise:\n", out);
    preset_print_links(out);
}

static void list_strategies(FILE *out, const plugins *with) {
    size_t count = 0;
    const punch_keepalive *const *keepalives = punch_lab_keepalives(&count);
    fputs("keepalive strategies:\n", out);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "  %-28s %s\n", keepalives[i]->name, keepalives[i]->help);
    }
    for (size_t i = 0; i < with->count; i++) {
        fprintf(out, "  %-28s %s (%s)\n", with->strategies[i]->name, with->strategies[i]->help,
                with->files[i]);
    }
}

static void list_backends(FILE *out, const plugins *with) {
    (void)with;
    size_t count = 0;
    const sim_backend_ops *const *backends = sim_backends(&count);
    fputs("backends:\n", out);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "  %-28s %s\n", backends[i]->name, backends[i]->help);
    }
}

static const struct {
    const char *name;
    void (*print)(FILE *out, const plugins *with);
} lists[] = {
    {"scenarios", list_scenarios},
    {"presets", list_presets},
    {"strategies", list_strategies},
    {"backends", list_backends},
};

#define LIST_COUNT (sizeof lists / sizeof lists[0])

static int list_one(const cli_args *args, const plugins *with, const char *name) {
    cli_nearest nearest = cli_nearest_to(name);
    for (size_t i = 0; i < LIST_COUNT; i++) {
        if (strcmp(lists[i].name, name) == 0) {
            lists[i].print(args->out, with);
            return CLI_OK;
        }
        cli_nearest_offer(&nearest, lists[i].name);
    }
    fprintf(args->err, "%s list: there are no '%s'; there are:", args->program, name);
    for (size_t i = 0; i < LIST_COUNT; i++) {
        fprintf(args->err, " %s", lists[i].name);
    }
    if (nearest.best != NULL) {
        fprintf(args->err, "; did you mean '%s'?", nearest.best);
    }
    fputc('\n', args->err);
    return CLI_USAGE;
}

static int list_all(const cli_args *args, const plugins *with) {
    for (size_t i = 0; i < LIST_COUNT; i++) {
        if (i > 0) {
            fputc('\n', args->out);
        }
        lists[i].print(args->out, with);
    }
    return CLI_OK;
}

static int list_command(const cli_args *args) {
    plugins with;
    int status = plugins_load(&with, args);
    if (status == CLI_OK) {
        status = args->operand_count > 0 ? list_one(args, &with, args->operands[0])
                                         : list_all(args, &with);
    }
    plugins_free(&with);
    return status;
}

const cli_command command_list = {
    .name = "list",
    .operands = "[scenarios|presets|strategies|backends]",
    .summary = "list scenarios, presets, keepalive strategies and backends",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operand_min = 0,
    .operand_max = 1,
    .run = list_command,
};
