/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A trials file made up for a test: two factors, of which "loss" is a treatment, one call a trial;
 * what came of each call is said by a function.
 */
#ifndef MADE_RUN_H
#define MADE_RUN_H

#include "facts.h"
#include "trials.h"

#define MADE_PAIRS 2u  /* levels of "pair" */
#define MADE_LOSSES 3u /* levels of "loss" */
#define MADE_CELLS (MADE_PAIRS * MADE_LOSSES)

/* What came of the call of a trial; all of it is zero before, and the call is not connected. */
typedef void (*made_trial)(const void *user, uint32_t cell, uint64_t trial,
                           sim_trial_result *result);

typedef struct {
    const char *scenario;
    uint64_t digest;
    uint64_t seed;
    uint64_t trials;      /* per cell */
    uint32_t shard_count; /* above 1: only the first of so many parts is written */
    const char *loss;     /* name of the second factor */
    bool treatment;       /* is it one? */
    bool both;            /* is the first one, too? */
    sim_tradeoff tradeoff;
    sim_expect *expects; /* borrowed; may be NULL */
    uint32_t expect_count;
    made_trial result;
    const void *user;
} made_run;

/* Writes DIRECTORY/trials.bin; false (and a failed expectation) when that went wrong. */
bool made_run_write(const made_run *run, const char *directory);

/* Sets a call connected after so long. */
void made_connected(sim_trial_result *result, punch_time_us after_us);

#endif
