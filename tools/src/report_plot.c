/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The figure of success: a grid of cells, the first half of the factors down, the others across. As
 * a gnuplot script that carries its data: anybody can redraw or restyle it without the program.
 */
#include "format.h"
#include "gnuplot.h"
#include "report.h"
#include "report_layout.h"

/* Pixels: room for a title. Chosen. */
#define WIDTH_MIN 640u

static void put_label(const analysis *of, FILE *out, const layout_axis *axis, uint32_t cell) {
    fputc('\'', out);
    for (uint32_t f = axis->first; f < axis->end; f++) {
        fputs(f > axis->first ? " / " : "", out);
        gnuplot_tick_words(out, facts_level_name(of->about, cell, f));
    }
    fputc('\'', out);
}

/* 'mapping_a / filtering_a' */
static void put_axis_title(const analysis *of, FILE *out, const layout_axis *axis) {
    fputc('\'', out);
    for (uint32_t f = axis->first; f < axis->end; f++) {
        fputs(f > axis->first ? " / " : "", out);
        gnuplot_words(out, of->about->factors[f].name);
    }
    fputc('\'', out);
}

static void put_ticks(const analysis *of, FILE *out, const layout_axis *axis, const char *command) {
    fprintf(out, "set %s (", command);
    for (uint32_t tick = 0; tick < axis->ticks; tick++) {
        fputs(tick > 0 ? ", " : "", out);
        put_label(of, out, axis, layout_tick_cell(of->about, axis, tick));
        fprintf(out, " %u", tick);
    }
    fputs(")\n", out);
}

static void put_grid_data(const analysis *of, FILE *out, const layout_axis *x,
                          const layout_axis *y) {
    fputs("# x y percent label\n$cells << EOD\n", out);
    for (uint32_t cell = 0; cell < of->about->cell_count; cell++) {
        const stats_estimate *e = analysis_estimate(of, cell, SIM_MEASURE_CONNECTED);
        const uint32_t across = layout_tick(of->about, x, cell);
        const uint32_t down = layout_tick(of->about, y, cell);
        if (e->n == 0) {
            fprintf(out, "%u %u NaN -\n", across, down);
        } else {
            char text[FORMAT_TEXT_CAP];
            fprintf(out, "%u %u %.6g %s\n", across, down, e->value * 100.0,
                    format_percent_short(e->value, text));
        }
    }
    fputs("EOD\n", out);
}

void report_plot_success(const analysis *of, FILE *out) {
    const layout_grid grid = layout_grid_of(of->about);
    const layout_axis x = grid.across;
    const layout_axis y = grid.down;
    const uint32_t width = 260 + 56 * x.ticks;
    gnuplot_begin(out, width < WIDTH_MIN ? WIDTH_MIN : width, 220 + 34 * y.ticks);
    fputs("set title ", out);
    gnuplot_text(out, of->about->title);
    fputs("\nset xlabel ", out);
    put_axis_title(of, out, &x);
    fputs("\nset ylabel ", out);
    put_axis_title(of, out, &y);
    fputc('\n', out);
    put_ticks(of, out, &x, "xtics rotate by -40 left");
    put_ticks(of, out, &y, "ytics");
    fprintf(out, "set xrange [-0.5:%u.5]\nset yrange [%u.5:-0.5]\n", x.ticks - 1, y.ticks - 1);
    /* From orange over grey to blue, which all kinds of colour vision tell apart; light enough
     * everywhere for black numbers. */
    fputs(
        "set cbrange [0:100]\nset cblabel \"connected, %\"\n"
        "set palette defined (0 \"#f4a582\", 50 \"#f4f4f4\", 100 \"#92c5de\")\n"
        "unset key\nset tics scale 0\n",
        out);
    put_grid_data(of, out, &x, &y);
    fputs(
        "plot $cells using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):3 with boxxyerror "
        "fillstyle solid border rgb \"white\" linecolor palette, \\\n"
        "     $cells using 1:2:4 with labels\n",
        out);
}
