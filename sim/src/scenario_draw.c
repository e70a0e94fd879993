/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario_draw.h"

#include "punch/assert.h"
#include "punch/realmath.h"
#include "scenario_number.h"

/* To the nearest integer, cut far inside the range of int64_t. */
static int64_t rounded(double x) {
    if (x >= 4e18) {
        return INT64_C(4000000000000000000);
    }
    return (int64_t)(x + 0.5);
}

static int64_t draw_quantile(const scenario_draw *draw, punch_rng *rng) {
    const int64_t u = (int64_t)punch_rng_below(rng, (uint64_t)SCENARIO_RATIO_ONE);
    const scenario_draw_point *at = draw->points;
    const scenario_draw_point *last = at + draw->point_count - 1;
    if (u <= at->share) {
        return at->value.number;
    }
    while (at < last && u > at[1].share) {
        at++;
    }
    if (at == last) {
        return last->value.number;
    }
    const double part = (double)(u - at->share) / (double)(at[1].share - at->share);
    return at->value.number + rounded(part * (double)(at[1].value.number - at->value.number));
}

static int64_t draw_choice(const scenario_draw *draw, punch_rng *rng) {
    int64_t u = (int64_t)punch_rng_below(rng, (uint64_t)draw->total);
    const scenario_draw_point *at = draw->points;
    while (u >= at->share) {
        u -= at->share;
        at++;
    }
    return scenario_draw_number(&at->value, rng);
}

/* The first point whose cumulative share is above u: there may be many, so by halving. */
static int64_t draw_empirical(const scenario_draw *draw, punch_rng *rng) {
    const int64_t u = (int64_t)punch_rng_below(rng, (uint64_t)draw->total);
    uint32_t low = 0;
    uint32_t high = draw->point_count - 1;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (draw->points[middle].share > u) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return draw->points[low].value.number;
}

int64_t scenario_draw_number(const scenario_value *value, punch_rng *rng) {
    const scenario_draw *draw = value->draw;
    if (draw == NULL) {
        return value->number;
    }
    switch (draw->kind) {
    case DRAW_UNIFORM:
        return draw->low + (int64_t)punch_rng_below(rng, (uint64_t)(draw->high - draw->low) + 1);
    case DRAW_EXPONENTIAL:
        return rounded(-punch_log(punch_rng_unit(rng)) * (double)draw->low);
    case DRAW_LOGNORMAL: {
        const double sigma = (double)draw->high / 1000.0;
        return rounded((double)draw->low *
                       punch_exp(sigma * punch_normal_quantile(punch_rng_unit(rng))));
    }
    case DRAW_QUANTILES:
        return draw_quantile(draw, rng);
    case DRAW_CHOICE:
        return draw_choice(draw, rng);
    case DRAW_EMPIRICAL:
        return draw_empirical(draw, rng);
    case DRAW_LOGUNIFORM: {
        const double span = punch_log((double)draw->high / (double)draw->low);
        return rounded((double)draw->low * punch_exp(span * punch_rng_unit(rng)));
    }
    }
    PUNCH_ASSERT(draw->kind <= DRAW_LOGUNIFORM);
    return 0;
}
