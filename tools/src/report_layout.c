/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "punch/assert.h"

const char *const layout_colours[LAYOUT_CURVES_MAX] = {"#0072b2", "#d55e00", "#009e73",
                                                       "#a0407c", "#000000", "#2a8fc4",
                                                       "#7a4b1e", "#777777", "#b07800"};

/* --- the grid of cells */

static layout_axis axis_of(const facts *about, uint32_t first, uint32_t end) {
    layout_axis axis = {first, end, 1};
    for (uint32_t f = first; f < end; f++) {
        axis.ticks *= about->factors[f].level_count;
    }
    return axis;
}

layout_grid layout_grid_of(const facts *about) {
    const uint32_t factor_count = about->factor_count;
    const uint32_t down = factor_count == 1 ? 1 : factor_count / 2; /* words read best across */
    const layout_grid grid = {axis_of(about, 0, down), axis_of(about, down, factor_count)};
    return grid;
}

uint32_t layout_tick(const facts *about, const layout_axis *axis, uint32_t cell) {
    uint32_t tick = 0;
    for (uint32_t f = axis->first; f < axis->end; f++) {
        tick = tick * about->factors[f].level_count + facts_level(about, cell, f);
    }
    return tick;
}

/* Cells from one level of a factor to the next. */
static uint32_t stride_of(const facts *about, uint32_t factor) {
    uint32_t stride = 1;
    for (uint32_t f = factor + 1; f < about->factor_count; f++) {
        stride *= about->factors[f].level_count;
    }
    return stride;
}

uint32_t layout_tick_cell(const facts *about, const layout_axis *axis, uint32_t tick) {
    return axis->end > axis->first ? tick * stride_of(about, axis->end - 1) : 0;
}

/* --- distributions of the time to connect */

/* The last factor with 2..levels_max levels that leaves at most panels_max combinations of the
 * others, treatments first. */
static uint32_t choose_factor(const facts *about, uint32_t levels_max, uint32_t panels_max) {
    uint32_t chosen = LAYOUT_NO_FACTOR;
    bool treatment = false;
    for (uint32_t f = 0; f < about->factor_count; f++) {
        const facts_factor *factor = &about->factors[f];
        const bool fits = factor->level_count >= 2 && factor->level_count <= levels_max &&
                          about->cell_count / factor->level_count <= panels_max;
        if (fits && (factor->treatment || !treatment)) {
            chosen = f;
            treatment = factor->treatment;
        }
    }
    return chosen;
}

layout_times layout_times_of(const analysis *of) {
    const facts *about = of->about;
    layout_times plot = {of, LAYOUT_CELLS, LAYOUT_NO_FACTOR, 1, about->cell_count};
    if (about->cell_count <= LAYOUT_CURVES_MAX) {
        return plot;
    }
    plot.factor = choose_factor(about, LAYOUT_PANEL_CURVES_MAX, LAYOUT_PANELS_MAX);
    if (plot.factor != LAYOUT_NO_FACTOR) {
        plot.kind = LAYOUT_PANELS;
        plot.curves = about->factors[plot.factor].level_count;
        plot.panels = about->cell_count / plot.curves;
        return plot;
    }
    plot.kind = LAYOUT_POOLED;
    plot.factor = choose_factor(about, LAYOUT_CURVES_MAX, UINT32_MAX);
    plot.curves = plot.factor != LAYOUT_NO_FACTOR ? about->factors[plot.factor].level_count : 1;
    return plot;
}

uint32_t layout_curve_of(const layout_times *plot, uint32_t cell) {
    if (plot->kind == LAYOUT_CELLS) {
        return cell;
    }
    return plot->factor == LAYOUT_NO_FACTOR ? 0 : facts_level(plot->of->about, cell, plot->factor);
}

/* Number of the combination of levels of all factors but one. */
static uint32_t combination_of(const facts *about, uint32_t factor, uint32_t cell) {
    uint32_t combination = 0;
    for (uint32_t f = 0; f < about->factor_count; f++) {
        if (f != factor) {
            combination = combination * about->factors[f].level_count + facts_level(about, cell, f);
        }
    }
    return combination;
}

/* The cell with that combination and that level of the factor. */
static uint32_t cell_of(const facts *about, uint32_t factor, uint32_t combination, uint32_t level) {
    const uint32_t stride = stride_of(about, factor);
    return combination / stride * stride * about->factors[factor].level_count + level * stride +
           combination % stride;
}

uint32_t layout_panel_of(const layout_times *plot, uint32_t cell) {
    return plot->kind == LAYOUT_PANELS ? combination_of(plot->of->about, plot->factor, cell) : 0;
}

