/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * punchlab run: scenario files in; a table, a directory of results each, an index over several, and
 * a verdict out.
 */
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "commands.h"
#include "file.h"
#include "punch/assert.h"
#include "report_index.h"
#include "session.h"

static const cli_option options[] = {
    {"trials", 0, "N", "exactly so many trials per cell (default: the scenario's)"},
    {"seed", 0, "S", "seed of the run, or 'random' (default: the scenario's)"},
    {"jobs", 'j', "N", "threads (default: all cores); results do not depend on it"},
    {"backend", 0, "B", "backend (default: the scenario's)"},
    {"crypto", 0, "fast|sodium", "crypto provider (default: the scenario's)"},
    {"out", 'o', "DIR", "directory of the results (default: results/runs/<scenario>)"},
    {"json", 0, "FILE", "also write the results as JSON; '-' is standard output"},
    {"set", 0, "KEY=VALUE", "override a key of the scenario; may be repeated"},
    PLUGIN_OPTION,
    {"resume", 0, NULL, "continue an unfinished run; the result is the same"},
    {"fresh", 0, NULL, "throw an unfinished run away"},
    {"shard", 0, "I/N", "run the I-th of N parts; 'merge' puts them together"},
    {"dry-run", 0, NULL, "list cells, trials and expected time, run nothing"},
    {"trials-csv", 0, NULL, "write trials.csv however long it gets"},
    {"allow-inconclusive", 0, NULL, "expectations that cannot be decided are no failure"},
    {"quiet", 'q', NULL, "no first line, no table, no progress"},
    {"verbose", 'v', NULL, "also say how fast it ran"},
    {"help", 'h', NULL, "this text"},
};

/* Fewer trials than this leave intervals wider than most questions: chosen. */
#define FEW_TRIALS 100u

static void warn_of_few(const run_request *request, const cli_args *args) {
    if (request->trials < FEW_TRIALS && !cli_has(args, "quiet")) {
        fprintf(args->err,
                "only %llu trial%s a cell, so the intervals are wide: use --trials 1000\n",
                (unsigned long long)request->trials, request->trials == 1 ? "" : "s");
    }
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

/* Where all results go: those of one scenario right there, of several each into its own. */
static char *base_directory(const cli_args *args) {
    const char *given = cli_value(args, "out");
    return given != NULL ? file_copy_name(given) : setup_results();
}

static char *directory_of(const cli_args *args, const batch *of, size_t index) {
    char *base = base_directory(args);
    if (of->count == 1 && cli_has(args, "out")) {
        return base;
    }
    char *directory = file_join(base, sim_scenario_name(of->made[index].scenario));
    free(base);
    return directory;
}

/* Only a scenario whose report is where the index links to may look like it. */
static report_index_entry entry_of(const session *done, const setup *made, const cli_args *args,
                                   int status) {
    const char *name = sim_scenario_name(made->scenario);
    if (!done->analysed) {
        return report_index_entry_missing(
            name, status == CLI_USAGE ? "refused before its first trial: see the messages of run"
                                      : "failed before its results: see the messages of run");
    }
    const bool kept = status >= CLI_SIGNALLED ||
                      status == session_verdict(done, cli_has(args, "allow-inconclusive"));
    return kept ? report_index_entry_of(&done->said, name)
                : report_index_entry_missing(name, "its results could not be written");
}

/* One scenario. *entry_out, which may be NULL, gets its line of the index. An exit code. */
static int run_one(const batch *of, size_t index, const cli_args *args,
                   report_index_entry *entry_out) {
    setup *made = &of->made[index];
    made->request.progress =
        cli_is_terminal(args->err) && !cli_has(args, "quiet") ? args->err : NULL;
    sigset_t signals;
    run_hold_signals(&signals);
    if (!cli_has(args, "quiet")) {
        setup_print_first_line(made, args->err, crypto_name(made));
        fflush(args->err);
    }
    warn_of_few(&made->request, args);
    char *directory = directory_of(args, of, index);
    const session_how how = session_how_of(args, directory);
    session done;
    const int status = session_run(made, &how, &signals, &done);
    run_release_signals(&signals);
    if (entry_out != NULL) {
        *entry_out = entry_of(&done, made, args, status);
    }
    session_close(&done);
    free(directory);
    return status;
}

/* The worse of two exit codes: being interrupted, a broken invariant, bad usage, a backend that is
 * not there, a failure. */
static int worse(int a, int b) {
    static const int order[] = {CLI_BROKEN, CLI_USAGE, CLI_UNAVAILABLE, CLI_FAILED};
    if (a > CLI_SIGNALLED || b > CLI_SIGNALLED) {
        return a > b ? a : b;
    }
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (a == order[i] || b == order[i]) {
            return order[i];
        }
    }
    return CLI_OK;
}

