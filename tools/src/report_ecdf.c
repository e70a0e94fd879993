/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The figure of times to connect: empirical distribution functions, each with a simultaneous 95 %
 * band (DKW; Massart 1990), as a gnuplot script that carries its data. Failures never connect, so
 * a curve ends at the share that did. What is drawn depends on the number of cells:
 *
 *   few       a curve per cell in one panel
 *   more      a panel for each combination of the other factors, a curve per level of one factor
 *   too many  one panel, a curve per level of one factor, the cells of a level pooled
 *
 * The one factor is the last treatment that fits, because treatments are what a reader compares,
 * else the last factor that fits.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gnuplot.h"
#include "punch/assert.h"
#include "report.h"

/* More curves in one panel, or more panels, cannot be told apart. Chosen. */
#define CURVES_MAX 9u
#define PANELS_MAX 9u
#define PANEL_CURVES_MAX 4u

/* A drawn curve is nowhere further from the true one than 1 / POINTS_MAX. Chosen: about a pixel. */
#define POINTS_MAX 1000u

#define NO_FACTOR UINT32_MAX

typedef enum { LAYOUT_CELLS, LAYOUT_PANELS, LAYOUT_POOLED } ecdf_layout;

typedef struct {
    const report *view;
    ecdf_layout layout;
    uint32_t factor; /* whose levels are the curves */
    uint32_t panels;
    uint32_t curves; /* in each panel */
    double begin_s;  /* of the axis */
    double end_s;
} ecdf_plot;

/* Dark enough for thin lines on white, and told apart by the colour-blind: after Okabe & Ito,
 * https://jfly.uni-koeln.de/color/, without their yellow and orange. */
static const char *const colours[CURVES_MAX] = {"#0072b2", "#d55e00", "#009e73",
                                                "#a0407c", "#000000", "#56b4e9",
                                                "#7a4b1e", "#777777", "#b07800"};

static const char *const dashes[] = {"solid", "(12,5)", "(5,4)", "(12,4,4,4)"};

static uint32_t levels_of(const report *view, uint32_t factor) {
    return sim_scenario_factor(view->request->scenario, factor).level_count;
}

/* The last factor with 2..levels_max levels that leaves at most panels_max combinations of the
 * others, treatments first. */
static uint32_t choose_factor(const report *view, uint32_t levels_max, uint32_t panels_max) {
    const uint32_t factor_count = sim_scenario_factor_count(view->request->scenario);
    uint32_t chosen = NO_FACTOR;
    bool treatment = false;
    for (uint32_t f = 0; f < factor_count; f++) {
        const sim_factor_view factor = sim_scenario_factor(view->request->scenario, f);
        const bool fits = factor.level_count >= 2 && factor.level_count <= levels_max &&
                          view->results->cell_count / factor.level_count <= panels_max;
        if (fits && (factor.treatment || !treatment)) {
            chosen = f;
            treatment = factor.treatment;
        }
    }
    return chosen;
}

static ecdf_plot plot_of(const report *view) {
    const uint32_t cell_count = view->results->cell_count;
    ecdf_plot plot = {view, LAYOUT_CELLS, NO_FACTOR, 1, cell_count, 0.0, 0.0};
    if (cell_count <= CURVES_MAX) {
        return plot;
    }
    plot.factor = choose_factor(view, PANEL_CURVES_MAX, PANELS_MAX);
    if (plot.factor != NO_FACTOR) {
        plot.layout = LAYOUT_PANELS;
        plot.curves = levels_of(view, plot.factor);
        plot.panels = cell_count / plot.curves;
        return plot;
    }
    plot.layout = LAYOUT_POOLED;
    plot.factor = choose_factor(view, CURVES_MAX, UINT32_MAX);
    plot.curves = plot.factor != NO_FACTOR ? levels_of(view, plot.factor) : 1;
    return plot;
}

static uint32_t curve_of(const ecdf_plot *plot, uint32_t cell) {
    if (plot->layout == LAYOUT_CELLS) {
        return cell;
    }
    return plot->factor == NO_FACTOR
               ? 0
               : sim_scenario_cell_level(plot->view->request->scenario, cell, plot->factor);
}

