/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runner: cells x trials over threads, one world per thread, into a trials file. The unit of
 * work is a chunk of trials of one cell. Chunks are handed out, and their frames appended, in the
 * one order the facts give, so the file is the same for any number of jobs, and a run that was
 * killed is continued where its file ends. With "until" the cells that have not seen enough go on
 * from look to look; the looks are fixed before the run begins.
 */
#ifndef RUN_H
#define RUN_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "context.h"
#include "sim/backend.h"
#include "sim/scenario.h"
#include "trials.h"

#define RUN_JOBS_MAX 1024u /* chosen: far above any machine's cores */
#define RUN_TRIALS_MAX \
    1000000000u                /* per cell; chosen: what a double still counts exactly, by far */
#define RUN_SHARDS_MAX 100000u /* chosen: far above any cluster's cores */

typedef struct {
    const char *program; /* as typed, for the replay command */
    const char *file;    /* scenario file as typed */
    const sim_override *overrides;
    size_t override_count;
    char *const *plugins; /* files, as typed */
    char *const *plugin_digests;
    size_t plugin_count;
    const sim_scenario *scenario;
    const sim_backend_ops *backend;
    const punch_crypto *crypto; /* NULL: as the scenario says */
    uint64_t seed;
    uint64_t trials; /* per cell; the most, with until */
    sim_until until; /* given: until.trials_max is trials */
    uint32_t jobs;
    uint32_t shard;       /* this part, from 0, */
    uint32_t shard_count; /* of so many; 1 = everything */
    FILE *progress;       /* a terminal, or NULL */
} run_request;

typedef struct {
    trials_file file; /* open for reading unless error is set; close it */
    bool whole;       /* every trial asked for is in it */
    bool interrupted;
    int signal;        /* that interrupted it */
    int write_errno;   /* why no more could be written, or 0 */
    const char *error; /* why nothing ran (static), or NULL */
    double wall_s;
    uint64_t trials_before; /* that were in the file already */
    uint64_t trials_done;   /* this time */
    uint64_t events;        /* this time */
} run_outcome;

/* The plan of one trial, with the crypto provider asked for. */
void run_plan(const run_request *request, uint32_t cell, uint64_t trial, sim_plan *plan);

/* NULL when the backend can run every cell, else its reason. Checks the first trial of each cell.
 */
const char *run_refused(const run_request *request);

/* Everything about the run that is no trial's result. */
facts run_facts(const run_request *request);

/* Makes SIGINT and SIGTERM wait for run_trials from here on, so that none is lost between two lines
 * of output; *before_out is what to restore afterwards. */
void run_hold_signals(sigset_t *before_out);
void run_release_signals(const sigset_t *before);

/* Runs into a new file at path, or continues the one that is open as `begun` (which it takes over).
 * SIGINT and SIGTERM, and a full disk, end it early; what is in the file then can be continued.
 * False with outcome->error when it could not start. */
bool run_trials(const run_request *request, const char *path, trials_file *begun,
                run_outcome *outcome);

/* Where that trial stands, as far as its replay command goes: no plan, no trial seed. */
context run_context(const run_request *request, uint32_t cell, uint64_t trial);

/* A world of one thread and the plan it runs. */
typedef struct {
    const run_request *request; /* borrowed */
    void *world;
    sim_plan *plan;
} run_world;

/* False: out of memory (what was made is freed by run_world_destroy). */
bool run_world_create(run_world *world, const run_request *request);
void run_world_destroy(run_world *world);

/* Plans and runs one trial. result->calls has room for the calls of the largest plan; the observer
 * may be NULL. world->plan stays as it was run. */
void run_world_trial(run_world *world, uint32_t cell, uint64_t trial, const sim_observer *observer,
                     sim_trial_result *result);

#endif
