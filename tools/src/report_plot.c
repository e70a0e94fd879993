/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two figures, as gnuplot scripts that carry their data: anybody can redraw or restyle them
 * without the program. ARG1 is svg or png, ARG2 the file to write.
 *
 *   success          a grid of cells: the first half of the factors down, the others across
 *   time-to-connect  ECDF per curve with a simultaneous 95 % band (DKW; Massart 1990)
 */
#include <math.h>
#include <stdlib.h>

#include "punch/assert.h"
#include "report.h"

/* More curves cannot be told apart. Chosen. */
#define CURVES_MAX 8u

/* Points drawn per ECDF: chosen; finer than a pixel. */
#define POINTS_MAX 1000u

/* gnuplot reads \ and " inside double quotes. A tick's label is a format as well: % is doubled. */
typedef enum { QUOTED_TEXT, QUOTED_TICK } quoted_kind;

static void put_quoted_as(FILE *out, const char *text, quoted_kind kind) {
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            fputc('\\', out);
        }
        if (*text == '%' && kind == QUOTED_TICK) {
            fputc('%', out);
        }
        fputc(*text == '\n' ? ' ' : *text, out);
    }
    fputc('"', out);
}

static void put_quoted(FILE *out, const char *text) {
    put_quoted_as(out, text, QUOTED_TEXT);
}

static void put_terminal(FILE *out, uint32_t width, uint32_t height) {
    fprintf(out,
            "if (ARG1 eq \"png\") {\n"
            "    set terminal pngcairo size %u,%u noenhanced font \"sans,10\"\n"
            "} else {\n"
            "    set terminal svg size %u,%u noenhanced font \"sans,10\" background \"white\"\n"
            "}\n"
            "set output ARG2\n",
            width, height, width, height);
}

/* Factors first..end-1 as one axis. */
typedef struct {
    uint32_t first;
    uint32_t end;
    uint32_t ticks; /* combinations of their levels */
} grid_axis;

static grid_axis axis_of(const report *view, uint32_t first, uint32_t end) {
    grid_axis axis = {first, end, 1};
    for (uint32_t f = first; f < end; f++) {
        axis.ticks *= sim_scenario_factor(view->request->scenario, f).level_count;
    }
    return axis;
}

/* Which tick of the axis a cell lies on: the last factor varies fastest. */
static uint32_t tick_of(const report *view, const grid_axis *axis, uint32_t cell) {
    uint32_t tick = 0;
    for (uint32_t f = axis->first; f < axis->end; f++) {
        tick = tick * sim_scenario_factor(view->request->scenario, f).level_count +
               sim_scenario_cell_level(view->request->scenario, cell, f);
    }
    return tick;
}

static void put_label(const report *view, FILE *out, const grid_axis *axis, uint32_t cell,
                      quoted_kind kind) {
    char label[256];
    size_t length = 0;
    label[0] = '\0';
    for (uint32_t f = axis->first; f < axis->end && length < sizeof label; f++) {
        const int added = snprintf(label + length, sizeof label - length, "%s%s",
                                   f > axis->first ? " / " : "", report_level(view, cell, f));
        length += (size_t)added;
    }
    put_quoted_as(out, label, kind);
}

/* "mapping_a / filtering_a" */
static void put_axis_title(const report *view, FILE *out, const grid_axis *axis) {
    char title[256];
    size_t length = 0;
    title[0] = '\0';
    for (uint32_t f = axis->first; f < axis->end && length < sizeof title; f++) {
        length += (size_t)snprintf(title + length, sizeof title - length, "%s%s",
                                   f > axis->first ? " / " : "",
                                   sim_scenario_factor(view->request->scenario, f).name);
    }
    put_quoted(out, title);
}

static void put_ticks(const report *view, FILE *out, const grid_axis *axis, const char *command) {
    fprintf(out, "set %s (", command);
    uint32_t next = 0;
    /* Cells come in an order in which each tick is met for the first time in ascending order. */
    for (uint32_t cell = 0; cell < view->results->cell_count && next < axis->ticks; cell++) {
        if (tick_of(view, axis, cell) != next) {
            continue;
        }
        fputs(next > 0 ? ", " : "", out);
        put_label(view, out, axis, cell, QUOTED_TICK);
        fprintf(out, " %u", next);
        next++;
    }
    fputs(")\n", out);
}

