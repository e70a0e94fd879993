/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The subcommands; each lives in cmd_<name>.c and is one row of the table.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "cli.h"

extern const cli_command command_run;
extern const cli_command command_merge;
extern const cli_command command_report;
extern const cli_command command_compare;
extern const cli_command command_replay;
extern const cli_command command_explain;
extern const cli_command command_list;
extern const cli_command command_validate;
extern const cli_command command_bench;
extern const cli_command command_doctor;
extern const cli_command command_generate;

/* All of them, in the order of --help. */
const cli_command *const *punchlab_commands(size_t *count_out);

/* The program: argv[0] is its name as typed. Returns the exit code. */
int punchlab(int argc, char **argv, FILE *out, FILE *err);

#endif
