/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The figure of times to connect: empirical distribution functions, each with a simultaneous band
 * (DKW; Massart 1990), as a gnuplot script that carries its data. Failures never connect, so a
 * curve ends at the share that did. What is a panel and what a curve: report_layout.h.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gnuplot.h"
#include "report.h"
#include "report_layout.h"
#include "report_words.h"

/* A drawn curve is nowhere further from the true one than 1 / POINTS_MAX. Chosen: about a pixel. */
#define POINTS_MAX 1000u

static const char *const dashes[] = {"solid", "(12,5)", "(5,4)", "(12,4,4,4)"};

static void put_point(FILE *out, double time_s, double share, double band) {
    fprintf(out, "%.6f %.6g %.6g %.6g\n", time_s, share, fmax(0.0, share - band),
            fmin(1.0, share + band));
}

/* One curve as steps to the end of the axis. */
static void put_curve(const layout_times *plot, FILE *out, const layout_time_axis *axis,
                      uint32_t panel, uint32_t index) {
    layout_curve curve = layout_curve_at(plot, panel, index, POINTS_MAX);
    fprintf(out, "# s share low high\n$curve%u_%u << EOD\n", panel, index);
    double share = 0.0;
    put_point(out, layout_tick_s(axis->first), share, curve.band);
    for (uint32_t i = 0; i < curve.point_count; i++) {
        put_point(out, curve.points[i].time_s, share, curve.band);
        share = curve.points[i].share;
        put_point(out, curve.points[i].time_s, share, curve.band);
    }
    put_point(out, layout_tick_s(axis->last), share, curve.band);
    fputs("EOD\n", out);
    layout_curve_free(&curve);
}

static void put_time_axis(const layout_time_axis *axis, FILE *out) {
    fprintf(out, "set logscale x\nset xrange [%.6g:%.6g]\nset xtics (", layout_tick_s(axis->first),
            layout_tick_s(axis->last));
    for (int n = axis->first; n <= axis->last; n++) {
        const double tick_s = layout_tick_s(n);
        fprintf(out, "%s\"%.6g\" %.6g", n > axis->first ? ", " : "", tick_s, tick_s);
        if (axis->last - axis->first <= 2 && n < axis->last) { /* few: some more */
            fprintf(out, ", \"%.6g\" %.6g", tick_s * 1.5, tick_s * 1.5);
        }
    }
    fputs(")\n", out);
}

static void put_curve_title(const layout_times *plot, FILE *out, uint32_t curve) {
    char *title = layout_curve_title(plot, curve);
    gnuplot_text(out, title);
    free(title);
}

/* All bands below all lines. */
static void put_plot(const layout_times *plot, FILE *out, uint32_t panel) {
    fputs("plot \\\n", out);
    for (uint32_t curve = 0; curve < plot->curves; curve++) {
        fprintf(out,
                "  $curve%u_%u using 1:3:4 with filledcurves fillstyle transparent solid 0.15 "
                "noborder linecolor rgb \"%s\" notitle, \\\n",
                panel, curve, layout_colours[curve]);
    }
    for (uint32_t curve = 0; curve < plot->curves; curve++) {
        fprintf(out,
                "  $curve%u_%u using 1:2 with lines linewidth 2 dashtype %s linecolor rgb "
                "\"%s\" title ",
                panel, curve, dashes[curve % 4], layout_colours[curve]);
        put_curve_title(plot, out, curve);
        fputs(curve + 1 < plot->curves ? ", \\\n" : "\n", out);
    }
}

#define TIME_LABEL "time from the intended moment of the call, s (logarithmic)"
#define SHARE_LABEL "share of calls connected"

