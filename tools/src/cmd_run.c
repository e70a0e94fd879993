/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * punchlab run: a scenario file in, a table, a directory of results and perhaps a JSON object out.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "file.h"
#include "report.h"
#include "setup.h"

static const cli_option options[] = {
    {"trials", 0, "N", "trials per cell (default: the scenario's)"},
    {"seed", 0, "S", "seed of the run, or 'random' (default: the scenario's)"},
    {"jobs", 'j', "N", "threads (default: all cores); results do not depend on it"},
    {"backend", 0, "B", "backend (default: the scenario's)"},
    {"crypto", 0, "fast|sodium", "crypto provider (default: the scenario's)"},
    {"out", 'o', "DIR", "directory of the results (default: results/runs/<scenario>)"},
    {"json", 0, "FILE", "also write the results as JSON; '-' is standard output"},
    {"set", 0, "KEY=VALUE", "override a key of the scenario; may be repeated"},
    {"quiet", 'q', NULL, "no first line, no table, no progress"},
    {"verbose", 'v', NULL, "also say how fast it ran"},
    {"help", 'h', NULL, "this text"},
};

/* Where results go. */
typedef struct {
    char *directory;
    int lock; /* on the directory, for as long as this run; negative: none */
    bool json_on_stdout;
    file_out json; /* open when a file was asked for */
} outputs;

static char *output_directory(const cli_args *args, const char *scenario) {
    const char *given = cli_value(args, "out");
    if (given != NULL) {
        return file_copy_name(given);
    }
    char *runs = setup_results();
    char *directory = file_join(runs, scenario);
    free(runs);
    return directory;
}

/* Everything that can be found out about the outputs before the first trial is. An exit code. */
static int open_outputs(outputs *to, const cli_args *args, const char *scenario) {
    memset(to, 0, sizeof *to);
    to->lock = FILE_NOT_LOCKED;
    to->directory = output_directory(args, scenario);
    if (!file_make_directories(to->directory, args->err)) {
        return CLI_FAILED;
    }
    to->lock = file_lock_directory(to->directory, args->err);
    if (to->lock < 0) {
        return to->lock == FILE_TAKEN ? CLI_USAGE : CLI_FAILED;
    }
    char *probe_path = file_join(to->directory, "manifest.json");
    file_out probe;
    const bool writable = file_open(&probe, probe_path, args->err);
    file_abandon(&probe);
    free(probe_path);
    if (!writable) {
        return CLI_FAILED;
    }
    const char *json = cli_value(args, "json");
    to->json_on_stdout = json != NULL && strcmp(json, "-") == 0;
    const bool opened = json == NULL || to->json_on_stdout || file_open(&to->json, json, args->err);
    return opened ? CLI_OK : CLI_FAILED;
}

static void close_outputs(outputs *to) {
    file_abandon(&to->json);
    if (to->lock >= 0) {
        close(to->lock);
    }
    free(to->directory);
}

/* Colour is for people: a terminal, and nobody objected (https://no-color.org). */
static bool wants_colour(FILE *out) {
    const char *no_color = getenv("NO_COLOR");
    const int fd = fileno(out);
    return (no_color == NULL || no_color[0] == '\0') && fd >= 0 && isatty(fd);
}

static bool is_terminal(FILE *out) {
    const int fd = fileno(out);
    return fd >= 0 && isatty(fd);
}

static void print_speed(const run_request *request, const run_results *results, FILE *err) {
    const double wall_s = results->wall_s > 0.0 ? results->wall_s : 1e-9;
    fprintf(err, "%llu trials, %llu events in %.3f s with %u jobs: %.0f trials/s, %.0f events/s\n",
            (unsigned long long)results->trials_done, (unsigned long long)results->events,
            results->wall_s, request->jobs, (double)results->trials_done / wall_s,
            (double)results->events / wall_s);
}