/* Levels of a cell in all factors but one. To be freed. */
static char *other_levels(const facts *about, uint32_t factor, uint32_t cell) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    PUNCH_ASSERT(out != NULL);
    bool any = false;
    for (uint32_t f = 0; f < about->factor_count; f++) {
        if (f != factor) {
            fprintf(out, "%s%s", any ? " / " : "", facts_level_name(about, cell, f));
            any = true;
        }
    }
    fputs(any ? "" : "all cells", out);
    fclose(out);
    return text;
}

char *layout_panel_title(const layout_times *plot, uint32_t panel) {
    const facts *about = plot->of->about;
    const uint32_t cell = plot->kind == LAYOUT_PANELS ? cell_of(about, plot->factor, panel, 0) : 0;
    return other_levels(about, plot->factor, cell);
}

char *layout_curve_title(const layout_times *plot, uint32_t curve) {
    const facts *about = plot->of->about;
    if (plot->kind == LAYOUT_CELLS) {
        return other_levels(about, LAYOUT_NO_FACTOR, curve);
    }
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    PUNCH_ASSERT(out != NULL);
    if (plot->factor == LAYOUT_NO_FACTOR) {
        fputs("all cells", out);
    } else {
        const facts_factor *factor = &about->factors[plot->factor];
        fprintf(out, "%s %s", factor->name, factor->levels[curve]);
    }
    fclose(out);
    return text;
}

double layout_tick_s(int n) {
    static const double in_decade[3] = {1.0, 2.0, 5.0};
    const int decade = n >= 0 ? n / 3 : -((2 - n) / 3);
    return in_decade[n - 3 * decade] * pow(10.0, decade);
}

/* A microsecond, and beyond any limit of a scenario. */
#define TICK_FIRST (-18)
#define TICK_LAST 18

layout_time_axis layout_time_axis_of(const analysis *of) {
    double least_s = INFINITY;
    double most_s = 0.0;
    for (uint32_t i = 0; i < of->about->cell_count; i++) {
        const analysis_cell *cell = &of->cells[i];
        if (cell->point_count > 0) {
            least_s = fmin(least_s, cell->points[0].time_s);
            most_s = fmax(most_s, cell->points[cell->point_count - 1].time_s);
        }
    }
    layout_time_axis axis = {TICK_FIRST, TICK_LAST};
    const bool any = isfinite(least_s); /* where nothing connected there still is an axis */
    while (axis.first + 1 < axis.last && layout_tick_s(axis.first + 1) < (any ? least_s : 0.2)) {
        axis.first++;
    }
    while (axis.last - 1 > axis.first && layout_tick_s(axis.last - 1) > (any ? most_s : 20.0)) {
        axis.last--;
    }
    return axis;
}

/* --- pooling */

/* So many calls connected at that time. */
typedef struct {
    double time_s;
    uint64_t calls;
} pool_step;

typedef struct {
    pool_step *steps;
    size_t count;
    size_t cap;
} pool;

static void pool_add(pool *into, double time_s, uint64_t calls) {
    if (into->count == into->cap) {
        into->cap = into->cap > 0 ? into->cap * 2 : 256;
        pool_step *grown = realloc(into->steps, into->cap * sizeof *grown);
        PUNCH_ASSERT(grown != NULL);
        into->steps = grown;
    }
    into->steps[into->count++] = (pool_step){time_s, calls};
}

static void pool_add_cell(pool *into, const analysis_cell *cell) {
    uint64_t before = 0;
    for (uint32_t i = 0; i < cell->point_count; i++) {
        const uint64_t until_here = (uint64_t)(cell->points[i].share * (double)cell->calls + 0.5);
        if (until_here > before) {
            pool_add(into, cell->points[i].time_s, until_here - before);
            before = until_here;
        }
    }
}

static int compare_steps(const void *left, const void *right) {
    const double a = ((const pool_step *)left)->time_s;
    const double b = ((const pool_step *)right)->time_s;
    return a < b ? -1 : a > b ? 1 : 0;
}

/* The cell that meets the same worlds with every treatment at its first level. */
static uint32_t world_cell(const facts *about, uint32_t cell) {
    uint32_t first = cell;
    for (uint32_t f = 0; f < about->factor_count; f++) {
        if (about->factors[f].treatment) {
            first -= facts_level(about, cell, f) * stride_of(about, f);
        }
    }
    return first;
}

/* Calls and different worlds of the chosen cells. Treatments meet the same worlds, so of cells that
 * differ only in those one counts. */
static void count_worlds(const analysis *of, layout_chooses chooses, const void *user,
                         layout_curve *curve) {
    bool *met = calloc((size_t)of->about->cell_count + 1, sizeof *met);
    PUNCH_ASSERT(met != NULL);
    for (uint32_t i = 0; i < of->about->cell_count; i++) {
        if (chooses(user, i)) {
            const uint32_t world = world_cell(of->about, i);
            curve->worlds += met[world] ? 0 : of->cells[i].trials;
            curve->calls += of->cells[i].calls;
            met[world] = true;
        }
    }
    free(met);
}

