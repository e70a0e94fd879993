/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a command line to something that can run: the options that run and replay share, the loaded
 * scenario, the backend, the crypto provider and the seed.
 */
#ifndef SETUP_H
#define SETUP_H

#include "cli.h"
#include "plugin.h"
#include "run.h"

typedef struct {
    run_request request;
    sim_scenario *scenario;
    sim_override *overrides;
    char *override_text; /* holds the keys of all overrides */
    plugins plugins;
    char *path; /* of the scenario file; request.file is as typed */
} setup;

/* Reads --plugin, --set, --seed, --trials, --jobs, --shard, --backend and --crypto where a command
 * has them, loads the first operand. An exit code: CLI_OK, CLI_USAGE or CLI_UNAVAILABLE after
 * complaining. Free with setup_free in any case. */
int setup_load(setup *made, const cli_args *args);
/* The same of another file than the first operand. */
int setup_load_file(setup *made, const cli_args *args, const char *path);
void setup_free(setup *made);

/* The providers --crypto knows; NULL when there is none of that name. */
const punch_crypto *setup_crypto(const char *name);

/* Where scenarios/ is: the current directory when it has one, else $PUNCHLAB_ROOT, else where the
 * program was built from. main() sets the variable for an installed program. */
const char *setup_root(void);

/* The directory of the directories of results, unless told otherwise: results/runs below
 * setup_root() when there is results/, as in the source tree, else punchlab-results here. To be
 * freed. */
char *setup_results(void);

/* Processors there are, as a number of jobs; at least 1. */
uint32_t setup_cores(void);

/* Says so, with a guess which scenario was meant, when there is no such file. */
bool setup_is_absent(const cli_args *args, const char *path);

/* The line that says what runs. */
void setup_print_first_line(const setup *made, FILE *err, const char *crypto);

#endif
