/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * punchlab report: everything a run writes, again, from its trials file alone.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "file.h"
#include "relative.h"
#include "report.h"
#include "session.h"

static const cli_option options[] = {
    {"jobs", 'j', "N", "threads (default: all cores)"},
    {"json", 0, "FILE", "also write the results as JSON; '-' is standard output"},
    {"trials-csv", 0, NULL, "write trials.csv however long it gets"},
    {"index", 0, "DIR", "also write an index over all of the results into this directory"},
    {"allow-inconclusive", 0, NULL, "expectations that cannot be decided are no failure"},
    {"quiet", 'q', NULL, "no table"},
    {"help", 'h', NULL, "this text"},
};

static bool is_there(const char *directory, const char *name) {
    struct stat found;
    char *path = file_join(directory, name);
    const bool there = stat(path, &found) == 0;
    free(path);
    return there;
}

/* Names of results right below a directory, as far as a line has room: chosen. */
#define NAMES_MAX 8

static int is_visible(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

/* " there are results in a b c"; false when there are none. */
static bool list_below(const char *directory, FILE *err) {
    struct dirent **entries = NULL;
    const int count = scandir(directory, &entries, is_visible, alphasort);
    int found = 0;
    for (int i = 0; i < count; i++) {
        char *below = file_join(directory, entries[i]->d_name);
        if (is_there(below, REPORT_TRIALS_NAME)) {
            if (found < NAMES_MAX) {
                fprintf(err, "%s%s", found == 0 ? " there are results in " : " ", below);
            }
            found++;
        }
        free(below);
        free(entries[i]);
    }
    free(entries);
    fputs(found > NAMES_MAX ? " ...\n" : found > 0 ? "\n" : "", err);
    return found > 0;
}

/* Is there anything to report on? False after saying what there is instead. */
static bool has_results(const cli_args *args, const char *directory) {
    if (is_there(directory, REPORT_TRIALS_NAME)) {
        return true;
    }
    fprintf(args->err, "%s report: %s: no " REPORT_TRIALS_NAME " there;", args->program, directory);
    if (!is_there(directory, ".")) {
        fputs(" there is no such directory\n", args->err);
    } else if (is_there(directory, ".part/" REPORT_TRIALS_NAME)) {
        fputs(" a run into it was not finished: 'punchlab run --resume' continues it\n", args->err);
    } else if (is_there(directory, "shards")) {
        fprintf(args->err, " it holds shards: '%s merge %s' puts them together\n", args->program,
                directory);
    } else if (!list_below(directory, args->err)) {
        fputs(" it holds no results of a run\n", args->err);
    }
    return false;
}

static report_index_entry entry_of(const session *done, const char *index, const char *directory) {
    char *way = relative_path(index, directory);
    const report_index_entry entry =
        report_index_entry_of(&done->said, way != NULL ? way : directory);
    free(way);
    return entry;
}

static int report_one(const cli_args *args, const char *directory, uint32_t jobs,
                      report_index_entry *entry_out) {
    if (!has_results(args, directory)) {
        *entry_out =
            report_index_entry_missing(directory, "there is no " REPORT_TRIALS_NAME " in it");
        return CLI_USAGE;
    }
    const session_how how = session_how_of(args, directory);
    session done;
    const int status = session_report(&how, jobs, &done);
    if (!done.analysed) {
        *entry_out = report_index_entry_missing(
            directory, "its " REPORT_TRIALS_NAME " could not be read: see the messages of report");
    } else if (cli_has(args, "index")) {
        *entry_out = entry_of(&done, cli_value(args, "index"), directory);
    }
    session_close(&done);
    return status;
}

static int write_index(const cli_args *args, const report_index_entry *entries, size_t count) {
    const char *directory = cli_value(args, "index");
    if (directory == NULL || count == 0) {
        return CLI_OK;
    }
    return report_index(entries, count, directory, args->err) ? CLI_OK : CLI_FAILED;
}

/* Every directory is reported on, whatever became of the others; the largest exit code is kept. */
static int report_command(const cli_args *args) {
    uint64_t jobs = setup_cores();
    if (!cli_number(args, "jobs", 1, RUN_JOBS_MAX, &jobs)) {
        return CLI_USAGE;
    }
    if (args->operand_count > 1 && cli_has(args, "json")) {
        fprintf(args->err, "%s report: --json is for one directory\n", args->program);
        return CLI_USAGE;
    }
    /* Links are made from there, so it must be there. */
    const char *index_directory = cli_value(args, "index");
    if (index_directory != NULL && !file_make_directories(index_directory, args->err)) {
        return CLI_FAILED;
    }
    report_index_entry *entries = calloc(args->operand_count, sizeof *entries);
    size_t count = 0;
    int status = entries == NULL ? CLI_FAILED : CLI_OK;
    for (size_t i = 0; entries != NULL && i < args->operand_count; i++) {
        const int one = report_one(args, args->operands[i], (uint32_t)jobs, &entries[count]);
        count += entries[count].name != NULL ? 1 : 0;
        status = one > status ? one : status;
    }
    if (entries != NULL) {
        const int index = write_index(args, entries, count);
        status = index > status ? index : status;
    }
    for (size_t i = 0; i < count; i++) {
        report_index_entry_free(&entries[i]);
    }
    free(entries);
    return status;
}

const cli_command command_report = {
    .name = "report",
    .operands = "DIRECTORY... [options]",
    .summary = "write everything about a run anew, from its trials alone",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operand_min = 1,
    .operand_max = SIZE_MAX,
    .run = report_command,
};
