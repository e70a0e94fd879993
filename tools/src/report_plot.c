/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The figure of success: a grid of cells, the first half of the factors down, the others across. As
 * a gnuplot script that carries its data: anybody can redraw or restyle it without the program.
 */
#include <math.h>

#include "format.h"
#include "gnuplot.h"
#include "report.h"

/* Pixels: room for a title. Chosen. */
#define WIDTH_MIN 640u

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

static void put_label(const report *view, FILE *out, const grid_axis *axis, uint32_t cell) {
    fputc('\'', out);
    for (uint32_t f = axis->first; f < axis->end; f++) {
        fputs(f > axis->first ? " / " : "", out);
        gnuplot_tick_words(out, report_level(view, cell, f));
    }
    fputc('\'', out);
}

/* 'mapping_a / filtering_a' */
static void put_axis_title(const report *view, FILE *out, const grid_axis *axis) {
    fputc('\'', out);
    for (uint32_t f = axis->first; f < axis->end; f++) {
        fputs(f > axis->first ? " / " : "", out);
        gnuplot_words(out, sim_scenario_factor(view->request->scenario, f).name);
    }
    fputc('\'', out);
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
        put_label(view, out, axis, cell);
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
            char text[FORMAT_TEXT_CAP];
            const double percent = e->value * 100.0;
            const bool whole = percent == floor(percent);
            snprintf(text, sizeof text, "%.0f", percent);
            fprintf(out, "%u %u %.6g %s\n", across, down, percent,
                    whole ? text : format_percent(e->value, text));
        }
    }
    fputs("EOD\n", out);
}

void report_plot_success(const report *view, FILE *out) {
    const uint32_t factor_count = sim_scenario_factor_count(view->request->scenario);
    const uint32_t down = factor_count == 1 ? 1 : factor_count / 2; /* words read best across */
    const grid_axis y = axis_of(view, 0, down);
    const grid_axis x = axis_of(view, down, factor_count);
    const uint32_t width = 260 + 56 * x.ticks;
    gnuplot_begin(out, width < WIDTH_MIN ? WIDTH_MIN : width, 220 + 34 * y.ticks);
    fputs("set title ", out);
    gnuplot_text(out, sim_scenario_title(view->request->scenario));
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
        "set cbrange [0:100]\nset cblabel \"connected, %\"\n"
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
