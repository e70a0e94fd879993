/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far apart two cells are in each measure: the first minus, and divided by, the second.
 *
 *                 the same worlds, trial by trial          others
 *   share         of calls that count in both: Newcombe's  Newcombe's hybrid score, Fisher's test
 *                 paired interval, McNemar's test
 *   mean          of blocks of trials (stats_bootstrap.h)  of the two estimates, Welch's test
 *   quantile      of the two estimates; p below            of the two estimates; p below
 *
 * The change of a quantile is the difference of two quantiles, never a quantile of differences:
 * that of the median would be 0 as long as fewer than half of the calls got slower, however much.
 * Its interval does not use that the worlds are the same, and is wider for it; its p does: how many
 * are beyond the smaller of the two quantiles in either sample, by the sign test of pairs or
 * Fisher's (after Mathisen 1943, Annals of Mathematical Statistics 14:188-194). Cells of which only
 * estimates are known, without trials, get it from the intervals.
 * Trials are read in step, a chunk of each at a time: memory does not grow with them.
 */
#ifndef COMPARE_CELLS_H
#define COMPARE_CELLS_H

#include "stats_difference.h"
#include "trials.h"

#define COMPARE_MEASURES_MAX 64u /* measures there may be; chosen, asserted */

typedef struct {
    const trials_file *file;         /* NULL: only the estimates are known */
    uint32_t cell;                   /* of the file */
    const stats_estimate *estimates; /* per measure, in the unit shown; n 0: not measured */
} compare_side;

typedef struct {
    bool paired;       /* trial by trial; then both have trials with as many calls */
    double confidence; /* of every interval, and of the sides' estimates */
    uint64_t seed;     /* of the bootstrap */
    bool wanted[COMPARE_MEASURES_MAX];
} compare_how;

typedef struct {
    stats_difference difference; /* in the unit shown; n 0: nothing to compare */
    stats_difference ratio;
    bool paired;
    /* First that is worse, and that is better, in the first cell; UINT64_MAX: none, or unpaired.
     * Of a quantile: one on either side of the smaller of the two. */
    uint64_t worse_trial;
    uint64_t better_trial;
} compare_change;

typedef struct {
    compare_change of[COMPARE_MEASURES_MAX]; /* per measure wanted */
} compare_changes;

/* False when a file changed while it was read. */
bool compare_cells(const compare_side *first, const compare_side *second, const compare_how *how,
                   compare_changes *changes_out);

#endif