static void put_grid_data(const report *view, FILE *out, const grid_axis *x, const grid_axis *y) {
    fputs("# x y percent label\n$cells << EOD\n", out);
    for (uint32_t cell = 0; cell < view->results->cell_count; cell++) {
        const stats_estimate *e = report_estimate(view, cell, MEASURE_CONNECTED);
        const uint32_t across = tick_of(view, x, cell);
        const uint32_t down = tick_of(view, y, cell);
        if (e->n == 0) {
            fprintf(out, "%u %u NaN -\n", across, down);
        } else {
            const double percent = e->value * 100.0;
            const bool whole = percent == floor(percent);
            fprintf(out, "%u %u %.6g %.*f\n", across, down, percent, whole ? 0 : 1, percent);
        }
    }
    fputs("EOD\n", out);
}

void report_plot_success(const report *view, FILE *out) {
    const uint32_t factor_count = sim_scenario_factor_count(view->request->scenario);
    const grid_axis y = axis_of(view, 0, factor_count / 2);
    const grid_axis x = axis_of(view, factor_count / 2, factor_count);
    put_terminal(out, 260 + 56 * x.ticks, 220 + 34 * y.ticks);
    fputs("set title ", out);
    put_quoted(out, sim_scenario_title(view->request->scenario));
    fputs("\nset xlabel ", out);
    put_axis_title(view, out, &x);
    fputs("\nset ylabel ", out);
    put_axis_title(view, out, &y);
    fputc('\n', out);
    put_ticks(view, out, &x, "xtics rotate by -40 left");
    put_ticks(view, out, &y, "ytics");
    fprintf(out, "set xrange [-0.5:%u.5]\nset yrange [%u.5:-0.5]\n", x.ticks - 1, y.ticks - 1);
    /* Dark means fails; light enough everywhere for black numbers. */
    fputs(
        "set cbrange [0:100]\nset cblabel \"connected, % of calls\"\n"
        "set palette defined (0 \"#d98c8c\", 50 \"#f2e6b3\", 100 \"#8cbf9f\")\n"
        "unset key\nset tics scale 0\n",
        out);
    put_grid_data(view, out, &x, &y);
    fputs(
        "plot $cells using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):3 with boxxyerror "
        "fillstyle solid border rgb \"white\" linecolor palette, \\\n"
        "     $cells using 1:2:4 with labels\n",
        out);
}

/* Which factor's levels are the curves: UINT32_MAX = the cells themselves. */
static uint32_t curve_factor(const report *view) {
    const uint32_t factor_count = sim_scenario_factor_count(view->request->scenario);
    if (view->results->cell_count <= CURVES_MAX) {
        return UINT32_MAX;
    }
    for (uint32_t f = 0; f < factor_count; f++) {
        const uint32_t levels = sim_scenario_factor(view->request->scenario, f).level_count;
        if (levels > 1 && levels <= CURVES_MAX) {
            return f;
        }
    }
    return factor_count; /* none fits: one curve of everything */
}

/* All times to connect of the cells of one curve, sorted; *count_out is how many. */
static double *curve_times(const report *view, uint32_t factor, uint32_t curve,
                           uint64_t *count_out) {
    const run_results *results = view->results;
    const uint32_t factor_count = sim_scenario_factor_count(view->request->scenario);
    size_t cap = 1;
    for (uint32_t i = 0; i < results->cell_count; i++) {
        cap += (size_t)(results->cells[i].trials_done * results->cells[i].call_count);
    }
    double *times_s = calloc(cap, sizeof *times_s);
    PUNCH_ASSERT(times_s != NULL);
    uint64_t count = 0;
    for (uint32_t i = 0; i < results->cell_count; i++) {
        const bool whole = factor == factor_count;
        const uint32_t group = factor == UINT32_MAX ? i
                               : whole
                                   ? 0
                                   : sim_scenario_cell_level(view->request->scenario, i, factor);
        if (group != curve) {
            continue;
        }
        const run_cell *cell = &results->cells[i];
        for (uint64_t t = 0; t < cell->trials_done; t++) {
            for (uint32_t c = 0; c < cell->call_count; c++) {
                const sim_call_result *call = &cell->trials[t].calls[c];
                times_s[count++] =
                    call->connected ? (double)call->time_to_connect_us / 1e6 : INFINITY;
            }
        }
    }
    stats_sort(times_s, count);
    *count_out = count;
    return times_s;
}

/* The latest time to connect of all calls; 0 when none connected. */
static double latest_s(const report *view) {
    punch_time_us latest_us = 0;
    for (uint32_t i = 0; i < view->results->cell_count; i++) {
        const run_cell *cell = &view->results->cells[i];
        for (uint64_t t = 0; t < cell->trials_done; t++) {
            for (uint32_t c = 0; c < cell->call_count; c++) {
                const sim_call_result *call = &cell->trials[t].calls[c];
                if (call->connected) {
                    latest_us = punch_time_later(latest_us, call->time_to_connect_us);
                }
            }
        }
    }
    return (double)latest_us / 1e6;
}