static void put_single(const layout_times *plot, FILE *out) {
    gnuplot_begin(out, 920, 520);
    fputs("set title ", out);
    gnuplot_text(out, plot->of->about->title);
    char confidence[FORMAT_TEXT_CAP];
    fprintf(out,
            "\nset xlabel \"%s\"\nset ylabel \"%s, %s band%s\"\n"
            "set key outside right top Left reverse samplen 3 spacing 1.2\n",
            TIME_LABEL, SHARE_LABEL, report_confidence(plot->of, confidence),
            plot->kind == LAYOUT_POOLED ? ", cells pooled" : "");
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
static uint32_t legend_letters(const layout_times *plot) {
    size_t longest = 0;
    for (uint32_t curve = 0; curve < plot->curves; curve++) {
        char *title = layout_curve_title(plot, curve);
        const size_t length = strlen(title);
        longest = length > longest ? length : longest;
        free(title);
    }
    return longest < 64 ? (uint32_t)longest : 64;
}

static void put_panels(const layout_times *plot, FILE *out) {
    const uint32_t columns = plot->panels <= 4 ? 2 : 3;
    const uint32_t rows = (plot->panels + columns - 1) / columns;
    const uint32_t right = RIGHT + legend_letters(plot) * LETTER;
    const uint32_t width = LEFT + columns * PANEL_WIDTH + right;
    const uint32_t height = TOP + rows * PANEL_HEIGHT + BOTTOM;
    gnuplot_begin(out, width, height);
    fputs("set multiplot title ", out);
    gnuplot_text(out, plot->of->about->title);
    /* One legend for all, drawn with the first panel; outside, so that it may be wide. */
    char confidence[FORMAT_TEXT_CAP];
    const double middle = (LEFT + columns * PANEL_WIDTH / 2.0) / width;
    fprintf(out,
            "\nset key at screen %.4f, screen %.4f left top vertical Left reverse samplen 3 "
            "spacing 1.2\n"
            "set label 1 \"%s\" at screen %.4f, screen %.4f center\n"
            "set label 2 \"%s, %s band\" at screen %.4f, screen 0.5 center rotate\n",
            (double)(width - right) / width, 1.0 - (TOP + 26.0) / height, TIME_LABEL, middle,
            18.0 / height, SHARE_LABEL, report_confidence(plot->of, confidence), 18.0 / width);
    for (uint32_t panel = 0; panel < plot->panels; panel++) {
        const double left = LEFT + (double)(panel % columns * PANEL_WIDTH);
        const uint32_t row = panel / columns;
        const double top = TOP + (double)row * PANEL_HEIGHT;
        fprintf(out,
                "set lmargin at screen %.4f\nset rmargin at screen %.4f\n"
                "set tmargin at screen %.4f\nset bmargin at screen %.4f\nset format y \"%s\"\nset "
                "title ",
                left / width, (left + PANEL_WIDTH - 24) / width, 1.0 - (top + 26) / height,
                1.0 - (top + PANEL_HEIGHT - 32) / height, panel % columns == 0 ? "%g" : "");
        char *title = layout_panel_title(plot, panel);
        gnuplot_text(out, title);
        free(title);
        fputc('\n', out);
        put_plot(plot, out, panel);
        fputs(panel == 0 ? "unset key\nunset label\n" : "", out);
    }
    fputs("unset multiplot\n", out);
}

void report_plot_times(const analysis *of, FILE *out) {
    const layout_times plot = layout_times_of(of);
    const layout_time_axis axis = layout_time_axis_of(of);
    put_time_axis(&axis, out);
    fputs(
        "set yrange [0:1]\nset grid linetype 1 linewidth 0.5 linecolor rgb \"#cccccc\"\nset tics "
        "nomirror\n",
        out);
    for (uint32_t panel = 0; panel < plot.panels; panel++) {
        for (uint32_t curve = 0; curve < plot.curves; curve++) {
            put_curve(&plot, out, &axis, panel, curve);
        }
    }
    if (plot.kind == LAYOUT_PANELS) {
        put_panels(&plot, out);
    } else {
        put_single(&plot, out);
    }
}