static uint32_t panel_of(const ecdf_plot *plot, uint32_t cell) {
    if (plot->layout != LAYOUT_PANELS) {
        return 0;
    }
    const sim_scenario *scenario = plot->view->request->scenario;
    uint32_t panel = 0;
    for (uint32_t f = 0; f < sim_scenario_factor_count(scenario); f++) {
        if (f != plot->factor) {
            panel = panel * levels_of(plot->view, f) + sim_scenario_cell_level(scenario, cell, f);
        }
    }
    return panel;
}

/* What is pooled in one curve. */
typedef struct {
    double *times_s; /* ascending, failures as +infinity */
    uint64_t count;
    uint64_t world_count; /* different worlds the times come from */
} ecdf_sample;

/* Treatments meet the same worlds, so of cells that differ only in pooled treatments one counts. */
static bool has_own_worlds(const ecdf_plot *plot, uint32_t cell) {
    const sim_scenario *scenario = plot->view->request->scenario;
    for (uint32_t f = 0; f < sim_scenario_factor_count(scenario); f++) {
        const bool pooled = plot->layout == LAYOUT_POOLED && f != plot->factor;
        if (pooled && sim_scenario_factor(scenario, f).treatment &&
            sim_scenario_cell_level(scenario, cell, f) != 0) {
            return false;
        }
    }
    return true;
}

static void add_cell(const run_cell *cell, ecdf_sample *sample) {
    for (uint64_t t = 0; t < cell->trials_done; t++) {
        for (uint32_t c = 0; c < cell->call_count; c++) {
            const sim_call_result *call = &cell->trials[t].calls[c];
            sample->times_s[sample->count++] =
                call->connected ? (double)call->time_to_connect_us / 1e6 : INFINITY;
        }
    }
}

static ecdf_sample sample_of(const ecdf_plot *plot, uint32_t panel, uint32_t curve) {
    const run_results *results = plot->view->results;
    size_t cap = 1;
    for (uint32_t i = 0; i < results->cell_count; i++) {
        if (panel_of(plot, i) == panel && curve_of(plot, i) == curve) {
            cap += (size_t)(results->cells[i].trials_done * results->cells[i].call_count);
        }
    }
    ecdf_sample sample = {calloc(cap, sizeof(double)), 0, 0};
    PUNCH_ASSERT(sample.times_s != NULL);
    for (uint32_t i = 0; i < results->cell_count; i++) {
        if (panel_of(plot, i) == panel && curve_of(plot, i) == curve) {
            add_cell(&results->cells[i], &sample);
            sample.world_count += has_own_worlds(plot, i) ? results->cells[i].trials_done : 0;
        }
    }
    stats_sort(sample.times_s, sample.count);
    return sample;
}

static void put_point(FILE *out, double time_s, double share, double band) {
    fprintf(out, "%.6f %.6g %.6g %.6g\n", time_s, share, fmax(0.0, share - band),
            fmin(1.0, share + band));
}

/* One curve as steps to the end of the axis. A step is drawn as soon as the curve has grown by
 * 1 / POINTS_MAX since the last one drawn, and at its end. */
static void put_curve(const ecdf_plot *plot, FILE *out, uint32_t panel, uint32_t curve) {
    const ecdf_sample sample = sample_of(plot, panel, curve);
    fprintf(out, "# s share low high\n$curve%u_%u << EOD\n", panel, curve);
    const double band = sample.world_count > 0 ? stats_ecdf_band(sample.world_count, 0.95) : 1.0;
    uint64_t drawn = 0;
    double share = 0.0;
    put_point(out, plot->begin_s, share, band);
    for (uint64_t i = 0; i < sample.count && isfinite(sample.times_s[i]); i++) {
        const bool last = i + 1 == sample.count || !isfinite(sample.times_s[i + 1]);
        const bool step_ends = last || sample.times_s[i + 1] > sample.times_s[i];
        if (step_ends && (last || (i + 1 - drawn) * POINTS_MAX >= sample.count)) {
            put_point(out, sample.times_s[i], share, band);
            drawn = i + 1;
            share = (double)drawn / (double)sample.count;
            put_point(out, sample.times_s[i], share, band);
        }
    }
    put_point(out, plot->end_s, share, band);
    fputs("EOD\n", out);
    free(sample.times_s);
}

/* The n-th of the numbers 1, 2, 5, 10, 20, ..., in seconds; negative n: 0.5, 0.2, ... */
static double tick_s(int n) {
    static const double in_decade[3] = {1.0, 2.0, 5.0};
    const int decade = n >= 0 ? n / 3 : -((2 - n) / 3);
    return in_decade[n - 3 * decade] * pow(10.0, decade);
}

