/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "found.h"
#include "punch/assert.h"
#include "sim/crypto_fast.h"
#include "version.h"

#define NAME_CAP 256 /* of a file's name, for guesses; chosen */

static bool is_directory(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

const char *setup_root(void) {
    if (is_directory("scenarios")) {
        return ".";
    }
    const char *root = getenv("PUNCHLAB_ROOT");
    return root != NULL && root[0] != '\0' ? root : version_source;
}

char *setup_results(void) {
    char *results = file_join(setup_root(), "results");
    char *runs =
        is_directory(results) ? file_join(results, "runs") : file_copy_name("punchlab-results");
    free(results);
    return runs;
}

const punch_crypto *setup_crypto(const char *name) {
    if (strcmp(name, "fast") == 0) {
        return &sim_crypto_fast;
    }
    return strcmp(name, "sodium") == 0 ? &punch_crypto_sodium : NULL;
}

/* Splits every "--set key=value" at its first "=". */
static int read_overrides(setup *made, const cli_args *args) {
    size_t count = 0;
    size_t bytes = 1;
    for (size_t i = 0; i < args->given_count; i++) {
        if (strcmp(args->given[i].option->name, "set") == 0) {
            count++;
            bytes += strlen(args->given[i].value) + 1;
        }
    }
    made->overrides = calloc(count + 1, sizeof *made->overrides);
    made->override_text = calloc(bytes, 1);
    PUNCH_ASSERT(made->overrides != NULL);
    PUNCH_ASSERT(made->override_text != NULL);
    made->request.overrides = made->overrides;
    char *free_text = made->override_text;
    for (size_t i = 0; i < args->given_count; i++) {
        if (strcmp(args->given[i].option->name, "set") != 0) {
            continue;
        }
        const char *text = args->given[i].value;
        const char *equals = strchr(text, '=');
        if (equals == NULL || equals == text) {
            fprintf(args->err,
                    "%s %s: --set %s: expected key=value, as in --set core.fire_rule="
                    "on_receipt\n",
                    args->program, args->command->name, text);
            return CLI_USAGE;
        }
        sim_override *override = &made->overrides[made->request.override_count++];
        memcpy(free_text, text, (size_t)(equals - text));
        override->key = free_text;
        override->value = equals + 1;
        free_text += equals - text + 1;
    }
    return CLI_OK;
}

static int read_seed(setup *made, const cli_args *args) {
    const char *text = cli_value(args, "seed");
    if (text == NULL) {
        made->request.seed = sim_scenario_seed(made->scenario);
    } else if (strcmp(text, "random") == 0) {
        PUNCH_ASSERT_EQ(getrandom(&made->request.seed, sizeof made->request.seed, 0),
                        (ssize_t)sizeof made->request.seed);
    } else if (!cli_parse_u64(text, &made->request.seed)) {
        fprintf(args->err, "%s %s: --seed %s: expected a 64-bit number or 'random'\n",
                args->program, args->command->name, text);
        return CLI_USAGE;
    }
    return CLI_OK;
}

static int read_backend(setup *made, const cli_args *args) {
    const char *name = cli_value(args, "backend");
    if (name == NULL) {
        name = sim_scenario_backend(made->scenario);
    }
    made->request.backend = sim_backend_find(name);
    if (made->request.backend != NULL) {
        return CLI_OK;
    }
    size_t count = 0;
    const sim_backend_ops *const *all = sim_backends(&count);
    cli_nearest nearest = cli_nearest_to(name);
    fprintf(args->err, "%s %s: no backend '%s'; there is:", args->program, args->command->name,
            name);
    for (size_t i = 0; i < count; i++) {
        fprintf(args->err, " %s", all[i]->name);
        cli_nearest_offer(&nearest, all[i]->name);
    }
    if (nearest.best != NULL) {
        fprintf(args->err, "; did you mean '%s'?", nearest.best);
    }
    fputc('\n', args->err);
    return CLI_UNAVAILABLE;
}

static int read_crypto(setup *made, const cli_args *args) {
    const char *name = cli_value(args, "crypto");
    if (name != NULL) {
        made->request.crypto = setup_crypto(name);
        if (made->request.crypto == NULL) {
            fprintf(args->err, "%s %s: --crypto %s: expected 'fast' or 'sodium'\n", args->program,
                    args->command->name, name);
            return CLI_USAGE;
        }
    }
    /* The scenario may ask for it, too. */
    if (punch_crypto_sodium_init() != PUNCH_OK) {
        fprintf(args->err, "%s: libsodium does not work on this machine\n", args->program);
        return CLI_UNAVAILABLE;
    }
    return CLI_OK;
}

uint32_t setup_cores(void) {
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > RUN_JOBS_MAX ? RUN_JOBS_MAX : (uint32_t)cores;
}

/* Trials and when to stop: --trials means exactly so many, whatever the scenario says. */
static int read_trials(setup *made, const cli_args *args) {
    run_request *request = &made->request;
    request->trials = sim_scenario_trials(made->scenario);
    if (cli_knows(args, "trials") && cli_has(args, "trials")) {
        return cli_number(args, "trials", 1, RUN_TRIALS_MAX, &request->trials) ? CLI_OK : CLI_USAGE;
    }
    request->until = sim_scenario_until(made->scenario);
    if (request->until.given) {
        request->trials = request->until.trials_max;
    }
    return CLI_OK;
}

/* "2/8": the second of eight. */
static int read_shard(setup *made, const cli_args *args) {
    const char *text = cli_knows(args, "shard") ? cli_value(args, "shard") : NULL;
    made->request.shard_count = 1;
    if (text == NULL) {
        return CLI_OK;
    }
    const char *slash = strchr(text, '/');
    char index_text[24] = "";
    uint64_t index = 0;
    uint64_t count = 0;
    if (slash != NULL && (size_t)(slash - text) < sizeof index_text) {
        memcpy(index_text, text, (size_t)(slash - text));
    }
    if (slash == NULL || !cli_parse_u64(index_text, &index) || !cli_parse_u64(slash + 1, &count) ||
        index < 1 || index > count || count > RUN_SHARDS_MAX) {
        fprintf(args->err, "%s %s: --shard %s: expected I/N with 1 <= I <= N <= %u\n",
                args->program, args->command->name, text, RUN_SHARDS_MAX);
        return CLI_USAGE;
    }
    made->request.shard = (uint32_t)index - 1;
    made->request.shard_count = (uint32_t)count;
    return CLI_OK;
}

static int read_counts(setup *made, const cli_args *args) {
    uint64_t jobs = setup_cores();
    if (cli_knows(args, "jobs") && !cli_number(args, "jobs", 1, RUN_JOBS_MAX, &jobs)) {
        return CLI_USAGE;
    }
    made->request.jobs = (uint32_t)jobs;
    const int status = read_trials(made, args);
    return status == CLI_OK ? read_shard(made, args) : status;
}

/* "scenarios/quickstart.json" without directory and ending, cut at cap bytes. */
static void stem_of(const char *path, char *stem, size_t cap) {
    const char *slash = strrchr(path, '/');
    snprintf(stem, cap, "%s", slash != NULL ? slash + 1 : path);
    char *dot = strrchr(stem, '.');
    if (dot != NULL && dot != stem) {
        *dot = '\0';
    }
}

bool setup_is_absent(const cli_args *args, const char *path) {
    struct stat info;
    if (stat(path, &info) == 0 || errno != ENOENT) {
        return false;
    }
    char word[NAME_CAP];
    char stem[NAME_CAP];
    stem_of(path, word, sizeof word);
    found_files found = found_scenarios(setup_root());
    cli_nearest nearest = cli_nearest_to(word);
    const char *meant = NULL;
    for (size_t i = 0; i < found.count; i++) {
        const size_t before = nearest.distance;
        stem_of(found.paths[i], stem, sizeof stem);
        cli_nearest_offer(&nearest, stem);
        meant = nearest.distance < before ? found.paths[i] : meant;
    }
    fprintf(args->err, "%s %s: %s: No such file or directory", args->program, args->command->name,
            path);
    if (meant != NULL) {
        fprintf(args->err, "; did you mean '%s'?",
                strncmp(meant, "./", 2) == 0 ? meant + 2 : meant);
    }
    fputc('\n', args->err);
    found_free(&found);
    return true;
}

int setup_load(setup *made, const cli_args *args) {
    return setup_load_file(made, args, args->operands[0]);
}

int setup_load_file(setup *made, const cli_args *args, const char *path) {
    memset(made, 0, sizeof *made);
    made->request.program = args->program;
    made->request.file = path;
    int status = read_overrides(made, args);
    status = status == CLI_OK ? plugins_load(&made->plugins, args) : status;
    if (status != CLI_OK) {
        return status;
    }
    made->request.plugins = made->plugins.files;
    made->request.plugin_digests = made->plugins.digests;
    made->request.plugin_count = made->plugins.count;
    made->path = found_scenario(setup_root(), made->request.file);
    if (setup_is_absent(args, made->path)) {
        return CLI_USAGE;
    }
    sim_complaints complaints = {0};
    const sim_scenario_with with = {.overrides = made->overrides,
                                    .override_count = made->request.override_count,
                                    .plugins = made->plugins.strategies,
                                    .plugin_count = made->plugins.count};
    made->scenario = sim_scenario_load_with(made->path, &with, &complaints);
    if (made->scenario == NULL) {
        sim_complaints_print(&complaints, args->err);
    }
    sim_complaints_clear(&complaints);
    if (made->scenario == NULL) {
        return CLI_USAGE;
    }
    made->request.scenario = made->scenario;
    status = read_seed(made, args);
    status = status == CLI_OK ? read_counts(made, args) : status;
    status = status == CLI_OK ? read_backend(made, args) : status;
    status = status == CLI_OK ? read_crypto(made, args) : status;
    if (status != CLI_OK) {
        return status;
    }
    const char *refused = run_refused(&made->request);
    if (refused != NULL) {
        fprintf(args->err, "%s %s: backend %s cannot run %s: %s\n", args->program,
                args->command->name, made->request.backend->name, made->request.file, refused);
        return CLI_UNAVAILABLE;
    }
    return CLI_OK;
}

void setup_free(setup *made) {
    sim_scenario_destroy(made->scenario);
    plugins_free(&made->plugins);
    free(made->overrides);
    free(made->override_text);
    free(made->path);
    memset(made, 0, sizeof *made);
}

void setup_print_first_line(const setup *made, FILE *err, const char *crypto) {
    fprintf(err, "punchlab %s (%s), scenario %s %016llx, backend %s, crypto %s, seed %llu\n",
            version_number, version_commit, sim_scenario_name(made->scenario),
            (unsigned long long)sim_scenario_digest(made->scenario), made->request.backend->name,
            crypto, (unsigned long long)made->request.seed);
}