/* Writes and shows the index of a whole batch. One that was interrupted leaves the index as it was:
 * less does not replace more. An exit code. */
static int conclude_several(const report_index_entry *entries, size_t count, const cli_args *args,
                            bool interrupted) {
    char *base = base_directory(args);
    int status = CLI_OK;
    if (interrupted) {
        fprintf(args->err,
                "\nno index was written to %s: the batch was interrupted; --resume "
                "continues it\n",
                base);
    } else if (!report_index(entries, count, base, args->err)) {
        status = CLI_FAILED;
    } else if (!cli_has(args, "quiet")) {
        fprintf(args->err, "\nindex: %s/index.html\n", base);
    }
    if (!cli_has(args, "quiet")) {
        report_index_table(entries, count, args->out);
    }
    free(base);
    return status;
}

/* An interruption ends the whole batch; a failure does not. */
static int run_several(const batch *of, const cli_args *args) {
    report_index_entry *entries = calloc(of->count + 1, sizeof *entries);
    PUNCH_ASSERT(entries != NULL);
    size_t count = 0;
    int status = CLI_OK;
    for (size_t i = 0; i < of->count && status < CLI_SIGNALLED; i++) {
        if (i > 0 && !cli_has(args, "quiet")) {
            fputc('\n', args->out);
            fflush(args->out);
        }
        const int one = run_one(of, i, args, &entries[count++]);
        status = worse(status, one);
    }
    if (count > 0 && !cli_has(args, "shard")) {
        const bool interrupted = status >= CLI_SIGNALLED;
        status = worse(status, conclude_several(entries, count, args, interrupted));
    }
    for (size_t i = 0; i < count; i++) {
        report_index_entry_free(&entries[i]);
    }
    free(entries);
    return status;
}

static int check_options(const batch *of, const cli_args *args) {
    const char *wrong = NULL;
    if (cli_has(args, "resume") && cli_has(args, "fresh")) {
        wrong = "--resume and --fresh contradict each other";
    } else if (of->count > 1 && cli_has(args, "json")) {
        wrong = "--json is for one scenario; each directory has its cells.csv";
    } else if (cli_has(args, "shard") && cli_has(args, "json")) {
        wrong = "a shard has no results of its own: use --json with 'merge'";
    }
    if (wrong != NULL) {
        fprintf(args->err, "%s run: %s\n", args->program, wrong);
        return CLI_USAGE;
    }
    return CLI_OK;
}

static int run_command(const cli_args *args) {
    batch of;
    int status = batch_load(&of, args);
    status = status == CLI_OK ? check_options(&of, args) : status;
    if (status == CLI_OK) {
        status = cli_has(args, "dry-run") ? batch_dry_run(&of, args)
                 : of.count == 1          ? run_one(&of, 0, args, NULL)
                                          : run_several(&of, args);
    }
    batch_free(&of);
    return status;
}

const cli_command command_run = {
    .name = "run",
    .operands = "FILE|DIRECTORY... [options]",
    .summary = "run scenarios and report every cell",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operand_min = 1,
    .operand_max = SIZE_MAX,
    .run = run_command,
};
