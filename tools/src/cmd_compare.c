/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * punchlab compare: the treatments of a run against each other, or two runs; what changed, whether
 * that is more than chance, and an exit code a build can stop at.
 */
#include <dirent.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "compare_words.h"
#include "file.h"
#include "session.h"

static const cli_option options[] = {
    {"measure", 0, "NAME", "compare this measure only; may be repeated"},
    {"against", 0, "LEVEL", "level of a treatment to compare with (default: its first)"},
    {"margin", 0, "MEASURE=VALUE", "a worsening up to this is no failure; may be repeated"},
    {"json", 0, "FILE", "also write the comparison as JSON; '-' is standard output"},
    {"markdown", 0, "FILE", "also write it as a comment for a change; '-' is standard output"},
    {"jobs", 'j', "N", "threads (default: all cores)"},
    {"trials", 0, "N", "of a scenario that is run: trials per cell"},
    {"seed", 0, "S", "of a scenario that is run: its seed, or 'random'"},
    {"backend", 0, "B", "of a scenario that is run: its backend"},
    {"crypto", 0, "fast|sodium", "of a scenario that is run: its crypto provider"},
    {"set", 0, "KEY=VALUE", "of a scenario that is run: override a key; may be repeated"},
    PLUGIN_OPTION,
    {"out", 'o', "DIR", "of a scenario that is run: directory of its results"},
    {"resume", 0, NULL, "of a scenario that is run: continue an unfinished run"},
    {"fresh", 0, NULL, "of a scenario that is run: throw an unfinished run away"},
    {"quiet", 'q', NULL, "no table, no progress"},
    {"help", 'h', NULL, "this text"},
};

__attribute__((format(printf, 2, 3))) static int refuse(const cli_args *args, const char *format,
                                                        ...) {
    va_list arguments;
    fprintf(args->err, "%s compare: ", args->program);
    va_start(arguments, format);
    vfprintf(args->err, format, arguments);
    va_end(arguments);
    fputc('\n', args->err);
    return CLI_USAGE;
}

/* --- what is asked */

/* Position of a measure, or SIM_MEASURE_UNKNOWN after complaining. */
static uint32_t measure_named(const cli_args *args, const char *name) {
    const uint32_t found = sim_measure_find(name);
    if (found == SIM_MEASURE_UNKNOWN) {
        uint32_t count = 0;
        const sim_measure *table = sim_measures(&count);
        cli_nearest nearest = cli_nearest_to(name);
        for (uint32_t m = 0; m < count; m++) {
            cli_nearest_offer(&nearest, table[m].name);
        }
        (void)refuse(args, "there is no measure \"%s\"%s%s%s", name,
                     nearest.best != NULL ? "; did you mean \"" : "",
                     nearest.best != NULL ? nearest.best : "", nearest.best != NULL ? "\"?" : "");
        fputs("measures:", args->err);
        for (uint32_t m = 0; m < count; m++) {
            fprintf(args->err, " %s", table[m].name);
        }
        fputc('\n', args->err);
    }
    return found;
}

typedef struct {
    const char *suffix;
    double scale;
    double beyond; /* what a margin of it stays below */
} margin_unit;

/* "1%", "0.01", "50ms", "2": in the unit the measure is shown in; false when it is none. A share of
 * 5 was meant as 5 %: as 500 points it would hide everything. */
static bool parse_margin(const char *text, sim_measure_unit unit, double *margin_out) {
    static const margin_unit share[] = {{"%", 0.01, 100.0}, {"", 1.0, 1.0}, {NULL, 0.0, 0.0}};
    static const margin_unit seconds[] = {{"us", 1e-6, (double)INFINITY},
                                          {"ms", 1e-3, (double)INFINITY},
                                          {"s", 1.0, (double)INFINITY},
                                          {NULL, 0.0, 0.0}};
    static const margin_unit count[] = {{"", 1.0, (double)INFINITY}, {NULL, 0.0, 0.0}};
    const margin_unit *units = unit == SIM_UNIT_SHARE     ? share
                               : unit == SIM_UNIT_SECONDS ? seconds
                                                          : count;
    char *end = NULL;
    const double number = strtod(text, &end);
    if (end == text || !(number >= 0.0)) {
        return false;
    }
    for (; units->suffix != NULL; units++) {
        if (strcmp(end, units->suffix) == 0 && number < units->beyond) {
            *margin_out = number * units->scale;
            return true;
        }
    }
    return false;
}

