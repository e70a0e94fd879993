/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where things go in figures, whoever draws them: which factors run down and which across a grid of
 * cells, which cells share a panel and which a curve of the distributions of time, and what the
 * effect of a factor is. gnuplot scripts and the page draw the same from here.
 *
 * Distributions, by the number of cells:
 *   few       a curve per cell in one panel
 *   more      a panel for each combination of the other factors, a curve per level of one factor
 *   too many  one panel, a curve per level of one factor, the cells of a level pooled
 * The one factor is the last treatment that fits, because treatments are what a reader compares,
 * else the last factor that fits.
 */
#ifndef REPORT_LAYOUT_H
#define REPORT_LAYOUT_H

#include "analysis.h"

/* --- the grid of cells */

/* Factors first..end-1 as one axis. */
typedef struct {
    uint32_t first;
    uint32_t end;
    uint32_t ticks; /* combinations of their levels */
} layout_axis;

typedef struct {
    layout_axis down;
    layout_axis across;
} layout_grid;

/* The first half of the factors down, the others across. */
layout_grid layout_grid_of(const facts *about);

/* Which tick of the axis a cell lies on: the last factor varies fastest. */
uint32_t layout_tick(const facts *about, const layout_axis *axis, uint32_t cell);

/* The first cell on a tick. */
uint32_t layout_tick_cell(const facts *about, const layout_axis *axis, uint32_t tick);

/* --- distributions of the time to connect */

/* More curves in one panel, or more panels, cannot be told apart. Chosen. */
#define LAYOUT_CURVES_MAX 9u
#define LAYOUT_PANELS_MAX 9u
#define LAYOUT_PANEL_CURVES_MAX 4u

#define LAYOUT_NO_FACTOR UINT32_MAX

typedef enum { LAYOUT_CELLS, LAYOUT_PANELS, LAYOUT_POOLED } layout_kind;

typedef struct {
    const analysis *of;
    layout_kind kind;
    uint32_t factor; /* whose levels are the curves */
    uint32_t panels;
    uint32_t curves; /* in each panel */
} layout_times;

layout_times layout_times_of(const analysis *of);
uint32_t layout_curve_of(const layout_times *plot, uint32_t cell);
uint32_t layout_panel_of(const layout_times *plot, uint32_t cell);

/* "linux x linux / 10%", "loss 10%", "all cells": what tells a curve, or a panel, from the others.
 * To be freed. */
char *layout_curve_title(const layout_times *plot, uint32_t curve);
char *layout_panel_title(const layout_times *plot, uint32_t panel);

/* A logarithmic axis of seconds with round ends: ticks first..last of layout_tick_s. */
typedef struct {
    int first;
    int last;
} layout_time_axis;

/* The n-th of the numbers 1, 2, 5, 10, 20, ..., in seconds; negative n: 0.5, 0.2, ... */
double layout_tick_s(int n);

layout_time_axis layout_time_axis_of(const analysis *of);

/* What is drawn as one curve. */
typedef struct {
    analysis_point *points; /* corners of the curve to where it ends, ascending */
    uint32_t point_count;
    uint64_t calls;
    uint64_t worlds; /* different ones; the band speaks of these */
    double band;     /* half its height */
} layout_curve;

/* A set of cells that are pooled. */
typedef bool (*layout_chooses)(const void *user, uint32_t cell);

/* The pooled distribution of cells, thinned: drawn as steps it is nowhere further than
 * 1 / points_max from the true one, and has about as many points. Free with layout_curve_free. */
layout_curve layout_pool(const analysis *of, layout_chooses chooses, const void *user,
                         uint32_t points_max);
layout_curve layout_curve_at(const layout_times *plot, uint32_t panel, uint32_t curve,
                             uint32_t points_max);
void layout_curve_free(layout_curve *curve);

/* --- the effect of a factor */

/* Combinations of the other factors that get lines of their own; beyond, all are pooled. Chosen: as
 * many as can be told apart. */
#define LAYOUT_EFFECT_LINES_MAX 6u

typedef struct {
    const analysis *of;
    uint32_t factor;
    bool pooled;
    uint32_t lines; /* 1 when pooled */
} layout_effect;

/* Of the cells of a line at a level: share connected, median time, share of the connected that were
 * held. n 0: not measured. Pooled cells that meet the same worlds count once. */
typedef struct {
    stats_estimate connected;
    stats_estimate p50_s;
    stats_estimate held;
} layout_effect_point;

layout_effect layout_effect_of(const analysis *of, uint32_t factor);
layout_effect_point layout_effect_at(const layout_effect *effect, uint32_t line, uint32_t level);

/* "linux x linux / 10%", or "all cells". To be freed. */
char *layout_effect_title(const layout_effect *effect, uint32_t line);

/* --- reasons of failure */

/* Different reasons that get a colour of their own, the most frequent of the run first; the rest is
 * "other". Chosen: as many as can be told apart. */
#define LAYOUT_REASONS_MAX 7u

typedef struct {
    const char *texts[LAYOUT_REASONS_MAX];
    uint64_t counts[LAYOUT_REASONS_MAX];
    uint32_t count;
    uint64_t other;
} layout_reasons;

layout_reasons layout_reasons_of(const analysis *of);

/* Calls of a cell that failed for each of them, and for others (at [count]). */
typedef struct {
    uint64_t counts[LAYOUT_REASONS_MAX + 1];
} layout_reason_bar;

layout_reason_bar layout_reason_bar_of(const analysis *of, const layout_reasons *reasons,
                                       uint32_t cell);

/* --- colours */

/* Dark enough for thin lines on white, and told apart by the colour-blind: after Okabe & Ito,
 * https://jfly.uni-koeln.de/color/, without their yellow and orange. */
extern const char *const layout_colours[LAYOUT_CURVES_MAX];

#endif
