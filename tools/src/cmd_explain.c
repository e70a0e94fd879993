/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * punchlab explain: what a key of a scenario means, which fields a preset has and where each comes
 * from, what a keepalive strategy does.
 */
#include <string.h>

#include "commands.h"
#include "format.h"
#include "plugin.h"
#include "preset_text.h"
#include "punch/lab.h"
#include "sim/link_presets.h"
#include "sim/scenario.h"

static const cli_option options[] = {
    PLUGIN_OPTION,
    {"help", 'h', NULL, "this text"},
};

/* Forms that values of many keys can take. */
static const struct {
    const char *name;
    const char *form;
    const char *help;
} forms[] = {
    {"uniform", "{\"uniform\": [\"10ms\", \"30ms\"]}", "Every value of the range alike."},
    {"exponential", "{\"exponential\": {\"mean\": \"20ms\"}}",
     "Exponential with that mean, cut to the range of the key."},
    {"lognormal", "{\"lognormal\": {\"median\": \"20ms\", \"sigma\": 0.5}}",
     "sigma is the standard deviation of the natural logarithm."},
    {"quantiles", "{\"quantiles\": {\"5%\": \"71ms\", \"50%\": \"239ms\", \"95%\": \"602ms\"}}",
     "Linear between the quantiles, flat outside."},
    {"from", "{\"from\": \"data/rtt-relayed.json\", \"scale\": \"25%\"}",
     "Quantiles from a file below the scenario's directory, every value times scale."},
    {"choice",
     "{\"choice\": [{\"share\": \"30%\", \"value\": \"30s\"}, {\"share\": \"70%\", \"value\": "
     "{\"uniform\": [\"60s\", \"300s\"]}}]}",
     "One of several values, whose shares sum to 100%; they may be distributions again. The only "
     "distribution of values that are no numbers."},
    {"population", "{\"population\": \"NAME\", \"without\": [\"CLASS\", ...]}",
     "As peers.a.nat or peers.b.nat: a NAT drawn for every trial from \"populations\", with some "
     "of "
     "its classes left out, the rest in proportion."},
    {"populations",
     "\"populations\": {\"NAME\": {\"source\": \"...\", \"common\": {...}, \"classes\": "
     "[{\"name\": "
     "\"...\", \"share\": \"40%\", ...}]}}",
     "Classes of NATs whose shares sum to 100%; a class has the keys of \"nat\", or \"nat\": "
     "\"none\" "
     "or the name of one; \"common\" holds what all classes share; or {\"file\": "
     "\"data/x.json\"}. A class {\"share\": \"40%\", \"population\": \"NAME\", \"without\": [...]} "
     "is all classes of another population, called NAME.CLASS, and \"without\": [\"NAME\"] leaves "
     "all of them out."},
    {"factors",
     "\"factors\": [{\"name\": \"loss\", \"treatment\": true, \"set\": \"link.dsl.loss\", "
     "\"levels\": [\"0%\", \"2%\"]}]",
     "What the scenario varies; cells are the cross product of all levels. Cells that differ only "
     "in a treatment meet the same worlds. A level {\"label\": ..., \"set\": {KEY: value, ...}} "
     "sets "
     "several keys at once."},
};

static bool explain_form(const char *key, FILE *out) {
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(forms[i].name, key) == 0) {
            fprintf(out, "%s\n  %s\n  form     %s\n", forms[i].name, forms[i].help, forms[i].form);
            return true;
        }
    }
    return false;
}

static void print_keepalive(const punch_keepalive *keepalive, FILE *out) {
    char text[FORMAT_TEXT_CAP];
    fprintf(out, "%s: %s\n", keepalive->name, keepalive->help);
    if (keepalive->interval_us != 0) {
        fprintf(out, "  interval: %s, unless peers.keepalive_interval says otherwise\n",
                format_duration(keepalive->interval_us, text));
    }
    const punch_time_us silence_us = keepalive->silence_after_first_us;
    fprintf(out, "  longest silence to expect: %s%s\n",
            silence_us == PUNCH_NEVER ? "any" : format_duration(silence_us, text),
            keepalive->promise_us != NULL ? ", then what it promises itself" : "");
    if (keepalive->give_up_us != 0) {
        fprintf(out, "  gives up after: %s\n", format_duration(keepalive->give_up_us, text));
    }
    if (keepalive->state_bytes > 0) {
        fprintf(out, "  learns: %u bytes for each peer\n", keepalive->state_bytes);
    }
}