static int read_margin(const cli_args *args, const char *given, compare_request *request) {
    uint32_t count = 0;
    const char *equals = strchr(given, '=');
    if (equals == NULL) {
        return refuse(args, "--margin %s: it is MEASURE=VALUE, such as connected=1%%", given);
    }
    char *name = file_copy_name(given);
    name[equals - given] = '\0';
    const uint32_t measure = measure_named(args, name);
    free(name);
    if (measure == SIM_MEASURE_UNKNOWN) {
        return CLI_USAGE;
    }
    const sim_measure *of = &sim_measures(&count)[measure];
    if (!parse_margin(equals + 1, of->unit, &request->margins[measure])) {
        return refuse(args, "--margin %s: a margin of %s is %s, and not below 0", given, of->name,
                      of->unit == SIM_UNIT_SHARE     ? "in points, such as 1%, below 100%"
                      : of->unit == SIM_UNIT_SECONDS ? "a time, such as 50ms"
                                                     : "a number, such as 2");
    }
    return CLI_OK;
}

static int read_request(const cli_args *args, compare_request *request) {
    *request = compare_request_all();
    request->against = cli_value(args, "against");
    if (cli_has(args, "measure")) {
        memset(request->wanted, 0, sizeof request->wanted);
    }
    for (size_t i = 0; i < args->given_count; i++) {
        const cli_given *given = &args->given[i];
        if (strcmp(given->option->name, "measure") == 0) {
            const uint32_t measure = measure_named(args, given->value);
            if (measure == SIM_MEASURE_UNKNOWN) {
                return CLI_USAGE;
            }
            request->wanted[measure] = true;
        } else if (strcmp(given->option->name, "margin") == 0) {
            const int status = read_margin(args, given->value, request);
            if (status != CLI_OK) {
                return status;
            }
        }
    }
    return CLI_OK;
}

/* --- where it is written */

typedef struct {
    bool on_stdout;
    file_out file; /* open when a file was asked for */
} output;

typedef struct {
    output json;
    output markdown;
} outputs;

static bool open_output(output *to, const cli_args *args, const char *option) {
    const char *name = cli_value(args, option);
    to->on_stdout = name != NULL && strcmp(name, "-") == 0;
    return name == NULL || to->on_stdout || file_open(&to->file, name, args->err);
}

static int open_outputs(outputs *to, const cli_args *args) {
    *to = (outputs){0};
    if (!open_output(&to->json, args, "json") || !open_output(&to->markdown, args, "markdown")) {
        return CLI_FAILED;
    }
    if (to->json.on_stdout && to->markdown.on_stdout) {
        return refuse(args, "--json and --markdown cannot both be standard output");
    }
    return CLI_OK;
}

static bool put_output(output *to, const cli_args *args, const comparison *made,
                       void (*write)(const comparison *of, FILE *out)) {
    if (to->on_stdout) {
        write(made, args->out);
    } else if (to->file.out != NULL) {
        write(made, to->file.out);
        return file_commit(&to->file, args->err);
    }
    return true;
}

static int publish(const cli_args *args, outputs *to, const comparison *made) {
    const bool taken = to->json.on_stdout || to->markdown.on_stdout;
    FILE *people = taken ? args->err : args->out;
    if (!cli_has(args, "quiet")) {
        compare_table(made, people, cli_wants_colour(people));
        fflush(people);
    } else if (!compare_is_whole(made)) {
        char *why = compare_not_whole_words(made);
        (void)refuse(args, "%s", why);
        free(why);
    }
    const bool json = put_output(&to->json, args, made, compare_json);
    const bool markdown = put_output(&to->markdown, args, made, compare_markdown);
    return json && markdown && made->worse == 0 && compare_is_whole(made) ? CLI_OK : CLI_FAILED;
}

/* --- what is compared */

static bool is_directory(const char *path) {
    struct stat there;
    return stat(path, &there) == 0 && S_ISDIR(there.st_mode);
}

