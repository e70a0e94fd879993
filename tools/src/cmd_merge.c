/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * punchlab merge: the shards in a directory become the results of one run.
 */
#include "commands.h"
#include "session.h"

static const cli_option options[] = {
    {"jobs", 'j', "N", "threads (default: all cores)"},
    {"json", 0, "FILE", "also write the results as JSON; '-' is standard output"},
    {"trials-csv", 0, NULL, "write trials.csv however long it gets"},
    {"allow-inconclusive", 0, NULL, "expectations that cannot be decided are no failure"},
    {"quiet", 'q', NULL, "no table"},
    {"help", 'h', NULL, "this text"},
};

static int merge_command(const cli_args *args) {
    uint64_t jobs = setup_cores();
    if (!cli_number(args, "jobs", 1, RUN_JOBS_MAX, &jobs)) {
        return CLI_USAGE;
    }
    const session_how how = session_how_of(args, args->operands[0]);
    session done;
    const int status = session_merge(&how, (uint32_t)jobs, &done);
    session_close(&done);
    return status;
}

const cli_command command_merge = {
    .name = "merge",
    .operands = "DIRECTORY [options]",
    .summary = "put the shards of a run together",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operand_min = 1,
    .operand_max = 1,
    .run = merge_command,
};
