/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * punchlab explain: what a key of a scenario means, which fields a preset has and where each comes
 * from, what a keepalive strategy does.
 */
#include <string.h>

#include "commands.h"
#include "format.h"
#include "preset_text.h"
#include "punch/keepalive.h"
#include "sim/scenario.h"

static const cli_option options[] = {
    {"help", 'h', NULL, "this text"},
};

static void print_keepalive(const punch_keepalive *keepalive, FILE *out) {
    char silence[FORMAT_TEXT_CAP];
    fprintf(out, "%s: %s\n  longest silence to expect: %s\n", keepalive->name, keepalive->help,
            format_duration(keepalive->silence_after_first_us, silence));
}

/* "preset:pf" or just "pf"; "keepalive:seed" or just "seed-bounded". True when it was one. */
static bool explain_named(const char *key, FILE *out) {
    static const char preset_prefix[] = "preset:";
    static const char keepalive_prefix[] = "keepalive:";
    const bool says_preset = strncmp(key, preset_prefix, sizeof preset_prefix - 1) == 0;
    const bool says_keepalive = strncmp(key, keepalive_prefix, sizeof keepalive_prefix - 1) == 0;
    const nat_preset *preset = nat_preset_find(says_preset ? key + sizeof preset_prefix - 1 : key);
    const punch_keepalive *keepalive =
        punch_keepalive_find(says_keepalive ? key + sizeof keepalive_prefix - 1 : key);
    if (preset != NULL && !says_keepalive) {
        preset_print(preset, out);
        return true;
    }
    if (keepalive != NULL && !says_preset) {
        print_keepalive(keepalive, out);
        return true;
    }
    return false;
}

static bool ends_with(const char *text, const char *end) {
    const size_t length = strlen(text);
    const size_t end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static void offer_names(cli_nearest *nearest) {
    size_t count = 0;
    const nat_preset *presets = nat_presets(&count);
    for (size_t i = 0; i < count; i++) {
        cli_nearest_offer(nearest, presets[i].name);
    }
    const punch_keepalive *const *keepalives = punch_keepalive_builtin(&count);
    for (size_t i = 0; i < count; i++) {
        cli_nearest_offer(nearest, keepalives[i]->name);
    }
}

static int explain_one(const cli_args *args, const char *key) {
    const char *nearest_option = NULL;
    const bool is_option = sim_scenario_explain(key, args->out, &nearest_option) > 0;
    /* "seed" is an option and a strategy: both are told. */
    const bool is_named = explain_named(key, args->out);
    if (is_option && ends_with(key, "preset")) {
        fprintf(args->out, "\n'%s explain preset:NAME' shows every field with its source.\n",
                args->program);
    }
    if (is_option || is_named) {
        return CLI_OK;
    }
    const char *colon = strchr(key, ':');
    cli_nearest nearest = cli_nearest_to(colon != NULL ? colon + 1 : key);
    offer_names(&nearest);
    const char *best = nearest.best != NULL ? nearest.best : nearest_option;
    fprintf(args->err, "%s explain: nothing is called '%s'", args->program, key);
    if (best != NULL) {
        fprintf(args->err, "; did you mean '%s'?", best);
    }
    fprintf(args->err, "\n'%s explain \"*\"' explains everything.\n", args->program);
    return CLI_USAGE;
}

static int explain_command(const cli_args *args) {
    for (size_t i = 0; i < args->operand_count; i++) {
        const int status = explain_one(args, args->operands[i]);
        if (status != CLI_OK) {
            return status;
        }
    }
    return CLI_OK;
}

const cli_command command_explain = {
    .name = "explain",
    .operands = "KEY...",
    .summary = "explain a scenario key, a NAT preset or a keepalive strategy",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operand_min = 1,
    .operand_max = SIZE_MAX,
    .run = explain_command,
};
