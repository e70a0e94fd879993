/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keepalive intervals over time, from the records of the first trials (intervals.h): as a table of
 * all of them, and as lines of the first trial for whoever draws: a panel for each combination of
 * the factors but one, a line per level of that one and side. The one is the last treatment.
 */
#ifndef REPORT_INTERVALS_H
#define REPORT_INTERVALS_H

#include "analysis.h"
#include "intervals.h"

/* More panels are left to the table. Chosen: a screen or two. */
#define INTERVALS_PANELS_MAX 6u

typedef struct {
    const analysis *of;
    uint32_t factor;                      /* UINT32_MAX: none, each cell has its panel */
    uint32_t lines;                       /* levels of the factor */
    uint32_t stride;                      /* cells from one level to the next */
    uint32_t panels;                      /* drawn */
    uint32_t skipped;                     /* panels that are not */
    uint32_t cells[INTERVALS_PANELS_MAX]; /* the first of each panel */
    double end_s;                         /* of the axis of time */
    double low_s;                         /* intervals and lifetimes drawn lie between */
    double high_s;
} intervals_plot;

/* Was there any strategy that learns, and is there a trials file? */
bool intervals_are_drawn(const analysis *of);

/* False: nothing to draw, or the trials file changed meanwhile. */
bool intervals_plot_of(const analysis *of, intervals_plot *plot_out);

/* The record of the first trial; false when there is none. */
bool intervals_plot_at(const intervals_plot *plot, uint32_t panel, uint32_t line,
                       interval_log *log_out);

/* "bayes", "linux / 10%": to be freed. */
char *intervals_line_title(const intervals_plot *plot, uint32_t line);
char *intervals_panel_title(const intervals_plot *plot, uint32_t panel);

#endif