/* A step is drawn as soon as the curve has grown by 1 / points_max since the last one drawn, and at
 * its end. */
static void draw_steps(const pool *from, uint32_t points_max, layout_curve *curve) {
    curve->points = calloc(from->count + 1, sizeof *curve->points);
    PUNCH_ASSERT(curve->points != NULL);
    uint64_t reached = 0;
    uint64_t drawn = 0;
    for (size_t i = 0; i < from->count; i++) {
        reached += from->steps[i].calls;
        const bool last = i + 1 == from->count;
        const bool step_ends = last || from->steps[i + 1].time_s > from->steps[i].time_s;
        if (step_ends && (last || (reached - drawn) * points_max >= curve->calls)) {
            const double share = (double)reached / (double)curve->calls;
            curve->points[curve->point_count++] = (analysis_point){from->steps[i].time_s, share};
            drawn = reached;
        }
    }
}

layout_curve layout_pool(const analysis *of, layout_chooses chooses, const void *user,
                         uint32_t points_max) {
    layout_curve curve = {0};
    pool from = {0};
    count_worlds(of, chooses, user, &curve);
    uint32_t cells = 0;
    for (uint32_t i = 0; i < of->about->cell_count; i++) {
        if (chooses(user, i)) {
            pool_add_cell(&from, &of->cells[i]);
            cells++;
        }
    }
    if (cells > 1 && from.count > 0) {
        qsort(from.steps, from.count, sizeof *from.steps, compare_steps);
    }
    draw_steps(&from, points_max, &curve);
    free(from.steps);
    curve.band = curve.worlds > 0 ? stats_ecdf_band(curve.worlds, of->confidence) : 1.0;
    return curve;
}

/* Which cells one curve of a figure of times stands for. */
typedef struct {
    const layout_times *plot;
    uint32_t panel;
    uint32_t curve;
} curve_place;

static bool in_curve(const void *user, uint32_t cell) {
    const curve_place *place = user;
    return layout_panel_of(place->plot, cell) == place->panel &&
           layout_curve_of(place->plot, cell) == place->curve;
}

layout_curve layout_curve_at(const layout_times *plot, uint32_t panel, uint32_t curve,
                             uint32_t points_max) {
    const curve_place place = {plot, panel, curve};
    return layout_pool(plot->of, in_curve, &place, points_max);
}

void layout_curve_free(layout_curve *curve) {
    free(curve->points);
    memset(curve, 0, sizeof *curve);
}

/* --- the effect of a factor */

layout_effect layout_effect_of(const analysis *of, uint32_t factor) {
    const uint32_t combinations = of->about->cell_count / of->about->factors[factor].level_count;
    const bool pooled = combinations > LAYOUT_EFFECT_LINES_MAX;
    const layout_effect effect = {of, factor, pooled, pooled ? 1 : combinations};
    return effect;
}

typedef struct {
    const layout_effect *effect;
    uint32_t level;
} level_place;

static bool at_level(const void *user, uint32_t cell) {
    const level_place *place = user;
    return facts_level(place->effect->of->about, cell, place->effect->factor) == place->level;
}

/* When so many of the calls had connected; +infinity when so many never did. */
static double time_of_share(const layout_curve *curve, double share) {
    for (uint32_t i = 0; i < curve->point_count; i++) {
        if (curve->points[i].share >= share) {
            return curve->points[i].time_s;
        }
    }
    return INFINITY;
}

/* Points of a pooled curve from which its median is read: a thousandth of the calls apart. */
#define MEDIAN_POINTS 1000u

static stats_estimate pooled_connected(const layout_curve *curve, double confidence) {
    const double share = curve->point_count > 0 ? curve->points[curve->point_count - 1].share : 0.0;
    const uint64_t successes = (uint64_t)(share * (double)curve->worlds + 0.5);
    stats_estimate e = stats_ratio(successes, curve->worlds, confidence);
    e.value = share;
    return e;
}

static stats_estimate pooled_p50(const layout_curve *curve, double confidence) {
    const double n = (double)curve->worlds;
    const stats_ranks ranks = stats_quantile_ranks(curve->worlds, 0.5, confidence);
    const stats_estimate e = {
        .n = curve->worlds,
        .value = time_of_share(curve, 0.5),
        .lo = ranks.lo == 0 ? 0.0 : time_of_share(curve, (double)ranks.lo / n),
        .hi = ranks.hi > curve->worlds ? INFINITY : time_of_share(curve, (double)ranks.hi / n)};
    return e;
}

