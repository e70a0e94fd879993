/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the trials say about every pair of a treatment's levels in two measures, cost and harm: all
 * cells of a scope are read in step, once, and of each level and pair is kept as much as estimates,
 * tests and intervals need. Memory does not grow with the trials.
 *
 * A scope is one cell of the other factors, or several pooled: then a call of one cell counts as
 * much as one of another, and each cell contributes as many trials, the first ones that all have.
 * Cells that differ in another treatment meet the same worlds: of each world only one of them
 * counts, in turn, so that no world counts twice.
 */
#ifndef TRADEOFF_SAMPLE_H
#define TRADEOFF_SAMPLE_H

#include "stats_bootstrap.h"
#include "trials.h"

typedef enum { TRADEOFF_COST, TRADEOFF_HARM } tradeoff_side;
#define TRADEOFF_SIDES 2u

#define TRADEOFF_ALL UINT32_MAX

/* Which cells: all, those with one level of one factor, or one alone. */
typedef struct {
    uint32_t cell;   /* its levels but the treatment's; TRADEOFF_ALL: all cells that fit */
    uint32_t factor; /* TRADEOFF_ALL: any */
    uint32_t level;
} tradeoff_scope;

typedef struct {
    uint32_t level_count;
    uint64_t trials; /* of each cell that were read; 0: there is nothing else */
    stats_estimate *estimates[TRADEOFF_SIDES]; /* per level, in the unit shown; n 0: nothing */
    stats_blocks *blocks[TRADEOFF_SIDES]; /* of means, per level: its values as the first sample */
    stats_pairs *pairs[TRADEOFF_SIDES];   /* of shares and quantiles, level x level */
} tradeoff_sample;

/* How much is wanted: tests and intervals of changes, or estimates of levels only. */
typedef enum { TRADEOFF_CHANGES, TRADEOFF_ESTIMATES } tradeoff_depth;

/* False when the file changed while it was read; then there is nothing to free. */
bool tradeoff_sample_read(const trials_file *file, const tradeoff_scope *scope,
                          tradeoff_depth depth, double confidence, tradeoff_sample *out);
void tradeoff_sample_free(tradeoff_sample *sample);

/* p of two levels being alike, two-sided; 1 where there is nothing to compare. */
double tradeoff_sample_p(const tradeoff_sample *sample, tradeoff_side side,
                         const uint32_t levels[2]);

typedef struct {
    stats_difference difference; /* of the first level from the second, in the unit shown */
    stats_difference ratio;
} tradeoff_change;

tradeoff_change tradeoff_sample_change(const tradeoff_sample *sample, const sim_tradeoff *tradeoff,
                                       tradeoff_side side, const uint32_t levels[2],
                                       double confidence);

/* The measure of a side. */
const sim_measure *tradeoff_measure(const sim_tradeoff *tradeoff, tradeoff_side side);

#endif
