/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "batch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "file.h"
#include "found.h"
#include "punch/assert.h"

/* --- loading */

static bool is_directory(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static void add_path(batch *of, const char *path) {
    of->paths = realloc(of->paths, (of->count + 1) * sizeof *of->paths);
    PUNCH_ASSERT(of->paths != NULL);
    of->paths[of->count++] = file_copy_name(path);
}

static int add_directory(batch *of, const cli_args *args, const char *path) {
    found_files found = found_in(path);
    size_t added = 0;
    for (size_t i = 0; i < found.count; i++) {
        if (!sim_scenario_is_schema(found.paths[i])) {
            add_path(of, found.paths[i]);
            added++;
        }
    }
    found_free(&found);
    if (added == 0) {
        fprintf(args->err, "%s %s: %s: there are no scenarios in this directory\n", args->program,
                args->command->name, path);
        return CLI_USAGE;
    }
    return CLI_OK;
}

/* Two scenarios of one name would write into one directory. */
static int check_names(const batch *of, const cli_args *args) {
    for (size_t i = 0; i < of->count; i++) {
        for (size_t j = 0; j < i; j++) {
            const char *name = sim_scenario_name(of->made[i].scenario);
            if (strcmp(name, sim_scenario_name(of->made[j].scenario)) == 0) {
                fprintf(args->err, "%s %s: %s and %s are both named '%s'\n", args->program,
                        args->command->name, of->paths[j], of->paths[i], name);
                return CLI_USAGE;
            }
        }
    }
    return CLI_OK;
}

int batch_load(batch *of, const cli_args *args) {
    memset(of, 0, sizeof *of);
    int status = CLI_OK;
    for (size_t i = 0; i < args->operand_count; i++) {
        const char *path = args->operands[i];
        if (is_directory(path)) {
            const int added = add_directory(of, args, path);
            status = status == CLI_OK ? added : status;
        } else if (args->operand_count == 1 || !sim_scenario_is_schema(path)) {
            add_path(of, path); /* a schema among scenarios/(anything).json is no mistake */
        }
    }
    of->made = calloc(of->count + 1, sizeof *of->made);
    PUNCH_ASSERT(of->made != NULL);
    for (size_t i = 0; i < of->count; i++) {
        const int loaded = setup_load_file(&of->made[i], args, of->paths[i]);
        status = status == CLI_OK ? loaded : status;
    }
    return status == CLI_OK ? check_names(of, args) : status;
}

void batch_free(batch *of) {
    for (size_t i = 0; i < of->count; i++) {
        setup_free(&of->made[i]);
        free(of->paths[i]);
    }
    free(of->made);
    free(of->paths);
    memset(of, 0, sizeof *of);
}

/* --- dry run */

/* How long is measured per scenario, and in how many of its cells. Chosen: a guess that costs
 * less than a second. */
#define PROBE_S 0.25
#define PROBE_CELLS_MAX 16u

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Mean seconds of a trial, from the first trials of cells spread over all; negative: no memory. */
static double probe(const run_request *request) {
    const uint32_t cell_count = sim_scenario_cell_count(request->scenario);
    const uint32_t cells = cell_count < PROBE_CELLS_MAX ? cell_count : PROBE_CELLS_MAX;
    run_world world;
    if (!run_world_create(&world, request)) {
        run_world_destroy(&world);
        return -1.0;
    }
    sim_plan *largest = sim_scenario_largest_plan(request->scenario);
    const uint32_t calls_max = largest != NULL ? largest->call_count : 0;
    sim_scenario_plan_destroy(largest);
    sim_call_result *calls = calloc((size_t)calls_max + 1, sizeof *calls);
    PUNCH_ASSERT(calls != NULL);
    sim_trial_result result = {.calls = calls};
    double sum_s = 0.0; /* of the cells' means */
    for (uint32_t i = 0; i < cells; i++) {
        const uint32_t cell = (uint32_t)((uint64_t)i * cell_count / cells);
        const double began_s = now_s();
        uint64_t trials = 0;
        do {
            run_world_trial(&world, cell, trials++, NULL, &result);
        } while (trials < request->trials && now_s() - began_s < PROBE_S / cells);
        sum_s += (now_s() - began_s) / (double)trials;
    }
    free(calls);
    run_world_destroy(&world);
    return sum_s / cells;
}

static void print_time(FILE *out, double seconds) {
    if (seconds < 1.0) {
        fputs("less than a second", out);
    } else if (seconds < 120.0) {
        fprintf(out, "about %.0f s", seconds);
    } else if (seconds < 7200.0) {
        fprintf(out, "about %.0f min", seconds / 60.0);
    } else {
        fprintf(out, "about %.1f h", seconds / 3600.0);
    }
}

static void print_cells(const sim_scenario *scenario, FILE *out) {
    const uint32_t factor_count = sim_scenario_factor_count(scenario);
    for (uint32_t cell = 0; cell < sim_scenario_cell_count(scenario); cell++) {
        fprintf(out, "  cell %u", cell);
        for (uint32_t f = 0; f < factor_count; f++) {
            const sim_factor_view factor = sim_scenario_factor(scenario, f);
            fprintf(out, "%s %s %s", f > 0 ? "," : ":", factor.name,
                    factor.levels[sim_scenario_cell_level(scenario, cell, f)]);
        }
        fputc('\n', out);
    }
}

/* Seconds it would take. */
static double dry_run_one(const setup *made, const cli_args *args) {
    const run_request *request = &made->request;
    const uint32_t cells = sim_scenario_cell_count(made->scenario);
    uint32_t expects = 0;
    (void)sim_scenario_expects(made->scenario, &expects);
    const double trial_s = probe(request);
    const double total = (double)cells * (double)request->trials / request->shard_count;
    const double run_s = trial_s * total / request->jobs;
    fprintf(args->out, "%s (%s): %u cells, %s%llu trials each", sim_scenario_name(made->scenario),
            request->file, cells, request->until.given ? "up to " : "",
            (unsigned long long)request->trials);
    if (request->shard_count > 1) {
        fprintf(args->out, ", shard %u of %u", request->shard + 1, request->shard_count);
    }
    fprintf(args->out, ", %u expectations; ", expects);
    if (request->until.given) {
        fputs("at most ", args->out);
    }
    print_time(args->out, run_s);
    fprintf(args->out, " with %u jobs\n", request->jobs);
    if (!cli_has(args, "quiet")) {
        print_cells(made->scenario, args->out);
    }
    return run_s;
}

int batch_dry_run(const batch *of, const cli_args *args) {
    double total_s = 0.0;
    for (size_t i = 0; i < of->count; i++) {
        total_s += dry_run_one(&of->made[i], args);
    }
    if (of->count > 1) {
        fprintf(args->out, "%zu scenarios: ", of->count);
        print_time(args->out, total_s);
        fputc('\n', args->out);
    }
    return CLI_OK;
}