/* As many connections as there would be if all calls were in worlds of their own. */
static stats_estimate pooled_held(const level_place *place, const layout_curve *curve) {
    const analysis *of = place->effect->of;
    double connections = 0.0;
    double held = 0.0;
    for (uint32_t i = 0; i < of->about->cell_count; i++) {
        const stats_estimate *e = analysis_estimate(of, i, SIM_MEASURE_HELD);
        if (at_level(place, i) && e->n > 0) {
            connections += (double)e->n;
            held += e->value * (double)e->n;
        }
    }
    if (connections <= 0.0) {
        return (stats_estimate){0, NAN, NAN, NAN};
    }
    const double own = (double)curve->worlds / (double)curve->calls; /* 1 where none are shared */
    const uint64_t n = (uint64_t)(connections * own + 0.5);
    const uint64_t successes = (uint64_t)(held * own + 0.5);
    stats_estimate e = stats_ratio(successes < n ? successes : n, n, of->confidence);
    e.value = held / connections;
    return e;
}

layout_effect_point layout_effect_at(const layout_effect *effect, uint32_t line, uint32_t level) {
    const analysis *of = effect->of;
    if (!effect->pooled) {
        const uint32_t cell = cell_of(of->about, effect->factor, line, level);
        return (layout_effect_point){*analysis_estimate(of, cell, SIM_MEASURE_CONNECTED),
                                     *analysis_estimate(of, cell, SIM_MEASURE_TIME_P50),
                                     *analysis_estimate(of, cell, SIM_MEASURE_HELD)};
    }
    const level_place place = {effect, level};
    const stats_estimate nothing = {0, NAN, NAN, NAN};
    layout_effect_point point = {nothing, nothing, nothing};
    layout_curve curve = layout_pool(of, at_level, &place, MEDIAN_POINTS);
    if (curve.worlds > 0 && curve.calls > 0) {
        point.connected = pooled_connected(&curve, of->confidence);
        point.p50_s = pooled_p50(&curve, of->confidence);
        point.held = pooled_held(&place, &curve);
    }
    layout_curve_free(&curve);
    return point;
}

char *layout_effect_title(const layout_effect *effect, uint32_t line) {
    const facts *about = effect->of->about;
    if (effect->pooled) {
        return file_copy_name("all cells");
    }
    return other_levels(about, effect->factor, cell_of(about, effect->factor, line, 0));
}

/* --- reasons of failure */

static int compare_reasons(const void *left, const void *right) {
    const reason_count *a = *(const reason_count *const *)left;
    const reason_count *b = *(const reason_count *const *)right;
    return strcmp(a->text, b->text);
}

/* Keeps the most frequent, in order; ties by their text, which come in ascending order. */
static void keep_reason(layout_reasons *reasons, const char *text, uint64_t count) {
    uint32_t at = reasons->count;
    while (at > 0 && reasons->counts[at - 1] < count) {
        at--;
    }
    if (at == LAYOUT_REASONS_MAX) {
        reasons->other += count;
        return;
    }
    if (reasons->count == LAYOUT_REASONS_MAX) {
        reasons->count--;
        reasons->other += reasons->counts[reasons->count];
    }
    for (uint32_t i = reasons->count; i > at; i--) {
        reasons->texts[i] = reasons->texts[i - 1];
        reasons->counts[i] = reasons->counts[i - 1];
    }
    reasons->texts[at] = text;
    reasons->counts[at] = count;
    reasons->count++;
}

layout_reasons layout_reasons_of(const analysis *of) {
    layout_reasons reasons = {0};
    const uint32_t cell_count = of->about->cell_count;
    const reason_count **all = calloc((size_t)cell_count * ANALYSIS_REASONS_MAX + 1, sizeof *all);
    PUNCH_ASSERT(all != NULL);
    size_t count = 0;
    for (uint32_t i = 0; i < cell_count; i++) {
        for (uint32_t r = 0; r < of->cells[i].reason_count; r++) {
            all[count++] = &of->cells[i].reasons[r];
        }
        reasons.other += of->cells[i].other_failed;
    }
    qsort(all, count, sizeof *all, compare_reasons);
    uint64_t same = 0;
    for (size_t i = 0; i < count; i++) {
        same += all[i]->count;
        if (i + 1 == count || strcmp(all[i]->text, all[i + 1]->text) != 0) {
            keep_reason(&reasons, all[i]->text, same);
            same = 0;
        }
    }
    free(all);
    return reasons;
}

layout_reason_bar layout_reason_bar_of(const analysis *of, const layout_reasons *reasons,
                                       uint32_t cell) {
    layout_reason_bar bar = {{0}};
    const analysis_cell *at = &of->cells[cell];
    bar.counts[reasons->count] = at->other_failed;
    for (uint32_t r = 0; r < at->reason_count; r++) {
        uint32_t kept = 0;
        while (kept < reasons->count && strcmp(reasons->texts[kept], at->reasons[r].text) != 0) {
            kept++;
        }
        bar.counts[kept] += at->reasons[r].count;
    }
    return bar;
}
