/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values that a scenario fixes or lets every trial draw. All in the base unit of their option
 * (scenario_number.h); draws use integer code and punch/realmath.h only, so that they are the same
 * bits everywhere.
 */
#ifndef SIM_SCENARIO_DRAW_H
#define SIM_SCENARIO_DRAW_H

#include <stdint.h>

#include "punch/rng.h"

typedef enum {
    DRAW_UNIFORM,     /* every integer low..high alike */
    DRAW_EXPONENTIAL, /* mean `low` */
    DRAW_LOGNORMAL,   /* median `low`, sigma of the logarithm in 1/1000 in `high` */
    DRAW_QUANTILES,   /* linear between points; flat before the first and after the last */
    DRAW_CHOICE,      /* one of the points by weight, drawn in its turn */
    DRAW_EMPIRICAL,   /* one of the points by weight; their shares are cumulative */
    DRAW_LOGUNIFORM   /* low..high, its logarithm uniform; 0 < low */
} scenario_draw_kind;

typedef struct scenario_draw scenario_draw;

typedef struct {
    const scenario_draw *draw; /* NULL: fixed */
    int64_t number;            /* when fixed */
} scenario_value;

typedef struct {
    int64_t share; /* quantiles, empirical: cumulative, choice: weight; exact */
    scenario_value value;
} scenario_draw_point;

struct scenario_draw {
    scenario_draw_kind kind;
    int64_t low;
    int64_t high;
    const scenario_draw_point *points; /* ascending in share and value for quantiles */
    uint32_t point_count;
    int64_t total; /* of the weights; shares of quantiles and choices are in 10^-12 */
};

/* The value itself, or a draw from its distribution; not yet cut to the option's range. */
int64_t scenario_draw_number(const scenario_value *value, punch_rng *rng);

#endif
