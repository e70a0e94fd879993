/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where things go in the figures of a tradeoff, whoever draws them: cost to the right and harm
 * upwards, a mark per level with its intervals, the frontier as steps, and labels that stay clear
 * of each other; and how bad a tile of a map is. gnuplot scripts and the page draw the same.
 *
 * Positions on an axis are parts of its length, 0..1. An axis is logarithmic where values differ by
 * more than a factor of five; what is next to nothing there, and what is never, has a place at its
 * end.
 */
#ifndef REPORT_PARETO_H
#define REPORT_PARETO_H

#include "tradeoff.h"

#define PARETO_TICKS_MAX 16u
#define PARETO_TEXT_CAP 128u

typedef struct {
    double at; /* 0..1 */
    char text[PARETO_TEXT_CAP];
} pareto_tick;

typedef struct {
    char title[PARETO_TEXT_CAP]; /* with its unit */
    bool logarithmic;
    bool has_zero;
    bool has_never;
    double begin; /* of what has neither place, in the unit drawn; logarithms where it is those */
    double end;
    double scale; /* from the unit shown to that drawn: 100 for shares, which are in percent */
    pareto_tick ticks[PARETO_TICKS_MAX];
    uint32_t tick_count;
} pareto_axis;

typedef enum { PARETO_LEFT, PARETO_MIDDLE, PARETO_RIGHT } pareto_anchor; /* which end is at x */

typedef struct {
    const tradeoff_row *row;
    double at[TRADEOFF_SIDES]; /* of cost to the right, of harm upwards */
    double lo[TRADEOFF_SIDES];
    double hi[TRADEOFF_SIDES];
    char label[PARETO_TEXT_CAP];
    double label_at[TRADEOFF_SIDES]; /* its end or middle, and its middle */
    pareto_anchor anchor;
    bool led; /* a line leads from the mark to it */
} pareto_mark;

/* The plot's size, and that of a letter, in whatever it is drawn in. */
typedef struct {
    double width;
    double height;
    double letter;
    double line;
    double room; /* beyond the right end, for labels */
} pareto_size;

typedef struct {
    pareto_axis axes[TRADEOFF_SIDES];
    pareto_mark *marks; /* of the rows whose both measures were taken */
    uint32_t mark_count;
    double (*corners)[TRADEOFF_SIDES]; /* of the frontier */
    uint32_t corner_count;
    bool better_is_up; /* more of harm's measure is better, so the better corner is above */
    bool better_is_right;
} pareto;

/* Of a table with rows. Free with pareto_free. */
pareto pareto_of(const tradeoff *of, const tradeoff_table *table, const pareto_size *size);
void pareto_free(pareto *made);

/* The beginning of a label, whole characters, at most so many; then "...". */
#define PARETO_LETTERS_MAX 22u
void pareto_short_label(const char *label, char text[PARETO_TEXT_CAP]);

/* How bad a tile of a map is, from 0, the best of its measure, to 1; below 0: nothing there.
 * Logarithmic as an axis is. */
double pareto_tile_badness(const tradeoff *of, tradeoff_side side, uint32_t level,
                           uint32_t treated);

/* Its number without a unit, short: "99.1", "0.27", "63". Returns text. */
char *pareto_tile_words(const tradeoff *of, tradeoff_side side, uint32_t level, uint32_t treated,
                        char text[PARETO_TEXT_CAP]);

#endif
