/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long holes last, in report.html: a curve for each level of the treatment, with its band.
 */
#include <math.h>
#include <stdlib.h>

#include "report_html.h"
#include "report_layout.h"
#include "report_survival.h"
#include "report_words.h"

/* Of the picture and its plot, in pixels at its natural size. Chosen. */
#define WIDTH 680.0
#define HEIGHT 340.0
#define LEFT 42.0
#define RIGHT 24.0
#define TOP 10.0
#define BOTTOM 36.0

/* Corners closer than this many pixels are one. Chosen. */
#define CORNER 0.5

typedef struct {
    FILE *out;
    int first; /* ticks of the axis */
    int last;
} frame;

static double x_of(const frame *at, double time_s) {
    const double begin = log10(layout_tick_s(at->first));
    const double end = log10(layout_tick_s(at->last));
    const double part = (log10(time_s) - begin) / (end - begin);
    return LEFT + fmin(fmax(part, 0.0), 1.0) * (WIDTH - LEFT - RIGHT);
}

static double y_of(double share) {
    return TOP + (1.0 - share) * (HEIGHT - TOP - BOTTOM);
}

/* Round ends that leave room for every loss and every end. */
static frame frame_of(const survival_curve *curves, uint32_t count, FILE *out) {
    double first_s = INFINITY;
    double last_s = layout_tick_s(1);
    for (uint32_t i = 0; i < count; i++) {
        first_s = curves[i].count > 0 ? fmin(first_s, curves[i].points[0].time) : first_s;
        last_s = fmax(last_s, curves[i].last_s);
    }
    first_s = fmin(fmax(first_s, layout_tick_s(0)), last_s);
    frame at = {.out = out};
    while (layout_tick_s(at.first + 1) <= first_s) {
        at.first++;
    }
    at.last = at.first + 1;
    while (layout_tick_s(at.last) < last_s) {
        at.last++;
    }
    return at;
}

static void put_axes(const frame *at) {
    char text[FORMAT_TEXT_CAP];
    const char *line =
        "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"currentColor\" "
        "stroke-opacity=\".2\"/>";
    const char *label = "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n";
    for (int n = at->first; n <= at->last; n++) {
        const double x = x_of(at, layout_tick_s(n));
        fprintf(at->out, line, x, TOP, x, HEIGHT - BOTTOM);
        snprintf(text, sizeof text, "%.6g", layout_tick_s(n));
        fprintf(at->out, label, x, HEIGHT - BOTTOM + 13.0, "middle", text);
    }
    for (int percent = 0; percent <= 100; percent += 25) {
        const double y = y_of(percent / 100.0);
        fprintf(at->out, line, LEFT, y, WIDTH - RIGHT, y);
        snprintf(text, sizeof text, "%d %%", percent);
        fprintf(at->out, label, LEFT - 5.0, y + 3.5, "end", text);
    }
    fprintf(at->out, label, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 6.0, "middle",
            "time since connected, s (logarithmic)");
}

typedef enum { SHARE, LOW, HIGH } edge;

static double edge_of(const stats_survival_point *point, edge which) {
    switch (which) {
    case SHARE:
        return point->survival.value;
    case LOW:
        return point->survival.lo;
    case HIGH:
        return point->survival.hi;
    }
    return NAN;
}

/* Steps to the right, to where the curve was last seen. */
static void put_steps(const frame *at, const survival_curve *curve, edge which) {
    double x_last = LEFT;
    fprintf(at->out, "M%.1f %.1f", LEFT, y_of(1.0));
    for (size_t i = 0; i < curve->count; i++) {
        const double x = x_of(at, curve->points[i].time);
        if (x - x_last >= CORNER || i + 1 == curve->count) {
            fprintf(at->out, "H%.1fV%.1f", x, y_of(edge_of(&curve->points[i], which)));
            x_last = x;
        }
    }
    fprintf(at->out, "H%.1f", x_of(at, curve->last_s));
}

/* And back to the left. */
static void put_steps_back(const frame *at, const survival_curve *curve, edge which) {
    double x_last = INFINITY;
    for (size_t i = curve->count; i-- > 0;) {
        const double x = x_of(at, curve->points[i].time);
        if (x_last - x >= CORNER || i == 0) {
            fprintf(at->out, "V%.1fH%.1f", y_of(edge_of(&curve->points[i], which)), x);
            x_last = x;
        }
    }
    fprintf(at->out, "V%.1fZ", y_of(1.0));
}

static void put_curve(const frame *at, const survival_curve *curve, uint32_t index) {
    const char *colour = layout_colours[index % LAYOUT_CURVES_MAX];
    fprintf(at->out, "<g class=\"c%u\" stroke=\"%s\" fill=\"%s\">", index % LAYOUT_CURVES_MAX,
            colour, colour);
    fputs("<path stroke=\"none\" fill-opacity=\".12\" d=\"", at->out);
    put_steps(at, curve, HIGH);
    put_steps_back(at, curve, LOW);
    fprintf(at->out, "\"/><path fill=\"none\" stroke-width=\"1.6\"%s d=\"", html_dashes(index));
    put_steps(at, curve, SHARE);
    fputs("\"/></g>\n", at->out);
}

static void put_section(const survival_plot *plot, const survival_curve *curves, FILE *out) {
    const frame at = frame_of(curves, plot->curves, out);
    char confidence[FORMAT_TEXT_CAP];
    fprintf(out,
            "<section id=\"holes\">\n<h2>How long holes last</h2>\n<p>Share of connected calls "
            "neither of whose holes had been lost by a time since they were connected; sleep does "
            "not count. Bands hold the share at each time with %s (Kaplan-Meier).%s</p>\n"
            "<ul class=\"legend\">\n",
            report_confidence(plot->of, confidence),
            plot->of->about->cell_count > plot->curves
                ? " Cells of a curve are pooled; of other treatments the first levels count."
                : "");
    for (uint32_t i = 0; i < plot->curves; i++) {
        char *title = survival_title(plot, i);
        html_key(out, i, title);
        free(title);
    }
    fputs("</ul>\n<div class=\"panel\"><figure>\n", out);
    html_svg(out, WIDTH, HEIGHT);
    fputs("<title>Share of calls with both holes intact by time</title>\n", out);
    put_axes(&at);
    for (uint32_t i = 0; i < plot->curves; i++) {
        put_curve(&at, &curves[i], i);
    }
    fputs("</svg>\n</figure></div>\n</section>\n", out);
}

void html_survival(const analysis *of, FILE *out) {
    survival_plot plot;
    if (!survival_plot_of(of, &plot)) {
        return;
    }
    survival_curve *curves = calloc(plot.curves, sizeof *curves);
    bool read = curves != NULL;
    for (uint32_t i = 0; read && i < plot.curves; i++) {
        read = survival_curve_at(&plot, i, &curves[i]);
    }
    if (read) {
        put_section(&plot, curves, out);
    }
    for (uint32_t i = 0; curves != NULL && i < plot.curves; i++) {
        survival_free(&curves[i]);
    }
    free(curves);
}
