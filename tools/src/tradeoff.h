/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which level of a treatment to use: what each costs, what harm it does, and what is shown of that.
 *
 *   table      the levels in one cell of the other factors, or in all of them pooled (the first)
 *   shown      of two levels and a measure: p, adjusted (Holm) for all pairs of levels and both
 *              measures, is below 5 %; against the baseline the interval must leave no change out
 *   dominates  is shown better in one measure, and not shown worse in the other
 *   frontier   the levels that no other dominates
 *   eligible   the baseline, and what harms no more by its interval: that holds no change, or
 *              less harm; with a margin: that ends within it. What is to be chosen must not pass
 *              because many others were tested, so nothing is adjusted here
 *   best       of the eligible levels that no eligible one dominates, that of least cost
 *
 * The pooled table is a family of tests of its own, the tables of the cells together are another:
 * the answer to the scenario's question does not pay for the number of cells.
 */
#ifndef TRADEOFF_H
#define TRADEOFF_H

#include "tradeoff_sample.h"

/* Tables of single cells; where there would be more only the pooled one is made. Chosen: far more
 * than anybody reads. */
#define TRADEOFF_TABLES_MAX 100u

#define TRADEOFF_ALPHA 0.05 /* the usual level; an adjusted p below it is significant */

/* How a level stands to the best. */
typedef enum {
    TRADEOFF_BEST,
    TRADEOFF_ALIKE,   /* eligible, and neither measure is shown to differ */
    TRADEOFF_WORSE,   /* the best dominates it, or it harms too much and is not cheaper */
    TRADEOFF_SAFER,   /* shown dearer, and shown to harm less */
    TRADEOFF_RISKIER, /* shown cheaper, and shown to harm more than the best, or too much */
    TRADEOFF_OPEN     /* not eligible, but not shown to harm more than the baseline either */
} tradeoff_mark;

typedef struct {
    uint32_t level;
    stats_estimate estimates[TRADEOFF_SIDES];
    tradeoff_change changes[TRADEOFF_SIDES]; /* from the baseline; of the baseline: n 0 */
    double p[TRADEOFF_SIDES];                /* of those, adjusted */
    bool eligible;
    bool frontier;
    tradeoff_mark mark;
} tradeoff_row;

typedef struct {
    uint32_t cell;      /* its levels but the treatment's; TRADEOFF_ALL: pooled */
    uint64_t trials;    /* of each cell; 0: some level has none, and there are no rows */
    tradeoff_row *rows; /* by cost, the least first */
    signed char *shown[TRADEOFF_SIDES]; /* level x level: is the first shown to be worse (1), better
                                           (-1), neither (0)? */
    uint32_t best;                      /* row */
    size_t tests;                       /* p values of its family */
} tradeoff_table;

/* What the levels are in each level of another factor, all else pooled: for heat maps. */
typedef struct {
    uint32_t
        factor; /* that with most levels, at least TRADEOFF_MAP_LEVELS_MIN; TRADEOFF_ALL: none */
    uint32_t level_count;
    stats_estimate *estimates[TRADEOFF_SIDES]; /* its levels x the treatment's */
} tradeoff_map;

#define TRADEOFF_MAP_LEVELS_MIN 3u /* chosen: two need no map */

typedef struct {
    const facts *about; /* borrowed; its tradeoff is given */
    uint32_t level_count;
    tradeoff_table *tables; /* the first is pooled, or of the only cell */
    uint32_t table_count;
    tradeoff_map map;
} tradeoff;

/* NULL when the file changed while it was read. */
tradeoff *tradeoff_make(const trials_file *file, double confidence);
void tradeoff_free(tradeoff *made); /* accepts NULL */

/* "best", "~", "worse", "safer", "riskier", "open" */
const char *tradeoff_mark_name(tradeoff_mark mark);

/* Rows, best and marks of a table whose rows have their estimates and changes, in order of levels,
 * and that knows what is shown. */
void tradeoff_judge(tradeoff_table *table, const sim_tradeoff *rules, uint32_t level_count);

/* -1, 0, 1: how a first level is shown to stand to a second. */
int tradeoff_shown(const tradeoff_table *table, uint32_t level_count, tradeoff_side side,
                   uint32_t first, uint32_t second);

/* The row of a level. */
const tradeoff_row *tradeoff_row_of(const tradeoff_table *table, uint32_t level_count,
                                    uint32_t level);

/* A change with its sign turned so that more is worse. */
stats_estimate tradeoff_worsening(const sim_measure *measure, const stats_estimate *change);

#endif