static int is_visible(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

/* Says which results may be meant by a path that leads nowhere. */
static void suggest_results(const cli_args *args, const char *path) {
    struct stat there;
    struct dirent **entries = NULL;
    char *base = setup_results();
    const char *slash = strrchr(path, '/');
    cli_nearest nearest = cli_nearest_to(slash != NULL ? slash + 1 : path);
    const int count = stat(path, &there) == 0 ? 0 : scandir(base, &entries, is_visible, alphasort);
    for (int i = 0; i < count; i++) {
        cli_nearest_offer(&nearest, entries[i]->d_name);
    }
    if (nearest.best != NULL) {
        fprintf(args->err, "did you mean %s/%s?\n", base, nearest.best);
    }
    for (int i = 0; i < count; i++) {
        free(entries[i]);
    }
    free(entries);
    free(base);
}

static int open_source(const cli_args *args, const char *path, compare_source *source) {
    uint64_t jobs = setup_cores();
    if (!cli_number(args, "jobs", 1, RUN_JOBS_MAX, &jobs)) {
        return CLI_USAGE;
    }
    char *why = compare_source_open(source, path, args->program, (uint32_t)jobs);
    if (why == NULL) {
        return CLI_OK;
    }
    (void)refuse(args, "%s", why);
    suggest_results(args, path);
    free(why);
    return CLI_USAGE;
}

static int compare_directory(const cli_args *args, const char *path, const compare_request *request,
                             outputs *to) {
    compare_source run;
    int status = open_source(args, path, &run);
    if (status != CLI_OK) {
        return status;
    }
    comparison made;
    char *why = compare_within(&made, &run, request);
    if (why != NULL) {
        status = refuse(args, "%s", why);
        free(why);
    } else {
        status = publish(args, to, &made);
        comparison_free(&made);
    }
    compare_source_close(&run);
    return status;
}

static int compare_opened(const cli_args *args, const compare_source sources[2],
                          const compare_request *request, outputs *to) {
    comparison made;
    char *why = compare_runs(&made, &sources[0], &sources[1], request);
    if (why != NULL) {
        const int status = refuse(args, "%s", why);
        free(why);
        return status;
    }
    const int status = publish(args, to, &made);
    comparison_free(&made);
    return status;
}

static int compare_both(const cli_args *args, const compare_request *request, outputs *to) {
    compare_source sources[2];
    int status = open_source(args, args->operands[0], &sources[0]);
    if (status != CLI_OK) {
        return status;
    }
    status = open_source(args, args->operands[1], &sources[1]);
    if (status == CLI_OK) {
        status = compare_opened(args, sources, request, to);
        compare_source_close(&sources[1]);
    }
    compare_source_close(&sources[0]);
    return status;
}

/* --- a scenario that is run first */

/* The name of an option that says how to run, when one was given. */
static const char *run_option(const cli_args *args) {
    static const char *const names[] = {"trials", "seed", "backend", "crypto",
                                        "set",    "out",  "resume",  "fresh"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (cli_has(args, names[i])) {
            return names[i];
        }
    }
    return NULL;
}

/* Runs into the directory. CLI_OK when every trial is there and written, whatever the scenario
 * expects of them: expectations are for run. */
static int run_into(setup *made, const cli_args *args, const char *directory) {
    sigset_t signals;
    made->request.progress =
        cli_is_terminal(args->err) && !cli_has(args, "quiet") ? args->err : NULL;
    session_how how = session_how_of(args, directory);
    how.quiet = true;
    how.json = NULL;
    run_hold_signals(&signals);
    session done;
    int status = session_run(made, &how, &signals, &done);
    run_release_signals(&signals);
    if (done.analysed && !done.said.partial && status == session_verdict(&done, false)) {
        status = CLI_OK;
    }
    session_close(&done);
    return status;
}

static int compare_scenario(const cli_args *args, const compare_request *request, outputs *to) {
    setup made;
    int status = setup_load(&made, args);
    if (status == CLI_OK) {
        const char *given = cli_value(args, "out");
        char *runs = setup_results();
        char *directory = given != NULL ? file_copy_name(given)
                                        : file_join(runs, sim_scenario_name(made.scenario));
        status = run_into(&made, args, directory);
        if (status == CLI_OK) {
            status = compare_directory(args, directory, request, to);
        }
        free(directory);
        free(runs);
    }
    setup_free(&made);
    return status;
}

static int compare_operands(const cli_args *args, const compare_request *request, outputs *to) {
    const char *first = args->operands[0];
    const bool runs = args->operand_count == 1 && !is_directory(first);
    const char *option = run_option(args);
    if (!runs && option != NULL) {
        return refuse(args, "--%s is for a scenario that is run, %s was already", option, first);
    }
    if (args->operand_count == 2) {
        return compare_both(args, request, to);
    }
    return runs ? compare_scenario(args, request, to) : compare_directory(args, first, request, to);
}

static int compare_command(const cli_args *args) {
    compare_request request;
    outputs to;
    int status = read_request(args, &request);
    if (status != CLI_OK) {
        return status;
    }
    status = open_outputs(&to, args);
    if (status == CLI_OK) {
        status = compare_operands(args, &request, &to);
    }
    file_abandon(&to.json.file);
    file_abandon(&to.markdown.file);
    return status;
}

const cli_command command_compare = {
    .name = "compare",
    .operands = "SCENARIO|DIR | OLD NEW [options]",
    .summary = "compare treatments, or two results (directories or --json files)",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operand_min = 1,
    .operand_max = 2,
    .run = compare_command,
};