/* A microsecond, and beyond any limit of a scenario. */
#define TICK_FIRST (-18)
#define TICK_LAST 18

/* Round ends of a logarithmic axis around all times, and labels in between. */
static void put_time_axis(ecdf_plot *plot, FILE *out) {
    double least_s = INFINITY;
    double most_s = 0.0;
    for (uint32_t i = 0; i < plot->view->results->cell_count; i++) {
        const run_cell *cell = &plot->view->results->cells[i];
        for (uint64_t t = 0; t < cell->trials_done; t++) {
            for (uint32_t c = 0; c < cell->call_count; c++) {
                const sim_call_result *call = &cell->trials[t].calls[c];
                if (call->connected) {
                    least_s = fmin(least_s, (double)call->time_to_connect_us / 1e6);
                    most_s = fmax(most_s, (double)call->time_to_connect_us / 1e6);
                }
            }
        }
    }
    int first = TICK_FIRST;
    int last = TICK_LAST;
    const bool any = isfinite(least_s); /* where nothing connected there still is an axis */
    while (first + 1 < last && tick_s(first + 1) < (any ? least_s : 0.2)) {
        first++;
    }
    while (last - 1 > first && tick_s(last - 1) > (any ? most_s : 20.0)) {
        last--;
    }
    plot->begin_s = tick_s(first);
    plot->end_s = tick_s(last);
    fprintf(out, "set logscale x\nset xrange [%.6g:%.6g]\nset xtics (", plot->begin_s, plot->end_s);
    for (int n = first; n <= last; n++) {
        fprintf(out, "%s\"%.6g\" %.6g", n > first ? ", " : "", tick_s(n), tick_s(n));
        if (last - first <= 2 && n < last) { /* few: some more */
            const double between_s = tick_s(n) * 1.5;
            fprintf(out, ", \"%.6g\" %.6g", between_s, between_s);
        }
    }
    fputs(")\n", out);
}

/* Levels of a cell in the factors that tell panels or cells apart, inside quotes. */
static void put_levels(const ecdf_plot *plot, FILE *out, uint32_t cell) {
    const uint32_t factor_count = sim_scenario_factor_count(plot->view->request->scenario);
    bool any = false;
    for (uint32_t f = 0; f < factor_count; f++) {
        if (f != plot->factor) {
            fputs(any ? " / " : "", out);
            gnuplot_words(out, report_level(plot->view, cell, f));
            any = true;
        }
    }
}

static void put_curve_title(const ecdf_plot *plot, FILE *out, uint32_t curve) {
    const sim_scenario *scenario = plot->view->request->scenario;
    fputc('\'', out);
    if (plot->layout == LAYOUT_CELLS) {
        put_levels(plot, out, curve);
    } else if (plot->factor == NO_FACTOR) {
        fputs("all cells", out);
    } else {
        const sim_factor_view factor = sim_scenario_factor(scenario, plot->factor);
        gnuplot_words(out, factor.name);
        fputc(' ', out);
        gnuplot_words(out, factor.levels[curve]);
    }
    fputc('\'', out);
}

/* All bands below all lines. */
static void put_plot(const ecdf_plot *plot, FILE *out, uint32_t panel) {
    fputs("plot \\\n", out);
    for (uint32_t curve = 0; curve < plot->curves; curve++) {
        fprintf(out,
                "  $curve%u_%u using 1:3:4 with filledcurves fillstyle transparent solid 0.15 "
                "noborder linecolor rgb \"%s\" notitle, \\\n",
                panel, curve, colours[curve]);
    }
    for (uint32_t curve = 0; curve < plot->curves; curve++) {
        fprintf(out,
                "  $curve%u_%u using 1:2 with lines linewidth 2 dashtype %s linecolor rgb "
                "\"%s\" title ",
                panel, curve, dashes[curve % 4], colours[curve]);
        put_curve_title(plot, out, curve);
        fputs(curve + 1 < plot->curves ? ", \\\n" : "\n", out);
    }
}

#define TIME_LABEL "time from the intended moment of the call, s (logarithmic)"
#define SHARE_LABEL "share of calls connected, 95 % band"

