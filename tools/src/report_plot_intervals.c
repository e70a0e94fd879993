/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keepalive intervals over time as a gnuplot script with its data: as in report.html.
 */
#include <stdlib.h>

#include "gnuplot.h"
#include "memory.h"
#include "report.h"
#include "report_intervals.h"
#include "report_layout.h"

/* Pixels. Chosen. */
#define WIDTH 900u
#define PANEL_HEIGHT 300u

#define US_PER_H 3.6e9
#define US_PER_S 1e6

/* One block per panel, line and side: gnuplot wants at least one line in each. */
static void put_data(const intervals_plot *plot, uint32_t panel, interval_log *log, FILE *out) {
    for (uint32_t line = 0; line < plot->lines; line++) {
        if (!intervals_plot_at(plot, panel, line, log)) {
            continue;
        }
        for (uint32_t side = 0; side < 2; side++) {
            const interval_line *points = &log->sides[side];
            fprintf(out, "$p%ul%us%u << EOD\n", panel, line, side);
            for (uint32_t i = 0; i < points->count; i++) {
                const interval_point *point = &points->points[i];
                fprintf(out, "%.6f %.6f ", (double)point->at_us / US_PER_H,
                        (double)point->interval_us / US_PER_S);
                if (point->lifetime_us == PUNCH_NEVER) {
                    fputs("NaN\n", out);
                } else {
                    fprintf(out, "%.6f\n", (double)point->lifetime_us / US_PER_S);
                }
            }
            fputs(points->count > 0 ? "EOD\n" : "NaN NaN NaN\nEOD\n", out);
        }
    }
}

static void put_panel(const intervals_plot *plot, uint32_t panel, interval_log *log, FILE *out) {
    char *words = intervals_panel_title(plot, panel);
    fputs("set title ", out);
    gnuplot_text(out, words);
    fputs("\nplot NaN notitle", out);
    free(words);
    for (uint32_t line = 0; line < plot->lines; line++) {
        if (!intervals_plot_at(plot, panel, line, log)) {
            continue;
        }
        char *title = intervals_line_title(plot, line);
        for (uint32_t side = 0; side < 2; side++) {
            fprintf(out,
                    ", \\\n  $p%ul%us%u using 1:3 with steps dashtype 3 linecolor rgb \"#777777\" "
                    "notitle, \\\n  $p%ul%us%u using 1:2 with steps linewidth 1.5 linecolor rgb "
                    "\"%s\" ",
                    panel, line, side, panel, line, side, layout_colours[line % LAYOUT_CURVES_MAX]);
            if (side == 0) {
                fputs("title ", out);
                gnuplot_text(out, title);
            } else {
                fputs("notitle", out);
            }
        }
        free(title);
    }
    fputc('\n', out);
}

void report_plot_intervals(const analysis *of, FILE *out) {
    intervals_plot plot;
    if (!intervals_plot_of(of, &plot)) {
        gnuplot_begin(out, WIDTH, PANEL_HEIGHT);
        fputs(
            "unset border\nunset tics\nunset key\nset xrange [0:1]\nset yrange [0:1]\n"
            "set label 'No keepalive of a strategy that learns.' at 0.5, 0.5 center\nplot NaN\n",
            out);
        return;
    }
    interval_log *log = memory_zeroed(1, sizeof *log);
    gnuplot_begin(out, WIDTH, PANEL_HEIGHT * plot.panels + 40);
    for (uint32_t panel = 0; panel < plot.panels; panel++) {
        put_data(&plot, panel, log, out);
    }
    fprintf(out, "set multiplot layout %u, 1 title ", plot.panels);
    gnuplot_text(out, of->about->title);
    fprintf(out,
            "\nset logscale y\nset xrange [0:%.6f]\nset yrange [%.6f:%.6f]\n"
            "set xlabel 'hours since connected'\nset ylabel 'keepalive interval, s'\n"
            "set grid linetype 1 linewidth 0.5 linecolor rgb \"#dddddd\"\nset border 3\n"
            "set tics nomirror scale 0.5\nset key outside right noenhanced\n",
            plot.end_s / 3600.0, plot.low_s * 0.8, plot.high_s * 1.25);
    for (uint32_t panel = 0; panel < plot.panels; panel++) {
        put_panel(&plot, panel, log, out);
    }
    fputs("unset multiplot\n", out);
    free(log);
}