static void put_point(FILE *out, double time_s, double share, double band) {
    fprintf(out, "%.6f %.6g %.6g %.6g\n", time_s, share, fmax(0.0, share - band),
            fmin(1.0, share + band));
}

/* One ECDF with its band, drawn out as steps to the end of the axis: failures keep it below the top
 * for ever. */
static void put_curve(const report *view, FILE *out, uint32_t factor, uint32_t curve,
                      double end_s) {
    uint64_t count = 0;
    double *times_s = curve_times(view, factor, curve, &count);
    fprintf(out, "# s share low high\n$curve%u << EOD\n", curve);
    const double band = count > 0 ? stats_ecdf_band(count, 0.95) : 1.0;
    const uint64_t stride = count / POINTS_MAX + 1;
    double share = 0.0;
    put_point(out, 0.0, share, band);
    for (uint64_t i = 0; i < count && isfinite(times_s[i]); i++) {
        const bool step_ends = i + 1 == count || times_s[i + 1] > times_s[i];
        const bool last = i + 1 == count || !isfinite(times_s[i + 1]);
        if (step_ends && (i % stride == 0 || last)) {
            put_point(out, times_s[i], share, band);
            share = (double)(i + 1) / (double)count;
            put_point(out, times_s[i], share, band);
        }
    }
    put_point(out, end_s, share, band);
    fputs("EOD\n", out);
    free(times_s);
}

static void put_curve_title(const report *view, FILE *out, uint32_t factor, uint32_t curve) {
    const uint32_t factor_count = sim_scenario_factor_count(view->request->scenario);
    if (factor == factor_count) {
        put_quoted(out, "all cells");
    } else if (factor == UINT32_MAX) {
        const grid_axis all = axis_of(view, 0, factor_count);
        put_label(view, out, &all, curve, QUOTED_TEXT);
    } else {
        put_quoted(out, sim_scenario_factor(view->request->scenario, factor).levels[curve]);
    }
}

/* Names of the factors whose levels are the curves. */
static void put_key_title(const report *view, FILE *out, uint32_t factor) {
    if (factor == UINT32_MAX) {
        const grid_axis all = axis_of(view, 0, sim_scenario_factor_count(view->request->scenario));
        put_axis_title(view, out, &all);
        return;
    }
    char title[128];
    snprintf(title, sizeof title, "%s (cells pooled)",
             sim_scenario_factor(view->request->scenario, factor).name);
    put_quoted(out, title);
}

void report_plot_times(const report *view, FILE *out) {
    const uint32_t factor_count = sim_scenario_factor_count(view->request->scenario);
    const uint32_t factor = curve_factor(view);
    const uint32_t curves = factor == UINT32_MAX ? view->results->cell_count
                            : factor == factor_count
                                ? 1
                                : sim_scenario_factor(view->request->scenario, factor).level_count;
    /* Where nothing connected there still is an axis. */
    const double last_s = latest_s(view);
    const double end_s = last_s > 0.0 ? last_s * 1.05 : 1.0;
    put_terminal(out, 860, 520);
    for (uint32_t curve = 0; curve < curves; curve++) {
        put_curve(view, out, factor, curve, end_s);
    }
    fputs("set title ", out);
    put_quoted(out, sim_scenario_title(view->request->scenario));
    fputs(
        "\nset xlabel \"time from the intended moment of the call, s\"\n"
        "set ylabel \"share of calls connected, with a simultaneous 95 % band\"\n"
        "set yrange [0:1]\nset grid\nset key outside right top",
        out);
    if (factor != factor_count) {
        fputs(" title ", out);
        put_key_title(view, out, factor);
    }
    fprintf(out, "\nset xrange [0:%.6g]\nplot \\\n", end_s);
    for (uint32_t curve = 0; curve < curves; curve++) {
        fprintf(out,
                "  $curve%u using 1:3:4 with filledcurves fillstyle transparent solid 0.15 "
                "noborder linetype %u notitle, \\\n  $curve%u using 1:2 with lines linewidth 2 "
                "linetype %u title ",
                curve, curve + 1, curve, curve + 1);
        put_curve_title(view, out, factor, curve);
        fputs(curve + 1 < curves ? ", \\\n" : "\n", out);
    }
}
