/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * punchlab generate: the manual page and the completions, for the build; the names of scenarios,
 * for the completions.
 */
#include "generate.h"

#include <string.h>

#include "commands.h"
#include "file.h"
#include "found.h"
#include "setup.h"

static const cli_option options[] = {
    {"out", 'o', "FILE", "write to a file (default: standard output)"},
    {"help", 'h', NULL, "this text"},
};

/* Names that `run` finds: file names without directory and ending. */
static void generate_scenarios(const generate_table *table, FILE *out) {
    (void)table;
    found_files found = found_scenarios(setup_root());
    for (size_t i = 0; i < found.count; i++) {
        const char *name = strrchr(found.paths[i], '/') + 1;
        fprintf(out, "%.*s\n", (int)(strlen(name) - strlen(".json")), name);
    }
    found_free(&found);
}

static const struct {
    const char *name;
    void (*print)(const generate_table *table, FILE *out);
} forms[] = {
    {"man", generate_man},   {"bash", generate_bash},           {"zsh", generate_zsh},
    {"fish", generate_fish}, {"scenarios", generate_scenarios},
};

static int generate_command(const cli_args *args) {
    generate_table table = {0};
    table.commands = punchlab_commands(&table.count);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(forms[i].name, args->operands[0]) != 0) {
            continue;
        }
        const char *path = cli_value(args, "out");
        if (path == NULL) {
            forms[i].print(&table, args->out);
            return CLI_OK;
        }
        file_out file;
        if (!file_open(&file, path, args->err)) {
            return CLI_FAILED;
        }
        forms[i].print(&table, file.out);
        return file_commit(&file, args->err) ? CLI_OK : CLI_FAILED;
    }
    fprintf(args->err, "%s generate: there is no form '%s'; there are: %s\n", args->program,
            args->operands[0], args->command->operands);
    return CLI_USAGE;
}

const cli_command command_generate = {
    .name = "generate",
    .operands = "man|bash|zsh|fish|scenarios",
    .summary = "make the manual page and the completions of shells",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operand_min = 1,
    .operand_max = 1,
    .hidden = true,
    .run = generate_command,
};