/* Prints and writes everything; false when something could not be written. */
static bool publish(const report *view, outputs *to, const cli_args *args) {
    bool written = true;
    FILE *people = to->json_on_stdout ? args->err : args->out;
    if (!cli_has(args, "quiet")) {
        report_table(view, people, wants_colour(people));
        fflush(people);
    }
    if (to->json_on_stdout) {
        report_json(view, args->out);
    } else if (to->json.out != NULL) {
        report_json(view, to->json.out);
        written = file_commit(&to->json, args->err);
    }
    const report_written kept = report_write(view, to->directory, args->err);
    if (kept == REPORT_WHOLE && !cli_has(args, "quiet")) {
        fprintf(args->err, "\nresults: %s/report.md\n", to->directory);
    }
    return written && kept != REPORT_FAILED;
}

/* Fewer trials than this leave intervals wider than most questions: chosen. */
#define FEW_TRIALS 100u

static void warn_of_few(const run_request *request, const cli_args *args) {
    if (request->trials < FEW_TRIALS && !cli_has(args, "quiet")) {
        fprintf(args->err,
                "only %llu trials a cell, so the intervals are wide: use --trials "
                "1000\n",
                (unsigned long long)request->trials);
    }
}

static int run_and_publish(const setup *made, outputs *to, const cli_args *args,
                           const sigset_t *signals) {
    run_results results;
    const bool ran = run_trials(&made->request, &results);
    run_release_signals(signals);
    if (!ran) {
        fprintf(args->err, "%s run: %s\n", args->program, results.error);
        run_results_free(&results);
        return CLI_FAILED;
    }
    warn_of_few(&made->request, args);
    if (cli_has(args, "verbose")) {
        print_speed(&made->request, &results, args->err);
    }
    report view = report_of(&made->request, &results);
    const bool written = publish(&view, to, args);
    const bool interrupted = results.interrupted;
    const int signal_number = results.signal;
    report_free(&view);
    run_results_free(&results);
    if (interrupted) {
        fprintf(args->err, "%s run: interrupted; the results are partial\n", args->program);
        return CLI_SIGNALLED + signal_number;
    }
    return written ? CLI_OK : CLI_FAILED;
}

static const char *crypto_name(const setup *made) {
    if (made->request.crypto != NULL) {
        return made->request.crypto->name;
    }
    sim_plan *plan = sim_scenario_largest_plan(made->scenario);
    const char *name = plan != NULL ? plan->crypto->name : "unknown";
    sim_scenario_plan_destroy(plan);
    return name;
}

/* Refused here, results cost nothing; refused by the kernel later, they cost the program. */
static int check_memory(const setup *made, const cli_args *args) {
    const uint64_t most = run_trials_that_fit(&made->request);
    if (made->request.trials <= most) {
        return CLI_OK;
    }
    fprintf(
        args->err,
        "%s run: the results of %llu trials in each of %u cells do not fit into memory; at most "
        "%llu do: use --trials %llu\n",
        args->program, (unsigned long long)made->request.trials,
        sim_scenario_cell_count(made->scenario), (unsigned long long)most,
        (unsigned long long)most);
    return CLI_USAGE;
}

static int run_command(const cli_args *args) {
    setup made;
    int status = setup_load(&made, args);
    status = status == CLI_OK ? check_memory(&made, args) : status;
    if (status != CLI_OK) {
        setup_free(&made);
        return status;
    }
    made.request.progress = is_terminal(args->err) && !cli_has(args, "quiet") ? args->err : NULL;
    sigset_t signals;
    run_hold_signals(&signals);
    if (!cli_has(args, "quiet")) {
        setup_print_first_line(&made, args->err, crypto_name(&made));
        fflush(args->err);
    }
    outputs to;
    status = open_outputs(&to, args, sim_scenario_name(made.scenario));
    if (status == CLI_OK) {
        status = run_and_publish(&made, &to, args, &signals);
    } else {
        run_release_signals(&signals);
    }
    close_outputs(&to);
    setup_free(&made);
    return status;
}

const cli_command command_run = {
    .name = "run",
    .operands = "FILE [options]",
    .summary = "run a scenario and report every cell",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operand_min = 1,
    .operand_max = 1,
    .run = run_command,
};
