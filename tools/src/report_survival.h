/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long holes last: the share of connected calls none of whose two holes was lost yet, by the
 * clock of the hold, for runs whose worlds hold. What was intact at the end of its world is cut off
 * there, not lost: the product-limit estimate (stats_survival.h), with an interval at each moment.
 *
 * A curve for each level of the last treatment, the cells of a level pooled; without a treatment
 * one for all cells. Of cells that differ in other treatments, and so meet the same worlds, those
 * with their first levels count.
 */
#ifndef REPORT_SURVIVAL_H
#define REPORT_SURVIVAL_H

#include "analysis.h"
#include "stats_survival.h"

/* Calls of a cell that count, the first ones; more would only cost memory. Chosen. */
#define SURVIVAL_CALLS_MAX 100000u

typedef struct {
    stats_survival_point *points; /* where something was lost, ascending; time in seconds */
    size_t count;
    uint64_t calls;
    double last_s; /* the longest time seen */
} survival_curve;

typedef struct {
    const analysis *of;
    uint32_t factor; /* UINT32_MAX: none */
    uint32_t curves;
} survival_plot;

/* False: nothing was held, or there is no trials file; there is nothing to show. */
bool survival_plot_of(const analysis *of, survival_plot *plot_out);

/* Free with survival_free. False: the trials file changed meanwhile. */
bool survival_curve_at(const survival_plot *plot, uint32_t curve, survival_curve *curve_out);
bool survival_cell(const analysis *of, uint32_t cell, survival_curve *curve_out);
void survival_free(survival_curve *curve);

/* "strategy bayes", or "all cells". To be freed. */
char *survival_title(const survival_plot *plot, uint32_t curve);

#endif
