/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runner: cells x trials over threads, one world per thread. The unit of work is a chunk of
 * trials of one cell; chunks go round the cells, so that an interrupted run has about as many
 * trials of each. A trial's result has its place from the start, so nothing depends on who ran it:
 * results are the same for any number of jobs. After an interruption each cell keeps its finished
 * trials up to the first gap.
 */
#ifndef RUN_H
#define RUN_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "context.h"
#include "sim/backend.h"
#include "sim/scenario.h"

#define RUN_JOBS_MAX 1024u         /* chosen: far above any machine's cores */
#define RUN_TRIALS_MAX 1000000000u /* per cell; chosen: more would not fit into memory */

typedef struct {
    const char *program; /* as typed, for the replay command */
    const char *file;    /* scenario file as typed */
    const sim_override *overrides;
    size_t override_count;
    const sim_scenario *scenario;
    const sim_backend_ops *backend;
    const punch_crypto *crypto; /* NULL: as the scenario says */
    uint64_t seed;
    uint64_t trials; /* per cell */
    uint32_t jobs;
    FILE *progress; /* a terminal, or NULL */
} run_request;

/* Results of a cell, in trial order. */
typedef struct {
    uint64_t trials_done; /* finished without a gap, from trial 0 */
    uint32_t call_count;  /* per trial */
    bool holds;           /* the world ran on after the calls were decided */
    bool messages;        /* connected calls sent short messages */
    sim_trial_result *trials;
} run_cell;

typedef struct {
    run_cell *cells;
    uint32_t cell_count;
    sim_plan *plan; /* of cell 0, trial 0: for the names of hosts and sites */
    bool interrupted;
    int signal;        /* that interrupted it */
    const char *error; /* why nothing ran (static), or NULL */
    double wall_s;
    uint64_t trials_done; /* over all cells */
    uint64_t events;
    sim_trial_result *trial_memory;
    sim_call_result *call_memory;
} run_results;

/* NULL when the backend can run every cell, else its reason. Checks the first trial of each cell.
 */
const char *run_refused(const run_request *request);

/* The most trials per cell whose results fit into the memory that is free now; at least 1. */
uint64_t run_trials_that_fit(const run_request *request);

/* Makes SIGINT and SIGTERM wait for run_trials from here on, so that none is lost between two lines
 * of output; *before_out is what to restore afterwards. */
void run_hold_signals(sigset_t *before_out);
void run_release_signals(const sigset_t *before);

/* Runs everything; SIGINT and SIGTERM end it early (results->interrupted). False with
 * results->error when it could not start. Free with run_results_free in any case. */
bool run_trials(const run_request *request, run_results *results);
void run_results_free(run_results *results);

/* 64-bit digest over all finished trials in order: equal for equal results. */
uint64_t run_digest(const run_results *results);

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
