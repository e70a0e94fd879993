/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Made-up runs as sources of a comparison: how good the network is, a run like that in a directory
 * of its own, and the same trials without a file.
 */
#ifndef MADE_SOURCE_H
#define MADE_SOURCE_H

#include "compare_source.h"
#include "made_run.h"

/* How bad a made-up network is. */
typedef struct {
    uint32_t fails_percent;      /* in every cell */
    uint32_t fails_percent_more; /* per level of loss */
    punch_time_us slower_us;
    uint32_t packets_more;
    uint32_t slow_percent; /* of calls are slower by that; 0: all */
} made_quality;

/* The draws of a trial are the same in every run and cell: pairs are alike but for the quality,
 * which is the user pointer. */
void made_result(const void *user, uint32_t cell, uint64_t trial, sim_trial_result *result);

/* The same, but only cells with loss are slower, by a second. */
void made_slow_with_loss(const void *user, uint32_t cell, uint64_t trial, sim_trial_result *result);

/* 600 trials of seed 1. */
made_run made_run_like(const made_quality *how);

/* The call of one of its trials. */
sim_call_result made_call_of(const made_quality *how, uint32_t cell, uint64_t trial);

typedef struct {
    char directory[4096];
    compare_source source;
} made_source;

/* Writes a run into a new directory and opens it; false when an expectation failed. */
bool made_source_open(made_source *made, const made_run *run);

/* Closes it and removes the directory. */
void made_source_close(made_source *made);

#endif
