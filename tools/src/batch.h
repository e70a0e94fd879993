/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several scenarios in one go: which files the operands name, all of them checked before the first
 * trial, and what would run.
 */
#ifndef BATCH_H
#define BATCH_H

#include "setup.h"

/* Scenarios that are loaded and could run, in the order given; those of a directory by name. */
typedef struct {
    setup *made;
    char **paths;
    size_t count;
} batch;

/* Loads every operand: a scenario file, or a directory for all scenarios right in it. An exit code;
 * every file is looked at, so that one mistake does not hide the next. Free in any case. */
int batch_load(batch *of, const cli_args *args);
void batch_free(batch *of);

/* Tells cells, trials and the expected time of each scenario without running it; the time from a
 * few trials of some cells. An exit code. */
int batch_dry_run(const batch *of, const cli_args *args);

#endif