static const punch_keepalive *find_keepalive(const plugins *with, const char *name) {
    for (size_t i = 0; i < with->count; i++) {
        if (strcmp(with->strategies[i]->name, name) == 0) {
            return with->strategies[i];
        }
    }
    return punch_lab_find(name);
}

/* "preset:pf" or just "pf"; "keepalive:seed" or just "seed-bounded". True when it was one. */
static bool explain_named(const char *key, const plugins *with, FILE *out) {
    static const char preset_prefix[] = "preset:";
    static const char keepalive_prefix[] = "keepalive:";
    const bool says_preset = strncmp(key, preset_prefix, sizeof preset_prefix - 1) == 0;
    const bool says_keepalive = strncmp(key, keepalive_prefix, sizeof keepalive_prefix - 1) == 0;
    const nat_preset *preset = nat_preset_find(says_preset ? key + sizeof preset_prefix - 1 : key);
    const nat_tcp_preset *tcp =
        nat_tcp_preset_find(says_preset ? key + sizeof preset_prefix - 1 : key);
    const sim_link_preset *link =
        sim_link_preset_find(says_preset ? key + sizeof preset_prefix - 1 : key);
    const punch_keepalive *keepalive =
        find_keepalive(with, says_keepalive ? key + sizeof keepalive_prefix - 1 : key);
    if (preset != NULL && !says_keepalive) {
        preset_print(preset, out);
    }
    if (tcp != NULL && !says_keepalive) {
        preset_print_tcp(tcp, out);
    }
    if ((preset != NULL || tcp != NULL) && !says_keepalive) {
        return true;
    }
    if (link != NULL && !says_keepalive) {
        sim_link_preset_explain(link, out);
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

/* "aws" means "aws-nat-gateway": the first name that begins with it, as a guess. */
static void offer_name(cli_nearest *nearest, const char *name) {
    const size_t length = strlen(nearest->word);
    if (length >= 2 && nearest->distance > 0 && strncmp(nearest->word, name, length) == 0) {
        nearest->best = name;
        nearest->distance = 0;
    }
    cli_nearest_offer(nearest, name);
}

static void offer_names(cli_nearest *nearest) {
    size_t count = 0;
    const nat_preset *presets = nat_presets(&count);
    for (size_t i = 0; i < count; i++) {
        offer_name(nearest, presets[i].name);
    }
    const sim_link_preset *links = sim_link_presets(&count);
    for (size_t i = 0; i < count; i++) {
        offer_name(nearest, links[i].name);
    }
    const punch_keepalive *const *keepalives = punch_lab_keepalives(&count);
    for (size_t i = 0; i < count; i++) {
        offer_name(nearest, keepalives[i]->name);
    }
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        offer_name(nearest, forms[i].name);
    }
}

static int explain_one(const cli_args *args, const plugins *with, const char *key) {
    const char *nearest_option = NULL;
    const bool is_option = sim_scenario_explain(key, args->out, &nearest_option) > 0;
    /* "seed" is an option and a strategy: both are told. */
    const bool is_named = explain_named(key, with, args->out);
    if (is_option && ends_with(key, "preset")) {
        fprintf(args->out, "\n'%s explain preset:NAME' shows every field with its source.\n",
                args->program);
    }
    const bool is_form = explain_form(key, args->out);
    if (is_option || is_named || is_form) {
        return CLI_OK;
    }
    const char *colon = strchr(key, ':');
    cli_nearest nearest = cli_nearest_to(colon != NULL ? colon + 1 : key);
    offer_names(&nearest);
    const char *best = nearest.best != NULL ? nearest.best : nearest_option;
    fprintf(args->err, "%s explain: nothing is called '%s'", args->program, key);
    if (best != NULL) {
        const int prefix = colon != NULL && nearest.best != NULL ? (int)(colon - key) + 1 : 0;
        fprintf(args->err, "; did you mean '%.*s%s'?", prefix, key, best);
    }
    fprintf(args->err, "\n'%s explain \"*\"' explains everything.\n", args->program);
    return CLI_USAGE;
}

static int explain_command(const cli_args *args) {
    plugins with;
    int status = plugins_load(&with, args);
    for (size_t i = 0; status == CLI_OK && i < args->operand_count; i++) {
        status = explain_one(args, &with, args->operands[i]);
    }
    plugins_free(&with);
    return status;
}

const cli_command command_explain = {
    .name = "explain",
    .operands = "KEY...",
    .summary = "explain a scenario key, a preset or a keepalive strategy",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operand_min = 1,
    .operand_max = SIZE_MAX,
    .run = explain_command,
};