static void put_single(const ecdf_plot *plot, FILE *out) {
    gnuplot_begin(out, 920, 520);
    fputs("set title ", out);
    gnuplot_text(out, sim_scenario_title(plot->view->request->scenario));
    fprintf(out,
            "\nset xlabel \"%s\"\nset ylabel \"%s%s\"\n"
            "set key outside right top Left reverse samplen 3 spacing 1.2\n",
            TIME_LABEL, SHARE_LABEL, plot->layout == LAYOUT_POOLED ? ", cells pooled" : "");
    put_plot(plot, out, 0);
}

/* Pixels: one panel with its title, and what surrounds all panels. Chosen. */
#define PANEL_WIDTH 280u
#define PANEL_HEIGHT 230u
#define LEFT 75u
#define RIGHT 80u /* and the legend's text */
#define LETTER 8u
#define TOP 35u
#define BOTTOM 35u

/* The longest entry. */
static uint32_t legend_letters(const ecdf_plot *plot) {
    const sim_factor_view factor = sim_scenario_factor(plot->view->request->scenario, plot->factor);
    size_t longest = 0;
    for (uint32_t l = 0; l < factor.level_count; l++) {
        const size_t length = strlen(factor.name) + 1 + strlen(factor.levels[l]);
        longest = length > longest ? length : longest;
    }
    return longest < 64 ? (uint32_t)longest : 64;
}

static void put_panels(const ecdf_plot *plot, FILE *out) {
    const uint32_t columns = plot->panels <= 4 ? 2 : 3;
    const uint32_t rows = (plot->panels + columns - 1) / columns;
    const uint32_t right = RIGHT + legend_letters(plot) * LETTER;
    const uint32_t width = LEFT + columns * PANEL_WIDTH + right;
    const uint32_t height = TOP + rows * PANEL_HEIGHT + BOTTOM;
    gnuplot_begin(out, width, height);
    fputs("set multiplot title ", out);
    gnuplot_text(out, sim_scenario_title(plot->view->request->scenario));
    /* One legend for all, drawn with the first panel; outside, so that it may be wide. */
    const double middle = (LEFT + columns * PANEL_WIDTH / 2.0) / width;
    fprintf(out,
            "\nset key at screen %.4f, screen %.4f left top vertical Left reverse samplen 3 "
            "spacing 1.2\n"
            "set label 1 \"%s\" at screen %.4f, screen %.4f center\n"
            "set label 2 \"%s\" at screen %.4f, screen 0.5 center rotate\n",
            (double)(width - right) / width, 1.0 - (TOP + 26.0) / height, TIME_LABEL, middle,
            18.0 / height, SHARE_LABEL, 18.0 / width);
    for (uint32_t panel = 0; panel < plot->panels; panel++) {
        const double left = LEFT + (double)(panel % columns * PANEL_WIDTH);
        const uint32_t row = panel / columns;
        const double top = TOP + (double)row * PANEL_HEIGHT;
        fprintf(out,
                "set lmargin at screen %.4f\nset rmargin at screen %.4f\n"
                "set tmargin at screen %.4f\nset bmargin at screen %.4f\nset format y \"%s\"\nset "
                "title '",
                left / width, (left + PANEL_WIDTH - 24) / width, 1.0 - (top + 26) / height,
                1.0 - (top + PANEL_HEIGHT - 32) / height, panel % columns == 0 ? "%g" : "");
        for (uint32_t cell = 0; cell < plot->view->results->cell_count; cell++) {
            if (panel_of(plot, cell) == panel && curve_of(plot, cell) == 0) {
                put_levels(plot, out, cell);
            }
        }
        fputs("'\n", out);
        put_plot(plot, out, panel);
        fputs(panel == 0 ? "unset key\nunset label\n" : "", out);
    }
    fputs("unset multiplot\n", out);
}

void report_plot_times(const report *view, FILE *out) {
    ecdf_plot plot = plot_of(view);
    put_time_axis(&plot, out);
    fputs(
        "set yrange [0:1]\nset grid linetype 1 linewidth 0.5 linecolor rgb \"#cccccc\"\nset tics "
        "nomirror\n",
        out);
    for (uint32_t panel = 0; panel < plot.panels; panel++) {
        for (uint32_t curve = 0; curve < plot.curves; curve++) {
            put_curve(&plot, out, panel, curve);
        }
    }
    if (plot.layout == LAYOUT_PANELS) {
        put_panels(&plot, out);
    } else {
        put_single(&plot, out);
    }
}
